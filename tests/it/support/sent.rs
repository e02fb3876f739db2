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
