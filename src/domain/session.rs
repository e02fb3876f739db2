//! Sessions of people: what a login gives, until when it holds, and how often a login may fail.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{AccountId, ApplicationId, RealmId, SessionId, TenantId};
use super::secret::KeyHash;
use super::state::text_enum;

text_enum! {
    /// What a session is good for where it is not good for everything.
    pub enum Restriction {
        /// Only to change the password (Fluid Topics: after the first login).
        ChangePassword = "CHANGE_PASSWORD",
    }
}

/// How long the tokens of a realm's sessions hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionLifetimes {
    /// Seconds of a bearer token.
    pub bearer_seconds: u32,
    /// Seconds of a refresh token, and so of a session that is not used.
    pub refresh_seconds: u32,
}

impl SessionLifetimes {
    /// A bearer token lives from a minute to a day: longer, and a stolen one is worth a login.
    pub const BEARER_SECONDS: std::ops::RangeInclusive<i64> = 60..=86_400;
    /// A refresh token lives from an hour to 400 days, the longest that browsers keep a cookie.
    pub const REFRESH_SECONDS: std::ops::RangeInclusive<i64> = 3_600..=34_560_000;

    /// When a bearer token made now ends.
    pub fn bearer_end(self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::seconds(self.bearer_seconds.into())
    }

    /// When a refresh token made now ends.
    pub fn refresh_end(self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::seconds(self.refresh_seconds.into())
    }
}

/// 15 minutes and 30 days.
impl Default for SessionLifetimes {
    fn default() -> Self {
        Self { bearer_seconds: 900, refresh_seconds: 2_592_000 }
    }
}

/// A session as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The tenant it belongs to.
    pub tenant_id: TenantId,
    /// UUIDv7.
    pub id: SessionId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The realm of that account.
    pub realm_id: RealmId,
    /// The application that the person logged in through.
    pub application_id: ApplicationId,
    /// See [`Restriction`]; absent = good for everything.
    pub restriction: Option<Restriction>,
    /// The browser or device, as the application says.
    pub user_agent: Option<String>,
    /// When the person logged in.
    pub create_time: DateTime<Utc>,
    /// When its tokens were last made.
    pub refresh_time: DateTime<Utc>,
    /// Until when its present bearer token holds.
    pub bearer_expire_time: DateTime<Utc>,
    /// Until when it can be refreshed.
    pub expire_time: DateTime<Utc>,
    /// When it was ended before that.
    pub revoke_time: Option<DateTime<Utc>>,
}

impl Session {
    /// Whether its bearer token holds.
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        self.revoke_time.is_none() && now < self.bearer_expire_time
    }
}

/// The hashes of a session's two tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionHashes {
    /// Of the bearer token.
    pub bearer: KeyHash,
    /// Of the refresh token.
    pub refresh: KeyHash,
}

/// How often a login with one identifier failed in a row, and from when on the next is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoginGuard {
    /// Failures since the last success.
    pub failures: i32,
    /// Until when every further login is refused unseen.
    pub wait_until: Option<DateTime<Utc>>,
}

/// Failures that are only counted.
const FAILURES_FREE: i32 = 10;
/// The first wait; it doubles with each further failure.
const WAIT_FIRST: TimeDelta = TimeDelta::seconds(30);
/// The longest wait.
const WAIT_MAX: TimeDelta = TimeDelta::hours(1);

/// How long to wait after that many failures in a row.
pub fn wait_after(failures: i32) -> Option<TimeDelta> {
    let doublings = u32::try_from(failures - FAILURES_FREE).ok()?;
    Some(WAIT_FIRST.checked_mul(1 << doublings.min(7)).map_or(WAIT_MAX, |wait| wait.min(WAIT_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_half_a_minute_to_an_hour() {
        assert_eq!(wait_after(9), None);
        assert_eq!(wait_after(10), Some(TimeDelta::seconds(30)));
        assert_eq!(wait_after(11), Some(TimeDelta::seconds(60)));
        assert_eq!(wait_after(16), Some(TimeDelta::seconds(1_920)));
        assert_eq!(wait_after(17), Some(TimeDelta::hours(1)));
        assert_eq!(wait_after(i32::MAX), Some(TimeDelta::hours(1)));
    }
}
