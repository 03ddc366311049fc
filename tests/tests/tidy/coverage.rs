//! Every security rule that is built has a test that names it.

use crate::{Source, sources};

/// The rules that are built, by number.
const RULES: [u16; 65] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 17, 20, 21, 22, 23, 24, 26, 27, 28, 31, 32, 33, 34,
    35, 47, 48, 50, 51, 52, 55, 58, 61, 63, 65, 66, 67, 70, 71, 72, 73, 74, 75, 76, 77, 80, 90, 98,
    99, 102, 106, 107, 111, 113, 121, 129, 130, 132, 137, 139, 140, 141, 146,
];
/// The part of a source that is tests: all of a test's file, or what follows `mod tests {`.
fn tests_of(source: &Source) -> &str {
    let is_test = source.path.contains("/tests/") || source.path.ends_with("tests.rs");
    if is_test {
        return &source.text;
    }
    source.text.find("mod tests {").map_or("", |start| &source.text[start..])
}

fn names(text: &str, rule: u16) -> bool {
    text.contains(&format!("SR-{rule:03}")) || text.contains(&format!("sr_{rule:03}"))
}

#[test]
fn every_rule_that_is_built_is_named_by_a_test() {
    let mut sources = sources();
    // This file names rules without testing them.
    sources.retain(|source| !source.path.ends_with("tidy/coverage.rs"));
    let unnamed: Vec<_> = RULES
        .iter()
        .filter(|rule| !sources.iter().any(|source| names(tests_of(source), **rule)))
        .collect();
    assert!(unnamed.is_empty(), "no test names SR-{unnamed:03?}");
    let crash = sources.iter().any(|source| tests_of(source).contains("at_59"));
    assert!(crash, "no test names AT-59");
}

#[test]
fn a_rule_that_only_code_names_is_not_covered() {
    let text = "//! SR-001\nfn code() {}\nmod tests {\n// SR-002\n}".to_owned();
    let source = Source { path: "core/src/x.rs".to_owned(), text };
    assert!(!names(tests_of(&source), 1));
    assert!(names(tests_of(&source), 2));
}
