//! The typed client of the HTTP contract: for the console, for tests, for back ends in Rust.
//!
//! One method per call, in the order of the contract. A method returns a [`Pending`] request that
//! is sent when it is awaited; a POST may be given an idempotency key first, and then may be
//! repeated after a lost answer. What the server refuses comes back as
//! [`ClientError::Problem`], what never reached it as [`ClientError::Unreachable`].
//!
//! The token goes to the server that was named and to nobody else: redirects are not followed and
//! the environment's proxies are not used. Everything waits with a bound.
//!
//! ```no_run
//! use countersign_api::client::Client;
//! use countersign_api::contract::secret::Secret;
//! use countersign_api::contract::sign_in::{PasswordSignIn, SignInOutcome, SignInRequest};
//!
//! # async fn example() -> Result<(), countersign_api::client::ClientError> {
//! let client = Client::new("http://127.0.0.1:8780")?;
//! let request = SignInRequest::Password(PasswordSignIn {
//!     login: "ana".to_owned(),
//!     password: Secret::new("correct horse battery staple"),
//! });
//! match client.sign_in(&request).await? {
//!     SignInOutcome::Completed { session, .. } => {
//!         let me = client.with_bearer(session.token).session().await?;
//!         println!("signed in as {}", me.account_id);
//!     }
//!     SignInOutcome::SecondFactorRequired { methods, .. } => {
//!         println!("{} ways to go on", methods.len());
//!     }
//!     SignInOutcome::PasswordChangeRequired { .. } => println!("a new password first"),
//!     SignInOutcome::EnrolmentRequired { .. } => println!("an authenticator first"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A client app has an API key in the place of a session, names its accounts by its own names for
//! them, and vouches for the password that it checked itself:
//!
//! ```no_run
//! use countersign_api::client::{AccountRef, Client};
//! use countersign_api::contract::account::{RegisterRequest, RegisterSubject};
//! use countersign_api::contract::factor::{ActivateFactor, BeginFactor};
//! use countersign_api::contract::kind::{CodeMethod, FactorKind};
//! use countersign_api::contract::page::PageQuery;
//! use countersign_api::contract::secret::Secret;
//! use countersign_api::contract::sign_in::{
//!     Answer, Context, FirstFactor, SignInOutcome, SignInRequest, VouchedSignIn,
//! };
//!
//! # fn typed_by_the_person() -> Secret { Secret::new("492039") }
//! # async fn example(api_key: Secret) -> Result<(), countersign_api::client::ClientError> {
//! let app = Client::new("https://auth.example.org")?.with_bearer(api_key);
//! let customer = AccountRef::Subject("customer-4711".to_owned());
//!
//! // Once: an account, and its authenticator.
//! let account = RegisterSubject {
//!     subject: "customer-4711".to_owned(),
//!     email: Some("ana@example.org".to_owned()),
//!     email_verified: true,
//!     display_name: None,
//! };
//! app.register(&RegisterRequest::Subject(account)).await?;
//! let asked =
//!     BeginFactor { kind: FactorKind::Totp, name: "phone".to_owned(), password: None };
//! let offered = app.begin_factor(&customer, &asked).await?;
//! println!("{}", offered.qr_svg.reveal());
//! let code = ActivateFactor { code: typed_by_the_person() };
//! let activated = app.activate_factor(&customer, offered.factor_id, &code).await?;
//! println!("{} recovery codes", activated.recovery_codes.map_or(0, |codes| codes.len()));
//!
//! // At each sign-in, once the password was right. The key makes it safe to send again.
//! let vouched = VouchedSignIn {
//!     subject: "customer-4711".to_owned(),
//!     first_factor: FirstFactor::Vouched,
//!     context: Context { ip: "192.0.2.7".to_owned(), user_agent: None, device: None },
//!     nonce: None, // with one, the assertion is of this sign-in and of no other
//! };
//! let begun = app
//!     .sign_in(&SignInRequest::Vouched(vouched))
//!     .idempotency_key("4711-2026-11-30T20:15:00Z")
//!     .await?;
//! if let SignInOutcome::SecondFactorRequired { id, .. } = begun {
//!     let method = CodeMethod::Totp;
//!     let answer = Answer { method, factor_id: None, code: typed_by_the_person() };
//!     // Whoever holds the sign-in's id answers; the API key is not needed for it.
//!     let outcome = app.answer(&id, &answer).await?;
//!     assert!(matches!(outcome, SignInOutcome::Completed { .. }));
//! }
//!
//! // Whenever: what there is, and what happened.
//! println!("{} authenticators", app.account(&customer).await?.factors.len());
//! for event in app.history(&customer, PageQuery::default()).await?.items {
//!     println!("{}: {}", event.at, event.explanation);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What is refused has a stable code; the rest is for people:
//!
//! ```no_run
//! # async fn example(app: countersign_api::client::Client) {
//! use countersign_api::client::{AccountRef, ClientError};
//! use countersign_api::contract::problem::ProblemCode;
//!
//! match app.account(&AccountRef::Subject("nobody".to_owned())).await {
//!     Ok(account) => println!("{}", account.account_id),
//!     Err(error) if error.code() == Some(ProblemCode::NotFound) => println!("make it first"),
//!     Err(ClientError::Problem { problem, retry_after }) => {
//!         println!("{} (again in {retry_after:?})", problem.title);
//!     }
//!     Err(other) => println!("{other}"),
//! }
//! # }
//! ```

