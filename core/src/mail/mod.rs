//! Mail: what is said, how it is put together, and how it leaves the house.
//!
//! A [`Mail`] is rendered by a [`Letterhead`](letterhead::Letterhead) in the language of its
//! reader: [`wording`] knows what is said, one file per language how. It is taken by a [`Mailer`]:
//! [`smtp`] speaks to a mail server, [`spool`] writes files on a developer's machine. Which mail is
//! due is a projection of the log ([`mail_due`](crate::projections::mail_due)); the courier works
//! them off and tells the account's stream what came of it through the [`ledger`].
//!
//! **What must stay true.** A mail depends on the event that called for it and on nothing that
//! changes from attempt to attempt: sent twice, it has the same `Message-ID`, `Date` and language
//! (SR-024).
//! The recipient is the stored address, handed in by the ledger, never one from a request
//! (SR-027). Links come from the configured `public_url` alone (SR-028). Neither a mail nor an
//! address is ever part of an error or a log line (SR-106, SR-143).

mod client_hint;
mod compose;
pub mod language;
pub mod ledger;
pub mod letterhead;
pub mod link;
pub mod smtp;
mod smtp_url;
pub mod spool;
#[cfg(test)]
mod tests;
mod texts;
mod to_admins;
pub mod wording;

use std::fmt;

use countersign_events::id::EventId;
use futures::future::BoxFuture;
use jiff::Timestamp;
use zeroize::Zeroizing;

pub use smtp_url::{InvalidSmtpUrl, SmtpUrl, TlsMode};

/// Names a mail for as long as it exists: made from the event that called for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId {
    event: EventId,
    to: Whose,
    domain: String,
}

/// Which of an account's addresses a mail goes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Whose {
    /// The present one.
    #[default]
    Present,
    /// One before it, for some days after a change, counted from the oldest.
    Former(u8),
    /// The one that support was asked to put in its place.
    New,
}

impl MessageId {
    /// The id of the mail that `event` called for, under a domain that was checked before.
    #[must_use]
    pub(crate) fn new(event: EventId, to: Whose, domain: &str) -> Self {
        Self { event, to, domain: domain.to_owned() }
    }

    /// Which address it goes to.
    #[must_use]
    pub const fn to(&self) -> Whose {
        self.to
    }

    /// The event that called for the mail.
    #[must_use]
    pub const fn event(&self) -> EventId {
        self.event
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", self.event)?;
        match self.to {
            Whose::Present => {}
            Whose::Former(place) => write!(f, ".former{place}")?,
            Whose::New => f.write_str(".new")?,
        }
        write!(f, "@{}>", self.domain)
    }
}

/// A mail, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its name, the same at every attempt.
    pub message_id: MessageId,
    /// When the event happened that called for it: its `Date`, the same at every attempt.
    pub at: Timestamp,
    /// The recipient's stored address.
    pub to: String,
    /// The subject; never the code.
    pub subject: String,
    /// The plain text.
    pub text: Zeroizing<String>,
    /// The same as HTML.
    pub html: Zeroizing<String>,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({})", self.message_id)
    }
}

/// Takes mails out of the house.
pub trait Mailer: Send + Sync {
    /// Hands a mail on; `Ok` means that somebody else has taken it over.
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), SendError>>;
}

/// How final a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendErrorClass {
    /// The server said: not now (4xx).
    Temporary,
    /// The server said: never (5xx), or the mail cannot be put together.
    Permanent,
    /// No connection, a broken one, no answer in time, or no trust in its certificate.
    Unreachable,
}

/// A mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mail not taken: {detail}")]
pub struct SendError {
    /// How final it is.
    pub class: SendErrorClass,
    /// What happened, for the operator: never the mail, an address or the server's own words,
    /// which often repeat the address.
    pub detail: String,
}

impl SendError {
    pub(crate) fn new(class: SendErrorClass, detail: impl Into<String>) -> Self {
        Self { class, detail: detail.into() }
    }
}
