//! One right code, submitted many times at once over real connections, enters once.

use std::future::IntoFuture as _;

use countersign_tests::app::{Person, STEP, TestApp};
use futures::future::join_all;

const AT_ONCE: usize = 50;
const ROUNDS: usize = 200;
/// What every other caller hears.
const REFUSED: u16 = 401;

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
    assert!(refused.iter().all(|face| *face == refused[0]), "round {round}: {refused:?}");
    assert_eq!(refused[0].status, REFUSED, "{:?}", refused[0]);
    let later = app.begin(person).await;
    app.answer(&later, "totp", &code).await.is(REFUSED);
}

/// SR-025, SR-101: 200 rounds over one sign-in.
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

/// SR-007, SR-025, SR-101: 200 rounds over five sign-ins of the same account.
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
