//! Pages of a list: a size that is capped, and a sealed token that continues exactly the list it was given for, for the caller it was given
//! to, for three days.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::violation::{FieldReason, Violations};

use super::master_key::{MasterKey, Purpose};
use super::refusal::Refusal;
use super::seams::Ids;

/// The page that a request without a size gets.
pub const PAGE_SIZE_DEFAULT: u16 = 50;
/// The largest page; a larger size means this one.
pub const PAGE_SIZE_MAX: u16 = 200;
const TOKEN_LIFETIME: TimeDelta = TimeDelta::days(3);
const TOKEN_VERSION: u8 = 1;
/// Version, last id, seconds since the epoch at which it was made.
const TOKEN_LEN: usize = 1 + 16 + 8;

/// What a request says of the page it wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// 0 = [`PAGE_SIZE_DEFAULT`].
    pub size: i32,
    /// Empty = the first page.
    pub token: String,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// Empty on the last page.
    pub next_token: String,
}

/// Hashes what a list is of (its name, its filters, its caller): a token of one list continues no other.
pub struct ListScope(Sha256);

impl ListScope {
    /// Begins with the list's name.
    pub fn new(list: &'static str) -> Self {
        Self(Sha256::new()).with(list.as_bytes())
    }

    /// Adds a filter or an owner.
    pub fn with(mut self, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        self.0.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        self.0.update(part);
        self
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// A page being read: where it begins and how long it is.
pub struct Cursor<'a> {
    master_key: &'a MasterKey,
    scope: [u8; 32],
    size: u16,
    /// The last id of the page before.
    pub after: Option<Uuid>,
}

impl<'a> Cursor<'a> {
    /// Reads a request's size and token.
    pub fn begin(
        master_key: &'a MasterKey,
        now: DateTime<Utc>,
        request: &PageRequest,
        scope: ListScope,
    ) -> Result<Self, Refusal> {
        let size = match u16::try_from(request.size) {
            Ok(0) => PAGE_SIZE_DEFAULT,
            Ok(size) => size.min(PAGE_SIZE_MAX),
            Err(_) if request.size > 0 => PAGE_SIZE_MAX,
            Err(_) => {
                let mut violations = Violations::new();
                violations.push("page_size", FieldReason::FieldInvalid);
                return Err(Refusal::Invalid(violations));
            }
        };
        let scope = scope.finish();
        let after = match request.token.as_str() {
            "" => None,
            token => Some(open(master_key, now, token, &scope).ok_or(Refusal::PageTokenInvalid)?),
        };
        Ok(Self { master_key, scope, size, after })
    }

    /// How many rows to read: one more than the page has, to know whether there is a next.
    pub fn limit(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// Makes the page of the rows read.
    pub fn finish<T>(self, mut rows: Vec<T>, ids: &dyn Ids, now: DateTime<Utc>, id: impl Fn(&T) -> Uuid) -> Page<T> {
        let more = rows.len() > usize::from(self.size);
        rows.truncate(usize::from(self.size));
        let next_token = match rows.last() {
            Some(last) if more => seal(self.master_key, ids, now, id(last), &self.scope),
            _ => String::new(),
        };
        Page { items: rows, next_token }
    }
}

fn seal(master_key: &MasterKey, ids: &dyn Ids, now: DateTime<Utc>, last: Uuid, scope: &[u8; 32]) -> String {
    let mut plain = [0; TOKEN_LEN];
    plain[0] = TOKEN_VERSION;
    plain[1..17].copy_from_slice(last.as_bytes());
    plain[17..].copy_from_slice(&now.timestamp().to_le_bytes());
    let mut nonce = [0; 24];
    nonce.copy_from_slice(&ids.secret()[..24]);
    URL_SAFE_NO_PAD.encode(master_key.seal(Purpose::PageToken, nonce, &plain, scope))
}

fn open(master_key: &MasterKey, now: DateTime<Utc>, token: &str, scope: &[u8; 32]) -> Option<Uuid> {
    const LONGEST: usize = 256;
    let sealed = URL_SAFE_NO_PAD.decode(Some(token).filter(|token| token.len() <= LONGEST)?).ok()?;
    let plain: [u8; TOKEN_LEN] = master_key.open(Purpose::PageToken, &sealed, scope)?.try_into().ok()?;
    let made = DateTime::from_timestamp(i64::from_le_bytes(plain[17..].try_into().ok()?), 0)?;
    let alive = plain[0] == TOKEN_VERSION && now - made < TOKEN_LIFETIME;
    alive.then_some(Uuid::from_slice(&plain[1..17]).ok()?)
}

#[cfg(test)]
mod tests {
    use super::super::seams::{Clock, SystemClock, SystemIds};
    use super::*;

    fn token_for(scope: ListScope) -> (MasterKey, DateTime<Utc>, String) {
        let (key, now) = (MasterKey::new([1; 32], []), SystemClock.now());
        let cursor = Cursor::begin(&key, now, &PageRequest { size: 2, token: String::new() }, scope);
        let page = cursor.expect("a first page").finish(vec![1, 2, 3], &SystemIds, now, |n| Uuid::from_u128(*n));
        assert_eq!(page.items, [1, 2]);
        (key, now, page.next_token)
    }

    #[test]
    fn a_token_continues_its_own_list_for_three_days() {
        let (key, now, token) = token_for(ListScope::new("accounts").with("a"));
        let begin = |now, scope| Cursor::begin(&key, now, &PageRequest { size: 0, token: token.clone() }, scope);
        let cursor = begin(now, ListScope::new("accounts").with("a")).expect("the same list");
        assert_eq!(cursor.after, Some(Uuid::from_u128(2)));
        assert_eq!(cursor.limit(), 51);
        for (now, scope) in [
            (now, ListScope::new("accounts").with("b")),
            (now, ListScope::new("account").with("sa")),
            (now + TOKEN_LIFETIME, ListScope::new("accounts").with("a")),
        ] {
            assert!(matches!(begin(now, scope), Err(Refusal::PageTokenInvalid)));
        }
    }

    #[test]
    fn sizes_are_capped_and_negative_ones_refused() {
        let (key, now) = (MasterKey::new([1; 32], []), SystemClock.now());
        let limit = |size| {
            Cursor::begin(&key, now, &PageRequest { size, token: String::new() }, ListScope::new("x"))
                .map(|c| c.limit())
        };
        assert_eq!(limit(1).ok(), Some(2));
        assert_eq!(limit(100_000).ok(), Some(201));
        assert!(matches!(limit(-1), Err(Refusal::Invalid(_))));
    }
}
