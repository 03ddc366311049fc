//! House rules that a machine can check: sizes, module docs, leftovers, names, sleeps, arrows.
//!
//! Each rule is a function from the text of a source to what breaks it, so that each is itself
//! tested with text that must be found; a check that cannot fail would be a defect. Exceptions
//! are written down in [`rules::LARGER_FILES`] and may only ever shrink.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod architecture;
mod arrows;
mod coverage;
mod limits;
mod manifests;
mod rules;
mod supply;
mod verifiers;

use std::fs;
use std::path::{Path, PathBuf};

/// A source file: its path from the workspace's root, and its text.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The workspace's root, from wherever the tests are run.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace")
}

/// The directories that hold Rust sources.
const MEMBERS: [&str; 5] = ["admin-tui", "api", "core", "events", "tests"];

/// Every Rust source of the workspace, generated ones aside.
pub(crate) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for member in MEMBERS {
        collect(&root().join(member), &mut found);
    }
    assert!(found.len() > 40, "only {} sources found below {:?}", found.len(), root());
    found
}

fn collect(directory: &Path, found: &mut Vec<Source>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .expect("readable")
        .map(|entry| entry.expect("entry").path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target" && name != "snapshots") {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root()).expect("below the root");
            let text = fs::read_to_string(&path).expect("UTF-8");
            found.push(Source { path: relative.display().to_string(), text });
        }
    }
}

fn check(rule: fn(&Source) -> Vec<String>) {
    let broken: Vec<String> = sources().iter().flat_map(rule).collect();
    assert!(broken.is_empty(), "{} places:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn no_file_is_longer_than_450_lines() {
    check(rules::file_too_long);
}

#[test]
fn the_list_of_larger_files_only_shrinks() {
    let sources = sources();
    let stale: Vec<_> = rules::LARGER_FILES
        .iter()
        .filter(|(path, lines)| {
            !sources.iter().any(|s| s.path == *path && s.text.lines().count() == *lines)
        })
        .collect();
    assert!(stale.is_empty(), "these have another length now; lower or remove them: {stale:?}");
}

#[test]
fn no_line_is_wider_than_100_columns() {
    check(rules::line_too_wide);
}

#[test]
fn every_module_opens_with_what_it_is() {
    check(rules::module_without_docs);
}

#[test]
fn no_leftovers_stand_in_the_sources() {
    check(rules::leftovers);
}

#[test]
fn no_code_is_commented_out() {
    check(rules::commented_out_code);
}

#[test]
fn modules_are_nouns_of_the_domain() {
    check(rules::banned_module_name);
}

#[test]
fn no_test_sleeps() {
    check(rules::sleep_in_a_test);
}
