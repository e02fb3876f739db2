//! What the worker asks of a way out of the house, and what it is told when that fails.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use crate::domain::ids::{MessageId, TenantId};
use crate::domain::message::{Channel, Message};

/// A message on its way.
#[derive(Debug)]
pub(super) struct Parcel {
    /// The tenant whose message it is.
    pub(super) tenant_id: TenantId,
    /// The same on every try.
    pub(super) id: MessageId,
    /// What it says.
    pub(super) message: Message,
    /// When it was written.
    pub(super) create_time: DateTime<Utc>,
    /// What time it is.
    pub(super) now: DateTime<Utc>,
}

/// Why a message was not sent. The words are kept with the message and shown to operators: they say nothing of what is in it, nor what a
/// foreign server said, which may repeat it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It may go better later; not before `after`, where the other side said so.
    Later {
        /// What went wrong.
        why: Cow<'static, str>,
        /// What the other side asked for.
        after: Option<Duration>,
    },
    /// It will never go.
    Never(Cow<'static, str>),
}

impl Failure {
    /// To be tried again when the schedule says so.
    pub(super) fn later(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Later { why: why.into(), after: None }
    }

    /// Not to be tried again.
    pub(super) fn never(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Never(why.into())
    }
}

/// A way out of the house.
pub(super) trait Carrier: Send + Sync {
    /// Which messages it carries.
    fn channel(&self) -> Channel;

    /// Sends one. Bounded in time by the worker.
    fn carry<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, Result<(), Failure>>;
}
