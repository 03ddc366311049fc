//! Who has the password and plays with cookies: keeps them, drops them, brings back old ones, and
//! holds a copy of the victim's own.

use countersign_events::account::{AccountEvent, Lane};
use countersign_tests::app::{Answered, PASSWORD, Person, STEP, TestApp};
use jiff::SignedDuration;
use serde_json::json;

use super::cookies::{SESSION, SIGN_IN, as_page, at_device, cookie, with_cookies};
use super::devices::{begin, sign_in};

const HALF_DAY: SignedDuration = SignedDuration::from_hours(13);
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// What the policy allows of an authenticator's codes from devices that are not known.
const UNKNOWN_CAP: u32 = 16;
const NEW_PASSWORD: &str = "another long passphrase";

/// An answer of a page that carries these sign-ins.
async fn guess(app: &TestApp, id: &str, held: &str, device: &str, code: &str) -> Answered {
    let body = json!({ "method": "totp", "code": code });
    let call = as_page(app, app.post(format!("/v1/sign-ins/{id}/answers"), &body));
    let call = if device.is_empty() {
        with_cookies(call, "", held)
    } else {
        call.header("cookie", &format!("{SIGN_IN}={held}; {}={device}", super::cookies::DEVICE))
    };
    call.await
}

/// The lane and the count of every wrong code so far.
fn counted(app: &TestApp, person: &Person) -> Vec<(Lane, u32)> {
    let events = app.events(&person.account).into_iter();
    let rejected = events.filter_map(|event| match event {
        AccountEvent::CodeRejected(rejected) => Some((rejected.counted.lane, rejected.unresolved)),
        _ => None,
    });
    rejected.collect()
}

/// AT-03: four guesses and on to the next sign-in; with the cookies of all sign-ins before, with
/// none, and with those of a dead one alone; and once more in the old sign-ins: every wrong code is
/// one more, and sixteen are all.
#[test]
fn at_03_no_cookie_that_is_kept_dropped_or_brought_back_refunds_a_guess() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.cookies").await;
        let mut old: Vec<(String, String)> = vec![];
        for _ in 0..6 {
            app.pass(HALF_DAY).await;
            let wrong = app.wrong_code(&marlene);
            for trick in 0..4 {
                let all: Vec<&str> = old.iter().rev().map(|(_, held)| held.as_str()).collect();
                let sent = match trick {
                    0 => String::new(),
                    1 => all.first().map_or_else(String::new, |held| (*held).to_owned()),
                    _ => all.into_iter().take(2).collect::<Vec<_>>().join("."),
                };
                let call = as_page(app, app.sign_in(&marlene.login, PASSWORD));
                let begun = with_cookies(call, "", &sent).await.is(200);
                let (id, held) = (begun.text_at("/id"), cookie(&begun, SIGN_IN).unwrap());
                held.split('.').for_each(|handle| app.plant("sign-in cookie", handle.as_bytes()));
                let own = held.split('.').next().unwrap_or_default().to_owned();
                let places = [(id.clone(), held), (id.clone(), own.clone())];
                for (id, held) in places.iter().chain(old.iter().rev().take(2)) {
                    for _ in 0..2 {
                        let status = guess(app, id, held, "", &wrong).await.status;
                        assert!([401, 429].contains(&status), "{trick}: {status}");
                    }
                }
                old.push((id, own));
            }
        }
        let counts: Vec<u32> = counted(app, &marlene).iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, (1..=UNKNOWN_CAP).collect::<Vec<_>>());
        app.pass(HALF_DAY).await;
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(429);
    });
}

/// As many guesses with a copy of the victim's device as are evaluated now.
async fn guess_with_copy(app: &TestApp, victim: &Person, copy: &str) {
    let wrong = app.wrong_code(victim);
    for _ in 0..3 {
        let begun = begin(app, victim, copy).await;
        let held = cookie(&begun, SIGN_IN).unwrap();
        for _ in 0..4 {
            guess(app, &begun.text_at("/id"), &held, copy, &wrong).await;
        }
    }
}

