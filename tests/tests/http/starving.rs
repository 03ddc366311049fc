//! Ways in by mail, while somebody asks for all the mail there is.

use std::collections::BTreeSet;

use countersign_core::audit::source::Source;
use countersign_events::entry::Entry;
use countersign_events::id::{AccountId, StreamId};
use countersign_tests::app::{PASSWORD, Person, TestApp};
use countersign_tests::post_office::PostFault;
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::json;

use super::back_in::{NEW_PASSWORD, ask_for_reset, confirmed, letters, link, mailed_code, reset};
use super::cookies::{DEVICE, SESSION, SIGN_IN, as_page, at_device, cookie, with_cookies};

const SUBJECT: &str = "A new password";
const ASKED: [&str; 2] = ["account.password_reset_requested", "account.password_reset_renewed"];
const TEN_MINUTES: SignedDuration = SignedDuration::from_mins(10);
const ANOTHER_PASSWORD: &str = "nine of her donkeys";

/// Behind a proxy, so that whoever asks can be anywhere.
fn run(test: impl AsyncFnOnce(&mut TestApp)) {
    let configure = |config: &mut countersign_api::config::Config| {
        config.listen.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
    };
    TestApp::run_with(configure, test);
}

/// The entries of a stream, and the bytes that they and what is sealed beside them take.
fn grown(app: &TestApp, is_it: impl Fn(StreamId) -> bool) -> (usize, usize) {
    let mut source = Source::open(app.data()).unwrap();
    let (mut entries, mut bytes) = (0, 0);
    while let Some(line) = source.next_line().unwrap() {
        if is_it(Entry::parse(&line.bytes).unwrap().stream) {
            entries += 1;
            bytes += line.bytes.len();
        }
    }
    (entries, bytes)
}

/// Twenty-five people ask at once, each at an address of his own: all get the same answer.
async fn crowd_asks(app: &TestApp, round: usize, login: &str) {
    let ask = |number: usize| {
        app.post("/v1/password-resets", &json!({ "login": login }))
            .header("x-forwarded-for", &format!("203.{round}.113.{number}"))
            .into_future()
    };
    let faces: BTreeSet<_> = join_all((0..25).map(ask))
        .await
        .into_iter()
        .map(|answered| format!("{:?}", answered.is(202).face()))
        .collect();
    assert_eq!(faces.len(), 1, "{faces:?}");
}

async fn mails(app: &TestApp, person: &Person) -> usize {
    letters(app, &person.email, SUBJECT).await.len()
}

/// AT-50, SR-030, SR-051: a crowd asks for a new password for ten hours. There are no more
/// mails than an hour and a day have, the log hardly grows, and a login that does not exist leaves
/// as many entries. The holder asks once and sets a new password with the newest mail he has.
#[test]
fn at_50_a_crowd_uses_up_nobodys_way_to_a_new_password() {
    run(async |app| {
        let mike = confirmed(app, "mike.besieged").await;
        let account = StreamId::Account(AccountId::parse(&mike.account).unwrap());
        app.settle().await;
        let before = grown(app, |stream| stream == account);
        for round in 0..60 {
            crowd_asks(app, round, &mike.login).await;
            crowd_asks(app, round, "nobody.besieged").await;
            app.pass(TEN_MINUTES).await;
            app.settle().await;
            assert!(round > 5 || mails(app, &mike).await <= 3, "three in the first hour");
        }
        // One that another was asked for at once need not have left.
        let sent = mails(app, &mike).await;
        assert_eq!(app.count(&mike.account, ASKED[0]), 10, "ten in the first day");
        assert!((1..=10).contains(&sent), "{sent}");
        let asked: usize = ASKED.into_iter().map(|asked| app.count(&mike.account, asked)).sum();
        let (nobodys, _) = grown(app, |stream| matches!(stream, StreamId::Unknown(_)));
        assert_eq!(nobodys, asked, "a login that does not exist leaves the same");
        let after = grown(app, |stream| stream == account);
        assert_eq!(after.0 - before.0, asked + 10, "and what became of each");
        let (entries, bytes) = (after.0 - before.0, after.1 - before.1);
        assert!(bytes < entries * 1024, "{bytes} bytes in {entries} entries");
        // The newest link died of its age long ago; he asks once, and it works.
        app.pass(TEN_MINUTES * 6).await;
        let newest = link(app, &mike.email, SUBJECT).await;
        reset(app, &newest, NEW_PASSWORD).await.is(401);
        ask_for_reset(app, &mike.login).await.is(202);
        assert_eq!(link(app, &mike.email, SUBJECT).await, newest, "no mail more");
        reset(app, &newest, NEW_PASSWORD).await.is(200);
        reset(app, &newest, ANOTHER_PASSWORD).await.is(401);
        // SR-054: used, it never works again. Whoever used it is sent one more.
        ask_for_reset(app, &mike.login).await.is(202);
        assert_eq!(mails(app, &mike).await, sent + 1);
        reset(app, &newest, ANOTHER_PASSWORD).await.is(401);
        let another = link(app, &mike.email, SUBJECT).await;
        reset(app, &another, ANOTHER_PASSWORD).await.is(200);
    });
}

