//! Acts: asked for, shown, confirmed, sent once.

use countersign_admin_tui::effect::{Call, Look};
use countersign_admin_tui::message::{Answer, Message};
use countersign_admin_tui::model::Dialog;
use countersign_admin_tui::model::act::{Act, ActKind, ActStage};
use countersign_admin_tui::model::form::{REASON_CHARS_MAX, TICKET_CHARS_MAX};
use countersign_admin_tui::model::removal::Removal;
use countersign_admin_tui::update::update;
use countersign_api::contract::act::{
    Act as Why, AskAddressChange, AskRemoval, IdentityProof, RemovalAbout,
};
use countersign_api::contract::kind::{CodeMethod, Method, ResetScope, Role};
use countersign_api::contract::problem::ProblemCode;
use countersign_api::contract::support::ResetLockout;
use crossterm::event::{KeyCode, KeyEvent};

use crate::driver::Console;
use crate::samples::{
    account_id, events, factor_id, locked_account, offline, refused, removal_id, removals,
    reset_event, session, troubled_account, written,
};
use crate::support::opening;

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
    console.press(KeyCode::Char('y'));
    let Call::Act { account, act, .. } = console.call().1 else { panic!() };
    assert_eq!((*account, act), (account_id(), &Act::Unlock(request())));

    console.answer(Answer::Written(reset_event()));
    let words = console.words();
    assert!(words.contains("This event was written"), "{words}");
    assert!(words.contains("support ended the waiting for every method"), "{words}");
    console.press(KeyCode::Esc);
    let reload = opening(None);
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
    let Some(Dialog::Act(act)) = console.model.dialogs.last() else { panic!() };
    assert!(matches!(act.stage, ActStage::Filling { tried: true }));
}

#[test]
fn a_step_up_asks_for_a_code_and_repeats_the_act_with_the_same_key() {
    let mut console = Console::on_account(locked_account(), events());
    to_confirmation(&mut console);
    console.press(KeyCode::Char('y'));
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
    console.answer(Answer::Written(reset_event()));
    assert!(console.words().contains("This event was written"));
}

#[test]
fn confirming_anew_after_a_lost_answer_is_the_same_act() {
    let mut console = Console::on_account(locked_account(), events());
    to_confirmation(&mut console);
    console.press(KeyCode::Char('y'));
    let act = console.call().1.clone();
    console.fail(offline()).press(KeyCode::Char('y'));
    assert_eq!(console.call().1, &act, "it may have had its effect: the key says so");
}

#[test]
fn a_request_that_was_changed_is_another_act() {
    let mut console = Console::on_account(locked_account(), events());
    to_confirmation(&mut console);
    console.press(KeyCode::Char('y'));
    let Call::Act { key: first, .. } = console.call().1.clone() else { panic!() };
    console.fail(offline()).press(KeyCode::Esc).text("2");
    console.press(KeyCode::Enter).press(KeyCode::Char('y'));
    let Call::Act { key, act: Act::Unlock(request), .. } = console.call().1 else { panic!() };
    assert_eq!(request.ticket, "47112");
    assert_ne!(key, &first, "a key belongs to one request");
}

#[test]
fn an_act_under_way_cannot_be_left_and_reading_can() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::F(5)).press(KeyCode::Esc);
    assert!(console.model.waiting.is_none(), "reading was given up");
    to_confirmation(&mut console);
    console.press(KeyCode::Char('y')).press(KeyCode::Esc);
    assert!(console.model.waiting.is_some());
    assert!(matches!(console.model.dialogs.last(), Some(Dialog::Act(_))));
}

/// Each act of the account's screen, by its key: what is sent, and what it is called in the log.
#[test]
fn every_act_asks_for_reason_and_ticket_and_says_the_event_first() {
    let why = Why { reason: "a reason".to_owned(), ticket: "4711".to_owned() };
    let cases = [
        ('s', "account.suspended", Act::Suspend(why.clone())),
        ('S', "account.resumed", Act::Resume(why.clone())),
        ('e', "account.sessions_ended", Act::EndSessions(why.clone())),
        ('p', "account.password_mail_asked", Act::NewPassword(why)),
    ];
    for (key, event_type, act) in cases {
        let mut console = Console::on_account(locked_account(), events());
        console.press(KeyCode::Char(key)).press(KeyCode::Enter).press(KeyCode::Enter);
        assert!(console.words().contains("Reason is missing."), "{key}");
        console.text("a reason").press(KeyCode::Enter).text("4711").press(KeyCode::Enter);
        assert_eq!(console.effects, [], "{key}: nothing before a yes");
        let words = console.words();
        assert!(words.contains("This event will be written"), "{words}");
        assert!(words.contains(event_type) && words.contains("a reason"), "{words}");
        console.press(KeyCode::Enter);
        assert_eq!(console.effects, [], "{key}: Enter is no yes");
        console.press(KeyCode::Char('y'));
        let Call::Act { account, act: sent, .. } = console.call().1 else { panic!() };
        assert_eq!((*account, sent), (account_id(), &act));
        console.answer(Answer::Written(written(event_type, "it was done")));
        assert!(console.words().contains("it was done"), "{}", console.words());
    }
}

