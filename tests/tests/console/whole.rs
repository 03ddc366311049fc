//! The console against the server that it is made for: from the setup token to the unlock, and
//! what the holder of the account has of it.

use std::path::Path;

use countersign_tests::bench::prepare::step_now;
use countersign_tests::console::{Console, Key, program};
use countersign_tests::mailbox::{Letter, Mailbox};
use countersign_tests::phone::code;
use countersign_tests::server::{Server, call, verb};
use serde_json::{Value, json};

use crate::enter;
use crate::holder::{EMAIL, Holder, LOGIN, OTHER_PASSWORD, PASSWORD, WRONG_CODES, post};

const OPERATOR: &str = "olga";
const OPERATOR_PASSWORD: &str = "an old oak by the river";
const REASON: &str = "called, knows her birthday";
const TICKET: &str = "case 4711";
/// Adds the operator: the setup token.
fn setup_token(data: &Path) -> String {
    let data = data.to_str().unwrap();
    let line = ["operator", "add", OPERATOR, "--role", "support", "--json", "--data", data];
    let (exit, out, err) = verb(&line).unwrap();
    assert_eq!(exit, Some(0), "{err}");
    let added: Value = serde_json::from_str(&out).unwrap();
    added["setup_token"].as_str().unwrap().to_owned()
}

fn start(server: &Server) -> Console {
    let url = format!("http://{}", server.operator);
    Console::start(&program("countersign-admin").unwrap(), &url).unwrap()
}

/// The key of the authenticator, in the groups that the screen shows below its name.
fn key_on(screen: &str) -> String {
    let is_group = |word: &&str| {
        word.len() == 4 && word.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'2'..=b'7'))
    };
    let below = screen.lines().skip_while(|line| !line.trim_end().ends_with(" Key")).skip(1);
    let groups = below
        .map(|line| line.split_whitespace().filter(is_group).collect::<String>())
        .take_while(|groups| !groups.is_empty());
    groups.collect()
}

/// How the beginning of a key stands on the screen.
fn grouped(secret: &str) -> String {
    format!("{} {}", &secret[..4], &secret[4..8])
}

/// What a phone reads off the screen: two modules to a character, light ones drawn.
fn photographed(screen: &str) -> String {
    let is_module = |c: &char| matches!(c, '█' | '▀' | '▄' | ' ');
    let width = screen.lines().next().unwrap().chars().take_while(|c| *c == '█').count();
    let rows: Vec<Vec<char>> = screen
        .lines()
        .map(|line| line.chars().take(width).take_while(is_module).collect())
        .take_while(|row: &Vec<char>| row.len() == width)
        .collect();
    let scale = 4;
    let light = |x: usize, y: usize| {
        let half = if (y / scale).is_multiple_of(2) { '▀' } else { '▄' };
        matches!(rows[y / scale / 2][x / scale], '█') || rows[y / scale / 2][x / scale] == half
    };
    let shade = |x, y| if light(x, y) { 255 } else { 0 };
    let (wide, high) = (width * scale, rows.len() * 2 * scale);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(wide, high, shade);
    image.detect_grids().first().expect("a QR code").decode().unwrap().1
}

/// The recovery codes that the screen numbers.
fn recovery_codes_on(screen: &str) -> Vec<String> {
    let words = screen.lines().flat_map(str::split_whitespace);
    words.filter(|word| word.len() == 29 && word.contains('-')).map(str::to_owned).collect()
}

/// Chooses a password and enrols: the authenticator's secret, the time step of its first code,
/// and the recovery codes.
fn set_up(console: &mut Console, token: &str) -> (String, u64, Vec<String>) {
    console.wait_for_text("Press F2").unwrap();
    console.press(Key::Function(2)).unwrap();
    console.wait_for_text("Setup token").unwrap();
    console.type_text(&format!("\x1b[200~{token}\n\x1b[201~")).unwrap();
    // The second password first: back and forth between the fields.
    console.press(Key::Tab).unwrap();
    console.press(Key::Tab).unwrap();
    console.type_text(OPERATOR_PASSWORD).unwrap();
    console.press(Key::BackTab).unwrap();
    console.type_text(OPERATOR_PASSWORD).unwrap();
    console.press(Key::Tab).unwrap();
    console.press(Key::Enter).unwrap();
    let screen = console.wait_for_text("Your password is set").unwrap();
    for secret in [token, OPERATOR_PASSWORD] {
        assert!(!screen.contains(secret), "{screen}");
    }
    enter(console, OPERATOR);
    console.press(Key::Enter).unwrap();

    let screen = console.wait_for_text("Scan this with").unwrap();
    let secret = key_on(&screen);
    assert_eq!(secret.len(), 32, "a key of 160 bits on:\n{screen}");
    let uri = photographed(&screen);
    assert!(uri.starts_with("otpauth://totp/") && uri.contains(OPERATOR), "{uri}");
    assert!(uri.contains(&format!("secret={secret}&")), "{uri}");
    let step = step_now();
    enter(console, &code(&secret, step).unwrap());
    let screen = console.wait_for_text("step 3 of 3").unwrap();
    assert!(!screen.contains(&grouped(&secret)), "{screen}");
    let codes = recovery_codes_on(&screen);
    assert_eq!(codes.len(), 10, "{screen}");
    console.press(Key::Enter).unwrap();
    console.wait_for_text("Type a whole login").unwrap();
    (secret, step, codes)
}

/// Leaves by a key that works anywhere, and checks what is left behind: nothing.
fn quit(mut console: Console) -> String {
    console.press(Key::Control('c')).unwrap();
    assert_eq!(console.wait_for_exit().unwrap(), 0);
    console.terminal_is_restored().unwrap();
    assert_eq!(console.screen().trim(), "", "something is left on the person's own screen");
    console.written()
}