/// A mail server that is down for an hour, and somebody who uses up the mails of that hour: once it
/// is back, the holder is sent one all the same.
#[test]
fn at_50_mails_that_never_left_are_none_that_were_sent() {
    run(async |app| {
        let mike = confirmed(app, "mike.unreachable").await;
        app.settle().await;
        let fault = countersign_core::mail::SendErrorClass::Unreachable;
        app.post.fails(PostFault::Refuses(fault));
        for round in 0..3 {
            crowd_asks(app, round, &mike.login).await;
            for _ in 0..40 {
                app.pass(SignedDuration::from_mins(1)).await;
                app.settle().await;
            }
        }
        assert_eq!(mails(app, &mike).await, 0);
        app.post.works();
        ask_for_reset(app, &mike.login).await.is(202);
        let token = link(app, &mike.email, SUBJECT).await;
        reset(app, &token, NEW_PASSWORD).await.is(200);
    });
}

/// AT-50, SR-023, SR-026: who has the password and asks for codes voids none of the holder's, and
/// has three of the five that a day has: the others are kept for devices that are known.
#[test]
fn at_50_whoever_asks_for_codes_voids_none_of_the_holders() {
    run(async |app| {
        let mike = app.person("mike.bombed").await;
        // At home all was proven that the account asks for.
        let begun = as_page(app, app.sign_in(&mike.login, PASSWORD)).await.is(200);
        let waiting = cookie(&begun, SIGN_IN).unwrap();
        app.plant("sign-in cookie", waiting.as_bytes());
        let path = format!("/v1/sign-ins/{}/answers", begun.text_at("/id"));
        app.pass(countersign_tests::app::STEP).await;
        let body = json!({ "method": "totp", "code": app.code(&mike) });
        let call = with_cookies(as_page(app, app.post(path, &body)), "", &waiting);
        let home = call.await.is(200);
        let home_session = cookie(&home, SESSION).unwrap();
        app.plant("session cookie", home_session.as_bytes());
        let device = cookie(&home, DEVICE).unwrap();
        device.split('.').for_each(|handle| app.plant("device cookie", handle.as_bytes()));

        let holders = app.begin(&mike).await;
        app.email_code(&holders).await.is(202);
        let code = mailed_code(app, &mike.email).await;
        let mut strangers = 0;
        for _ in 0..4 {
            app.pass(SignedDuration::from_mins(2)).await;
            let sign_in = app.begin(&mike).await;
            strangers += u32::from(app.email_code(&sign_in).await.status == 202);
            app.settle().await;
        }
        assert_eq!(strangers, 2, "with the holder's three in a quarter of an hour, and in a day");
        app.answer(&holders, "email_code", &code).await.is(200);
        app.pass(SignedDuration::from_mins(20)).await;
        let sign_in = app.begin(&mike).await;
        app.email_code(&sign_in).await.is(429);
        for _ in 0..2 {
            let call = as_page(app, app.sign_in(&mike.login, PASSWORD));
            let begun = at_device(call, &device).await.is(200);
            let waiting = cookie(&begun, SIGN_IN).unwrap();
            app.plant("sign-in cookie", waiting.as_bytes());
            let path = format!("/v1/sign-ins/{}/email-code", begun.text_at("/id"));
            let call = as_page(app, app.post(path, &json!({})));
            at_device(with_cookies(call, "", &waiting), &device).await.is(202);
            app.settle().await;
            app.pass(SignedDuration::from_mins(16)).await;
        }
        assert_eq!(letters(app, &mike.email, "code to sign in").await.len(), 5, "a day has five");
    });
}
