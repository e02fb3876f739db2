//! Reading accounts: one by any of its names, or a page of them.

use std::collections::BTreeSet;

use crate::domain::account::{Account, AccountRef, AccountState, IdentifierKind, TypedExternalKey};
use crate::domain::external_key::ExternalKey;
use crate::domain::ids::AccountId;
use crate::domain::permission::Permission;
use crate::domain::phone::Phone;
use crate::domain::realm::Realm;
use crate::store::{AccountFilter, Keyset};

use super::{SeenAccount, View};
use crate::provisioning::Provisioning;
use crate::provisioning::access::Access;
use crate::provisioning::cache::RealmKey;
use crate::provisioning::paging::{Cursor, ListScope, Page, PageRequest};
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::{Refusal, ResourceKind};

/// A GetAccount request, decoded.
#[derive(Clone, Debug)]
pub struct GetAccount {
    /// Empty = the grant's default, else `internal`; read only for the kinds of name that are unique per realm.
    pub realm_id: String,
    /// How the account is named.
    pub name: AccountName,
}

/// How a request names an account: an [`AccountRef`] but for what only the realm and the application tell.
#[derive(Clone, Debug)]
pub enum AccountName {
    /// Needs nothing else.
    Known(AccountRef),
    /// A key of a kind that is unique per realm.
    Identifier(IdentifierKind, String),
    /// A phone number as typed.
    Phone(String),
    /// An external key of the application's own type.
    OwnExternalKey(ExternalKey),
    /// A text that names no account.
    Nothing,
}

/// Which accounts to list.
#[derive(Clone, Debug, Default)]
pub struct ListAccounts {
    /// Empty = all realms that the grant allows.
    pub realm_id: String,
    /// Absent = all states.
    pub state: Option<AccountState>,
    /// Whether deleted accounts come too.
    pub show_deleted: bool,
    /// See [`PageRequest`].
    pub page: PageRequest,
}

impl Provisioning {
    /// How the caller sees accounts of a tenant that it reads.
    pub(in crate::provisioning) async fn view(&self, access: &Access) -> Result<View, Refusal> {
        Ok(View {
            contract: self.contract(access, "").await?,
            own_key_type: access.caller.application.settings.external_key_type.clone(),
            reads_accounts: access.permits(Permission::AccountsRead),
        })
    }

    /// An account with what its roles permit; most have none, and then the realm is not asked.
    pub(in crate::provisioning) async fn seen(&self, account: Account) -> Result<SeenAccount, Refusal> {
        if account.roles.is_empty() {
            return Ok(SeenAccount { account, permissions: Vec::new() });
        }
        let realm = self.caches.realm(&self.store, account.tenant_id, RealmKey::Id(account.realm_id)).await?;
        let permissions = realm.map(|realm| permissions(&account, &realm)).unwrap_or_default();
        Ok(SeenAccount { account, permissions })
    }

    /// One account, by any of its names.
    pub async fn get_account(
        &self,
        call: &Call,
        tenant_id: &str,
        request: Result<GetAccount, Refusal>,
    ) -> Result<(SeenAccount, View), Refusal> {
        let access = self.access_with(call, tenant_id, Permission::AccountsRead).await?;
        let GetAccount { realm_id, name, .. } = request?;
        let account = self.find_account(&access, &realm_id, name).await?;
        Ok((self.seen(account).await?, self.view(&access).await?))
    }

    /// The account of that name, in a realm that the caller may use.
    pub(in crate::provisioning) async fn find_account(
        &self,
        access: &Access,
        realm_id: &str,
        name: AccountName,
    ) -> Result<Account, Refusal> {
        let not_found = || Refusal::not_found(ResourceKind::Account, "");
        let settings = &access.caller.application.settings;
        let name = match name {
            AccountName::Known(name) => name,
            AccountName::Identifier(kind, key) => {
                AccountRef::Identifier(self.realm(access, realm_id).await?.id, kind, key)
            }
            AccountName::Phone(text) => {
                let realm = self.realm(access, realm_id).await?;
                let region = settings.default_region.or(realm.rules.default_region);
                let phone = Phone::parse(&text, realm.rules.phone_format, region);
                let key = phone.ok().and_then(|phone| phone.key().map(str::to_owned)).ok_or_else(not_found)?;
                AccountRef::Identifier(realm.id, IdentifierKind::Phone, key)
            }
            AccountName::OwnExternalKey(key) => {
                let key_type = settings.external_key_type.clone().ok_or_else(not_found)?;
                AccountRef::ExternalKey(TypedExternalKey { key_type, key })
            }
            AccountName::Nothing => return Err(not_found()),
        };
        let account = self.store.accounts().get(access.tenant.id, &name).await?;
        account.filter(|account| access.allows_realm(account.realm_id)).ok_or_else(not_found)
    }

    /// Accounts in the order they were made.
    pub async fn list_accounts(
        &self,
        call: &Call,
        tenant_id: &str,
        request: Result<ListAccounts, Refusal>,
    ) -> Result<(Page<SeenAccount>, View), Refusal> {
        let access = self.access_with(call, tenant_id, Permission::AccountsRead).await?;
        let request = request?;
        let realms = match request.realm_id.as_str() {
            "" => access.grant.allowed_realms.clone(),
            realm_id => Some(vec![self.realm(&access, realm_id).await?.id]),
        };
        let filter = AccountFilter { realms, state: request.state, show_deleted: request.show_deleted };
        let scope = ListScope::new("accounts")
            .with(access.caller.application.id.to_string())
            .with(access.tenant.id.to_string())
            .with(format!("{filter:?}"));
        let cursor = Cursor::begin(&self.master_key, self.clock.now(), &request.page, scope)?;
        let keyset = Keyset { after: cursor.after.map(AccountId::from_uuid), limit: cursor.limit() };
        let rows = self.store.accounts().list(access.tenant.id, &filter, keyset).await?;
        let Page { items, next_token } =
            cursor.finish(rows, &*self.ids, self.clock.now(), |account| account.id.as_uuid());
        let mut accounts = Vec::with_capacity(items.len());
        for account in items {
            accounts.push(self.seen(account).await?);
        }
        Ok((Page { items: accounts, next_token }, self.view(&access).await?))
    }
}

/// What the roles of an account permit in its realm, each permission once.
pub(in crate::provisioning) fn permissions(account: &Account, realm: &Realm) -> Vec<String> {
    let roles = realm.rules.roles.iter().filter(|role| account.roles.contains(&role.name));
    let permissions: BTreeSet<&String> = roles.flat_map(|role| &role.permissions).collect();
    permissions.into_iter().cloned().collect()
}
