//! What callers see of representative refusals, word by word, and what holds of every answer.

mod bounds;
mod captcha;
mod preconditions;
mod reading;

use std::io::{Read, Seek};
use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use tonic_types::pb;
use uuid::Uuid;

use self::reading::{detail, details, render};
use super::draft::DETAILS_BYTES_MAX;
use super::*;
use crate::domain::ids::{AccountId, TenantId};
use crate::domain::language::LanguageCode;
use crate::domain::limits::LimitName;
use crate::domain::message::MailKind;
use crate::domain::permission::Permission;
use crate::domain::template::TemplateKey;
use crate::domain::verification::TokenFault;
use crate::domain::violation::{Fault, FieldReason, Violations};

fn english() -> AnswerContext {
    AnswerContext::new("req-1".to_owned(), "CreateAccount", None)
}

fn french() -> AnswerContext {
    AnswerContext::new("req-1".to_owned(), "CreateAccount", Some("fr-FR, en;q=0.5"))
}

fn ids() -> (TenantId, AccountId) {
    (TenantId::from_uuid(Uuid::from_u128(1)), AccountId::from_uuid(Uuid::from_u128(2)))
}

fn taken(kind: TakenKind, field: &str, holder: Option<(TenantId, AccountId)>) -> Taken {
    Taken { kind, field: field.to_owned(), holder }
}

const FAULTS: [CredentialFault; 4] =
    [CredentialFault::Missing, CredentialFault::Invalid, CredentialFault::Expired, CredentialFault::SchemeUnsupported];

const TOKEN_FAULTS: [TokenFault; 4] =
    [TokenFault::Invalid, TokenFault::Expired, TokenFault::Used, TokenFault::Superseded];

const KINDS: [ResourceKind; 7] = [
    ResourceKind::Tenant,
    ResourceKind::Realm,
    ResourceKind::Contract,
    ResourceKind::Application,
    ResourceKind::Account,
    ResourceKind::Template,
    ResourceKind::Verification,
];

const HELD: [TakenKind; 8] = [
    TakenKind::Email,
    TakenKind::UserName,
    TakenKind::Phone,
    TakenKind::PhoneOfInactive,
    TakenKind::ExternalKey,
    TakenKind::Attribute,
    TakenKind::PortalName,
    TakenKind::Name,
];

/// One refusal of every kind.
fn refusals() -> Vec<Refusal> {
    let (tenant, account) = ids();
    let mut violations = Violations::new();
    violations.push("account.email.address", FieldReason::EmailInvalid);
    let retry_after = Duration::from_millis(1500);
    let in_use = StateFault::InUse { resource: "realms/a".to_owned(), description: "The realm has accounts." };
    let template =
        TemplateKey { kind: MailKind::AccountCreated, brand: "fair".to_owned(), language: LanguageCode::default() };
    let mut all = vec![
        Refusal::PermissionMissing(Permission::AccountsCreate),
        Refusal::RegistrationClosed,
        Refusal::CallingAppMismatch,
        Refusal::LoginFailed,
        Refusal::SessionInvalid,
        Refusal::Invalid(violations),
        Refusal::AlreadyExists(HELD.iter().map(|kind| taken(*kind, "f", Some((tenant, account)))).collect()),
        Refusal::QuotaExceeded { metric: "tenants", subject: "owner", limit: 5 },
        Refusal::RateLimited { limit: LimitName::PeerCalls, retry_after },
        Refusal::ConsentRequired(vec!["terms".to_owned(), "privacy-policy".to_owned()]),
        Refusal::RealmUnavailable("staff".to_owned()),
        Refusal::TemplateMissing(template),
        Refusal::UrlConfigurationInvalid { brand: "fair".to_owned(), edition: "2017".to_owned() },
        Refusal::State(StateFault::TenantNotActive(tenant)),
        Refusal::State(in_use),
        Refusal::RequestIdReused,
        Refusal::EtagMismatch,
        Refusal::TransactionConflict,
        Refusal::PageTokenInvalid,
        Refusal::CaptchaRequired("captcha.token"),
        Refusal::CaptchaInvalid("captcha.token"),
        Refusal::HashCapacity { retry_after },
        Refusal::Overloaded,
        Refusal::Draining,
        Refusal::DependencyUnavailable,
        Refusal::DeadlineExceeded,
        Refusal::TenantProvisioningFailed(Box::new(Refusal::Overloaded)),
        Refusal::Internal("secret cause".into()),
    ];
    let unusable = [
        AccountFault::NotVerified,
        AccountFault::Locked,
        AccountFault::Disabled,
        AccountFault::Deleted,
        AccountFault::PasswordChangeRequired,
    ];
    all.extend(unusable.map(|fault| Refusal::AccountUnusable(fault, account)));
    all.extend(FAULTS.map(Refusal::Credential));
    all.extend(TOKEN_FAULTS.map(Refusal::Token));
    all.extend(KINDS.map(|kind| Refusal::not_found(kind, "b7")));
    all.extend(HELD.map(|kind| Refusal::taken(kind, "f")));
    all
}

