//! A server that dies (SIGKILL) while an act is under way and comes back on the same data: the
//! console's retry is the same act, and it is done once.

use countersign_tests::console::{Console, Key};
use countersign_tests::server::Server;

use crate::holder::{Holder, LOGIN};
use crate::proxy::{Moment, Proxy};
use crate::staff::{Act, ROOMY, SMALL, Staff, choose_in_person, open, say_why};

/// The server dies between the record and the answer; the retry is the same act, and is done once.
#[test]
fn a_server_that_dies_in_the_middle_of_an_act_does_it_once() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    let olga = Staff::set_up(&server, &data, "olga", "support");
    let mut holder = Holder::with_an_authenticator(server.public);
    holder.is_locked_by_wrong_codes();
    let proxy = Proxy::before(server);
    let mut console = olga.at_a_console(&format!("http://{}", proxy.address), ROOMY);
    open(&mut console, LOGIN);
    console.type_text("w").unwrap();
    let screen = console.wait_for_text("Why it is locked").unwrap();
    assert!(screen.contains("5 wrong tries from devices"), "{screen}");
    console.press(Key::Enter).unwrap();
    console.wait_until_gone("Why it is locked").unwrap();

    proxy.kill_at("lockout-resets", Moment::Answered);
    console.type_text("u").unwrap();
    console.wait_for_text("Unlocking ends waiting times").unwrap();
    console.press(Key::Tab).unwrap();
    console.press(Key::Tab).unwrap();
    say_why(&mut console, "called, knows her birthday", "4711");
    is_seen_to_die(&proxy, &console);
    proxy.restart(Server::start(&data).unwrap());
    console.press(Key::Function(5)).unwrap();
    console.wait_for_text("This event was written").unwrap();
    console.press(Key::Enter).unwrap();
    console.wait_for_text("nothing is locked").unwrap();

    holder.public = proxy.public();
    let entered = holder.answer(&holder.begin(), &holder.next_code());
    assert_eq!(entered.status, 200, "{entered:?}");
    let token = entered.text_at("/session/token");
    assert_eq!(holder.counts(token, ["account.lockout_reset"]), [1]);
    console.press(Key::Function(5)).unwrap();
    let screen = console.wait_for_text("an authenticator code was accepted").unwrap();
    assert!(screen.contains("support ended the waiting"), "both stand there:\n{screen}");

    // Into the past: the state before the lock, and what the lock changed.
    console.type_text("t").unwrap();
    console.wait_for_text("Time travel: revision").unwrap();
    console.press(Key::Left).unwrap();
    console.type_text("v").unwrap();
    console.wait_for_text("The state after it").unwrap();
}

/// The console says that the server is away, and repeats nothing by itself that may have been done.
fn is_seen_to_die(proxy: &Proxy, console: &Console) {
    proxy.wait_until_killed();
    let screen = console.wait_for_text("The server does not answer").unwrap();
    let words: Vec<&str> = screen.split_whitespace().collect();
    let said = words.join(" ").contains("asked again only by you, and done once");
    assert!(said, "{screen}");
}

const REQUEST: Act = Act {
    key: "r",
    title: "Remove authenticator: ask for it",
    event: "account.factor_removal_requested",
    reason: "lost phone, at the desk",
    ticket: "4713",
};
const APPROVAL: Act = Act {
    key: "a",
    title: "Remove authenticator: approve",
    event: "account.factor_removal_approved",
    reason: "seen the document too",
    ticket: "",
};

/// SR-124: a request whose server dies as it is asked, and an approval whose server dies with the
/// answer on its way: each is one event, and the removal is one.
#[test]
fn sr_124_a_removal_survives_a_dead_server_at_each_step_and_is_done_once() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    let asks = Staff::set_up(&server, &data, "olga", "support");
    let approves = Staff::set_up(&server, &data, "sara", "supervisor");
    let mut holder = Holder::with_an_authenticator(server.public);
    let proxy = Proxy::before(server);
    let address = format!("http://{}", proxy.address);

    let mut olga = asks.at_a_console(&address, SMALL);
    open(&mut olga, LOGIN);
    proxy.kill_at("/factor-removals HTTP", Moment::Asked);
    olga.type_text(REQUEST.key).unwrap();
    olga.wait_for_text(REQUEST.title).unwrap();
    olga.press(Key::Enter).unwrap();
    // Seen in person, hence done once another has approved.
    choose_in_person(&mut olga);
    olga.press(Key::Right).unwrap();
    olga.press(Key::Enter).unwrap();
    REQUEST.is_confirmed_at(&mut olga);
    is_seen_to_die(&proxy, &olga);
    proxy.restart(Server::start(&data).unwrap());
    olga.press(Key::Function(5)).unwrap();
    REQUEST.is_written_at(&mut olga);
    olga.wait_for_text("not approved").unwrap();

    let mut sara = approves.at_a_console(&address, SMALL);
    sara.press(Key::Function(4)).unwrap();
    sara.wait_for_text("waits for another person").unwrap();
    proxy.kill_at("/approve", Moment::Answered);
    APPROVAL.is_asked_for_at(&mut sara);
    is_seen_to_die(&proxy, &sara);
    proxy.restart(Server::start(&data).unwrap());
    sara.press(Key::Function(5)).unwrap();
    APPROVAL.is_written_at(&mut sara);
    sara.wait_for_text("No removal waits.").unwrap();
    open(&mut sara, LOGIN);
    sara.wait_for_text("Authenticators  none").unwrap();

    holder.public = proxy.public();
    let entered = holder.begin();
    let written = holder.counts(
        entered.text_at("/session/token"),
        [
            "account.factor_removal_requested",
            "account.factor_removal_approved",
            "account.factor_removal_completed",
            "account.factor_removed",
        ],
    );
    assert_eq!(written, [1; 4]);
}
