//! Portals are opened by their owners.

use std::time::Duration;

use enroll::domain::limits::{LimitName, RateLimit};
use enroll::proto::v1;
use enroll::proto::v1::send_verification_request::Target;

use super::{by_id, by_password, confirmation, once_more, only, reset_token, tokens};
use crate::support::app::application;
use crate::support::requests::{PASSWORD, password, portal};
use crate::support::{Engine, TestApp, made, on_both_engines, refused, sent};

on_both_engines!(
    an_owner_opens_the_portal_and_logs_in,
    the_link_is_told_to_who_may_have_it,
    a_link_that_was_lost_comes_again,
    an_owner_without_a_password_sets_one,
    a_portal_may_be_open_at_once,
    no_strangers_words_are_mailed,
    a_message_waits_for_the_first_one,
    a_refused_portal_uses_up_no_message,
    a_link_that_is_told_opens_without_a_mail,
);

const RIGHTS: [&str; 3] = ["tenants.create", "tenants.read", "verifications.return_token"];

async fn an_owner_opens_the_portal_and_logs_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.create", "tenants.read"]).await;
    let answer = made(client.registration().register_portal(portal("harbour")).await);
    assert_eq!(answer.reference, "", "the link is for the owner");
    let verification = only(&answer.verifications);
    assert_eq!(verification.kind(), v1::VerificationKind::PortalActivation);
    let tenant = answer.tenant.expect("a tenant");
    assert_eq!(tenant.state(), v1::TenantState::PendingActivation);
    let owner = answer.owner.expect("an owner");
    assert_eq!((owner.state(), owner.verification_required), (v1::AccountState::PendingVerification, true));
    let login = v1::CreateSessionRequest {
        tenant_id: tenant.tenant_id.clone(),
        ..crate::support::requests::login("owner@harbour.example")
    };
    let told = refused(client.sessions().create_session(login.clone()).await);
    assert_eq!(told.reason, "TENANT_NOT_ACTIVE");

    let token = confirmation(&app, "owner@harbour.example").await;
    let confirm = by_id(&token, &verification.verification_id);
    let opened = made(client.registration().confirm_verification(confirm).await);
    assert_eq!(opened.kind(), v1::VerificationKind::PortalActivation);
    assert_eq!(opened.tenant.expect("a tenant").state(), v1::TenantState::Active);
    let owner = opened.account.expect("an owner");
    assert!(owner.state() == v1::AccountState::Active && owner.email.expect("an address").verified);
    let session = made(client.sessions().create_session(login).await);
    assert_eq!(session.account.expect("an account").roles, ["OWNER", "ADMIN"]);
}

async fn the_link_is_told_to_who_may_have_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&RIGHTS).await;
    let answer = made(client.registration().register_portal(portal("harbour")).await);
    let token = confirmation(&app, "owner@harbour.example").await;
    assert_eq!(answer.reference, format!("https://harbour.portals.example/activate-portal?token={token}"));
    assert_eq!(only(&answer.verifications).token, "", "it was sent, and nobody asked for it back");
    let told = refused(client.registration().confirm_verification(by_password(&token, "another password")).await);
    assert_eq!(told.reason, "LOGIN_FAILED", "a link alone opens nothing");
    made(client.registration().confirm_verification(by_password(&token, PASSWORD)).await);

    let silent = v1::RegisterPortalRequest { delivery: v1::Delivery::ReturnToken.into(), ..portal("quayside") };
    let answer = made(client.registration().register_portal(silent).await);
    let verification = only(&answer.verifications);
    assert_eq!(answer.reference, verification.url);
    assert!(verification.url.ends_with(&verification.token));
    let confirm = by_id(&verification.token, &verification.verification_id);
    made(client.registration().confirm_verification(confirm).await);
    let who_may_not = app.app(&["tenants.create"]).await;
    let silent = v1::RegisterPortalRequest { delivery: v1::Delivery::ReturnToken.into(), ..portal("seaside") };
    let told = refused(who_may_not.registration().register_portal(silent).await);
    assert_eq!(told.said("permission"), Some("verifications.return_token"));
}

async fn a_link_that_was_lost_comes_again(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.create"]).await;
    let answer = made(client.registration().register_portal(portal("harbour")).await);
    let id = only(&answer.verifications).verification_id;
    let by_id = once_more(Target::VerificationId(id.clone()));
    assert_eq!(only(&made(client.registration().send_verification(by_id).await).verifications).verification_id, id);
    let tenant_id = answer.tenant.expect("a tenant").tenant_id;
    let address = "owner@harbour.example".to_owned();
    let by_address = v1::SendVerificationRequest { tenant_id, ..once_more(Target::Email(address)) };
    assert_eq!(made(client.registration().send_verification(by_address).await).verifications, []);
    let links = tokens(&app, "owner@harbour.example", "enroll_confirm_").await;
    assert_eq!(links.len(), 3);
    let opened = made(client.registration().confirm_verification(super::by_id(&links[0], &id)).await);
    assert_eq!(opened.tenant.expect("a tenant").state(), v1::TenantState::Active);
    for link in &links[1..] {
        let told = refused(client.registration().confirm_verification(super::by_id(link, &id)).await);
        assert_eq!(told.reason, "VERIFICATION_TOKEN_USED");
    }
}

