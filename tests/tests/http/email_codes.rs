//! Codes by e-mail: sent only to whoever has the password, never a way to try one, and nobody's
//! way to disturb another's.

use countersign_core::clock::Clock as _;
use countersign_tests::app::{PASSWORD, Person, TestApp};
use jiff::SignedDuration;
use serde_json::json;

use super::acts::changes;
use super::documented::NOBODYS_HANDLE;

const RESEND: SignedDuration = SignedDuration::from_mins(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Codes by e-mail that an account is sent in a day.
const A_DAY: usize = 3;

/// Mails with a code to somebody.
async fn sent(app: &TestApp, person: &Person) -> usize {
    app.settle().await;
    let mails = app.post.mails_to(&person.email);
    mails.iter().filter(|mail| mail.subject.starts_with("Your code to")).count()
}

/// SR-030, AT-23: without a sign-in that has seen the right password there is one answer, no mail
/// and no entry, whatever was named instead.
#[test]
fn sr_030_at_23_without_a_sign_in_no_code_is_sent_and_one_answer_given() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.asks").await;
        let done = app.begin(&marlene).await;
        app.answer(&done, "totp", &app.code(&marlene)).await.is(200);
        let dead = app.begin(&marlene).await;
        app.settle().await;
        app.pass(SignedDuration::from_mins(10)).await;
        let (before, tries) = (changes(app, &marlene), app.post.tries());
        let mut faces = Vec::new();
        for sign_in in [
            NOBODYS_HANDLE,
            "nonsense",
            "me",
            &done,
            &dead,
            &marlene.account,
            &marlene.token,
            "marlene.asks",
            "marlene.asks@example.com",
        ] {
            faces.push((sign_in, app.email_code(sign_in).await.is(401).face()));
        }
        for (sign_in, face) in &faces {
            assert_eq!(face, &faces[0].1, "{sign_in}");
        }
        app.settle().await;
        assert_eq!((changes(app, &marlene), app.post.tries()), (before, tries));
        let sign_in = app.begin(&marlene).await;
        app.email_code(&sign_in).await.is(202);
        assert_eq!(sent(app, &marlene).await, 1, "with one there is a mail");
    });
}

/// SR-030: asking for a code is no way to try a password: none is taken there, and where one is
/// taken a wrong one is counted and leads to no mail.
#[test]
fn sr_030_asking_for_a_code_is_no_way_to_try_a_password() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.asks").await;
        app.settle().await;
        let (before, tries) = (changes(app, &marlene), app.post.tries());
        let sign_in = app.begin(&marlene).await;
        for id in [NOBODYS_HANDLE, &sign_in] {
            let with = |password: &str| {
                let body = json!({ "login": "marlene.asks", "password": password });
                app.post(format!("/v1/sign-ins/{id}/email-code"), &body)
            };
            let (right, wrong) = (with(PASSWORD).await, with("another password").await);
            assert_eq!(right.is(400).face(), wrong.face());
        }
        let begun = changes(app, &marlene).len();
        assert_eq!(begun, before.len() + 1, "the sign-in and nothing else");
        let mut faces = Vec::new();
        for guess in ["another password", "yet another one"] {
            let refused = app.sign_in("marlene.asks", guess).await.is(401);
            app.email_code(&refused.text_at("/id")).await;
            faces.push(refused.face());
        }
        faces.push(app.sign_in("nobody.asks", "another password").await.face());
        assert!(faces.windows(2).all(|pair| pair[0] == pair[1]), "{faces:#?}");
        assert_eq!(app.count(&marlene.account, "account.password_rejected"), 2);
        app.settle().await;
        assert_eq!(app.post.tries(), tries);
    });
}