#[test]
fn every_answer_has_one_error_info_and_one_request_info_and_no_detail_twice() {
    for context in [english(), french()] {
        for refusal in refusals() {
            let status = from_refusal(&refusal, &context);
            let names: Vec<String> = details(&status).into_iter().map(|(name, _)| name).collect();
            let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
            assert_eq!(distinct.len(), names.len(), "{refusal:?}: {names:?}");
            assert_eq!(names[..2], ["ErrorInfo", "RequestInfo"], "{refusal:?}");
            assert_eq!(names.contains(&"LocalizedMessage".to_owned()), context.locale().is_some(), "{refusal:?}");
            assert!(status.details().len() <= DETAILS_BYTES_MAX, "{refusal:?}");
            assert!(carries_error_info(&status));
            let info: pb::ErrorInfo = detail(&status, "ErrorInfo").expect("an ErrorInfo");
            assert_eq!((info.reason.as_str(), info.domain.as_str()), (verdict(&refusal).1.as_str_name(), DOMAIN));
            assert_ne!(status.message(), info.reason, "{refusal:?} has no sentence");
        }
    }
}

#[test]
fn lengths_have_names_of_their_own_and_the_bounds_of_a_number_keep_theirs() {
    let mut violations = Violations::new();
    violations.push_with("a", Fault::new(FieldReason::FieldTooLong).with("max", 255).with("unit", "octets"));
    violations.push_with("b", Fault::new(FieldReason::FieldInvalid).with("min", 1).with("max", 9));
    violations.push_with("c", Fault::new(FieldReason::PasswordTooWeak).with("min", 3));
    let status = from_refusal(Refusal::Invalid(violations), &english());
    assert_snapshot!(render(&status), @r"
    InvalidArgument: The request breaks 3 rules.
    ErrorInfo VALIDATION_FAILED enroll.v1
      fieldReasons = FIELD_TOO_LONG,FIELD_INVALID,PASSWORD_TOO_WEAK
      v0-maxLength = 255
      v0-unit = octets
      v1-max = 9
      v1-min = 1
      v2-minStrength = 3
      violationCount = 3
    RequestInfo req-1
    BadRequest
      a FIELD_TOO_LONG: This is too long: the most is 255.
      b FIELD_INVALID: This is not valid.
      c PASSWORD_TOO_WEAK: The password is too easily guessed.
    ");
}

#[test]
fn equal_refusals_are_equal_bytes() {
    for refusal in refusals() {
        let once = from_refusal(&refusal, &french());
        assert!((0..8).all(|_| from_refusal(&refusal, &french()).details() == once.details()), "{refusal:?}");
    }
}

#[test]
fn violations_are_told_all_at_once_in_both_languages() {
    let mut violations = Violations::new();
    violations.push("account.email.address", FieldReason::EmailInvalid);
    violations.push_with("credential.password.password", Fault::new(FieldReason::PasswordTooShort).with("min", 8));
    violations.push_with(
        "credential.password.password",
        Fault::new(FieldReason::PasswordCharacterClassMissing).with("class", "digit"),
    );
    violations.push("account.phone.number", FieldReason::PhoneInvalid);
    let status = from_refusal(Refusal::Invalid(violations), &french());
    assert_snapshot!(render(&status), @r"
    InvalidArgument: The request breaks 4 rules.
    ErrorInfo VALIDATION_FAILED enroll.v1
      fieldReasons = EMAIL_INVALID,PASSWORD_TOO_SHORT,PASSWORD_CHARACTER_CLASS_MISSING,PHONE_INVALID
      v1-minLength = 8
      v2-characterClass = digit
      violationCount = 4
    RequestInfo req-1
    BadRequest
      account.email.address EMAIL_INVALID: This is not an e-mail address.
        fr: Ce n'est pas une adresse électronique.
      credential.password.password PASSWORD_TOO_SHORT: The password must have at least 8 characters.
        fr: Le mot de passe doit compter au moins 8 caractères.
      credential.password.password PASSWORD_CHARACTER_CLASS_MISSING: The password needs a digit.
        fr: Le mot de passe doit contenir un chiffre.
      account.phone.number PHONE_INVALID: This is not a phone number.
        fr: Ce n'est pas un numéro de téléphone.
    LocalizedMessage fr: La requête enfreint 4 règles.
    ");
}

#[test]
fn one_taken_field_has_its_own_reason_and_its_holder_is_named_to_who_may_know() {
    let told = vec![taken(TakenKind::Email, "account.email.address", Some(ids()))];
    assert_snapshot!(render(&from_refusal(Refusal::AlreadyExists(told), &english())), @r#"
    AlreadyExists: The e-mail address belongs to another account.
    ErrorInfo EMAIL_ALREADY_EXISTS enroll.v1
      field = account.email.address
    RequestInfo req-1
    BadRequest
      account.email.address EMAIL_ALREADY_EXISTS: The e-mail address belongs to another account.
    ResourceInfo enroll.v1.Account "tenants/00000000-0000-0000-0000-000000000001/accounts/00000000-0000-0000-0000-000000000002": The e-mail address belongs to another account.
    "#);
    let hidden = Refusal::taken(TakenKind::PhoneOfInactive, "account.phone.number");
    assert_snapshot!(render(&from_refusal(&hidden, &english())), @r#"
    AlreadyExists: The phone number belongs to an account that is disabled or deleted.
    ErrorInfo PHONE_HELD_BY_INACTIVE_ACCOUNT enroll.v1
      field = account.phone.number
    RequestInfo req-1
    BadRequest
      account.phone.number PHONE_HELD_BY_INACTIVE_ACCOUNT: The phone number belongs to an account that is disabled or deleted.
    ResourceInfo enroll.v1.Account "": The phone number belongs to an account that is disabled or deleted.
    "#);
}

#[test]
fn several_taken_fields_are_told_one_by_one_and_a_holder_only_where_it_is_the_same() {
    let (tenant, account) = ids();
    let other = AccountId::from_uuid(Uuid::from_u128(3));
    let both = |second| {
        let email = taken(TakenKind::Email, "account.email.address", Some((tenant, account)));
        let name = taken(TakenKind::UserName, "account.profile.user_name", Some((tenant, second)));
        from_refusal(Refusal::AlreadyExists(vec![email, name]), &english())
    };
    assert_snapshot!(render(&both(other)), @r#"
    AlreadyExists: Several identifiers of the request belong to other accounts.
    ErrorInfo MULTIPLE_IDENTIFIERS_EXIST enroll.v1
      fields = account.email.address,account.profile.user_name
    RequestInfo req-1
    BadRequest
      account.email.address EMAIL_ALREADY_EXISTS: The e-mail address belongs to another account.
      account.profile.user_name USER_NAME_ALREADY_EXISTS: The user name belongs to another account.
    ResourceInfo enroll.v1.Account "": Several identifiers of the request belong to other accounts.
    "#);
    let resource: pb::ResourceInfo = detail(&both(account), "ResourceInfo").expect("a ResourceInfo");
    assert_eq!(resource.resource_name, format!("tenants/{tenant}/accounts/{account}"));
}

#[test]
fn the_holder_of_a_taken_name_is_of_the_kind_that_the_rpc_makes() {
    for (rpc, kind, expected) in [
        ("CreateRealm", TakenKind::Name, "enroll.v1.Realm"),
        ("CreateContract", TakenKind::Name, "enroll.v1.Contract"),
        ("CreateTemplate", TakenKind::Name, "enroll.v1.Template"),
        ("UpdateApplication", TakenKind::Name, "enroll.v1.Application"),
        ("RegisterPortal", TakenKind::PortalName, "enroll.v1.Tenant"),
        ("RegisterPortal", TakenKind::Email, "enroll.v1.Account"),
    ] {
        let context = AnswerContext::new(String::new(), rpc, None);
        let status = from_refusal(Refusal::taken(kind, "f"), &context);
        let resource: pb::ResourceInfo = detail(&status, "ResourceInfo").expect("a ResourceInfo");
        assert_eq!(resource.resource_type, expected, "{rpc}");
    }
}

#[test]
fn limits_say_what_is_used_up_and_when_to_come_back() {
    let quota = Refusal::QuotaExceeded { metric: "tenants", subject: "owner", limit: 5 };
    assert_snapshot!(render(&from_refusal(&quota, &english())), @r#"
    ResourceExhausted: The quota of 5 is used up.
    ErrorInfo RESOURCE_QUOTA_EXCEEDED enroll.v1
      limit = 5
      metric = tenants
    RequestInfo req-1
    QuotaFailure owner "tenants" 5: The quota of 5 is used up.
    "#);
    let retry_after = Duration::from_millis(1500);
    let rate = Refusal::RateLimited { limit: LimitName::PortalRegistrations, retry_after };
    assert_snapshot!(render(&from_refusal(&rate, &english())), @r#"
    ResourceExhausted: There were too many attempts in a short time.
    ErrorInfo RATE_LIMIT_EXCEEDED enroll.v1
      limit = portal_registrations
    RequestInfo req-1
    QuotaFailure portal_registrations "" 0: There were too many attempts in a short time.
    RetryInfo 1.500000000 s
    "#);
    assert_snapshot!(render(&from_refusal(Refusal::Draining, &english())), @r"
    Unavailable: The service is shutting down; try again.
    ErrorInfo SERVICE_DRAINING enroll.v1
    RequestInfo req-1
    RetryInfo 1.000000000 s
    ");
}

#[test]
fn the_wire_and_page_tokens() {
    assert_snapshot!(render(&from_refusal(Refusal::PageTokenInvalid, &english())), @r"
    InvalidArgument: The page token is damaged, expired, or was made for another list.
    ErrorInfo PAGE_TOKEN_INVALID enroll.v1
    RequestInfo req-1
    BadRequest
      page_token PAGE_TOKEN_INVALID: The page token is damaged, expired, or was made for another list.
    ");
    assert_snapshot!(render(&from_refusal(Refusal::not_found(ResourceKind::Realm, "staff"), &english())), @r#"
    NotFound: There is no such realm.
    ErrorInfo REALM_NOT_FOUND enroll.v1
    RequestInfo req-1
    ResourceInfo enroll.v1.Realm "staff": There is no such realm.
    "#);
    assert_snapshot!(render(&from_refusal(Refusal::PermissionMissing(Permission::AccountsCreate), &french())), @r"
    PermissionDenied: The caller lacks the permission accounts.create.
    ErrorInfo PERMISSION_MISSING enroll.v1
      permission = accounts.create
    RequestInfo req-1
    LocalizedMessage fr: Il manque à l'appelant la permission accounts.create.
    ");
}

#[test]
fn the_cause_of_an_internal_error_stays_inside() {
    let status = from_refusal(Refusal::Internal("relation accounts".into()), &english());
    assert_snapshot!(render(&status), @r"
    Internal: Something failed inside the service.
    ErrorInfo INTERNAL_ERROR enroll.v1
    RequestInfo req-1
    ");
    let inner = Box::new(Refusal::Internal("relation accounts".into()));
    let portal = from_refusal(Refusal::TenantProvisioningFailed(inner), &english());
    assert!(!String::from_utf8_lossy(portal.details()).contains("relation"), "{portal:?}");
}

#[test]
fn the_cause_of_an_internal_error_is_logged_once_with_the_request_id() {
    let log = Arc::new(tempfile::tempfile().expect("a temporary file"));
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(Arc::clone(&log)).finish();
    tracing::subscriber::with_default(subscriber, || {
        let inner = Box::new(Refusal::Internal("relation accounts".into()));
        from_refusal(Refusal::TenantProvisioningFailed(inner), &english());
        from_refusal(Refusal::RegistrationClosed, &english());
    });
    let mut text = String::new();
    (&*log).rewind().expect("a file can be rewound");
    (&*log).read_to_string(&mut text).expect("the log is UTF-8");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains("ERROR") && text.contains("req-1") && text.contains("internal error: relation accounts"),
        "{text}"
    );
}
