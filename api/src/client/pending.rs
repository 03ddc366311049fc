//! A request that is ready to be sent.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ANSWER_BYTES_MAX, ClientError};
use crate::contract::page::Page;
use crate::contract::problem::{PROBLEM_MEDIA_TYPE, Problem};
use crate::contract::{self, IDEMPOTENCY_KEY, JSON_MEDIA_TYPE};

/// A call that answers with `T`: await it to send it.
#[must_use = "a call is sent when it is awaited"]
#[derive(Debug)]
pub struct Pending<T> {
    request: RequestBuilder,
    answer: PhantomData<fn() -> T>,
}

impl<T> Pending<T> {
    pub(super) fn new(request: RequestBuilder) -> Self {
        Self { request, answer: PhantomData }
    }

    fn map(self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        Self::new(change(self.request))
    }

    pub(super) fn json(self, body: &impl Serialize) -> Self {
        self.map(|request| request.json(body))
    }

    pub(super) fn header(self, name: &str, value: &str) -> Self {
        self.map(|request| request.header(name, value))
    }

    pub(super) fn query(self, query: &impl Serialize) -> Self {
        self.map(|request| request.query(query))
    }

    /// Gives a POST a key of 22 to 64 characters: the same key with the same body has one effect,
    /// however often it is sent within a day.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.map(|request| request.header(IDEMPOTENCY_KEY, key))
    }

    /// Gives the call less time than [`super::CALL_TIMEOUT`].
    pub fn timeout(self, limit: Duration) -> Self {
        self.map(|request| request.timeout(limit))
    }
}

#[cfg(test)]
impl<T> Pending<T> {
    /// Where the call would go.
    pub(super) fn url(self) -> reqwest::Url {
        self.request.build().unwrap().url().clone()
    }
}

impl<T: FromAnswer> Pending<T> {
    /// Sends the call and reads its answer.
    ///
    /// # Errors
    /// [`ClientError::Problem`] if the server refused, [`ClientError::Unreachable`] if it did not
    /// hear the call or the answer was lost, [`ClientError::Unexpected`] if something else answers.
    pub async fn send(self) -> Result<T, ClientError> {
        let response = self.open().await?;
        let status = response.status().as_u16();
        let is_json = content_type_is(&response, JSON_MEDIA_TYPE);
        let body = read(response).await?;
        T::read(&body, is_json).map_err(|reason| ClientError::Unexpected { status, reason })
    }

    /// Sends the call; what it returns is a success whose body is not read yet.
    pub(super) async fn open(self) -> Result<Response, ClientError> {
        let response = self.request.send().await.map_err(ClientError::Unreachable)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let is_problem = content_type_is(&response, PROBLEM_MEDIA_TYPE);
        let retry_after = retry_after(&response);
        let body = read(response).await?;
        let unexpected =
            |reason: String| ClientError::Unexpected { status: status.as_u16(), reason };
        if !is_problem {
            return Err(unexpected("neither success nor a problem".to_owned()));
        }
        let problem: Problem =
            serde_json::from_slice(&body).map_err(|cause| unexpected(cause.to_string()))?;
        Err(ClientError::Problem { problem: Box::new(problem), retry_after })
    }
}

impl<T: FromAnswer + 'static> IntoFuture for Pending<T> {
    type Output = Result<T, ClientError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// The answer of a call that has nothing to say but that it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done;

/// What a successful answer is read as: a type of the contract, or [`Done`].
pub trait FromAnswer: Sized + Send {
    /// Reads the body.
    ///
    /// # Errors
    /// What does not fit, in words.
    fn read(body: &[u8], is_json: bool) -> Result<Self, String>;
}

impl FromAnswer for Done {
    fn read(_body: &[u8], _is_json: bool) -> Result<Self, String> {
        Ok(Self)
    }
}

/// The bytes of an answer, whatever they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verbatim(Vec<u8>);

impl Verbatim {
    /// The bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl FromAnswer for Verbatim {
    fn read(body: &[u8], _is_json: bool) -> Result<Self, String> {
        Ok(Self(body.to_vec()))
    }
}

macro_rules! answers {
    ($($type:ty),* $(,)?) => {
        $( impl FromAnswer for $type {
            fn read(body: &[u8], is_json: bool) -> Result<Self, String> {
                read_json(body, is_json)
            }
        } )*
    };
}

answers!(
    contract::account::Account,
    contract::account::AccountCreated,
    contract::act::Acted,
    contract::act::RemovalActed,
    contract::client::ClientAdded,
    contract::client::KeyAdded,
    contract::email::EmailCodePromised,
    contract::email::EmailConfirmed,
    contract::factor::Activated,
    contract::factor::Factor,
    contract::factor::FactorOffered,
    contract::factor::RecoveryCodes,
    contract::log::LogHealth,
    contract::look::StateAsOf,
    contract::look::StateChanges,
    contract::operator::Operator,
    contract::operator::OperatorAdded,
    contract::session::Proven,
    contract::session::Session,
    contract::sign_in::SignInOutcome,
    contract::statistics::Statistics,
    contract::support::LockoutEnded,
    serde_json::Value,
);

impl<T: DeserializeOwned + Send> FromAnswer for Page<T> {
    fn read(body: &[u8], is_json: bool) -> Result<Self, String> {
        read_json(body, is_json)
    }
}

fn read_json<T: DeserializeOwned>(body: &[u8], is_json: bool) -> Result<T, String> {
    if !is_json {
        return Err(format!("the content type is not {JSON_MEDIA_TYPE}"));
    }
    serde_json::from_slice(body).map_err(|cause| cause.to_string())
}

fn content_type_is(response: &Response, media_type: &str) -> bool {
    response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case(media_type))
}

/// `Retry-After` in its form of seconds, the only one that the contract uses.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Reads the body piece by piece, so that an endless one is cut off and not stored.
async fn read(mut response: Response) -> Result<Vec<u8>, ClientError> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ClientError::Unreachable)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            let reason = format!("more than {ANSWER_BYTES_MAX} bytes");
            return Err(ClientError::Unexpected { status, reason });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
