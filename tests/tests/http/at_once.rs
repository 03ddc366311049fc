//! One right code, submitted many times at once over real connections, enters once.

use std::future::IntoFuture as _;

use countersign_tests::app::{Person, STEP, TestApp};
use futures::future::join_all;

const AT_ONCE: usize = 50;
const ROUNDS: usize = 200;
/// What every other caller hears: refused, or, where another code was just refused in the same
/// sign-in, not even looked at.
const REFUSED: u16 = 401;
const TOO_SOON: u16 = 429;

/// Submits the present code over so many sign-ins, and then once more.
async fn submit(app: &TestApp, person: &Person, sign_ins: usize, round: usize) {
    app.pass(STEP).await;
    let mut begun = Vec::new();
    for _ in 0..sign_ins {
        begun.push(app.begin(person).await);
    }
    let code = app.code(person);
    let answers = (0..AT_ONCE).map(|number| app.answer(&begun[number % sign_ins], "totp", &code));
    let answers = join_all(answers.map(|call| call.into_future())).await;
    let (entered, refused): (Vec<_>, Vec<_>) =
        answers.iter().map(|answered| answered.face()).partition(|face| face.status == 200);
    assert_eq!(entered.len(), 1, "round {round} over {sign_ins}: {refused:?}");
    for status in [REFUSED, TOO_SOON] {
        let mut alike = refused.iter().filter(|face| face.status == status);
        let first = alike.next();
        assert!(alike.all(|face| Some(face) == first), "round {round}: {refused:?}");
    }
    assert!(refused.iter().all(|face| [REFUSED, TOO_SOON].contains(&face.status)), "{refused:?}");
    // A sign-in that entered is over; in every other one code was looked at, and found used.
    let too_soon = refused.iter().filter(|face| face.status == TOO_SOON).count();
    let others = (sign_ins - 1) * (AT_ONCE / sign_ins - 1);
    assert!(too_soon <= others && (too_soon > 0) == (sign_ins > 1), "round {round}: {too_soon}");
    let later = app.begin(person).await;
    app.answer(&later, "totp", &code).await.is(REFUSED);
}

/// AT-05, AT-56, SR-025, SR-066, SR-101: 200 rounds over one sign-in.
#[test]
fn a_code_submitted_50_times_at_once_over_one_sign_in_enters_once() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.once").await;
        for round in 0..ROUNDS {
            submit(app, &marlene, 1, round).await;
        }
        // One more is the code of the activation.
        assert_eq!(app.count(&marlene.account, "account.code_verified"), ROUNDS + 1);
        assert_eq!(app.count(&marlene.account, "account.cooled_down"), 0);
    });
}

/// AT-05, SR-007, SR-025, SR-101: 200 rounds over five sign-ins of the same account.
#[test]
fn a_code_submitted_50_times_at_once_over_five_sign_ins_enters_once() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.once").await;
        for round in 0..ROUNDS {
            submit(app, &marlene, 5, round).await;
        }
        assert_eq!(app.count(&marlene.account, "account.code_verified"), ROUNDS + 1);
        assert_eq!(app.count(&marlene.account, "account.cooled_down"), 0);
    });
}

/// How many sessions somebody has, as one of them sees it.
async fn sessions(app: &TestApp, token: &str) -> usize {
    let listed = app.get("/v1/accounts/me/sessions").bearer(token).await.is(200);
    listed.body["items"].as_array().unwrap().len()
}

/// SR-025, SR-034, AT-05: so do a code by e-mail and a recovery code, over one sign-in and over
/// five: one success is recorded, there is one session more, and nobody is locked out.
#[test]
fn sr_025_at_05_a_code_by_e_mail_submitted_50_times_at_once_enters_once() {
    TestApp::run(async |app| {
        for (login, method) in [("marlene", "email_code"), ("erika", "recovery_code")] {
            let person = app.person(login).await;
            let mut begun = Vec::new();
            for _ in 0..5 {
                begun.push(app.begin(&person).await);
            }
            let code = match method {
                "recovery_code" => person.recovery_codes[0].clone(),
                _ => {
                    app.email_code(&begun[0]).await.is(202);
                    app.settle().await;
                    app.post.newest_code(&person.email).unwrap()
                }
            };
            // A code by e-mail is good in its own sign-in alone; guesses in others would count.
            let sign_ins = if method == "email_code" { 1 } else { 5 };
            let answers = (0..AT_ONCE)
                .map(|number| app.answer(&begun[number % sign_ins], method, &code).into_future());
            let answers = join_all(answers).await;
            let (entered, refused): (Vec<_>, Vec<_>) =
                answers.iter().partition(|answered| answered.status == 200);
            assert_eq!(entered.len(), 1, "{method}");
            // In each other sign-in one was looked at, and found used.
            let others = if sign_ins > 1 { &[REFUSED, TOO_SOON][..] } else { &[REFUSED] };
            for answered in refused {
                assert!(others.contains(&answered.status), "{method}: {:?}", answered.face());
            }
            let token = entered[0].text_at("/session/token");
            assert_eq!(sessions(app, &token).await, 2, "{method}: the activation's and this one");
            // One more is the code of the activation.
            assert_eq!(app.count(&person.account, "account.code_verified"), 2);
            assert_eq!(app.count(&person.account, "account.cooled_down"), 0);
            app.answer(&begun[4], method, &code).await.is(REFUSED);
        }
    });
}

/// SR-066, AT-56: the same request sent twenty times at once under one key is one request: equal
/// answers byte for byte, one session, one event; and the key with another code is refused.
#[test]
fn sr_066_at_56_one_key_sent_twenty_times_at_once_is_one_session() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.twice").await;
        let key = "key-of-a-double-click-0123456789";
        let sign_in = app.begin(&marlene).await;
        let code = app.code(&marlene);
        let answers = (0..20).map(|_| app.answer(&sign_in, "totp", &code).keyed(key).into_future());
        let answers = join_all(answers).await;
        for answered in &answers {
            assert_eq!(answered.clone().is(200).bytes, answers[0].bytes);
        }
        let token = answers[0].text_at("/session/token");
        assert_eq!(sessions(app, &token).await, 2, "the activation's and this one");
        assert_eq!(app.count(&marlene.account, "account.code_verified"), 2);
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), 0);
        let wrong = app.wrong_code(&marlene);
        app.answer(&sign_in, "totp", &wrong).keyed(key).await.is(422);
        // A double click without a key is a retype: refused, and no guess.
        app.answer(&sign_in, "totp", &code).await.is(REFUSED);
        let unresolved = app.account(&marlene).await["unresolved"].clone();
        assert!(unresolved.as_array().unwrap().iter().all(|one| one["count"] == 0), "{unresolved}");
    });
}

/// SR-008: and after a restart within its window, too.
#[test]
fn sr_008_an_accepted_code_is_refused_after_a_restart() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.once").await;
        let code = app.code(&marlene);
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &code).await.is(200);
        app.restart().await.unwrap();
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &code).await.is(REFUSED);
        app.pass(STEP).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(200);
    });
}
