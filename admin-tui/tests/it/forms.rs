//! Forms: nothing that is typed is lost unseen, and no key does what it does not say.

use countersign_admin_tui::effect::Call;
use countersign_admin_tui::message::{Answer, Failure, Message};
use countersign_admin_tui::model::act::Act;
use countersign_admin_tui::theme::Theme;
use countersign_api::contract::kind::Role;
use countersign_api::contract::problem::ProblemCode;
use crossterm::event::KeyCode;

use crate::driver::Console;
use crate::samples::{code_wanted, events, hit, locked_account, moment, own_id, reset_event};

fn asking_for_a_removal() -> Console {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('r')).press(KeyCode::Enter).press(KeyCode::Right);
    console.press(KeyCode::Enter);
    console
}

/// The spaces of a sentence choose nothing, least of all that nobody waits.
#[test]
fn what_is_typed_into_a_choice_changes_nothing_and_is_said() {
    let mut console = asking_for_a_removal();
    console.text("lost the phone");
    assert!(console.words().contains("This is a choice"), "{}", console.words());
    assert!(console.words().contains("(•) after the delay"), "{}", console.words());
    let mut console = asking_for_a_removal();
    console.message(Message::Paste("lost the phone".to_owned()));
    assert!(console.words().contains("This is a choice"), "{}", console.words());
    console.press(KeyCode::Enter).text("lost").press(KeyCode::Enter).text("4711");
    console.press(KeyCode::Enter).press(KeyCode::Char('y'));
    let Call::Act { act: Act::AskRemoval(asked), .. } = console.call().1 else { panic!() };
    assert!(!asked.in_person);
}

#[test]
fn what_was_typed_is_dropped_by_a_second_esc_alone() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('s')).press(KeyCode::Esc);
    assert!(console.model.dialogs.is_empty(), "an empty form is left at once");
    console.press(KeyCode::Char('s')).text("called").press(KeyCode::Esc);
    assert!(console.words().contains("Press Esc again to drop it"), "{}", console.words());
    console.text(" back").press(KeyCode::Esc);
    assert_eq!(console.model.dialogs.len(), 1, "another key in between asks anew");
    assert!(console.words().contains("called back"), "{}", console.words());
    console.press(KeyCode::Esc);
    assert!(console.model.dialogs.is_empty());
}

#[test]
fn enter_stays_at_a_reason_that_is_missing_and_says_so() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('s')).press(KeyCode::Enter);
    assert!(console.words().contains("Reason is missing."), "{}", console.words());
    console.text("called").press(KeyCode::Enter).text("4711").press(KeyCode::Enter);
    assert!(console.words().contains("y writes it"), "{}", console.words());
    assert!(console.words().contains("called"), "it was typed where it belongs");
}

#[test]
fn what_another_search_found_is_marked_while_a_name_is_typed() {
    let mut console = Console::signed_in();
    console.text("ana.lima").press(KeyCode::Enter).answer(Answer::Found(vec![hit()]));
    assert!(!console.words().contains("the search before"), "{}", console.words());
    console.press(KeyCode::F(2)).text("bert");
    assert!(console.words().contains("found by the search before"), "{}", console.words());
    console.control('u').text("ana.lima");
    assert!(!console.words().contains("the search before"), "{}", console.words());
}

#[test]
fn a_lock_that_has_ended_is_shown_no_more() {
    let mut console = Console::on_account(locked_account(), events());
    console.later(3600);
    let words = console.words();
    assert!(words.contains("was, until 14:05:00 UTC: F5 looks anew"), "{words}");
    assert!(!words.contains("(over)"), "{words}");
    console.press(KeyCode::Char('w'));
    assert!(console.words().contains("Nothing is locked"), "{}", console.words());
}

