//! A running server and what tests ask of it.

use std::sync::Arc;

use countersign_api::config::{Checked, Config};
use countersign_api::server::assembly::{self, Machine};
use countersign_api::server::data_lock::DataLock;
use countersign_api::server::startup::{Addresses, Application, Listeners, Stopper};
use countersign_core::clock::ManualClock;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A password that the rules take.
pub(crate) const PASSWORD: &str = "tr0ubador & his mule";

/// A server of its own, on a directory of its own.
pub(crate) struct Running {
    pub(crate) addresses: Addresses,
    pub(crate) http: reqwest::Client,
    stopper: Stopper,
    served: JoinHandle<()>,
    _directory: TempDir,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Running {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config { data: directory.path().join("data"), ..Config::default() };
        for address in
            [&mut config.listen.public, &mut config.listen.operator, &mut config.listen.ops]
        {
            address.set_port(0);
        }
        config.listen.workers = 1;
        let checked: Checked = config.check().unwrap();
        let start = "2026-11-24T12:00:00Z".parse().unwrap();
        let machine = Machine { clock: Arc::new(ManualClock::new(start)), ..Machine::real() };
        let lock = DataLock::take(&checked.config.data).unwrap();
        let listeners = Listeners::bind(&checked).unwrap();
        let url = checked.config.public_url_at(listeners.addresses().public);
        let parts = assembly::assemble(&checked, machine, lock, &url).await.unwrap();
        let application = Application::build(&checked, listeners, parts).unwrap();
        let (addresses, stopper) = (application.addresses(), application.stopper());
        let served =
            tokio::task::spawn_local(async move { application.run_until_stopped().await.unwrap() });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { addresses, http, stopper, served, _directory: directory }
    }

    /// Stops it and waits until it has drained.
    pub(crate) async fn stop(self) {
        self.stopper.stop();
        self.served.await.unwrap();
    }

    pub(crate) fn public(&self, path: &str) -> String {
        format!("http://{}{path}", self.addresses.public)
    }

    pub(crate) fn operator(&self, path: &str) -> String {
        format!("http://{}{path}", self.addresses.operator)
    }

    pub(crate) fn ops(&self, path: &str) -> String {
        format!("http://{}{path}", self.addresses.ops)
    }

    /// A body of any bytes and type, to the public listener.
    pub(crate) async fn post_text(&self, path: &str, media_type: &str, body: &str) -> Answered {
        let request = self.http.post(self.public(path)).header("content-type", media_type);
        read(request.body(body.to_owned())).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answered {
        self.post_text(path, "application/json", &body.to_string()).await
    }

    pub(crate) async fn call(&self, method: &str, url: String, bearer: Option<&str>) -> Answered {
        self.call_with(method, url, bearer, "{}").await
    }

    /// A call with this body, where its method takes one.
    pub(crate) async fn call_with(
        &self,
        method: &str,
        url: String,
        bearer: Option<&str>,
        body: &'static str,
    ) -> Answered {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let with_body = [Method::POST, Method::PATCH, Method::PUT].contains(&method);
        let mut request = self.http.request(method, url);
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer);
        }
        if with_body {
            request = request.header("content-type", "application/json").body(body);
        }
        read(request).await
    }

    /// Registers somebody and signs in: the session's token.
    pub(crate) async fn signed_in(&self, login: &str) -> String {
        let email = format!("{login}@example.com");
        let body = json!({ "login": login, "email": email, "password": PASSWORD });
        let made = self.post("/v1/accounts", &body).await;
        assert_eq!(made.status, 201, "{made:?}");
        let sign_in = json!({ "login": login, "password": PASSWORD });
        let answered = self.post("/v1/sign-ins", &sign_in).await;
        assert_eq!(answered.status, 200, "{answered:?}");
        answered.body["session"]["token"].as_str().unwrap().to_owned()
    }

    /// Sends bytes as they are to the public listener and gives the whole answer.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.addresses.public).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

async fn read(request: reqwest::RequestBuilder) -> Answered {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null);
    Answered { status, headers, body }
}
