use super::*;

fn password(text: &str) -> Password {
    Password::prepare(text).expect("a password")
}

fn reasons(policy: &PasswordPolicy, text: &str, identifiers: &[&str]) -> Vec<&'static str> {
    policy.check(&password(text), identifiers).iter().map(|fault| fault.reason.as_str()).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn lengths_count_code_points() {
    let low = PolicyPreset::Low.policy();
    assert_eq!(reasons(&low, "12345", &[]), ["PASSWORD_TOO_SHORT"]);
    assert_eq!(reasons(&low, "123456", &[]), NONE);
    assert_eq!(reasons(&low, "пароль", &[]), NONE);
    assert_eq!(reasons(&low, &"ä".repeat(128), &[]), NONE);
    assert_eq!(reasons(&low, &"ä".repeat(129), &[]), ["PASSWORD_TOO_LONG"]);
    let fault = &low.check(&password("1"), &[])[0];
    assert_eq!(fault.params.get("min").map(String::as_str), Some("6"));
}

#[test]
fn every_broken_rule_is_said_at_once() {
    let policy = PasswordPolicy {
        length_min: 9,
        require_lower: true,
        require_upper: true,
        require_digit: true,
        require_symbol: true,
        ..PasswordPolicy::default()
    };
    let faults = policy.check(&password("password"), &["Password"]);
    let said: Vec<_> = faults
        .iter()
        .map(|fault| (fault.reason.as_str(), fault.params.get("class").map_or("", String::as_str)))
        .collect();
    assert_eq!(
        said,
        [
            ("PASSWORD_TOO_SHORT", ""),
            ("PASSWORD_CHARACTER_CLASS_MISSING", "upper"),
            ("PASSWORD_CHARACTER_CLASS_MISSING", "digit"),
            ("PASSWORD_CHARACTER_CLASS_MISSING", "symbol"),
            ("PASSWORD_BREACHED", ""),
            ("PASSWORD_CONTAINS_IDENTIFIER", ""),
        ]
    );
    assert_eq!(reasons(&policy, "Größe 123", &[]), NONE);
}

#[test]
fn a_common_password_is_refused_whatever_its_case() {
    let standard = PolicyPreset::Standard.policy();
    assert_eq!(reasons(&standard, "PASSWORD", &[]), ["PASSWORD_BREACHED"]);
    assert_eq!(reasons(&standard, "password-of-mine", &[]), NONE);
    assert_eq!(reasons(&PolicyPreset::Low.policy(), "password", &[]), NONE);
}

#[test]
fn an_identifier_is_refused_whole_or_inside_when_long() {
    let standard = PolicyPreset::Standard.policy();
    let identifiers = ["John.Doe@example.com", "johndo", "jdoe1", "12345678"];
    assert_eq!(reasons(&standard, "xxJOHN.DOE@EXAMPLE.COMxx", &identifiers), ["PASSWORD_CONTAINS_IDENTIFIER"]);
    assert_eq!(reasons(&standard, "my johndo 7", &identifiers), ["PASSWORD_CONTAINS_IDENTIFIER"]);
    assert_eq!(reasons(&standard, "my Ｊｏｈｎｄｏ 7", &identifiers), ["PASSWORD_CONTAINS_IDENTIFIER"]);
    assert_eq!(reasons(&standard, "my jdoe1 7", &identifiers), NONE);
    assert_eq!(reasons(&standard, "john.doe at home", &identifiers), NONE);
    assert_eq!(reasons(&standard, "quite another one", &["", "a"]), NONE);
    let short = PasswordPolicy { length_min: 1, ..standard };
    assert_eq!(reasons(&short, "JDOE1", &identifiers), ["PASSWORD_CONTAINS_IDENTIFIER"]);
    assert_eq!(reasons(&PolicyPreset::Low.policy(), "johndo", &identifiers), NONE);
}

#[test]
fn each_preset_is_at_least_as_strict_as_the_one_before() {
    let policies: Vec<_> = PolicyPreset::ALL.iter().map(|preset| preset.policy()).collect();
    assert_eq!(policies.iter().map(|policy| policy.length_min).collect::<Vec<_>>(), [6, 8, 12, 15]);
    for pair in policies.windows(2) {
        assert!(pair[0].check_common <= pair[1].check_common);
        assert!(pair[0].check_identifiers <= pair[1].check_identifiers);
        assert!(pair[0].strength_min <= pair[1].strength_min);
    }
    assert!(policies.iter().all(|policy| policy.check_definition().is_empty() && policy.length_max == 128));
    assert_eq!(PasswordPolicy::default(), PolicyPreset::Standard.policy());
}

#[test]
fn strength_is_estimated_only_where_wanted_and_of_a_bounded_text() {
    let nist = PolicyPreset::Nist.policy();
    let weak = nist.strength_check(&password("aaaaaaaaaaaaaaaa"), &[]).expect("weak");
    assert_eq!(weak.reason, FieldReason::PasswordTooWeak);
    assert_eq!(nist.strength_check(&password("plinth cobalt verge mango"), &[]), None);
    assert!(nist.wants_strength() && !PolicyPreset::High.policy().wants_strength());
    assert_eq!(PolicyPreset::High.policy().strength_check(&password("aaaaaaaaaaaaaaaa"), &[]), None);
    // Of a thousand characters only the first hundred count, and they are cut between characters.
    let tail = format!("{}plinth cobalt verge mango", "ä".repeat(100));
    assert!(nist.strength_check(&password(&tail), &[]).is_some());
}

#[test]
fn a_policy_that_makes_no_sense_is_refused() {
    use PasswordPolicyError::{LengthMax, LengthMin, StrengthMin};
    let faults = |length_min, length_max, strength_min| {
        PasswordPolicy { length_min, length_max, strength_min, ..PasswordPolicy::default() }.check_definition()
    };
    assert_eq!(faults(1, 1, Some(4)), []);
    assert_eq!(faults(1, 1024, None), []);
    assert_eq!(faults(0, 8, None), [LengthMin]);
    assert_eq!(faults(9, 8, None), [LengthMin]);
    assert_eq!(faults(8, 1025, Some(5)), [LengthMax, StrengthMin]);
    assert_eq!(LengthMax.member(), "length_max");
}

#[test]
fn json_may_leave_out_what_is_default() {
    let policy: PasswordPolicy = serde_json::from_str(r#"{"length_min":10}"#).expect("a policy");
    assert_eq!(policy, PasswordPolicy { length_min: 10, ..PasswordPolicy::default() });
    let of_a_later_version = serde_json::from_str::<PasswordPolicy>(r#"{"invented_later":10}"#).expect("a policy");
    assert_eq!(of_a_later_version, PasswordPolicy::default());
}
