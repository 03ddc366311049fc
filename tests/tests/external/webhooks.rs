//! A delivery to a webhook as a library verifies it that nobody here wrote: `standardwebhooks` of
//! PyPI.

use std::io::Write as _;
use std::process::{Command, Stdio};

use countersign_tests::hook_sink::{Came, HookSink};
use countersign_tests::python::{python, script};
use countersign_tests::server::{Server, call, verb};
use serde_json::{Value, json};

fn done(arguments: &[&str]) -> Value {
    let (code, out, err) = verb(arguments).unwrap();
    assert_eq!(code, Some(0), "{arguments:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

/// What the library says of each delivery, with these secrets.
fn verified(secrets: &[&str], deliveries: &[Came]) -> Vec<String> {
    let mut child = Command::new(python().unwrap())
        .arg(script("webhook_receiver.py").unwrap())
        .args(secrets)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for delivery in deliveries {
        let headers: serde_json::Map<String, Value> =
            delivery.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let line = json!({ "headers": headers, "body": delivery.body });
        writeln!(stdin, "{line}").unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn the_standard_webhooks_library_verifies_a_delivery_and_refuses_another() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let path = data.to_str().unwrap();
    let sink = HookSink::start().unwrap();
    let server = Server::start(&data).unwrap();
    let app = done(&["client", "add", "shop", "--all-scopes", "--json", "--data", path]);
    let (client, key) = (app["client_id"].as_str().unwrap(), app["api_key"].as_str().unwrap());
    let url = sink.url();
    let hook = done(&["client", "webhook", "add", client, &url, "--json", "--data", path]);
    let (id, secret) = (hook["webhook_id"].as_str().unwrap(), hook["secret"].as_str().unwrap());
    let register = |subject: &str| {
        let body = json!({ "subject": subject });
        let made = call(server.public, "POST", "/v1/accounts", Some(key), Some(&body)).unwrap();
        assert_eq!(made.status, 201, "{made:?}");
    };
    register("anna");
    sink.wait_until(|came| came.len() == 2);
    let told = ["account.registered", "account.key_created"];
    assert_eq!(verified(&[secret], &sink.came()), told);

    // While secrets overlap each of them verifies it, old and new.
    let rotate = ["client", "webhook", "rotate-secret", client, id, "--json", "--data", path];
    let newer = done(&rotate);
    let newer = newer["secret"].as_str().unwrap();
    register("bert");
    sink.wait_until(|came| came.len() == 4);
    let came = sink.came();
    assert_eq!(verified(&[newer, secret], &came[2..]), told);
    // Those of before were not signed by the new one; and what was changed on the way is refused.
    let is_refused = |lines: Vec<String>| lines.iter().all(|line| line.starts_with("refused"));
    assert!(is_refused(verified(&[newer], &came[..2])));
    let mut forged = came[2].clone();
    forged.body = forged.body.replace("registered", "erased");
    let mut replayed = came[2].clone();
    for (name, value) in &mut replayed.headers {
        if name == "webhook-timestamp" {
            *value = (value.parse::<i64>().unwrap() - 3_600).to_string();
        }
    }
    assert!(is_refused(verified(&[newer], &[forged, replayed])));
    assert!(server.terminate().unwrap().0.success());
}
