//! A password that guesses have closed to new devices: the mail that tells, and its link.

use countersign_tests::app::{Answered, Call, Face, PASSWORD, Person, TestApp};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use super::back_in::{NEW_PASSWORD, ask_for_reset, confirmed, letters, link, reset};
use super::cookies::{DEVICE, SIGN_IN, as_page, at_device, cookie};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
pub(crate) const CLOSED: &str = "takes no password from new devices";
const REQUESTED: &str = "account.password_reset_requested";
const WRONG: &str = "a wrong one for once";

/// Behind a proxy, so that whoever guesses can be anywhere.
fn run(test: impl AsyncFnOnce(&mut TestApp)) {
    let configure = |config: &mut countersign_api::config::Config| {
        config.listen.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
    };
    TestApp::run_with(configure, test);
}

/// As many wrong passwords as are evaluated now, each from an address of its own.
async fn guessed(app: &TestApp, login: &str, hour: u32) -> Vec<Face> {
    let mut faces = vec![];
    for number in 0..6 {
        let call = app.sign_in(login, WRONG);
        let answered = call.header("x-forwarded-for", &format!("203.{hour}.113.{number}")).await;
        let is_over = answered.status == 429;
        faces.push(answered.face());
        if is_over {
            return faces;
        }
    }
    panic!("no wait: {faces:?}");
}

/// Guessed at every hour until a hundred were wrong.
pub(crate) async fn closed(app: &TestApp, login: &str) -> Vec<Face> {
    let mut faces = vec![];
    for hour in 0..97 {
        faces.extend(guessed(app, login, hour).await);
        app.pass(HOUR).await;
    }
    faces
}

fn unlock<'a>(app: &'a TestApp, token: &str) -> Call<'a> {
    app.post(format!("/v1/unlocks/{token}"), &json!({}))
}

/// What the link of the newest mail about this carries behind its `#`.
pub(crate) async fn unlock_link(app: &TestApp, person: &Person) -> String {
    let letters = letters(app, &person.email, CLOSED).await;
    let text = letters.last().expect("a mail");
    let (_, rest) = text.split_once("/unlock#").expect("a link");
    rest.split_whitespace().next().unwrap().to_owned()
}

/// The right password from a browser that holds this, or nothing.
async fn enters(app: &TestApp, person: &Person, password: &str, device: &str) -> Answered {
    let call = as_page(app, app.sign_in(&person.login, password));
    let answered = at_device(call.header("x-forwarded-for", "198.51.100.7"), device).await;
    let waiting = cookie(&answered, SIGN_IN).unwrap_or_default();
    app.plant("sign-in cookie", waiting.as_bytes());
    answered
}

fn held(app: &TestApp, answered: &Answered) -> String {
    let device = cookie(answered, DEVICE).expect("tries of its own");
    app.plant("device cookie", device.as_bytes());
    device
}

/// SR-051, SR-075, SR-088, AT-60: at the hundredth wrong password the holder is sent a link. What
/// follows links changes nothing; used, it opens the password once, and a login that does not exist
/// has looked the same all the while.
#[test]
fn sr_088_a_closed_password_is_opened_by_a_link_in_a_mail() {
    run(async |app| {
        let mike = confirmed(app, "mike.guessed").await;
        let own = closed(app, &mike.login).await;
        assert_eq!(letters(app, &mike.email, CLOSED).await.len(), 1);
        let shut = app.sign_in(&mike.login, PASSWORD).await.is(429);
        let token = unlock_link(app, &mike).await;
        app.plant("unlock link", token.as_bytes());
        let before = app.events(&mike.account).len();
        let path = format!("/v1/unlocks/{token}");
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
            assert_eq!(app.call(method.clone(), &path).await.status, 405, "{method}");
        }
        app.get("/unlock").await;
        // A link is for one thing.
        app.post(format!("/v1/objections/{token}"), &json!({})).await.is(401);
        reset(app, &token, NEW_PASSWORD).await.is(401);
        assert_eq!(app.events(&mike.account).len(), before, "nothing has changed");
        assert_eq!(app.sign_in(&mike.login, PASSWORD).await.is(429).face(), shut.face());

        let unlocked = unlock(app, &token).await.is(200);
        assert_eq!(cookie(&unlocked, DEVICE), None, "a program holds none");
        unlock(app, &token).await.is(401);
        let token = app.enter(&mike).await;
        let history = app.get("/v1/accounts/me/history").bearer(&token).await.is(200);
        let items = history.body["items"].as_array().unwrap();
        let said = items.iter().find(|event| event["type"] == "account.password_unlocked");
        let said = said.unwrap()["explanation"].as_str().unwrap();
        assert!(said.contains("by a link sent by mail"), "{said}");

        let others = closed(app, "nobody.guessed").await;
        assert_eq!(others.len(), own.len());
        let without_time =
            |faces: &[Face]| -> Vec<u16> { faces.iter().map(|face| face.status).collect() };
        assert_eq!(without_time(&others), without_time(&own));
    });
}

