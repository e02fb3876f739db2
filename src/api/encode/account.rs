//! Accounts, through the caller's contract: a field that it does not return stays empty.

use std::collections::BTreeMap;

use crate::domain::account::{Account, AccountState, TypedExternalKey};
use crate::domain::contract::{ATTRIBUTE_PREFIX, ContractTerms};
use crate::domain::idempotency::Outcome;
use crate::proto::v1;
use crate::provisioning::accounts::{AccountAnswer, SeenAccount, View};
use crate::provisioning::etag::etag;
use crate::provisioning::redirects::Redirect;
use crate::provisioning::registration::Registered;

use super::timestamp;
use crate::api::decode::json;

/// An account as the caller sees it.
pub fn account(seen: SeenAccount, view: &View) -> v1::Account {
    let SeenAccount { account, permissions } = seen;
    let terms = &view.contract.terms;
    let external_keys = account.external_keys.iter().filter(|key| view.shows_key(key)).map(external_key).collect();
    v1::Account {
        account_id: account.id.to_string(),
        account_number: account.number,
        tenant_id: account.tenant_id.to_string(),
        realm_id: account.realm_id.to_string(),
        contract_id: account.contract_id.to_string(),
        contract_version: u32::try_from(account.contract_version).unwrap_or_default(),
        create_time: Some(timestamp(account.create_time)),
        update_time: Some(timestamp(account.update_time)),
        etag: etag(account.version),
        profile: profile(&account, terms),
        email: account.email.as_ref().filter(|_| terms.returns("email.address")).map(|email| v1::Email {
            address: email.address().to_owned(),
            verified: account.email_verify_time.is_some(),
            verify_time: account.email_verify_time.map(timestamp),
        }),
        phone: account.phone.as_ref().filter(|_| terms.returns("phone.number")).map(|phone| v1::Phone {
            number: phone.number().to_owned(),
            verified: account.phone_verify_time.is_some(),
            verify_time: account.phone_verify_time.map(timestamp),
        }),
        state: state(account.state).into(),
        verification_required: account.verification_required,
        password_set: account.password_set,
        password_change_required: account.password_change_required,
        external_keys,
        consents: account.consents.into_iter().map(consent).collect(),
        origin: Some(v1::Origin {
            application_id: account.origin.application_id.to_string(),
            brand: account.origin.brand.unwrap_or_default(),
            edition: account.origin.edition.unwrap_or_default(),
            third_party_id: account.origin.third_party_id.unwrap_or_default(),
        }),
        roles: account.roles,
        permissions,
        attributes: attributes(account.attributes.into_map(), terms),
        annotations: account.annotations.into_map(),
    }
}

fn profile(account: &Account, terms: &ContractTerms) -> Option<v1::Profile> {
    let profile = &account.profile;
    let shown = |path: &str, text: Option<&str>| text.filter(|_| terms.returns(path)).unwrap_or_default().to_owned();
    let profile = v1::Profile {
        user_name: shown("profile.user_name", profile.user_name.as_ref().map(|name| name.as_str())),
        display_name: shown("profile.display_name", profile.display_name.as_ref().map(|name| name.as_str())),
        given_name: shown("profile.given_name", profile.given_name.as_ref().map(|name| name.as_str())),
        family_name: shown("profile.family_name", profile.family_name.as_ref().map(|name| name.as_str())),
        language_code: shown("profile.language_code", profile.language.as_ref().map(|code| code.as_str())),
        time_zone: shown("profile.time_zone", profile.time_zone.as_ref().map(|zone| zone.as_str())),
    };
    Some(profile).filter(|profile| *profile != v1::Profile::default())
}

fn attributes(
    mut object: serde_json::Map<String, serde_json::Value>,
    terms: &ContractTerms,
) -> Option<prost_types::Struct> {
    object.retain(|name, _| terms.returns(&format!("{ATTRIBUTE_PREFIX}{name}")));
    if object.is_empty() { None } else { Some(json::to_struct(object)) }
}

fn external_key(key: &TypedExternalKey) -> v1::ExternalKey {
    v1::ExternalKey { r#type: key.key_type.as_str().to_owned(), key: key.key.as_str().to_owned() }
}

fn consent(consent: crate::domain::consent::Consent) -> v1::Consent {
    v1::Consent {
        document: consent.document,
        version: consent.version,
        accepted: Some(consent.accepted),
        accept_time: Some(timestamp(consent.accept_time)),
    }
}

fn state(state: AccountState) -> v1::AccountState {
    match state {
        AccountState::PendingVerification => v1::AccountState::PendingVerification,
        AccountState::Active => v1::AccountState::Active,
        AccountState::Locked => v1::AccountState::Locked,
        AccountState::Disabled => v1::AccountState::Disabled,
        AccountState::Deleted => v1::AccountState::Deleted,
    }
}

/// What a creating request came to.
pub fn outcome(outcome: Outcome) -> v1::Outcome {
    match outcome {
        Outcome::Created => v1::Outcome::Created,
        Outcome::Existing => v1::Outcome::Existing,
        Outcome::Accepted => v1::Outcome::Accepted,
        Outcome::Validated => v1::Outcome::Validated,
    }
}

/// Takes away what only making gives: a check has made nothing.
pub fn unmade(account: &mut v1::Account) {
    account.account_id.clear();
    account.account_number = 0;
    account.etag.clear();
    (account.create_time, account.update_time) = (None, None);
}

/// The parts that both creating responses have: the account (its id alone where it is gone), the outcome and the annotations.
fn parts(answer: AccountAnswer) -> (Option<v1::Account>, i32, BTreeMap<String, String>) {
    let outcome = outcome(answer.outcome).into();
    let Some(seen) = answer.account else {
        let gone = answer.account_id.map(|id| v1::Account { account_id: id.to_string(), ..v1::Account::default() });
        return (gone, outcome, BTreeMap::new());
    };
    let mut account = account(seen, &answer.view);
    if answer.outcome == Outcome::Validated {
        unmade(&mut account);
    }
    // The annotations of an account that was there before are its maker's, not this request's.
    let annotations = match answer.outcome {
        Outcome::Existing => BTreeMap::new(),
        _ => account.annotations.clone(),
    };
    (Some(account), outcome, annotations)
}

/// CreateAccountResponse.
pub fn created(mut answer: AccountAnswer) -> v1::CreateAccountResponse {
    let verifications = super::verification::all(std::mem::take(&mut answer.verifications));
    let (account, outcome, annotations) = parts(answer);
    v1::CreateAccountResponse { account, outcome, annotations, verifications }
}

/// RegisterAccountResponse.
pub fn registered(registered: Registered) -> v1::RegisterAccountResponse {
    let Registered { mut answer, redirect } = registered;
    let session = answer.session.take().map(|issued| super::session::tokens(&issued));
    let verifications = super::verification::all(std::mem::take(&mut answer.verifications));
    let (account, outcome, annotations) = parts(answer);
    let redirect = self::redirect(redirect);
    v1::RegisterAccountResponse { account, outcome, annotations, session, verifications, redirect }
}

fn redirect(redirect: Redirect) -> Option<v1::Redirect> {
    let Redirect { redirect_url, referrer_url, error_view } = redirect;
    Some(v1::Redirect { redirect_url, referrer_url, error_view })
        .filter(|redirect| *redirect != v1::Redirect::default())
}
