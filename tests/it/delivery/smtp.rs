//! Mail to a real server: protected or not, with users or not, taken or refused.

use enroll::delivery::{MailRoute, SmtpTls};
use enroll::domain::message::MailFields;
use secrecy::SecretString;
use serde_json::json;

use super::post::{Post, mail, mail_with, message_id, smtp};
use crate::support::engine::run;
use crate::support::mail_server::{MailServer, PASSWORD, USER};
use crate::support::stores::TestStore;

async fn post() -> Post {
    Post::new(TestStore::sqlite().await).await
}

/// One round to a server, spoken to with this protection and password.
async fn round(post: &Post, server: &MailServer, tls: SmtpTls, password: Option<&str>) {
    let workers = post.workers(|settings| {
        let mut smtp = smtp(server.port());
        smtp.tls = tls;
        smtp.ca = Some(server.authority());
        smtp.credentials = password.map(|password| (USER.to_owned(), SecretString::from(password)));
        settings.mail = MailRoute::Smtp(smtp);
    });
    assert_eq!(workers.mail().round().await.expect("a round"), 1);
}

#[test]
fn a_mail_goes_over_tls_with_a_user() {
    run(async {
        for (name, tls) in [("starttls", SmtpTls::Starttls), ("implicit", SmtpTls::Implicit)] {
            let post = post().await;
            let server = MailServer::start(name, json!({ "user": USER, "password": PASSWORD }));
            let link = Some("https://id.example/verify?token=canary&x=1".to_owned());
            let ids =
                post.write(&[mail_with("Ada@Bücher.example", MailFields { link, ..MailFields::default() })]).await;
            round(&post, &server, tls, Some(PASSWORD)).await;
            let received = server.end();
            assert_eq!(received.len(), 1, "{name}");
            let taken = &received[0];
            assert!(taken.encrypted && taken.authenticated, "{name}");
            assert_eq!(taken.mail_from, "post@enroll.example");
            assert_eq!(taken.rcpt_tos, ["Ada@xn--bcher-kva.example"]);
            assert_eq!(taken.header("To"), "Ada@xn--bcher-kva.example");
            assert_eq!(taken.header("From"), "Enroll <post@enroll.example>");
            assert_eq!(taken.header("Message-ID"), message_id(&ids[0]));
            assert!(taken.content.contains("text/plain") && taken.content.contains("text/html"));
            assert_eq!(post.test.count("outbox").await, 0);
        }
    });
}

#[test]
fn a_server_without_tls_or_with_a_foreign_certificate_gets_nothing() {
    run(async {
        let post = post().await;
        post.write(&[mail("ada@example.com")]).await;
        let open = MailServer::open();
        round(&post, &open, SmtpTls::Starttls, Some(PASSWORD)).await;
        assert_eq!(open.end().len(), 0);
        post.pass(3_600);
        let (server, other) = (MailServer::start("starttls", json!({})), MailServer::open());
        let workers = post.workers(|settings| {
            let mut smtp = smtp(server.port());
            (smtp.tls, smtp.ca) = (SmtpTls::Starttls, Some(other.authority()));
            settings.mail = MailRoute::Smtp(smtp);
        });
        assert_eq!(workers.mail().round().await.expect("a round"), 1);
        assert_eq!(server.end().len(), 0);
        assert_eq!(post.rows("WAITING", Some("unreachable")).await, 1);
    });
}

#[test]
fn a_wrong_password_is_the_operators_to_mend_and_buries_nothing() {
    run(async {
        let post = post().await;
        post.write(&[mail("ada@example.com")]).await;
        let server = MailServer::start("starttls", json!({ "user": USER, "password": PASSWORD }));
        round(&post, &server, SmtpTls::Starttls, Some("another")).await;
        assert_eq!(post.rows("WAITING", Some("answered 535")).await, 1);
        post.pass(60);
        round(&post, &server, SmtpTls::Starttls, Some(PASSWORD)).await;
        assert_eq!(server.end().len(), 1);
    });
}

#[test]
fn a_refusal_for_good_is_not_repeated_and_one_for_now_is() {
    run(async {
        for (options, state, why) in [
            (json!({ "refuse_recipients": "550 5.1.1 <ada@example.com> is unknown" }), "DEAD", "refused 550"),
            (json!({ "refuse_data": "554 5.7.1 canary-token looks like spam" }), "DEAD", "refused 554"),
            (json!({ "refuse_recipients": "450 4.2.0 greylisted" }), "WAITING", "answered 450"),
            (json!({ "refuse_data": "452 4.3.1 full" }), "WAITING", "answered 452"),
        ] {
            let post = post().await;
            post.write(&[mail("ada@example.com")]).await;
            let server = MailServer::start("none", options);
            round(&post, &server, SmtpTls::None, None).await;
            assert_eq!(post.rows(state, Some(why)).await, 1, "{why}");
            assert_eq!(server.end().len(), 0);
        }
    });
}

#[test]
fn a_local_part_beyond_ascii_needs_a_server_that_takes_it() {
    run(async {
        for (utf8, taken) in [(true, 1), (false, 0)] {
            let post = post().await;
            post.write(&[mail("jürgen@example.com")]).await;
            let server = MailServer::start("none", json!({ "utf8": utf8 }));
            round(&post, &server, SmtpTls::None, None).await;
            let received = server.end();
            assert_eq!(received.len(), taken);
            assert!(received.iter().all(|mail| mail.rcpt_tos == ["jürgen@example.com"]));
            let dead = post.rows("DEAD", Some("the server has no SMTPUTF8")).await;
            assert_eq!(dead, if utf8 { 0 } else { 1 });
        }
    });
}
