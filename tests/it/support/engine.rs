//! On which engine a test runs, and within which time.

use std::time::Duration;

/// Longer than any test takes on a busy machine; a test that waits for ever fails.
const TEST_TIME_MAX: Duration = Duration::from_secs(120);

/// Where the server under test keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file.
    Sqlite,
    /// A database of its own on the tests' server.
    Postgres,
}

/// Runs a test to its end, on threads of its own.
pub fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        tokio::time::timeout(TEST_TIME_MAX, test).await.expect("the test ends in time");
    });
    runtime.shutdown_timeout(Duration::from_secs(10));
}

/// `on_both_engines!(a, b)`: the functions `async fn a(engine: Engine)`, each as the tests `a::on_sqlite` and `a::on_postgres`.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::support::engine::{Engine, run};

            #[test]
            fn on_sqlite() {
                run(super::$name(Engine::Sqlite));
            }

            #[test]
            fn on_postgres() {
                run(super::$name(Engine::Postgres));
            }
        }
    )+};
}
pub(crate) use on_both_engines;
