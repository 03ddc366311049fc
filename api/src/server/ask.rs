//! A request, read: everything that a handler needs, well-formed and not yet judged.
//!
//! Reading ends before the core is entered. From there on nothing cuts a request off: no time
//! limit stands around a call of the core, and a client that goes away does not drop its handler.

use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, USER_AGENT};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use countersign_core::accounts::Verdict;
use countersign_core::accounts::answer::{DeviceGiven, SessionGiven, SignedIn};
use countersign_core::accounts::request::PageRequest;
use countersign_core::accounts::request::{AccountRef, Asker, Call, IdempotencyKey, Net};
use countersign_core::domain::refusal::Refusal;
use countersign_core::handle::{ApiKey, SessionToken, SignInHandle};
use countersign_core::mail::link::LinkToken;
use countersign_events::actor::By;
use countersign_events::id::{AccountId, ClientId, CorrelationId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::Accounts;
use super::answers::{self, Answer};
use super::auth::{self, Auth};
use super::body;
use super::cookies::{Carried, Carries};
use super::edge::{Desk, Edge};
use super::json;
use super::listener::Listener;
use super::portal::language;
use super::problem::{ProblemAnswer, faulted, refused, refused_proof};
use super::routes::Row;
use crate::contract::kind::Scope;
use crate::contract::problem::ProblemCode;
use crate::contract::session::Proven;
use crate::contract::{
    IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_MAX_CHARS, IDEMPOTENCY_KEY_MIN_CHARS, PAGE_LIMIT_DEFAULT,
    PAGE_LIMIT_MAX,
};

/// Characters of a user agent that are kept.
const USER_AGENT_CHARS_MAX: usize = 256;
/// How a path names the account of the session that asks.
const ME: &str = "me";
/// How a path names an account by a client app's own name for it.
const SUBJECT_PREFIX: &str = "subject:";
/// Who an idempotency key belongs to where there is no bearer.
const ANYONE: &str = "anyone";

/// A request, read.
pub(crate) struct Ask {
    edge: web::Data<Edge>,
    pub(crate) desk: web::Data<Desk>,
    row: &'static Row,
    request: HttpRequest,
    correlation: CorrelationId,
    bearer: Option<Zeroizing<String>>,
    carried: Option<Carried>,
    idempotency: Option<Zeroizing<String>>,
    body: Zeroizing<Vec<u8>>,
}

impl Ask {
    /// Reads a request of this route.
    pub(crate) async fn read(
        row: &'static Row,
        request: HttpRequest,
        payload: web::Payload,
    ) -> Result<Self, ProblemAnswer> {
        let edge = request.app_data::<web::Data<Edge>>().cloned();
        let desk = request.app_data::<web::Data<Desk>>().cloned();
        let correlation = request.extensions().get::<CorrelationId>().copied();
        let (Some(edge), Some(desk), Some(correlation)) = (edge, desk, correlation) else {
            return Err(ProblemAnswer::new(ProblemCode::Internal));
        };
        if !row.query && !request.query_string().is_empty() {
            return Err(ProblemAnswer::invalid("this call takes no query"));
        }
        let body = body::read(&request, payload, row.body).await?;
        // A client secret stands in the same header, in another scheme; and what a browser sends
        // to a host is not meant for us.
        let bearer = match row.auth {
            Auth::ClientSecret | Auth::Proxied => None,
            _ => auth::bearer(request.headers())?,
        };
        let carried = Carried::read(&edge, row.csrf, &request)?;
        if bearer.is_some() && carried.is_some() {
            return Err(ProblemAnswer::invalid("a page of ours sends no bearer"));
        }
        let idempotency = match *request.method() {
            Method::POST => idempotency_key(request.headers())?,
            _ => None,
        };
        Ok(Self { edge, desk, row, request, correlation, bearer, carried, idempotency, body })
    }

    /// The core's door.
    pub(crate) fn accounts(&self) -> &Accounts {
        &self.desk.accounts
    }

    /// The body as `T`.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ProblemAnswer> {
        json::read(&self.body)
    }

    /// Whether the body's outermost object has this key.
    pub(crate) fn has_key(&self, key: &str) -> Result<bool, ProblemAnswer> {
        Ok(json::top_level_keys(&self.body)?.contains(key))
    }

    /// The body must say nothing: none, or `{}`.
    pub(crate) fn nothing(&self) -> Result<(), ProblemAnswer> {
        if self.body.is_empty() || json::top_level_keys(&self.body)?.is_empty() {
            return Ok(());
        }
        Err(ProblemAnswer::invalid("this call takes an empty object"))
    }

    /// The query as `T`.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, ProblemAnswer> {
        web::Query::<T>::from_query(self.request.query_string())
            .map(web::Query::into_inner)
            .map_err(|_| ProblemAnswer::invalid("unknown, doubled or malformed query parameter"))
    }

    /// A parameter of the path, decoded.
    pub(crate) fn segment(&self, name: &str) -> Result<String, ProblemAnswer> {
        let raw = self.request.match_info().get(name).unwrap_or_default();
        decode(raw).ok_or_else(|| ProblemAnswer::invalid("malformed path"))
    }

    /// A parameter of the path that names something: what is no name of one is not found.
    pub(crate) fn named<T, E>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ProblemAnswer> {
        parse(&self.segment(name)?).map_err(|_| ProblemAnswer::new(ProblemCode::NotFound))
    }

    /// The request as the core takes it, from whoever this is.
    pub(crate) fn call(&self, by: By) -> Call {
        let caller = self.bearer.as_ref().or(self.cookie()).cloned();
        self.call_with(by, caller.unwrap_or_else(|| Zeroizing::new(ANYONE.to_owned())))
    }

    /// The session token that the bearer must be, or the portal's cookie.
    pub(crate) fn session(&self) -> Result<SessionToken, ProblemAnswer> {
        let token = self.bearer.as_ref().or(self.cookie());
        let token = token.ok_or_else(ProblemAnswer::unauthenticated)?;
        SessionToken::parse(token).map_err(|_| ProblemAnswer::unauthenticated())
    }

    fn cookie(&self) -> Option<&Zeroizing<String>> {
        self.carried.as_ref()?.session.as_ref()
    }

    /// The sign-in that the path names; what is none fails like a wrong code.
    pub(crate) fn sign_in(&self) -> Result<SignInHandle, ProblemAnswer> {
        let id = self.segment("id")?;
        let sign_in = match &self.carried {
            Some(carried) => carried.sign_in(&id).cloned(),
            None => SignInHandle::parse(&id).ok(),
        };
        sign_in.ok_or_else(|| refused(Refusal::AuthenticationFailed, self.edge.clock.now()))
    }

    /// The token that the path carries, from a mail; what is none fails like a wrong one.
    pub(crate) fn mail_link(&self) -> Result<LinkToken, ProblemAnswer> {
        let link = LinkToken::parse(&self.segment("token")?);
        link.map_err(|_| refused(Refusal::AuthenticationFailed, self.edge.clock.now()))
    }

    /// Answers with a body that gives handles: to a page of ours they go as cookies.
    pub(crate) fn give<T: Serialize + Carries>(&self, body: T) -> Answer {
        self.pack(body, None)
    }

    /// The same where it ends a sign-in.
    pub(crate) fn give_and_end<T: Serialize + Carries>(
        &self,
        body: T,
        ended: &SignInHandle,
    ) -> Answer {
        self.pack(body, Some(ended))
    }

    /// Answers with what a step of a sign-in led to. A session that it gives takes the place of the
    /// one that the page brought along, and the device is remembered.
    pub(crate) async fn give_step(
        &self,
        outcome: SignedIn,
        ended: Option<&SignInHandle>,
    ) -> Answer {
        let device = match &outcome {
            SignedIn::Completed(given) => {
                self.end_replaced_session().await;
                given.device.clone()
            }
            _ => None,
        };
        let mut answer = self.pack(answers::signed_in(outcome), ended)?;
        self.remember(device.as_ref(), &mut answer)?;
        Ok(answer)
    }

    /// Answers, and has the browser hold what it was given.
    pub(crate) fn give_to_browser(
        &self,
        body: &impl Serialize,
        device: Option<&DeviceGiven>,
    ) -> Answer {
        let mut answer = answers::ok(body)?;
        self.remember(device, &mut answer)?;
        Ok(answer)
    }

    /// Answers with the session that another proof gave. A known device holds another handle from
    /// now on.
    pub(crate) fn give_proven(&self, given: &SessionGiven) -> Answer {
        let mut answer = self.pack(Proven { session: answers::session_given(given) }, None)?;
        self.remember(given.device.as_ref(), &mut answer)?;
        Ok(answer)
    }

    fn remember(
        &self,
        device: Option<&DeviceGiven>,
        answer: &mut HttpResponse,
    ) -> Result<(), ProblemAnswer> {
        let Some((carried, device)) = self.carried.as_ref().zip(device) else { return Ok(()) };
        let cookie = carried.remember(device, self.edge.clock.now());
        answer.add_cookie(&cookie).map_err(|_| ProblemAnswer::new(ProblemCode::Internal))
    }

    fn pack<T: Serialize + Carries>(&self, mut body: T, ended: Option<&SignInHandle>) -> Answer {
        let Some(carried) = &self.carried else { return answers::ok(&body) };
        let cookies = carried.pack(&mut body, ended, self.edge.clock.now());
        let mut answer = answers::ok(&body)?;
        for cookie in &cookies {
            answer.add_cookie(cookie).map_err(|_| ProblemAnswer::new(ProblemCode::Internal))?;
        }
        Ok(answer)
    }

    /// Ends the session that a page brought along where it is given another: the new cookie takes
    /// the old one's place, and nobody could sign out of that session any more (SR-129). That it
    /// could not be ended takes nothing from the new one; a fault is logged by [`faulted`].
    pub(crate) async fn end_replaced_session(&self) {
        let carried = self.cookie().and_then(|text| SessionToken::parse(text).ok());
        let Some(replaced) = carried else { return };
        let call = Call { idempotency: None, ..self.call(By::Holder) };
        let ended = self.accounts().sign_out(&call, &replaced).await;
        self.verdict(ended).unwrap_or_default();
    }

    /// Whether there is a bearer at all.
    pub(crate) fn has_bearer(&self) -> bool {
        self.bearer.is_some()
    }

    /// The client app whose key the bearer must be, with the scope that this route wants.
    pub(crate) async fn client(&self) -> Result<(ClientId, Call), ProblemAnswer> {
        let wanted = self.scope()?;
        let bearer = self.bearer.as_ref().ok_or_else(ProblemAnswer::unauthenticated)?;
        let key = ApiKey::parse(bearer).map_err(|_| ProblemAnswer::unauthenticated())?;
        let claimed = self.call(By::Client { id: key.client() });
        let found = self.verdict(self.accounts().client(&claimed, &key).await)?;
        if !found.enabled {
            return Err(ProblemAnswer::unauthenticated());
        }
        if !found.scopes.iter().any(|scope| answers::scope(*scope) == wanted) {
            return Err(ProblemAnswer::detailed(
                ProblemCode::Forbidden,
                "the key lacks the scope for this",
            ));
        }
        let by = By::Client { id: found.client };
        let caller = Zeroizing::new(found.client.to_string());
        Ok((found.client, self.call_with(by, caller)))
    }

    /// Who asks about the account of the path: its holder, as `me` or by its id, or a client app.
    pub(crate) async fn asker(&self) -> Result<(Asker, Call), ProblemAnswer> {
        let account = self.segment("account")?;
        if account == ME {
            return Ok((Asker::Session(self.session()?), self.call(By::Holder)));
        }
        if let (Ok(id), Ok(token)) = (AccountId::parse(&account), self.session())
            && token.account() == id
        {
            return Ok((Asker::Session(token), self.call(By::Holder)));
        }
        let (client, call) = self.client().await?;
        Ok((Asker::Client { client, account: account_ref(&account)? }, call))
    }

    /// A page as the core takes it.
    pub(crate) fn page(
        &self,
        cursor: Option<u64>,
        limit: Option<usize>,
    ) -> Result<PageRequest, ProblemAnswer> {
        let limit = limit.unwrap_or(PAGE_LIMIT_DEFAULT);
        if limit == 0 || limit > PAGE_LIMIT_MAX {
            return Err(ProblemAnswer::invalid("`limit` must be 1 to 200"));
        }
        Ok(PageRequest { cursor, limit })
    }

    /// The answer of a verdict, or the problem that it is.
    pub(crate) fn verdict<T>(&self, verdict: Verdict<T>) -> Result<T, ProblemAnswer> {
        verdict
            .map_err(|fault| faulted(&fault, self.correlation))?
            .map_err(|refusal| refused(refusal, self.edge.clock.now()))
    }

    /// The same at the sign-in, where nothing tells what was wrong.
    pub(crate) fn proof_verdict<T>(&self, verdict: Verdict<T>) -> Result<T, ProblemAnswer> {
        verdict
            .map_err(|fault| faulted(&fault, self.correlation))?
            .map_err(|refusal| refused_proof(refusal, self.edge.clock.now()))
    }

    fn scope(&self) -> Result<Scope, ProblemAnswer> {
        match self.row.auth {
            Auth::AnyoneOrClient(scope)
            | Auth::Client(scope)
            | Auth::SessionOrClient(scope)
            | Auth::OperatorOrClient(_, scope) => Ok(scope),
            _ => Err(ProblemAnswer::unauthenticated()),
        }
    }

    fn call_with(&self, by: By, caller: Zeroizing<String>) -> Call {
        let idempotency = self.idempotency.as_ref().map(|key| IdempotencyKey {
            key: key.clone(),
            caller,
            route: self.route(),
            body: self.body.clone(),
        });
        let devices = self.carried.as_ref().map(|carried| carried.devices.clone());
        let (net, correlation) = (self.net(), self.correlation);
        let staff_only = self.edge.listener == Listener::Operator;
        Call { by, net, correlation, idempotency, devices, staff_only }
    }

    /// The template with method, and the values of its parameters.
    fn route(&self) -> String {
        let mut route = format!("{} {}", self.row.method, self.row.path);
        if self.carried.is_some() {
            // What went into cookies is not given to a script that repeats the request without us.
            route.push_str(" portal");
        }
        for (name, value) in self.request.match_info().iter() {
            route.push(' ');
            route.push_str(name);
            route.push('=');
            route.push_str(value);
        }
        route
    }

    fn net(&self) -> Net {
        let headers = self.request.headers();
        let ip = match self.request.peer_addr() {
            Some(peer) => self.desk.proxies.client(peer.ip(), headers).to_string(),
            None => String::new(),
        };
        let agent = headers.get(USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()));
        let user_agent = agent.map(|agent| cut_user_agent(&agent));
        Net { ip, user_agent, language: language::wanted(&self.request) }
    }
}

