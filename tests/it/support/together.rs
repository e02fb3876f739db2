//! Calls that begin at one moment.

use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Of a race whose every round has a winner.
const ROUNDS: usize = 20;

/// How often a race is run. `ENROLL_RACES=200` runs as many: minutes, for who changes what is raced for.
pub fn rounds() -> usize {
    std::env::var("ENROLL_RACES").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS)
}

/// Runs all of them at once, each as a task of its own that waits for the last to be there; their results in the order of the calls.
pub async fn together<C>(calls: impl IntoIterator<Item = C>) -> Vec<C::Output>
where
    C: Future<Output: Send> + Send + 'static,
{
    let calls: Vec<C> = calls.into_iter().collect();
    let barrier = Arc::new(Barrier::new(calls.len()));
    let mut tasks = JoinSet::new();
    for (at, call) in calls.into_iter().enumerate() {
        let barrier = barrier.clone();
        tasks.spawn(async move {
            barrier.wait().await;
            (at, call.await)
        });
    }
    let mut results = tasks.join_all().await;
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}
