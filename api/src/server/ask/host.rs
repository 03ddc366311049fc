//! What a proxy says of a request to a host that asks here whom to let in.
//!
//! Only what a trusted proxy says counts (SR-073): anybody else could name another host.

use actix_web::http::header::HeaderName;
use countersign_core::accounts::CALLBACK_PATH;
use countersign_core::entropy;
use countersign_core::handle::{PassToken, SECRET_BYTES};
use countersign_events::account::Assurance;
use countersign_events::id::base64url;
use url::Url;
use zeroize::Zeroizing;

use super::Ask;
use crate::contract::host::PASS_COOKIE;
use crate::contract::kind as contract;
use crate::contract::problem::ProblemCode;
use crate::server::cookies;
use crate::server::problem::ProblemAnswer;

const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const SCHEME: HeaderName = HeaderName::from_static("x-forwarded-proto");
const PATH: HeaderName = HeaderName::from_static("x-forwarded-uri");
/// Characters of a path that is gone back to.
const PATH_CHARS_MAX: usize = 2048;

/// A host that asks here whom to let in.
pub(crate) struct ProtectedHost {
    /// `https://wiki.example`
    pub(crate) origin: String,
}

impl ProtectedHost {
    /// Where browsers come back to: by this it is known as an app.
    pub(crate) fn callback(&self) -> String {
        format!("{}{CALLBACK_PATH}", self.origin)
    }
}

impl Ask {
    /// The host that was asked for.
    pub(crate) fn protected_host(&self) -> Result<ProtectedHost, ProblemAnswer> {
        let peer = self.request.peer_addr().map(|peer| peer.ip());
        if !peer.is_some_and(|peer| self.desk.proxies.trusts(peer)) {
            let detail = "only a trusted proxy asks here for a host";
            return Err(ProblemAnswer::detailed(ProblemCode::Forbidden, detail));
        }
        let (scheme, host) = (self.said(&SCHEME)?, self.said(&HOST)?);
        let origin = format!("{scheme}://{host}");
        let read = Url::parse(&origin).ok();
        let is_plain = read.is_some_and(|url| url.origin().ascii_serialization() == origin);
        if !is_plain || !matches!(scheme, "https" | "http") {
            return Err(ProblemAnswer::invalid("X-Forwarded-Host or -Proto is malformed"));
        }
        Ok(ProtectedHost { origin })
    }

    /// The path that was asked for; the first page where it is none to go back to.
    pub(crate) fn asked_path(&self) -> String {
        let path = self.said(&PATH).unwrap_or_default();
        if is_path(path) { path.to_owned() } else { "/".to_owned() }
    }

    /// What the browser holds at that host; nothing where there are two.
    pub(crate) fn pass(&self) -> Option<PassToken> {
        let held = cookies::only(self.request.headers(), PASS_COOKIE).ok()??;
        PassToken::parse(held).ok()
    }

    /// The value of another cookie of that host.
    pub(crate) fn host_cookie(&self, name: &'static str) -> Option<Zeroizing<String>> {
        let held = cookies::only(self.request.headers(), name).ok()??;
        Some(Zeroizing::new(held.to_owned()))
    }

    /// Something that nobody guesses, as text.
    pub(crate) fn random_text(&self) -> Result<Zeroizing<String>, ProblemAnswer> {
        let bytes = entropy::bytes::<SECRET_BYTES>(self.edge.entropy.as_ref());
        let bytes = bytes.map_err(|_| ProblemAnswer::new(ProblemCode::Unavailable))?;
        Ok(Zeroizing::new(base64url(bytes.as_slice())))
    }

    fn said(&self, name: &HeaderName) -> Result<&str, ProblemAnswer> {
        let mut lines = self.request.headers().get_all(name);
        let line = match (lines.next(), lines.next()) {
            (Some(line), None) => line.to_str().ok(),
            _ => None,
        };
        line.ok_or_else(|| ProblemAnswer::invalid(format!("one {name} is needed")))
    }
}

/// Whether a text is a path of the same host and nothing else, to every browser.
pub(crate) fn is_path(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && text.len() <= PATH_CHARS_MAX
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// How sure a session must be.
pub(crate) const fn wanted(acr: Option<contract::Assurance>) -> Assurance {
    match acr {
        None | Some(contract::Assurance::TwoFactor) => Assurance::TwoFactor,
        Some(contract::Assurance::EmailCode) => Assurance::EmailCode,
        Some(contract::Assurance::Password) => Assurance::Password,
    }
}

/// The short name.
pub(crate) const fn name(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::Password => "password",
        Assurance::EmailCode => "email_code",
        Assurance::TwoFactor => "two_factor",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_no_other_host() {
        for good in ["/", "/wiki/a?b=c", "/a//b", "/%2F"] {
            assert!(is_path(good), "{good}");
        }
        let long = format!("/{}", "a".repeat(PATH_CHARS_MAX));
        for bad in ["", "a", "//evil", "/\\evil", "https://evil", "/a b", "/a\n", "/ä", &long] {
            assert!(!is_path(bad), "{bad}");
        }
    }
}