/// AT-50: somebody who has the password and asks for codes in a sign-in of his own does not void
/// the one that the victim was sent.
#[test]
fn at_50_codes_of_an_attackers_sign_in_leave_the_victims_code_alone() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.bombed").await;
        let own = app.begin(&marlene).await;
        app.email_code(&own).await.is(202);
        app.settle().await;
        let code = app.post.newest_code(&marlene.email).unwrap();
        let foreign = app.begin(&marlene).await;
        for _ in 0..2 {
            app.email_code(&foreign).await.is(429);
            app.pass(RESEND).await;
            app.email_code(&foreign).await.is(202);
            app.settle().await;
        }
        assert_eq!(sent(app, &marlene).await, 3);
        let theirs = app.post.newest_code(&marlene.email).unwrap();
        if theirs != code {
            app.answer(&own, "email_code", &theirs).await.is(401);
            app.answer(&foreign, "email_code", &code).await.is(401);
        }
        app.answer(&own, "email_code", &code).await.is(200);
    });
}

/// AT-50, SR-026: three codes in a day, from however many sign-ins they are asked for; another
/// account is not the poorer for it, and the authenticator still enters.
#[test]
fn at_50_an_account_is_sent_three_codes_a_day_from_anywhere() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.bombed").await;
        let erika = app.person("erika.bombed").await;
        let day = app.clock.now() + DAY;
        for asked in 0..3 * A_DAY {
            let sign_in = app.begin(&marlene).await;
            let promised = app.email_code(&sign_in).await;
            let promised = promised.is(if asked < A_DAY { 202 } else { 429 });
            // From when there is another, all rules together.
            let when = if asked < A_DAY { "/resend_at" } else { "/retry_at" };
            let wanted = if asked < A_DAY - 1 { app.clock.now() + RESEND } else { day };
            assert_eq!(promised.text_at(when), wanted.to_string(), "{asked}");
            app.settle().await;
            app.pass(RESEND).await;
        }
        assert_eq!(sent(app, &marlene).await, A_DAY);
        let sign_in = app.begin(&erika).await;
        app.email_code(&sign_in).await.is(202);
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(200);
        app.pass(DAY).await;
        let sign_in = app.begin(&marlene).await;
        app.email_code(&sign_in).await.is(202);
        assert_eq!(sent(app, &marlene).await, A_DAY + 1);
    });
}

/// AT-24, SR-022, SR-026: what bounds a code by e-mail holds where it is sent and where it is
/// typed: nobody is sent a fourth, five wrong ones are all that is evaluated, then none is sent
/// either; and it dies after ten minutes, though what it is bound to lives on.
#[test]
fn at_24_a_code_by_e_mail_has_limits_where_it_is_sent_and_where_it_is_typed() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.limits").await;
        for number in 0..=A_DAY {
            app.pass(RESEND).await;
            let sign_in = app.begin(&marlene).await;
            app.email_code(&sign_in).await.is(if number < A_DAY { 202 } else { 429 });
        }
        let erika = app.person("erika.limits").await;
        let (one, two) = (app.begin(&erika).await, app.begin(&erika).await);
        for sign_in in [&one, &two] {
            app.email_code(sign_in).await.is(202);
            app.settle().await;
            app.pass(RESEND).await;
        }
        let code = app.post.newest_code(&erika.email).unwrap();
        let wrong = ["000000", "000001"].into_iter().find(|other| *other != code).unwrap();
        for number in 0..5 {
            let sign_in = if number < 3 { &one } else { &two };
            app.answer(sign_in, "email_code", wrong).await.is(401);
        }
        app.answer(&two, "email_code", &code).await.is(429);
        let third = app.begin(&erika).await;
        app.email_code(&third).await.is(429);
        app.answer(&third, "totp", &app.code(&erika)).await.is(200);

        let gerda = app.registered("gerda.limits").await;
        let confirm = |body| app.post("/v1/accounts/me/email/confirm", &body).bearer(&gerda.token);
        for (seconds, status) in [(601, 401), (599, 200)] {
            confirm(json!({})).await.is(202);
            app.settle().await;
            let code = app.post.newest_code(&gerda.email).unwrap();
            app.pass(SignedDuration::from_secs(seconds)).await;
            confirm(json!({ "code": code })).await.is(status);
        }
    });
}