#[test]
fn every_key_of_an_account_is_named_on_the_smallest_terminal() {
    let mut console = Console::on_account_as(Role::Supervisor, locked_account(), events());
    console.press(KeyCode::F(5));
    let account = Box::new(locked_account());
    console.answer(Answer::Opened { account, events: events(), older: Some(3) });
    console.press(KeyCode::Char('o'));
    console.answer(Answer::Events { cursor: Some(3), events: events(), older: Some(1) });
    let words = console.frame(Theme::new(true), (80, 24)).backend().to_string();
    for key in [
        "u unlock",
        "w why",
        "t past",
        "s suspend",
        "e end sessions",
        "p new password",
        "r remove",
        "m address",
        "f filter",
        "o older",
        "n newer",
        "v state",
        "Esc back",
    ] {
        assert!(words.contains(key), "{key} in {words}");
    }
    console.press(KeyCode::F(5));
    let account = Box::new(locked_account());
    console.answer(Answer::Opened { account, events: events(), older: None });
    let words = console.words();
    assert!(!words.contains("o older") && !words.contains("n newer"), "{words}");
}

#[test]
fn the_help_tells_of_no_key_that_a_role_has_no_use_for() {
    let help_of = |role, key| {
        let mut console = Console::at_as(key, role);
        console.press(KeyCode::F(1));
        let mut words = String::new();
        for _ in 0..12 {
            words.push_str(&console.said());
            console.press(KeyCode::PageDown);
        }
        console.press(KeyCode::Home);
        assert_eq!(console.said(), words[..console.said().len()], "Home leads to the beginning");
        words
    };
    let admin = help_of(Role::Admin, 7);
    for hidden in ["F2 ", "F3 ", "F4 ", "Ctrl+T", "end a lockout", "In the list of removals"] {
        assert!(!admin.contains(hidden), "{hidden} in {admin}");
    }
    assert!(admin.contains("F9 ") && admin.contains("F7 "), "{admin}");
    let auditor = help_of(Role::Auditor, 6);
    assert!(!auditor.contains("F2 ") && auditor.contains("F6 "), "{auditor}");
    let support = help_of(Role::Support, 6);
    assert!(support.contains("Ctrl+T") && support.contains("end a lockout"), "{support}");
    assert!(!support.contains("F9 ") && !support.contains("approve a removal"), "{support}");
    let mut admin = Console::at_as(7, Role::Admin);
    admin.control('t');
    assert!(admin.model.dialogs.is_empty());
}

/// Nobody knows himself by an id.
#[test]
fn ones_own_event_says_ones_login() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('s')).text("called").press(KeyCode::Enter).text("4711");
    console.press(KeyCode::Enter).press(KeyCode::Char('y'));
    console.answer(Answer::Written(reset_event()));
    assert!(console.said().contains("By operator olga"), "{}", console.said());
    assert!(!console.said().contains(&own_id().to_string()), "{}", console.said());
    let account = Box::new(locked_account());
    console.press(KeyCode::Enter);
    console.answer(Answer::Opened { account, events: vec![reset_event()], older: None });
    console.press(KeyCode::Enter);
    assert!(console.said().contains("By operator olga"), "{}", console.said());
}

#[test]
fn a_code_that_is_none_is_refused_in_words() {
    let mut console = Console::start();
    console.sign_in_with_password();
    console.answer(code_wanted()).text("12345").press(KeyCode::Enter);
    console.fail(Failure::Refused {
        code: ProblemCode::InvalidRequest,
        says: "`code` must be a string of six digits".into(),
        wait_seconds: None,
    });
    let words = console.said();
    assert!(words.contains("has six digits") && !words.contains('`'), "{words}");
}

/// What changed is told first; the state as it is lies one key away, and one key back.
#[test]
fn time_travel_leads_with_what_changed_in_words() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('t')).answer(Answer::Past(moment()));
    let words = console.words();
    assert!(words.contains("guesses, authenticator code, unresolved: 4 → 5"), "{words}");
    assert!(!words.contains('{') && !words.contains("attempts/"), "{words}");
    console.press(KeyCode::Char('v'));
    let words = console.words();
    assert!(words.contains('{') && words.contains("attempts/"), "{words}");
    assert!(words.contains("The state after it"), "{words}");
    console.press(KeyCode::Char('v'));
    assert!(!console.words().contains('{'), "{}", console.words());
}
