//! What a hurried person does by mistake, and what becomes of it: nothing that was not meant.

use countersign_admin_tui::effect::{Call, Look, Lookup};
use countersign_admin_tui::message::{Answer, Message};
use countersign_admin_tui::model::form::{FieldName, REASON_CHARS_MAX, TICKET_CHARS_MAX};
use countersign_admin_tui::model::{Dialog, Screen};
use countersign_api::contract::kind::Role;
use countersign_api::contract::problem::ProblemCode;
use crossterm::event::KeyCode;

use crate::driver::Console;
use crate::samples::{
    events, hit, locked_account, other_hit, refused, removals, reset_event, too_many, young_account,
};
use crate::support::search;

fn with_hits() -> Console {
    let mut console = Console::signed_in();
    console.text("ana.lima").press(KeyCode::Enter);
    console.answer(Answer::Found(vec![hit(), other_hit()]));
    console
}

/// Up to the event that will be written.
fn to_review(console: &mut Console, key: char) {
    console.press(KeyCode::Char(key)).text("a reason").press(KeyCode::Enter);
    console.text("4711").press(KeyCode::Enter);
}

#[test]
fn a_login_typed_into_the_list_is_searched_for() {
    for login in ["quentin", "ruth", "lea", "jk", "mike"] {
        let mut console = with_hits();
        console.text(login);
        assert_eq!(console.effects, [], "{login}");
        console.press(KeyCode::Enter);
        assert_eq!(console.call().1, &search(Lookup::Login(login.to_owned())));
    }
    let mut console = with_hits();
    console.message(Message::Paste("mike\n".to_owned())).press(KeyCode::Enter);
    assert_eq!(console.call().1, &search(Lookup::Login("mike".to_owned())));
    let mut console = with_hits();
    console.press(KeyCode::Char('/')).text("mike").press(KeyCode::Enter);
    assert_eq!(console.call().1, &search(Lookup::Login("mike".to_owned())), "empty at first");
}

/// No bare letter ends the session.
#[test]
fn a_q_quits_nowhere() {
    for key in [2, 3, 4, 6, 7, 8] {
        let mut console = Console::at(key);
        console.press(KeyCode::Char('q'));
        assert_eq!(console.effects, [], "F{key}");
        assert!(console.model.operator.is_some());
    }
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('q'));
    assert_eq!(console.effects, []);
    assert!(console.words().contains("Ctrl+C quit") || !console.words().contains(" quit"));
}

#[test]
fn what_has_an_at_is_an_address_and_tab_says_otherwise() {
    let mut console = Console::signed_in();
    console.text("ana@example.org").press(KeyCode::Enter);
    assert_eq!(console.call().1, &search(Lookup::Email("ana@example.org".to_owned())));
    let mut console = Console::signed_in();
    console.message(Message::Paste("ana@example.org".to_owned())).press(KeyCode::Tab);
    console.press(KeyCode::Enter);
    assert_eq!(console.call().1, &search(Lookup::Login("ana@example.org".to_owned())));
}

/// A search counts: a second Enter on its answer is none.
#[test]
fn the_same_search_is_asked_for_once() {
    let mut console = Console::signed_in();
    console.text("nobody").press(KeyCode::Enter).answer(Answer::Found(Vec::new()));
    console.press(KeyCode::Enter);
    assert_eq!(console.effects, []);
    console.press(KeyCode::F(5));
    assert_eq!(console.call().1, &search(Lookup::Login("nobody".to_owned())));
    console.fail(too_many()).press(KeyCode::Enter);
    assert!(matches!(console.call().1, Call::Look(Look::Search { .. })), "it has no answer yet");
}

/// Words and line ends typed into the wrong window write nothing.
#[test]
fn a_conversation_typed_by_mistake_suspends_nobody() {
    let mut console = Console::on_account(locked_account(), events());
    for line in ["see you later", "T-55", "ok", "thanks", ""] {
        console.text(line).press(KeyCode::Enter);
        assert_eq!(console.effects, [], "{line}");
    }
    assert!(console.words().contains("y writes it"), "{}", console.words());
}

#[test]
fn what_was_written_is_said_below_once_its_dialog_is_closed() {
    let mut console = Console::on_account(locked_account(), events());
    to_review(&mut console, 's');
    console.press(KeyCode::Char('y'));
    let words = console.words();
    assert!(!words.contains("yes, write it") && !words.contains("Esc back"), "{words}");
    console.answer(Answer::Written(reset_event()));
    console.press(KeyCode::Char('y'));
    assert!(console.words().contains("This event was written"), "a doubled yes closes nothing");
    console.press(KeyCode::Enter).answer(Answer::Opened {
        account: Box::new(locked_account()),
        events: events(),
        older: None,
    });
    assert!(console.words().contains("The account is suspended."), "{}", console.words());
}

