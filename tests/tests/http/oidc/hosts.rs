//! Forward-auth: a host that has no sign-in of its own lets nobody in whom we do not.

use std::future::IntoFuture;

use countersign_api::contract::host::PASS_COOKIE;
use countersign_tests::app::TestApp;
use jiff::SignedDuration;
use reqwest::header::SET_COOKIE;

use super::*;

const WIKI: &str = "wiki.example";
const TO: &str = "/page/a%20b?c=d&e=f";

/// As a proxy on this machine asks, for a host.
fn proxied<'a>(app: &'a TestApp, host: &str, path: &str, cookies: &str) -> Call<'a> {
    let call = app
        .get(path)
        .header("x-forwarded-host", host)
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-uri", TO);
    if cookies.is_empty() { call } else { call.header("cookie", cookies) }
}

pub(super) fn run(test: impl AsyncFnOnce(&mut TestApp)) {
    TestApp::run_with(|config| config.listen.trusted_proxies = vec!["127.0.0.1".to_owned()], test);
}

/// The cookies of an answer, as a browser sends them back.
fn cookies(answered: &Answered) -> Vec<String> {
    let lines = answered.headers.get_all(SET_COOKIE).iter();
    lines.map(|line| line.to_str().unwrap().split(';').next().unwrap().to_owned()).collect()
}

fn location(answered: &Answered) -> String {
    answered.headers["location"].to_str().unwrap().to_owned()
}

async fn wiki(app: &TestApp, admin: &Person, host: &str) {
    let back = format!("https://{host}/.countersign/callback");
    let body = json!({ "name": host, "scopes": [], "redirect_uris": [back] });
    as_admin(app, admin, Method::POST, "/v1/clients").json(&body).await.is(201);
}

/// The portal's part: what the browser asks there, and where it is sent.
async fn through_the_portal(app: &TestApp, portal: &str, token: &str) -> url::Url {
    let url: url::Url = portal.parse().unwrap();
    let asked: serde_json::Map<String, Value> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), json!(value))).collect();
    back(&authorize(app, &Value::Object(asked)).bearer(token).await.is(200))
}

/// The whole way in: what the browser holds at the host at its end.
async fn passing(app: &TestApp, host: &str, token: &str, acr: &str) -> String {
    let path = format!("/.countersign/sign-in?to=%2Fpage%3Fx%3D1&acr={acr}");
    let led = proxied(app, host, &path, "").await.is(303);
    let back = through_the_portal(app, &location(&led), token).await;
    app.plant("grant", parameter(&back, "code").as_bytes());
    let path = format!("{}?{}", back.path(), back.query().unwrap());
    let let_in = proxied(app, host, &path, &cookies(&led)[0]).await.is(303);
    assert_eq!(location(&let_in), "/page?x=1");
    let set = cookies(&let_in);
    let pass = set.iter().find(|cookie| cookie.starts_with(PASS_COOKIE)).unwrap().clone();
    app.plant("pass", pass.split_once('=').unwrap().1.as_bytes());
    pass
}

/// 401 with where to sign in; through the portal; 204 with who it is; 403 for too little.
#[test]
fn a_host_lets_in_who_signed_in_here() {
    run(async |app| {
        let admin = app.operator("ada", Role::Admin).await;
        wiki(app, &admin, WIKI).await;
        let anna = app.person("anna").await;
        let asked = proxied(app, WIKI, "/v1/forward-auth?acr=two_factor", "").await.is(401);
        let there = "/.countersign/sign-in?to=%2Fpage%2Fa%2520b%3Fc%3Dd%26e%3Df&acr=two_factor";
        assert_eq!(location(&asked), there);
        let page = String::from_utf8(asked.bytes.clone()).unwrap();
        assert!(page.contains(&there.replace('&', "&amp;")), "{page}");

        let pass = passing(app, WIKI, &anna.token, "two_factor").await;
        let passes = proxied(app, WIKI, "/v1/forward-auth", &pass).await.is(204);
        assert_eq!(passes.headers["x-countersign-account"], anna.account.as_str());
        assert_eq!(passes.headers["x-countersign-assurance"], "two_factor");

        let berta = app.registered("berta").await;
        let pass = passing(app, WIKI, &berta.token, "password").await;
        proxied(app, WIKI, "/v1/forward-auth?acr=password", &pass).await.is(204);
        let weak = proxied(app, WIKI, "/v1/forward-auth?acr=two_factor", &pass).await.is(403);
        assert_eq!(location(&weak), there);
        proxied(app, WIKI, "/v1/forward-auth?acr=everything", &pass).await.is(400);
    });
}

