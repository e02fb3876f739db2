//! The codes of old clients, and the size of the details: what goes first when not all fits.

use std::sync::Arc;

use proptest::prelude::*;
use tonic_types::pb;

use super::reading::detail;
use super::{AnswerContext, Status, WireFault, english, from_refusal, from_wire_fault, ids, taken};
use crate::domain::legacy::{LegacyCodes, LegacyRule};
use crate::domain::violation::{Fault, FieldReason, Violations};
use crate::provisioning::refusal::{Refusal, ResourceKind, TakenKind};
use crate::status::draft::{DETAILS_BYTES_MAX, VIOLATIONS_MAX};

fn legacy(rules: &[(&str, &str, &str)], default: Option<&str>) -> Arc<LegacyCodes> {
    let rule = |(field, reason, code): &(&str, &str, &str)| LegacyRule {
        rpc: "*".to_owned(),
        field: (*field).to_owned(),
        reason: (*reason).to_owned(),
        code: (*code).to_owned(),
    };
    let rules = rules.iter().map(rule).collect();
    Arc::new(LegacyCodes { rules, default_code: default.map(str::to_owned), ..LegacyCodes::default() })
}

fn metadata(status: &Status, key: &str) -> Option<String> {
    detail::<pb::ErrorInfo>(status, "ErrorInfo").expect("an ErrorInfo").metadata.remove(key)
}

#[test]
fn old_clients_get_their_codes_one_a_violation() {
    let rules = [("account.phone.number", "PHONE_INVALID", "400.3"), ("*", "EMAIL_ALREADY_EXISTS", "143")];
    let mut violations = Violations::new();
    violations.push("account.phone.number", FieldReason::PhoneInvalid);
    violations.push("account.email.address", FieldReason::FieldRequired);
    let invalid = Refusal::Invalid(violations);

    let context = english();
    context.set_legacy_codes(legacy(&rules, None));
    let status = from_refusal(&invalid, &context);
    assert_eq!(metadata(&status, "legacyCode").as_deref(), Some("400.3"));
    assert_eq!(metadata(&status, "legacyCodes").as_deref(), Some("400.3,"));
    assert_eq!(metadata(&from_refusal(Refusal::Overloaded, &context), "legacyCode"), None);

    let context = english();
    context.set_legacy_codes(legacy(&rules, Some("400")));
    let status = from_refusal(&invalid, &context);
    assert_eq!(metadata(&status, "legacyCodes").as_deref(), Some("400.3,400"));
    let status = from_refusal(Refusal::taken(TakenKind::Email, "account.email.address"), &context);
    assert_eq!(metadata(&status, "legacyCode").as_deref(), Some("143"));
    let status = from_refusal(Refusal::Overloaded, &context);
    assert_eq!(metadata(&status, "legacyCode").as_deref(), Some("400"));
    assert_eq!(metadata(&status, "legacyCodes"), None);

    assert_eq!(metadata(&from_refusal(&invalid, &english()), "legacyCode"), None);
}

#[test]
fn a_copy_made_before_authentication_answers_in_the_dialect_found_later() {
    let outer = english();
    outer.clone().set_legacy_codes(legacy(&[], Some("params")));
    let malformed = from_wire_fault(WireFault::MessageMalformed, &outer);
    assert_eq!(metadata(&malformed, "legacyCode").as_deref(), Some("params"));
}

