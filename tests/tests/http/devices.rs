//! Devices: what a browser holds after a sign-in, what that is good for, and how it ends.

use countersign_tests::app::{Answered, PASSWORD, Person, STEP, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use super::acts::totp;
use super::back_in::{NEW_PASSWORD, ask_for_reset, confirmed, link, reset};
use super::cookies::{DEVICE, SESSION, SIGN_IN, as_page, at_device, cookie, with_cookies};
use super::documented::NOBODYS_HANDLE;
use super::sessions::{assert_alive, assert_over};

const DEVICES: &str = "/v1/accounts/me/devices";
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0";
const DAY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// What a browser holds after a sign-in.
pub(crate) struct Browser {
    session: String,
    pub(crate) device: String,
}

impl Browser {
    /// What makes it known.
    pub(super) fn device(&self) -> &str {
        &self.device
    }
}

/// The password in a browser that holds this.
pub(crate) async fn begin(app: &TestApp, person: &Person, device: &str) -> Answered {
    let call = as_page(app, app.sign_in(&person.login, PASSWORD)).header("user-agent", AGENT);
    let begun = at_device(call, device).await.is(200);
    let waiting = cookie(&begun, SIGN_IN).unwrap_or_default();
    app.plant("sign-in cookie", waiting.as_bytes());
    begun
}

/// The whole sign-in, with the code of the authenticator.
pub(crate) async fn sign_in(app: &TestApp, person: &Person, device: &str) -> Browser {
    app.pass(STEP).await;
    let begun = begin(app, person, device).await;
    let path = format!("/v1/sign-ins/{}/answers", begun.text_at("/id"));
    let call = as_page(app, app.post(path, &totp(app, person)));
    let call = with_cookies(call, "", &cookie(&begun, SIGN_IN).unwrap());
    held(app, &at_device(call, device).await.is(200))
}

fn held(app: &TestApp, answered: &Answered) -> Browser {
    let session = cookie(answered, SESSION).unwrap();
    let device = cookie(answered, DEVICE).unwrap();
    app.plant("session cookie", session.as_bytes());
    device.split('.').for_each(|handle| app.plant("device cookie", handle.as_bytes()));
    Browser { session, device }
}

async fn listed(app: &TestApp, session: &str) -> Vec<Value> {
    app.get(DEVICES).bearer(session).await.is(200).body["items"].as_array().unwrap().clone()
}

async fn forget(app: &TestApp, session: &str, path: &str) -> Answered {
    app.call(Method::DELETE, path).bearer(session).await
}

/// The device at which the newest sign-in began, as the history says; none at a stranger's.
async fn began_at(app: &TestApp, person: &Person) -> Option<String> {
    let history = app.history(person).await;
    let newest = history.iter().find(|event| event["type"] == "account.password_verified");
    let device = newest.unwrap()["data"]["sign_in"]["device"].as_str();
    device.map(str::to_owned)
}

/// Walk 9: the holder sees where he signed in, and with what.
#[test]
fn the_holder_sees_his_devices_and_where_his_sessions_began() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.devices").await;
        assert_eq!(listed(app, &marlene.token).await, [] as [Value; 0], "a program is no device");
        let home = sign_in(app, &marlene, "").await;
        let devices = listed(app, &home.session).await;
        assert_eq!(devices.len(), 1);
        assert_eq!(devices[0]["current"], true);
        assert_eq!(devices[0]["user_agent"], AGENT);
        assert_eq!(devices[0]["ip"], "127.0.0.1");
        assert_eq!(listed(app, &marlene.token).await[0]["current"], false);
        let first_seen = devices[0]["first_seen_at"].clone();
        let again = sign_in(app, &marlene, &home.device).await;
        let devices = listed(app, &again.session).await;
        assert_eq!(devices.len(), 1, "the same one");
        assert_eq!(devices[0]["first_seen_at"], first_seen);
        assert_ne!(devices[0]["last_seen_at"], first_seen);
        let sessions = super::sessions::listed(app, &again.session).await;
        let by_page = |session: &&Value| session["user_agent"] == AGENT;
        assert_eq!(sessions.iter().filter(by_page).count(), 2);
        assert!(sessions.iter().all(|session| session["ip"] == "127.0.0.1"), "{sessions:?}");
    });
}

