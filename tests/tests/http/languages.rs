//! Mails speak the language of whoever reads them.

use countersign_api::server::listener::Listener;
use countersign_core::mail::{Mail, SendErrorClass};
use countersign_tests::app::{PASSWORD, Person, STEP, TestApp};
use countersign_tests::post_office::PostFault;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use super::back_in::RESEND;

const GERMAN: &str = "de-AT, de;q=0.9, en;q=0.5";
const ENGLISH: &str = "en-GB, en;q=0.9, de;q=0.5";

/// What the four mails of a walk are about, and what stands in each of them.
struct Expected {
    tag: &'static str,
    subjects: [&'static str; 4],
    heading: &'static str,
    time: &'static str,
    html: &'static str,
}

/// A sign-in in a browser that asks for this language.
async fn begin(app: &TestApp, login: &str, language: &str) -> String {
    let begun = app.sign_in(login, PASSWORD).header("accept-language", language).await.is(200);
    begun.text_at("/id")
}

/// Somebody with an authenticator who has signed in with this language.
async fn reader(app: &TestApp, login: &str, language: &str) -> Person {
    let email = format!("{login}@example.com");
    let body = json!({ "login": login, "email": email, "password": PASSWORD });
    let account = app.post("/v1/accounts", &body).await.is(201).text_at("/account_id");
    let sign_in = app.sign_in(login, PASSWORD).header("accept-language", language);
    let token = sign_in.await.is(200).text_at("/session/token");
    let person = Person { login: login.to_owned(), email, account, token, ..Person::default() };
    app.with_authenticator(person, Listener::Public).await
}

async fn mails(app: &TestApp, person: &Person) -> Vec<Mail> {
    app.settle().await;
    app.post.mails_to(&person.email)
}

/// A notice, a code, the notice that it entered, and a link to a new password.
async fn walk(app: &TestApp, login: &str, expected: &Expected) {
    let person = reader(app, login, expected.tag).await;
    app.settle().await;
    let sign_in = begin(app, login, expected.tag).await;
    app.email_code(&sign_in).header("accept-language", expected.tag).await.is(202);
    app.settle().await;
    let code = app.post.newest_code(&person.email).expect("a code");
    app.answer(&sign_in, "email_code", &code).await.is(200);
    app.settle().await;
    app.pass(RESEND).await;
    let ask = app.post("/v1/password-resets", &json!({ "login": login }));
    ask.header("accept-language", expected.tag).await.is(202);
    let mails = mails(app, &person).await;
    let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(subjects, expected.subjects);
    for mail in mails {
        assert!(mail.text.contains(expected.heading), "{}", *mail.text);
        assert!(mail.text.contains(expected.time), "{}", *mail.text);
        assert!(mail.html.contains(expected.html), "{}", *mail.html);
    }
    assert!(app.post.newest_link(&person.email, "/reset-password").is_some());
}

#[test]
fn a_reader_of_german_gets_german_mails_and_one_of_english_english_ones() {
    TestApp::run(async |app| {
        let german = Expected {
            tag: GERMAN,
            subjects: [
                "Neue Authenticator-App für Ihr Konto bei Countersign",
                "Ihr Code für die Anmeldung bei Countersign",
                "Jemand hat sich bei Countersign mit einem Code per E-Mail angemeldet",
                "Ein neues Passwort für Ihr Konto bei Countersign",
            ],
            heading: "WAREN DAS NICHT SIE?",
            time: ": 24. November 2026, 12:",
            html: "<html lang=\"de\">",
        };
        walk(app, "anna.german", &german).await;
        let english = Expected {
            tag: ENGLISH,
            subjects: [
                "An authenticator was added to your Countersign account",
                "Your code to sign in to Countersign",
                "Somebody signed in to Countersign with a code sent by e-mail",
                "A new password for your Countersign account",
            ],
            heading: "THIS WASN'T YOU?",
            time: ": 24 November 2026, 12:",
            html: "<html lang=\"en\">",
        };
        walk(app, "mike.english", &english).await;
        walk(app, "tuva.neither", &Expected { tag: "nb, sv;q=0.9", ..english }).await;
    });
}

/// What was chosen on a page goes before what the browser asks for.
#[test]
fn a_choice_on_a_page_goes_before_the_browsers_wish() {
    TestApp::run(async |app| {
        let mike = reader(app, "mike.chooses", ENGLISH).await;
        app.settle().await;
        let sign_in = begin(app, &mike.login, ENGLISH).await;
        let ask = app.email_code(&sign_in).header("accept-language", ENGLISH);
        ask.header("cookie", "cs_lang=de").await.is(202);
        let newest = mails(app, &mike).await.pop().unwrap();
        assert_eq!(newest.subject, "Ihr Code für die Anmeldung bei Countersign");
    });
}

/// The wrong password says nothing of who reads the warning about it.
#[test]
fn whoever_guesses_does_not_choose_the_language_of_the_warning() {
    TestApp::run(async |app| {
        let anna = reader(app, "anna.warned", GERMAN).await;
        app.settle().await;
        for _ in 0..10 {
            let guess = app.sign_in(&anna.login, "not her password");
            guess.header("accept-language", ENGLISH).await.is(401);
            app.pass(SignedDuration::from_hours(1)).await;
        }
        let warning = mails(app, &anna).await.pop().unwrap();
        assert_eq!(warning.subject, "Viele falsche Passwörter für Ihr Konto bei Countersign");
        assert!(warning.html.contains("viele falsche Passwörter"), "{}", *warning.html);
    });
}

/// SR-024: what happens between two attempts at a mail does not change it.
#[test]
fn sr_024_a_mail_that_is_sent_again_speaks_the_language_it_spoke_before() {
    TestApp::run(async |app| {
        app.post.fails(PostFault::Refuses(SendErrorClass::Temporary));
        let anna = reader(app, "anna.again", GERMAN).await;
        app.post.handed_in(1).await;
        app.call(Method::DELETE, "/v1/session").bearer(&anna.token).await.is(204);
        app.pass(STEP).await;
        let sign_in = begin(app, &anna.login, ENGLISH).await;
        app.answer(&sign_in, "totp", &app.code(&anna)).await.is(200);
        app.post.works();
        app.pass(RESEND).await;
        let mails = mails(app, &anna).await;
        let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(subjects, ["Neue Authenticator-App für Ihr Konto bei Countersign"]);
    });
}
