//! Once more, not too often, and nothing said of whose an address is.

use std::time::Duration;

use chrono::TimeDelta;
use enroll::domain::limits::LimitName;
use enroll::proto::v1;
use enroll::proto::v1::send_verification_request::Target;

use super::{
    TRUSTED, by_password, concealing, confirmation, once_more, only, register_in, registered, tokens, verified,
};
use crate::support::requests::{PASSWORD, create};
use crate::support::{Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    a_mail_that_was_lost_comes_again,
    an_address_is_confirmed_with_the_password,
    a_message_waits_for_the_one_before_it,
    an_address_gets_ten_messages_a_day,
    a_reader_sends_what_an_account_has_to_verify,
    tokens_go_to_who_may_have_them,
    nothing_is_sent_where_nothing_is_to_be,
);

async fn a_mail_that_was_lost_comes_again(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let answer = registered(&client, register_in(&realm_id, "ada@example.com")).await;
    let id = only(&answer.verifications).verification_id;
    let again = made(client.registration().send_verification(once_more(Target::VerificationId(id.clone()))).await);
    let again = only(&again.verifications);
    assert_eq!((again.kind(), again.verification_id), (v1::VerificationKind::Email, id.clone()));
    let mails = tokens(&app, "ada@example.com", "enroll_confirm_").await;
    assert_eq!(mails.len(), 2);
    // The older one can still be used.
    let first = super::by_id(&mails[0], &id);
    made(client.registration().confirm_verification(first).await);
    let unknown = once_more(Target::VerificationId("enroll_verification_unknown".to_owned()));
    let told = refused(client.registration().send_verification(unknown).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("NotFound", "VERIFICATION_NOT_FOUND"));
}

async fn an_address_is_confirmed_with_the_password(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    registered(&client, register_in(&realm_id, "ada@example.com")).await;
    let to = |address: &str| v1::SendVerificationRequest {
        realm_id: realm_id.clone(),
        ..once_more(Target::Email(address.to_owned()))
    };
    for address in ["ADA@example.com", "nobody@example.com"] {
        let answer = made(client.registration().send_verification(to(address)).await);
        assert_eq!(answer.verifications, [], "{address}");
    }
    assert_eq!(tokens(&app, "nobody@example.com", "enroll_confirm_").await.len(), 0);
    assert_eq!(tokens(&app, "ada@example.com", "enroll_confirm_").await.len(), 2);
    let token = confirmation(&app, "ada@example.com").await;
    made(client.registration().confirm_verification(by_password(&token, PASSWORD)).await);
}

async fn a_message_waits_for_the_one_before_it(engine: Engine) {
    let resends = LimitName::VerificationResends;
    let app = TestApp::builder(engine).limit(resends, resends.default_rate()).start().await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let answer = registered(&client, register_in(&realm_id, "ada@example.com")).await;
    let id = only(&answer.verifications).verification_id;
    let told = refused(client.registration().send_verification(once_more(Target::VerificationId(id))).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("ResourceExhausted", "RATE_LIMIT_EXCEEDED"));
    let wait = told.retry_after.expect("when to try again");
    assert!(wait > Duration::from_secs(30) && wait <= Duration::from_secs(60), "{wait:?}");
    // An address that nobody has waits as well.
    let to = |address: &str| v1::SendVerificationRequest {
        realm_id: realm_id.clone(),
        ..once_more(Target::Email(address.to_owned()))
    };
    made(client.registration().send_verification(to("nobody@example.com")).await);
    let told = refused(client.registration().send_verification(to("nobody@example.com")).await);
    assert_eq!(told.reason, "RATE_LIMIT_EXCEEDED");
}

async fn an_address_gets_ten_messages_a_day(engine: Engine) {
    let messages = LimitName::VerificationMessages;
    let app = TestApp::builder(engine).limit(messages, messages.default_rate()).start().await;
    let realm_id = app.realm(concealing()).await;
    let client = app.app(&[]).await;
    for _ in 0..12 {
        let answer = registered(&client, register_in(&realm_id, "ada@example.com")).await;
        assert_eq!((answer.outcome(), answer.verifications.len()), (v1::Outcome::Accepted, 1));
    }
    assert_eq!(tokens(&app, "ada@example.com", "enroll_confirm_").await.len(), 10);
}

