//! Who holds the keys that a request asks for.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Reader;
use super::schema::{accounts, external_keys, identifiers, unique_values};
use crate::domain::account::{
    AccountState, Holder, IdentifierKind, TakenKey, TypedExternalKey, UniqueKeys, UniqueValue,
};
use crate::domain::external_key::{ExternalKey, ExternalKeyType};
use crate::domain::ids::AccountId;
use crate::store::StoreError;

/// One holder for each key that is taken; claims take nothing. The keys of one kind are asked for at once and sorted out here, because a
/// list of pairs is a different statement for each length.
pub(in crate::store) async fn find(mut conn: Reader<'_>, keys: &UniqueKeys) -> Result<Vec<Holder>, StoreError> {
    let mut holders = Vec::new();
    if !keys.identifiers.is_empty() {
        let wanted: Vec<String> = keys.identifiers.iter().map(|(_, key)| key.clone()).collect();
        let rows: Vec<(IdentifierKind, String, AccountId, AccountState)> = identifiers::table
            .inner_join(accounts::table.on(
                accounts::tenant_id.eq(identifiers::tenant_id).and(accounts::account_id.eq(identifiers::account_id)),
            ))
            .filter(identifiers::tenant_id.eq(keys.tenant_id))
            .filter(identifiers::realm_id.eq(keys.realm_id))
            .filter(identifiers::kind.eq_any(IdentifierKind::ALL.to_vec()))
            .filter(identifiers::key.eq_any(wanted))
            .filter(identifiers::held)
            .select((identifiers::kind, identifiers::key, identifiers::account_id, accounts::state))
            .load(&mut conn)
            .await?;
        let taken =
            rows.into_iter().filter(|(kind, key, ..)| keys.identifiers.iter().any(|(k, t)| k == kind && t == key));
        holders.extend(taken.map(|(kind, _, account_id, state)| Holder {
            key: TakenKey::Identifier(kind),
            account_id,
            state,
        }));
    }
    if !keys.external_keys.is_empty() {
        let wanted: Vec<ExternalKey> = keys.external_keys.iter().map(|typed| typed.key.clone()).collect();
        let types: Vec<ExternalKeyType> = keys.external_keys.iter().map(|typed| typed.key_type.clone()).collect();
        let rows: Vec<(ExternalKeyType, ExternalKey, AccountId, AccountState)> = external_keys::table
            .inner_join(
                accounts::table.on(accounts::tenant_id
                    .eq(external_keys::tenant_id)
                    .and(accounts::account_id.eq(external_keys::account_id))),
            )
            .filter(external_keys::tenant_id.eq(keys.tenant_id))
            .filter(external_keys::key_type.eq_any(types))
            .filter(external_keys::key.eq_any(wanted))
            .select((external_keys::key_type, external_keys::key, external_keys::account_id, accounts::state))
            .load(&mut conn)
            .await?;
        let typed = rows
            .into_iter()
            .map(|(key_type, key, account_id, state)| (TypedExternalKey { key_type, key }, account_id, state));
        let taken = typed.filter(|(key, ..)| keys.external_keys.contains(key));
        holders.extend(taken.map(|(key, account_id, state)| Holder {
            key: TakenKey::ExternalKey(key),
            account_id,
            state,
        }));
    }
    if !keys.unique_values.is_empty() {
        let wanted: Vec<String> = keys.unique_values.iter().map(|value| value.key.clone()).collect();
        let paths: Vec<String> = keys.unique_values.iter().map(|value| value.path.clone()).collect();
        let rows: Vec<(String, String, AccountId, AccountState)> = unique_values::table
            .inner_join(
                accounts::table.on(accounts::tenant_id
                    .eq(unique_values::tenant_id)
                    .and(accounts::account_id.eq(unique_values::account_id))),
            )
            .filter(unique_values::tenant_id.eq(keys.tenant_id))
            .filter(unique_values::contract_id.eq(keys.contract_id))
            .filter(unique_values::path.eq_any(paths))
            .filter(unique_values::key.eq_any(wanted))
            .select((unique_values::path, unique_values::key, unique_values::account_id, accounts::state))
            .load(&mut conn)
            .await?;
        let values =
            rows.into_iter().map(|(path, key, account_id, state)| (UniqueValue { path, key }, account_id, state));
        let taken = values.filter(|(value, ..)| keys.unique_values.contains(value));
        holders.extend(taken.map(|(value, account_id, state)| Holder {
            key: TakenKey::UniqueValue(value.path),
            account_id,
            state,
        }));
    }
    Ok(holders)
}
