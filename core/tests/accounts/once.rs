//! One code submitted many times at once enters once.

use countersign_core::accounts::Verdict;
use countersign_core::accounts::answer::SessionGiven;
use countersign_core::domain::refusal::Refusal;
use countersign_core::handle::SignInHandle;
use countersign_events::account::Method;
use futures::future::join_all;

use super::house::{Enabled, House, STEP, run};

const AT_ONCE: usize = 50;

/// Counts sessions; everything else must be the one refusal.
#[track_caller]
fn successes(verdicts: Vec<Verdict<SessionGiven>>) -> usize {
    let count = |verdict: Verdict<SessionGiven>| match verdict.expect("no fault") {
        Ok(_) => 1,
        Err(Refusal::AuthenticationFailed | Refusal::TooManyRequests { .. }) => 0,
        Err(other) => panic!("refused otherwise: {other:?}"),
    };
    verdicts.into_iter().map(count).sum()
}

async fn sign_ins(house: &House, mike: &Enabled, number: usize) -> Vec<SignInHandle> {
    let mut sign_ins = vec![];
    for _ in 0..number {
        sign_ins.push(house.second_step(&mike.login).await.id);
    }
    sign_ins
}

/// AT-05, SR-025, SR-101: right codes of an authenticator, over one sign-in and over five.
#[test]
fn a_code_submitted_50_times_at_once_enters_once() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        for round in 0..20 {
            house.pass(STEP);
            let sign_ins = sign_ins(&house, &mike, if round % 2 == 0 { 1 } else { 5 }).await;
            let code = house.code(&mike.secret);
            let answers = (0..AT_ONCE)
                .map(|n| house.answer(&sign_ins[n % sign_ins.len()], Method::Totp, &code));
            assert_eq!(successes(join_all(answers).await), 1, "round {round}");
        }
        assert_eq!(house.count(mike.account, "account.cooled_down").await, 0);
    });
}

/// AT-05, SR-025, SR-034, SR-022: recovery codes and codes by e-mail too.
#[test]
fn sr_034_recovery_and_e_mail_codes_enter_once() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        let steps = sign_ins(&house, &mike, 5).await;
        let answers = (0..AT_ONCE)
            .map(|n| house.answer(&steps[n % 5], Method::RecoveryCode, &mike.recovery_codes[0]));
        assert_eq!(successes(join_all(answers).await), 1);
        assert_eq!(house.count(mike.account, "account.recovery_code_used").await, 1);
        let step = house.second_step("mike").await;
        let code = house.mailed_code(mike.account, &step.id).await;
        let answers = (0..AT_ONCE).map(|_| house.answer(&step.id, Method::EmailCode, &code));
        assert_eq!(successes(join_all(answers).await), 1);
    });
}
