//! `GET /.countersign/sign-in`: from a host to the portal.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use countersign_core::assertion::acr;
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::page;
use crate::contract::host::{SIGN_IN_COOKIE, SIGN_IN_SECONDS, SignInQuery};
use crate::contract::oidc::AUTHORIZE_PATH;
use crate::contract::problem::ProblemCode;
use crate::server::answers::Answer;
use crate::server::ask::Ask;
use crate::server::ask::host::{is_path, wanted};
use crate::server::cookies;
use crate::server::oidc;
use crate::server::problem::ProblemAnswer;

/// Sign-ins under way at one host in one browser; the oldest is forgotten.
const HELD_MAX: usize = 4;
/// Characters of their cookie: browsers keep 4,096 with its name and what it is bound to.
const COOKIE_CHARS_MAX: usize = 3800;
/// What stands between them.
const BETWEEN: char = '~';

/// Lead a browser to the portal
///
/// On a host that asks here whom to let in. What it comes back with must belong to the cookie that
/// is set here.
#[utoipa::path(
    get, path = "/.countersign/sign-in", tag = "hosts", operation_id = "hostSignIn",
    params(SignInQuery),
    responses((status = 303, description = "To the portal"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let led = lead(&ask).await;
    page::shown(&ask, led)
}

async fn lead(ask: &Ask) -> Answer {
    let query: SignInQuery = ask.query()?;
    let wanted = wanted(query.acr);
    let host = ask.protected_host()?;
    let callback = host.callback();
    let app = ask.verdict(ask.accounts().host(&callback).await)?;
    let to = query.to.filter(|to| is_path(to)).unwrap_or_else(|| "/".to_owned());
    let (state, verifier) = (ask.random_text()?, ask.random_text()?);
    let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes()));
    let client = app.client.to_string();
    let parameters = [
        ("response_type", Some("code")),
        ("client_id", Some(client.as_str())),
        ("redirect_uri", Some(callback.as_str())),
        ("scope", Some("openid")),
        ("state", Some(state.as_str())),
        ("code_challenge", Some(challenge.as_str())),
        ("code_challenge_method", Some("S256")),
        ("acr_values", Some(acr(wanted))),
    ];
    let portal = format!("{}{AUTHORIZE_PATH}", ask.accounts().public_url());
    let internal = || ProblemAnswer::new(ProblemCode::Internal);
    let location = oidc::back(&portal, &parameters).ok_or_else(internal)?;
    let earlier = ask.host_cookie(SIGN_IN_COOKIE);
    let held = Held { state, verifier, to }.beside(earlier.as_ref().map(|text| text.as_str()));
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, location));
    answer.cookie(cookies::made(SIGN_IN_COOKIE, held.to_string(), SIGN_IN_SECONDS));
    Ok(answer.finish())
}

/// What the browser holds until it comes back.
pub(super) struct Held {
    pub(super) state: Zeroizing<String>,
    pub(super) verifier: Zeroizing<String>,
    pub(super) to: String,
}

impl Held {
    fn write(&self) -> Zeroizing<String> {
        let to = BASE64URL_NOPAD.encode(self.to.as_bytes());
        Zeroizing::new(format!("{}.{}.{to}", *self.state, *self.verifier))
    }

    /// The cookie with this one and a few that began earlier: a page asks for more than one thing
    /// at once, and each is led here.
    fn beside(&self, earlier: Option<&str>) -> Zeroizing<String> {
        let mut all = self.write();
        for one in earlier.into_iter().flat_map(|text| text.split(BETWEEN)).take(HELD_MAX - 1) {
            if all.len() + one.len() < COOKIE_CHARS_MAX {
                all.push(BETWEEN);
                all.push_str(one);
            }
        }
        all
    }

    /// The one that began with this state; every one is compared, whichever matches.
    pub(super) fn of(cookie: &str, state: &str) -> Option<Self> {
        let all = cookie.split(BETWEEN).take(HELD_MAX).filter_map(Self::read);
        let is_it = |held: &Self| bool::from(held.state.as_bytes().ct_eq(state.as_bytes()));
        all.filter(is_it).fold(None, |_, held| Some(held))
    }

    /// Reads one back; `None` for anything else.
    fn read(text: &str) -> Option<Self> {
        let (state, rest) = text.split_once('.')?;
        let (verifier, to) = rest.split_once('.')?;
        let to = String::from_utf8(BASE64URL_NOPAD.decode(to.as_bytes()).ok()?).ok()?;
        let own = |text: &str| Zeroizing::new(text.to_owned());
        let is_whole = !state.is_empty() && !verifier.is_empty() && is_path(&to);
        is_whole.then(|| Self { state: own(state), verifier: own(verifier), to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(number: usize, to: &str) -> Held {
        let text = |kind: &str| Zeroizing::new(format!("{kind}{number}"));
        Held { state: text("state"), verifier: text("verifier"), to: to.to_owned() }
    }

    /// A page and its pictures are led here at once: none of them takes the way back of another.
    #[test]
    fn a_few_sign_ins_begin_beside_each_other() {
        let mut cookie = held(0, "/page").write();
        for number in 1..HELD_MAX {
            cookie = held(number, "/favicon.ico").beside(Some(&cookie));
        }
        let found = Held::of(&cookie, "state0").unwrap();
        assert_eq!((found.verifier.as_str(), found.to.as_str()), ("verifier0", "/page"));
        assert!(Held::of(&cookie, "state9").is_none() && Held::of(&cookie, "").is_none());
        let cookie = held(HELD_MAX, "/").beside(Some(&cookie));
        assert!(Held::of(&cookie, "state0").is_none(), "the oldest goes");
        let long = format!("/{}", "a".repeat(2000));
        let cookie = held(1, &long).beside(Some(&held(0, &long).write()));
        assert!(cookie.len() < COOKIE_CHARS_MAX && Held::of(&cookie, "state1").is_some());
    }
}
