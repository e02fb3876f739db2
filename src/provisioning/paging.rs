//! Pages of a list: a size that is capped, and a sealed token that continues exactly the list it was given for, for the caller it was given
//! to, for three days. The token is sealed last, by whoever encodes the page: only there it shows how much of it goes into one answer.

use std::sync::Arc;

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
const TOKEN_VERSION: u8 = 2;
/// Version, seconds since the epoch at which it was made; the last key follows.
const TOKEN_HEAD: usize = 1 + 8;

/// What a request says of the page it wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// 0 = [`PAGE_SIZE_DEFAULT`].
    pub size: i32,
    /// Empty = the first page.
    pub token: String,
}

/// A page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// What continues the list after this page.
    pub next_token: NextToken,
}

/// The token of the next page, before it is sealed.
#[derive(Debug)]
pub struct NextToken {
    master_key: Arc<MasterKey>,
    scope: [u8; 32],
    made: DateTime<Utc>,
    nonce: [u8; 24],
    /// The key of the last row of the page, where more follow.
    last: Option<Vec<u8>>,
}

impl NextToken {
    /// The token after the whole page; empty on the last one.
    pub fn seal(self) -> String {
        self.last.as_deref().map(|last| self.seal_with(last)).unwrap_or_default()
    }

    /// The token after an item of the page: the page ends there, and what it had more comes with the next one.
    pub fn seal_after(self, key: &impl PageKey) -> String {
        self.seal_with(&key.to_bytes())
    }

    /// Called once a token at most: a nonce is not used twice.
    fn seal_with(&self, last: &[u8]) -> String {
        let plain = [&[TOKEN_VERSION][..], &self.made.timestamp().to_le_bytes(), last].concat();
        URL_SAFE_NO_PAD.encode(self.master_key.seal(Purpose::PageToken, self.nonce, &plain, &self.scope))
    }
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

/// What a list is ordered by: unique in it, and at most a few hundred bytes.
pub trait PageKey: Sized {
    /// The key in a token.
    fn to_bytes(&self) -> Vec<u8>;
    /// Reads what [`Self::to_bytes`] wrote.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

impl PageKey for Uuid {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::from_slice(bytes).ok()
    }
}

/// A page being read: where it begins and how long it is.
pub struct Cursor<K> {
    master_key: Arc<MasterKey>,
    scope: [u8; 32],
    size: u16,
    /// The last key of the page before.
    pub after: Option<K>,
}

impl<K: PageKey> Cursor<K> {
    /// Reads a request's size and token.
    pub fn begin(
        master_key: &Arc<MasterKey>,
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
        Ok(Self { master_key: Arc::clone(master_key), scope, size, after })
    }

    /// How many rows to read: one more than the page has, to know whether there is a next.
    pub fn limit(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// Makes the page of the rows read.
    pub fn finish<T>(self, mut rows: Vec<T>, ids: &dyn Ids, now: DateTime<Utc>, key: impl Fn(&T) -> K) -> Page<T> {
        let more = rows.len() > usize::from(self.size);
        rows.truncate(usize::from(self.size));
        let last = rows.last().map(|row| key(row).to_bytes()).filter(|_| more);
        let mut nonce = [0; 24];
        nonce.copy_from_slice(&ids.secret()[..24]);
        let next_token = NextToken { master_key: self.master_key, scope: self.scope, made: now, nonce, last };
        Page { items: rows, next_token }
    }
}

fn open<K: PageKey>(master_key: &MasterKey, now: DateTime<Utc>, token: &str, scope: &[u8; 32]) -> Option<K> {
    const LONGEST: usize = 1024;
    let sealed = URL_SAFE_NO_PAD.decode(Some(token).filter(|token| token.len() <= LONGEST)?).ok()?;
    let plain = master_key.open(Purpose::PageToken, &sealed, scope)?;
    let (head, last) = plain.split_first_chunk::<TOKEN_HEAD>()?;
    let [version, made @ ..] = *head;
    let made = DateTime::from_timestamp(i64::from_le_bytes(made), 0)?;
    let alive = version == TOKEN_VERSION && now - made < TOKEN_LIFETIME;
    if alive { K::from_bytes(last) } else { None }
}

#[cfg(test)]
mod tests {
    use super::super::seams::{Clock, SystemClock, SystemIds};
    use super::*;

    const ROWS: [u128; 3] = [1, 2, 3];

    fn page_of(key: &Arc<MasterKey>, now: DateTime<Utc>, size: i32, scope: ListScope) -> Page<u128> {
        let cursor = Cursor::begin(key, now, &PageRequest { size, token: String::new() }, scope);
        cursor.expect("a first page").finish(ROWS.to_vec(), &SystemIds, now, |n| Uuid::from_u128(*n))
    }

    #[test]
    fn a_token_continues_its_own_list_for_three_days() {
        let (key, now) = (Arc::new(MasterKey::new([1; 32], [])), SystemClock.now());
        let page = page_of(&key, now, 2, ListScope::new("accounts").with("a"));
        assert_eq!(page.items, [1, 2]);
        let token = page.next_token.seal();
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
    fn a_page_that_ends_early_continues_after_its_last_item() {
        let (key, now) = (Arc::new(MasterKey::new([1; 32], [])), SystemClock.now());
        let scope = || ListScope::new("accounts");
        assert_eq!(page_of(&key, now, 3, scope()).next_token.seal(), "", "there is no more");
        let token = page_of(&key, now, 3, scope()).next_token.seal_after(&Uuid::from_u128(1));
        let cursor = Cursor::begin(&key, now, &PageRequest { size: 0, token }, scope()).expect("the same list");
        assert_eq!(cursor.after, Some(Uuid::from_u128(1)));
    }

    #[test]
    fn sizes_are_capped_and_negative_ones_refused() {
        let (key, now) = (Arc::new(MasterKey::new([1; 32], [])), SystemClock.now());
        let limit = |size| {
            Cursor::<Uuid>::begin(&key, now, &PageRequest { size, token: String::new() }, ListScope::new("x"))
                .map(|c| c.limit())
        };
        assert_eq!(limit(1).ok(), Some(2));
        assert_eq!(limit(100_000).ok(), Some(201));
        assert!(matches!(limit(-1), Err(Refusal::Invalid(_))));
    }
}
