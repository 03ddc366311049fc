//! What the types do not say: put into the document call by call, from the table of routes.
//!
//! The limits of texts are in `schemas.json`, merged into the schemas (RFC 7396): a program that is
//! made from the document checks them before it asks, and a fuzzer holds them true both ways.
//! Examples are in `examples.json`, by operation. Who may call, which problems it can answer with
//! and what a body must be follow from the row.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::problems::problems;
use crate::contract::kind::Role;
use crate::contract::problem::{PROBLEM_MEDIA_TYPE, Problem, ProblemCode};
use crate::contract::{IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_MAX_CHARS, IDEMPOTENCY_KEY_MIN_CHARS};
use crate::contract::{PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX};
use crate::server::answers::policy;
use crate::server::auth::Auth;
use crate::server::routes::declared::Body;
use crate::server::routes::{Row, TABLE};

/// The limits of texts, by schema and field.
pub(super) const SCHEMAS: &str = include_str!("schemas.json");
/// Bodies of requests and answers, by operation.
pub(super) const EXAMPLES: &str = include_str!("examples.json");
/// A UUID, as every id is written.
const UUID: &str = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";
/// How a path names an account.
const ACCOUNT: &str = "^(me|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|subject:[^/]{1,128})$";
/// How a query names an account that an app made.
const ACCOUNT_OF_APP: &str = "^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|subject:.{1,128})$";

/// Completes the document that the types and calls make.
pub(super) fn complete(document: &mut Value) -> Result<(), serde_json::Error> {
    let schemas: Value = serde_json::from_str(SCHEMAS)?;
    let examples: BTreeMap<String, Value> = serde_json::from_str(EXAMPLES)?;
    let codes: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.text()).collect();
    let nothing = "Nothing is asked.";
    let made = json!({
        "ProblemCode": { "enum": codes },
        "SetPolicy": { "properties": { "settings": policy::settings_schema() } },
        "Nothing": { "type": "object", "description": nothing, "additionalProperties": false },
    });
    if let Some(named) = document.pointer_mut("/components/schemas") {
        merge(named, &schemas);
        merge(named, &made);
    }
    unsigned(document);
    let mut shared = Map::new();
    for row in TABLE {
        let method = row.method.as_str().to_lowercase();
        let item = document.get_mut("paths").and_then(|paths| paths.get_mut(row.path));
        let Some(operation) = item.and_then(|item| item.get_mut(method)) else { continue };
        parameters(row, operation);
        body(row, operation);
        answers(row, operation, &mut shared);
        who(row, operation);
        let example = operation.get("operationId").and_then(Value::as_str);
        let example = example.and_then(|id| examples.get(id));
        if let Some(example) = example {
            illustrate(operation, example);
        }
    }
    if let Some(components) = document.get_mut("components") {
        set(components, "responses", Value::Object(shared));
    }
    Ok(())
}

/// A merge patch (RFC 7396).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Some(fields) = target.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            fields.remove(key);
        } else {
            merge(fields.entry(key).or_insert(Value::Null), value);
        }
    }
}

/// Puts a value into an object.
fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}

fn text<'v>(object: &'v Value, key: &str) -> &'v str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A count is of 64 bits without a sign, for which the types write the format of one with a sign.
fn unsigned(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.get("format") == Some(&json!("int64"))
                && fields.get("minimum") == Some(&json!(0))
            {
                fields.insert("format".to_owned(), json!("uint64"));
            }
            fields.values_mut().for_each(unsigned);
        }
        Value::Array(items) => items.iter_mut().for_each(unsigned),
        _ => {}
    }
}

fn parameters(row: &Row, operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let name = text(parameter, "name").to_owned();
        if text(parameter, "in") == "path" {
            set(parameter, "schema", in_path(row, &name));
            if name == "account" && !is_of_support(row) {
                set(parameter, "example", json!("me"));
            }
            continue;
        }
        let Some(schema) = parameter.get_mut("schema") else { continue };
        // What is left out is left out: there is no `null` in a query.
        if let Some(first) = schema.pointer("/oneOf/0").cloned() {
            *schema = first;
        } else if let Some(first) = schema.pointer("/type/0").cloned() {
            set(schema, "type", first);
        }
        if text(schema, "format") == "uint64" {
            set(schema, "maximum", json!(u64::MAX));
        }
        match name.as_str() {
            "limit" => {
                let limits = json!({ "minimum": 1, "maximum": PAGE_LIMIT_MAX });
                merge(schema, &limits);
                set(schema, "default", json!(PAGE_LIMIT_DEFAULT));
            }
            "ticket" => merge(schema, &json!({ "minLength": 1, "maxLength": 64 })),
            "account" if row.path == "/v1/events" => {
                merge(schema, &json!({ "pattern": ACCOUNT_OF_APP }));
                set(parameter, "example", json!("subject:user-1042"));
            }
            "account" => merge(schema, &json!({ "format": "uuid", "pattern": UUID })),
            IDEMPOTENCY_KEY => {
                let (least, most) = (IDEMPOTENCY_KEY_MIN_CHARS, IDEMPOTENCY_KEY_MAX_CHARS);
                let pattern = format!("^[!-~]{{{least},{most}}}$");
                *schema = json!({ "type": "string", "pattern": pattern });
            }
            _ => {}
        }
    }
}

