//! Accounts and what stands beside them.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::account_rows::AccountRow;
use super::schema::{accounts::dsl, consents, credentials, external_keys, identifiers, unique_values};
use super::{Conn, Pipeline, Reader, holders, point, quotas, requests, schema, sessions, trail, verifications};
use crate::domain::account::{Account, AccountRef, AccountState, IdentifierKind, UniqueKeys, sole_live_holder};
use crate::domain::external_key::{ExternalKey, ExternalKeyType};
use crate::domain::idempotency::{Outcome, RequestIds, RequestRecord};
use crate::domain::ids::{AccountId, ContractId, RealmId, TenantId};
use crate::store::accounts::{AccountFilter, Existing, NewAccount};
use crate::store::columns::Time;
use crate::store::{Conflict, Keyset, StoreError};

/// An identifier as it stands in its table.
#[derive(Insertable)]
#[diesel(table_name = schema::identifiers, treat_none_as_default_value = false)]
struct IdentifierRow {
    tenant_id: TenantId,
    realm_id: RealmId,
    kind: IdentifierKind,
    key: String,
    account_id: AccountId,
    held: bool,
    verify_time: Option<Time>,
    expire_time: Option<Time>,
}

/// An external key as it stands in its table.
#[derive(Insertable)]
#[diesel(table_name = schema::external_keys, treat_none_as_default_value = false)]
struct ExternalKeyRow<'a> {
    tenant_id: TenantId,
    key_type: &'a ExternalKeyType,
    key: &'a ExternalKey,
    account_id: AccountId,
}

/// A unique value as it stands in its table.
#[derive(Insertable)]
#[diesel(table_name = schema::unique_values, treat_none_as_default_value = false)]
struct UniqueValueRow<'a> {
    tenant_id: TenantId,
    contract_id: ContractId,
    path: &'a str,
    key: &'a str,
    account_id: AccountId,
}

/// An answer to a legal document as it stands in its table.
#[derive(Insertable)]
#[diesel(table_name = schema::consents, treat_none_as_default_value = false)]
struct ConsentRow<'a> {
    tenant_id: TenantId,
    account_id: AccountId,
    document: &'a str,
    version: &'a str,
    accept_time: Time,
    accepted: bool,
}

pub(in crate::store) async fn create(conn: &mut Conn, new: &NewAccount) -> Result<(), StoreError> {
    let mut pipeline = Pipeline::on(conn);
    insert(&mut pipeline, new, 0).await?;
    pipeline.finish().await
}

/// The order of the statements is the order in which a request is refused; rows of one table go in the order of their keys, so that two
/// units that want the same keys wait for each other and never in a circle. `first_quota` is the index of the first quota in the unit.
pub(super) async fn insert(
    pipeline: &mut Pipeline<'_>,
    new: &NewAccount,
    first_quota: usize,
) -> Result<(), StoreError> {
    if let Some(request) = &new.request {
        requests::insert(pipeline, request).await?;
    }
    quotas::take(pipeline, &new.quotas, first_quota).await?;
    pipeline.add(diesel::insert_into(dsl::accounts).values(&AccountRow::from(&new.account))).await?;
    write_identifiers(pipeline, new).await?;
    write_external_keys(pipeline, new).await?;
    write_unique_values(pipeline, new).await?;
    write_consents(pipeline, new).await?;
    if let Some(credential) = &new.credential {
        let row = (
            credentials::tenant_id.eq(new.account.tenant_id),
            credentials::account_id.eq(new.account.id),
            credentials::phc.eq(&credential.phc),
            credentials::update_time.eq(Time(new.account.create_time)),
        );
        pipeline.add(diesel::insert_into(credentials::table).values(row)).await?;
    }
    verifications::insert(pipeline, &new.verifications).await?;
    if let Some(session) = &new.session {
        sessions::insert(pipeline, session).await?;
    }
    trail::insert(pipeline, &new.trail).await
}

async fn write_identifiers(pipeline: &mut Pipeline<'_>, new: &NewAccount) -> Result<(), StoreError> {
    let account = &new.account;
    let mut rows: Vec<IdentifierRow> = new
        .identifiers
        .iter()
        .map(|identifier| IdentifierRow {
            tenant_id: account.tenant_id,
            realm_id: account.realm_id,
            kind: identifier.kind,
            key: identifier.key.clone(),
            account_id: account.id,
            held: identifier.held,
            verify_time: identifier.verify_time.map(Time),
            expire_time: identifier.expire_time.map(Time),
        })
        .collect();
    rows.sort_by(|a, b| (a.kind, &a.key).cmp(&(b.kind, &b.key)));
    insert_free_rows!(pipeline, identifiers::table, rows, StoreError::Conflict(Conflict::Identifiers));
    Ok(())
}

async fn write_external_keys(pipeline: &mut Pipeline<'_>, new: &NewAccount) -> Result<(), StoreError> {
    let (tenant_id, account_id) = (new.account.tenant_id, new.account.id);
    let mut rows: Vec<ExternalKeyRow<'_>> = new
        .account
        .external_keys
        .iter()
        .map(|key| ExternalKeyRow { tenant_id, key_type: &key.key_type, key: &key.key, account_id })
        .collect();
    rows.sort_by_key(|row| (row.key_type, row.key));
    insert_free_rows!(pipeline, external_keys::table, rows, StoreError::Conflict(Conflict::ExternalKeys));
    Ok(())
}

