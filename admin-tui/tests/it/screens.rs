//! From screen to screen, kept fresh, and with a server that goes away.

use countersign_admin_tui::effect::{Call, Effect, Look, Lookup};
use countersign_admin_tui::message::{Answer, Message};
use countersign_admin_tui::model::Screen;
use countersign_admin_tui::update::{AGAIN_SECONDS, REST_AFTER};
use countersign_api::contract::kind::Role;
use countersign_api::contract::problem::ProblemCode;
use countersign_api::contract::statistics::Window;
use crossterm::event::KeyCode;

use crate::driver::Console;
use crate::samples::{
    events, health, hit, live_line, locked_account, no_numbers, numbers, offline, operators,
    other_hit, refused, removals,
};
use crate::support::opening;

#[test]
fn every_screen_is_one_key_away_from_every_other_and_from_within_a_field() {
    let calls: [(u8, Call); 4] = [
        (3, Look::LockedNow.into()),
        (4, Look::Removals.into()),
        (7, Look::Statistics { window: Window::Hour }.into()),
        (8, Look::LogHealth.into()),
    ];
    for (key, call) in &calls {
        // In the search field, which takes every letter.
        let mut console = Console::at(*key);
        assert_eq!(console.call().1, call);
        for (other, call) in &calls {
            console.press(KeyCode::F(*other));
            assert_eq!(console.call().1, call, "F{other} after F{key}");
        }
        console.press(KeyCode::F(6));
        assert!(matches!(console.effects[..], [Effect::Follow { from: None, .. }]));
        console.press(KeyCode::F(2));
        assert!(console.is_accounts());
        assert_eq!(console.effects, [Effect::Leave], "the log is not followed any more");
    }
}

/// The next caller is named in full, wherever the last one was left: no key falls on another list.
#[test]
fn f2_leads_from_anywhere_to_an_empty_search_field_above_the_list() {
    type Way = fn() -> Console;
    let ways: [(&str, Way); 4] = [
        ("the list", || {
            let mut console = Console::on_account(locked_account(), events());
            console.press(KeyCode::Esc);
            console
        }),
        ("the account", || Console::on_account(locked_account(), events())),
        ("an account of the lockouts", || from_list(3, Answer::Found(vec![hit()]))),
        ("an account of the removals", || from_list(4, Answer::Removals(removals()))),
    ];
    for (from, console) in ways {
        let mut console = console();
        console.press(KeyCode::F(2)).text("mike").press(KeyCode::Enter);
        let lookup = Lookup::Login("mike".to_owned());
        assert_eq!(console.call().1, &Look::Search { lookup, ticket: None }.into(), "{from}");
        console.answer(Answer::Found(vec![other_hit()])).press(KeyCode::Enter);
        let opened = Look::OpenAccount { account: other_hit().id, kind: None, ticket: None };
        assert_eq!(console.call().1, &opened.into(), "{from}");
    }
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::F(4)).answer(Answer::Removals(removals())).press(KeyCode::F(2));
    console.press(KeyCode::Down).press(KeyCode::Enter);
    assert_eq!(console.call().1, &opening(None), "the list is there still");
}

/// With an account open that a list led to.
fn from_list(key: u8, list: Answer) -> Console {
    let mut console = Console::at(key);
    console.answer(list).press(KeyCode::Enter);
    let account = Box::new(locked_account());
    console.answer(Answer::Opened { account, events: events(), older: None });
    console
}

/// What a role cannot use is not in the row, and its first screen is one that it can.
#[test]
fn an_auditor_begins_at_the_log_and_an_admin_at_the_numbers() {
    let console = Console::signed_in_as(Role::Auditor);
    assert!(matches!(console.model.screen, Screen::Live));
    let mut console_of_admin = Console::signed_in_as(Role::Admin);
    console_of_admin.answer(Answer::Statistics(no_numbers()));
    assert!(matches!(console_of_admin.model.screen, Screen::Statistics(_)));
    for (mut console, row) in [
        (console, "F1 help  F6 live  F7 statistics  F8 log"),
        (console_of_admin, "F1 help  F7 statistics  F8 log  F9 operators"),
    ] {
        assert!(console.words().contains(&format!(" {row}  ")), "{}", console.words());
        console.press(KeyCode::F(4));
        assert_eq!(console.effects, []);
        assert!(console.words().contains("Your role does not allow this"), "{}", console.words());
    }
}

