//! Codes: how long they live, where they are good, how often they may be guessed.

use countersign_core::accounts::request::{Asker, BeginFactor, CodeAnswer, Proof};
use countersign_core::domain::policy::Policy;
use countersign_core::domain::refusal::{Refusal, StepUp};
use countersign_events::account::{Assurance, Method};
use countersign_events::id::FactorId;
use jiff::SignedDuration;
use uuid::Uuid;

use super::house::{House, PASSWORD, STEP, no, run, text, yes};

const WRONG: Refusal = Refusal::AuthenticationFailed;
/// A recovery code by its form, and nobody's.
const NOBODYS: &str = "00000-00000-00000-00000-00000";

/// SR-022: a code by e-mail lives ten minutes and enters once.
#[test]
fn sr_022_a_code_by_e_mail_dies_after_ten_minutes_or_its_first_use() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        let step = house.second_step("mike").await;
        let code = house.mailed_code(mike.account, &step.id).await;
        house.pass(SignedDuration::from_secs(599));
        yes(house.answer(&step.id, Method::EmailCode, &code).await);
        assert_eq!(no(house.answer(&step.id, Method::EmailCode, &code).await), WRONG);
        let step = house.second_step("mike").await;
        assert_eq!(no(house.answer(&step.id, Method::EmailCode, &code).await), WRONG);
        let code = house.mailed_code(mike.account, &step.id).await;
        house.pass(SignedDuration::from_secs(600));
        assert_eq!(no(house.answer(&step.id, Method::EmailCode, &code).await), WRONG);
    });
}

/// SR-021, SR-023, AT-22: a code is good in its own sign-in, and only the last one sent.
#[test]
fn sr_021_a_code_by_e_mail_is_bound_to_its_sign_in_and_sr_023_voids_the_one_before() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        let (one, two) = (house.second_step("mike").await, house.second_step("mike").await);
        let first = house.mailed_code(mike.account, &one.id).await;
        assert_eq!(no(house.answer(&two.id, Method::EmailCode, &first).await), WRONG);
        let early = no(house.accounts.send_email_code(&house.call(), one.id.clone()).await);
        assert!(matches!(early, Refusal::TooManyRequests { .. }));
        house.pass(SignedDuration::from_secs(60));
        let second = house.mailed_code(mike.account, &one.id).await;
        if first != second {
            assert_eq!(no(house.answer(&one.id, Method::EmailCode, &first).await), WRONG);
        }
        yes(house.answer(&one.id, Method::EmailCode, &second).await);
    });
}

/// SR-026: five codes by e-mail in 24 hours.
#[test]
fn sr_026_three_codes_by_e_mail_a_day_from_anywhere() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        for _ in 0..3 {
            let step = house.second_step("mike").await;
            house.mailed_code(mike.account, &step.id).await;
            house.pass(SignedDuration::from_secs(60));
        }
        let step = house.second_step("mike").await;
        let refused = no(house.accounts.send_email_code(&house.call(), step.id).await);
        assert!(matches!(refused, Refusal::TooManyRequests { .. }));
        house.pass(SignedDuration::from_hours(24));
        let step = house.second_step("mike").await;
        house.mailed_code(mike.account, &step.id).await;
    });
}

/// SR-058: after five evaluated guesses a sign-in is dead, also for the right code.
#[test]
fn sr_058_the_sixth_guess_of_a_sign_in_is_not_evaluated() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        house.pass(STEP);
        let (step, wrong) = (house.second_step("mike").await, house.wrong_code(&mike.secret));
        for method in
            [Method::Totp, Method::EmailCode, Method::RecoveryCode, Method::Totp, Method::Totp]
        {
            let code = if method == Method::RecoveryCode { NOBODYS } else { &wrong };
            assert_eq!(no(house.answer(&step.id, method, code).await), WRONG);
        }
        let events = house.events(mike.account).await.len();
        assert_eq!(
            no(house.answer(&step.id, Method::Totp, &house.code(&mike.secret)).await),
            WRONG
        );
        assert_eq!(house.events(mike.account).await.len(), events, "nothing was evaluated");
        let step = house.second_step("mike").await;
        yes(house.answer(&step.id, Method::Totp, &house.code(&mike.secret)).await);
    });
}

/// SR-009, SR-007: an accepted code is dead for ever; typing it again locks nobody out.
#[test]
fn sr_007_codes_up_to_the_accepted_step_are_refused() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        house.pass(STEP * 3);
        let early = house.code(&mike.secret);
        house.pass(STEP);
        let now = house.code(&mike.secret);
        let step = house.second_step("mike").await;
        yes(house.answer(&step.id, Method::Totp, &now).await);
        let step = house.second_step("mike").await;
        for code in [&early, &now, &now, &now, &now, &now] {
            assert_eq!(no(house.answer(&step.id, Method::Totp, code).await), WRONG);
        }
        house.pass(STEP);
        yes(house.answer(&step.id, Method::Totp, &house.code(&mike.secret)).await);
    });
}

