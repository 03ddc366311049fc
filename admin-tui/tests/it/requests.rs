//! What support asked for and waits: what it is about, when it runs, who can stop it.

use countersign_admin_tui::message::Answer;
use countersign_admin_tui::model::account::Account;
use countersign_admin_tui::model::removal::Removal;
use countersign_admin_tui::theme::Theme;
use countersign_api::contract::act::{NoticeState, RemovalAbout};
use countersign_api::contract::kind::Role;
use crossterm::event::KeyCode;

use crate::driver::Console;
use crate::samples::{account_id, events, locked_account, removals, young_account};

const CANNOT_OBJECT: &str = "The holder cannot object: no address was proven";

fn waits() -> Removal {
    removals().swap_remove(0)
}

/// Asked for with the holder seen in person: its time is that of the request.
fn at_once() -> Removal {
    let waits = waits();
    Removal { in_person: true, runs_at: waits.asked_at, notice: NoticeState::NotAwaited, ..waits }
}

fn address() -> Removal {
    let email_hint = Some("a•••@n•••••••••••.example".into());
    Removal { about: RemovalAbout::Address, factor: None, email_hint, ..waits() }
}

fn listed(removals: Vec<Removal>) -> Console {
    let mut console = Console::at_as(4, Role::Supervisor);
    console.answer(Answer::Removals(removals));
    console
}

fn on_account_with(removal: Removal) -> Console {
    let account = Account { removal: Some(removal), locks: Vec::new(), ..locked_account() };
    Console::on_account_as(Role::Supervisor, account, events())
}

/// SR-124: an address that is sealed is one all the same, and no name that is missing is a blank.
#[test]
fn sr_124_what_waits_says_what_it_is_about_where_its_names_are_sealed() {
    let sealed = Removal {
        email_hint: None,
        login_hint: "".into(),
        asked_by: account_id().to_string().into(),
        ticket: "sealed".into(),
        reason: "sealed".into(),
        ..address()
    };
    let words = listed(vec![sealed.clone()]).said();
    for part in ["another address: sealed", "Another address", &account_id().to_string()] {
        assert!(words.contains(part), "{part} in {words}");
    }
    assert!(!words.contains("recovery codes alone"), "{words}");
    let words = on_account_with(sealed).said();
    assert!(words.contains("Another address another address: sealed"), "{words}");
}

/// SR-124: a mailbox that refused the notice keeps another address from nobody, told apart from a
/// removal by what it is about and not by what of it can be read.
#[test]
fn sr_124_a_refused_notice_stops_a_removal_and_no_change_of_address() {
    let sealed = Removal { email_hint: None, notice: NoticeState::Refused, ..address() };
    assert!(sealed.holder_is_told());
    assert!(!Removal { notice: NoticeState::Refused, ..waits() }.holder_is_told());
}

#[test]
fn a_removal_at_once_says_so_wherever_it_is_shown() {
    let list = listed(vec![at_once()]);
    assert!(list.words().contains("when approved"), "{}", list.words());
    assert!(list.words().contains("at once, when approved"), "{}", list.words());
    let account = on_account_with(at_once()).said();
    assert!(account.contains("runs at once, when"), "{account}");
    assert!(!account.contains("(over)"), "{account}");
    let mut approving = list.clone();
    approving.press(KeyCode::Char('a'));
    let words = approving.said();
    assert!(words.contains("It runs at once when you approve it"), "{words}");
    assert!(!words.contains("delay is over, unless"), "{words}");

    let mut asking = Console::on_account(locked_account(), events());
    asking.press(KeyCode::Char('r')).press(KeyCode::Enter);
    asking.press(KeyCode::Right).press(KeyCode::Right).press(KeyCode::Enter);
    assert!(asking.said().contains("after its delay, once"), "{}", asking.said());
    asking.press(KeyCode::Right).press(KeyCode::Enter).text("seen").press(KeyCode::Enter);
    asking.text("4711").press(KeyCode::Enter);
    let words = asking.said();
    assert!(words.contains("y writes it") && words.contains("It runs at once"), "{words}");
    assert!(!words.contains("after its delay"), "{words}");
}