/// Who may act here is for admins to read: who, in what role, by whom, and when last.
#[test]
fn an_admin_reads_who_may_act_here() {
    let mut console = Console::at_as(9, Role::Admin);
    assert_eq!(console.call().1, &Look::Operators.into());
    console.answer(Answer::Operators(operators()));
    let words = console.words();
    for part in ["anna", "nina", "sara", "tom", "not set up", "never", "disabled"] {
        assert!(words.contains(part), "{part} in {words}");
    }
    console.press(KeyCode::Down).press(KeyCode::Down);
    let words = console.words();
    for part in
        ["Given by        operator anna", "supervisor, since 2026-11-10", "2026-11-24 13:50"]
    {
        assert!(words.contains(part), "{part} in {words}");
    }
    for role in [Role::Support, Role::Supervisor, Role::Auditor] {
        let mut console = Console::signed_in_as(role);
        assert!(!console.words().contains("F9 operators"), "{}", console.words());
        console.press(KeyCode::F(9));
        assert_eq!(console.effects, []);
        assert!(console.words().contains("Your role does not allow this"), "{}", console.words());
    }
}

/// Under a question that must be answered first there are no keys that do nothing.
#[test]
fn the_row_of_the_screens_is_gone_under_a_question() {
    let mut console = Console::on_account(locked_account(), events());
    assert!(console.words().contains("F3 lockouts"));
    console.press(KeyCode::Char('w'));
    assert!(console.words().contains("F3 lockouts"), "what is only read may be left");
    console.press(KeyCode::Esc).press(KeyCode::Char('u'));
    let words = console.words();
    assert!(words.contains("F1 help") && !words.contains("F3 lockouts"), "{words}");
}

#[test]
fn an_account_that_was_opened_from_a_list_leads_back_to_it() {
    let mut console = Console::at(3);
    console.answer(Answer::Found(vec![other_hit(), hit()])).press(KeyCode::Down);
    console.press(KeyCode::Enter);
    assert_eq!(console.call().1, &opening(None));
    console.answer(Answer::Opened {
        account: Box::new(locked_account()),
        events: events(),
        older: None,
    });
    console.press(KeyCode::Esc);
    let Screen::Lockouts(screen) = &console.model.screen else { panic!() };
    assert_eq!((screen.selected, screen.hits.as_ref().map(Vec::len)), (1, Some(2)));
}

#[test]
fn a_dialog_that_asks_something_is_left_before_one_goes_elsewhere() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('u')).press(KeyCode::F(3));
    assert_eq!(console.effects, []);
    assert!(matches!(console.model.screen, Screen::Account(_)));
    console.press(KeyCode::Esc).press(KeyCode::Char('w')).press(KeyCode::F(3));
    assert!(matches!(console.model.screen, Screen::Lockouts(_)), "what is only read is left");
    assert!(console.model.dialogs.is_empty());
}

#[test]
fn an_act_under_way_is_not_left_for_another_screen() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('s')).text("why").press(KeyCode::Enter).text("1");
    console.press(KeyCode::Enter).press(KeyCode::Char('y'));
    assert!(matches!(console.call().1, Call::Act { .. }));
    console.press(KeyCode::F(3));
    assert!(console.model.waiting.is_some());
    assert!(matches!(console.model.screen, Screen::Account(_)));
}

