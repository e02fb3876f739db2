//! How long a connection waits for the server's next word. The server gives up on a statement by itself, and says so: where it says nothing
//! for longer than that, hardly anybody is there to say it (a proxy that hangs, or whose own way to the server is gone), and TCP does not notice
//! while somebody acknowledges what is sent. The statements under one Sync are answered together, and waited for together.

use std::io;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Since when a connection waits, and how long it may.
pub(super) struct Patience {
    /// [`Duration::MAX`] = without end.
    limit: Duration,
    /// Since when the server has said nothing though it was asked something.
    since: Option<Instant>,
    /// Wakes the connection's task no later than the patience ends. It is not set anew with each question: one that wakes early is.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    /// For a connection that has asked nothing.
    pub(super) fn of(limit: Duration) -> Self {
        Self { limit, since: None, alarm: None }
    }

    /// Something was asked.
    pub(super) fn asked(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    /// The server said something; whether it is to say more.
    pub(super) fn heard(&mut self, owes_more: bool) {
        self.since = (owes_more && self.since.is_some()).then(Instant::now);
    }

    /// What was asked may take as long as it takes.
    pub(super) fn rest(&mut self) {
        self.since = None;
    }

    /// Fails once it has ended, and has the task woken when it does.
    pub(super) fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let limit = self.limit;
        let Some(end) = self.since.and_then(|since| since.checked_add(limit)) else { return Ok(()) };
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(end)));
        while alarm.as_mut().poll(context).is_ready() {
            if Instant::now() >= end {
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("PostgreSQL said nothing for {limit:?}")));
            }
            alarm.as_mut().reset(end);
        }
        Ok(())
    }
}