async fn write_unique_values(pipeline: &mut Pipeline<'_>, new: &NewAccount) -> Result<(), StoreError> {
    let account = &new.account;
    let (tenant_id, contract_id, account_id) = (account.tenant_id, account.contract_id, account.id);
    let mut rows: Vec<UniqueValueRow<'_>> = new
        .unique_values
        .iter()
        .map(|value| UniqueValueRow { tenant_id, contract_id, path: &value.path, key: &value.key, account_id })
        .collect();
    rows.sort_by_key(|row| (row.path, row.key));
    insert_free_rows!(pipeline, unique_values::table, rows, StoreError::Conflict(Conflict::UniqueValues));
    Ok(())
}

async fn write_consents(pipeline: &mut Pipeline<'_>, new: &NewAccount) -> Result<(), StoreError> {
    let (tenant_id, account_id) = (new.account.tenant_id, new.account.id);
    let rows: Vec<ConsentRow<'_>> = new
        .account
        .consents
        .iter()
        .map(|consent| ConsentRow {
            tenant_id,
            account_id,
            document: &consent.document,
            version: &consent.version,
            accept_time: Time(consent.accept_time),
            accepted: consent.accepted,
        })
        .collect();
    insert_rows!(pipeline, consents::table, rows);
    Ok(())
}

/// The hottest read. One statement, whichever way the account is named.
pub(in crate::store) async fn get(
    conn: Reader<'_>,
    tenant: &TenantId,
    name: &AccountRef,
) -> Result<Option<Account>, StoreError> {
    let accounts = dsl::accounts.filter(dsl::tenant_id.eq(*tenant)).select(AccountRow::as_select());
    let found: Option<AccountRow> = match name {
        AccountRef::Id(id) => point(conn, accounts.filter(dsl::account_id.eq(*id))).await?,
        AccountRef::Number(number) => point(conn, accounts.filter(dsl::account_number.eq(*number))).await?,
        AccountRef::Identifier(realm, kind, key) => {
            let query = identifiers::table
                .inner_join(
                    dsl::accounts
                        .on(dsl::tenant_id.eq(identifiers::tenant_id).and(dsl::account_id.eq(identifiers::account_id))),
                )
                .filter(identifiers::tenant_id.eq(*tenant))
                .filter(identifiers::realm_id.eq(*realm))
                .filter(identifiers::kind.eq(*kind))
                .filter(identifiers::key.eq(key.clone()))
                .filter(identifiers::held)
                .select(AccountRow::as_select());
            point(conn, query).await?
        }
        AccountRef::ExternalKey(external) => {
            let query =
                external_keys::table
                    .inner_join(dsl::accounts.on(
                        dsl::tenant_id.eq(external_keys::tenant_id).and(dsl::account_id.eq(external_keys::account_id)),
                    ))
                    .filter(external_keys::tenant_id.eq(*tenant))
                    .filter(external_keys::key_type.eq(external.key_type.clone()))
                    .filter(external_keys::key.eq(external.key.clone()))
                    .select(AccountRow::as_select());
            point(conn, query).await?
        }
    };
    Ok(found.map(Account::from))
}

pub(in crate::store) async fn list(
    mut conn: Reader<'_>,
    tenant: &TenantId,
    filter: &AccountFilter,
    page: &Keyset<AccountId>,
) -> Result<Vec<Account>, StoreError> {
    let mut query = dsl::accounts
        .filter(dsl::tenant_id.eq(*tenant))
        .select(AccountRow::as_select())
        .order(dsl::account_id)
        .limit(page.limit)
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(dsl::account_id.gt(after));
    }
    if let Some(realms) = &filter.realms {
        query = query.filter(dsl::realm_id.eq_any(realms.clone()));
    }
    if let Some(state) = filter.state {
        query = query.filter(dsl::state.eq(state));
    }
    if !filter.show_deleted {
        query = query.filter(dsl::state.ne(AccountState::Deleted));
    }
    let rows: Vec<AccountRow> = query.load(&mut conn).await?;
    Ok(rows.into_iter().map(Account::from).collect())
}

pub(in crate::store) async fn credential(
    conn: Reader<'_>,
    tenant: &TenantId,
    account: &AccountId,
) -> Result<Option<String>, StoreError> {
    let query = credentials::table
        .filter(credentials::tenant_id.eq(*tenant))
        .filter(credentials::account_id.eq(*account))
        .select(credentials::phc);
    point(conn, query).await
}

/// After a collision: the one live account that holds all that is taken, with its request row written; else who holds what.
pub(in crate::store) async fn record_existing(
    conn: &mut Conn,
    keys: &UniqueKeys,
    allowed: &Option<Vec<RealmId>>,
    request: &Option<RequestRecord>,
) -> Result<Existing, StoreError> {
    let holders = holders::find(super::reader(conn), keys).await?;
    let Some(account_id) = sole_live_holder(&holders, allowed.as_deref()) else {
        return Ok(Existing::Holders(holders));
    };
    // Purged between the two reads: nobody holds it any more.
    let Some(account) = get(super::reader(conn), &keys.tenant_id, &AccountRef::Id(account_id)).await? else {
        return Ok(Existing::Holders(Vec::new()));
    };
    if let Some(request) = request {
        let ids = RequestIds { account_id, ..request.ids.clone() };
        requests::write(conn, &RequestRecord { outcome: Outcome::Existing, ids, ..request.clone() }).await?;
    }
    Ok(Existing::Account(Box::new(account)))
}
