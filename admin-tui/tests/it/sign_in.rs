//! Signing in, setting up, and what ends a session.

use countersign_admin_tui::effect::{Call, Effect};
use countersign_admin_tui::message::{Answer, Message};
use countersign_admin_tui::model::form::FieldName;
use countersign_admin_tui::model::{Enrol, Screen};
use countersign_api::contract::kind::CodeMethod;
use countersign_api::contract::problem::ProblemCode;
use countersign_api::contract::secret::Secret;
use crossterm::event::KeyCode;

use crate::driver::{Console, SEED};
use crate::samples::{
    code_wanted, factor_id, offered, offline, password_session, recovery_codes, refused, session,
};

#[test]
fn login_password_and_code_lead_to_the_accounts() {
    let mut console = Console::start();
    console.sign_in_with_password();
    let (bearer, call) = console.call();
    assert_eq!(bearer, None);
    assert!(matches!(call, Call::SignIn { login, password, .. }
        if login == "olga" && password.reveal() == "correct horse"));

    console.answer(code_wanted());
    assert_eq!(console.effects, [], "nothing is sent before there is a code");
    console.text("123 456").press(KeyCode::Enter);
    let (_, Call::AnswerCode { sign_in, answer, .. }) = console.call() else { panic!() };
    assert_eq!(sign_in.reveal(), "sign-in handle");
    assert_eq!(answer.method, CodeMethod::Totp);
    assert_eq!(answer.factor_id, Some(factor_id()));
    assert_eq!(answer.code.reveal(), "123456", "as phones group it, and as servers take it");

    console.answer(Answer::SignedIn(session("token")));
    assert!(console.is_accounts());
}

#[test]
fn a_recovery_code_is_another_way_and_a_mailed_one_is_none() {
    let mut console = Console::start();
    console.sign_in_with_password();
    console.answer(code_wanted());
    console.press(KeyCode::Up).press(KeyCode::Right).press(KeyCode::Enter);
    console.text("0F3KQ-7WZ2P").press(KeyCode::Enter);
    let (_, Call::AnswerCode { answer, .. }) = console.call() else { panic!() };
    assert_eq!(answer.method, CodeMethod::RecoveryCode);
    assert_eq!(answer.code.reveal(), "0F3KQ-7WZ2P");
}

#[test]
fn a_wrong_password_is_typed_anew_and_the_login_stays() {
    let mut console = Console::start();
    console.sign_in_with_password();
    console.fail(refused(ProblemCode::AuthenticationFailed));
    let Screen::SignIn(screen) = &console.model.screen else { panic!() };
    assert_eq!(screen.form.typed(FieldName::Login), "olga");
    assert_eq!(screen.form.typed(FieldName::Password), "");
    console.text("better").press(KeyCode::Enter);
    assert!(matches!(console.call().1, Call::SignIn { login, .. } if login == "olga"));
}

#[test]
fn an_empty_form_sends_nothing() {
    let mut console = Console::start();
    console.press(KeyCode::Enter).press(KeyCode::Enter);
    assert_eq!(console.effects, []);
}

