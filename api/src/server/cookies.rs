//! The portal's cookies: how a browser carries what other callers send as bearer.
//!
//! A page of ours says so with `X-Countersign-Portal: 1`, which no page of another origin can send
//! without being asked first, and the browser adds where the page comes from. Only both together
//! make the cookies count (SR-068); the operators' listener never reads one. Handles then travel in
//! `__Host-` cookies that no script reads (SR-069) and are left out of bodies:
//!
//! - the session's token is [`SESSION`];
//! - a sign-in in progress is [`SIGN_IN`], and the page knows it by its name alone, the hash of the
//!   handle, so that the name is worth nothing without the cookie (SR-056). A few may be under way
//!   at once, one in each tab.

use actix_web::cookie::time::Duration as MaxAge;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HeaderMap, HeaderName, ORIGIN};
use actix_web::{HttpRequest, HttpResponse};
use countersign_core::handle::SignInHandle;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::edge::Edge;
use super::listener::Listener;
use super::problem::ProblemAnswer;
use crate::contract::factor::Activated;
use crate::contract::problem::ProblemCode;
use crate::contract::secret::Secret;
use crate::contract::session::{Proven, SessionGiven};
use crate::contract::sign_in::SignInOutcome;
use crate::contract::{PORTAL, SESSION_COOKIE as SESSION, SIGN_IN_COOKIE as SIGN_IN};

/// Sign-ins under way in one browser at most; the oldest is forgotten.
const SIGN_INS_MAX: usize = 4;
/// What stands between the handles of sign-ins; no handle has it.
const BETWEEN: char = '.';
/// How long a browser keeps the cookie of a sign-in, in seconds: as long as a sign-in lives.
const SIGN_IN_SECONDS: i64 = 600;
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SAME_ORIGIN: &str = "same-origin";
/// What the header of the portal says.
const YES: &[u8] = b"1";

/// What a page of ours brought along.
#[derive(Debug)]
pub(crate) struct Carried {
    pub(crate) session: Option<Zeroizing<String>>,
    sign_ins: Vec<SignInHandle>,
}

impl Carried {
    /// Reads the cookies of a page of ours; `None` for any other caller.
    ///
    /// # Errors
    /// 403 where cookies come from elsewhere than a page of ours (SR-068).
    pub(crate) fn read(edge: &Edge, request: &HttpRequest) -> Result<Option<Self>, ProblemAnswer> {
        if edge.listener == Listener::Operator {
            return Ok(None);
        }
        let headers = request.headers();
        let mut says = headers.get_all(PORTAL);
        match (says.next(), says.next()) {
            (None, _) if bearer_or_nothing(request) => return Ok(None),
            (Some(yes), None) if yes.as_bytes() == YES && is_own_page(edge, headers) => {}
            _ => return Err(foreign()),
        }
        let session = request.cookie(SESSION).map(|cookie| Zeroizing::new(value(&cookie)));
        let sign_ins = request.cookie(SIGN_IN).map(|cookie| Zeroizing::new(value(&cookie)));
        let sign_ins = sign_ins.iter().flat_map(|text| text.split(BETWEEN));
        let sign_ins =
            sign_ins.filter_map(|text| SignInHandle::parse(text).ok()).take(SIGN_INS_MAX).collect();
        Ok(Some(Self { session, sign_ins }))
    }

    /// The sign-in that a page knows by this name.
    pub(crate) fn sign_in(&self, name: &str) -> Option<&SignInHandle> {
        self.sign_ins.iter().find(|handle| handle.hash().to_string() == name)
    }

