//! What the courier asks of accounts, and what it tells them.
//!
//! The courier knows from the log that a mail is due, and nothing else: the address, the code and
//! what became of the mail belong to the account. Whoever owns the accounts implements
//! [`MailLedger`].
//!
//! **What must stay true.** [`MailLedger::record`] returns `Ok` only when the outcome is durable;
//! recording the same outcome of the same mail twice leaves one event.

use std::fmt;

use countersign_events::account::{DeliveryFailure, Notice, Purpose};
use countersign_events::id::{AccountId, EventId};
use futures::future::BoxFuture;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::Whose;
use super::language::Language;
use crate::accounts::Fault;
use crate::accounts::request::Net;

/// Where an account's mail goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The stored address (SR-027).
    pub email: String,
    /// Which of the account's addresses that is.
    pub whose: Whose,
    /// The name a client app gave, which the holder or the app may have chosen.
    pub display_name: Option<String>,
    /// Whether a client app made the account: its holder has no password here, and no page.
    pub of_app: bool,
    /// The language that its reader reads.
    pub language: Language,
    /// What a notice's link to object carries: only for an address that was proven.
    pub not_me: Option<Zeroizing<String>>,
    /// What a notice's link carries to have the password asked for again: only for the present
    /// address, where that was proven, and of the lock that closed the password.
    pub unlock: Option<Zeroizing<String>>,
}

impl Addressee {
    /// The present address, of somebody without a display name who reads the first language.
    #[must_use]
    pub fn new(email: impl Into<String>) -> Self {
        Self {
            email: email.into(),
            whose: Whose::Present,
            display_name: None,
            of_app: false,
            language: Language::default(),
            not_me: None,
            unlock: None,
        }
    }
}

impl fmt::Debug for Addressee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Addressee(…)")
    }
}

/// A code that is to be sent.
#[derive(Clone)]
pub struct CodeMail {
    /// Where it goes: to a new address, where that is to be proven.
    pub to: Addressee,
    /// The code: six digits.
    pub code: Zeroizing<String>,
    /// What it is for.
    pub purpose: Purpose,
    /// When it dies.
    pub expires_at: Timestamp,
    /// Where it was asked for; the mail tells a coarse form of it.
    pub net: Option<Net>,
}

impl fmt::Debug for CodeMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeMail({:?})", self.purpose)
    }
}

/// A link to a new password that is to be sent.
#[derive(Clone)]
pub struct LinkMail {
    /// Where it goes.
    pub to: Addressee,
    /// What is behind the link's `#`.
    pub token: Zeroizing<String>,
    /// When it dies.
    pub expires_at: Timestamp,
    /// Whether the password that it takes the place of has ended already.
    pub has_ended: bool,
    /// Where it was asked for; the mail tells a coarse form of it.
    pub net: Option<Net>,
}

impl fmt::Debug for LinkMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkMail(…)")
    }
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailOutcome {
    /// The mail server took the mail with the code or the link.
    CodeSent {
        /// The event that asked for it.
        request: EventId,
        /// Attempts it took.
        attempts: u32,
    },
    /// The mail server took a notice.
    NoticeSent {
        /// Which.
        notice: Notice,
        /// The event that it tells of.
        cause: EventId,
        /// Attempts it took.
        attempts: u32,
    },
    /// The mail was given up.
    Failed {
        /// The event that called for it.
        request: EventId,
        /// Attempts made.
        attempts: u32,
        /// The class of the last failure.
        class: DeliveryFailure,
    },
}

/// The accounts, as the courier sees them.
pub trait MailLedger: Send + Sync {
    /// The stored addresses of an account that a notice of an event goes to; none where there are
    /// none or its key is gone.
    fn addressees(
        &self,
        account: AccountId,
        cause: EventId,
    ) -> BoxFuture<'_, Result<Vec<Addressee>, Fault>>;

    /// The link of a request; `None` where it is of no use any more.
    fn link(
        &self,
        account: AccountId,
        request: EventId,
    ) -> BoxFuture<'_, Result<Option<LinkMail>, Fault>>;

    /// The code of a request; `None` where it is of no use any more.
    fn code(
        &self,
        account: AccountId,
        request: EventId,
    ) -> BoxFuture<'_, Result<Option<CodeMail>, Fault>>;

    /// Puts on record what became of a mail.
    fn record(&self, account: AccountId, outcome: MailOutcome) -> BoxFuture<'_, Result<(), Fault>>;
}
