//! Looking accounts up, and unlocking them.

use countersign_admin_tui::effect::{Call, Lookup};
use countersign_admin_tui::message::{Answer, Message};
use countersign_admin_tui::model::account::Event;
use countersign_admin_tui::model::{Dialog, Screen, UnlockStage};
use countersign_api::contract::kind::{CodeMethod, Method, ResetScope};
use countersign_api::contract::problem::ProblemCode;
use countersign_api::contract::support::ResetLockout;
use crossterm::event::KeyCode;

use crate::driver::{
    Console, account_id, events, hit, locked_account, offline, other_hit, refused, reset_event,
    session,
};

#[test]
fn a_search_is_by_login_or_by_email_and_exact_as_typed() {
    let mut console = Console::signed_in();
    console.text(" Ana.Lima ").press(KeyCode::Enter);
    let (bearer, call) = console.call();
    assert_eq!(bearer, Some("first token"));
    assert_eq!(call, &Call::Search(Lookup::Login("Ana.Lima".to_owned())));
    console.answer(Answer::Found(Vec::new()));
    assert!(console.words().contains("No account has exactly this login"));

    console.press(KeyCode::Tab).control('u').text("ana@example.org").press(KeyCode::Enter);
    let looked_up = Lookup::Email("ana@example.org".to_owned());
    assert_eq!(console.call().1, &Call::Search(looked_up));
}

#[test]
fn what_was_found_has_the_keyboard_and_opens() {
    let mut console = Console::signed_in();
    console.text("ana").press(KeyCode::Enter);
    console.answer(Answer::Found(vec![other_hit(), hit()]));
    console.press(KeyCode::Down).press(KeyCode::Down).press(KeyCode::Enter);
    assert_eq!(console.call().1, &Call::OpenAccount { account: account_id() });
}

#[test]
fn locked_now_is_a_list_of_its_own_and_is_loaded_anew_by_a_key() {
    let mut console = Console::signed_in();
    console.press(KeyCode::F(2));
    assert_eq!(console.call().1, &Call::LockedNow);
    console.answer(Answer::Found(vec![hit()])).press(KeyCode::F(5));
    assert_eq!(console.call().1, &Call::LockedNow);
}

#[test]
fn the_list_is_still_there_after_coming_back() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Esc);
    let Screen::Accounts(accounts) = &console.model.screen else { panic!() };
    assert_eq!(accounts.hits.as_ref().map(Vec::len), Some(1));
}

#[test]
fn the_newest_event_is_at_the_top_and_opens_whole() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Enter);
    assert!(matches!(
        console.model.dialogs.last(),
        Some(Dialog::Event { event: Event { revision: 11, .. }, .. })
    ));
    console.press(KeyCode::Esc).press(KeyCode::Down).press(KeyCode::Enter);
    assert!(matches!(
        console.model.dialogs.last(),
        Some(Dialog::Event { event: Event { revision: 10, .. }, .. })
    ));
}

#[test]
fn older_and_newer_pages_are_asked_for_by_their_cursors() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::F(5));
    let opened = Answer::Opened { account: locked_account(), events: events(), older: Some(12) };
    console.answer(opened).press(KeyCode::Char('n'));
    let older = Call::Events { account: account_id(), cursor: Some(12) };
    assert_eq!(console.call().1, &older);
    console.answer(Answer::Events { cursor: Some(12), events: events(), older: None });
    console.press(KeyCode::Char('n'));
    assert_eq!(console.effects, [], "nothing is older than the first event");
    console.press(KeyCode::Char('p'));
    assert_eq!(console.call().1, &Call::Events { account: account_id(), cursor: None });
    console.answer(Answer::Events { cursor: None, events: events(), older: Some(12) });
    console.press(KeyCode::Char('p'));
    assert_eq!(console.effects, [], "nothing is newer than the newest page");
}

/// Fills the dialog in, up to the event that will be written.
fn to_confirmation(console: &mut Console) {
    console.press(KeyCode::Char('u')).press(KeyCode::Right).press(KeyCode::Enter);
    console.press(KeyCode::Right).press(KeyCode::Right).press(KeyCode::Enter);
    console.text("called, knows her birthday").press(KeyCode::Enter);
    console.text("4711").press(KeyCode::Enter);
}

fn request() -> ResetLockout {
    ResetLockout {
        scope: ResetScope::Counters,
        method: Some(Method::Totp),
        reason: "called, knows her birthday".to_owned(),
        ticket: "4711".to_owned(),
    }
}

#[test]
fn an_unlock_shows_the_event_that_will_be_written_and_then_the_one_that_was() {
    let mut console = Console::on_account(locked_account(), events());
    to_confirmation(&mut console);
    assert_eq!(console.effects, [], "nothing is written before a yes");
    let words = console.words();
    for part in [
        "This event will be written",
        "account.lockout_reset",
        "counters",
        "totp",
        "called, knows her birthday",
        "4711",
        "operator olga",
    ] {
        assert!(words.contains(part), "{part} in {words}");
    }
    console.press(KeyCode::Enter);
    let Call::ResetLockout { account, request: sent, .. } = console.call().1 else { panic!() };
    assert_eq!((*account, sent), (account_id(), &request()));

    console.answer(Answer::LockoutEnded(reset_event()));
    let words = console.words();
    assert!(words.contains("This event was written"), "{words}");
    assert!(words.contains("support ended the waiting for every method"), "{words}");
    console.press(KeyCode::Esc);
    let reload = Call::OpenAccount { account: account_id() };
    assert_eq!(console.call().1, &reload, "the state is shown anew");
}