/// SR-127: how the holder was identified is one of a few words, never a text or a document.
#[test]
fn sr_127_a_removal_names_the_authenticator_and_how_the_holder_was_identified() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('r')).press(KeyCode::Enter);
    console.press(KeyCode::Right).press(KeyCode::Right).press(KeyCode::Enter);
    console.press(KeyCode::Right).press(KeyCode::Enter);
    console.text("lost phone").press(KeyCode::Enter).text("4711").press(KeyCode::Enter);
    let words = console.words();
    for part in ["account.factor_removal_requested", "in_person", "lost phone", "4711"] {
        assert!(words.contains(part), "{part} in {words}");
    }
    console.press(KeyCode::Char('y'));
    let asked = AskRemoval {
        factor_id: Some(factor_id()),
        recovery_codes: false,
        proof: IdentityProof::InPerson,
        in_person: true,
        reason: "lost phone".to_owned(),
        ticket: "4711".to_owned(),
    };
    let Call::Act { act: Act::AskRemoval(sent), .. } = console.call().1 else { panic!() };
    assert_eq!(sent, &asked);
}

/// Another address is asked for by a supervisor, who sees it before the yes: it is sealed after.
#[test]
fn another_address_is_asked_for_by_a_supervisor_and_approved_from_the_list() {
    let mut support = Console::on_account(locked_account(), events());
    support.press(KeyCode::Char('m'));
    assert!(support.words().contains("Your role does not allow this"), "{}", support.words());

    let mut console = Console::on_account_as(Role::Supervisor, locked_account(), events());
    console.press(KeyCode::Char('m')).press(KeyCode::Enter);
    assert!(console.words().contains("New address is missing"), "{}", console.words());
    console.text("ana@new.example").press(KeyCode::Enter);
    console.press(KeyCode::Right).press(KeyCode::Right).press(KeyCode::Enter);
    console.text("lost mailbox").press(KeyCode::Enter).text("4711").press(KeyCode::Enter);
    let words = console.words();
    for part in ["Another address: ask for it", "ana@new.example", "in_person", "lost mailbox"] {
        assert!(words.contains(part), "{part} in {words}");
    }
    console.press(KeyCode::Char('y'));
    let asked = AskAddressChange {
        email: "ana@new.example".to_owned(),
        proof: IdentityProof::InPerson,
        reason: "lost mailbox".to_owned(),
        ticket: "4711".to_owned(),
    };
    let Call::Act { act: Act::AskAddress(sent), .. } = console.call().1 else { panic!() };
    assert_eq!(sent, &asked);

    let mut console = Console::at_as(4, Role::Supervisor);
    let [mut waits, _] = <[Removal; 2]>::try_from(removals()).unwrap();
    (waits.factor, waits.email_hint) = (None, Some("a•••@n•••.example".into()));
    waits.about = RemovalAbout::Address;
    console.answer(Answer::Removals(vec![waits]));
    assert!(console.words().contains("another address"), "{}", console.words());
    console.press(KeyCode::Char('a'));
    assert!(console.words().contains("Another address: approve"), "{}", console.words());
}

