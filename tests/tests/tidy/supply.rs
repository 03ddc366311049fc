//! What is linked in: from one registry, under acceptable licences, and nothing that is banned
//! (SR-139). `deny.toml` says the same to cargo-deny; this holds without it and without network.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::arrows::cargo;
use crate::root;

/// Crates that do cryptography for us: the RustCrypto and dalek lines, aws-lc-rs, and rustls on
/// top of it. `ring` comes with the event store client alone.
const VETTED: [&str; 15] = [
    "argon2",
    "aws-lc-rs",
    "bcrypt",
    "chacha20poly1305",
    "ed25519-dalek",
    "getrandom",
    "hkdf",
    "hmac",
    "pbkdf2",
    "scrypt",
    "sha1",
    "sha2",
    "subtle",
    "totp-rs",
    "zeroize",
];

/// Words in a crate's name that make it one that does cryptography.
const CRYPTOGRAPHIC: [&str; 14] = [
    "aes", "argon", "bcrypt", "chacha", "crypt", "curve", "dalek", "hkdf", "hmac", "rand", "rsa",
    "salsa", "scrypt", "sha",
];

fn deny() -> String {
    fs::read_to_string(root().join("deny.toml")).expect("deny.toml")
}

/// The quoted words of a list in `deny.toml`.
fn list(text: &str, name: &str) -> BTreeSet<String> {
    let (_, rest) = text.split_once(&format!("\n{name} = [")).expect(name);
    let list = rest.split("\n]").next().expect("a list");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

fn packages() -> Vec<Value> {
    let text = cargo(&["metadata", "--format-version", "1", "--offline", "--locked"]);
    let metadata: Value = serde_json::from_str(&text).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// Whether an SPDX expression can be satisfied with the allowed licences.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    either(&mut words, allowed) && words.is_empty()
}

fn either(words: &mut Vec<&str>, allowed: &BTreeSet<String>) -> bool {
    let mut fine = both(words, allowed);
    while words.last() == Some(&"OR") {
        words.pop();
        fine |= both(words, allowed);
    }
    fine
}

fn both(words: &mut Vec<&str>, allowed: &BTreeSet<String>) -> bool {
    let mut fine = one(words, allowed);
    while words.last() == Some(&"AND") {
        words.pop();
        fine &= one(words, allowed);
    }
    fine
}

fn one(words: &mut Vec<&str>, allowed: &BTreeSet<String>) -> bool {
    let Some(word) = words.pop() else { return false };
    if word == "(" {
        let fine = either(words, allowed);
        return words.pop() == Some(")") && fine;
    }
    let mut licence = word.to_owned();
    if words.last() == Some(&"WITH") {
        words.pop();
        licence = format!("{word} WITH {}", words.pop().unwrap_or_default());
    }
    allowed.contains(&licence)
}

#[test]
fn every_crate_has_a_licence_that_deny_toml_allows() {
    let allowed = list(&deny(), "allow");
    let refused: Vec<String> = packages()
        .iter()
        .filter(|package| !is_allowed(package["license"].as_str().unwrap_or("none"), &allowed))
        .map(|package| format!("{} {}", package["name"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
}

#[test]
fn licence_expressions_are_read_as_spdx_has_them() {
    let allowed: BTreeSet<String> =
        ["MIT", "ISC", "A WITH B"].iter().map(|name| (*name).to_owned()).collect();
    for fine in
        ["MIT", "GPL OR MIT", "MIT/GPL", "(GPL OR MIT) AND ISC", "A WITH B", "GPL OR A WITH B"]
    {
        assert!(is_allowed(fine, &allowed), "{fine}");
    }
    for bad in ["GPL", "MIT AND GPL", "(GPL OR MIT) AND GPL", "A", "MIT GPL", "", "(MIT"] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}

#[test]
fn sr_139_crates_come_from_one_registry_and_none_is_banned() {
    let deny = deny();
    let banned: BTreeSet<String> = deny
        .lines()
        .filter_map(|line| line.trim().strip_prefix("{ crate = \""))
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect();
    assert!(banned.contains("openssl-sys") && banned.contains("h2:<0.4"));
    for package in packages() {
        let name = package["name"].as_str().expect("name");
        let source = package["source"].as_str();
        let is_member = name.starts_with("countersign-");
        assert_eq!(source.is_none(), is_member, "{name} from {source:?}");
        assert!(source.is_none_or(|source| source.contains("crates.io")), "{name} from {source:?}");
        assert!(!banned.contains(name), "{name} is banned");
        let version = package["version"].as_str().expect("version");
        assert!(!(name == "h2" && version.starts_with("0.3.")), "h2 {version} is banned");
    }
}

#[test]
fn sr_139_only_vetted_crates_do_cryptography_for_us_and_our_own_code_is_safe() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the root manifest");
    assert!(manifest.contains("\nunsafe_code = \"deny\"\n"));
    let text = cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"]);
    let metadata: Value = serde_json::from_str(&text).expect("JSON");
    for package in metadata["packages"].as_array().expect("packages") {
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let name = dependency["name"].as_str().expect("name");
            let is_cryptographic = CRYPTOGRAPHIC.iter().any(|word| name.contains(word));
            assert!(!is_cryptographic || VETTED.contains(&name), "{name} is not vetted");
        }
    }
}
