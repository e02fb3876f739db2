//! What an operator's tools read: plain HTTP/1.1 on the admin listener.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TIME_MAX: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// One request as it stands, on a connection of its own; all that comes back.
pub async fn exchange(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let exchanged = async {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(request).await.expect("the request is taken");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        answer
    };
    tokio::time::timeout(TIME_MAX, exchanged).await.expect("an answer in time")
}

/// What stands at a path of the admin listener: status line and body.
pub async fn get(admin: SocketAddr, path: &str) -> (String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {admin}\r\nconnection: close\r\n\r\n");
    let answer = String::from_utf8(exchange(admin, request.as_bytes()).await).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (head.lines().next().unwrap_or_default().to_owned(), body.to_owned())
}

/// The sum of a counter over the time series that have all these labels.
pub async fn counter(admin: SocketAddr, name: &str, labels: &[(&str, &str)]) -> u64 {
    let (_, metrics) = get(admin, "/metrics").await;
    let wanted: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    let series = metrics.lines().filter(|line| line.starts_with(&format!("{name}{{")));
    let counted = series.filter(|line| wanted.iter().all(|label| line.contains(label.as_str())));
    counted.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
}

/// How many passwords were hashed.
pub async fn hashes(admin: SocketAddr) -> u64 {
    let (_, metrics) = get(admin, "/metrics").await;
    let value = |line: &str| line.strip_prefix("enroll_password_hash_seconds_count ")?.parse().ok();
    metrics.lines().find_map(value).unwrap_or(0)
}

/// Waits until so many passwords were hashed: one counts a moment after it was answered.
pub async fn wait_for_hashes(admin: SocketAddr, count: u64) {
    let counted = async {
        while hashes(admin).await < count {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    };
    tokio::time::timeout(TIME_MAX, counted).await.expect("the passwords are hashed");
}