fn is_of_support(row: &Row) -> bool {
    row.path.starts_with("/v1/support/")
}

fn in_path(row: &Row, name: &str) -> Value {
    let pattern = match name {
        "account" if !is_of_support(row) => ACCOUNT,
        "id" => "^[A-Za-z0-9_-]{32,64}$",
        "token" => "^[a-p]{96}$",
        "session" | "device" => "^[0-9a-f]{32}$",
        _ => return json!({ "type": "string", "format": "uuid", "pattern": UUID }),
    };
    json!({ "type": "string", "pattern": pattern })
}

/// A body is sent wherever something changes, so that its type can be asked for (SR-067).
fn body(row: &Row, operation: &mut Value) {
    // A form may stay out altogether.
    let changes =
        [Method::POST, Method::PUT, Method::PATCH].contains(&row.method) && row.body == Body::Json;
    if changes && operation.get("requestBody").is_none() {
        let nothing = json!({ "$ref": "#/components/schemas/Nothing" });
        let body = json!({
            "required": true,
            "content": { "application/json": { "schema": nothing } }
        });
        set(operation, "requestBody", body);
    }
}

/// The problems, by status, each with the codes that it can have here; what calls have in common is
/// described once.
fn answers(row: &Row, operation: &mut Value, shared: &mut Map<String, Value>) {
    let mut by_status: BTreeMap<u16, BTreeSet<&str>> = BTreeMap::new();
    for code in problems(row) {
        by_status.entry(code.status()).or_default().insert(code.text());
    }
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    let Some(responses) = responses else { return };
    for (status, codes) in by_status {
        let told: Vec<&str> = codes.iter().copied().collect();
        let narrowed = json!({ "properties": { "code": { "type": "string", "enum": told } } });
        let schema = json!({ "allOf": [{ "$ref": "#/components/schemas/Problem" }, narrowed] });
        let form = json!({ "schema": schema, "examples": told_as(&told) });
        // What answers in its own form may answer with a problem as well.
        if let Some(own) = responses.get_mut(&status.to_string()) {
            let content = json!({ "content": { PROBLEM_MEDIA_TYPE: form } });
            merge(own, &content);
            continue;
        }
        let mut response = json!({
            "description": format!("`{}`", told.join("`, `")),
            "content": { PROBLEM_MEDIA_TYPE: form },
        });
        if let Some(headers) = headers(status) {
            set(&mut response, "headers", headers);
        }
        let name = format!("{status}-{}", told.join("-"));
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        responses.insert(status.to_string(), reference);
        shared.insert(name, response);
    }
}

/// Each of these problems as it is told, without what it says of one time.
fn told_as(codes: &[&str]) -> Value {
    let told = ProblemCode::ALL.iter().filter(|code| codes.contains(&code.text()));
    told.map(|code| (code.text().to_owned(), json!({ "value": Problem::new(*code) })))
        .collect::<Map<_, _>>()
        .into()
}

/// The headers that a problem of this status always has.
fn headers(status: u16) -> Option<Value> {
    let (name, description, schema) = match status {
        401 => (
            "WWW-Authenticate",
            "`Bearer`; for a step-up what must be proven, and how fresh (RFC 9470)",
            json!({ "type": "string", "pattern": "^Bearer" }),
        ),
        429 | 503 => ("Retry-After", "Seconds to wait", json!({ "type": "integer", "minimum": 1 })),
        _ => return None,
    };
    Some(json!({ name: { "description": description, "required": true, "schema": schema } }))
}

fn for_operators(operation: &mut Value, roles: &[Role]) -> String {
    set(operation, "x-roles", json!(roles));
    let names: Vec<String> = roles.iter().map(|role| json!(role).to_string()).collect();
    format!("For operators: {}.", names.join(", ").replace('"', "`"))
}

