//! The fields that templates are tried with. A template has to be right both for a mail that has everything its kind can have and for one
//! that has no more than every mail of its kind: otherwise the fault would be found when a person waits for the mail.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::link::LinkBase;
use crate::domain::message::{MailFields, MailKind};

use super::super::composing::{carries_token, page};

/// The domain that is reserved for examples (RFC 2606).
const EMAIL: &str = "ada@example.com";
const TOKEN: &str = "enroll_sample_token";

/// Everything that a mail of the kind can have at once: a token is in its link. `base` is the tenant's own, where it has one.
pub(super) fn full(kind: MailKind, base: Option<&LinkBase>, now: DateTime<Utc>) -> MailFields {
    let token = carries_token(kind).then_some(TOKEN);
    let example = LinkBase::restore("https://example.com".to_owned());
    MailFields {
        display_name: Some("Ada Lovelace".to_owned()),
        user_name: Some("ada".to_owned()),
        portal_name: Some("lighthouse".to_owned()),
        portal_domain: Some("lighthouse.example.com".to_owned()),
        link: Some(base.unwrap_or(&example).page(page(kind), token)),
        token: None,
        ..least(kind, now)
    }
}

/// What every mail of the kind has, and no more; a mail whose token is not in a link has it as text.
pub(super) fn least(kind: MailKind, now: DateTime<Utc>) -> MailFields {
    let carries_token = carries_token(kind);
    MailFields {
        email: Some(EMAIL.to_owned()),
        token: carries_token.then(|| TOKEN.to_owned()),
        expire_time: carries_token.then_some(now + TimeDelta::hours(2)),
        ..MailFields::default()
    }
}