/// SR-062, SR-131: a pass is for its host alone, is no session, and ends with the session.
#[test]
fn sr_062_sr_131_a_pass_is_for_its_host_and_ends_with_its_session() {
    run(async |app| {
        let admin = app.operator("ada", Role::Admin).await;
        wiki(app, &admin, WIKI).await;
        wiki(app, &admin, "git.example").await;
        let anna = app.registered("anna").await;
        let pass = passing(app, WIKI, &anna.token, "password").await;
        let ask = "/v1/forward-auth?acr=password";
        proxied(app, "git.example", ask, &pass).await.is(401);
        proxied(app, "other.example", ask, &pass).await.is(401);
        let session = format!("{PASS_COOKIE}={}", anna.token);
        proxied(app, WIKI, ask, &session).await.is(401);
        proxied(app, WIKI, ask, &format!("{pass}; {session}")).await.is(401);
        let held = pass.split_once('=').unwrap().1;
        app.get("/v1/session").bearer(held).await.is(401);
        let told = userinfo(app, held).await.is(401);
        assert_eq!(told.headers["www-authenticate"], "Bearer error=\"invalid_token\"", "RFC 6750");
        proxied(app, WIKI, ask, &pass).await.is(204);
        app.call(Method::DELETE, "/v1/session").bearer(&anna.token).await.is(204);
        proxied(app, WIKI, ask, &pass).await.is(401);
        let berta = app.registered("berta").await;
        let pass = passing(app, WIKI, &berta.token, "password").await;
        let passes = proxied(app, WIKI, ask, &pass).await.is(204);
        assert!(passes.headers.get("strict-transport-security").is_none(), "the host's own");
        // A host that is taken off the list is one no more.
        let listed = as_admin(app, &admin, Method::GET, "/v1/clients").await.is(200);
        let apps = listed.body["items"].as_array().unwrap();
        for one in apps.iter().filter(|one| one["name"] == WIKI) {
            let path = format!("/v1/clients/{}/redirects", one["client_id"].as_str().unwrap());
            let none = json!({ "redirect_uris": [], "post_logout_redirect_uris": [] });
            as_admin(app, &admin, Method::PUT, &path).json(&none).await.is(200);
        }
        proxied(app, WIKI, ask, &pass).await.is(401);
    });
}

/// SR-073: only a trusted proxy says which host it is; what a browser says beside that is nothing.
#[test]
fn sr_073_only_a_trusted_proxy_asks_for_a_host() {
    TestApp::run(async |app| {
        for path in ["/v1/forward-auth", "/.countersign/sign-in", "/.countersign/sign-out"] {
            proxied(app, WIKI, path, "").await.is(403);
        }
    });
    run(async |app| {
        for (host, scheme) in [
            ("", "https"),
            ("wiki.example/evil", "https"),
            ("a@wiki.example", "https"),
            ("WIKI.example", "https"),
            ("wiki.example", "javascript"),
        ] {
            let call = app.get("/v1/forward-auth").header("x-forwarded-host", host);
            call.header("x-forwarded-proto", scheme).await.is(400);
        }
        app.get("/v1/forward-auth").await.is(400);
        proxied(app, WIKI, "/.countersign/sign-in", "").await.is(404);
        let nobody =
            proxied(app, WIKI, "/v1/forward-auth", "").header("x-countersign-account", "x");
        nobody.await.is(401);
    });
}

/// Nobody is made to pass as somebody else: what is brought back belongs to the browser that began,
/// works once, and leads to a path of the same host.
#[test]
fn what_is_brought_back_belongs_to_the_browser_that_began() {
    run(async |app| {
        let admin = app.operator("ada", Role::Admin).await;
        wiki(app, &admin, WIKI).await;
        let anna = app.registered("anna").await;
        let begin = "/.countersign/sign-in?acr=password&to=";
        let led = proxied(app, WIKI, begin, "").await.is(303);
        let other = proxied(app, WIKI, begin, "").await.is(303);
        let back = through_the_portal(app, &location(&led), &anna.token).await;
        app.plant("grant", parameter(&back, "code").as_bytes());
        let path = format!("{}?{}", back.path(), back.query().unwrap());
        for held in ["", &cookies(&other)[0], "__Host-cs_fa_txn=..", "__Host-cs_fa_txn=a.b.c"] {
            proxied(app, WIKI, &path, held).await.is(400);
        }
        let held = &cookies(&led)[0];
        let let_in = proxied(app, WIKI, &path, held).await.is(303);
        assert_eq!(location(&let_in), "/");
        app.pass(SignedDuration::from_secs(10)).await;
        proxied(app, WIKI, &path, held).await.is(400);
        for cookie in let_in.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
                assert!(cookie.contains(part), "SR-069: {cookie}");
            }
        }
        for evil in ["%2F%2Fevil.example", "https:%2F%2Fevil.example", "%2F%5Cevil.example"] {
            let path = format!("/.countersign/sign-in?acr=password&to={evil}");
            let led = proxied(app, WIKI, &path, "").await.is(303);
            let back = through_the_portal(app, &location(&led), &anna.token).await;
            app.plant("grant", parameter(&back, "code").as_bytes());
            let path = format!("{}?{}", back.path(), back.query().unwrap());
            let let_in = proxied(app, WIKI, &path, &cookies(&led)[0]).await.is(303);
            assert_eq!(location(&let_in), "/", "{evil}");
        }
        let led = proxied(app, WIKI, begin, "").await.is(303);
        let began: url::Url = location(&led).parse().unwrap();
        let state = parameter(&began, "state");
        let refused = format!("{}?error=access_denied&state={state}", back.path());
        proxied(app, WIKI, &refused, &cookies(&led)[0]).await.is(403);
        let head = app.call(Method::HEAD, &path).header("x-forwarded-host", WIKI);
        head.header("x-forwarded-proto", "https").await.is(405);
    });
}

