//! Every security rule that is built has a test that names it, and so has every attack that is
//! tried.

use crate::{Source, sources};

/// The rules that are built, by number.
const RULES: [u16; 127] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57,
    58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81,
    82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103,
    104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 121, 123, 129,
    130, 131, 132, 133, 134, 135, 136, 137, 139, 140, 141, 146,
];
/// The attacks that are tried, by number.
const ATTACKS: [u16; 57] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50,
    54, 55, 56, 57, 58, 59, 60,
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

fn tries(text: &str, attack: u16) -> bool {
    text.contains(&format!("AT-{attack:02}")) || text.contains(&format!("at_{attack:02}"))
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
    let untried: Vec<_> = ATTACKS
        .iter()
        .filter(|attack| !sources.iter().any(|source| tries(tests_of(source), **attack)))
        .collect();
    assert!(untried.is_empty(), "no test names AT-{untried:02?}");
}

#[test]
fn a_rule_that_only_code_names_is_not_covered() {
    let text = "//! SR-001\nfn code() {}\nmod tests {\n// SR-002\n}".to_owned();
    let source = Source { path: "core/src/x.rs".to_owned(), text };
    assert!(!names(tests_of(&source), 1));
    assert!(names(tests_of(&source), 2));
}
