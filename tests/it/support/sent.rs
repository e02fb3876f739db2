//! What left the house: the messages that the workers wrote into their folder.

use std::time::{Duration, Instant};

use super::app::TestApp;

/// No message takes longer to leave.
const TIME_MAX: Duration = Duration::from_secs(20);

/// Every mail so far, as it would go out, once none is waiting any more; a dead one fails the test.
pub async fn mails(app: &TestApp) -> Vec<String> {
    let start = Instant::now();
    while app.database().count("outbox").await > 0 {
        assert_eq!(app.database().count("outbox WHERE state = 'DEAD'").await, 0, "a message could not be sent");
        assert!(start.elapsed() < TIME_MAX, "a message is still waiting");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let folder = std::fs::read_dir(app.sent()).expect("the folder");
    let paths = folder.map(|entry| entry.expect("an entry").path());
    let mut mails: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    mails.sort();
    mails.iter().map(|path| std::fs::read_to_string(path).expect("a mail")).collect()
}

/// The tokens of a kind in the mails to an address, the oldest first.
pub async fn tokens(app: &TestApp, address: &str, prefix: &str) -> Vec<String> {
    let to = format!("To: {address}");
    let mails = mails(app).await.into_iter().map(|mail| mail.replace("=\r\n", ""));
    let mine = mails.filter(|mail| mail.lines().any(|line| line.trim_end().eq_ignore_ascii_case(&to)));
    let token = |mail: String| {
        let at = mail.find(prefix)?;
        let end = mail[at..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(mail.len(), |end| at + end);
        Some(mail[at..end].to_owned())
    };
    mine.filter_map(token).collect()
}

/// The codes in the texts to a number, the oldest first.
pub async fn codes(app: &TestApp, number: &str) -> Vec<String> {
    mails(app).await;
    let folder = std::fs::read_dir(app.sent()).expect("the folder").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = folder.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    paths.sort();
    let texts = paths.iter().map(|path| std::fs::read_to_string(path).expect("a text"));
    let mine = texts.filter(|text| text.starts_with(&format!("To: {number}")));
    let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    mine.filter_map(|text| text.lines().filter_map(|line| line.get(..6)).find(is_code).map(str::to_owned)).collect()
}