#[test]
fn lists_and_numbers_are_kept_fresh_without_anybody_waiting() {
    let mut console = Console::at(3);
    console.answer(Answer::Found(vec![hit()]));
    console.later(9);
    assert_eq!(console.effects, []);
    console.later(1);
    assert_eq!(console.call().1, &Look::LockedNow.into());
    assert!(console.model.waiting.is_none(), "the keys are free");
    console.later(60);
    assert_eq!(console.effects, [], "one at a time");
    console.press(KeyCode::Down).answer_quietly(Answer::Found(Vec::new()));
    assert!(console.words().contains("No account is locked now."));
}

/// SR-120: a console that nobody uses does not keep its session alive.
#[test]
fn sr_120_without_a_key_for_a_while_nothing_is_asked_for_by_itself() {
    let mut console = Console::at(8);
    console.answer(Answer::LogHealth(health()));
    console.later(REST_AFTER.as_secs());
    for _ in 0..100 {
        console.later(30);
        assert_eq!(console.effects, []);
    }
    assert!(console.words().contains("At rest"), "{}", console.words());
    console.press(KeyCode::Char('j')).later(1);
    assert_eq!(console.call().1, &Look::LogHealth.into());
}

#[test]
fn a_server_that_is_away_is_asked_again_less_and_less_often_until_it_answers() {
    let mut console = Console::at(4);
    for seconds in AGAIN_SECONDS {
        console.fail(offline());
        let words = console.said();
        assert!(words.contains("Away since 13:52:30 UTC"), "{words}");
        console.later(seconds - 1);
        assert_eq!(console.effects, [], "{seconds}");
        console.later(1);
        assert_eq!(console.call().1, &Look::Removals.into(), "{seconds}");
    }
    console.answer(Answer::Removals(removals()));
    let words = console.words();
    assert!(words.contains("The server answers again."), "{words}");
    assert!(words.contains("Pixel 8"), "{words}");
    console.later(15);
    assert!(!console.words().contains("The server answers again."), "no news any more");
}

#[test]
fn what_is_on_the_screen_stays_while_the_server_is_away() {
    let mut console = Console::at(8);
    console.answer(Answer::LogHealth(health())).later(10);
    let number = console.model.quiet.as_ref().unwrap().number;
    console.message(Message::Answered { number, outcome: Err(offline()) });
    let words = console.words();
    assert!(words.contains("2,000,017") && words.contains("does not answer"), "{words}");
    console.later(AGAIN_SECONDS[0]);
    assert_eq!(console.call().1, &Look::LogHealth.into());
    console.answer_quietly(Answer::LogHealth(health()));
    assert!(console.words().contains("The server answers again."));
}

#[test]
fn numbers_of_another_window_than_the_one_asked_for_are_not_shown() {
    let mut console = Console::at(7);
    console.answer(Answer::Statistics(no_numbers())).press(KeyCode::Char(' '));
    assert_eq!(console.call().1, &Look::Statistics { window: Window::Day }.into());
    console.answer(Answer::Statistics(numbers(Window::Hour)));
    assert!(console.words().contains("Not loaded"), "{}", console.words());
    console.press(KeyCode::F(5)).answer(Answer::Statistics(numbers(Window::Day)));
    assert!(console.words().contains("The last day"), "{}", console.words());
    console.press(KeyCode::Char(' ')).answer(Answer::Statistics(numbers(Window::Week)));
    console.press(KeyCode::Char(' '));
    assert_eq!(console.call().1, &Look::Statistics { window: Window::Hour }.into());
}

#[test]
fn nothing_of_a_session_that_is_over_stays() {
    let mut console = Console::on_account(locked_account(), events());
    console.control('t').text("4711").press(KeyCode::Enter);
    console.press(KeyCode::F(6));
    console.followed(countersign_admin_tui::message::Followed::Lines(vec![live_line(0)]));
    console.press(KeyCode::F(3)).fail(refused(ProblemCode::Unauthenticated));
    assert_eq!(console.effects, [Effect::Leave]);
    let printed = format!("{:?}", console.model);
    for trace in ["4711", "Pixel 8", "code_rejected", "first token"] {
        assert!(!printed.contains(trace), "{trace} in {printed}");
    }
}
