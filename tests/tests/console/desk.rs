//! Who may do what at the desk: a removal by two people, and an auditor who may only read.

use countersign_tests::console::{Console, Key};
use countersign_tests::mailbox::{Letter, Mailbox};
use countersign_tests::server::Server;
use tempfile::TempDir;

use crate::holder::{EMAIL, Holder, LOGIN};
use crate::staff::{SMALL, Staff, choose_in_person, open, say_why, url};

/// Two supervisors at consoles of their own; an account is open before the one who asks.
struct Desk {
    olga: Console,
    sara: Console,
    mails: Mailbox,
    _server: Server,
    _directory: TempDir,
}

impl Desk {
    fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let server = Server::start(&data).unwrap();
        let olga = Staff::set_up(&server, &data, "olga", "supervisor");
        let sara = Staff::set_up(&server, &data, "sara", "supervisor");
        let mails = Mailbox::of(&data.join("mail"));
        let holder = Holder::with_an_authenticator(server.public);
        holder.proves_his_address(&mails);
        let [mut olga, sara] = [olga, sara].map(|who| who.at_a_console(&url(&server), SMALL));
        open(&mut olga, LOGIN);
        Self { olga, sara, mails, _server: server, _directory: directory }
    }
}

/// SR-124: one asks, another approves, the holder is told; nobody approves what he asked for.
#[test]
fn sr_124_two_operators_complete_a_removal_at_their_consoles() {
    let mut desk = Desk::open();
    let Desk { olga, sara, mails, .. } = &mut desk;
    olga.type_text("r").unwrap();
    olga.wait_for_text("Remove authenticator: ask for it").unwrap();
    olga.press(Key::Enter).unwrap();
    // Seen in person, hence without the delay, once another has approved.
    choose_in_person(olga);
    olga.press(Key::Right).unwrap();
    olga.press(Key::Enter).unwrap();
    say_why(olga, "lost phone, at the desk", "4711");
    let screen = olga.wait_for_text("This event was written").unwrap();
    assert!(screen.contains("account.factor_removal_requested"), "{screen}");
    olga.press(Key::Enter).unwrap();
    olga.wait_for_text("not approved").unwrap();

    // Whoever asked does not approve.
    olga.press(Key::Function(4)).unwrap();
    olga.wait_for_text("waits for another person").unwrap();
    olga.type_text("a").unwrap();
    olga.wait_for_text("You asked for this yourself").unwrap();

    sara.press(Key::Function(4)).unwrap();
    let screen = sara.wait_for_text("waits for another person").unwrap();
    assert!(screen.contains("in person, with a document") && screen.contains("4711"), "{screen}");
    sara.type_text("a").unwrap();
    sara.wait_for_text("Remove authenticator: approve").unwrap();
    say_why(sara, "seen the document too", "");
    let screen = sara.wait_for_text("This event was written").unwrap();
    assert!(screen.contains("account.factor_removal_approved"), "{screen}");

    let is_it = |letter: &Letter| {
        letter.header("Subject").is_some_and(|subject| subject.contains("was removed"))
    };
    mails.wait_for(EMAIL, is_it).unwrap();
    sara.press(Key::Enter).unwrap();
    sara.wait_for_text("No removal waits.").unwrap();
    open(sara, LOGIN);
    let screen = sara.wait_for_text("Authenticators  none").unwrap();
    assert!(screen.contains("0 recovery codes left"), "{screen}");
}

/// Another address, for who has lost the mailbox: one supervisor asks, another approves, and it
/// waits all the same.
#[test]
fn two_supervisors_give_another_address_at_their_consoles() {
    let mut desk = Desk::open();
    let Desk { olga, sara, mails, .. } = &mut desk;
    olga.type_text("m").unwrap();
    olga.wait_for_text("Another address: ask for it").unwrap();
    crate::enter(olga, "ana@new.example");
    olga.press(Key::Right).unwrap();
    olga.press(Key::Enter).unwrap();
    say_why(olga, "lost mailbox, called back", "4712");
    olga.wait_for_text("This event was written").unwrap();
    // Told at once, the address that goes and the one that comes.
    for address in [EMAIL, "ana@new.example"] {
        mails.wait_for(address, |letter| !letter.text.is_empty()).unwrap();
    }

    sara.press(Key::Function(4)).unwrap();
    sara.wait_for_text("another address").unwrap();
    sara.type_text("a").unwrap();
    sara.wait_for_text("Another address: approve").unwrap();
    say_why(sara, "called back too", "");
    sara.wait_for_text("This event was written").unwrap();
    sara.press(Key::Enter).unwrap();
    let screen = sara.wait_for_text("given").unwrap();
    assert!(screen.contains("another address"), "it waits:\n{screen}");
}

/// An auditor reads the log as it grows, and can look at no account and do nothing to one.
#[test]
fn an_auditor_follows_the_log_and_can_do_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    let auditor = Staff::set_up(&server, &data, "anton", "auditor");
    let mut console = auditor.at_a_console(&url(&server), SMALL);
    console.wait_for_text("anton (auditor)").unwrap();
    let screen = console.wait_for_text("Live: following").unwrap();
    assert!(!screen.contains("F2 accounts") && !screen.contains("F4 removals"), "{screen}");
    for key in [2, 3, 4] {
        console.press(Key::Function(key)).unwrap();
        console.wait_for_text("Your role does not allow this").unwrap();
    }

    let holder = Holder::with_an_authenticator(server.public);
    let screen = console.wait_for_text("an authenticator was enabled").unwrap();
    assert!(!screen.contains(LOGIN) && !screen.contains(EMAIL), "{screen}");
    console.type_text(" ").unwrap();
    console.wait_for_text("Live: held").unwrap();
    holder.begin();
    console.wait_until_gone("held, 0 new").unwrap();
    console.press(Key::Function(7)).unwrap();
    console.wait_for_text("The last hour").unwrap();
    console.press(Key::Function(8)).unwrap();
    console.wait_for_text("in step").unwrap();
}
