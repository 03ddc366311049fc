//! Who is stuck finds in every mail whom to ask: the contact of the configuration, on a whole
//! server.

use countersign_tests::app::TestApp;
use jiff::SignedDuration;
use serde_json::json;

/// The mails that somebody gets: of a notice, of a code, of a link.
fn mails_name(contact: Option<&str>, said: &str) {
    let contact = contact.map(str::to_owned);
    TestApp::run_with(
        |config| config.brand.contact = contact,
        async |app| {
            let mike = app.person("mike").await;
            app.pass(SignedDuration::from_mins(1)).await;
            let sign_in = app.begin(&mike).await;
            app.email_code(&sign_in).await.is(202);
            app.settle().await;
            let code = app.post.newest_code(&mike.email).unwrap();
            app.answer(&sign_in, "email_code", &code).await.is(200);
            app.post("/v1/password-resets", &json!({ "login": mike.login })).await.is(202);
            app.settle().await;
            let mails = app.post.mails_to(&mike.email);
            for about in ["An authenticator was added", "Your code to", "A new password for"] {
                let mail = mails.iter().find(|mail| mail.subject.starts_with(about)).unwrap();
                for text in [&mail.text, &mail.html] {
                    let words: Vec<_> = text.split_whitespace().collect();
                    let text = words.join(" ");
                    assert!(text.contains(said), "{about}: no {said:?} in {text}");
                }
            }
        },
    );
}

#[test]
fn mails_name_the_address_of_the_contact() {
    mails_name(Some("mailto:help@example.com?subject=2FA"), "contact us: help@example.com.");
}

#[test]
fn mails_name_the_page_of_the_contact() {
    mails_name(Some("https://example.com/help"), "contact us: https://example.com/help.");
}

#[test]
fn without_a_contact_mails_send_people_to_who_runs_the_service() {
    mails_name(None, "contact the people who run Countersign.");
}
