use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::cli::schema;
use crate::domain::legacy::LegacyCodes;
use crate::domain::permission::Permission;
use crate::proto::v1::ErrorReason;

/// Every reason that is sent.
fn all_reasons() -> Vec<&'static str> {
    let reasons = (0..1_000).filter_map(|number| ErrorReason::try_from(number).ok());
    reasons.filter(|reason| *reason != ErrorReason::Unspecified).map(|reason| reason.as_str_name()).collect()
}

/// The table as the service looks codes up in it.
fn table(preset: Preset) -> LegacyCodes {
    let codes = preset.file().application["legacy_codes"].clone();
    let wild = |rule: &Value, name: &str| rule.get(name).cloned().unwrap_or_else(|| json!("*"));
    let rules = codes["rules"].as_array().cloned().unwrap_or_default();
    let outcomes = codes["outcomes"].as_array().cloned().unwrap_or_default();
    let own = json!({
        "rules": rules.iter().map(|rule| json!({
            "rpc": wild(rule, "rpc"), "field": wild(rule, "field"), "reason": wild(rule, "reason"), "code": rule["code"]
        })).collect::<Vec<_>>(),
        "default_code": codes.get("default_code"),
        "reason_as_default": codes.get("reason_as_default").is_some_and(|value| value == true),
        "outcomes": outcomes.iter().map(|row| json!({
            "rpc": wild(row, "rpc"), "code": row["code"], "message": row.get("message").cloned().unwrap_or(json!("")),
            "outcome": row["outcome"].as_str().map(|name| name.trim_start_matches("OUTCOME_")),
        })).collect::<Vec<_>>(),
    });
    serde_json::from_value(own).expect("a table")
}

#[test]
fn every_part_of_a_preset_is_the_message_that_it_says() {
    for preset in Preset::value_variants() {
        let file = preset.file();
        let parts = [("Realm", file.realm), ("Contract", file.contract), ("Application", Some(file.application))];
        let parts = parts.into_iter().filter_map(|(name, part)| Some((name, part?)));
        let parts = parts.chain(file.brands.into_iter().map(|brand| ("Brand", brand)));
        for (name, part) in parts.chain(file.templates.into_iter().map(|template| ("Template", template))) {
            schema::from_json(schema::message(name).expect("a message"), part)
                .unwrap_or_else(|e| panic!("{preset:?}: {e}"));
        }
        let method = schema::method(&file.example.method).unwrap_or_else(|| panic!("{preset:?}: no such method"));
        schema::from_json(method.input(), file.example.request).unwrap_or_else(|e| panic!("{preset:?}: {e}"));
        for permission in &file.grant.permissions {
            permission.parse::<Permission>().unwrap_or_else(|_| panic!("{preset:?}: {permission}"));
        }
    }
}

#[test]
fn every_reason_has_a_code_in_every_dialect() {
    for preset in Preset::value_variants() {
        let table = table(*preset);
        for rpc in [
            "CreateAccount",
            "RegisterAccount",
            "RegisterPortal",
            "CheckPortalName",
            "GetAccount",
            "SendVerification",
            "ConfirmVerification",
            "CreateSession",
            "RefreshSession",
            "ChangePassword",
            "StartPasswordReset",
            "FinishPasswordReset",
        ] {
            for reason in all_reasons() {
                assert!(
                    table.code(rpc, None, reason).is_some_and(|code| !code.is_empty()),
                    "{preset:?} {rpc} {reason}"
                );
            }
        }
    }
}

#[test]
fn every_rule_names_a_reason_and_an_outcome_that_there_are() {
    for preset in Preset::value_variants() {
        for rule in &table(*preset).rules {
            assert!(all_reasons().contains(&rule.reason.as_str()), "{preset:?}: {}", rule.reason);
        }
    }
}

