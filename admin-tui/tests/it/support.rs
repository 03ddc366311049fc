//! Looking accounts up.

use countersign_admin_tui::effect::{Call, Look, Lookup};
use countersign_admin_tui::message::{Answer, Message};
use countersign_admin_tui::model::account::Event;
use countersign_admin_tui::model::{Dialog, Screen};
use countersign_api::contract::look::EventKind;
use crossterm::event::KeyCode;

use crate::driver::Console;
use crate::samples::{account_id, events, hit, locked_account, moment, other_hit};

/// The call that opens the account.
pub(crate) fn opening(kind: Option<EventKind>) -> Call {
    Look::OpenAccount { account: account_id(), kind, ticket: None }.into()
}

fn page(cursor: Option<u64>) -> Call {
    Look::Events { account: account_id(), kind: None, cursor, ticket: None }.into()
}

pub(crate) fn search(lookup: Lookup) -> Call {
    Look::Search { lookup, ticket: None }.into()
}

#[test]
fn a_search_is_by_login_or_by_email_and_exact_as_typed() {
    let mut console = Console::signed_in();
    console.text(" Ana.Lima ").press(KeyCode::Enter);
    let (bearer, call) = console.call();
    assert_eq!(bearer, Some("first token"));
    assert_eq!(call, &search(Lookup::Login("Ana.Lima".to_owned())));
    console.answer(Answer::Found(Vec::new()));
    assert!(console.words().contains("No account has exactly this login"));

    console.control('u').text("ana@example.org").press(KeyCode::Enter);
    let looked_up = Lookup::Email("ana@example.org".to_owned());
    assert_eq!(console.call().1, &search(looked_up));
}

#[test]
fn what_was_found_has_the_keyboard_and_opens() {
    let mut console = Console::signed_in();
    console.text("ana").press(KeyCode::Enter);
    console.answer(Answer::Found(vec![other_hit(), hit()]));
    console.press(KeyCode::Down).press(KeyCode::Down).press(KeyCode::Enter);
    assert_eq!(console.call().1, &opening(None));
}

#[test]
fn locked_now_is_a_list_of_its_own_and_is_loaded_anew_by_a_key() {
    let mut console = Console::signed_in();
    console.control('l');
    assert_eq!(console.call().1, &Look::LockedNow.into());
    console.answer(Answer::Found(vec![hit()])).press(KeyCode::F(5));
    assert_eq!(console.call().1, &Look::LockedNow.into());
    console.control('e');
    assert_eq!(console.call().1, &Look::Recent.into());
    console.answer(Answer::Found(Vec::new()));
    assert!(console.words().contains("You have not looked at any account lately."));
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
    let opened =
        Answer::Opened { account: Box::new(locked_account()), events: events(), older: Some(12) };
    console.answer(opened).press(KeyCode::Char('o'));
    assert_eq!(console.call().1, &page(Some(12)));
    console.answer(Answer::Events { cursor: Some(12), events: events(), older: None });
    console.press(KeyCode::Char('o'));
    assert_eq!(console.effects, [], "nothing is older than the first event");
    console.press(KeyCode::Char('n'));
    assert_eq!(console.call().1, &page(None));
    console.answer(Answer::Events { cursor: None, events: events(), older: Some(12) });
    console.press(KeyCode::Char('n'));
    assert_eq!(console.effects, [], "nothing is newer than the newest page");
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
    for _ in 0..12 {
        console.press(KeyCode::PageDown);
    }
    assert!(console.words().contains("close"), "{}", console.words());
    console.press(KeyCode::Esc).text("ga");
    console.press(KeyCode::Enter).text("pw").press(KeyCode::Enter);
    assert!(matches!(console.call().1, Call::SignIn { login, .. } if login == "olga"));
}

/// The keys may be looked up while the server is asked: nothing is given up by closing them.
#[test]
fn the_help_over_a_call_leaves_the_call_alone() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::F(5)).press(KeyCode::F(1)).press(KeyCode::Esc);
    assert!(console.model.dialogs.is_empty() && console.model.waiting.is_some());
    console.press(KeyCode::Esc);
    assert!(console.model.waiting.is_none(), "the next one gives it up");
}