/// From the list to the account, and what is wrong with it.
fn look_the_account_up(console: &mut Console) {
    // By address first, in vain; what has an @ is one. A Tab is back at logins.
    enter(console, "nobody@example.org");
    console.wait_for_text("No account has exactly this login or address").unwrap();
    console.press(Key::Tab).unwrap();
    for _ in "nobody@example.org".chars() {
        console.type_text("\x7f").unwrap();
    }
    enter(console, LOGIN);
    let screen = console.wait_for_text("a•••@e•••.org").unwrap();
    assert!(!screen.contains(EMAIL), "{screen}");
    console.press(Key::Enter).unwrap();
    let screen = console.wait_for_text("5 wrong tries from devices").unwrap();
    for part in ["Locked          authenticator code until", "Time line"] {
        assert!(screen.contains(part), "{part} in\n{screen}");
    }
    // What led there stands further down.
    // Past the looks, and the two mails to the holder where they are sent already.
    console.type_text(&"j".repeat(WRONG_CODES + 5)).unwrap();
    console.wait_for_text("a code was refused").unwrap();
}

/// Unlocks, with a look back before the yes.
fn unlock(console: &mut Console) {
    console.type_text("u").unwrap();
    console.wait_for_text("Unlocking ends waiting times").unwrap();
    console.press(Key::Right).unwrap();
    console.press(Key::Tab).unwrap();
    console.press(Key::Tab).unwrap();
    console.press(Key::Tab).unwrap();
    console.type_text(TICKET).unwrap();
    console.press(Key::BackTab).unwrap();
    console.type_text(REASON).unwrap();
    console.press(Key::Tab).unwrap();
    console.press(Key::Enter).unwrap();
    let screen = console.wait_for_text("y writes it").unwrap();
    for part in ["account.lockout_reset", "counters", REASON, TICKET] {
        assert!(screen.contains(part), "{part} in\n{screen}");
    }
    console.press(Key::Escape).unwrap();
    console.wait_until_gone("y writes it").unwrap();
    console.press(Key::Enter).unwrap();
    console.wait_for_text("y writes it").unwrap();
    console.type_text("y").unwrap();
    // The proof of the sign-in is fresh enough: no code is asked for.
    let screen = console.wait_for_text("This event was written").unwrap();
    for part in ["account.lockout_reset", "support ended the waiting", REASON, TICKET] {
        assert!(screen.contains(part), "{part} in\n{screen}");
    }
    console.press(Key::Enter).unwrap();
    let screen = console.wait_for_text("nothing is locked").unwrap();
    for part in ["support ended the waiting", "Unresolved      none"] {
        assert!(screen.contains(part), "{part} in\n{screen}");
    }
}

/// The whole life of an operator, and of a lockout.
#[test]
fn an_operator_is_added_enrols_signs_in_and_unlocks_an_account_for_its_holder() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    let token = setup_token(&data);
    let mut console = start(&server);
    let (secret, step, recovery_codes) = set_up(&mut console, &token);
    let written = quit(console);
    for hidden in [token.as_str(), OPERATOR_PASSWORD] {
        assert!(!written.contains(hidden), "it was drawn");
    }

    let spool = Mailbox::of(&data.join("mail"));
    let holder = Holder::with_an_authenticator(server.public);
    holder.proves_his_address(&spool);
    holder.is_locked_by_wrong_codes();
    let mut console = start(&server);
    console.wait_for_text("Sign in").unwrap();
    enter(&mut console, OPERATOR);
    enter(&mut console, OPERATOR_PASSWORD);
    console.wait_for_text("Second factor").unwrap();
    let next = code(&secret, step + 1).unwrap();
    enter(&mut console, &next);
    console.wait_for_text("Type a whole login").unwrap();
    look_the_account_up(&mut console);
    unlock(&mut console);
    let written = quit(console);
    let key = grouped(&secret);
    let hidden = [&token, &secret, &key, &next, OPERATOR_PASSWORD, EMAIL, PASSWORD, &holder.secret];
    for hidden in hidden.into_iter().chain(recovery_codes.iter().map(String::as_str)) {
        assert!(!written.contains(hidden), "{hidden} was drawn");
    }

    // SR-123: wrong codes are forgiven with the end of the password; the mail has come already.
    let ended = json!({ "login": LOGIN, "password": PASSWORD });
    assert_eq!(post(server.public, "/v1/sign-ins", None, &ended).status, 401);
    holder.sets_another_password(&spool);
    let entered = holder.answer(&holder.begin_with(OTHER_PASSWORD), &holder.next_code());
    assert_eq!(entered.status, 200, "{entered:?}");
    let bearer = Some(entered.text_at("/session/token"));
    let history = call(server.public, "GET", "/v1/accounts/me/history", bearer, None).unwrap();
    let items = history.body["items"].as_array().unwrap();
    let of_type = |name: &str| items.iter().find(|item| item["type"] == name);
    let reset = of_type("account.lockout_reset").unwrap();
    for told in [REASON, TICKET, "support ended the waiting"] {
        assert!(reset.to_string().contains(told), "{told} in {reset}");
    }
    assert!(of_type("account.history_viewed").is_some(), "{history:?}");
    let is_it = |letter: &Letter| {
        letter.header("Subject").is_some_and(|subject| subject.contains("works again"))
    };
    let letter = spool.wait_for(EMAIL, is_it).unwrap();
    assert!(letter.text.contains("our staff"), "{}", letter.text);
}