/// SR-124: where no link to object can be sent, whoever asks and whoever approves knows it before
/// his yes.
#[test]
fn sr_124_it_is_said_where_the_holder_cannot_object() {
    let mute = Removal { can_object: false, ..waits() };
    let mut list = listed(vec![mute]);
    assert!(list.said().contains(CANNOT_OBJECT), "{}", list.said());
    list.press(KeyCode::Char('a'));
    assert!(list.said().contains(CANNOT_OBJECT), "{}", list.said());
    assert!(!list.said().contains("unless the holder objects"), "{}", list.said());
    list.text(&"called back as well ".repeat(24)).press(KeyCode::Enter).press(KeyCode::Enter);
    assert!(list.said().contains("y writes it"), "{}", list.said());
    assert!(list.said().contains(CANNOT_OBJECT), "{}", list.said());

    for (email_confirmed, warned) in [(false, true), (true, false)] {
        let account = Account { email_confirmed, ..locked_account() };
        let mut console = Console::on_account(account, events());
        console.press(KeyCode::Char('r')).press(KeyCode::Enter);
        console.press(KeyCode::Right).press(KeyCode::Enter).press(KeyCode::Enter);
        console.text("lost").press(KeyCode::Enter).text("4711").press(KeyCode::Enter);
        let words = console.said();
        assert!(words.contains("y writes it"), "{words}");
        assert_eq!(words.contains(CANNOT_OBJECT), warned, "{words}");
        assert_eq!(words.contains("can object"), !warned, "{words}");
    }
    assert!(!listed(vec![waits()]).said().contains(CANNOT_OBJECT));
}

/// SR-122: a reason of a script without spaces is read to its end by whoever decides on it.
#[test]
fn sr_122_a_reason_in_wide_signs_is_read_whole() {
    let reason: String = ('一'..).take(100).collect();
    let wide = Removal { reason: reason.as_str().into(), ..waits() };
    let whole = |words: &str| words.chars().filter(|c| *c >= '一').collect::<String>();
    let mut console = listed(vec![wide]);
    assert!(whole(&console.words()).contains(&reason), "{}", console.words());
    console.press(KeyCode::Char('a'));
    // Behind the dialog the box of the list goes on.
    assert!(whole(&console.words()).contains(&reason), "{}", console.words());

    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('s')).text(&reason).press(KeyCode::Enter);
    console.text("4711").press(KeyCode::Enter);
    let words = console.words();
    assert!(words.contains("y writes it") && whole(&words).contains(&reason), "{words}");
}

/// SR-122: what has no room is scrolled to, and says that there is more.
#[test]
fn sr_122_the_longest_reason_is_scrolled_through_before_a_yes() {
    let reason: String = ('一'..).take(500).collect();
    let wide = Removal { reason: reason.as_str().into(), ..waits() };
    let mut console = listed(vec![wide]);
    console.press(KeyCode::Char('a')).text(&reason).press(KeyCode::Enter).press(KeyCode::Enter);
    let mut seen = console.words();
    assert!(seen.contains("y writes it") && seen.contains("more: ↓"), "{seen}");
    for _ in 0..8 {
        console.press(KeyCode::PageDown);
        seen.push_str(&console.words());
    }
    assert!(!console.words().contains("more: ↓"), "{}", console.words());
    let last: String = reason.chars().skip(490).collect();
    assert!(seen.matches(&last).count() > 1, "asked for, and typed: {seen}");
}

#[test]
fn what_a_request_is_about_has_the_room_that_there_is() {
    let words = listed(vec![address()]).frame(Theme::new(true), (132, 43)).backend().to_string();
    let row = words.lines().find(|line| line.contains("oscar")).unwrap();
    assert!(row.contains("another address: a•••@n•••••••••••.example"), "{words}");
}

#[test]
fn requests_stand_in_the_order_in_which_they_run() {
    let words = listed(removals().into_iter().rev().collect()).words();
    assert!(words.find("oscar").unwrap() < words.find("pavel").unwrap(), "{words}");
}

#[test]
fn nothing_is_asked_for_where_there_is_nothing_or_something_waits() {
    let mut bare = Console::on_account(young_account(), Vec::new());
    assert!(!bare.words().contains("r remove"), "{}", bare.words());
    bare.press(KeyCode::Char('r'));
    assert!(bare.model.dialogs.is_empty() && bare.said().contains("no authenticator"));
    let codes = Account { recovery_codes_left: 3, ..young_account() };
    let mut codes = Console::on_account(codes, Vec::new());
    codes.press(KeyCode::Char('r'));
    assert!(codes.words().contains("the recovery codes alone"), "{}", codes.words());
    let without = Account { recovery_codes_left: 0, ..locked_account() };
    let mut without = Console::on_account(without, events());
    without.press(KeyCode::Char('r'));
    assert!(!without.words().contains("recovery codes alone"), "{}", without.words());
    for key in ['r', 'm'] {
        let mut console = on_account_with(waits());
        console.press(KeyCode::Char(key));
        assert!(console.model.dialogs.is_empty() && console.said().contains("look at F4"), "{key}");
    }
}