/// AT-42, AT-36, SR-084, SR-133: with a copy of the victim's device there are a few guesses in the
/// lane of that device, until the victim signs in there; then the copy is any other device. The
/// victim, who signs in every half day, forgives none of what follows, is let in each time, and
/// ends it with the new password that the tenth wrong code demands.
#[test]
fn at_42_a_copy_of_the_victims_device_dies_when_the_victim_signs_in() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.copied").await;
        let mut home = sign_in(app, &marlene, "").await;
        let copy = home.device.clone();
        let (begun, wrong) = (begin(app, &marlene, &copy).await, app.wrong_code(&marlene));
        let held = cookie(&begun, SIGN_IN).unwrap();
        for _ in 0..4 {
            guess(app, &begun.text_at("/id"), &held, &copy, &wrong).await.is(401);
        }
        let known: Vec<_> = (1..=4).map(|count| (Lane::Known, count)).collect();
        assert_eq!(counted(app, &marlene), known);
        for expected in [0, 5, 10] {
            if expected > 0 {
                app.pass(HALF_DAY).await;
                guess_with_copy(app, &marlene, &copy).await;
            }
            let unknown = (1..=expected).map(|count| (Lane::Unknown, count));
            let all: Vec<_> = known.iter().copied().chain(unknown).collect();
            assert_eq!(counted(app, &marlene), all, "what the victim did forgave nothing of it");
            if expected < 10 {
                home = sign_in(app, &marlene, &home.device).await;
            }
        }
        app.pass(STEP).await;
        let begun = begin(app, &marlene, &home.device).await;
        let held = cookie(&begun, SIGN_IN).unwrap();
        let code = app.code(&marlene);
        let asked = guess(app, &begun.text_at("/id"), &held, &home.device, &code).await.is(200);
        assert_eq!(asked.text_at("/status"), "password_change_required");
        let held = cookie(&asked, SIGN_IN).unwrap();
        app.plant("sign-in cookie", held.as_bytes());
        let path = format!("/v1/sign-ins/{}/password", asked.text_at("/id"));
        let call = as_page(app, app.post(path, &json!({ "password": NEW_PASSWORD })));
        let entered = with_cookies(call, "", &held).await.is(200);
        app.plant("session cookie", cookie(&entered, SESSION).unwrap().as_bytes());
        let call = as_page(app, app.sign_in(&marlene.login, PASSWORD));
        at_device(call, &copy).await.is(401);
    });
}

/// SR-084, SR-086: forty-eight sign-ins of a year with a mistyped code in each, with the device's
/// cookie and without any: the right code of the same sign-in forgives it, nobody is refused or
/// disabled, and nothing is left counted.
#[test]
fn sr_084_forty_eight_forgiven_typos_a_year_disable_nobody() {
    TestApp::run(async |app| {
        let (page, program) = (app.person("marlene.page").await, app.person("marlene.tool").await);
        let mut device = String::new();
        for _ in 0..48 {
            app.pass(WEEK).await;
            let begun = begin(app, &page, &device).await;
            let (id, held) = (begun.text_at("/id"), cookie(&begun, SIGN_IN).unwrap());
            guess(app, &id, &held, &device, &app.wrong_code(&page)).await.is(401);
            let entered = guess(app, &id, &held, &device, &app.code(&page)).await.is(200);
            app.plant("session cookie", cookie(&entered, SESSION).unwrap().as_bytes());
            device = cookie(&entered, super::cookies::DEVICE).unwrap();
            app.plant("device cookie", device.as_bytes());
            let id = app.begin(&program).await;
            app.answer(&id, "totp", &app.wrong_code(&program)).await.is(401);
            app.answer(&id, "totp", &app.code(&program)).await.is(200);
        }
        for person in [page, program] {
            assert_eq!(app.count(&person.account, "account.code_rejected"), 48);
            for shut in ["account.cooled_down", "account.locked_out"] {
                assert_eq!(app.count(&person.account, shut), 0, "{shut}");
            }
            assert!(counted(app, &person).iter().all(|(_, count)| *count == 1), "forgiven each");
            let token = app.enter(&person).await;
            let person = Person { token, ..person };
            assert_eq!(app.account(&person).await["unresolved"], json!([]));
        }
    });
}