/// A browser whose connection breaks asks again, with the same cookie: it is led on, is given
/// nothing more, and what it was given stays good.
#[test]
fn a_browser_that_repeats_itself_keeps_its_pass() {
    run(async |app| {
        let admin = app.operator("ada", Role::Admin).await;
        wiki(app, &admin, WIKI).await;
        let anna = app.registered("anna").await;
        let begin = "/.countersign/sign-in?acr=password&to=%2Fx";
        let other = cookies(&proxied(app, WIKI, begin, "").await.is(303)).swap_remove(0);
        let began = proxied(app, WIKI, begin, "").await.is(303);
        let (held, began) = (cookies(&began), location(&began));
        let back = through_the_portal(app, &began, &anna.token).await;
        app.plant("grant", parameter(&back, "code").as_bytes());
        let path = format!("{}?{}", back.path(), back.query().unwrap());
        let both = [(); 2].map(|()| proxied(app, WIKI, &path, &held[0]));
        let both = futures::future::join_all(both.map(IntoFuture::into_future)).await;
        let both: Vec<_> = both.into_iter().map(|answered| answered.is(303)).collect();
        assert!(both.iter().all(|answered| location(answered) == "/x"));
        let set: Vec<_> = both.iter().flat_map(cookies).collect();
        let is_pass = |cookie: &&String| cookie.starts_with(&format!("{PASS_COOKIE}="));
        let mut passes = set.iter().filter(is_pass);
        let (Some(pass), None) = (passes.next(), passes.next()) else { panic!("{set:?}") };
        app.plant("pass", pass.split_once('=').unwrap().1.as_bytes());
        proxied(app, WIKI, "/v1/forward-auth?acr=password", pass).await.is(204);
        // Without what began it, it is a thief's: and that voids nothing either.
        proxied(app, WIKI, &path, &other).await.is(400);
        proxied(app, WIKI, "/v1/forward-auth?acr=password", pass).await.is(204);
    });
}

/// A person reads a page in words, with a link back, where a program reads a problem: whoever does
/// not want to go on, comes back too late, or to a host that may not ask any more.
#[test]
fn a_person_at_a_host_reads_words_and_not_a_problem() {
    const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
    run(async |app| {
        let admin = app.operator("ada", Role::Admin).await;
        wiki(app, &admin, WIKI).await;
        let led = proxied(app, WIKI, "/.countersign/sign-in?acr=password&to=", "").await.is(303);
        let began: url::Url = location(&led).parse().unwrap();
        let declined = format!(
            "/.countersign/callback?error=access_denied&state={}",
            parameter(&began, "state")
        );
        let held = &cookies(&led)[0];
        let other = "other.example";
        for (host, path, held, status, english, german) in [
            (WIKI, declined.as_str(), held.as_str(), 403, "did not sign in", "nicht angemeldet"),
            (WIKI, declined.as_str(), "", 400, "Sign in once more", "noch einmal an"),
            (other, "/.countersign/sign-in", "", 404, "cannot have you", "kann Sie nicht"),
            (other, "/.countersign/sign-out", "", 404, "cannot have you", "kann Sie nicht"),
        ] {
            let problem = proxied(app, host, path, held).await.is(status);
            assert!(problem.body["code"].is_string(), "{path}");
            for (language, says) in [("en", english), ("de", german)] {
                let asked = proxied(app, host, path, held).header("accept", BROWSER);
                let page = asked.header("accept-language", language).await.is(status);
                assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
                let page = String::from_utf8(page.bytes.clone()).unwrap();
                assert!(page.contains(says) && page.contains("<a href=\"/\">"), "{page}");
            }
        }
    });
}

/// The portal ends what a host began.
#[test]
fn a_host_leads_to_where_people_sign_out() {
    run(async |app| {
        let admin = app.operator("ada", Role::Admin).await;
        wiki(app, &admin, WIKI).await;
        let led = proxied(app, WIKI, "/.countersign/sign-out", "").await.is(303);
        assert!(location(&led).contains("/oidc/end-session?client_id="), "{}", location(&led));
    });
}
