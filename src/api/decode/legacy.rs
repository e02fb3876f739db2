//! The dialects of applications: codes that travel in headers and in lists that commas join.

use crate::domain::idempotency::Outcome;
use crate::domain::legacy::{
    ANY, LEGACY_CODE_LEN_MAX, LEGACY_OUTCOMES_MAX, LEGACY_RULES_MAX, LegacyCodes, LegacyOutcome, LegacyRule,
};
use crate::domain::violation::{Fault, FieldReason, Violations};
use crate::proto::v1;

use super::{SHORT_TEXT_LEN_MAX, bounded, enum_value, optional, short_text};

/// Reads a dialect.
pub fn legacy_codes(codes: v1::LegacyCodes, faults: &mut Violations) -> LegacyCodes {
    let path = |field: &str| format!("application.legacy_codes.{field}");
    let rules = bounded(codes.rules, LEGACY_RULES_MAX, &path("rules"), faults);
    let rules = rules.into_iter().enumerate().filter_map(|(at, rule)| error_code(rule, at, faults)).collect();
    let outcomes = bounded(codes.outcomes, LEGACY_OUTCOMES_MAX, &path("outcomes"), faults);
    let outcomes = outcomes.into_iter().enumerate().map(|(at, row)| outcome_code(row, at, faults)).collect();
    let default_code = optional(&codes.default_code, &path("default_code"), faults, code);
    if default_code.is_some() && codes.reason_as_default {
        faults.push(path("reason_as_default"), FieldReason::FieldInvalid);
    }
    LegacyCodes { rules, default_code, reason_as_default: codes.reason_as_default, outcomes }
}

fn error_code(rule: v1::LegacyErrorCode, at: usize, faults: &mut Violations) -> Option<LegacyRule> {
    let path = |field: &str| format!("application.legacy_codes.rules[{at}].{field}");
    let code = faults.check(&path("code"), code(&rule.code));
    let rpc = or_any(short_text(rule.rpc, &path("rpc"), faults));
    let field = or_any(short_text(rule.field, &path("field"), faults));
    let reason = enum_value(rule.reason, &path("reason"), faults, |reason| {
        Some(match reason {
            v1::ErrorReason::Unspecified => ANY.to_owned(),
            reason => reason.as_str_name().to_owned(),
        })
    });
    Some(LegacyRule { rpc, field, reason: reason?, code: code? })
}

fn outcome_code(row: v1::LegacyOutcomeCode, at: usize, faults: &mut Violations) -> LegacyOutcome {
    let path = |field: &str| format!("application.legacy_codes.outcomes[{at}].{field}");
    let outcome = enum_value(row.outcome, &path("outcome"), faults, |outcome| match outcome {
        v1::Outcome::Unspecified => None,
        v1::Outcome::Created => Some(Outcome::Created),
        v1::Outcome::Existing => Some(Outcome::Existing),
        v1::Outcome::Accepted => Some(Outcome::Accepted),
        v1::Outcome::Validated => Some(Outcome::Validated),
    });
    LegacyOutcome {
        rpc: or_any(short_text(row.rpc, &path("rpc"), faults)),
        outcome: outcome.map_or(ANY, Outcome::as_str).to_owned(),
        code: faults.check(&path("code"), code(&row.code)).unwrap_or_default(),
        message: optional(&row.message, &path("message"), faults, message).unwrap_or_default(),
    }
}

/// A code is sent beside others in a list, so it has no comma.
fn code(text: &str) -> Result<String, Fault> {
    match text {
        "" => Err(Fault::new(FieldReason::FieldRequired)),
        text if text.len() > LEGACY_CODE_LEN_MAX => {
            Err(Fault::new(FieldReason::FieldTooLong).with("max", LEGACY_CODE_LEN_MAX))
        }
        text if !is_header_text(text) || text.contains(',') => Err(Fault::new(FieldReason::FieldInvalid)),
        text => Ok(text.to_owned()),
    }
}

fn message(text: &str) -> Result<String, Fault> {
    match text {
        text if text.len() > SHORT_TEXT_LEN_MAX => {
            Err(Fault::new(FieldReason::FieldTooLong).with("max", SHORT_TEXT_LEN_MAX))
        }
        text if !is_header_text(text) => Err(Fault::new(FieldReason::FieldInvalid)),
        text => Ok(text.to_owned()),
    }
}

/// Printable ASCII: what a header takes.
fn is_header_text(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

fn or_any(text: Option<String>) -> String {
    text.unwrap_or_else(|| ANY.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(codes: v1::LegacyCodes) -> Vec<String> {
        let mut faults = Violations::new();
        legacy_codes(codes, &mut faults);
        faults.iter().map(|fault| format!("{} {}", fault.field, fault.reason)).collect()
    }

    fn rule(code: &str) -> v1::LegacyCodes {
        let rule = v1::LegacyErrorCode { code: code.to_owned(), ..Default::default() };
        v1::LegacyCodes { rules: vec![rule], ..Default::default() }
    }

    #[test]
    fn a_code_is_1_to_64_printable_characters_without_a_comma() {
        assert_eq!(faults_of(rule(&"c".repeat(64))), Vec::<String>::new());
        for (code, reason) in [
            (String::new(), "FIELD_REQUIRED"),
            ("c".repeat(65), "FIELD_TOO_LONG"),
            ("a,b".to_owned(), "FIELD_INVALID"),
            ("a\0b".to_owned(), "FIELD_INVALID"),
        ] {
            assert_eq!(faults_of(rule(&code)), [format!("application.legacy_codes.rules[0].code {reason}")]);
        }
    }

    #[test]
    fn what_a_rule_is_of_is_short_and_has_no_controls() {
        let mut codes = rule("1");
        codes.rules[0].rpc = "Create\0".to_owned();
        codes.rules[0].field = "f".repeat(129);
        codes.outcomes = vec![v1::LegacyOutcomeCode { rpc: "\0".to_owned(), ..Default::default() }];
        assert_eq!(
            faults_of(codes),
            [
                "application.legacy_codes.rules[0].rpc FIELD_INVALID",
                "application.legacy_codes.rules[0].field FIELD_TOO_LONG",
                "application.legacy_codes.outcomes[0].rpc FIELD_INVALID",
                "application.legacy_codes.outcomes[0].code FIELD_REQUIRED",
            ]
        );
    }

    #[test]
    fn there_is_one_default() {
        let both = v1::LegacyCodes { default_code: "1".to_owned(), reason_as_default: true, ..Default::default() };
        assert_eq!(faults_of(both), ["application.legacy_codes.reason_as_default FIELD_INVALID"]);
    }

    #[test]
    fn a_dialect_has_a_bound_of_rules() {
        let one = v1::LegacyErrorCode { code: "1".to_owned(), ..Default::default() };
        let codes = v1::LegacyCodes { rules: vec![one; LEGACY_RULES_MAX + 1], ..Default::default() };
        assert_eq!(faults_of(codes), ["application.legacy_codes.rules FIELD_TOO_LONG"]);
    }
}
