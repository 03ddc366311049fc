//! Calls over a real socket. Whatever is secret in what goes and comes is remembered, so that the
//! proofs at the end can look for it.

use std::collections::HashMap;
use std::future::IntoFuture;
use std::sync::{MutexGuard, PoisonError};

use countersign_api::contract::{FORM_MEDIA_TYPE, JSON_MEDIA_TYPE};
use countersign_api::server::listener::Listener;
use countersign_core::clock::Clock as _;
use futures::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, SET_COOKIE};
use serde_json::{Value, json};

use super::{TestApp, declared, loudly};

/// Headers whose values differ from answer to answer and tell nothing of it.
const OF_THE_MOMENT: [&str; 2] = ["date", "x-request-id"];

/// A call that is sent when it is awaited.
#[derive(Clone)]
#[must_use = "a call is sent when it is awaited"]
pub struct Call<'a> {
    app: &'a TestApp,
    on: Listener,
    method: Method,
    path: String,
    bearer: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    media_type: &'static str,
    at_once: bool,
}

/// An answer, read.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub bytes: Vec<u8>,
    /// The body, where it is JSON.
    pub body: Value,
}

/// All that a caller can compare of two answers: status, headers and body, less the values that
/// differ from moment to moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Face {
    /// The status.
    pub status: u16,
    /// The headers, in the order of their names.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: String,
}

impl TestApp {
    /// A POST to the public listener.
    pub fn post(&self, path: impl Into<String>, body: &Value) -> Call<'_> {
        self.call(Method::POST, path).json(body)
    }

    /// A GET from the public listener.
    pub fn get(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::GET, path)
    }

    /// A call of any method to the public listener, without a body.
    pub fn call(&self, method: Method, path: impl Into<String>) -> Call<'_> {
        Call {
            app: self,
            on: Listener::Public,
            method,
            path: path.into(),
            bearer: None,
            headers: Vec::new(),
            body: None,
            media_type: JSON_MEDIA_TYPE,
            at_once: false,
        }
    }

    /// Where a listener listens.
    ///
    /// # Panics
    /// Where the server is stopped.
    #[must_use]
    pub fn address(&self, listener: Listener) -> std::net::SocketAddr {
        let addresses = loudly(self.served()).addresses;
        match listener {
            Listener::Public => addresses.public,
            Listener::Operator => addresses.operator,
            Listener::Ops => addresses.ops,
        }
    }
}

/// What lies between a refused code and the next one.
const APART: SignedDuration = SignedDuration::from_secs(1);

impl TestApp {
    /// Waits as a person does who types a code again: the clock is moved by no more than it takes.
    fn wait_after_refused(&self, place: &str) {
        let last = self.refused().get(place).copied();
        if let Some(last) = last {
            self.clock.set(self.clock.now().max(last.saturating_add(APART).unwrap_or(last)));
        }
    }

    fn note_refused(&self, place: String) {
        self.refused().insert(place, self.clock.now());
    }

    fn refused(&self) -> MutexGuard<'_, HashMap<String, Timestamp>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Call<'a> {
    /// To another server.
    pub(super) fn to(self, app: &'a TestApp) -> Self {
        Self { app, ..self }
    }
}

impl Call<'_> {
    /// To another listener.
    pub fn on(mut self, listener: Listener) -> Self {
        self.on = listener;
        self
    }

    /// With a session token or an API key.
    pub fn bearer(mut self, token: &str) -> Self {
        self.bearer = Some(token.to_owned());
        self
    }

    /// With an idempotency key.
    pub fn keyed(self, key: &str) -> Self {
        self.app.plant("idempotency key", key.as_bytes());
        self.header("idempotency-key", key)
    }