async fn a_reader_sends_what_an_account_has_to_verify(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&TRUSTED).await;
    let answer = registered(&app.app(&[]).await, register_in(&realm_id, "ada@example.com")).await;
    let account_id = answer.account.expect("an account").account_id;
    let account = v1::AccountRef { r#ref: Some(v1::account_ref::Ref::AccountId(account_id)) };
    let request = v1::SendVerificationRequest {
        delivery: v1::Delivery::ReturnToken.into(),
        ..once_more(Target::Account(account.clone()))
    };
    let told = refused(app.app(&[]).await.registration().send_verification(request.clone()).await);
    assert_eq!(told.reason, "PERMISSION_MISSING");
    let issued = only(&made(client.registration().send_verification(request.clone()).await).verifications);
    let confirm = super::by_id(&issued.token, &issued.verification_id);
    made(client.registration().confirm_verification(confirm).await);
    assert_eq!(made(client.registration().send_verification(request.clone()).await).verifications, []);
    let told = refused(
        client
            .registration()
            .send_verification(v1::SendVerificationRequest { kind: v1::VerificationKind::Email.into(), ..request })
            .await,
    );
    assert_eq!(told.reason, "VERIFICATION_TOKEN_USED");
}

async fn tokens_go_to_who_may_have_them(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm { verify_email: true, ..Default::default() }).await;
    let untrusted = app.app(&["accounts.create", "accounts.read"]).await;
    let request = v1::CreateAccountRequest {
        realm_id: realm_id.clone(),
        delivery: v1::Delivery::ReturnToken.into(),
        ..create("ada@example.com")
    };
    let told = refused(untrusted.accounts().create_account(request.clone()).await);
    assert_snapshot!(told, @r"
    PermissionDenied PERMISSION_MISSING: The caller lacks the permission verifications.return_token.
      permission = verifications.return_token
    ");
    let trusted = app.app(&TRUSTED).await;
    let tenant = v1::Tenant { link_base: "https://id.example".to_owned(), ..Default::default() };
    let request_tenant = v1::UpdateTenantRequest { tenant: Some(tenant), ..Default::default() };
    made(app.operator().tenants().update_tenant(request_tenant).await);
    let answer = made(trusted.accounts().create_account(request).await);
    let verification = only(&answer.verifications);
    assert!(verification.token.starts_with("enroll_confirm_"));
    assert_eq!(verification.url, format!("https://id.example/activate?token={}", verification.token));
    assert_eq!(tokens(&app, "ada@example.com", "enroll_").await.len(), 0, "nothing was sent");
    let both = v1::CreateAccountRequest {
        realm_id,
        delivery: v1::Delivery::SendAndReturnToken.into(),
        ..create("bea@example.com")
    };
    let token = only(&made(trusted.accounts().create_account(both).await).verifications).token;
    assert_eq!(confirmation(&app, "bea@example.com").await, token);
}

async fn nothing_is_sent_where_nothing_is_to_be(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm { verify_email: true, ..Default::default() }).await;
    let client = app.app(&["accounts.create"]).await;
    let silent =
        v1::CreateAccountRequest { realm_id, delivery: v1::Delivery::Suppress.into(), ..create("ada@example.com") };
    let answer = made(client.accounts().create_account(silent).await);
    let id = only(&answer.verifications).verification_id;
    assert_eq!(tokens(&app, "ada@example.com", "enroll_").await.len(), 0);
    app.clock().advance(TimeDelta::minutes(2));
    made(client.registration().send_verification(once_more(Target::VerificationId(id))).await);
    assert_eq!(tokens(&app, "ada@example.com", "enroll_confirm_").await.len(), 1, "it comes when it is asked for");
}
