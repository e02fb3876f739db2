//! Where an application goes on after a registration: what it may name, and what it is told.

use enroll::proto::v1;

use crate::support::app::application;
use crate::support::requests::register;
use crate::support::{Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(
    what_is_listed_is_taken_and_returned,
    what_is_not_listed_is_told_with_every_other_fault,
    the_first_url_is_the_default,
    an_application_without_urls_hears_nothing_of_them,
    a_repeat_answers_the_same,
    annotations_are_no_redirects,
);

const IN: &str = "https://shop.example/in?from=enroll";
const BACK: &str = "https://shop.example/register";
const VIEW: &str = "RegisterFailed";

/// A shop of the default tenant with two URLs and a view.
fn shop() -> v1::Application {
    v1::Application {
        redirect_urls: vec![BACK.to_owned(), IN.to_owned()],
        error_views: vec!["LoginFailed".to_owned(), VIEW.to_owned()],
        ..application(&["accounts.create"])
    }
}

fn redirect(redirect_url: &str, referrer_url: &str, error_view: &str) -> Option<v1::Redirect> {
    let [redirect_url, referrer_url, error_view] = [redirect_url, referrer_url, error_view].map(str::to_owned);
    Some(v1::Redirect { redirect_url, referrer_url, error_view })
}

fn naming(redirect: Option<v1::Redirect>) -> v1::RegisterAccountRequest {
    v1::RegisterAccountRequest { redirect, ..register("ada@example.com") }
}

async fn what_is_listed_is_taken_and_returned(engine: Engine) {
    let app = TestApp::start(engine).await;
    let tenant_id = app.operator().tenant_id;
    let mut client = app.app_with(&tenant_id, shop()).await.registration();
    let named = redirect(IN, BACK, VIEW);
    let check = v1::RegisterAccountRequest { validate_only: true, ..naming(named.clone()) };
    assert_eq!(made(client.register_account(check).await).redirect, named);
    assert_eq!(made(client.register_account(naming(named.clone())).await).redirect, named);
}

async fn what_is_not_listed_is_told_with_every_other_fault(engine: Engine) {
    let app = TestApp::start(engine).await;
    let tenant_id = app.operator().tenant_id;
    // What another application may name is nobody else's.
    app.app_with(&tenant_id, shop()).await;
    let mut other =
        app.app_with(&tenant_id, v1::Application { error_views: Vec::new(), ..shop() }).await.registration();
    let told = refused(other.register_account(naming(redirect("", "", VIEW))).await);
    assert_eq!(told.faults(), ["redirect.error_view FIELD_UNKNOWN"]);
    let mut client = app.app_with(&tenant_id, shop()).await.registration();
    let near = [
        "https://evil.example/",
        "https://shop.example/in",
        "https://shop.example/in?from=enroll&next=https://evil.example/",
        "https://shop.example@evil.example/register",
        "//evil.example",
        "javascript:alert(1)",
        " https://shop.example/register",
    ];
    for url in near {
        let request =
            v1::RegisterAccountRequest { email: "nobody".to_owned(), ..naming(redirect(url, url, "registerfailed")) };
        let told = refused(client.register_account(request).await);
        assert_eq!(told.reason, "VALIDATION_FAILED");
        let mut faults = told.faults();
        faults.sort();
        let expected = [
            "email EMAIL_INVALID",
            "redirect.error_view FIELD_UNKNOWN",
            "redirect.redirect_url URL_NOT_ALLOWED",
            "redirect.referrer_url URL_NOT_ALLOWED",
        ];
        assert_eq!(faults, expected, "{url}");
        assert!(!told.to_string().contains("evil"), "no value comes back: {told}");
    }
    assert_eq!(app.database().count("accounts").await, 0);
}

async fn the_first_url_is_the_default(engine: Engine) {
    let app = TestApp::start(engine).await;
    let tenant_id = app.operator().tenant_id;
    let mut client = app.app_with(&tenant_id, shop()).await.registration();
    for (at, (named, expected)) in [
        (None, redirect(BACK, "", "")),
        (redirect("", "", VIEW), redirect(BACK, "", VIEW)),
        (redirect("", IN, ""), redirect(BACK, IN, "")),
        (redirect(IN, "", ""), redirect(IN, "", "")),
    ]
    .into_iter()
    .enumerate()
    {
        let request = v1::RegisterAccountRequest { redirect: named, ..register(&format!("a{at}@example.com")) };
        assert_eq!(made(client.register_account(request).await).redirect, expected);
    }
}

async fn an_application_without_urls_hears_nothing_of_them(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut client = app.app(&["accounts.create"]).await.registration();
    let told = refused(client.register_account(naming(redirect(IN, "", ""))).await);
    assert_eq!(told.faults(), ["redirect.redirect_url URL_NOT_ALLOWED"]);
    assert_eq!(made(client.register_account(naming(redirect("", "", ""))).await).redirect, None);
}

async fn a_repeat_answers_the_same(engine: Engine) {
    let app = TestApp::start(engine).await;
    let tenant_id = app.operator().tenant_id;
    let mut client = app.app_with(&tenant_id, shop()).await.registration();
    let request_id = "0b5c2f2e-7d0d-4e0a-9a3c-5d3f0c8a1b2c".to_owned();
    let request = v1::RegisterAccountRequest { request_id, ..naming(redirect(IN, BACK, VIEW)) };
    let first = made(client.register_account(request.clone()).await);
    assert_eq!(made(client.register_account(request.clone()).await), first);
    let other = v1::RegisterAccountRequest { redirect: redirect(BACK, BACK, VIEW), ..request };
    assert_eq!(refused(client.register_account(other).await).reason, "REQUEST_ID_REUSED");
}

async fn annotations_are_no_redirects(engine: Engine) {
    let app = TestApp::start(engine).await;
    let tenant_id = app.operator().tenant_id;
    let mut client = app.app_with(&tenant_id, shop()).await.registration();
    let names = ["redirect", "redirect_url", "RedirectUrl", "ReferrerUrl", "ErrorView", "continue"];
    let annotations = names.map(|name| (name.to_owned(), "https://evil.example/".to_owned()));
    let request = v1::RegisterAccountRequest { annotations: annotations.clone().into(), ..naming(None) };
    let answer = made(client.register_account(request).await);
    assert_eq!(answer.redirect, redirect(BACK, "", ""));
    assert_eq!(answer.annotations, annotations.into());
}