#[test]
fn what_is_filled_in_is_not_missing_any_more_and_a_refusal_is_of_its_event() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('s')).press(KeyCode::Enter).press(KeyCode::Enter);
    assert!(console.words().contains("Reason is missing."));
    console.text("a reason");
    assert!(!console.words().contains("Reason is missing."), "{}", console.words());
    console.press(KeyCode::Enter).text("4711").press(KeyCode::Enter);
    console.press(KeyCode::Char('y')).fail(refused(ProblemCode::Conflict));
    assert!(console.words().contains("Nothing was done"));
    console.press(KeyCode::Esc).text("2").press(KeyCode::Enter);
    assert!(!console.words().contains("Nothing was done"), "{}", console.words());
}

/// An act that may have had its effect keeps its key, also where its event was looked at again.
#[test]
fn the_same_event_after_a_step_back_is_the_same_act() {
    let mut console = Console::on_account(locked_account(), events());
    to_review(&mut console, 's');
    console.press(KeyCode::Char('y'));
    let act = console.call().1.clone();
    console.fail(refused(ProblemCode::Unavailable)).press(KeyCode::Esc).press(KeyCode::Enter);
    console.press(KeyCode::Char('y'));
    assert_eq!(console.call().1, &act);
}

/// SR-127: nobody is recorded as identified in a way that nobody chose.
#[test]
fn sr_127_how_the_holder_was_identified_has_to_be_chosen() {
    for (key, role) in [('r', Role::Support), ('m', Role::Supervisor)] {
        let mut console = Console::on_account_as(role, locked_account(), events());
        console.press(KeyCode::Char(key));
        let words = console.words();
        assert!(words.contains("< choose … >") && words.contains("not chosen yet"), "{words}");
        if key == 'm' {
            console.text("ana@new.example");
        } else {
            console.press(KeyCode::Enter);
        }
        console.press(KeyCode::Enter).press(KeyCode::Enter);
        console.text("a reason").press(KeyCode::Enter).text("4711").press(KeyCode::Enter);
        console.press(KeyCode::Enter).press(KeyCode::Enter);
        let Some(Dialog::Act(act)) = console.model.dialogs.last() else { panic!() };
        assert_eq!(act.act(), None, "{key}");
        assert!(console.model.waiting.is_none());
    }
}

/// Said before anybody has written a reason, and not after the review.
#[test]
fn what_cannot_be_is_said_at_once() {
    let mut console = Console::on_account(young_account(), events());
    assert!(!console.words().contains("p new password"), "{}", console.words());
    console.press(KeyCode::Char('p'));
    assert!(console.model.dialogs.is_empty());
    assert!(console.words().contains("No address was proven"), "{}", console.words());

    let mut account = locked_account();
    account.email_confirmed = false;
    let mut console = Console::on_account(account, events());
    console.press(KeyCode::Char('u')).press(KeyCode::Right);
    console.press(KeyCode::Tab).press(KeyCode::Tab);
    console.text("a reason").press(KeyCode::Enter).text("4711").press(KeyCode::Enter);
    assert!(console.words().contains("No address was proven"), "{}", console.words());

    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('r')).press(KeyCode::Enter).press(KeyCode::Right);
    console.press(KeyCode::Enter).press(KeyCode::Right).press(KeyCode::Enter);
    console.text("a reason").press(KeyCode::Enter).text("4711").press(KeyCode::Enter);
    assert!(console.words().contains("only for who was identified in person"));
}

/// SR-124: nobody is asked to approve what cannot be approved by him.
#[test]
fn sr_124_ones_own_request_and_an_approved_one_are_not_offered_for_approval() {
    let mut console = Console::at_as(4, Role::Supervisor);
    let mut all = removals();
    all[0].asked_by = "Olga".into();
    console.answer(Answer::Removals(all));
    for (says, next) in [("You asked for this yourself", KeyCode::Down), ("any more", KeyCode::Up)]
    {
        assert!(!console.words().contains("a approve"), "{}", console.words());
        console.press(KeyCode::Char('a'));
        assert!(console.model.dialogs.is_empty());
        assert!(console.words().contains(says), "{}", console.words());
        console.press(next);
    }
}

/// SR-124: whoever approves reads why it was asked for, and its ticket is the request's.
#[test]
fn sr_124_the_request_says_why_and_brings_its_ticket() {
    let mut console = Console::at_as(4, Role::Supervisor);
    console.answer(Answer::Removals(removals())).control('t').text("T-9").press(KeyCode::Enter);
    assert!(console.words().contains("lost the phone on a train"), "{}", console.words());
    console.press(KeyCode::Char('a'));
    let words = console.said();
    for part in ["oscar asks for it", "lost the phone on a", "(a•••, 6f1c2a9e)"] {
        assert!(words.contains(part), "{part} in {words}");
    }
    let Some(Dialog::Act(act)) = console.model.dialogs.last() else { panic!() };
    assert_eq!(act.form.typed(FieldName::Ticket), "4711");
}