async fn an_owner_without_a_password_sets_one(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&RIGHTS).await;
    let request = v1::RegisterPortalRequest { password: None, ..portal("harbour") };
    let answer = made(client.registration().register_portal(request).await);
    assert!(!answer.owner.expect("an owner").password_set);
    assert_eq!(only(&answer.verifications).kind(), v1::VerificationKind::Password);
    let token = reset_token(&app, "owner@harbour.example").await;
    assert_eq!(answer.reference, format!("https://harbour.portals.example/set-password?token={token}"));
    let finish = v1::FinishPasswordResetRequest { token, new_password: password("nine grebes on the water") };
    let owner = made(client.credentials().finish_password_reset(finish).await).account.expect("an owner");
    assert!(owner.password_set && owner.state() == v1::AccountState::Active);
    let tenant_id = answer.tenant.expect("a tenant").tenant_id;
    let login = v1::CreateSessionRequest {
        tenant_id,
        password: "nine grebes on the water".to_owned(),
        ..crate::support::requests::login("owner@harbour.example")
    };
    made(client.sessions().create_session(login).await);
}

async fn a_portal_may_be_open_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut trusted = application(&RIGHTS);
    trusted.portal_defaults = Some(v1::PortalDefaults { active_at_once: true, ..Default::default() });
    let tenant_id = app.operator().tenant_id;
    let client = app.app_with(&tenant_id, trusted).await;
    let answer = made(client.registration().register_portal(portal("harbour")).await);
    let (tenant, owner) = (answer.tenant.expect("a tenant"), answer.owner.expect("an owner"));
    assert_eq!((tenant.state(), owner.state()), (v1::TenantState::Active, v1::AccountState::Active));
    assert!(!owner.email.expect("an address").verified);
    let token = confirmation(&app, "owner@harbour.example").await;
    let confirmed = made(client.registration().confirm_verification(by_password(&token, PASSWORD)).await);
    assert!(confirmed.account.expect("an owner").email.expect("an address").verified);
}

async fn no_strangers_words_are_mailed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.create"]).await;
    for (name, with_password) in [("harbour", true), ("quayside", false)] {
        let mut request = portal(name);
        let profile = request.owner.as_mut().expect("an owner").profile.as_mut().expect("a profile");
        profile.given_name = "You won".to_owned();
        request.password = request.password.filter(|_| with_password);
        made(client.registration().register_portal(request).await);
    }
    let mails = sent::mails(&app).await;
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().all(|mail| !mail.contains("won")), "{}", mails.concat());
}

async fn a_message_waits_for_the_first_one(engine: Engine) {
    let resends = LimitName::VerificationResends;
    let app = TestApp::builder(engine).limit(resends, resends.default_rate()).start().await;
    let client = app.app(&["tenants.create"]).await;
    let answer = made(client.registration().register_portal(portal("harbour")).await);
    let again = once_more(Target::VerificationId(only(&answer.verifications).verification_id));
    assert_eq!(refused(client.registration().send_verification(again).await).reason, "RATE_LIMIT_EXCEEDED");
}

async fn a_refused_portal_uses_up_no_message(engine: Engine) {
    let messages = LimitName::VerificationMessages;
    let app = TestApp::builder(engine).limit(messages, messages.default_rate()).start().await;
    let client = app.app(&["tenants.create"]).await;
    made(client.registration().register_portal(portal("harbour")).await);
    let named = |name: &str| v1::RegisterPortalRequest {
        tenant: Some(v1::TenantInput { portal_name: name.to_owned(), ..Default::default() }),
        ..portal("quayside")
    };
    for _ in 0..12 {
        let told = refused(client.registration().register_portal(named("harbour")).await);
        assert_eq!(told.faults(), ["tenant.portal_name PORTAL_NAME_ALREADY_EXISTS"]);
    }
    made(client.registration().register_portal(named("quayside")).await);
    assert_eq!(tokens(&app, "owner@quayside.example", "enroll_confirm_").await.len(), 1);
}

/// Beyond what may be mailed to an address in a day.
async fn a_link_that_is_told_opens_without_a_mail(engine: Engine) {
    let once = RateLimit::new(1, Duration::from_secs(86_400));
    let app = TestApp::builder(engine).limit(LimitName::VerificationMessages, once).start().await;
    let client = app.app(&RIGHTS).await;
    for (name, mails) in [("harbour", 1), ("quayside", 1)] {
        let request = v1::RegisterPortalRequest { owner: portal("harbour").owner, ..portal(name) };
        let answer = made(client.registration().register_portal(request).await);
        assert_eq!(tokens(&app, "owner@harbour.example", "enroll_confirm_").await.len(), mails, "{name}");
        let (_, token) = answer.reference.split_once("?token=").expect("a link with a token");
        made(client.registration().confirm_verification(by_password(token, PASSWORD)).await);
    }
}
