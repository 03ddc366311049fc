//! Who has the password and guesses codes at full rate, over the whole server: from a thousand
//! addresses, in parallel, by every call that verifies a code, and across a restart.

use countersign_tests::app::{PASSWORD, TestApp};
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::json;

use super::back_in::{NEW_PASSWORD, ask_for_reset, confirmed, link, reset};

/// Sign-ins at once, in as many rounds as make a thousand.
const AT_ONCE: usize = 25;
const ROUNDS: usize = 40;
/// Guesses in flight at once, and how often: more often than it takes to reach the cap.
const IN_FLIGHT: usize = 1_000;
const QUAKES: usize = 5;
const HALF_DAY: SignedDuration = SignedDuration::from_hours(13);
/// What the policy allows of an authenticator's codes from devices that are not known.
const UNKNOWN_CAP: usize = 16;

/// AT-02, AT-03, AT-10, SR-059, SR-081, SR-085: a thousand sign-ins, twenty-five at a time, each
/// from an address of its own, over three weeks: sixteen codes are evaluated, and the holder was
/// told.
#[test]
fn at_02_a_thousand_parallel_sign_ins_from_a_thousand_addresses_are_sixteen_guesses() {
    let configure = |config: &mut countersign_api::config::Config| {
        config.listen.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
    };
    TestApp::run_with(configure, async |app| {
        let marlene = app.person("marlene.attacked").await;
        let wrong = app.wrong_code(&marlene);
        for round in 0..ROUNDS {
            app.pass(HALF_DAY).await;
            let from = |number: usize| format!("203.0.{round}.{number}");
            let begun = (0..AT_ONCE).map(|number| {
                let call = app.sign_in(&marlene.login, PASSWORD);
                call.header("x-forwarded-for", &from(number)).into_future()
            });
            let begun = join_all(begun).await;
            let ids: Vec<_> = begun.iter().map(|answered| answered.text_at("/id")).collect();
            let answers = (0..4 * AT_ONCE).map(|number| {
                let call = app.answer(&ids[number % AT_ONCE], "totp", &wrong);
                call.header("x-forwarded-for", &from(number % AT_ONCE)).into_future()
            });
            for answered in join_all(answers).await {
                assert!([401, 429].contains(&answered.status), "{:?}", answered.face());
            }
        }
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), UNKNOWN_CAP);
        assert_eq!(app.count(&marlene.account, "account.locked_out"), 1);
        app.pass(HALF_DAY).await;
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(429);
        app.settle().await;
        let mails = app.post.mails_to(&marlene.email);
        let told = |words: &str| mails.iter().filter(|mail| mail.subject.contains(words)).count();
        assert_eq!(told("knows your"), 1, "the third wrong code");
        assert_eq!(told("is paused"), 4, "three waits and the lock");
        // SR-087: the other ways are open.
        let body = json!({ "method": "recovery_code", "code": marlene.recovery_codes[0] });
        let answered = app.post(format!("/v1/sign-ins/{sign_in}/answers"), &body).await.is(200);
        assert_eq!(answered.text_at("/status"), "password_change_required", "SR-094");
    });
}

/// AT-02, SR-081, SR-101: AuthQuake at full size: a thousand sign-ins are begun, and then a guess
/// in each of them, all in flight at once; again each time that a wait is over. Sixteen codes are
/// evaluated, however many there are, and the holder was told.
#[test]
fn at_02_a_thousand_guesses_in_flight_at_once_are_sixteen_guesses_in_a_year() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.quaked").await;
        let wrong = app.wrong_code(&marlene);
        let evaluated = |app: &TestApp| app.count(&marlene.account, "account.code_rejected");
        for round in 0..QUAKES {
            app.pass(HALF_DAY).await;
            let before = evaluated(app);
            let mut ids = Vec::with_capacity(IN_FLIGHT);
            for _ in 0..IN_FLIGHT / AT_ONCE {
                let begun = (0..AT_ONCE).map(|_| app.sign_in(&marlene.login, PASSWORD));
                let begun = join_all(begun.map(|call| call.into_future())).await;
                ids.extend(begun.iter().map(|answered| answered.text_at("/id")));
            }
            // Those begun last are alive: they come first.
            let answers = ids.iter().rev().map(|id| app.answer(id, "totp", &wrong).at_once());
            let answers = join_all(answers.map(|call| call.into_future())).await;
            // 503: more waited for the account than may; nothing was evaluated, as with a 429.
            let heard = |status: u16| answers.iter().filter(|it| it.status == status).count();
            assert_eq!(heard(401) + heard(429) + heard(503), IN_FLIGHT, "round {round}");
            assert!(evaluated(app) - before <= 5, "round {round}");
        }
        assert_eq!(evaluated(app), UNKNOWN_CAP);
        assert_eq!(app.count(&marlene.account, "account.locked_out"), 1);
        app.settle().await;
        let mails = app.post.mails_to(&marlene.email);
        assert!(mails.iter().any(|mail| mail.subject.contains("knows your")), "AT-02: an alert");
    });
}