/// How a client app names an account: by its id, or by its own name for it.
pub(crate) fn account_ref(text: &str) -> Result<AccountRef, ProblemAnswer> {
    match text.strip_prefix(SUBJECT_PREFIX) {
        Some(subject) => Ok(AccountRef::Subject(subject.to_owned())),
        None => AccountId::parse(text)
            .map(AccountRef::Id)
            .map_err(|_| ProblemAnswer::new(ProblemCode::NotFound)),
    }
}

/// The idempotency key: one, of 22 to 64 visible ASCII characters.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<Zeroizing<String>>, ProblemAnswer> {
    let mut lines = headers.get_all(IDEMPOTENCY_KEY);
    let line = match (lines.next(), lines.next()) {
        (None, _) => return Ok(None),
        (Some(line), None) => line,
        (Some(_), Some(_)) => return Err(ProblemAnswer::invalid("two Idempotency-Key headers")),
    };
    let text = line.to_str().unwrap_or_default();
    let fits = (IDEMPOTENCY_KEY_MIN_CHARS..=IDEMPOTENCY_KEY_MAX_CHARS).contains(&text.len());
    if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Some(Zeroizing::new(text.to_owned())))
    } else {
        Err(ProblemAnswer::invalid("Idempotency-Key must be 22 to 64 visible characters"))
    }
}

/// Decodes what the router left encoded; a stray `%` or other bytes than UTF-8 are malformed.
fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// A user agent, as much of it as is kept.
pub(crate) fn cut_user_agent(text: &str) -> String {
    text.chars().take(USER_AGENT_CHARS_MAX).collect()
}

mod app;
mod following;
pub(crate) mod host;
mod staff;
#[cfg(test)]
mod tests;
mod whose;