/// The codes that a table can say to `rpc`, those of successes among them.
fn reachable(preset: Preset, rpc: &str, fields: &[&str]) -> BTreeSet<String> {
    let table = table(preset);
    let mut codes = BTreeSet::new();
    for reason in all_reasons() {
        codes.extend(table.code(rpc, None, reason).map(str::to_owned));
        codes.extend(fields.iter().filter_map(|field| table.code(rpc, Some(field), reason)).map(str::to_owned));
    }
    let outcomes = ["CREATED", "EXISTING"].into_iter().filter_map(|outcome| table.outcome(rpc, outcome));
    codes.extend(outcomes.map(|row| row.code.clone()));
    codes
}

#[test]
fn every_code_of_the_documents_is_reached() {
    let named = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<BTreeSet<_>>();
    let dialogportal = reachable(Preset::Dialogportal, "CreateAccount", &["account.phone.number"]);
    assert_eq!(dialogportal, named(&["201", "303", "400", "400.3", "400.4", "400.5"]));
    let onlyoffice = reachable(Preset::Onlyoffice, "RegisterPortal", &["tenant.portal_name", "owner.email"]);
    let expected = named(&[
        "200",
        "params",
        "passPolicyError",
        "portalNameEmpty",
        "portalNameExist",
        "portalNameIncorrect",
        "portalNameNotFound",
        "portalsCountTooMuch",
        "recaptchaInvalid",
        "tooMuchAttempts",
        "tooShortError",
        "authorization",
        "registerNewTenantError",
        "error",
    ]);
    assert_eq!(onlyoffice, expected);
    let fluid_topics = reachable(Preset::FluidTopics, "RegisterAccount", &["email"]);
    assert_eq!(fluid_topics, named(&["201", "400", "401"]));
    let fields = ["account", "account.email.address", "credential", "credential.password.password"];
    let comexposium = reachable(Preset::Comexposium, "CreateAccount", &fields);
    assert_eq!(comexposium, named(&["0", "1", "124", "131", "143", "187"]));
    let servicestack = reachable(Preset::Servicestack, "RegisterAccount", &["email"]);
    assert!(servicestack.is_superset(&named(&["200", "AlreadyExists", "VALIDATION_FAILED", "EMAIL_INVALID"])));
}

#[test]
fn the_codes_are_those_of_the_documents() {
    let code = |preset, rpc: &str, field: Option<&str>, reason: &str| {
        table(preset).code(rpc, field, reason).map(str::to_owned)
    };
    let phone = Some("account.phone.number");
    let dialogportal = |field, reason| code(Preset::Dialogportal, "CreateAccount", field, reason);
    assert_eq!(dialogportal(phone, "PHONE_INVALID").as_deref(), Some("400.3"));
    assert_eq!(dialogportal(phone, "PHONE_ALREADY_EXISTS").as_deref(), Some("400.4"));
    assert_eq!(dialogportal(phone, "PHONE_HELD_BY_INACTIVE_ACCOUNT").as_deref(), Some("400.5"));
    assert_eq!(dialogportal(Some("account.email.address"), "EMAIL_INVALID").as_deref(), Some("400"));
    let comexposium = |field, reason| code(Preset::Comexposium, "CreateAccount", field, reason);
    assert_eq!(comexposium(Some("account.email.address"), "FIELD_REQUIRED").as_deref(), Some("131"));
    assert_eq!(comexposium(Some("account.email.address"), "EMAIL_INVALID").as_deref(), Some("1"));
    assert_eq!(comexposium(None, "TEMPLATE_MISSING").as_deref(), Some("187"));
    let onlyoffice = |field, reason| code(Preset::Onlyoffice, "RegisterPortal", Some(field), reason);
    assert_eq!(onlyoffice("tenant.portal_name", "FIELD_REQUIRED").as_deref(), Some("portalNameEmpty"));
    assert_eq!(onlyoffice("owner.email", "FIELD_REQUIRED").as_deref(), Some("params"));
    assert_eq!(onlyoffice("password.password", "PASSWORD_TOO_SHORT").as_deref(), Some("passPolicyError"));
    assert_eq!(onlyoffice("password", "FIELD_REQUIRED").as_deref(), Some("params"));
}