mod account;
mod act;
mod administration;
mod error;
mod events;
mod log;
mod pending;
mod recovery;
mod sign_in;
mod support;

use std::time::Duration;

use reqwest::{Method, Url};
use serde::Serialize;

use crate::contract::secret::Secret;

pub use account::AccountRef;
pub use error::ClientError;
pub use log::{LogItem, LogStream, Placed, SILENCE_MAX};
pub use pending::{Done, FromAnswer, Pending, Verbatim};

/// How long a connection may take to come about.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a call may take, from its first byte to its last.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// The largest answer that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A client of one server, with at most one bearer token. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    bearer: Option<Secret>,
}

impl Client {
    /// A client of the server at a base URL like `https://auth.example.org`, without a token.
    ///
    /// # Errors
    /// [`ClientError::BaseUrl`] if the text is no `http` or `https` URL,
    /// [`ClientError::Unreachable`] if TLS cannot be set up.
    pub fn new(base: &str) -> Result<Self, ClientError> {
        let base = Url::parse(base).map_err(|cause| ClientError::BaseUrl(cause.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            return Err(ClientError::BaseUrl("it must begin with http:// or https://".to_owned()));
        }
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .read_timeout(SILENCE_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("countersign-client/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ClientError::Unreachable)?;
        Ok(Self { http, base, bearer: None })
    }

    /// The same client with a session token or an API key.
    #[must_use]
    pub fn with_bearer(&self, token: Secret) -> Self {
        Self { bearer: Some(token), ..self.clone() }
    }

    /// The server's base URL.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.base.as_str()
    }

    /// Whether what is sent can be read on the way: plain `http` to another machine.
    #[must_use]
    pub fn sends_in_clear(&self) -> bool {
        let host = self.base.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let here = host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        self.base.scheme() != "https" && !here
    }

    /// A request for `/v1/<segments>`; the segments are percent-encoded one by one.
    fn request<T>(&self, method: Method, segments: &[&str]) -> Pending<T> {
        let mut url = self.base.clone();
        // An http URL with a host always has path segments: `new` has made sure of that.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1").extend(segments);
        }
        let mut request = self.http.request(method, url);
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token.reveal());
        }
        Pending::new(request)
    }

    fn get<T>(&self, segments: &[&str]) -> Pending<T> {
        self.request(Method::GET, segments)
    }

    fn get_with<T>(&self, segments: &[&str], query: &impl Serialize) -> Pending<T> {
        self.get(segments).query(query)
    }

    fn post<T>(&self, segments: &[&str], body: &impl Serialize) -> Pending<T> {
        self.request(Method::POST, segments).json(body)
    }

    fn post_empty<T>(&self, segments: &[&str]) -> Pending<T> {
        self.post(segments, &serde_json::Map::new())
    }

    fn patch<T>(&self, segments: &[&str], body: &impl Serialize) -> Pending<T> {
        self.request(Method::PATCH, segments).json(body)
    }

    fn put<T>(&self, segments: &[&str], body: &impl Serialize) -> Pending<T> {
        self.request(Method::PUT, segments).json(body)
    }

    fn delete(&self, segments: &[&str]) -> Pending<Done> {
        self.request(Method::DELETE, segments)
    }
}

#[cfg(test)]
mod tests {
    use super::{AccountRef, Client, ClientError};
    use reqwest::Method;

    #[test]
    fn only_http_urls_are_taken_as_a_base() {
        for bad in ["", "auth.example.org", "file:///etc/passwd", "mailto:a@example.org"] {
            assert!(matches!(Client::new(bad), Err(ClientError::BaseUrl(_))), "{bad}");
        }
    }

    #[test]
    fn a_segment_cannot_leave_its_place_in_the_path() {
        let client = Client::new("http://127.0.0.1:1/base/").unwrap();
        let subject = AccountRef::Subject("../x/?y#z".to_owned());
        let pending = client.account(&subject);
        let url = pending.url();
        assert_eq!(url.path(), "/base/v1/accounts/subject:..%2Fx%2F%3Fy%23z");
        assert_eq!((url.query(), url.fragment()), (None, None));
        let dots = client.request::<super::Done>(Method::GET, &["..", "x"]).url();
        assert!(dots.path().starts_with("/base/v1/"), "{dots}");
    }

    #[test]
    fn plain_http_is_in_clear_unless_it_stays_on_this_machine() {
        let clear = |url: &str| Client::new(url).unwrap().sends_in_clear();
        for here in ["http://127.0.0.1:8781", "http://localhost", "http://[::1]:1", "https://a.b"] {
            assert!(!clear(here), "{here}");
        }
        for away in ["http://auth.example.org", "http://10.0.0.1", "http://localhost.example.org"] {
            assert!(clear(away), "{away}");
        }
    }
}
