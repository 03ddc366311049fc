//! A session that ends while something is being filled in: nothing of it is typed twice.

use countersign_admin_tui::effect::{Call, Effect, Look};
use countersign_admin_tui::message::Answer;
use countersign_admin_tui::model::act::{ActDialog, ActStage};
use countersign_admin_tui::model::form::{Entry, FieldName, Form};
use countersign_admin_tui::model::{Dialog, Screen};
use countersign_api::contract::kind::Role;
use countersign_api::contract::problem::ProblemCode;
use crossterm::event::KeyCode;

use crate::driver::{Console, SEED};
use crate::samples::{
    account_id, code_wanted, events, locked_account, offline, own_id, refused, removals, session,
};
use crate::support::opening;

fn session_ends(console: &mut Console) {
    console.fail(refused(ProblemCode::Unauthenticated));
    assert!(console.model.operator.is_none());
}

fn act(console: &Console) -> &ActDialog {
    match console.model.dialogs.last() {
        Some(Dialog::Act(act)) => act,
        other => panic!("no act: {other:?}"),
    }
}

/// What each field holds, in words.
fn filled_in(form: &Form) -> Vec<(FieldName, String)> {
    let held = |entry: &Entry| match entry {
        Entry::Line(line) => line.shown(),
        Entry::Choice(choice) => format!("{:?}", choice.chosen()),
    };
    form.fields().map(|(name, entry, _)| (name, held(entry))).collect()
}

/// With the account, which is asked for as one comes back to it.
fn account_comes(console: &mut Console) {
    let account = Box::new(locked_account());
    console.answer(Answer::Opened { account, events: events(), older: None });
}

/// Every act of the account's screen, half filled in: all of it is there again.
#[test]
fn an_act_that_was_being_filled_in_is_gone_on_with_after_signing_in_again() {
    for key in ['u', 's', 'S', 'e', 'p', 'r', 'm'] {
        let mut console = Console::on_account_as(Role::Supervisor, locked_account(), events());
        // The session ends with a call that was under way before.
        console.press(KeyCode::F(5)).press(KeyCode::Char(key));
        while !matches!(act(&console).form.focused(), Some((FieldName::Reason, _))) {
            match act(&console).form.focused() {
                Some((FieldName::NewAddress, _)) => console.text("ana@new.example"),
                _ => console.press(KeyCode::Right),
            };
            console.press(KeyCode::Tab);
        }
        console.text("called back, ").press(KeyCode::Tab).text("47").press(KeyCode::Up);
        let before = filled_in(&act(&console).form);
        session_ends(&mut console);
        assert!(console.said().contains("go on with what you were filling in"));
        assert!(!console.words().contains("called back"), "{}", console.words());

        console.sign_in_again("second token");
        let calls = console.calls();
        assert_eq!(calls[0], (Some("second token"), &Look::WhoAmI.into()));
        assert_eq!(calls[1], (Some("second token"), &opening(None)), "the screen below");
        console.answer_quietly(Answer::Me { role: Role::Supervisor, account: own_id() });
        account_comes(&mut console);
        assert_eq!(filled_in(&act(&console).form), before, "{key}");
        assert!(matches!(console.model.screen, Screen::Account(_)));
        let words = console.words();
        assert!(words.contains("with what you had filled in"), "{words}");
        console.text("number on record");
        assert!(console.words().contains("called back, number on record"), "the cursor stays");
    }
}

/// A yes that found no session any more: it is looked at again, and said again.
#[test]
fn an_act_that_was_confirmed_is_confirmed_anew() {
    let mut console = Console::on_account(locked_account(), events());
    console.control('t').text("4711").press(KeyCode::Enter);
    console.press(KeyCode::Char('s')).text("a reason").press(KeyCode::Enter).press(KeyCode::Enter);
    console.press(KeyCode::Char('y'));
    let Call::Act { act: asked, .. } = console.call().1.clone() else { panic!() };
    session_ends(&mut console);
    console.sign_in_again("second token");
    let ticket = Some("4711".to_owned());
    let open = Look::OpenAccount { account: account_id(), kind: None, ticket };
    assert_eq!(console.calls()[1].1, &open.into(), "for the same ticket");
    account_comes(&mut console);
    assert!(matches!(act(&console).stage, ActStage::Confirming { drawn: true, .. }));
    let words = console.words();
    assert!(words.contains("account.suspended") && words.contains("a reason"), "{words}");
    console.press(KeyCode::Char('y'));
    let (bearer, Call::Act { account, act, .. }) = console.call() else { panic!() };
    assert_eq!((bearer, *account, act), (Some("second token"), account_id(), &asked));
}

