//! The codes that the old clients of an application know (`portalNameExist`, `143`, `400.4`): a table kept with the application, looked up
//! by (rpc, field, reason), the most specific rule first.

use serde::{Deserialize, Serialize};

/// Matches every rpc or field of a rule.
pub const ANY: &str = "*";

fn any() -> String {
    ANY.to_owned()
}

/// Longest code, in ASCII characters: twenty of them fit one header beside everything else that a refusal tells.
pub const LEGACY_CODE_LEN_MAX: usize = 64;

/// Most rules of a dialect: each violation is held against all of them.
pub const LEGACY_RULES_MAX: usize = 500;

/// Most codes of successes: there are few rpcs and fewer outcomes.
pub const LEGACY_OUTCOMES_MAX: usize = 100;

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegacyRule {
    /// The rpc's bare name, such as `RegisterPortal`, or `*`.
    #[serde(default = "any")]
    pub rpc: String,
    /// The field's path from the request root, or `*`.
    #[serde(default = "any")]
    pub field: String,
    /// The reason or field reason, or `*`.
    #[serde(default = "any")]
    pub reason: String,
    /// What the old client is told.
    pub code: String,
}

/// What a success is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegacyOutcome {
    /// The rpc's bare name, or `*`.
    #[serde(default = "any")]
    pub rpc: String,
    /// The outcome, such as `CREATED`, or `*`.
    #[serde(default = "any")]
    pub outcome: String,
    /// Sent as `x-legacy-code`.
    pub code: String,
    /// Sent as `x-legacy-message`; may be empty.
    #[serde(default)]
    pub message: String,
}

/// The dialect of an application; empty = no legacy codes at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LegacyCodes {
    /// The rules; order does not matter.
    pub rules: Vec<LegacyRule>,
    /// The code of a reason that no rule names.
    pub default_code: Option<String>,
    /// Whether a reason that no rule names is its own code (ServiceStack).
    pub reason_as_default: bool,
    /// The codes of successes.
    pub outcomes: Vec<LegacyOutcome>,
}

impl LegacyCodes {
    /// The code for a refusal: of the rules that match, the one that names the field, then the one that names the rpc; else the default.
    pub fn code<'a>(&'a self, rpc: &str, field: Option<&str>, reason: &'a str) -> Option<&'a str> {
        self.rules
            .iter()
            .filter(|rule| rule.reason == reason || rule.reason == ANY)
            .filter(|rule| rule.rpc == ANY || rule.rpc == rpc)
            .filter(|rule| rule.field == ANY || Some(rule.field.as_str()) == field)
            .max_by_key(|rule| (rule.reason != ANY, rule.field != ANY, rule.rpc != ANY))
            .map(|rule| rule.code.as_str())
            .or(if self.reason_as_default { Some(reason) } else { self.default_code.as_deref() })
    }

    /// The code and message of a success.
    pub fn outcome(&self, rpc: &str, outcome: &str) -> Option<&LegacyOutcome> {
        self.outcomes
            .iter()
            .filter(|row| row.outcome == ANY || row.outcome == outcome)
            .filter(|row| row.rpc == ANY || row.rpc == rpc)
            .max_by_key(|row| (row.outcome != ANY, row.rpc != ANY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(rpc: &str, field: &str, reason: &str, code: &str) -> LegacyRule {
        LegacyRule { rpc: rpc.into(), field: field.into(), reason: reason.into(), code: code.into() }
    }

    #[test]
    fn the_most_specific_rule_wins_whatever_the_order() {
        let mut codes = LegacyCodes {
            rules: vec![
                rule(ANY, ANY, "FIELD_REQUIRED", "any"),
                rule("CreateAccount", ANY, "FIELD_REQUIRED", "rpc"),
                rule(ANY, "account.email.address", "FIELD_REQUIRED", "field"),
                rule("CreateAccount", "account.email.address", "FIELD_REQUIRED", "both"),
            ],
            default_code: Some("1".into()),
            ..LegacyCodes::default()
        };
        for _ in 0..2 {
            let email = Some("account.email.address");
            assert_eq!(codes.code("CreateAccount", email, "FIELD_REQUIRED"), Some("both"));
            assert_eq!(codes.code("RegisterAccount", email, "FIELD_REQUIRED"), Some("field"));
            assert_eq!(codes.code("CreateAccount", Some("x"), "FIELD_REQUIRED"), Some("rpc"));
            assert_eq!(codes.code("RegisterAccount", None, "FIELD_REQUIRED"), Some("any"));
            assert_eq!(codes.code("RegisterAccount", None, "EMAIL_INVALID"), Some("1"));
            codes.rules.reverse();
        }
    }

    #[test]
    fn without_a_dialect_there_is_no_code() {
        assert_eq!(LegacyCodes::default().code("CreateAccount", None, "FIELD_REQUIRED"), None);
        let own = LegacyCodes { reason_as_default: true, ..LegacyCodes::default() };
        assert_eq!(own.code("RegisterAccount", None, "EMAIL_INVALID"), Some("EMAIL_INVALID"));
    }
}