/// "My codes never work" is answered in two keys after the name was typed.
#[test]
fn a_slow_clock_is_seen_two_keys_after_the_search() {
    let mut console = Console::signed_in();
    console.text("ana.lima").press(KeyCode::Enter);
    console.answer(Answer::Found(vec![hit()])).press(KeyCode::Enter);
    console.answer(Answer::Opened {
        account: Box::new(locked_account()),
        events: events(),
        older: None,
    });
    assert!(console.words().contains("codes about 90 s slow"), "{}", console.words());
}

#[test]
fn why_it_is_locked_is_said_in_words() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('w'));
    let words = console.words();
    for part in ["5 wrong tries in a row", "Refused from", "not known", "longer", "Rule"] {
        assert!(words.contains(part), "{part} in {words}");
    }
}

#[test]
fn a_time_line_is_filtered_by_what_events_are_about() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('f'));
    for _ in 0..3 {
        console.press(KeyCode::Right);
    }
    console.press(KeyCode::Enter);
    let kind = Some(EventKind::Locks);
    let locks = Look::Events { account: account_id(), kind, cursor: None, ticket: None };
    assert_eq!(console.call().1, &locks.into());
    console.answer(Answer::Events { cursor: None, events: events(), older: Some(3) });
    assert!(console.words().contains("only locks"), "{}", console.words());
    console.press(KeyCode::Char('o'));
    assert!(matches!(console.call().1, Call::Look(Look::Events { kind: k, .. }) if *k == kind));
    console.answer(Answer::Events { cursor: Some(3), events: events(), older: None });
    console.press(KeyCode::F(5));
    assert_eq!(console.call().1, &opening(kind), "loading anew keeps the filter");
}

#[test]
fn time_travel_steps_from_the_selected_event_to_its_neighbours() {
    let at = |revision| -> Call {
        Look::Travel { account: account_id(), revision, ticket: None }.into()
    };
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Down).press(KeyCode::Char('t'));
    assert_eq!(console.call().1, &at(10));
    console.answer(Answer::Past(moment())).press(KeyCode::Left);
    assert_eq!(console.call().1, &at(9));
    // Faster than the answers: only the last one counts.
    console.press(KeyCode::Left).press(KeyCode::Right);
    assert_eq!(console.call().1, &at(9));
    console.answer(Answer::Past(moment())).press(KeyCode::Home);
    assert_eq!(console.call().1, &at(0));
    console.answer(Answer::Past(moment())).press(KeyCode::Left);
    assert_eq!(console.effects, [], "nothing was before the first event");
    console.press(KeyCode::End);
    assert_eq!(console.call().1, &at(11));
    console.answer(Answer::Past(moment())).press(KeyCode::Esc);
    assert!(console.model.dialogs.is_empty());
}

/// Looks are told to the holder by ticket: the console says for which one they are.
#[test]
fn sr_126_a_ticket_goes_with_every_look_and_begins_every_act() {
    let mut console = Console::signed_in();
    console.control('t').text("4711").press(KeyCode::Enter);
    let ticket = Some("4711".to_owned());
    console.text("ana.lima").press(KeyCode::Enter);
    let lookup = Lookup::Login("ana.lima".to_owned());
    assert_eq!(console.call().1, &Look::Search { lookup, ticket: ticket.clone() }.into());
    console.answer(Answer::Found(vec![hit()])).press(KeyCode::Enter);
    let open = Look::OpenAccount { account: account_id(), kind: None, ticket };
    assert_eq!(console.call().1, &open.into());
    console.answer(Answer::Opened {
        account: Box::new(locked_account()),
        events: events(),
        older: None,
    });
    assert!(console.words().contains("ticket 4711"), "{}", console.words());
    console.press(KeyCode::Char('s')).text("a reason").press(KeyCode::Enter);
    console.press(KeyCode::Enter);
    assert!(console.words().contains("ticket (sealed) 4711"), "{}", console.words());
}
