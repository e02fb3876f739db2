//! The credential: a password under the realm's policy, or a hash that another system made.

use crate::domain::phone::Phone;
use crate::domain::user_name::UserName;
use crate::domain::violation::{FieldReason, Violations};
use crate::password::PasswordHash;

use super::{CheckedCredential, Rules};
use crate::provisioning::draft::{AccountDraft, CredentialDraft};

/// What the realm made of the user name and the phone number.
type OwnNames<'a> = (Option<&'a UserName>, Option<&'a Phone>);

/// The credential, and whether it has to be changed at the next login.
pub(super) fn check_credential(
    draft: &mut AccountDraft,
    names: OwnNames<'_>,
    rules: &Rules<'_>,
    faults: &mut Violations,
) -> (CheckedCredential, bool) {
    let by_realm = rules.realm.password_change_on_first_login;
    match std::mem::take(&mut draft.credential) {
        CredentialDraft::Absent | CredentialDraft::Faulty => (CheckedCredential::Absent, false),
        CredentialDraft::Hash(text) => match PasswordHash::import(&text) {
            Ok(hash) => (CheckedCredential::Hash(hash), false),
            Err(_) => {
                faults.push("credential.password_hash.encoded", FieldReason::PasswordHashUnsupported);
                (CheckedCredential::Absent, false)
            }
        },
        CredentialDraft::Password { password, confirmation, change_required } => {
            let Some(password) = password.into_valid() else { return (CheckedCredential::Absent, false) };
            let differs = confirmation.is_some_and(|confirmation| {
                confirmation.valid().is_none_or(|confirmation| confirmation.expose() != password.expose())
            });
            if differs {
                faults.push(draft.paths.confirmation(), FieldReason::PasswordConfirmationMismatch);
            }
            for fault in rules.realm.password_policy.check(&password, &own_texts(draft, names)) {
                faults.push_with(draft.paths.password, fault);
            }
            (CheckedCredential::Password(password), change_required || by_realm)
        }
    }
}

/// The account's own identifiers: what a password may not be made of.
fn own_texts<'a>(draft: &'a AccountDraft, (user_name, phone): OwnNames<'a>) -> Vec<&'a str> {
    let mut texts = Vec::new();
    texts.extend(user_name.map(UserName::as_str));
    texts.extend(draft.email.valid().map(|email| email.address()));
    texts.extend(draft.email.valid().and_then(|email| email.address().rsplit_once('@')).map(|(local, _)| local));
    texts.extend(phone.map(Phone::number));
    texts.extend(draft.display_name.valid().map(|name| name.as_str()));
    texts
}
