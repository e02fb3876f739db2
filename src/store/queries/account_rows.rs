//! An account as it stands in its table.

use diesel::prelude::*;

use super::{Backend, schema};
use crate::domain::account::{Account, AccountState, Origin, Profile, TypedExternalKey};
use crate::domain::annotations::Annotations;
use crate::domain::attributes::Attributes;
use crate::domain::consent::Consent;
use crate::domain::email::Email;
use crate::domain::ids::{AccountId, ContractId, RealmId, TenantId};
use crate::domain::language::LanguageCode;
use crate::domain::phone::Phone;
use crate::domain::text::{DisplayName, PersonName};
use crate::domain::time_zone::TimeZone;
use crate::domain::user_name::UserName;
use crate::store::columns::{Json, Time};

/// All of an account in one row, so that the hottest read is one statement on one table.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::accounts, treat_none_as_default_value = false, check_for_backend(Backend))]
pub(super) struct AccountRow {
    tenant_id: TenantId,
    account_id: AccountId,
    account_number: i64,
    realm_id: RealmId,
    contract_id: ContractId,
    contract_version: i32,
    user_name: Option<String>,
    user_name_key: Option<String>,
    display_name: Option<DisplayName>,
    given_name: Option<PersonName>,
    family_name: Option<PersonName>,
    language: Option<LanguageCode>,
    time_zone: Option<TimeZone>,
    email: Option<String>,
    email_key: Option<String>,
    email_key_version: Option<i16>,
    email_verify_time: Option<Time>,
    phone: Option<String>,
    phone_key: Option<String>,
    phone_verify_time: Option<Time>,
    state: AccountState,
    verification_required: bool,
    password_set: bool,
    password_change_required: bool,
    external_keys: Json<Vec<TypedExternalKey>>,
    consents: Json<Vec<Consent>>,
    origin: Json<Origin>,
    roles: Json<Vec<String>>,
    attributes: Json<Attributes>,
    annotations: Json<Annotations>,
    create_time: Time,
    update_time: Time,
    delete_time: Option<Time>,
    purge_time: Option<Time>,
    version: i64,
}

impl From<&Account> for AccountRow {
    fn from(account: &Account) -> Self {
        let profile = &account.profile;
        Self {
            tenant_id: account.tenant_id,
            account_id: account.id,
            account_number: account.number,
            realm_id: account.realm_id,
            contract_id: account.contract_id,
            contract_version: account.contract_version,
            user_name: profile.user_name.as_ref().map(|name| name.as_str().to_owned()),
            user_name_key: profile.user_name.as_ref().map(|name| name.key().to_owned()),
            display_name: profile.display_name.clone(),
            given_name: profile.given_name.clone(),
            family_name: profile.family_name.clone(),
            language: profile.language.clone(),
            time_zone: profile.time_zone,
            email: account.email.as_ref().map(|email| email.address().to_owned()),
            email_key: account.email.as_ref().map(|email| email.key().to_owned()),
            email_key_version: account.email.as_ref().map(Email::key_version),
            email_verify_time: account.email_verify_time.map(Time),
            phone: account.phone.as_ref().map(|phone| phone.number().to_owned()),
            phone_key: account.phone.as_ref().and_then(Phone::key).map(str::to_owned),
            phone_verify_time: account.phone_verify_time.map(Time),
            state: account.state,
            verification_required: account.verification_required,
            password_set: account.password_set,
            password_change_required: account.password_change_required,
            external_keys: Json(account.external_keys.clone()),
            consents: Json(account.consents.clone()),
            origin: Json(account.origin.clone()),
            roles: Json(account.roles.clone()),
            attributes: Json(account.attributes.clone()),
            annotations: Json(account.annotations.clone()),
            create_time: Time(account.create_time),
            update_time: Time(account.update_time),
            delete_time: account.delete_time.map(Time),
            purge_time: account.purge_time.map(Time),
            version: account.version,
        }
    }
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            tenant_id: row.tenant_id,
            id: row.account_id,
            number: row.account_number,
            realm_id: row.realm_id,
            contract_id: row.contract_id,
            contract_version: row.contract_version,
            profile: Profile {
                user_name: row.user_name.zip(row.user_name_key).map(|(text, key)| UserName::restore(text, key)),
                display_name: row.display_name,
                given_name: row.given_name,
                family_name: row.family_name,
                language: row.language,
                time_zone: row.time_zone,
            },
            email: row
                .email
                .zip(row.email_key)
                .zip(row.email_key_version)
                .map(|((address, key), version)| Email::restore(address, key, version)),
            email_verify_time: row.email_verify_time.map(|time| time.0),
            phone: row.phone.map(|number| Phone::from_stored(number, row.phone_key)),
            phone_verify_time: row.phone_verify_time.map(|time| time.0),
            state: row.state,
            verification_required: row.verification_required,
            password_set: row.password_set,
            password_change_required: row.password_change_required,
            external_keys: row.external_keys.0,
            consents: row.consents.0,
            origin: row.origin.0,
            roles: row.roles.0,
            attributes: row.attributes.0,
            annotations: row.annotations.0,
            create_time: row.create_time.0,
            update_time: row.update_time.0,
            delete_time: row.delete_time.map(|time| time.0),
            purge_time: row.purge_time.map(|time| time.0),
            version: row.version,
        }
    }
}
