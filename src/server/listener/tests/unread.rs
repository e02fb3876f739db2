//! Clients that ask and do not take, byte by byte: no library offers to be one.

use std::io;

use super::*;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const END_STREAM_AND_HEADERS: u8 = 5;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// SETTINGS_INITIAL_WINDOW_SIZE is 0: no call's answer may be sent before the client says so.
fn no_window() -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0])
}

/// `POST http://x/large` without a body, in HPACK's static table and literals.
fn ask(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_STREAM_AND_HEADERS, stream, b"\x83\x86\x04\x06/large\x01\x01x")
}

fn widen(stream: u32, octets: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &octets.to_be_bytes())
}

/// The next frame: its kind, flags, stream and length of payload. Pings are answered, as keepalive wants.
async fn next(stream: &mut TcpStream) -> io::Result<(u8, u8, u32, usize)> {
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
        stream.read_exact(&mut payload).await?;
        let of = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        match (head[3], head[4]) {
            (PING, 0) => stream.write_all(&frame(PING, ACK, 0, &payload)).await?,
            (kind, flags) => return Ok((kind, flags, of, payload.len())),
        }
    }
}

/// Reads until the server ends the connection; how many octets of answers came.
async fn read_on(stream: &mut TcpStream) -> usize {
    let mut octets = 0;
    let reading = async {
        while let Ok((kind, _, _, length)) = next(stream).await {
            octets += if kind == DATA { length } else { 0 };
        }
    };
    timeout(PATIENCE, reading).await.expect("the connection is ended");
    octets
}

/// Waits until nothing is held any more for calls: tasks end a moment after their connection.
async fn let_go(open: &Open) {
    let gone = async {
        while Arc::strong_count(&open.held) > 2 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("every answer is dropped");
}

fn settings(unread_timeout: Duration) -> ServerSettings {
    let mut settings = ServerSettings::default();
    settings.http2.unread_timeout = unread_timeout;
    // Pings are answered all the time, and help nobody.
    settings.http2.keepalive_interval = Duration::from_millis(50);
    settings
}

#[tokio::test]
async fn who_never_opens_its_window_is_ended_and_nothing_is_held_for_it() {
    let unread_timeout = Duration::from_millis(400);
    let mut open = open_with(settings(unread_timeout)).await;
    let mut stream = open.connect().await;
    let start = Instant::now();
    let asked: Vec<u8> = (0..50).flat_map(|call| ask(2 * call + 1)).collect();
    stream.write_all(&[PREFACE, &no_window(), &asked].concat()).await.expect("sent");
    open.begun.wait_for(|begun| *begun == 50).await.expect("begun");
    assert_eq!(read_on(&mut stream).await, 0);
    assert!(start.elapsed() >= unread_timeout / 2, "{:?}", start.elapsed());
    timeout(PATIENCE, async {
        while !open.connections.is_empty() {
            tokio::task::yield_now().await
        }
    })
    .await
    .expect("no connection is left");
    let_go(&open).await;
}

#[tokio::test]
async fn a_byte_now_and_then_is_not_reading() {
    let open = open_with(settings(Duration::from_millis(400))).await;
    let mut stream = open.connect().await;
    stream.write_all(&[PREFACE, &no_window(), &ask(1)].concat()).await.expect("sent");
    let (mut reader, mut writer) = stream.split();
    let drip = async {
        while writer.write_all(&widen(1, 1)).await.is_ok() {
            timeout(Duration::from_millis(20), std::future::pending::<()>()).await.expect_err("time passes");
        }
    };
    let mut rest = Vec::new();
    let read = async {
        // A reset is as closed as an end.
        let _ = reader.read_to_end(&mut rest).await;
    };
    timeout(PATIENCE, async { tokio::join!(read, drip) }).await.expect("the connection is ended");
    let_go(&open).await;
}

#[tokio::test]
async fn who_takes_frame_after_frame_gets_all_however_long_it_lasts() {
    let unread_timeout = Duration::from_millis(400);
    let open = open_with(settings(unread_timeout)).await;
    let mut stream = open.connect().await;
    let window = widen(0, LARGE as u32);
    stream.write_all(&[PREFACE, &no_window(), &window, &ask(1)].concat()).await.expect("sent");
    let (start, mut octets) = (Instant::now(), 0);
    while octets < LARGE {
        timeout(unread_timeout / 20, std::future::pending::<()>()).await.expect_err("time passes");
        stream.write_all(&widen(1, 16 << 10)).await.expect("still open");
        let mut granted = 0;
        while granted < 16 << 10 {
            let (kind, _, _, length) = timeout(PATIENCE, next(&mut stream)).await.expect("in time").expect("open");
            granted += if kind == DATA { length } else { 0 };
        }
        octets += granted;
    }
    assert!(start.elapsed() > 2 * unread_timeout, "{:?}", start.elapsed());
}

#[tokio::test]
async fn who_does_not_read_its_socket_over_http1_is_ended_too() {
    let mut settings = settings(Duration::from_millis(400));
    // Nor does the timer of the next request's head help, which a client can satisfy beforehand.
    settings.listener.first_byte_timeout = 6 * PATIENCE;
    let mut open = open_with(settings).await;
    let mut stream = open.connect().await;
    let request = b"POST /large HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n";
    // More than the buffers of both sockets take.
    for _ in 0..64 {
        stream.write_all(request).await.expect("sent");
    }
    open.begun.wait_for(|begun| *begun > 0).await.expect("begun");
    timeout(PATIENCE, async {
        while !open.connections.is_empty() {
            tokio::task::yield_now().await
        }
    })
    .await
    .expect("the connection is ended");
    let_go(&open).await;
}

#[tokio::test]
async fn an_old_connection_does_not_stay_for_a_call_that_never_ends() {
    let mut settings = ServerSettings::default();
    settings.http2.connection_age_max = Duration::from_millis(100);
    (settings.drain, settings.deadline_max) = (Duration::from_millis(100), Duration::from_millis(200));
    let mut open = open_with(settings).await;
    let mut busy = open.channel();
    let slow = tokio::spawn(async move { call(&mut busy, "/slow").await });
    open.begun.wait_for(|begun| *begun == 1).await.expect("begun");
    timeout(PATIENCE, slow).await.expect("in time").expect("no panic").expect_err("cut off");
}
