//! An exported log at the console: as of its end, and nothing to be done.

use countersign_admin_tui::effect::{Call, Effect, Look};
use countersign_admin_tui::message::{Answer, Failure, Followed};
use countersign_admin_tui::model::account::Hit;
use countersign_admin_tui::model::live::LIVE_LINES_MAX;
use countersign_admin_tui::theme::Theme;
use crossterm::event::KeyCode;

use crate::driver::Console;
use crate::samples::{account_id, archived_line, events, hit, locked_account, now};

const SIZES: [(u16, u16); 2] = [(80, 24), (132, 43)];

/// Nobody has a name there.
fn nameless(hit: &Hit) -> Hit {
    Hit { login_hint: "".into(), email_hint: None, ..hit.clone() }
}

fn with_list() -> Console {
    let mut console = Console::of_archive(1_234);
    let until = now() - jiff::SignedDuration::from_hours(24 * 30 - 1);
    let locked = Hit { locked_until: Some(until), ..nameless(&hit()) };
    console.answer(Answer::Found(vec![locked]));
    console
}

fn with_account() -> Console {
    let mut console = with_list();
    console.press(KeyCode::Enter);
    let account = Box::new(locked_account());
    console.answer(Answer::Opened { account, events: events(), older: None });
    console
}

#[test]
fn an_exported_log_looks_like_this() {
    let mut refused = Console::of_archive(1_234);
    refused.answer(Answer::Found(Vec::new()));
    refused.text("ana.lima").press(KeyCode::Enter);
    let mut away = Console::of_archive(1_234);
    away.fail(Failure::Offline { why: "connection refused".into() });
    let mut help = with_account();
    help.press(KeyCode::F(1));
    let mut live = with_list();
    live.press(KeyCode::F(6)).followed(Followed::Open);
    live.followed(Followed::Lines((0..9).map(archived_line).collect()));
    let mut line = live.clone();
    line.press(KeyCode::Enter);
    for (name, console) in [
        ("live", live),
        ("live_line", line),
        ("loading", Console::of_archive(1_234)),
        ("full", with_list()),
        ("error", refused),
        ("offline", away),
        ("account", with_account()),
        ("help", help),
    ] {
        for (columns, rows) in SIZES {
            let frame = console.frame(Theme::new(true), (columns, rows));
            insta::assert_snapshot!(format!("archive_{name}_{columns}x{rows}"), frame.backend());
        }
    }
}

#[test]
fn it_begins_with_a_session_and_the_latest_accounts() {
    let console = Console::of_archive(5);
    assert!(matches!(console.call(), (Some("reader"), Call::Look(Look::Recent))));
    assert!(console.words().contains("read only"), "{}", console.words());
}

/// The clock stands where the log ends: a lock of then is one, however long ago that is.
#[test]
fn what_was_locked_at_the_end_is_locked() {
    let words = with_list().words();
    assert!(words.contains(&account_id().to_string()), "{words}");
    assert!(words.contains("(in 1 h)"), "{words}");
}

#[test]
fn no_key_begins_an_act_and_no_footer_names_one() {
    for letter in ['u', 's', 'S', 'e', 'p', 'r', 'a', 'c'] {
        let mut console = with_account();
        console.press(KeyCode::Char(letter));
        assert!(console.model.dialogs.is_empty() && console.effects.is_empty(), "{letter}");
    }
    let mut console = with_account();
    console.control('t');
    assert!(console.model.dialogs.is_empty(), "no ticket where no look is recorded");
    let words = console.words();
    for act in ["unlock", "suspend", "end sessions", "new password", "remove"] {
        assert!(!words.contains(act), "{act} in {words}");
    }
    console.press(KeyCode::F(1));
    for _ in 0..12 {
        let words = console.words();
        assert!(!words.contains("end a lockout") && !words.contains("mail a link"), "{words}");
        console.press(KeyCode::PageDown);
    }
}

#[test]
fn an_account_is_named_by_its_id() {
    let mut console = with_list();
    console.press(KeyCode::Esc).text(&account_id().to_string()).press(KeyCode::Enter);
    let (_, call) = console.call();
    assert!(
        matches!(call, Call::Look(Look::OpenAccount { account, .. }) if *account == account_id())
    );
    let mut console = with_list();
    console.press(KeyCode::Esc).text("ana.lima").press(KeyCode::Enter);
    assert!(console.effects.is_empty());
    assert!(console.words().contains("type an account's whole id"), "{}", console.words());
}

#[test]
fn the_live_view_begins_so_near_the_end_that_nothing_falls_out_of_it() {
    let kept = u64::try_from(LIVE_LINES_MAX).unwrap();
    for (size, first) in [(5, 0), (kept, 0), (kept + 7, 7)] {
        let mut console = Console::of_archive(size);
        console.answer(Answer::Found(Vec::new()));
        console.press(KeyCode::F(6));
        let follows = console
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Follow { from, .. } if *from == Some(first)));
        assert!(follows, "{size}: {:?}", console.effects);
    }
}

/// Enter shows a line as it does before a server; the account that it is about is one key away,
/// and one key leads back to the line.
#[test]
fn a_line_of_the_log_leads_to_its_account_and_back() {
    let at_the_end = || {
        let mut console = with_list();
        console.press(KeyCode::F(6)).followed(Followed::Open);
        console.followed(Followed::Lines((0..9).map(archived_line).collect()));
        console
    };
    let opens = |console: &Console| {
        let opened = |effect: &Effect| {
            matches!(effect, Effect::Send { call, .. }
            if matches!(call, Call::Look(Look::OpenAccount { account, .. })
                if *account == account_id()))
        };
        console.effects.contains(&Effect::Leave) && console.effects.iter().any(opened)
    };
    let mut console = at_the_end();
    assert!(console.words().contains("a account"), "{}", console.words());
    console.press(KeyCode::Enter);
    let words = console.words();
    assert!(words.contains(&format!("account {}", account_id())), "{words}");
    assert!(words.contains("a account"), "{words}");
    console.press(KeyCode::Char('a'));
    assert!(opens(&console), "{:?}", console.effects);
    let account = Box::new(locked_account());
    console.answer(Answer::Opened { account, events: events(), older: None });
    console.press(KeyCode::Esc);
    assert!(matches!(console.effects[..], [Effect::Follow { from: Some(9), .. }]));
    assert!(console.words().contains("the password was right"), "{}", console.words());

    let mut console = at_the_end();
    console.press(KeyCode::Char('a'));
    assert!(opens(&console), "{:?}", console.effects);
    let mut console = at_the_end();
    for _ in 0..3 {
        console.press(KeyCode::Down);
    }
    assert!(!console.words().contains("a account"), "{}", console.words());
    console.press(KeyCode::Char('a'));
    assert_eq!(console.effects, []);
    assert!(console.words().contains("not about an account"), "{}", console.words());
}

#[test]
fn who_may_act_somewhere_is_not_in_a_log() {
    let mut console = with_list();
    console.press(KeyCode::F(9));
    assert_eq!(console.effects, []);
    assert!(!console.words().contains("operators"), "{}", console.words());
}

#[test]
fn there_is_no_session_to_end() {
    let mut console = with_list();
    console.control('c');
    assert!(matches!(console.effects[..], [Effect::Quit { bearer: None }]));
}
