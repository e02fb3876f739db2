//! From values to messages, one file a resource.

pub mod account;
pub mod application;
pub mod contract;
pub mod credential;
pub mod realm;
pub mod session;
pub mod template;
pub mod tenant;
pub mod verification;

use chrono::{DateTime, Utc};
use prost_types::Timestamp;

/// A time on the wire.
fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: time.timestamp(), nanos: i32::try_from(time.timestamp_subsec_nanos()).unwrap_or_default() }
}

/// How many, on the wire.
pub fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A quota on the wire: 0 = none.
fn quota(quota: Option<u64>) -> u32 {
    quota.map_or(0, |quota| u32::try_from(quota).unwrap_or(u32::MAX))
}