/// SR-122: no unlock without a reason and a ticket.
#[test]
fn sr_122_an_unlock_without_reason_or_ticket_goes_nowhere() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('u'));
    for _ in 0..4 {
        console.press(KeyCode::Enter);
    }
    assert!(console.words().contains("Reason is missing."));
    console.text("a reason").press(KeyCode::Enter).text("   ").press(KeyCode::Enter);
    assert!(console.words().contains("Ticket is missing."));
    assert_eq!(console.effects, []);
    let Some(Dialog::Unlock(unlock)) = console.model.dialogs.last() else { panic!() };
    assert!(matches!(unlock.stage, UnlockStage::Filling { missing: Some(_) }));
}

#[test]
fn a_step_up_asks_for_a_code_and_repeats_the_act_with_the_same_key() {
    let mut console = Console::on_account(locked_account(), events());
    to_confirmation(&mut console);
    console.press(KeyCode::Enter);
    let act = console.call().1.clone();
    console.fail(refused(ProblemCode::StepUpRequired));
    assert!(console.words().contains("Prove that it is you"));

    console.text("111111").press(KeyCode::Enter);
    let (bearer, Call::Prove { answer, .. }) = console.call() else { panic!() };
    assert_eq!(bearer, Some("first token"));
    assert_eq!((answer.method, answer.code.reveal()), (CodeMethod::Totp, "111111"));
    console.fail(refused(ProblemCode::AuthenticationFailed));
    assert!(console.words().contains("Each code works once"), "{}", console.words());

    console.text("222222").press(KeyCode::Enter);
    console.answer(Answer::Proven(session("second token")));
    let (bearer, again) = console.call();
    assert_eq!(bearer, Some("second token"), "the old token is dead");
    assert_eq!(again, &act, "the very same act, its idempotency key included");
    console.answer(Answer::LockoutEnded(reset_event()));
    assert!(console.words().contains("This event was written"));
}

#[test]
fn confirming_anew_after_a_lost_answer_is_the_same_act() {
    let mut console = Console::on_account(locked_account(), events());
    to_confirmation(&mut console);
    console.press(KeyCode::Enter);
    let act = console.call().1.clone();
    console.fail(offline()).press(KeyCode::Enter);
    assert_eq!(console.call().1, &act, "it may have had its effect: the key says so");
}

#[test]
fn a_request_that_was_changed_is_another_act() {
    let mut console = Console::on_account(locked_account(), events());
    to_confirmation(&mut console);
    console.press(KeyCode::Enter);
    let Call::ResetLockout { key: first, .. } = console.call().1.clone() else { panic!() };
    console.fail(offline()).press(KeyCode::Esc).text("2");
    console.press(KeyCode::Enter).press(KeyCode::Enter);
    let Call::ResetLockout { key, request, .. } = console.call().1 else { panic!() };
    assert_eq!(request.ticket, "47112");
    assert_ne!(key, &first, "a key belongs to one request");
}

#[test]
fn an_act_under_way_cannot_be_left_and_reading_can() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::F(5)).press(KeyCode::Esc);
    assert!(console.model.waiting.is_none(), "reading was given up");
    to_confirmation(&mut console);
    console.press(KeyCode::Enter).press(KeyCode::Esc);
    assert!(console.model.waiting.is_some());
    assert!(matches!(console.model.dialogs.last(), Some(Dialog::Unlock(_))));
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::F(5));
    let number = console.number();
    console.press(KeyCode::Esc).press(KeyCode::Esc);
    let late = Answer::Found(Vec::new());
    console.message(Message::Answered { number, outcome: Ok(late) });
    let Screen::Accounts(accounts) = &console.model.screen else { panic!() };
    assert_eq!(accounts.hits.as_ref().map(Vec::len), Some(1), "the list is as it was");
}

#[test]
fn help_lies_over_anything_and_goes_away_again() {
    let mut console = Console::start();
    console.text("ol").press(KeyCode::F(1));
    let words = console.words();
    let here = words.find("In a form").unwrap();
    assert!(here < words.find("Everywhere").unwrap(), "what holds here comes first: {words}");
    assert!(!words.contains("Reading"), "the rest is further down");
    console.press(KeyCode::PageDown).press(KeyCode::PageDown).press(KeyCode::PageDown);
    assert!(console.words().contains("Reading"), "{}", console.words());
    console.press(KeyCode::Esc).text("ga");
    console.press(KeyCode::Enter).text("pw").press(KeyCode::Enter);
    assert!(matches!(console.call().1, Call::SignIn { login, .. } if login == "olga"));
}