#[test]
fn accounts_that_are_masked_alike_are_told_apart_by_their_ids() {
    let mut twin = other_hit();
    (twin.login_hint, twin.email_hint) = (hit().login_hint, hit().email_hint);
    let mut console = Console::at(3);
    console.answer(Answer::Found(vec![hit(), twin]));
    let words = console.words();
    assert!(words.contains("6f1c2a9e") && words.contains("b2c1d0e9"), "{words}");
}

#[test]
fn a_ticket_of_the_caller_before_is_told_and_always_seen() {
    let mut console = Console::signed_in();
    let ticket = "t".repeat(TICKET_CHARS_MAX);
    console.control('t').text(&ticket).press(KeyCode::Enter);
    assert!(console.words().contains("ticket tttt"), "{}", console.words());
    console.control('t').text("T-4711").press(KeyCode::Enter);
    console.text("ana").press(KeyCode::Enter).answer(Answer::Found(vec![hit(), other_hit()]));
    let opened =
        || Answer::Opened { account: Box::new(locked_account()), events: events(), older: None };
    console.press(KeyCode::Enter).answer(opened());
    assert!(!console.words().contains("still for ticket"), "{}", console.words());
    console.press(KeyCode::Esc).press(KeyCode::Down).press(KeyCode::Enter).answer(opened());
    assert!(console.words().contains("still for ticket T-4711"), "{}", console.words());
}

/// A ticket that stands there already is replaced by the one that is typed.
#[test]
fn a_ticket_that_was_proposed_is_replaced_by_what_is_typed() {
    let mut console = Console::on_account(locked_account(), events());
    console.control('t').text("T-1").press(KeyCode::Enter);
    console.press(KeyCode::Char('s')).text("a reason").press(KeyCode::Enter);
    console.text("T-2").press(KeyCode::Enter);
    let Some(Dialog::Act(act)) = console.model.dialogs.last() else { panic!() };
    assert_eq!(act.form.typed(FieldName::Ticket), "T-2");
}

#[test]
fn what_is_too_long_is_not_cut_without_a_word() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('s')).text(&"r".repeat(REASON_CHARS_MAX));
    assert!(!console.words().contains("at most"), "{}", console.words());
    console.text("r");
    assert!(console.words().contains("Reason: 500 characters at most"), "{}", console.words());
    console.press(KeyCode::Esc).press(KeyCode::Esc).control('t');
    console.text(&"t".repeat(TICKET_CHARS_MAX + 1));
    assert!(console.words().contains("Ticket: 64 characters at most"), "{}", console.words());
}

/// The numbers of the day are the operator's own, and said as that.
#[test]
fn a_cap_is_told_as_ones_own() {
    let mut console = Console::on_account(locked_account(), events());
    to_review(&mut console, 's');
    console.press(KeyCode::Char('y')).fail(too_many());
    let said = console.said();
    assert!(said.contains("as often as an operator may in a day. Try again in 14 min."), "{said}");
}

/// After the set-up the password stands there, and typing it again does not double it.
#[test]
fn a_password_typed_again_after_the_set_up_is_the_password() {
    let mut console = Console::start();
    console.press(KeyCode::F(2)).text("token").press(KeyCode::Enter);
    console.text("a long password").press(KeyCode::Enter);
    console.text("a long password").press(KeyCode::Enter).answer(Answer::SetUp);
    console.text("olga").press(KeyCode::Enter).text("a long password").press(KeyCode::Enter);
    let Call::SignIn { password, .. } = console.call().1 else { panic!() };
    assert_eq!(password.reveal(), "a long password");
    console.fail(refused(ProblemCode::AuthenticationFailed));
    let words = console.said();
    assert!(words.contains("type login and password again") && !words.contains("code"), "{words}");
}

/// A password after a login in one paste stays out of sight.
#[test]
fn a_login_pasted_with_its_password_is_the_login_alone() {
    for end in ["\n", "\r"] {
        let mut console = Console::start();
        console.message(Message::Paste(format!("olga{end}correct horse{end}")));
        let Screen::SignIn(screen) = &console.model.screen else { panic!() };
        assert_eq!(screen.form.typed(FieldName::Login), "olga");
    }
}

#[test]
fn a_held_view_without_a_line_says_what_it_waits_for() {
    let mut console = Console::at(6);
    console.press(KeyCode::Char(' ')).press(KeyCode::Char('x'));
    assert!(console.words().contains("waits until you press Space"), "{}", console.words());
}