/// SR-124: an approval is an act of its own, with a reason; the ticket is the request's.
#[test]
fn sr_124_a_removal_is_approved_or_cancelled_from_the_list() {
    for (key, kind) in [('a', ActKind::Approve), ('c', ActKind::Cancel)] {
        let mut console = Console::at_as(4, Role::Supervisor);
        assert_eq!(console.call().1, &Look::Removals.into());
        console.answer(Answer::Removals(removals())).press(KeyCode::Char(key));
        console.text("called back as well").press(KeyCode::Enter).press(KeyCode::Enter);
        console.press(KeyCode::Char('y'));
        let why = Why { reason: "called back as well".to_owned(), ticket: "4711".to_owned() };
        let act = match kind {
            ActKind::Approve => Act::Approve((removal_id(), RemovalAbout::Factor), why),
            _ => Act::Cancel((removal_id(), RemovalAbout::Factor), why),
        };
        let Call::Act { account, act: sent, .. } = console.call().1 else { panic!() };
        assert_eq!((*account, sent), (account_id(), &act));
        console.answer(Answer::Written(written(kind.event_type(), "done")));
        console.press(KeyCode::Esc);
        assert_eq!(console.call().1, &Look::Removals.into(), "the list is shown anew");
    }
}

#[test]
fn a_role_that_may_not_is_told_so_and_nothing_is_repeated() {
    let mut console = Console::on_account(locked_account(), events());
    to_confirmation(&mut console);
    console.press(KeyCode::Char('y')).fail(refused(ProblemCode::Forbidden));
    assert!(console.words().contains("Not allowed"), "{}", console.words());
    console.later(60);
    assert_eq!(console.effects, []);
}

/// The words of the longest reason, and the longest ticket.
fn longest() -> (Vec<String>, String) {
    let reason = (0..REASON_CHARS_MAX / 8).map(|n| format!("word{n:03}")).collect();
    (reason, "t".repeat(TICKET_CHARS_MAX))
}

/// An act begun by its key, its choices passed by, and filled in.
fn to_longest(key: char, choices: usize, reason: &[String], ticket: &str) -> Console {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char(key));
    for _ in 0..choices {
        console.press(KeyCode::Enter);
    }
    if key == 'r' {
        console.press(KeyCode::Up).press(KeyCode::Up).press(KeyCode::Right);
        console.press(KeyCode::Down).press(KeyCode::Down);
    }
    console.text(&reason.join(" ")).press(KeyCode::Enter);
    console.text(ticket).press(KeyCode::Enter);
    console
}

/// Every word stands on the frame, wherever its lines are broken.
#[track_caller]
fn assert_whole(words: &str, reason: &[String], ticket: &str) {
    let shown: String = words.split(|c: char| !c.is_alphanumeric()).collect();
    for part in reason.iter().map(String::as_str).chain([ticket]) {
        assert!(shown.contains(part), "{part} in {words}");
    }
}

/// SR-122: nobody says yes to words that are cut, however long they are and small the terminal is.
#[test]
fn sr_122_the_event_that_will_be_written_is_seen_to_its_last_word() {
    let (reason, ticket) = longest();
    for (key, choices) in [('u', 2), ('s', 0), ('S', 0), ('e', 0), ('p', 0), ('r', 3)] {
        let console = to_longest(key, choices, &reason, &ticket);
        let words = console.words();
        assert!(words.contains("y writes it"), "{words}");
        assert_whole(&words, &reason, &ticket);
    }
}

/// SR-122: nobody proves himself for what he does not see: all of it stands above the code.
#[test]
fn sr_122_the_event_is_seen_to_its_last_word_while_a_fresh_code_is_asked_for() {
    let (reason, ticket) = longest();
    for (key, choices, event) in [
        ('u', 2, "account.lockout_reset"),
        ('s', 0, "account.suspended"),
        ('S', 0, "account.resumed"),
        ('e', 0, "account.sessions_ended"),
        ('p', 0, "account.password_mail_asked"),
        ('r', 3, "account.factor_removal_requested"),
    ] {
        let mut console = to_longest(key, choices, &reason, &ticket);
        console.press(KeyCode::Char('y'));
        console.fail(refused(ProblemCode::StepUpRequired)).text("123456");
        let words = console.words();
        assert!(words.contains("Code            ••••••"), "{key}: {words}");
        let account = account_id().to_string();
        for part in [event, &account, "operator olga", "Enter write it"] {
            assert!(words.contains(part), "{key}: {part} in {words}");
        }
        assert_whole(&words, &reason, &ticket);
    }
}