/// AT-01, AT-33, SR-083: ten thousand wrong codes by one client in a cool-down: five are evaluated,
/// the end does not move, and the log grows by one sum.
#[test]
fn at_01_ten_thousand_codes_in_a_cool_down_leave_one_sum() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.hammered").await;
        let wrong = app.wrong_code(&marlene);
        let sign_in = app.begin(&marlene).await;
        for _ in 0..5 {
            app.answer(&sign_in, "totp", &wrong).await.is(401);
        }
        let sign_in = app.begin(&marlene).await;
        app.settle().await;
        let before = app.events(&marlene.account).len();
        let first = app.answer(&sign_in, "totp", &wrong).await.is(429).text_at("/retry_at");
        for _ in 0..100 {
            let tries = (0..100).map(|_| app.answer(&sign_in, "totp", &wrong).into_future());
            for refused in join_all(tries).await {
                assert_eq!(refused.is(429).text_at("/retry_at"), first);
            }
        }
        assert_eq!(app.events(&marlene.account).len(), before, "nothing yet");
        app.pass(SignedDuration::from_mins(16)).await;
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(200);
        assert_eq!(app.count(&marlene.account, "account.attempts_refused"), 1);
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), 5);
    });
}

/// AT-04, SR-101: two hundred codes at once, with one guess left before the wait: one is evaluated.
#[test]
fn at_04_a_burst_of_two_hundred_with_one_guess_left_is_one_guess() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.burst").await;
        let wrong = app.wrong_code(&marlene);
        let mut begun = Vec::new();
        for _ in 0..8 {
            begun.push(app.begin(&marlene).await);
        }
        for sign_in in &begun[..4] {
            app.answer(sign_in, "totp", &wrong).await.is(401);
        }
        let burst = (0..200).map(|number| app.answer(&begun[number % 8], "totp", &wrong));
        let burst = join_all(burst.map(|call| call.into_future())).await;
        assert!(burst.iter().all(|answered| [401, 429].contains(&answered.status)));
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), 5);
    });
}

/// AT-12, AT-13, SR-095: the call that proves again within a session and the one that signs in
/// share one counter.
#[test]
fn at_12_every_call_that_verifies_a_code_counts_to_the_same() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.twin").await;
        let token = app.enter(&marlene).await;
        let wrong = app.wrong_code(&marlene);
        for _ in 0..4 {
            let body = json!({ "method": "totp", "code": wrong });
            app.post("/v1/session/proofs", &body).bearer(&token).await.is(401);
        }
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &wrong).await.is(401);
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.code_at(&marlene, 1)).await.is(429);
        let body = json!({ "method": "totp", "code": app.code_at(&marlene, 1) });
        app.post("/v1/session/proofs", &body).bearer(&token).await.is(429);
    });
}

/// AT-07, AT-09, SR-102: what was counted is counted after a restart, and a wait goes on.
#[test]
fn at_09_a_restart_forgets_no_guess() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.restarted").await;
        let wrong = app.wrong_code(&marlene);
        let sign_in = app.begin(&marlene).await;
        for _ in 0..4 {
            app.answer(&sign_in, "totp", &wrong).await.is(401);
        }
        app.restart().await.unwrap();
        app.answer(&sign_in, "totp", &wrong).await.is(401);
        app.restart().await.unwrap();
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.code_at(&marlene, 1)).await.is(429);
    });
}

/// SR-026, AT-50: whoever has the password uses up three codes by e-mail a day; two are kept for
/// devices that the account knows.
#[test]
fn sr_026_codes_by_e_mail_are_kept_for_known_devices() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.mailed").await;
        for _ in 0..3 {
            app.pass(SignedDuration::from_mins(16)).await;
            let sign_in = app.begin(&marlene).await;
            app.email_code(&sign_in).await.is(202);
        }
        app.pass(SignedDuration::from_mins(16)).await;
        let sign_in = app.begin(&marlene).await;
        app.email_code(&sign_in).await.is(429);
    });
}

/// SR-088, SR-085: who has the password has closed the lane of codes from unknown devices for a
/// year. The holder has a phone, a mailbox and a new device, and gets in by one mail; the guesser
/// is out.
#[test]
fn sr_088_a_holder_with_a_new_device_gets_in_by_one_mail() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.shut.out").await;
        let wrong = app.wrong_code(&marlene);
        for _ in 0..UNKNOWN_CAP {
            app.pass(HALF_DAY).await;
            let sign_in = app.begin(&marlene).await;
            app.answer(&sign_in, "totp", &wrong).await.is(401);
        }
        app.pass(HALF_DAY).await;
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(429);
        ask_for_reset(app, &marlene.login).await.is(202);
        let token = link(app, &marlene.email, "A new password").await;
        reset(app, &token, NEW_PASSWORD).await.is(200);
        let begun = app.sign_in(&marlene.login, NEW_PASSWORD).await.is(200);
        let entered = app.answer(&begun.text_at("/id"), "totp", &app.code(&marlene)).await.is(200);
        assert_eq!(entered.text_at("/status"), "completed", "nothing more is asked for");
        app.sign_in(&marlene.login, PASSWORD).await.is(401);
    });
}