/// SR-133, AT-42: who copied the cookie and knows the password is asked for the second factor as
/// anybody else, and holds nothing any more once the holder has signed in.
#[test]
fn sr_133_at_42_a_copied_cookie_opens_nothing_and_dies_at_the_next_sign_in() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.devices").await;
        let home = sign_in(app, &marlene, "").await;
        let stolen = home.device.clone();
        let begun = begin(app, &marlene, &stolen).await;
        assert_eq!(begun.text_at("/status"), "second_factor_required");
        assert_eq!(cookie(&begun, SESSION), None);
        assert_eq!(cookie(&begun, DEVICE), None, "nothing new before all is proven");
        assert!(began_at(app, &marlene).await.is_some(), "the lane of a known device");
        let wrong = app.wrong_code(&marlene);
        let path = format!("/v1/sign-ins/{}/answers", begun.text_at("/id"));
        let guess = as_page(app, app.post(path, &json!({ "method": "totp", "code": wrong })));
        let guess = with_cookies(guess, "", &cookie(&begun, SIGN_IN).unwrap());
        let refused = at_device(guess, &stolen).await.is(401);
        assert_eq!(cookie(&refused, DEVICE), None);
        let later = sign_in(app, &marlene, &home.device).await;
        assert_ne!(later.device, stolen);
        begin(app, &marlene, &stolen).await;
        assert_eq!(began_at(app, &marlene).await, None, "what was copied is dead");
        begin(app, &marlene, &later.device).await;
        assert!(began_at(app, &marlene).await.is_some());
    });
}

/// SR-133, AT-42: what was made up, cut, changed or given to somebody else, and a token of another
/// kind, is no known device.
#[test]
fn sr_133_at_42_only_what_this_account_gave_out_is_a_known_device() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.devices").await;
        let ulrich = app.person("ulrich.devices").await;
        let home = sign_in(app, &marlene, "").await;
        let foreign = sign_in(app, &ulrich, "").await.device;
        let last = if home.device.ends_with('A') { "B" } else { "A" };
        let changed = format!("{}{last}", &home.device[..home.device.len() - 1]);
        // The account of one, the secret of the other: 16 bytes are 21 characters and a third.
        let grafted = format!("{}{}", &home.device[..24], &foreign[24..]);
        let cut = home.device[..63].to_owned();
        let many = [foreign.as_str(), NOBODYS_HANDLE].join(".");
        for device in [foreign, changed, grafted, cut, home.session, many, "%00".into()] {
            begin(app, &marlene, &device).await;
            assert_eq!(began_at(app, &marlene).await, None, "{device}");
        }
        let call = as_page(app, app.sign_in(&marlene.login, PASSWORD));
        let two = format!("{DEVICE}={0}; {DEVICE}={0}", home.device);
        call.header("cookie", &two).await.is(403);
        for bearer in [&home.device, NOBODYS_HANDLE] {
            app.get("/v1/session").bearer(bearer).await.is(401);
        }
    });
}

/// SR-133, SR-115: with a changed password, or another authenticator, every device is a stranger.
#[test]
fn sr_133_trust_ends_with_the_password_and_with_a_factor() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.devices").await;
        let home = sign_in(app, &marlene, "").await;
        let words = json!({ "current": PASSWORD, "password": "another long passphrase" });
        let changed = app.post("/v1/accounts/me/password", &words).bearer(&home.session).await;
        let token = changed.is(200).text_at("/session/token");
        assert_eq!(listed(app, &token).await, [] as [Value; 0]);
        let call = as_page(app, app.sign_in(&marlene.login, "another long passphrase"));
        at_device(call, &home.device).await.is(200);
        let history = app.get("/v1/accounts/me/history").bearer(&token).await.is(200);
        assert_eq!(history.body["items"][0]["data"]["sign_in"].get("device"), None);

        let ulrich = app.person("ulrich.devices").await;
        let home = sign_in(app, &ulrich, "").await;
        assert_eq!(listed(app, &home.session).await.len(), 1);
        let path = format!("/v1/accounts/me/factors/{}/remove", ulrich.factor);
        app.post(path, &json!({})).bearer(&home.session).await.is(204);
        assert_eq!(listed(app, &home.session).await, [] as [Value; 0]);
    });
}

/// SR-133: not for longer than 90 days, unless somebody signs in there again.
#[test]
fn sr_133_a_device_is_known_for_ninety_days() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.devices").await;
        let home = sign_in(app, &marlene, "").await;
        app.pass(DAY * 89).await;
        let again = sign_in(app, &marlene, &home.device).await;
        assert!(began_at(app, &Person { token: again.session, ..marlene.clone() }).await.is_some());
        app.pass(DAY * 90).await;
        let late = sign_in(app, &marlene, &again.device).await;
        let holder = Person { token: late.session.clone(), ..marlene };
        assert_eq!(began_at(app, &holder).await, None);
        assert_eq!(listed(app, &late.session).await.len(), 1);
    });
}