/// Everything that a caller, an operator or a rule can make long.
fn arbitrary_refusal() -> impl Strategy<Value = Refusal> {
    let params = proptest::collection::vec((prop::sample::select(vec!["min", "max", "class", "allowed"]), ".*"), 0..4);
    let violation = ("[ -~é€]{0,400}", prop::sample::select(FieldReason::ALL), params);
    let violations = proptest::collection::vec(violation, 1..40).prop_map(|list| {
        let mut violations = Violations::new();
        for (field, reason, params) in list {
            let fault = Fault::new(reason);
            violations.push_with(field, params.into_iter().fold(fault, |fault, (name, value)| fault.with(name, value)));
        }
        Refusal::Invalid(violations)
    });
    let texts = || proptest::collection::vec("[ -~é€]{0,400}", 1..30);
    let several = texts().prop_map(|fields| {
        Refusal::AlreadyExists(fields.iter().map(|field| taken(TakenKind::ExternalKey, field, Some(ids()))).collect())
    });
    prop_oneof![
        4 => violations,
        1 => several,
        1 => texts().prop_map(Refusal::ConsentRequired),
        1 => "[ -~é€]{0,5000}".prop_map(|name| Refusal::not_found(ResourceKind::Realm, name)),
        1 => "[ -~é€]{0,5000}".prop_map(Refusal::RealmUnavailable),
        1 => ("[ -~é€]{0,5000}", "[ -~é€]{0,5000}")
            .prop_map(|(brand, edition)| Refusal::UrlConfigurationInvalid { brand, edition }),
    ]
}

proptest! {
    #[test]
    fn whatever_is_refused_fits_and_the_first_violation_survives(
        refusal in arbitrary_refusal(),
        request_id in "[ -~]{0,400}",
        code in proptest::option::of("[ -~é]{0,200}"),
        language in prop::sample::select(vec![None, Some("fr"), Some("de"), Some("en")]),
    ) {
        let context = AnswerContext::new(request_id, "CreateAccount", language);
        context.set_legacy_codes(legacy(&[], code.as_deref()));
        let status = from_refusal(&refusal, &context);
        prop_assert!(status.details().len() <= DETAILS_BYTES_MAX, "{} bytes", status.details().len());
        let Refusal::Invalid(violations) = &refusal else { return Ok(()) };
        let shown = detail::<pb::BadRequest>(&status, "BadRequest").expect("a BadRequest").field_violations;
        prop_assert!((1..=VIOLATIONS_MAX).contains(&shown.len()));
        prop_assert_eq!(metadata(&status, "truncated").is_some(), shown.len() < violations.len());
        prop_assert_eq!(metadata(&status, "violationCount"), Some(violations.len().to_string()));
        for (shown, violation) in shown.iter().zip(violations) {
            prop_assert!(violation.field.starts_with(&shown.field));
            prop_assert_eq!(shown.reason.as_str(), violation.reason.as_str());
        }
    }
}

#[test]
fn what_does_not_fit_goes_in_order() {
    let mut violations = Violations::new();
    for index in 0..30 {
        violations.push(format!("account.attributes.{}{index}", "x".repeat(90)), FieldReason::FieldInvalid);
    }
    let refusal = Refusal::Invalid(violations);
    let shown = |status: &Status| detail::<pb::BadRequest>(status, "BadRequest").map(|it| it.field_violations);

    let plain = from_refusal(&refusal, &english());
    assert_eq!(shown(&plain).map(|list| list.len()), Some(VIOLATIONS_MAX));
    assert_eq!(metadata(&plain, "truncated").as_deref(), Some("true"));

    // Twenty sentences more do not fit: the languages go, the codes and the violations stay.
    let context = AnswerContext::new("r".repeat(256), "CreateAccount", Some("fr"));
    context.set_legacy_codes(legacy(&[], Some("400")));
    let french = from_refusal(&refusal, &context);
    let list = shown(&french).unwrap_or_default();
    assert_eq!(list.len(), VIOLATIONS_MAX);
    assert!(list.iter().all(|violation| violation.localized_message.is_none()));
    assert_eq!(metadata(&french, "legacyCodes").map(|codes| codes.split(',').count()), Some(VIOLATIONS_MAX));

    // Twenty codes of 64 bytes do not fit either: they go before any violation.
    let context = AnswerContext::new("r".repeat(256), "CreateAccount", Some("fr"));
    context.set_legacy_codes(legacy(&[], Some(&"c".repeat(100))));
    let codes = from_refusal(&refusal, &context);
    assert_eq!(metadata(&codes, "legacyCodes"), None);
    assert_eq!(metadata(&codes, "legacyCode"), Some("c".repeat(64)));
    assert_eq!(shown(&codes).map(|list| list.len()), Some(VIOLATIONS_MAX));
}