    /// Moves the handles of an answer into cookies.
    pub(crate) fn pack(&self, body: &mut impl Carries, now: Timestamp) -> Vec<Cookie<'static>> {
        let mut cookies = Vec::new();
        if let Some(session) = body.session() {
            let token = std::mem::take(&mut session.token);
            let lasts = session.expires_at.duration_since(now).as_secs();
            cookies.push(made(SESSION, token.reveal().to_owned(), lasts));
        }
        if let Some(id) = body.sign_in()
            && let Ok(handle) = SignInHandle::parse(id.reveal())
        {
            *id = Secret::new(handle.hash().to_string());
            let earlier = self.sign_ins.iter().filter(|known| **known != handle);
            let all = std::iter::once(&handle).chain(earlier).take(SIGN_INS_MAX);
            cookies.push(sign_ins_cookie(all));
        }
        cookies
    }

    /// The cookie without this sign-in: it has ended.
    pub(crate) fn without(&self, ended: &SignInHandle) -> Cookie<'static> {
        sign_ins_cookie(self.sign_ins.iter().filter(|known| *known != ended))
    }
}

/// Takes the session from the browser.
pub(crate) fn forget_session(answer: &mut HttpResponse) -> Result<(), ProblemAnswer> {
    let gone = made(SESSION, String::new(), 0);
    answer.add_cookie(&gone).map_err(|_| ProblemAnswer::new(ProblemCode::Internal))
}

/// A body that may give handles.
pub(crate) trait Carries {
    /// The session that it gives.
    fn session(&mut self) -> Option<&mut SessionGiven>;

    /// The id of the sign-in that it begins.
    fn sign_in(&mut self) -> Option<&mut Secret> {
        None
    }
}

impl Carries for SignInOutcome {
    fn session(&mut self) -> Option<&mut SessionGiven> {
        match self {
            Self::Completed { session } => Some(session),
            Self::SecondFactorRequired { .. } => None,
        }
    }

    fn sign_in(&mut self) -> Option<&mut Secret> {
        match self {
            Self::Completed { .. } => None,
            Self::SecondFactorRequired { id, .. } => Some(id),
        }
    }
}

impl Carries for Proven {
    fn session(&mut self) -> Option<&mut SessionGiven> {
        Some(&mut self.session)
    }
}

impl Carries for Activated {
    fn session(&mut self) -> Option<&mut SessionGiven> {
        self.session.as_mut()
    }
}

/// Whether the caller shows a bearer, or at least no cookie of ours.
fn bearer_or_nothing(request: &HttpRequest) -> bool {
    let headers = request.headers();
    headers.contains_key(actix_web::http::header::AUTHORIZATION)
        || (request.cookie(SESSION).is_none() && request.cookie(SIGN_IN).is_none())
}

/// Whether the browser says that a page of ours asks: what it says must all agree.
fn is_own_page(edge: &Edge, headers: &HeaderMap) -> bool {
    let origins = headers.get_all(ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    let origins: Vec<bool> = origins.map(|origin| edge.hosts.is_own(origin)).collect();
    let sites = headers.get_all(FETCH_SITE).map(|site| site.as_bytes() == SAME_ORIGIN.as_bytes());
    let sites: Vec<bool> = sites.collect();
    let said = origins.len() + sites.len();
    said > 0
        && origins.len() <= 1
        && sites.len() <= 1
        && origins.iter().chain(&sites).all(|fits| *fits)
}

fn foreign() -> ProblemAnswer {
    ProblemAnswer::detailed(ProblemCode::Forbidden, "cookies count from our own pages only")
}

fn sign_ins_cookie<'a>(handles: impl Iterator<Item = &'a SignInHandle>) -> Cookie<'static> {
    let texts: Vec<String> = handles.map(|handle| handle.reveal().to_string()).collect();
    let lasts = if texts.is_empty() { 0 } else { SIGN_IN_SECONDS };
    made(SIGN_IN, texts.join(&BETWEEN.to_string()), lasts)
}

fn made(name: &'static str, value: String, seconds: i64) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(MaxAge::seconds(seconds))
        .finish()
}

fn value(cookie: &Cookie<'_>) -> String {
    cookie.value().to_owned()
}
