//! Accounts of a tenant.

use std::fmt;

use super::{Keyset, NewSession, Store, StoreError, list, read, unit};
use crate::domain::account::{Account, AccountRef, AccountState, Holder, Identifier, UniqueKeys, UniqueValue};
use crate::domain::event::Trail;
use crate::domain::idempotency::RequestRecord;
use crate::domain::ids::{AccountId, RealmId, TenantId};
use crate::domain::quota::QuotaUse;
use crate::domain::verification::VerificationToken;

/// A password hash to keep.
#[derive(Clone)]
pub struct NewCredential {
    /// In PHC form.
    pub phc: String,
}

impl fmt::Debug for NewCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewCredential(***)")
    }
}

/// An account to create, with everything that is written in the same unit of work.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The account; its external keys and consents also go to tables of their own.
    pub account: Account,
    /// What it holds or claims.
    pub identifiers: Vec<Identifier>,
    /// The values that its contract declares unique.
    pub unique_values: Vec<UniqueValue>,
    /// Its password hash.
    pub credential: Option<NewCredential>,
    /// The tokens that it is verified by.
    pub verifications: Vec<VerificationToken>,
    /// The session that it begins with.
    pub session: Option<NewSession>,
    /// What it counts against, in the order in which a refusal is told.
    pub quotas: Vec<QuotaUse>,
    /// The row of its request id.
    pub request: Option<RequestRecord>,
    /// What is said of it.
    pub trail: Trail,
}

/// Which accounts to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Of these realms only.
    pub realms: Option<Vec<RealmId>>,
    /// In this state only.
    pub state: Option<AccountState>,
    /// Deleted ones too.
    pub show_deleted: bool,
}

/// What RETURN_EXISTING found.
#[derive(Clone, Debug)]
pub enum Existing {
    /// The one live account that holds everything that is taken; its request row is written.
    Account(Box<Account>),
    /// No such account: who holds what, perhaps nobody any more. Nothing is written.
    Holders(Vec<Holder>),
}

/// The accounts of a store.
#[derive(Clone, Copy)]
pub struct Accounts<'s>(pub(super) &'s Store);

impl Accounts<'_> {
    /// Writes an account with all that belongs to it, or nothing. Missing where its realm or contract is gone.
    pub async fn create(self, new: NewAccount) -> Result<(), StoreError> {
        unit!(self.0, accounts::create(new))
    }

    /// Who holds the keys: one holder for each that is taken.
    pub async fn holders(self, keys: &UniqueKeys) -> Result<Vec<Holder>, StoreError> {
        list!(self.0, holders::find(keys))
    }

    /// After a collision: finds the one live account that holds what is taken, in one of the `allowed` realms (absent = all), and writes the
    /// request row for it, its id and outcome filled in. [`Request`](super::Conflict::Request) where the row is there already.
    pub async fn record_existing(
        self,
        keys: UniqueKeys,
        allowed: Option<Vec<RealmId>>,
        request: Option<RequestRecord>,
    ) -> Result<Existing, StoreError> {
        unit!(self.0, accounts::record_existing(keys, allowed, request))
    }

    /// By any of its names.
    pub async fn get(self, tenant: TenantId, name: &AccountRef) -> Result<Option<Account>, StoreError> {
        read!(self.0, accounts::get(&tenant, name))
    }

    /// A page, by id: in the order in which they were made.
    pub async fn list(
        self,
        tenant: TenantId,
        filter: &AccountFilter,
        page: Keyset<AccountId>,
    ) -> Result<Vec<Account>, StoreError> {
        list!(self.0, accounts::list(&tenant, filter, &page))
    }

    /// The password hash, in PHC form.
    pub async fn credential(self, tenant: TenantId, id: AccountId) -> Result<Option<String>, StoreError> {
        read!(self.0, accounts::credential(&tenant, &id))
    }
}
