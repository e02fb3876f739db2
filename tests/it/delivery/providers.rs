//! Texts and captchas: an HTTP server of this machine in the place of the provider, answering as the test says.

use enroll::delivery::{CaptchaSettings, SiteVerify, TextApiSettings, TextRoute};
use enroll::provisioning::captcha::{Captcha, Unavailable, Verdict};
use secrecy::SecretString;

use super::post::{Post, code};
use crate::support::engine::run;
use crate::support::provider::{self, Provider};
use crate::support::stores::TestStore;

async fn post_to(provider: &Provider) -> (Post, enroll::delivery::Workers) {
    let post = Post::new(TestStore::sqlite().await).await;
    let workers = post.workers(|settings| {
        settings.text = TextRoute::Api(TextApiSettings {
            url: provider.url(),
            credentials: ("account".into(), SecretString::from("secret")),
            from: "+15005550006".into(),
        });
    });
    (post, workers)
}

#[test]
fn a_code_goes_to_the_provider_and_is_repeated_under_its_id() {
    run(async {
        let provider = Provider::answering(&[(503, None, ""), (429, Some("240"), ""), (201, None, "{}")]).await;
        let (post, workers) = post_to(&provider).await;
        let ids = post.write(&[code("+33612345678")]).await;
        assert_eq!(workers.text().round().await.expect("a round"), 1);
        assert_eq!(post.rows("WAITING", Some("answered 503")).await, 1);
        assert_eq!(workers.text().round().await.expect("a round"), 0, "it is not due");
        post.pass(60);
        assert_eq!(workers.text().round().await.expect("a round"), 1);
        post.pass(200);
        assert_eq!(workers.text().round().await.expect("a round"), 0, "the provider asked for 240 seconds");
        post.pass(41);
        assert_eq!(workers.text().round().await.expect("a round"), 1);
        assert_eq!(post.test.count("outbox").await, 0);
        let asked = provider.asked();
        assert_eq!(asked.len(), 3);
        for asked in asked {
            assert_eq!(asked.authorization, "Basic YWNjb3VudDpzZWNyZXQ=");
            assert_eq!(asked.idempotency_key, ids[0].to_string());
            assert!(
                asked.form.starts_with("From=%2B15005550006&To=%2B33612345678&Body=012345+ist+Ihr+Code."),
                "{asked:?}"
            );
        }
    });
}

#[test]
fn a_number_that_the_provider_refuses_and_a_code_that_is_too_old_are_put_aside() {
    run(async {
        let provider = Provider::answering(&[(400, None, r#"{"code": 21211}"#)]).await;
        let (post, workers) = post_to(&provider).await;
        post.write(&[code("+33612345678")]).await;
        workers.text().round().await.expect("a round");
        assert_eq!(post.rows("DEAD", Some("refused 400")).await, 1);
        post.write(&[code("+33612345678")]).await;
        post.pass(600);
        workers.text().round().await.expect("a round");
        assert_eq!(post.rows("DEAD", Some("expired")).await, 1);
        assert_eq!(provider.asked().len(), 1);
    });
}

#[test]
fn a_captcha_is_passed_rejected_or_not_to_be_had() {
    run(async {
        let provider = Provider::answering(&[
            (200, None, r#"{"success": true}"#),
            (200, None, r#"{"success": false, "error-codes": ["invalid-input-response"]}"#),
            (200, None, r#"{"success": false, "error-codes": ["invalid-input-secret"]}"#),
            (200, None, "<html>"),
            (500, None, ""),
            (429, None, r#"{"success": true}"#),
        ])
        .await;
        let settings = |url| CaptchaSettings { url, secret: SecretString::from("a secret&") };
        let captcha = SiteVerify::new(&settings(provider.url())).expect("a captcha");
        let address = Some("2001:db8::1".parse().expect("an address"));
        assert_eq!(captcha.verify("a token=", address).await, Ok(Verdict::Passed));
        assert_eq!(captcha.verify("another", None).await, Ok(Verdict::Rejected));
        for _ in 0..4 {
            assert_eq!(captcha.verify("a token", None).await, Err(Unavailable));
        }
        assert_eq!(provider.asked()[0].form, "secret=a+secret%26&response=a+token%3D&remoteip=2001%3Adb8%3A%3A1");
        assert_eq!(provider.asked()[1].form, "secret=a+secret%26&response=another");
        let captcha = SiteVerify::new(&settings(provider::nowhere())).expect("a captcha");
        assert_eq!(captcha.verify("a token", None).await, Err(Unavailable));
    });
}
