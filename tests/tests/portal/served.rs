//! The pages as they come over the wire, judged without a browser: well-formed for a checker that
//! nobody here wrote, readable and nothing else, with the operator's picture in their head.

use std::process::Command;

use countersign_tests::app::{Answered, TestApp};
use reqwest::Method;

/// Every page, and an address that has none.
const PAGES: &[&str] = &[
    "/",
    "/register",
    "/sign-in",
    "/forgot-password",
    "/reset-password",
    "/not-me",
    "/account",
    "/oidc/authorize?client_id=an%20app&state=kept",
    "/oidc/end-session?state=kept",
    "/no-such-page",
];
const LANGUAGES: &[&str] = &["en", "de"];
/// What HTML Tidy 5.6 says of what is younger than it, or allowed in HTML today. Nothing else is.
const YOUNGER_THAN_TIDY: &[&str] = &[
    "<a> proprietary attribute \"aria-current\"",
    "<dialog> proprietary attribute \"closedby\"",
    "<input> proprietary attribute \"autocapitalize\"",
    "<input> proprietary attribute \"inputmode\"",
];
const PICTURE: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 3\"/>";

async fn page(app: &TestApp, path: &str, language: &str) -> Answered {
    app.get(path).header("accept", "text/html").header("accept-language", language).await
}

/// What HTML Tidy complains of.
fn complaints(html: &[u8]) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), html).unwrap();
    let tidy = Command::new("tidy")
        .args(["-q", "-e", "-utf8", "--drop-empty-elements", "no"])
        .arg(file.path())
        .output();
    let said = tidy.expect("tidy (Debian: tidy)").stderr;
    let said = String::from_utf8(said).unwrap();
    let is_known = |line: &str| YOUNGER_THAN_TIDY.iter().any(|known| line.ends_with(known));
    said.lines().filter(|line| !is_known(line)).map(str::to_owned).collect()
}

#[test]
fn every_page_is_valid_in_every_language() {
    TestApp::run(async |app| {
        for path in PAGES {
            for language in LANGUAGES {
                let answered = page(app, path, language).await;
                let html = String::from_utf8(answered.bytes.clone()).unwrap();
                assert!(html.contains(&format!("<html lang=\"{language}\">")), "{path}");
                let found = complaints(&answered.bytes);
                assert!(found.is_empty(), "{path} in {language}:\n{}", found.join("\n"));
            }
        }
    });
}

/// Whoever has no script is told so, in a sentence, wherever an app sends him.
#[test]
fn without_a_script_the_page_says_so() {
    TestApp::run(async |app| {
        let asked = "/oidc/authorize?client_id=an%20app";
        for (language, told) in [("en", "needs JavaScript"), ("de", "braucht JavaScript")] {
            let html = String::from_utf8(page(app, asked, language).await.bytes).unwrap();
            let (_, without) = html.split_once("<noscript>").unwrap();
            let (without, after) = without.split_once("</noscript>").unwrap();
            assert!(without.contains(told), "{without}");
            let sections = after.split("<section").skip(1);
            assert!(sections.into_iter().all(|one| one.contains(" hidden>")), "all else is hidden");
        }
    });
}

/// The checker does look: it finds what is not closed.
#[test]
fn a_page_that_is_not_valid_is_found() {
    let html = "<!doctype html><html lang=en><title>t</title><body><section><p>a</section></div>";
    assert!(!complaints(html.as_bytes()).is_empty());
}

#[test]
fn a_page_can_be_read_and_nothing_else() {
    TestApp::run(async |app| {
        let home = page(app, "/", "en").await;
        let html = String::from_utf8(home.bytes).unwrap();
        let sheet = html.split('"').find(|part| part.ends_with("portal.css")).unwrap().to_owned();
        for path in ["/", "/sign-in", "/account", "/reset-password", sheet.as_str()] {
            for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
                let answered = app.call(method.clone(), path).await;
                assert_eq!(answered.status, 405, "{method} {path}");
                assert_eq!(answered.headers["allow"], "GET, HEAD");
                assert_eq!(answered.body["code"], "method-not-allowed");
            }
            assert_eq!(app.call(Method::HEAD, path).await.status, 200, "{path}");
        }
    });
}

/// The operator's picture is an image to browsers whatever is in it, and never a page.
#[test]
fn a_picture_of_the_operator_stands_in_the_head() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), PICTURE).unwrap();
    let logo = Some(file.path().to_owned());
    TestApp::run_with(
        |config| config.brand.logo = logo,
        async |app| {
            let html = String::from_utf8(page(app, "/", "en").await.bytes).unwrap();
            let address = html.split('"').find(|part| part.ends_with("/logo.svg")).unwrap();
            assert!(html.contains(&format!("<img src=\"{address}\"")));
            let picture = app.get(address).await;
            assert_eq!(picture.bytes, PICTURE.as_bytes());
            assert_eq!(picture.headers["content-type"], "image/svg+xml");
            assert_eq!(picture.headers["x-content-type-options"], "nosniff");
            let policy = picture.headers["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none';"), "{policy}");
            assert!(!policy.contains("'self'") && !policy.contains("unsafe"), "{policy}");
            let another = address.replace("/logo.svg", "/logo.png");
            assert_eq!(app.get(another).await.status, 404);
        },
    );
}