/// SR-027: what grants something goes to an address that was proven, and to no other.
#[test]
fn sr_027_an_address_that_was_never_proven_gets_no_such_link() {
    run(async |app| {
        let mike = app.registered("mike.unproven").await;
        closed(app, &mike.login).await;
        let letters = letters(app, &mike.email, CLOSED).await;
        assert_eq!(letters.len(), 1, "but he is told");
        assert!(!letters[0].contains('#'), "{}", letters[0]);
    });
}

/// AT-33, SR-088, SR-133: while somebody guesses on at full rate, the browser in which the link was
/// followed, or a new password was set by one, is not made to wait. Everybody else is.
#[test]
fn at_33_who_guesses_on_cannot_make_the_holders_browser_wait() {
    run(async |app| {
        let mike = confirmed(app, "mike.hammered").await;
        closed(app, &mike.login).await;
        let token = unlock_link(app, &mike).await;
        let unlocked = as_page(app, unlock(app, &token)).await.is(200);
        let browser = held(app, &unlocked);
        guessed(app, &mike.login, 101).await;
        enters(app, &mike, PASSWORD, "").await.is(429);
        let begun = enters(app, &mike, PASSWORD, &browser).await.is(200);
        assert_eq!(begun.text_at("/status"), "second_factor_required");
        // Half an hour, and no longer.
        app.pass(SignedDuration::from_mins(30)).await;
        guessed(app, &mike.login, 102).await;
        enters(app, &mike, PASSWORD, &browser).await.is(429);

        ask_for_reset(app, &mike.login).await.is(202);
        let token = link(app, &mike.email, "A new password").await;
        let set = as_page(app, reset(app, &token, NEW_PASSWORD)).await.is(200);
        let browser = held(app, &set);
        guessed(app, &mike.login, 103).await;
        enters(app, &mike, NEW_PASSWORD, "").await.is(429);
        enters(app, &mike, NEW_PASSWORD, &browser).await.is(200);
    });
}

/// AT-50, SR-088: "this was not me" on a notice of guesses leads to a new password, though somebody
/// has used up every mail with a link to one.
#[test]
fn at_50_an_objection_to_guesses_leads_to_a_new_password() {
    run(async |app| {
        let mike = confirmed(app, "mike.objects").await;
        for hour in 0..6 {
            guessed(app, &mike.login, hour).await;
            app.pass(HOUR).await;
        }
        let notice = letters(app, &mike.email, "Many wrong passwords").await;
        let objection = super::back_in::token_in(notice.last().expect("at the tenth")).unwrap();
        for _ in 0..12 {
            ask_for_reset(app, &mike.login).await.is(202);
        }
        let requested = |app: &TestApp| app.count(&mike.account, REQUESTED);
        assert_eq!(requested(app), 3, "used up");
        let path = format!("/v1/objections/{objection}");
        let foreseen = app.get(&path).await.is(200);
        assert_eq!(foreseen.text_at("/about"), "guesses");
        let done = app.post(&path, &json!({})).await.is(200);
        for answered in [&foreseen, &done] {
            let effects = answered.body["effects"].as_array().unwrap();
            assert!(effects.contains(&json!("link_sent")), "{effects:?}");
        }
        assert_eq!(requested(app), 4);
        let token = link(app, &mike.email, "A new password").await;
        reset(app, &token, NEW_PASSWORD).await.is(200);
        app.post(&path, &json!({})).await.is(401);
    });
}
