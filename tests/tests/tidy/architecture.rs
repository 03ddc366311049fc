//! ARCHITECTURE.md is short, and what its code map names is there.

use std::fs;

use crate::root;

/// Lines of ARCHITECTURE.md at most.
const LINES_MAX: usize = 200;

fn page() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md")
}

/// What stands between back-ticks and looks like a path of the workspace.
fn paths(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|word| word.contains('/') && !word.contains([' ', '{', ':'])).collect()
}

#[test]
fn the_page_is_short() {
    let lines = page().lines().count();
    assert!(lines <= LINES_MAX, "{lines} lines, {LINES_MAX} at most");
}

#[test]
fn every_path_on_the_page_exists() {
    let page = page();
    let found = paths(&page);
    assert!(found.len() > 20, "only {} paths found", found.len());
    let gone: Vec<_> = found.into_iter().filter(|path| !root().join(path).exists()).collect();
    assert!(gone.is_empty(), "ARCHITECTURE.md names what is not there: {gone:?}");
}

#[test]
fn a_path_that_is_not_there_would_be_found() {
    assert_eq!(paths("see `no/such.rs` and `a b/c` and `POST /v1/{id}`"), ["no/such.rs"]);
}
