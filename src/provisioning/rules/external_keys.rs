//! The keys by which other systems know an account: given by the request, or minted for it.

use super::Rules;
use crate::domain::account::TypedExternalKey;
use crate::domain::application::ApplicationSettings;
use crate::domain::external_key::ExternalKey;
use crate::domain::violation::{FieldReason, Violations};
use crate::provisioning::draft::{AccountDraft, ExternalKeyDraft};

/// The keys that the request gives, one a type.
pub(super) fn check_external_keys(
    draft: &AccountDraft,
    rules: &Rules<'_>,
    faults: &mut Violations,
) -> Vec<TypedExternalKey> {
    let own_type = rules.application.external_key_type.as_ref();
    let mut keys: Vec<TypedExternalKey> = Vec::with_capacity(draft.external_keys.len());
    for (at, key) in draft.external_keys.iter().enumerate() {
        let path = || format!("external_keys[{at}].type");
        let typed = match key {
            ExternalKeyDraft::Faulty => continue,
            ExternalKeyDraft::Typed(typed) => typed.clone(),
            ExternalKeyDraft::Own(key) => match own_type {
                Some(key_type) => TypedExternalKey { key_type: key_type.clone(), key: key.clone() },
                None => {
                    faults.push(path(), FieldReason::FieldRequired);
                    continue;
                }
            },
        };
        if Some(&typed.key_type) != own_type && !rules.reads_accounts {
            faults.push(path(), FieldReason::FieldForbidden);
        } else if keys.iter().any(|other| other.key_type == typed.key_type) {
            faults.push(path(), FieldReason::FieldInvalid);
        } else {
            keys.push(typed);
        }
    }
    keys
}

/// Adds a minted key where the application has a type of its own and the request gives no key of it (dialogportal).
pub fn mint_external_key(keys: &mut Vec<TypedExternalKey>, settings: &ApplicationSettings, minted: uuid::Uuid) {
    if let Some(key_type) = &settings.external_key_type
        && !keys.iter().any(|key| key.key_type == *key_type)
        && let Ok(key) = ExternalKey::parse(&minted.simple().to_string())
    {
        keys.push(TypedExternalKey { key_type: key_type.clone(), key });
    }
    keys.sort();
}
