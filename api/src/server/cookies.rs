//! The portal's cookies: how a browser carries what other callers send as bearer.
//!
//! A page of ours says so with `X-Countersign-Portal: 1`, which no page of another origin can send
//! without being asked first, and the browser adds where the page comes from. Only both together
//! make the cookies count (SR-068); the operators' listener never reads one. Handles then travel in
//! `__Host-` cookies that no script reads (SR-069) and are left out of bodies. What the prefix
//! promises holds only for a name read byte by byte: a lenient reader would take `%5f_Host-…`,
//! which any neighbour of ours can set, for one of ours.
//!
//! - the session's token is [`SESSION`];
//! - a sign-in in progress is [`SIGN_IN`], and the page knows it by its name alone, the hash of the
//!   handle, so that the name is worth nothing without the cookie (SR-056). A few may be under way
//!   at once, one in each tab;
//! - what the device holds is [`DEVICE`], for a few accounts at once. It stays when the holder
//!   signs out, and grants nothing but a lane of its own for guesses (SR-133).

use actix_web::cookie::time::Duration as MaxAge;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{COOKIE, HeaderMap, HeaderName, ORIGIN};
use actix_web::{HttpRequest, HttpResponse};
use countersign_core::accounts::answer::DeviceGiven;
use countersign_core::handle::{DeviceHandle, SignInHandle};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::edge::Edge;
use super::listener::Listener;
use super::problem::ProblemAnswer;
use super::routes::declared::Csrf;
use crate::contract::factor::Activated;
use crate::contract::password::PasswordChanged;
use crate::contract::problem::ProblemCode;
use crate::contract::secret::Secret;
use crate::contract::session::{Proven, SessionGiven};
use crate::contract::sign_in::SignInOutcome;
use crate::contract::{
    DEVICE_COOKIE as DEVICE, PORTAL, SESSION_COOKIE as SESSION, SIGN_IN_COOKIE as SIGN_IN,
};

/// Sign-ins under way in one browser at most; the oldest is forgotten.
const SIGN_INS_MAX: usize = 4;
/// Accounts that know one browser at most; the one unseen for the longest is forgotten.
const DEVICES_MAX: usize = 4;
/// What stands between the handles in one cookie; no handle has it.
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
    pub(crate) devices: Vec<DeviceHandle>,
}

impl Carried {
    /// Reads the cookies of a page of ours; `None` for any other caller, and where none counts.
    ///
    /// # Errors
    /// 403 where cookies come from elsewhere than a page of ours (SR-068).
    pub(crate) fn read(
        edge: &Edge,
        csrf: Csrf,
        request: &HttpRequest,
    ) -> Result<Option<Self>, ProblemAnswer> {
        if edge.listener == Listener::Operator || csrf != Csrf::OwnPages {
            return Ok(None);
        }
        let headers = request.headers();
        let mut says = headers.get_all(PORTAL);
        match (says.next(), says.next()) {
            (None, _) if bearer_or_nothing(request) => return Ok(None),
            (Some(yes), None) if yes.as_bytes() == YES && is_own_page(edge, headers) => {}
            _ => return Err(foreign()),
        }
        let session = only(headers, SESSION)?.map(|text| Zeroizing::new(text.to_owned()));
        let sign_ins = each(headers, SIGN_IN)?.filter_map(|text| SignInHandle::parse(text).ok());
        let sign_ins = sign_ins.take(SIGN_INS_MAX).collect();
        let devices = each(headers, DEVICE)?.filter_map(|text| DeviceHandle::parse(text).ok());
        let devices = devices.take(DEVICES_MAX).collect();
        Ok(Some(Self { session, sign_ins, devices }))
    }

    /// The sign-in that a page knows by this name.
    pub(crate) fn sign_in(&self, name: &str) -> Option<&SignInHandle> {
        self.sign_ins.iter().find(|handle| handle.hash().to_string() == name)
    }