    /// With one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.app.canaries().plant_sent(body);
        self.bytes(body.to_string().into_bytes())
    }

    /// With a body as HTML forms send it.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let encoded = |text: &str| {
            let byte = |byte: u8| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    char::from(byte).to_string()
                }
                other => format!("%{other:02X}"),
            };
            text.bytes().map(byte).collect::<String>()
        };
        let pairs = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        self.body = Some(pairs.collect::<Vec<_>>().join("&").into_bytes());
        self.media_type = FORM_MEDIA_TYPE;
        self
    }

    /// With the same body in other bytes.
    pub fn other_body(mut self) -> Self {
        self.body.get_or_insert_default().push(b' ');
        self
    }

    /// With any bytes as its JSON body.
    pub fn bytes(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self
    }

    /// Without waiting the second that lies between a refused code and the next one in the same
    /// sign-in or session.
    pub fn at_once(mut self) -> Self {
        self.at_once = true;
        self
    }

    /// The sign-in or session that a code is given in; none where what is sent is no guess. A code
    /// for an authenticator on offer is none.
    fn guesses_in(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(self.body.as_ref()?).ok()?;
        let has_code = ["code", "codes"].iter().any(|name| body.get(name).is_some());
        if !has_code || self.path.ends_with("/activate") {
            return None;
        }
        if self.path.starts_with("/v1/sign-ins/") {
            return Some(self.path.clone());
        }
        let cookie = self.headers.iter().find(|(name, _)| name == "cookie");
        self.bearer.clone().or_else(|| cookie.map(|(_, value)| value.clone()))
    }

    async fn send(self) -> anyhow::Result<Answered> {
        let place = self.guesses_in();
        if let Some(place) = place.as_ref().filter(|_| !self.at_once) {
            self.app.wait_after_refused(place);
        }
        let url = format!("http://{}{}", self.app.address(self.on), self.path);
        let mut request = self.app.http.request(self.method.clone(), url);
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(bearer);
        }
        if let Some(body) = self.body {
            request = request.header(CONTENT_TYPE, self.media_type).body(body);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await?.to_vec();
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if let Some(place) = place.filter(|_| status == 401) {
            self.app.note_refused(place);
        }
        let mut secret = body.clone();
        if headers.contains_key(SET_COOKIE) {
            // A page knows a sign-in by its name in the log; the handle is in the cookie.
            secret.as_object_mut().map(|object| object.remove("id"));
        }
        self.app.canaries().plant_answered(&secret);
        let answered = Answered { status, headers, bytes, body };
        declared::check(self.on, &self.method, &self.path, &answered);
        Ok(answered)
    }
}

impl<'a> IntoFuture for Call<'a> {
    type Output = Answered;
    type IntoFuture = LocalBoxFuture<'a, Answered>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let what = format!("{} {}", self.method, self.path);
            loudly(self.send().await.map_err(|error| error.context(what)))
        })
    }
}

impl Answered {
    /// The same answer, which must have this status.
    ///
    /// # Panics
    /// Where it has another one.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}", self.face());
        self
    }

    /// A text of the body, by its JSON pointer; empty where there is none.
    #[must_use]
    pub fn text_at(&self, pointer: &str) -> String {
        let text = self.body.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }

    /// What a caller can compare of it.
    #[must_use]
    pub fn face(&self) -> Face {
        let mut headers: Vec<(String, String)> = self
            .headers
            .iter()
            .map(|(name, value)| {
                let told = !OF_THE_MOMENT.contains(&name.as_str());
                let value = told.then(|| String::from_utf8_lossy(value.as_bytes()).into_owned());
                (name.as_str().to_owned(), value.unwrap_or_default())
            })
            .collect();
        headers.sort();
        let body = String::from_utf8_lossy(&self.bytes).into_owned();
        Face { status: self.status, headers, body }
    }

    /// What is wrong with it as a problem (RFC 9457); nothing where it is one.
    #[must_use]
    pub fn not_a_problem(&self) -> Option<String> {
        let code = self.text_at("/code");
        let media_type = self.headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
        let is_problem = media_type == Some(b"application/problem+json")
            && self.body.get("status") == Some(&json!(self.status))
            && self.text_at("/type") == format!("urn:countersign:problem:{code}")
            && !self.text_at("/title").is_empty();
        (!is_problem).then(|| format!("{:?}", self.face()))
    }
}
