//! What people see while something behind the pages is in trouble.

use countersign_core::mail::SendErrorClass;
use countersign_tests::app::TestApp;
use countersign_tests::browser::Looks;
use countersign_tests::faulty_store::StoreFault;
use countersign_tests::post_office::PostFault;

use crate::person::*;

/// SR-098: where nothing can be recorded the page says that nothing was decided and keeps what was
/// typed; sent again once it can, the same code enters.
#[test]
fn sr_098_a_code_that_could_not_be_recorded_is_kept_and_enters_later() {
    TestApp::run(async |app| {
        let (browser, secret, _) = protected(app, Looks::DESK, "troubled").await;
        next_step(app).await;
        type_password(&browser).await;
        browser.see("#code").await.unwrap();
        // It is written all the same, which only sending it again can tell.
        app.store.fails(StoreFault::Lost { written: true, resolves: false });
        let code = phone(app, &secret);
        type_code(&browser, "#code", &code).await;
        browser.reads("#code-form .error", "nothing was decided").await.unwrap();
        let kept = browser.script("return document.getElementById('code').value").await.unwrap();
        assert_eq!(kept, code);
        app.store.works();
        browser.click("#code-form [type=submit]").await.unwrap();
        browser.see("#protected").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// Who waits for a mail learns that it has left, or that it never will.
#[test]
fn a_mail_that_has_left_and_one_that_was_refused_are_told() {
    TestApp::run(async |app| {
        let (browser, ..) = protected(app, Looks::DESK, "mail-told").await;
        app.pass(BETWEEN_MAILS).await;
        type_password(&browser).await;
        browser.click("#send-code").await.unwrap();
        app.settle().await;
        browser.reads("#mail-state", "The mail has left").await.unwrap();
        app.post.fails(PostFault::Refuses(SendErrorClass::Permanent));
        app.pass(BETWEEN_MAILS).await;
        browser.click("#resend").await.unwrap();
        app.settle().await;
        browser.reads("#mail-state", "could not be delivered").await.unwrap();
        app.post.works();
        browser.close().await.unwrap();
    });
}

/// With a mail server that hangs, "click here" still answers and says what is happening, and every
/// other way in goes on.
#[test]
fn a_mail_that_does_not_come_leaves_every_other_way_open() {
    TestApp::run(async |app| {
        let (browser, secret, _) = protected(app, Looks::PHONE, "no-mail").await;
        app.settle().await;
        app.post.fails(PostFault::Hangs);
        app.pass(BETWEEN_MAILS).await;
        type_password(&browser).await;
        browser.click("#send-code").await.unwrap();
        browser.reads("#second", "It can take a minute").await.unwrap();
        browser.reads("#mail-state", "does not take it at the moment").await.unwrap();
        browser.click("#use-totp").await.unwrap();
        type_code(&browser, "#code", &phone(app, &secret)).await;
        browser.see("#protected").await.unwrap();
        app.post.works();
        browser.close().await.unwrap();
    });
}
