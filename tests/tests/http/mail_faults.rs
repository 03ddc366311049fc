//! A mail server that is down, hangs or refuses: nobody who signs in with a phone notices, and no
//! mail is lost in silence.

use countersign_api::server::listener::Listener;
use countersign_core::mail::SendErrorClass;
use countersign_tests::app::{Answered, STEP, TestApp};
use countersign_tests::post_office::PostFault;
use jiff::SignedDuration;

/// Mails are due and none leaves; signing in with a code goes on as ever.
#[test]
fn a_mail_server_that_is_down_or_hangs_is_not_noticed_at_a_sign_in_with_a_code() {
    TestApp::run(async |app| {
        for (name, fault) in
            [("down", PostFault::Refuses(SendErrorClass::Unreachable)), ("hangs", PostFault::Hangs)]
        {
            let before = app.post.tries();
            app.post.fails(fault);
            let marlene = app.person(&format!("marlene.{name}")).await;
            // The notice of the new authenticator is under way, or was refused.
            app.post.handed_in(before + 1).await;
            for _ in 0..3 {
                app.enter(&marlene).await;
            }
            assert!(app.post.mails_to(&marlene.email).is_empty());
            app.post.works();
            app.pass(SignedDuration::from_hours(1)).await;
            app.settle().await;
            let mails = app.post.mails_to(&marlene.email);
            assert_eq!(mails.len(), 1, "{name}");
            assert!(mails[0].subject.contains("authenticator was added"), "{}", mails[0].subject);
            assert_eq!(app.count(&marlene.account, "account.notice_sent"), 1);
        }
    });
}

/// A code by e-mail that could not leave at once leaves later, and enters.
#[test]
fn a_code_by_e_mail_arrives_once_the_mail_server_is_back() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.later").await;
        app.settle().await;
        let tries = app.post.tries();
        app.post.fails(PostFault::Refuses(SendErrorClass::Temporary));
        let sign_in = app.begin(&marlene).await;
        assert_eq!(how_far(app, &sign_in).await.status, 401, "none was asked for");
        app.email_code(&sign_in).await.is(202);
        let next = app.settle().await.expect("it is tried again");
        assert_eq!(how_far(app, &sign_in).await.is(200).text_at("/mail"), "waiting");
        assert_eq!((app.post.tries(), app.post.newest_code(&marlene.email)), (tries + 1, None));
        assert!(next > "2026-11-24T12:00:00Z".parse().unwrap());
        app.post.works();
        app.pass(STEP).await;
        assert_eq!(app.settle().await, None);
        let code = app.post.newest_code(&marlene.email).expect("a code");
        let sent = how_far(app, &sign_in).await.is(200);
        assert_eq!(
            (sent.text_at("/mail"), sent.text_at("/hint")),
            ("sent".into(), "m•••@e•••.com".into())
        );
        let entered = app.answer(&sign_in, "email_code", &code).await.is(200);
        assert_eq!(entered.text_at("/session/assurance"), "email_code");
        assert_eq!(app.count(&marlene.account, "account.email_code_sent"), 1);
        assert_eq!(app.count(&marlene.account, "account.email_delivery_failed"), 0);
        assert_eq!(how_far(app, &sign_in).await.status, 401, "it was used");
    });
}

/// Who stands at the sign-in learns that a code was given up.
#[test]
fn a_code_that_was_refused_for_good_is_told_at_the_sign_in() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.refused").await;
        app.settle().await;
        app.post.fails(PostFault::Refuses(SendErrorClass::Permanent));
        let sign_in = app.begin(&marlene).await;
        app.email_code(&sign_in).await.is(202);
        app.settle().await;
        assert_eq!(how_far(app, &sign_in).await.is(200).text_at("/mail"), "undeliverable");
    });
}

/// What the sign-in is told of its mail.
async fn how_far(app: &TestApp, sign_in: &str) -> Answered {
    app.get(format!("/v1/sign-ins/{sign_in}/email-code")).await
}

/// A mail that is refused for good is given up loudly: an event that the holder reads in the own
/// history, and a number for whoever runs the service.
#[test]
fn a_mail_that_is_refused_for_good_is_given_up_loudly() {
    TestApp::run(async |app| {
        let mut marlene = app.person("marlene.never").await;
        app.settle().await;
        app.post.fails(PostFault::Refuses(SendErrorClass::Permanent));
        let sign_in = app.begin(&marlene).await;
        app.email_code(&sign_in).await.is(202);
        assert_eq!(app.settle().await, None, "given up at once");
        assert_eq!(app.count(&marlene.account, "account.email_delivery_failed"), 1);
        marlene.token = app.enter(&marlene).await;
        let history = app.history(&marlene).await;
        let failed = history
            .iter()
            .find(|event| event["type"] == "account.email_delivery_failed")
            .expect("the history tells of it");
        assert_eq!(failed["data"]["class"], "refused", "{failed}");
        assert_eq!(failed["by"]["kind"], "system", "{failed}");
        let told = failed["explanation"].as_str().unwrap();
        assert!(told.contains("could not be delivered"), "{told}");
        let metrics = app.get("/metrics").on(Listener::Ops).await.is(200);
        let metrics = String::from_utf8(metrics.bytes).unwrap();
        let counted = metrics.lines().any(|line| {
            line.starts_with("countersign_mails_given_up_total")
                && line.contains("class=\"refused\"")
                && line.contains("kind=\"code\"")
        });
        assert!(counted, "{metrics}");
    });
}

/// A mail server that stays down: a code is tried until it has expired, a notice for a day; then
/// both are given up, each with its event.
#[test]
fn a_mail_server_that_stays_down_ends_in_an_event_too() {
    TestApp::run(async |app| {
        app.post.fails(PostFault::Refuses(SendErrorClass::Unreachable));
        let marlene = app.person("marlene.down").await;
        let sign_in = app.begin(&marlene).await;
        app.email_code(&sign_in).await.is(202);
        let mut tries = 0;
        while let Some(next) = app.settle().await {
            tries += 1;
            assert!(tries < 100, "it never gives up");
            app.clock.set(next);
            app.pass(SignedDuration::ZERO).await;
        }
        assert!(app.post.mails().is_empty());
        assert_eq!(app.count(&marlene.account, "account.email_delivery_failed"), 2);
        assert_eq!(app.count(&marlene.account, "account.email_code_sent"), 0);
        app.enter(&marlene).await;
    });
}
