//! What the answers of the operators' calls can hold at all, by their own description.

use std::collections::BTreeSet;

use countersign_api::server::auth::Auth;
use countersign_api::server::openapi::document_json;
use serde_json::Value;

use super::documented::{Operation, operations};

/// Words of a field's name that a secret of a holder could be in.
const SECRETS: &[&str] = &[
    "password", "secret", "code", "codes", "token", "otpauth", "qr", "pin", "hash", "hashes",
    "key", "answer",
];
/// Numbers, times and names that such a word is in.
const HARMLESS: &[&str] = &["recovery_codes_left", "code", "key_id"];
/// What an admin is told once: of an operator, a client app or a webhook, and never of a holder.
const TOLD_ONCE: &[&str] = &["setup_token", "api_key", "secret"];

/// The names of all fields that a description reaches.
fn fields<'a>(
    described: &'a Value,
    schemas: &'a Value,
    seen: &mut BTreeSet<&'a str>,
    found: &mut BTreeSet<&'a str>,
) {
    match described {
        Value::Object(parts) => {
            if let Some(properties) = parts.get("properties").and_then(Value::as_object) {
                found.extend(properties.keys().map(String::as_str));
            }
            let named = parts.get("$ref").and_then(Value::as_str);
            let named = named.and_then(|named| named.rsplit('/').next());
            if let Some(named) = named.filter(|named| seen.insert(named)) {
                fields(&schemas[named], schemas, seen, found);
            }
            parts.values().for_each(|part| fields(part, schemas, seen, found));
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, schemas, seen, found)),
        _ => {}
    }
}

fn could_hold_a_secret(field: &str) -> bool {
    // With a dot it is the name of a setting, like `totp.limit.hard_cap`.
    !HARMLESS.contains(&field)
        && !field.contains('.')
        && field.split('_').any(|word| SECRETS.contains(&word))
}

/// SR-121: no answer to support has a field for a password, a secret or a code, however deep; and
/// no call of support takes one.
#[test]
fn sr_121_no_answer_to_support_has_a_field_for_a_secret() {
    let document: Value = serde_json::from_str(&document_json().unwrap()).unwrap();
    let schemas = &document["components"]["schemas"];
    let mut looked_at = 0;
    let is_of_staff =
        |one: &&Operation| matches!(one.auth, Auth::Operator(_) | Auth::OperatorOrClient(..));
    for operation in operations().iter().filter(is_of_staff) {
        let method = operation.method.as_str().to_lowercase();
        let described = &document["paths"][&operation.template][&method];
        let (mut answered, mut asked) = (BTreeSet::new(), BTreeSet::new());
        let mut seen = BTreeSet::from(["Problem"]);
        fields(&described["responses"], schemas, &mut seen, &mut answered);
        fields(&described["requestBody"], schemas, &mut BTreeSet::new(), &mut asked);
        let is_of_support =
            ["/v1/support/", "/v1/log/"].iter().any(|of| operation.template.starts_with(of));
        for field in answered.union(&asked).filter(|field| could_hold_a_secret(field)) {
            let is_told_once = !is_of_support && TOLD_ONCE.contains(field);
            // Whether a removal is asked for of them: yes or no, and never in an answer.
            let of = &schemas["AskRemoval"]["properties"]["recovery_codes"]["type"];
            let is_flag =
                *field == "recovery_codes" && !answered.contains(field) && of == "boolean";
            assert!(is_told_once || (is_of_support && is_flag), "{}: `{field}`", operation.name());
        }
        looked_at += usize::from(is_of_support);
    }
    assert!(looked_at >= 10, "{looked_at}");
    // The check can fail.
    for field in ["password", "totp_secret", "recovery_codes", "otpauth_uri", "setup_token"] {
        assert!(could_hold_a_secret(field), "{field}");
    }
    assert!(!could_hold_a_secret("recovery_codes_left"));
}
