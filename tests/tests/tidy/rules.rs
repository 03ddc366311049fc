//! The rules for one source, each from its text to the places that break it.

use std::path::Path;

use crate::Source;

/// Lines of a file at most.
const FILE_LINES_MAX: usize = 450;
/// Columns of a line at most.
const LINE_COLUMNS_MAX: usize = 100;
/// Longer files that were there before the rule: their exact length. Only ever shrinks.
pub(crate) const LARGER_FILES: &[(&str, usize)] = &[];

const BANNED_NAMES: [&str; 8] =
    ["utils", "util", "common", "helpers", "helper", "manager", "managers", "misc"];

/// Words that were left behind. Put together here, so that this file does not break its own rule.
const LEFTOVERS: [&str; 7] = [
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
    concat!("#[", "ignore"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
    concat!("TO", "DO"),
];

const SLEEPS: [&str; 2] = [concat!("thread::", "sleep("), concat!("time::", "sleep(")];

fn place(source: &Source, line: usize, what: &str) -> String {
    format!("{}:{}: {what}", source.path, line + 1)
}

pub(crate) fn file_too_long(source: &Source) -> Vec<String> {
    let allowed = LARGER_FILES
        .iter()
        .find(|(path, _)| *path == source.path)
        .map_or(FILE_LINES_MAX, |(_, lines)| *lines);
    let lines = source.text.lines().count();
    if lines <= allowed {
        return Vec::new();
    }
    vec![format!("{}: {lines} lines, {allowed} at most", source.path)]
}

pub(crate) fn line_too_wide(source: &Source) -> Vec<String> {
    let wide = source.text.lines().enumerate().filter_map(|(number, line)| {
        let columns = line.chars().count();
        (columns > LINE_COLUMNS_MAX).then(|| {
            place(source, number, &format!("{columns} columns, {LINE_COLUMNS_MAX} at most"))
        })
    });
    wide.collect()
}

/// A `tests.rs` beside its module is part of that module and needs no description of its own.
pub(crate) fn module_without_docs(source: &Source) -> Vec<String> {
    if source.path.ends_with("/tests.rs") {
        return Vec::new();
    }
    let told = source.text.lines().find(|line| !line.trim().is_empty());
    match told {
        Some(line) if line.starts_with("//! ") && line.len() > 8 => Vec::new(),
        _ => vec![format!("{}: does not open with //! and what it is", source.path)],
    }
}

pub(crate) fn leftovers(source: &Source) -> Vec<String> {
    let lines = source.text.lines().enumerate();
    lines
        .flat_map(|(number, line)| {
            LEFTOVERS
                .iter()
                .filter(|word| stands_alone(line, word))
                .map(move |word| place(source, number, word))
        })
        .collect()
}

/// Whether a word is there and no part of a longer one.
fn stands_alone(line: &str, word: &str) -> bool {
    let is_letter = |letter: Option<char>| letter.is_some_and(|l| l.is_alphanumeric() || l == '_');
    let ends_open = !is_letter(word.chars().next_back());
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        !is_letter(before) && (ends_open || !is_letter(after))
    })
}

/// A comment that reads like code: it ends like a statement and has what only code has.
pub(crate) fn commented_out_code(source: &Source) -> Vec<String> {
    let lines = source.text.lines().enumerate();
    lines
        .filter_map(|(number, line)| {
            let comment = line.trim_start().strip_prefix("//")?;
            (!comment.starts_with(['/', '!']) && reads_like_code(comment.trim()))
                .then(|| place(source, number, "commented-out code"))
        })
        .collect()
}

fn reads_like_code(comment: &str) -> bool {
    const OPENINGS: [&str; 9] =
        ["let ", "use ", "fn ", "pub ", "if ", "for ", "match ", "return ", "impl "];
    let opening = OPENINGS.iter().any(|word| comment.starts_with(word));
    let statement = comment.ends_with(';') && comment.contains(['(', '=', ':', '!']);
    let block = comment.ends_with('{') && comment.contains([' ', '(']);
    let attribute = comment.starts_with("#[") && comment.ends_with(']');
    statement || attribute || (block && (opening || comment.contains('('))) || comment == "}"
}