/// Who may call and where, for programs: what OpenAPI has no word for, as extensions.
fn who(row: &Row, operation: &mut Value) {
    let listeners: Vec<&str> = row.on.iter().map(|listener| listener.name()).collect();
    set(operation, "x-listeners", json!(listeners));
    let needs = match row.auth {
        Auth::AnyoneOrClient(scope) | Auth::Client(scope) | Auth::SessionOrClient(scope) => {
            set(operation, "x-scopes", json!([scope]));
            format!("An API key needs the scope `{}`.", scope.as_str())
        }
        Auth::Operator(roles) => for_operators(operation, roles),
        Auth::OperatorOrClient(roles, scope) => {
            set(operation, "x-scopes", json!([scope]));
            let operators = for_operators(operation, roles);
            format!("{operators} An API key needs the scope `{}`.", scope.as_str())
        }
        _ => return,
    };
    let told = match text(operation, "description") {
        "" => needs,
        told => format!("{told}\n\n{needs}"),
    };
    set(operation, "description", json!(told));
}

fn illustrate(operation: &mut Value, example: &Value) {
    // A call that takes more than one form of a body shows each, by what it is for.
    if let Some(requests) = example.get("requests") {
        let content = operation.pointer_mut("/requestBody/content/application~1json");
        content.into_iter().for_each(|form| set(form, "examples", requests.clone()));
    }
    if let Some(request) = example.get("request") {
        let content = operation.pointer_mut("/requestBody/content");
        content.into_iter().for_each(|content| show(content, request));
    }
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for (status, response) in responses.into_iter().flatten() {
        let answer = match example.get("answers") {
            Some(by_status) => by_status.get(status),
            None => example.get("answer").filter(|_| status.starts_with('2')),
        };
        if let Some((answer, content)) = answer.zip(response.get_mut("content")) {
            show(content, answer);
        }
    }
}

fn show(content: &mut Value, example: &Value) {
    // A problem stands beside what a call answers in its own form, and is no example of that.
    let own = |(media_type, form): (&String, _)| (media_type != PROBLEM_MEDIA_TYPE).then_some(form);
    let forms = content.as_object_mut().into_iter().flat_map(Map::iter_mut).filter_map(own);
    forms.for_each(|form| set(form, "example", example.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A limit of a field that there is not limits nothing.
    #[test]
    fn every_limit_is_of_a_field_that_there_is() {
        let plain = serde_json::to_value(super::super::plain()).unwrap();
        let schemas: BTreeMap<String, Value> = serde_json::from_str(SCHEMAS).unwrap();
        for (name, limits) in &schemas {
            let schema = &plain["components"]["schemas"][name];
            assert!(schema.is_object(), "{name}");
            let fields = limits["properties"].as_object();
            for field in fields.into_iter().flat_map(Map::keys) {
                assert!(schema["properties"][field].is_object(), "{name}.{field}");
            }
        }
    }

    /// A call that a person makes in one form and a client app in another shows both; every problem
    /// is shown as it is told.
    #[test]
    fn both_forms_of_a_body_and_every_problem_are_shown() {
        let document = super::super::document().unwrap();
        for (path, field) in [("/v1/accounts", "subject"), ("/v1/sign-ins", "first_factor")] {
            let form = &document["paths"][path]["post"]["requestBody"]["content"];
            let examples = form["application/json"]["examples"].as_object().unwrap();
            let of_app = examples.values().filter(|example| example["value"][field].is_string());
            assert_eq!((examples.len(), of_app.count()), (2, 1), "{path}");
        }
        for (name, response) in document["components"]["responses"].as_object().unwrap() {
            let form = &response["content"][PROBLEM_MEDIA_TYPE];
            let codes =
                form["schema"]["allOf"][1]["properties"]["code"]["enum"].as_array().unwrap();
            for code in codes {
                let told = &form["examples"][code.as_str().unwrap()]["value"];
                assert_eq!(&told["code"], code, "{name}");
                assert!(name.starts_with(&told["status"].to_string()), "{name}");
            }
        }
    }

    /// Every call that takes a body or answers with one shows an example of it, by its own id.
    #[test]
    fn every_call_has_examples_and_an_id_of_its_own() {
        let document = super::super::document().unwrap();
        let examples: BTreeMap<String, Value> = serde_json::from_str(EXAMPLES).unwrap();
        let mut ids = BTreeSet::new();
        for row in TABLE {
            let operation = &document["paths"][row.path][row.method.as_str().to_lowercase()];
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id), "{id} twice");
            let body = &operation["requestBody"]["content"]["application/json"];
            let shown = body["example"].is_object() || body["examples"].is_object();
            assert!(body.is_null() || shown, "{id} takes what?");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let body = &response["content"]["application/json"];
                assert!(
                    body.is_null() || !body["example"].is_null(),
                    "{id} answers {status} what?"
                );
            }
        }
        for id in examples.keys() {
            assert!(ids.contains(id.as_str()), "{id} is no operation");
        }
    }
}
