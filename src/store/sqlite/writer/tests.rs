//! Groups whose units fail in every way.

use std::sync::{Arc, Barrier};

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use super::*;

/// A writer on a new file with a table, held up by a unit that waits, so that what is queued meanwhile makes one group.
struct HeldUp {
    writer: Arc<Writer>,
    gate: Arc<Barrier>,
    held_up: tokio::task::JoinHandle<Result<(), StoreError>>,
    _directory: tempfile::TempDir,
}

/// Tells the compiler that a closure is a unit for every lifetime of the connection.
fn unit<T, F>(unit: F) -> F
where
    F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
{
    unit
}

async fn held_up() -> HeldUp {
    let directory = tempfile::tempdir().expect("a directory");
    let writer = Arc::new(Writer::start(&directory.path().join("test.db"), 100).expect("a writer"));
    let create =
        unit(|conn| Box::pin(async { Ok(conn.batch_execute("CREATE TABLE numbers (number INTEGER UNIQUE)").await?) }));
    writer.unit(create).await.expect("a table");
    let gate = Arc::new(Barrier::new(2));
    let (waiting, unit_gate) = (Arc::clone(&writer), Arc::clone(&gate));
    let (begun, has_begun) = std::sync::mpsc::channel();
    let held_up = tokio::spawn(async move {
        let wait = unit(move |_| {
            // Nobody listens any more where the unit runs again.
            let _ = begun.send(());
            unit_gate.wait();
            // As long as a group may work, so that the units queued behind make the next group.
            let begun = Instant::now();
            while begun.elapsed() < GROUP_WORK_MAX {
                std::hint::spin_loop();
            }
            Box::pin(std::future::ready(Ok(())))
        });
        waiting.unit(wait).await
    });
    // Only now is the thread held up: a test that closed the writer before would wait at the gate for ever.
    tokio::task::spawn_blocking(move || has_begun.recv()).await.expect("a thread").expect("the unit began");
    HeldUp { writer, gate, held_up, _directory: directory }
}

/// What else a unit does.
type Fate = fn() -> Result<(), StoreError>;

/// Queues a unit that inserts a number.
async fn insert(writer: &Writer, number: i64, fate: Fate) -> Result<(), StoreError> {
    let insert = unit(move |conn| {
        Box::pin(async move {
            conn.batch_execute(&format!("INSERT INTO numbers VALUES ({number})")).await?;
            fate()
        })
    });
    writer.unit(insert).await
}

async fn count(writer: &Writer) -> i64 {
    let count = unit(|conn| {
        let query = diesel::dsl::sql::<diesel::sql_types::BigInt>("SELECT count(*) FROM numbers");
        Box::pin(async { Ok(query.get_result(conn).await?) })
    });
    writer.unit(count).await.expect("a count")
}

/// One group of ten units, of which the fifth has another fate.
async fn group_with(fate: Fate) -> (HeldUp, Vec<Result<(), StoreError>>) {
    let test = held_up().await;
    let fine: Fate = || Ok(());
    let units = (0..10).map(|number| insert(&test.writer, number, if number == 5 { fate } else { fine }));
    let units = futures_util::future::join_all(units);
    let gate = Arc::clone(&test.gate);
    let (results, _) = tokio::join!(units, tokio::task::spawn_blocking(move || gate.wait()));
    (test, results)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_panics_harms_no_other() {
    let (test, results) = group_with(|| panic!("on purpose")).await;
    for (number, result) in results.iter().enumerate() {
        match result {
            Err(StoreError::Broken(_)) => assert_eq!(number, 5),
            result => assert!(result.is_ok() && number != 5, "{number}: {result:?}"),
        }
    }
    assert_eq!(count(&test.writer).await, 9);
    test.held_up.await.expect("no panic").expect("a unit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_disk_repeats_each_unit_alone() {
    let (test, results) = group_with(|| Err(StoreError::broken(Fault::Storage, "disk I/O error"))).await;
    for (number, result) in results.iter().enumerate() {
        match result {
            Err(StoreError::Unavailable) => assert_eq!(number, 5),
            result => assert!(result.is_ok() && number != 5, "{number}: {result:?}"),
        }
    }
    assert_eq!(count(&test.writer).await, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_unit_rolls_back_its_own_savepoint_only() {
    let (test, results) = group_with(|| Err(StoreError::Stale)).await;
    assert!(matches!(results[5], Err(StoreError::Stale)));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 9);
    assert_eq!(count(&test.writer).await, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_queued_is_done_before_the_end() {
    let test = held_up().await;
    let mut queued = std::pin::pin!(insert(&test.writer, 1, || Ok(())));
    assert!(futures_util::poll!(queued.as_mut()).is_pending());
    let gate = Arc::clone(&test.gate);
    let ((), _) = tokio::join!(test.writer.close(), tokio::task::spawn_blocking(move || gate.wait()));
    queued.await.expect("it was queued before the end");
    assert!(matches!(insert(&test.writer, 2, || Ok(())).await, Err(StoreError::Unavailable)));
}

#[test]
fn a_checkpoint_puts_the_log_back_into_the_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("test.db");
    let mut conn = open_writer(&path).expect("a connection");
    let fill = "CREATE TABLE blobs (blob BLOB); INSERT INTO blobs VALUES (zeroblob(100000))";
    ready(conn.batch_execute(fill)).expect("written");
    let size = || std::fs::metadata(&path).expect("a file").len();
    assert!(size() < 100_000, "a commit goes to the log");
    let mut writing = Writing { path: path.clone(), conn: Some(conn), logged: true };
    writing.checkpoint();
    assert!(size() > 100_000);
    assert!(!writing.logged, "there is nothing to do twice");
}