    /// Moves the handles of an answer into cookies, and takes those of a sign-in that has ended.
    pub(crate) fn pack(
        &self,
        body: &mut impl Carries,
        ended: Option<&SignInHandle>,
        now: Timestamp,
    ) -> Vec<Cookie<'static>> {
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
            let earlier = self.others(Some(&handle)).filter(|known| Some(*known) != ended);
            let all = std::iter::once(&handle).chain(earlier).take(SIGN_INS_MAX);
            cookies.push(sign_ins_cookie(all));
        } else if ended.is_some() {
            cookies.push(sign_ins_cookie(self.others(ended)));
        }
        cookies
    }

    /// The cookie with what the device holds from now on: the newest first, one for each account.
    pub(crate) fn remember(&self, given: &DeviceGiven, now: Timestamp) -> Cookie<'static> {
        let others = self.devices.iter().filter(|known| known.account() != given.handle.account());
        let all = std::iter::once(&given.handle).chain(others).take(DEVICES_MAX);
        let texts: Vec<String> = all.map(|handle| handle.reveal().to_string()).collect();
        let lasts = given.expires_at.duration_since(now).as_secs();
        made(DEVICE, texts.join(&BETWEEN.to_string()), lasts)
    }

    /// The sign-ins of the browser but one.
    fn others<'a>(
        &'a self,
        but: Option<&'a SignInHandle>,
    ) -> impl Iterator<Item = &'a SignInHandle> {
        self.sign_ins.iter().filter(move |known| Some(*known) != but)
    }
}

/// Takes the session from the browser. What the device holds opens nothing, and stays; so do
/// sign-ins under way in other tabs, which may be another's and still ask for a proof.
pub(crate) fn forget(answer: &mut HttpResponse) -> Result<(), ProblemAnswer> {
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
            Self::Completed { session, .. } => Some(session),
            _ => None,
        }
    }

    fn sign_in(&mut self) -> Option<&mut Secret> {
        match self {
            Self::Completed { .. } => None,
            Self::SecondFactorRequired { id, .. }
            | Self::PasswordChangeRequired { id, .. }
            | Self::EnrolmentRequired { id, .. } => Some(id),
        }
    }
}

impl Carries for Proven {
    fn session(&mut self) -> Option<&mut SessionGiven> {
        Some(&mut self.session)
    }
}

impl Carries for PasswordChanged {
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
        || (named(headers, SESSION).next().is_none() && named(headers, SIGN_IN).next().is_none())
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

pub(crate) fn made(name: &'static str, value: String, seconds: i64) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(MaxAge::seconds(seconds))
        .finish()
}

/// The value of the cookie of exactly this name.
///
/// # Errors
/// 403 where there are two: somebody else has set one beside ours.
pub(crate) fn only<'a>(
    headers: &'a HeaderMap,
    name: &'a str,
) -> Result<Option<&'a str>, ProblemAnswer> {
    let mut values = named(headers, name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => Ok(Some(std::str::from_utf8(value).unwrap_or_default())),
        (Some(_), Some(_)) => Err(foreign()),
    }
}

/// The handles in the cookie of exactly this name, as texts.
///
/// # Errors
/// As of [`only`].
fn each<'a>(
    headers: &'a HeaderMap,
    name: &'a str,
) -> Result<impl Iterator<Item = &'a str>, ProblemAnswer> {
    Ok(only(headers, name)?.into_iter().flat_map(|text| text.split(BETWEEN)))
}

/// The values of every cookie of this name, in any header line: nothing is decoded, and only the
/// space that browsers put between cookies is left out.
fn named<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let cookies =
        headers.get_all(COOKIE).flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    cookies.filter_map(move |cookie| {
        let cookie = cookie.trim_ascii_start().strip_prefix(name.as_bytes())?;
        cookie.strip_prefix(b"=")
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn read(lines: &[&str]) -> Result<Option<String>, ()> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        only(&headers, SESSION).map(|found| found.map(str::to_owned)).map_err(|_| ())
    }

    /// SR-069: the prefix protects only a name that is read as it stands, and one of two is none.
    #[test]
    fn sr_069_a_cookie_that_only_looks_like_ours_is_none() {
        let ours = "__Host-cs_session=ours";
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[ours]), Ok(Some("ours".into())));
        assert_eq!(read(&["cs_lang=de; __Host-cs_session=ours; a=b"]), Ok(Some("ours".into())));
        for tossed in [
            "%5f_Host-cs_session=evil",
            "%5f%5fHost-cs_session=evil",
            "__Host-cs%5fsession=evil",
            "__host-cs_session=evil",
            "\u{2000}__Host-cs_session=evil",
            "\u{a0}__Host-cs_session=evil",
            "\u{85}__Host-cs_session=evil",
            "__Host-cs_session =evil",
            "x__Host-cs_session=evil",
        ] {
            assert_eq!(read(&[tossed]), Ok(None), "{tossed:?}");
            assert_eq!(
                read(&[&format!("{tossed}; {ours}")]),
                Ok(Some("ours".into())),
                "{tossed:?}"
            );
        }
        assert_eq!(read(&["__Host-cs_session=evil; __Host-cs_session=ours"]), Err(()));
        assert_eq!(read(&["__Host-cs_session=evil", ours]), Err(()));
    }
}
