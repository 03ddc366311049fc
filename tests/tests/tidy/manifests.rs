//! Rules for the manifests: every dependency says what it is for, and the size of functions is
//! the compiler's to check.

use std::fs;

use crate::root;

/// Dependencies of the root manifest over which no comment says what they are for.
///
/// A comment speaks for the lines below it up to the next empty line. Members need none.
fn dependencies_without_a_comment(manifest: &str) -> Vec<String> {
    let (_, rest) = manifest.split_once("[workspace.dependencies]\n").expect("dependencies");
    let table = rest.split("\n[").next().expect("a table");
    let mut commented = false;
    let mut without = Vec::new();
    for line in table.lines() {
        if line.starts_with('#') {
            commented = line.len() > 14;
        } else if line.trim().is_empty() {
            commented = false;
        } else if !commented && !line.contains("path = ") {
            without.push(line.split(' ').next().expect("a name").to_owned());
        }
    }
    without
}

fn root_manifest() -> String {
    fs::read_to_string(root().join("Cargo.toml")).expect("the root manifest")
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let without = dependencies_without_a_comment(&root_manifest());
    assert!(without.is_empty(), "dependencies without a comment: {without:?}");
}

#[test]
fn a_dependency_without_a_comment_is_found() {
    let manifest = "[workspace.dependencies]\nown = { path = \"own\" }\n\n\
                    # Reads the weather.\nrain = \"1\"\nsun = \"2\"\n\nwind = \"3\"\n\
                    # Fog.\nfog = \"4\"\n\n[other]\nx = 1\n";
    assert_eq!(dependencies_without_a_comment(manifest), ["wind", "fog"]);
}

/// Members take versions from the root alone, so that the comment there covers every use.
#[test]
fn members_name_no_versions_of_their_own() {
    for member in crate::MEMBERS {
        let manifest = fs::read_to_string(root().join(member).join("Cargo.toml")).expect(member);
        let own: Vec<&str> = manifest
            .split("\n[")
            .filter(|table| table.contains("dependencies]"))
            .flat_map(str::lines)
            .filter(|line| line.contains('=') && !line.contains("path = \".\""))
            .filter(|line| !line.contains("workspace = true"))
            .collect();
        assert!(own.is_empty(), "{member}: {own:?}");
    }
}

#[test]
fn functions_over_70_lines_are_warned_of_by_the_compiler() {
    let clippy = fs::read_to_string(root().join("clippy.toml")).expect("clippy.toml");
    assert!(clippy.contains("too-many-lines-threshold = 70\n"));
    assert!(root_manifest().contains("\ntoo_many_lines = \"warn\"\n"));
    for member in crate::MEMBERS {
        let manifest = fs::read_to_string(root().join(member).join("Cargo.toml")).expect(member);
        assert!(manifest.contains("[lints]\nworkspace = true"), "{member} has its own lints");
    }
}
