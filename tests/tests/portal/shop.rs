//! An app that sends people here and has them back: it answers whatever it is asked with a page
//! that says what that was.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_api::server::listener::Listener;
use countersign_tests::app::TestApp;
use countersign_tests::browser::Browser;

/// What its requests carry (RFC 7636, appendix B).
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// What it sends along and wants back.
const STATE: &str = "kept-4711";

/// The app.
pub(crate) struct Shop {
    /// Its id here.
    pub(crate) id: String,
    url: String,
    issuer: String,
    visits: Arc<AtomicUsize>,
}

/// As it stands in a query.
fn encoded(url: &str) -> String {
    url.replace(':', "%3A").replace('/', "%2F")
}

impl Shop {
    /// Opens it, on a host of its own, and adds it here.
    pub(crate) async fn open(app: &TestApp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&visits);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || answer(&stream, &counted));
            }
        });
        let (back, left) = (format!("{url}/callback"), format!("{url}/left"));
        let id = app.relying_app("Shop", &back, &left).await.id;
        let issuer = format!("http://{}", app.address(Listener::Public));
        Self { id, url, issuer, visits }
    }

    /// Where it sends a browser to sign in, with more parameters.
    pub(crate) fn asks(&self, more: &str) -> String {
        let back = encoded(&format!("{}/callback", self.url));
        format!(
            "/oidc/authorize?response_type=code&client_id={}&redirect_uri={back}&scope=openid\
             &state={STATE}&code_challenge={CHALLENGE}&code_challenge_method=S256{more}",
            self.id
        )
    }

    /// Where it sends a browser to sign out, with more parameters.
    pub(crate) fn leaves(&self, more: &str) -> String {
        let left = encoded(&format!("{}/left", self.url));
        format!("/oidc/end-session?client_id={}&post_logout_redirect_uri={left}{more}", self.id)
    }

    /// Waits until the browser is back, and gives what it brought: this, with the state and who
    /// says so (RFC 9207).
    pub(crate) async fn has_back(&self, browser: &Browser, what: &str) -> String {
        browser.reads("#back", &format!("/callback?{what}")).await.unwrap();
        let brought = browser.text("#back").await.unwrap();
        for part in [format!("state={STATE}"), format!("iss={}", encoded(&self.issuer))] {
            assert!(brought.split('&').any(|one| one == part), "{part}: {brought}");
        }
        brought
    }

    /// How many requests it has had.
    pub(crate) fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}

fn answer(mut stream: &TcpStream, counted: &AtomicUsize) {
    let mut line = String::new();
    if !matches!(BufReader::new(stream).read_line(&mut line), Ok(1..)) {
        return;
    }
    counted.fetch_add(1, Ordering::SeqCst);
    let asked = line.split(' ').nth(1).unwrap_or_default().replace('&', "&amp;");
    let page = format!("<!doctype html><title>Shop</title><h1 id='back'>{asked}</h1>");
    let length = page.len();
    let _gone = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{page}"
    );
}
