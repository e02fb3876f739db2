//! Answers to legal documents, held against what the realm demands.

use crate::domain::consent::{Consent, ConsentAnswer, Demand};
use crate::domain::violation::{Fault, FieldReason, Violations};

use super::Rules;
use crate::provisioning::draft::FieldPaths;

/// The answers to keep, and the documents whose demanded acceptance was declined.
pub(super) fn check_consents(
    answers: &[ConsentAnswer],
    rules: &Rules<'_>,
    paths: &FieldPaths,
    faults: &mut Violations,
) -> (Vec<Consent>, Vec<String>) {
    let demands = &rules.realm.consents;
    let mut consents: Vec<Consent> = Vec::new();
    let mut declined = Vec::new();
    for (at, answer) in answers.iter().enumerate() {
        let path = |field: &str| paths.of(&format!("consents[{at}].{field}"));
        let demand = demands.iter().find(|demand| demand.document == answer.document);
        let version = match demand {
            Some(demand) if answer.version.is_empty() || answer.version == demand.version => &demand.version,
            Some(_) if rules.registers => {
                faults.push(path("version"), FieldReason::FieldInvalid);
                continue;
            }
            None if rules.registers => {
                faults.push(path("document"), FieldReason::FieldUnknown);
                continue;
            }
            _ if answer.version.is_empty() => {
                faults.push(path("version"), FieldReason::FieldRequired);
                continue;
            }
            _ => &answer.version,
        };
        let Some(accepted) = answer.accepted else {
            faults.push(path("accepted"), FieldReason::FieldRequired);
            continue;
        };
        if consents.iter().any(|consent| consent.document == answer.document) {
            faults.push(path("document"), FieldReason::FieldInvalid);
            continue;
        }
        if rules.registers && !accepted && demand.is_some_and(|demand| demand.demand == Demand::Acceptance) {
            declined.push(answer.document.clone());
        }
        consents.push(Consent {
            document: answer.document.clone(),
            version: version.clone(),
            accepted,
            accept_time: rules.now,
        });
    }
    if rules.registers {
        let unanswered = demands.iter().filter(|demand| !answers.iter().any(|a| a.document == demand.document));
        for demand in unanswered {
            let fault = Fault::new(FieldReason::FieldRequired).with("document", &demand.document);
            faults.push_with(paths.of("consents"), fault);
        }
    }
    consents.sort_by(|one, other| one.document.cmp(&other.document));
    (consents, declined)
}
