//! Who may know whom: `events <- core <- api`, and the console knows the contract alone.

use std::process::Command;

use serde_json::Value;

use crate::root;

/// What each member may depend on among the members, development aside.
const ALLOWED: [(&str, &[&str]); 5] = [
    ("countersign-events", &[]),
    ("countersign-core", &["countersign-events"]),
    ("countersign-api", &["countersign-core", "countersign-events"]),
    ("countersign-admin-tui", &["countersign-api"]),
    (
        "countersign-tests",
        &["countersign-admin-tui", "countersign-api", "countersign-core", "countersign-events"],
    ),
];

/// Crates that the console must not be built with: it is a client and opens no store.
const NOT_IN_THE_CONSOLE: [&str; 7] = [
    "actix",
    "actix-rt",
    "actix-web",
    "countersign-core",
    "countersign-events",
    "rusqlite",
    "argon2",
];

pub(crate) fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        // What members are built with is asked here, not what a machine's settings make of it.
        .env_remove("CARGO_RESOLVER_FEATURE_UNIFICATION")
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn packages() -> Vec<Value> {
    let text = cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"]);
    let metadata: Value = serde_json::from_str(&text).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

fn arrows_that_are_not_allowed(packages: &[Value]) -> Vec<String> {
    let mut broken = Vec::new();
    for package in packages {
        let name = package["name"].as_str().expect("name");
        let Some((_, allowed)) = ALLOWED.iter().find(|(member, _)| *member == name) else {
            broken.push(format!("{name} is no member that this test knows"));
            continue;
        };
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let on = dependency["name"].as_str().expect("name");
            // A member may take itself with more features for its own tests.
            if on.starts_with("countersign-") && on != name && !allowed.contains(&on) {
                broken.push(format!("{name} -> {on}"));
            }
            let console = name == "countersign-admin-tui" && on == "countersign-api";
            if console && dependency["uses_default_features"] != false {
                broken.push(format!("{name} -> {on} with its default features"));
            }
        }
    }
    broken
}

#[test]
fn members_import_each_other_in_one_direction_only() {
    let packages = packages();
    assert_eq!(packages.len(), ALLOWED.len());
    let broken = arrows_that_are_not_allowed(&packages);
    assert!(broken.is_empty(), "arrows that are not allowed: {broken:?}");
}

#[test]
fn a_forbidden_arrow_is_found() {
    let packages = [
        serde_json::json!({"name": "countersign-events",
            "dependencies": [{"name": "countersign-core", "uses_default_features": true}]}),
        serde_json::json!({"name": "countersign-admin-tui",
            "dependencies": [{"name": "countersign-api", "uses_default_features": true}]}),
    ];
    assert_eq!(
        arrows_that_are_not_allowed(&packages),
        [
            "countersign-events -> countersign-core",
            "countersign-admin-tui -> countersign-api with its default features"
        ]
    );
}

#[test]
fn the_console_is_built_without_the_server_the_core_and_any_store() {
    let tree = cargo(&[
        "tree",
        "--package=countersign-admin-tui",
        "--edges=normal",
        "--prefix=none",
        "--format={p}",
        "--offline",
    ]);
    let crates: Vec<&str> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(crates.contains(&"ratatui") && crates.contains(&"countersign-api"));
    let forbidden: Vec<_> =
        NOT_IN_THE_CONSOLE.iter().filter(|name| crates.contains(name)).collect();
    assert!(forbidden.is_empty(), "the console is built with {forbidden:?}");
}