/// What is said of a code that was wrong takes no room from an act as people write it.
#[test]
fn the_event_is_seen_after_a_wrong_code_too() {
    let mut console = Console::on_account(locked_account(), events());
    to_confirmation(&mut console);
    console.press(KeyCode::Char('y')).fail(refused(ProblemCode::StepUpRequired));
    console.text("111111").press(KeyCode::Enter).fail(refused(ProblemCode::AuthenticationFailed));
    let words = console.words();
    for part in [
        "account.lockout_reset",
        "called, knows her birthday",
        "4711",
        "Prove that it is you",
        "Each code works once",
        "( ) recovery code",
    ] {
        assert!(words.contains(part), "{part} in {words}");
    }
    // The code is left, and the event is before its yes again.
    console.press(KeyCode::Esc);
    assert!(console.words().contains("y writes it"), "{}", console.words());
}

/// An authenticator stands there by the name that its holder gave it, and by its id in the log.
#[test]
fn a_removal_says_which_authenticator_by_its_name() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('r'));
    assert!(console.words().contains(&format!("{} (Pixel 8)", factor_id())), "{}", console.words());
}

/// SR-124, SR-125: a key that leads nowhere is not offered, and says so when it is pressed. What
/// the role may is decided by the server all the same.
#[test]
fn sr_125_what_a_role_may_not_do_is_neither_offered_nor_begun() {
    let mut console = Console::at(4);
    console.answer(Answer::Removals(removals()));
    let words = console.words();
    assert!(words.contains("c cancel") && !words.contains("a approve"), "{words}");
    console.press(KeyCode::Char('a'));
    assert!(console.model.dialogs.is_empty());
    assert!(console.words().contains("Your role does not allow this"), "{}", console.words());
    let mut console = Console::at_as(4, Role::Supervisor);
    console.answer(Answer::Removals(removals()));
    let words = console.words();
    assert!(words.contains("a approve  c cancel"), "{words}");
}

/// Nothing is resumed that goes on, and nothing suspended twice.
#[test]
fn an_act_that_does_not_fit_is_not_offered() {
    let words = Console::on_account(locked_account(), events()).words();
    assert!(words.contains("s suspend") && !words.contains("S resume"), "{words}");
    let words = Console::on_account(troubled_account(), events()).words();
    assert!(words.contains("S resume") && !words.contains("s suspend"), "{words}");
}

/// Line ends that come in one go with the words are no yes: nobody has seen the event yet.
#[test]
fn a_yes_counts_only_once_the_event_was_on_the_screen() {
    let mut console = Console::on_account(locked_account(), events());
    console.press(KeyCode::Char('s')).text("a reason").press(KeyCode::Enter).text("4711");
    for _ in 0..5 {
        let effects = update(&mut console.model, Message::Key(KeyEvent::from(KeyCode::Enter)));
        assert_eq!(effects, [], "not drawn, not confirmed");
    }
    let early = update(&mut console.model, Message::Key(KeyEvent::from(KeyCode::Char('y'))));
    assert_eq!(early, [], "not drawn, not confirmed");
    update(&mut console.model, Message::Drawn);
    console.press(KeyCode::Char('y'));
    assert!(matches!(console.call().1, Call::Act { .. }));
}

#[test]
fn a_paste_never_does_anything_but_fill_a_field() {
    let evil = "u\nr\n\n\ny\n\x1b[201~q\n";
    let mut console = Console::on_account(locked_account(), events());
    console.message(Message::Paste(evil.to_owned()));
    assert_eq!(console.effects, []);
    assert!(console.model.dialogs.is_empty(), "no field, hence nothing");
    console.press(KeyCode::Char('u')).press(KeyCode::Tab).press(KeyCode::Tab);
    console.message(Message::Paste(evil.to_owned()));
    assert_eq!(console.effects, []);
    let Some(Dialog::Act(act)) = console.model.dialogs.last() else { panic!() };
    assert!(matches!(act.stage, ActStage::Filling { .. }));
    console.press(KeyCode::Tab).press(KeyCode::Enter);
    assert!(console.words().contains("Ticket is missing."), "{}", console.words());
}

/// An act whose answer was lost is never repeated by the console alone.
#[test]
fn an_act_without_an_answer_waits_for_a_person() {
    let mut console = Console::on_account(locked_account(), events());
    to_confirmation(&mut console);
    console.press(KeyCode::Char('y'));
    let act = console.call().1.clone();
    console.fail(offline());
    assert!(console.words().contains("asked again only by you"), "{}", console.words());
    for _ in 0..60 {
        console.later(1);
        assert_eq!(console.effects, []);
    }
    console.press(KeyCode::F(5));
    assert_eq!(console.call().1, &act, "the same key: done once");
}