/// What somebody else was filling in is nobody's business, and does not come back later either.
#[test]
fn another_operator_comes_to_nothing_of_it_and_drops_it() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::F(5)).press(KeyCode::Char('s')).text("of another's account");
    session_ends(&mut console);
    console.press(KeyCode::Up).text("sara").press(KeyCode::Enter);
    console.text("her password").press(KeyCode::Enter).answer(code_wanted());
    assert!(format!("{:?}", console.model).contains("of another's"), "nobody is in yet");
    console.text("123456").press(KeyCode::Enter).answer(Answer::SignedIn(session("hers")));
    assert!(console.is_accounts() && console.model.dialogs.is_empty());
    assert_eq!(console.call().1, &Look::WhoAmI.into());
    let printed = format!("{:?}", console.model);
    assert!(!printed.contains("of another's") && !printed.contains("Pixel 8"), "{printed}");
}

/// SR-140: what is kept holds no password and no code, and no token.
#[test]
fn sr_140_no_secret_is_kept_beyond_a_session() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('s')).text("a reason").press(KeyCode::Enter).text("4711");
    console.press(KeyCode::Enter).press(KeyCode::Char('y'));
    console.fail(refused(ProblemCode::StepUpRequired)).text("424242").press(KeyCode::Enter);
    assert!(matches!(console.call().1, Call::Prove { .. }));
    session_ends(&mut console);
    let printed = format!("{:?}", console.model).replace(SEED, "");
    assert!(printed.contains("a reason"), "{printed}");
    for secret in ["424242", "123456", "correct horse", "first token"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
    console.sign_in_again("second token");
    account_comes(&mut console);
    assert!(matches!(act(&console).stage, ActStage::Confirming { .. }), "no code is asked for");
}

/// An act whose answer was lost before: a new session cannot tell whether it was done.
#[test]
fn an_act_that_may_have_been_done_says_so() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('s')).text("a reason").press(KeyCode::Enter).text("4711");
    console.press(KeyCode::Enter).press(KeyCode::Char('y')).fail(offline()).press(KeyCode::F(5));
    session_ends(&mut console);
    console.sign_in_again("second token");
    account_comes(&mut console);
    assert!(console.said().contains("done is not known"), "{}", console.words());
}

#[test]
fn a_decision_on_a_request_is_gone_on_with_over_its_list() {
    let mut console = Console::at_as(4, Role::Supervisor);
    console.answer(Answer::Removals(removals())).press(KeyCode::Char('a'));
    console.text("called back as well").press(KeyCode::Enter).press(KeyCode::Enter);
    console.press(KeyCode::Char('y'));
    let Call::Act { act: asked, .. } = console.call().1.clone() else { panic!() };
    session_ends(&mut console);
    console.sign_in_again("second token");
    assert_eq!(console.calls()[1].1, &Look::Removals.into());
    console.answer(Answer::Removals(removals())).press(KeyCode::Char('y'));
    assert!(matches!(console.call().1, Call::Act { act, .. } if *act == asked));
}

/// The small forms, and a search that nobody has answered.
#[test]
fn a_search_a_ticket_and_a_filter_are_kept_as_well() {
    let mut console = Console::signed_in();
    console.text("ana.lima").press(KeyCode::Enter);
    let search = console.call().1.clone();
    session_ends(&mut console);
    console.sign_in_again("second token");
    console.press(KeyCode::Enter);
    assert_eq!(console.call().1, &search);

    let mut console = Console::at(7);
    console.control('t').text("case 47");
    session_ends(&mut console);
    console.sign_in_again("second token");
    assert!(matches!(console.calls()[1].1, Call::Look(Look::Statistics { .. })));
    assert!(console.words().contains("case 47"), "{}", console.words());

    let mut console = Console::at(6);
    console.press(KeyCode::Char('f')).press(KeyCode::Tab).text("refus");
    let gone = refused(ProblemCode::Unauthenticated);
    console.followed(countersign_admin_tui::message::Followed::Lost(gone));
    console.sign_in_again("second token");
    assert!(console.effects.iter().any(|effect| matches!(effect, Effect::Follow { .. })));
    assert!(console.words().contains("refus"), "{}", console.words());
}

/// Who was only reading begins anew: nothing was typed that could be lost.
#[test]
fn an_account_that_was_only_read_is_not_kept() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::F(5));
    session_ends(&mut console);
    assert!(!format!("{:?}", console.model).contains("Pixel 8"));
    console.sign_in_again("second token");
    assert!(console.is_accounts());
    assert_eq!(console.call().1, &Look::WhoAmI.into());
}
