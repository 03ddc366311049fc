//! Authlib in a Flask app: the very lines of the guide.

use std::fs;
use std::process::Command;

use countersign_tests::browser::{Browser, Looks};
use countersign_tests::neighbour::{Neighbour, free_port};
use countersign_tests::python::python;
use serde_json::Value;

use crate::place::{App, Place, file, sign_in, type_code};

/// The Python of the guide.
fn guide() -> String {
    let page = fs::read_to_string(file("docs/client-apps.md")).unwrap();
    let mut blocks = page.split("```python\n").skip(1);
    let block = blocks.next().and_then(|rest| rest.split("```").next()).unwrap().to_owned();
    assert!(blocks.next().is_none(), "one block of Python");
    block
}

fn flask(place: &Place, app: &App, port: u16) -> Neighbour {
    let program = place.dir.path().join("app.py");
    fs::write(&program, guide()).unwrap();
    let mut command = Command::new(python().unwrap());
    command.args(["-m", "flask", "--app"]).arg(&program);
    command.args(["run", "--port", &port.to_string()]).current_dir(place.dir.path());
    command.env("ISSUER", place.issuer());
    command.env("CLIENT_ID", &app.id).env("CLIENT_SECRET", &app.key);
    Neighbour::start(&mut command, "Running on").unwrap()
}

/// Who does not want to go there is brought back with an error; then with two factors.
#[tokio::test]
async fn sr_132_authlib_signs_somebody_in_with_two_factors() {
    let place = Place::new();
    let port = free_port().unwrap();
    let site = format!("http://localhost:{port}");
    let app = place.add_app("Shop", &format!("{site}/callback"), &format!("{site}/"), &[]);
    let account = place.register();
    let phone = place.enable();
    let flask = flask(&place, &app, port);
    let browser = Browser::open(&site, Looks::DESK).await.unwrap();

    browser.go("/").await.unwrap();
    browser.reads("#for-app", "Sign in to go on to Shop").await.unwrap();
    browser.click("#decline").await.unwrap();
    browser.reads("body", "not signed in: access_denied").await.unwrap();

    browser.go("/").await.unwrap();
    sign_in(&browser).await;
    type_code(&browser, &phone).await;
    browser
        .reads("body", "auth_time")
        .await
        .unwrap_or_else(|error| panic!("{error}{}", flask.said()));
    let claims: Value = serde_json::from_str(&browser.text("body").await.unwrap()).unwrap();
    assert_eq!(claims["sub"], account);
    assert_eq!(claims["iss"], place.issuer());
    assert_eq!(claims["aud"], app.id);
    assert_eq!(claims["acr"], "urn:countersign:acr:two_factor");
    assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    browser.close().await.unwrap();
}
