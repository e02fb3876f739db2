//! What callers see of what stands in the way: a state, a document, a configuration.

use insta::assert_snapshot;

use super::reading::render;
use super::*;

#[test]
fn preconditions_say_what_stands_in_the_way() {
    let consent = Refusal::ConsentRequired(vec!["terms".to_owned(), "privacy-policy".to_owned()]);
    assert_snapshot!(render(&from_refusal(consent, &english())), @r"
    FailedPrecondition: A document must be accepted first.
    ErrorInfo CONSENT_REQUIRED enroll.v1
      documents = terms,privacy-policy
    RequestInfo req-1
    PreconditionFailure TOS terms: A document must be accepted first.
    PreconditionFailure TOS privacy-policy: A document must be accepted first.
    ");
    let realm = Refusal::RealmUnavailable("staff".to_owned());
    assert_snapshot!(render(&from_refusal(&realm, &english())), @r"
    FailedPrecondition: The realm is disabled or keeps no people of its own.
    ErrorInfo REALM_UNAVAILABLE enroll.v1
    RequestInfo req-1
    PreconditionFailure CONFIGURATION realms/staff: The realm is disabled or keeps no people of its own.
    ");
    let description = "The realm has accounts.";
    let state = Refusal::State(StateFault::InUse { resource: "realms/staff".to_owned(), description });
    assert_snapshot!(render(&from_refusal(&state, &english())), @r"
    FailedPrecondition: Something depends on the resource.
    ErrorInfo RESOURCE_IN_USE enroll.v1
    RequestInfo req-1
    PreconditionFailure STATE realms/staff: The realm has accounts.
    ");
}

#[test]
fn a_configuration_that_is_missing_is_told_by_what_it_would_be_known_by() {
    let key =
        TemplateKey { kind: MailKind::AccountCreated, brand: "fair".to_owned(), language: LanguageCode::default() };
    assert_snapshot!(render(&from_refusal(Refusal::TemplateMissing(key), &english())), @r"
    FailedPrecondition: There is no template for the mail that would be sent.
    ErrorInfo TEMPLATE_MISSING enroll.v1
      brand = fair
      kind = ACCOUNT_CREATED
      languageCode = en-US
    RequestInfo req-1
    PreconditionFailure CONFIGURATION templates/ACCOUNT_CREATED/fair/en-US: There is no template for the mail that would be sent.
    ");
    let url = Refusal::UrlConfigurationInvalid { brand: "fair".to_owned(), edition: "2017".to_owned() };
    assert_snapshot!(render(&from_refusal(url, &english())), @r"
    FailedPrecondition: There is no base for the links of the mail that would be sent.
    ErrorInfo URL_CONFIGURATION_INVALID enroll.v1
      brand = fair
      edition = 2017
    RequestInfo req-1
    PreconditionFailure CONFIGURATION links: There is no base for the links of the mail that would be sent.
    ");
}
