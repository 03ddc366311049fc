//! SR-082, AT-14: every place that compares something with a secret is written down here, with what
//! counts the comparing. A further one, or one that has gone, fails.
//!
//! What can be guessed is compared under leave alone: `core/src/accounts/source.rs` gives it, and
//! nothing else can make one.

use crate::{Source, sources};

/// What compares.
const COMPARING: [&str; 7] = [
    ".ct_eq(",
    ".verify(",
    ".compare(",
    ".compare_two(",
    ".is_genuine(",
    ".takes(",
    "Generator::new(",
];
/// What demands leave, or what is had under leave alone.
const DEMANDING: [&str; 2] = ["leave.demand(Method::", "generator_of(entity, "];

/// A place: its file, what compares there, how often, and what counts it.
type Place = (&'static str, &'static str, usize, Counted);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// Whoever compares must show leave for the method.
    UnderLeave,
    /// It is reached through one of those places alone.
    Within,
    /// 128 bits or more, which nobody guesses.
    Unguessable,
}

const PLACES: [Place; 18] = [
    ("api/src/server/routes/v1/host/sign_in.rs", ".ct_eq(", 1, Counted::Unguessable),
    ("core/src/accounts/grants.rs", ".ct_eq(", 1, Counted::Unguessable),
    // Two seeds, by whoever has both the file and the machine.
    ("core/src/accounts/import/books.rs", ".ct_eq(", 1, Counted::Unguessable),
    ("core/src/accounts/passwords.rs", ".is_genuine(", 1, Counted::Unguessable),
    ("core/src/accounts/proof.rs", ".compare(", 2, Counted::UnderLeave),
    ("core/src/accounts/proof.rs", ".ct_eq(", 2, Counted::UnderLeave),
    ("core/src/accounts/proof.rs", "Generator::new(", 1, Counted::UnderLeave),
    ("core/src/accounts/recovery.rs", ".is_genuine(", 2, Counted::Unguessable),
    ("core/src/accounts/resync.rs", ".compare_two(", 1, Counted::UnderLeave),
    ("core/src/accounts/sign_in.rs", ".verify(", 1, Counted::UnderLeave),
    ("core/src/accounts/staff/client.rs", ".ct_eq(", 1, Counted::Unguessable),
    ("core/src/accounts/staff/set_up.rs", ".takes(", 1, Counted::Unguessable),
    ("core/src/accounts/unlock.rs", ".is_genuine(", 1, Counted::Unguessable),
    ("core/src/assertion/keys.rs", ".verify(", 1, Counted::Unguessable),
    ("core/src/domain/totp.rs", ".ct_eq(", 1, Counted::Within),
    ("core/src/mail/link.rs", ".ct_eq(", 1, Counted::Unguessable),
    ("core/src/vault/passwords/foreign.rs", ".ct_eq(", 1, Counted::Within),
    ("core/src/vault/passwords/mod.rs", ".ct_eq(", 1, Counted::Within),
];

/// The part of a source that is no test, without its comments.
fn code_of(source: &Source) -> String {
    let is_test = source.path.contains("/tests/") || source.path.ends_with("tests.rs");
    if is_test {
        return String::new();
    }
    let code = source.text.split("mod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// What compares in a source, and how often.
fn found_in(source: &Source) -> Vec<(String, &'static str, usize)> {
    let code = code_of(source);
    let counted = COMPARING.iter().map(|word| (*word, code.matches(word).count()));
    let there = counted.filter(|(_, times)| *times > 0);
    there.map(|(word, times)| (source.path.clone(), word, times)).collect()
}

/// The functions of a source that compare and do not demand leave first.
fn without_leave(source: &Source, word: &str) -> Vec<String> {
    let code = code_of(source);
    let starts = |line: &str| {
        let at = line.trim_start_matches(' ');
        line.len() - at.len() <= 4 && at.contains("fn ") && !at.starts_with('}')
    };
    let mut broken = vec![];
    let (mut named, mut demanded) = (String::new(), false);
    for line in code.lines() {
        if starts(line) {
            (named, demanded) = (line.trim().to_owned(), false);
        }
        demanded |= DEMANDING.iter().any(|demanding| line.contains(demanding));
        if line.contains(word) && !demanded {
            broken.push(format!("{}: {named}", source.path));
        }
    }
    broken
}

fn product() -> Vec<Source> {
    let mut sources = sources();
    sources.retain(|source| {
        ["core/src/", "api/src/"].iter().any(|member| source.path.starts_with(member))
    });
    sources
}

/// SR-082, AT-14.
#[test]
fn sr_082_every_place_that_compares_a_secret_is_written_down() {
    let mut found: Vec<_> = product().iter().flat_map(found_in).collect();
    found.sort();
    let written = PLACES.map(|(path, word, times, _)| (path.to_owned(), word, times));
    assert_eq!(found, written);
}

/// SR-082: and where it can be guessed, it is compared under leave for its own method.
#[test]
fn sr_082_what_can_be_guessed_is_compared_under_leave_alone() {
    let sources = product();
    for (path, word, ..) in PLACES.iter().filter(|place| place.3 == Counted::UnderLeave) {
        let source = sources.iter().find(|source| source.path == *path).expect("written down");
        assert_eq!(without_leave(source, word), [] as [String; 0]);
    }
    let makes = |source: &&Source| code_of(source).contains("Leave(CountedBy::");
    let makers: Vec<_> = sources.iter().filter(makes).map(|source| &source.path).collect();
    assert_eq!(makers, ["core/src/accounts/source.rs"]);
}

#[test]
fn a_comparison_without_leave_is_found() {
    let text = "fn a() {\n    leave.demand(Method::Totp)?;\n    a.compare(b)\n}\n\
        fn b() {\n    a.compare(b)\n}\n// a.compare(c)\nmod tests {\n    a.compare(d)\n}\n";
    let source = Source { path: "core/src/x.rs".to_owned(), text: text.to_owned() };
    assert_eq!(found_in(&source), [("core/src/x.rs".to_owned(), ".compare(", 2)]);
    assert_eq!(without_leave(&source, ".compare("), ["core/src/x.rs: fn b() {"]);
}