/// SR-017, AT-48: a guess is compared with the one thing it names.
#[test]
fn sr_017_a_code_counts_for_the_method_and_factor_it_names() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        house.pass(STEP);
        let step = house.second_step("mike").await;
        let code = house.code(&mike.secret);
        assert_eq!(no(house.answer(&step.id, Method::EmailCode, &code).await), WRONG);
        let malformed = no(house.answer(&step.id, Method::RecoveryCode, &code).await);
        assert!(matches!(malformed, Refusal::Invalid { field: "code", .. }), "{malformed:?}");
        let other = FactorId::new(Uuid::from_u128(7));
        let answer = CodeAnswer { method: Method::Totp, factor: Some(other), code: text(&code) };
        house.pass(SignedDuration::from_secs(1));
        assert_eq!(no(house.accounts.answer(&house.call(), step.id.clone(), answer).await), WRONG);
        let answer =
            CodeAnswer { method: Method::Totp, factor: Some(mike.factor), code: text(&code) };
        house.pass(SignedDuration::from_secs(1));
        yes(house.accounts.answer(&house.call(), step.id, answer).await);
    });
}

/// SR-034, SR-035, AT-20: a recovery code is good on its own account, in its defined spellings.
#[test]
fn sr_034_a_recovery_code_is_of_one_account_and_sr_035_has_few_spellings() {
    run(async {
        let house = House::new().await;
        let (mike, anna) = (house.enabled("mike").await, house.enabled("anna").await);
        let step = house.second_step("anna").await;
        let foreign =
            no(house.answer(&step.id, Method::RecoveryCode, &mike.recovery_codes[0]).await);
        assert_eq!(foreign, WRONG);
        let typed = format!(" {} ", anna.recovery_codes[0].to_lowercase().replace('-', " "));
        yes(house.answer(&step.id, Method::RecoveryCode, &typed).await);
        let step = house.second_step("mike").await;
        assert_eq!(no(house.answer(&step.id, Method::RecoveryCode, NOBODYS).await), WRONG);
        // SR-010: what is no code at all is no guess either, on whatever account.
        let events = house.events(mike.account).await.len();
        for code in ["", "0", "🦀", "123456", &mike.recovery_codes[1][1..]] {
            let malformed = no(house.answer(&step.id, Method::RecoveryCode, code).await);
            let refused = matches!(malformed, Refusal::Invalid { field: "code", .. });
            assert!(refused, "{code:?}: {malformed:?}");
        }
        assert_eq!(house.events(mike.account).await.len(), events);
        house.register("nora").await;
        let token = house.session("nora").await.token;
        let code = text("no code");
        let answer = CodeAnswer { method: Method::RecoveryCode, factor: None, code };
        let malformed = house.accounts.prove(&house.call(), &token, Proof::Code(answer)).await;
        assert!(matches!(no(malformed), Refusal::Invalid { field: "code", .. }));
    });
}

/// SR-033, SR-111, SR-114: what changes factors needs a fresh second factor; a code by e-mail is
/// none.
#[test]
fn sr_111_a_stale_session_must_step_up() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        let asker = || Asker::Session(mike.token.clone());
        house.pass(SignedDuration::from_secs(301));
        let step_up = Policy::default().step_up(StepUp::SecondFactor);
        let codes = house.accounts.new_recovery_codes(&house.call(), asker()).await;
        assert_eq!(no(codes), step_up);
        let removed = house.accounts.remove_factor(&house.call(), asker(), mike.factor).await;
        assert_eq!(no(removed), step_up);
        let ask = BeginFactor { name: "Second".to_owned(), password: Some(text(PASSWORD)) };
        assert_eq!(no(house.accounts.begin_factor(&house.call(), asker(), ask).await), step_up);

        let step = house.second_step("mike").await;
        let code = house.mailed_code(mike.account, &step.id).await;
        let by_mail = yes(house.answer(&step.id, Method::EmailCode, &code).await);
        let by_mail = Asker::Session(by_mail.token);
        assert_eq!(no(house.accounts.new_recovery_codes(&house.call(), by_mail).await), step_up);

        let code = house.code(&mike.secret);
        let proof =
            Proof::Code(CodeAnswer { method: Method::Totp, factor: None, code: text(&code) });
        let proven = yes(house.accounts.prove(&house.call(), &mike.token, proof).await);
        assert_eq!(proven.assurance, Assurance::TwoFactor);
        assert_ne!(proven.token, mike.token);
        assert_eq!(
            no(house.accounts.session(&house.call(), &mike.token).await),
            Refusal::NoSession
        );
        let fresh = Asker::Session(proven.token);
        let renewed = yes(house.accounts.new_recovery_codes(&house.call(), fresh).await);
        let step = house.second_step("mike").await;
        let old = no(house.answer(&step.id, Method::RecoveryCode, &mike.recovery_codes[0]).await);
        assert_eq!(old, WRONG);
        yes(house.answer(&step.id, Method::RecoveryCode, &renewed[0]).await);
    });
}

/// SR-130: a session ends after 30 idle minutes, and after 12 hours in any case.
#[test]
fn sr_130_a_session_ends_idle_or_old() {
    run(async {
        let house = House::new().await;
        house.register("mike").await;
        let idle = house.session("mike").await.token;
        let used = house.session("mike").await.token;
        for _ in 0..23 {
            house.pass(SignedDuration::from_mins(29));
            yes(house.accounts.session(&house.call(), &used).await);
        }
        assert_eq!(no(house.accounts.session(&house.call(), &idle).await), Refusal::NoSession);
        house.pass(SignedDuration::from_mins(29));
        yes(house.accounts.session(&house.call(), &used).await);
        house.pass(SignedDuration::from_mins(24));
        assert_eq!(no(house.accounts.session(&house.call(), &used).await), Refusal::NoSession);
    });
}
