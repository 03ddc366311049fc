//! The committed references are what the code says now.

use std::path::Path;

use countersign_api::reference;

fn assert_fresh(name: &str, verb: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == now,
        "docs/{name} is stale: `cargo run --release -- print {verb} > docs/{name}`"
    );
}

#[test]
fn the_openapi_document_is_fresh() {
    assert_fresh("http-api.json", "openapi", &reference::http_api().unwrap());
}

/// SR-062: the inventory of calls is that of the router.
#[test]
fn sr_062_the_inventory_of_calls_is_fresh() {
    assert_fresh("routes.md", "routes", &reference::routes());
}

/// What is printed has every event that this program knows; a test of the events keeps it fresh.
#[test]
fn the_reference_of_events_has_every_event() {
    for row in countersign_events::catalogue::rows() {
        let heading = format!("### `{}` version {}\n", row.event_type, row.version);
        assert!(reference::events().contains(&heading), "{heading}");
    }
}

#[test]
fn the_reference_of_settings_is_fresh() {
    assert_fresh("config.md", "config", &reference::config());
}

/// SR-121: no answer to support has a field for a secret.
#[test]
fn sr_121_no_answer_to_support_has_a_field_for_a_secret() {
    let document: serde_json::Value =
        serde_json::from_str(&reference::http_api().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut seen = 0;
    for (_, item) in paths.iter().filter(|(path, _)| path.starts_with("/v1/support/")) {
        for operation in item.as_object().unwrap().values() {
            let mut names = Vec::new();
            fields(&document, &operation["responses"], &mut names);
            seen += names.len();
            for secret in ["password", "secret", "code", "token", "qr_svg", "otpauth_uri"] {
                let code_of_a_problem = secret == "code";
                assert!(code_of_a_problem || !names.iter().any(|name| name == secret), "{names:?}");
            }
        }
    }
    assert!(seen > 0);
}

/// The names of all fields below a schema, following references.
fn fields(document: &serde_json::Value, at: &serde_json::Value, names: &mut Vec<String>) {
    match at {
        serde_json::Value::Object(object) => {
            if let Some(reference) = object.get("$ref").and_then(|value| value.as_str()) {
                let target = document.pointer(reference.trim_start_matches('#')).unwrap();
                fields(document, target, names);
            }
            if let Some(properties) = object.get("properties").and_then(|value| value.as_object()) {
                names.extend(properties.keys().cloned());
            }
            for value in object.values() {
                fields(document, value, names);
            }
        }
        serde_json::Value::Array(items) => {
            for item in items {
                fields(document, item, names);
            }
        }
        _ => {}
    }
}
