//! Who holds the keys that a request asks for.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Reader;
use super::schema::{accounts, external_keys, identifiers, unique_values};
use crate::domain::account::{
    AccountState, Holder, IdentifierKind, TakenKey, TypedExternalKey, UniqueKeys, UniqueValue,
};
use crate::domain::external_key::{ExternalKey, ExternalKeyType};
use crate::domain::ids::{AccountId, RealmId};
use crate::store::StoreError;

/// A table of keys beside the accounts that hold them.
macro_rules! with_accounts {
    ($table:ident) => {
        $table::table.inner_join(
            accounts::table
                .on(accounts::tenant_id.eq($table::tenant_id).and(accounts::account_id.eq($table::account_id))),
        )
    };
}

/// The account beside a key.
type Beside = (AccountId, RealmId, AccountState);

fn holder(key: TakenKey, (account_id, realm_id, state): Beside) -> Holder {
    Holder { key, account_id, realm_id, state }
}

/// One holder for each key that is taken; claims take nothing. The keys of one kind are asked for at once and sorted out here, because a
/// list of pairs is a different statement for each length.
pub(in crate::store) async fn find(mut conn: Reader<'_>, keys: &UniqueKeys) -> Result<Vec<Holder>, StoreError> {
    let mut holders = Vec::new();
    if !keys.identifiers.is_empty() {
        holders.extend(of_identifiers(&mut conn, keys).await?);
    }
    if !keys.external_keys.is_empty() {
        holders.extend(of_external_keys(&mut conn, keys).await?);
    }
    if !keys.unique_values.is_empty() {
        holders.extend(of_unique_values(&mut conn, keys).await?);
    }
    Ok(holders)
}

async fn of_identifiers(conn: &mut Reader<'_>, keys: &UniqueKeys) -> Result<Vec<Holder>, StoreError> {
    let wanted: Vec<String> = keys.identifiers.iter().map(|(_, key)| key.clone()).collect();
    let rows: Vec<(IdentifierKind, String, Beside)> = with_accounts!(identifiers)
        .filter(identifiers::tenant_id.eq(keys.tenant_id))
        .filter(identifiers::realm_id.eq(keys.realm_id))
        .filter(identifiers::kind.eq_any(IdentifierKind::ALL.to_vec()))
        .filter(identifiers::key.eq_any(wanted))
        .filter(identifiers::held)
        .select((identifiers::kind, identifiers::key, (identifiers::account_id, accounts::realm_id, accounts::state)))
        .load(conn)
        .await?;
    let taken = rows.into_iter().filter(|(kind, key, _)| keys.identifiers.iter().any(|(k, t)| k == kind && t == key));
    Ok(taken.map(|(kind, _, beside)| holder(TakenKey::Identifier(kind), beside)).collect())
}

async fn of_external_keys(conn: &mut Reader<'_>, keys: &UniqueKeys) -> Result<Vec<Holder>, StoreError> {
    let wanted: Vec<ExternalKey> = keys.external_keys.iter().map(|typed| typed.key.clone()).collect();
    let types: Vec<ExternalKeyType> = keys.external_keys.iter().map(|typed| typed.key_type.clone()).collect();
    let rows: Vec<(ExternalKeyType, ExternalKey, Beside)> = with_accounts!(external_keys)
        .filter(external_keys::tenant_id.eq(keys.tenant_id))
        .filter(external_keys::key_type.eq_any(types))
        .filter(external_keys::key.eq_any(wanted))
        .select((
            external_keys::key_type,
            external_keys::key,
            (external_keys::account_id, accounts::realm_id, accounts::state),
        ))
        .load(conn)
        .await?;
    let typed = rows.into_iter().map(|(key_type, key, beside)| (TypedExternalKey { key_type, key }, beside));
    let taken = typed.filter(|(key, _)| keys.external_keys.contains(key));
    Ok(taken.map(|(key, beside)| holder(TakenKey::ExternalKey(key), beside)).collect())
}

async fn of_unique_values(conn: &mut Reader<'_>, keys: &UniqueKeys) -> Result<Vec<Holder>, StoreError> {
    let wanted: Vec<String> = keys.unique_values.iter().map(|value| value.key.clone()).collect();
    let paths: Vec<String> = keys.unique_values.iter().map(|value| value.path.clone()).collect();
    let rows: Vec<(String, String, Beside)> = with_accounts!(unique_values)
        .filter(unique_values::tenant_id.eq(keys.tenant_id))
        .filter(unique_values::contract_id.eq(keys.contract_id))
        .filter(unique_values::path.eq_any(paths))
        .filter(unique_values::key.eq_any(wanted))
        .select((
            unique_values::path,
            unique_values::key,
            (unique_values::account_id, accounts::realm_id, accounts::state),
        ))
        .load(conn)
        .await?;
    let values = rows.into_iter().map(|(path, key, beside)| (UniqueValue { path, key }, beside));
    let taken = values.filter(|(value, _)| keys.unique_values.contains(value));
    Ok(taken.map(|(value, beside)| holder(TakenKey::UniqueValue(value.path), beside)).collect())
}
