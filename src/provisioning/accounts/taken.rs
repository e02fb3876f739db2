//! What a caller is told of identifiers that other accounts hold.

use crate::domain::account::{Holder, IdentifierKind, TakenKey};
use crate::domain::permission::Permission;

use super::Place;
use crate::provisioning::draft::FieldPaths;
use crate::provisioning::refusal::{Refusal, Taken, TakenKind};
use crate::provisioning::rules::{self, CheckedAccount};

/// Says which fields of the request are taken; by whom, only to those who may read accounts, and only of realms that they may use.
pub(super) fn taken(place: &Place, checked: &CheckedAccount, holders: &[Holder]) -> Refusal {
    let reads = place.access.permits(Permission::AccountsRead);
    // CreateAccount always tells; a person who registers is not told that somebody was here before.
    let tells_inactive = reads || place.paths == FieldPaths::CREATE_ACCOUNT;
    let one = |holder: &Holder| {
        let (kind, field) = match &holder.key {
            TakenKey::Identifier(IdentifierKind::Phone) if holder.state.is_inactive() && tells_inactive => {
                (TakenKind::PhoneOfInactive, rules::field_of(&place.paths, IdentifierKind::Phone))
            }
            TakenKey::Identifier(kind) => {
                let taken = match kind {
                    IdentifierKind::Email => TakenKind::Email,
                    IdentifierKind::UserName => TakenKind::UserName,
                    IdentifierKind::Phone => TakenKind::Phone,
                };
                (taken, rules::field_of(&place.paths, *kind))
            }
            TakenKey::ExternalKey(key) => {
                let given = checked.given_key_types.iter().position(|key_type| *key_type == key.key_type);
                let field = given.map_or("external_keys".to_owned(), |at| format!("external_keys[{at}].key"));
                (TakenKind::ExternalKey, field)
            }
            TakenKey::UniqueValue(path) => (TakenKind::Attribute, place.paths.of(path)),
        };
        let tells_holder = reads && place.access.allows_realm(holder.realm_id);
        Taken { kind, field, holder: tells_holder.then_some((place.access.tenant.id, holder.account_id)) }
    };
    Refusal::AlreadyExists(holders.iter().map(one).collect())
}
