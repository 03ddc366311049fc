//! What a row of the table declares of its call beside who may make it.
//!
//! A declaration is what the server does, not a note beside it: the cache header of an answer is
//! made from it, cookies are read where it says so and nowhere else, and the body is read as it
//! says. What can be guessed is compared in the core; tests hold the two together.

use crate::contract::kind::Method;

/// What somebody could guess by making a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guesses {
    /// It is given no secret but the caller's own token.
    Nothing,
    /// It is given a secret that it sets, and compares none.
    Sets,
    /// It compares a secret of 128 bits or more, which nobody guesses.
    Long,
    /// It compares the first code of an authenticator on offer, which counts its own wrong ones.
    Offer,
    /// It compares what can be guessed: the account counts each of these methods, over all calls.
    Counted(&'static [Method]),
}

/// Whether what a browser sends by itself counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Csrf {
    /// Cookies count from a page of ours alone, which says so in a header that no page of another
    /// origin can send. On the operators' listener none counts.
    OwnPages,
    /// What the browser holds at a host that asks here whom to let in, and nothing of ours: it says
    /// who passes there, and what is brought back must belong to it.
    HostsCookies,
    /// No cookie is read at all.
    NoCookies,
}

/// How long an answer may be kept, and by whom. A problem is never kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// By nobody.
    NoStore,
    /// By anybody, for so many seconds.
    Public {
        /// How long.
        max_age_seconds: u32,
    },
}

impl Cache {
    /// The value of `Cache-Control`.
    #[must_use]
    pub fn header(self) -> String {
        match self {
            Self::NoStore => "no-store".to_owned(),
            Self::Public { max_age_seconds } => format!("public, max-age={max_age_seconds}"),
        }
    }
}

/// The form of a body, where a call takes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// JSON.
    Json,
    /// What an HTML form sends; for calls whose form others have laid down.
    Form,
}

pub(super) const NOTHING: Guesses = Guesses::Nothing;
pub(super) const SETS: Guesses = Guesses::Sets;
pub(super) const LONG: Guesses = Guesses::Long;
pub(super) const OFFER: Guesses = Guesses::Offer;
pub(super) const PASSWORD: Guesses = Guesses::Counted(&[Method::Password]);
pub(super) const TOTP: Guesses = Guesses::Counted(&[Method::Totp]);
pub(super) const MAILED: Guesses = Guesses::Counted(&[Method::EmailCode]);
pub(super) const CODES: Guesses =
    Guesses::Counted(&[Method::Totp, Method::EmailCode, Method::RecoveryCode]);
pub(super) const PROOFS: Guesses =
    Guesses::Counted(&[Method::Password, Method::Totp, Method::RecoveryCode]);
pub(super) const PAGES: Csrf = Csrf::OwnPages;
pub(super) const AT_HOST: Csrf = Csrf::HostsCookies;
pub(super) const NO_COOKIES: Csrf = Csrf::NoCookies;
pub(super) const NO_STORE: Cache = Cache::NoStore;
/// What changes less often than once a day, and is looked at by many.
pub(super) const AN_HOUR: Cache = Cache::Public { max_age_seconds: 3600 };
