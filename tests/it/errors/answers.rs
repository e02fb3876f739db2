//! What an answer says about itself: its id, its language, its size.

use enroll::proto::v1;

use crate::support::requests::{create, credential, external_key};
use crate::support::{Engine, TestApp, assert_snapshot, on_both_engines, refused};

on_both_engines!(
    every_answer_has_the_callers_request_id_or_a_new_one,
    sentences_come_in_the_callers_language,
    twenty_violations_are_shown_and_the_rest_counted,
    no_answer_repeats_what_was_sent,
);

async fn every_answer_has_the_callers_request_id_or_a_new_one(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.read"]).await;
    let request_id = async |client: crate::support::Client| {
        let answer = client.tenants().get_tenant(v1::GetTenantRequest::default()).await.expect("answered");
        answer.metadata().get("x-request-id").expect("an id").to_str().expect("ASCII").to_owned()
    };
    assert_eq!(request_id(client.saying("x-request-id", "order-4711")).await, "order-4711");
    let (one, other) = (request_id(client.clone()).await, request_id(client.clone()).await);
    assert!(!one.is_empty() && one != other);
    let told = refused(
        app.anonymous()
            .saying("x-request-id", "order-4712")
            .tenants()
            .get_tenant(v1::GetTenantRequest::default())
            .await,
    );
    assert_eq!(told.request_id, "order-4712");
    let long = "x".repeat(2_000);
    assert_ne!(request_id(client.saying("x-request-id", &long)).await, long, "an id of any length is not taken over");
}

async fn sentences_come_in_the_callers_language(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let mut request = create("not an address");
    request.credential = credential("short");
    for (asked, locale) in [
        ("fr", Some("fr")),
        ("de-AT, en;q=0.5", Some("de")),
        ("pt-BR, fr;q=0.8, de;q=0.9", Some("de")),
        ("en", Some("en")),
    ] {
        let told = refused(client.saying("accept-language", asked).accounts().create_account(request.clone()).await);
        let spoken = told.localised.as_ref().map(|(locale, _)| locale.as_str());
        assert_eq!(spoken, locale, "{asked}");
        for violation in &told.violations {
            assert_eq!(violation.localised.as_ref().map(|(locale, _)| locale.as_str()), locale, "{asked}");
        }
    }
    let told = refused(client.saying("accept-language", "fr").accounts().create_account(request.clone()).await);
    assert_snapshot!(told, @r"
    InvalidArgument VALIDATION_FAILED: The request breaks 2 rules.
      fr: La requête enfreint 2 règles.
      fieldReasons = EMAIL_INVALID,PASSWORD_TOO_SHORT
      v1-minLength = 8
      violationCount = 2
    field account.email.address EMAIL_INVALID: This is not an e-mail address.
      fr: Ce n'est pas une adresse électronique.
    field credential.password.password PASSWORD_TOO_SHORT: The password must have at least 8 characters.
      fr: Le mot de passe doit compter au moins 8 caractères.
    ");
    let told = refused(client.accounts().create_account(request).await);
    assert_eq!(told.localised, None);
    assert!(told.violations.iter().all(|violation| violation.localised.is_none()));
}

async fn twenty_violations_are_shown_and_the_rest_counted(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let external_keys = (0..40).map(|_| external_key(&"t".repeat(33), "")).collect();
    let request = v1::CreateAccountRequest { external_keys, ..create("not an address") };
    for caller in [client.clone(), client.saying("accept-language", "de")] {
        // At most 4096 bytes: asserted of every refusal.
        let told = refused(caller.accounts().create_account(request.clone()).await);
        assert!((1..=20).contains(&told.violations.len()), "{}", told.violations.len());
        assert_eq!((told.said("truncated"), told.said("violationCount")), (Some("true"), Some("81")));
    }
}

async fn no_answer_repeats_what_was_sent(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let mark = "quetzalcoatl";
    let profile = v1::Profile {
        user_name: format!("{mark} {mark}"),
        display_name: format!("{mark}\u{202e}"),
        language_code: format!("{mark}-{mark}"),
        time_zone: format!("{mark}/{mark}"),
        ..Default::default()
    };
    let mut request = create(&format!("{mark}@@{mark}"));
    request.credential = credential(&mark[..4]);
    request.external_keys = vec![external_key(mark, &format!("{mark}\u{7}"))];
    let account = request.account.as_mut().expect("an account");
    account.profile = Some(profile);
    account.phone = crate::support::requests::phone(mark);
    account.annotations = [(format!("{mark} {mark}\0"), mark.to_owned())].into();
    let status = client.accounts().create_account(request).await.expect_err("refused");
    let told = crate::support::told::read(&status);
    assert!(told.violations.len() >= 7, "{told}");
    let text = String::from_utf8_lossy(status.details()).into_owned();
    assert!(!text.contains(mark), "{text}");
}