pub(crate) fn banned_module_name(source: &Source) -> Vec<String> {
    let path = Path::new(&source.path);
    let mut parts = path.iter().map(|part| part.to_string_lossy());
    let named = parts.find(|part| BANNED_NAMES.contains(&part.trim_end_matches(".rs")));
    let mut broken: Vec<String> = named
        .map(|name| format!("{}: {name} is no noun of the domain", source.path))
        .into_iter()
        .collect();
    broken.extend(source.text.lines().enumerate().filter_map(|(number, line)| {
        let (_, name) = line.split_once("mod ")?;
        let name = name.split([' ', ';', '{']).next()?;
        (!line.trim_start().starts_with("//") && BANNED_NAMES.contains(&name))
            .then(|| place(source, number, "no noun of the domain"))
    }));
    broken
}

/// Tests wait for something, never for time.
pub(crate) fn sleep_in_a_test(source: &Source) -> Vec<String> {
    let whole = source.path.starts_with("tests/")
        || source.path.contains("/tests/")
        || source.path.ends_with("/tests.rs");
    let mut inside = whole;
    let mut broken = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        inside |= line.trim_start().starts_with("#[cfg(test)]");
        if inside && SLEEPS.iter().any(|sleep| line.contains(sleep)) {
            broken.push(place(source, number, "a test that sleeps"));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { path: "core/src/part.rs".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_file_of_451_lines_and_a_line_of_101_columns_are_found() {
        assert!(file_too_long(&source(&"x\n".repeat(450))).is_empty());
        assert_eq!(file_too_long(&source(&"x\n".repeat(451))).len(), 1);
        assert!(line_too_wide(&source(&"ä".repeat(100))).is_empty());
        assert_eq!(
            line_too_wide(&source(&"ä".repeat(101))),
            ["core/src/part.rs:1: 101 columns, 100 at most"]
        );
    }

    #[test]
    fn a_module_without_a_description_is_found() {
        assert!(module_without_docs(&source("//! Time, as a value.\n")).is_empty());
        for bare in ["", "use std::fs;\n", "//! …\n", "// A note.\n", "//!\n//! Later.\n"] {
            assert_eq!(module_without_docs(&source(bare)).len(), 1, "{bare}");
        }
    }

    #[test]
    fn every_leftover_is_found() {
        assert!(leftovers(&source("XXXXX-XXXXX methods TODOS")).is_empty());
        for word in LEFTOVERS {
            assert_eq!(leftovers(&source(&format!("fine\nlet x = {word} 1);"))).len(), 1, "{word}");
        }
    }

    #[test]
    fn commented_out_code_is_found_and_sentences_are_not() {
        for code in [
            "// let x = 1;",
            "    // return Err(x);",
            "// fn dead() {",
            "// if x == 1 {",
            "// #[test]",
            "//self.count += 1;",
            "// }",
        ] {
            assert_eq!(commented_out_code(&source(code)).len(), 1, "{code}");
        }
        for sentence in [
            "// A claim whose stream is empty may be taken over; see below.",
            "// If we crash here, the secret is there and no event names it.",
            "/// let x = 1;",
            "//! use it;",
            "let x = 1; // one",
            "// https://example.org/",
        ] {
            assert!(commented_out_code(&source(sentence)).is_empty(), "{sentence}");
        }
    }

    #[test]
    fn banned_module_names_are_found() {
        let mut file = source("//! x\n");
        file.path = "core/src/utils.rs".to_owned();
        assert_eq!(banned_module_name(&file).len(), 1);
        file.path = "core/src/helpers/mod.rs".to_owned();
        assert_eq!(banned_module_name(&file).len(), 1);
        for name in BANNED_NAMES {
            assert_eq!(banned_module_name(&source(&format!("pub(crate) mod {name};"))).len(), 1);
            assert_eq!(banned_module_name(&source(&format!("mod {name} {{"))).len(), 1);
        }
        assert!(banned_module_name(&source("mod mailbox;\n// a mod utils;")).is_empty());
    }

    #[test]
    fn a_sleep_is_found_in_tests_alone() {
        let [thread, tokio] = SLEEPS;
        let mut file = source(&format!("{tokio}a);\n#[cfg(test)]\nmod tests {{\n{thread}b);\n"));
        assert_eq!(sleep_in_a_test(&file), ["core/src/part.rs:4: a test that sleeps"]);
        file.path = "tests/tests/x.rs".to_owned();
        assert_eq!(sleep_in_a_test(&file).len(), 2);
    }
}