/// SR-134: one device is forgotten, or all of them, and the sessions that began there end.
#[test]
fn sr_134_the_holder_forgets_devices_and_their_sessions_end() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.devices").await;
        let (home, work) = (sign_in(app, &marlene, "").await, sign_in(app, &marlene, "").await);
        let devices = listed(app, &home.session).await;
        assert_eq!(devices.len(), 2);
        let work_id = devices.iter().find(|device| device["current"] == false).unwrap();
        let path = format!("{DEVICES}/{}", work_id["id"].as_str().unwrap());
        forget(app, &home.session, &path).await.is(204);
        assert_over(app, &work.session).await;
        assert_alive(app, &home.session, "two_factor").await;
        forget(app, &home.session, &path).await.is(404);
        begin(app, &marlene, &work.device).await;
        assert_eq!(began_at(app, &marlene).await, None);
        let away = sign_in(app, &marlene, "").await;
        forget(app, &away.session, DEVICES).await.is(204);
        assert_over(app, &home.session).await;
        assert_alive(app, &away.session, "two_factor").await;
        assert_alive(app, &marlene.token, "two_factor").await;
        assert_eq!(listed(app, &away.session).await, [] as [Value; 0]);
        forget(app, &away.session, DEVICES).await.is(204);
    });
}

/// A browser that several people use holds something for each; the fifth pushes the first out.
#[test]
fn one_browser_is_known_to_four_accounts_at_most() {
    TestApp::run(async |app| {
        let mut people = vec![];
        for login in ["one", "two", "three", "four", "five"] {
            people.push(app.person(&format!("{login}.devices")).await);
        }
        let mut device = String::new();
        for person in &people {
            device = sign_in(app, person, &device).await.device;
        }
        assert_eq!(device.split('.').count(), 4);
        begin(app, &people[0], &device).await;
        assert_eq!(began_at(app, &people[0]).await, None);
        begin(app, &people[1], &device).await;
        assert!(began_at(app, &people[1]).await.is_some());
        let again = sign_in(app, &people[1], &device).await.device;
        assert_eq!(again.split('.').count(), 4, "one for each account");
    });
}

/// The device stays when the holder signs out: that is what it is for.
#[test]
fn signing_out_leaves_the_device_known() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.devices").await;
        let home = sign_in(app, &marlene, "").await;
        let call = as_page(app, app.call(Method::DELETE, "/v1/session"));
        let out = at_device(with_cookies(call, &home.session, ""), &home.device).await.is(204);
        assert_eq!(cookie(&out, SESSION).as_deref(), Some(""));
        assert_eq!(cookie(&out, DEVICE), None, "the cookie is left alone");
        begin(app, &marlene, &home.device).await;
        assert!(began_at(app, &marlene).await.is_some());
    });
}

/// SR-084, SR-133: a proof of the second factor within a session gives the browser another cookie,
/// and what was copied is dead. The password gives none.
#[test]
fn sr_084_a_proof_within_a_session_renews_the_cookie() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.devices").await;
        let home = sign_in(app, &marlene, "").await;
        let prove = async |home: &Browser, body: Value| {
            let call = as_page(app, app.post("/v1/session/proofs", &body));
            at_device(with_cookies(call, &home.session, ""), &home.device).await.is(200)
        };
        let by_password = prove(&home, json!({ "password": PASSWORD })).await;
        assert_eq!(cookie(&by_password, DEVICE), None);
        let session = cookie(&by_password, SESSION).unwrap();
        app.plant("session cookie", session.as_bytes());
        let home = Browser { session, ..home };
        app.pass(STEP).await;
        let proven = held(app, &prove(&home, totp(app, &marlene)).await);
        assert_ne!(proven.device, home.device);
        begin(app, &marlene, &home.device).await;
        assert_eq!(began_at(app, &marlene).await, None, "what was copied is dead");
        begin(app, &marlene, &proven.device).await;
        assert!(began_at(app, &marlene).await.is_some());
        assert_eq!(listed(app, &proven.session).await.len(), 1, "the same one");
    });
}

/// SR-133: a password that is set by mail leaves a device known.
#[test]
fn sr_133_a_device_outlives_a_password_by_mail() {
    TestApp::run(async |app| {
        let mike = confirmed(app, "mike.devices").await;
        let home = sign_in(app, &mike, "").await;
        ask_for_reset(app, &mike.login).await.is(202);
        let token = link(app, &mike.email, "A new password").await;
        reset(app, &token, NEW_PASSWORD).await.is(200);
        let call = as_page(app, app.sign_in(&mike.login, NEW_PASSWORD));
        let begun = at_device(call, &home.device).await.is(200);
        app.plant("sign-in cookie", cookie(&begun, SIGN_IN).unwrap().as_bytes());
        app.pass(STEP).await;
        let path = format!("/v1/sign-ins/{}/answers", begun.text_at("/id"));
        let call = as_page(app, app.post(path, &totp(app, &mike)));
        let call = with_cookies(call, "", &cookie(&begun, SIGN_IN).unwrap());
        let entered = held(app, &at_device(call, &home.device).await.is(200));
        assert_eq!(listed(app, &entered.session).await.len(), 1, "the one that it was");
    });
}