#[test]
fn a_first_password_leads_to_the_sign_in_the_authenticator_and_the_recovery_codes() {
    let mut console = Console::start();
    console.press(KeyCode::F(2));
    console.message(Message::Paste("  the-setup-token\n".to_owned())).press(KeyCode::Enter);
    console.text("a long password").press(KeyCode::Enter);
    console.text("a long password").press(KeyCode::Enter);
    assert!(matches!(console.call().1, Call::SetUp { token, password, .. }
        if token.reveal() == "the-setup-token" && password.reveal() == "a long password"));
    console.answer(Answer::SetUp);

    console.text("olga").press(KeyCode::Enter).press(KeyCode::Enter);
    assert!(matches!(console.call().1, Call::SignIn { login, password, .. }
        if login == "olga" && password.reveal() == "a long password"));
    console.answer(Answer::SignedIn(password_session("weak token")));
    let (bearer, call) = console.call();
    assert_eq!(bearer, Some("weak token"));
    assert!(matches!(call, Call::BeginFactor { password, .. }
        if password.reveal() == "a long password"));

    console.answer(offered());
    assert!(console.words().contains("JBSW Y3DP EHPK 3PXP"));
    console.text("654321").press(KeyCode::Enter);
    assert!(matches!(console.call().1, Call::ActivateFactor { factor, code, .. }
        if *factor == factor_id() && code.reveal() == "654321"));
    let session = Some(session("strong token"));
    console.answer(Answer::Activated { recovery_codes: recovery_codes(), session });
    assert!(console.words().contains("0F3KQ-7WZ2P-M4XVA-90TBR-C6HDN"));

    console.press(KeyCode::Enter);
    assert!(console.is_accounts());
    console.text("ana").press(KeyCode::Enter);
    assert_eq!(console.call().0, Some("strong token"));
    assert!(!format!("{:?}", console.model).contains("7WZ2P"), "shown once, kept nowhere");
}

#[test]
fn whoever_was_set_up_and_never_finished_comes_to_the_authenticator_by_signing_in() {
    let mut console = Console::start();
    console.sign_in_with_password();
    console.answer(Answer::SignedIn(password_session("weak token")));
    assert!(matches!(console.model.screen, Screen::Enrol(Enrol::Asked { .. })));
    assert!(matches!(console.call().1, Call::BeginFactor { .. }));
}

#[test]
fn two_passwords_that_differ_are_not_sent() {
    let mut console = Console::start();
    console.press(KeyCode::F(2)).text("token").press(KeyCode::Enter);
    console.text("one password").press(KeyCode::Enter);
    console.text("another one").press(KeyCode::Enter);
    assert_eq!(console.effects, []);
    assert!(console.words().contains("The two passwords differ."));
}

#[test]
fn trying_again_sends_the_very_same_call() {
    let mut console = Console::start();
    console.sign_in_with_password();
    let first = console.call().1.clone();
    console.fail(offline());
    assert!(console.words().contains("The server does not answer"));
    console.press(KeyCode::F(5));
    assert_eq!(console.call().1, &first, "the idempotency key included");
}

#[test]
fn idempotency_keys_are_new_for_every_act_and_of_a_length_that_servers_take() {
    let mut console = Console::start();
    let keys: Vec<String> = (0..3).map(|_| console.model.new_key()).collect();
    assert!(keys.iter().all(|key| key.starts_with(SEED) && (22..=64).contains(&key.len())));
    assert_ne!(keys[0], keys[1]);
    assert_ne!(keys[1], keys[2]);
}

#[test]
fn a_session_that_is_over_leads_back_to_the_sign_in() {
    let mut console = Console::signed_in();
    console.text("ana").press(KeyCode::Enter);
    console.fail(refused(ProblemCode::Unauthenticated));
    let Screen::SignIn(screen) = &console.model.screen else { panic!() };
    assert_eq!(screen.form.typed(FieldName::Login), "olga");
    assert!(console.model.operator.is_none());
    assert!(console.words().contains("Your session is over"));
}

#[test]
fn quitting_ends_the_session_even_while_a_call_is_under_way() {
    let mut console = Console::signed_in();
    console.text("ana").press(KeyCode::Enter);
    console.control('c');
    assert_eq!(console.effects, [Effect::Quit { bearer: Some(Secret::new("first token")) }]);
}

#[test]
fn a_signal_ends_it_like_a_key() {
    let mut console = Console::signed_in();
    console.message(Message::Stop);
    assert_eq!(console.effects, [Effect::Quit { bearer: Some(Secret::new("first token")) }]);
}

/// SR-140: what is printed for people who look for a fault holds no password, code or token.
#[test]
fn sr_140_nothing_that_can_be_printed_holds_a_secret() {
    let mut console = Console::start();
    console.sign_in_with_password();
    let printed = format!("{:?}", console.effects);
    assert!(printed.contains("olga"), "{printed}");
    assert!(!printed.contains("correct horse"), "{printed}");
}
