//! Acts of support: what can be asked of the server for an account, and the dialog that asks.
//!
//! ```text
//!   filling ──> confirming ──> (sent) ──> written
//!      ^            │
//!      └────────────┘ Esc
//! ```
//!
//! Every act has a reason and a ticket. What is filled in is shown as the event that it will
//! become; a yes counts only once that was on the screen, so that pasted line ends confirm nothing.

use countersign_api::contract::act::{Act as Why, AskAddressChange, AskRemoval, IdentityProof};
use countersign_api::contract::id::{AccountId, FactorId, RemovalId};
use countersign_api::contract::kind::{Method, ResetScope};
use countersign_api::contract::support::ResetLockout;

use super::account::Event;
use super::form::{FieldName, Form, LINE_CHARS_MAX, REASON_CHARS_MAX, TICKET_CHARS_MAX};
use crate::printable::Printable;
use crate::text;

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActKind {
    /// End a lockout.
    Unlock,
    /// Suspend the account.
    Suspend,
    /// End a suspension.
    Resume,
    /// End every session.
    EndSessions,
    /// Mail a link to a new password.
    NewPassword,
    /// Ask for the removal of an authenticator.
    AskRemoval,
    /// Ask for another address, of who has lost the mailbox.
    AskAddress,
    /// Approve a removal, or another address.
    Approve,
    /// Cancel a removal.
    Cancel,
}

impl ActKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Unlock,
        Self::Suspend,
        Self::Resume,
        Self::EndSessions,
        Self::NewPassword,
        Self::AskRemoval,
        Self::AskAddress,
        Self::Approve,
        Self::Cancel,
    ];

    /// The type of the event that it writes.
    #[must_use]
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::Unlock => "account.lockout_reset",
            Self::Suspend => "account.suspended",
            Self::Resume => "account.resumed",
            Self::EndSessions => "account.sessions_ended",
            Self::NewPassword => "account.password_mail_asked",
            Self::AskRemoval | Self::AskAddress => "account.factor_removal_requested",
            Self::Approve => "account.factor_removal_approved",
            Self::Cancel => "account.factor_removal_cancelled",
        }
    }
}

/// An act as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// End a lockout.
    Unlock(ResetLockout),
    /// Suspend the account.
    Suspend(Why),
    /// End a suspension.
    Resume(Why),
    /// End every session.
    EndSessions(Why),
    /// Mail a link to a new password.
    NewPassword(Why),
    /// Ask for the removal of an authenticator.
    AskRemoval(AskRemoval),
    /// Ask for another address.
    AskAddress(AskAddressChange),
    /// Approve a removal, or another address.
    Approve(RemovalId, Why),
    /// Cancel a removal.
    Cancel(RemovalId, Why),
}

/// What an unlock may clear, in the order of its choice.
pub const SCOPES: [ResetScope; 2] = [ResetScope::CoolDown, ResetScope::Counters];
/// Of which methods, in the order of its choice; the first is all of them.
pub const METHODS: [Option<Method>; 5] = [
    None,
    Some(Method::Password),
    Some(Method::Totp),
    Some(Method::EmailCode),
    Some(Method::RecoveryCode),
];
/// How somebody was identified, in the order of its choice.
pub const PROOFS: [IdentityProof; 6] = [
    IdentityProof::CallBack,
    IdentityProof::InPerson,
    IdentityProof::VideoCall,
    IdentityProof::KnownColleague,
    IdentityProof::Superior,
    IdentityProof::IdentifiedAnew,
];

/// An act, from the question to the event.
#[derive(Debug, Clone)]
pub struct ActDialog {
    /// What.
    pub kind: ActKind,
    /// On which account.
    pub account: AccountId,
    /// Whose that is, as far as support sees it.
    pub whose: Printable,
    /// Which removal it is about.
    pub removal: Option<RemovalId>,
    /// Whether that is about another address, and removes nothing.
    pub is_address: bool,
    /// The authenticators to choose from, in the order of the choice.
    pub factors: Vec<FactorId>,
    /// What is asked, the reason and the ticket.
    pub form: Form,
    /// How far it is.
    pub stage: ActStage,
}

/// How far an act is.
#[derive(Debug, Clone)]
pub enum ActStage {
    /// Being filled in; with what is missing, once somebody tried to go on.
    Filling {
        /// What is missing.
        missing: Option<FieldName>,
    },
    /// The event that will be written is shown.
    Confirming {
        /// Whether it was drawn: before that nobody can have said yes to it.
        drawn: bool,
    },
    /// The event that was written is shown.
    Written {
        /// The event.
        event: Event,
        /// How many of its lines are scrolled by.
        scrolled: usize,
    },
}

impl ActDialog {
    /// Begins an act.
    #[must_use]
    pub fn new(kind: ActKind, account: AccountId, whose: Printable, ticket: &str) -> Self {
        let mut begun = Self {
            kind,
            account,
            whose,
            removal: None,
            is_address: kind == ActKind::AskAddress,
            factors: Vec::new(),
            form: Form::new(),
            stage: ActStage::Filling { missing: None },
        };
        if kind == ActKind::Unlock {
            let scopes = SCOPES.map(|scope| text::scope(scope).into()).to_vec();
            let of = |method: Option<Method>| method.map_or(text::EVERY_METHOD, text::method);
            let methods = METHODS.map(|method| of(method).into()).to_vec();
            begun.form =
                Form::new().choice(FieldName::Scope, scopes).choice(FieldName::Method, methods);
        }
        if kind == ActKind::AskAddress {
            let proofs = PROOFS.map(|proof| text::proof(proof).into()).to_vec();
            begun.form = Form::new()
                .line(FieldName::NewAddress, LINE_CHARS_MAX)
                .choice(FieldName::Proof, proofs);
        }
        begun.with_why(ticket)
    }

    /// Begins to ask for the removal of one of these authenticators, or of the recovery codes.
    #[must_use]
    pub fn removal_of(
        account: AccountId,
        whose: Printable,
        factors: &[(FactorId, Printable)],
        ticket: &str,
    ) -> Self {
        let mut begun = Self::new(ActKind::AskRemoval, account, whose, ticket);
        begun.factors = factors.iter().map(|(id, _)| *id).collect();
        let mut names: Vec<Printable> = factors.iter().map(|(_, name)| name.clone()).collect();
        names.push(text::RECOVERY_CODES_ALONE.into());
        let proofs = PROOFS.map(|proof| text::proof(proof).into()).to_vec();
        let delays = text::DELAYS.map(Printable::from).to_vec();
        begun.form = Form::new()
            .choice(FieldName::Factor, names)
            .choice(FieldName::Proof, proofs)
            .choice(FieldName::Delay, delays);
        begun.with_why(ticket)
    }

    /// Reason and ticket come last; the reason has the keyboard where nothing is to be chosen.
    fn with_why(mut self, ticket: &str) -> Self {
        self.form = self
            .form
            .line(FieldName::Reason, REASON_CHARS_MAX)
            .line(FieldName::Ticket, TICKET_CHARS_MAX);
        self.form.fill(FieldName::Ticket, ticket);
        self
    }

    /// The form, while it is being filled in.
    pub fn form_mut(&mut self) -> Option<&mut Form> {
        match self.stage {
            ActStage::Filling { .. } => Some(&mut self.form),
            ActStage::Confirming { .. } | ActStage::Written { .. } => None,
        }
    }

    /// What the form asks for.
    #[must_use]
    pub fn act(&self) -> Option<Act> {
        let why = self.why();
        Some(match self.kind {
            ActKind::Unlock => {
                let scope = SCOPES.get(self.form.chosen(FieldName::Scope)).copied();
                Act::Unlock(ResetLockout {
                    scope: scope.unwrap_or(ResetScope::CoolDown),
                    method: METHODS.get(self.form.chosen(FieldName::Method)).copied().flatten(),
                    reason: why.reason,
                    ticket: why.ticket,
                })
            }
            ActKind::Suspend => Act::Suspend(why),
            ActKind::Resume => Act::Resume(why),
            ActKind::EndSessions => Act::EndSessions(why),
            ActKind::NewPassword => Act::NewPassword(why),
            ActKind::AskRemoval => {
                let factor_id = self.factors.get(self.form.chosen(FieldName::Factor)).copied();
                Act::AskRemoval(AskRemoval {
                    factor_id,
                    recovery_codes: factor_id.is_none(),
                    proof: self.proof(),
                    in_person: self.form.chosen(FieldName::Delay) == 1,
                    reason: why.reason,
                    ticket: why.ticket,
                })
            }
            ActKind::AskAddress => Act::AskAddress(AskAddressChange {
                email: self.form.typed(FieldName::NewAddress).trim().to_owned(),
                proof: self.proof(),
                reason: why.reason,
                ticket: why.ticket,
            }),
            ActKind::Approve => Act::Approve(self.removal?, why),
            ActKind::Cancel => Act::Cancel(self.removal?, why),
        })
    }

    fn proof(&self) -> IdentityProof {
        let proof = PROOFS.get(self.form.chosen(FieldName::Proof)).copied();
        proof.unwrap_or(IdentityProof::CallBack)
    }

    fn why(&self) -> Why {
        Why {
            reason: self.form.typed(FieldName::Reason).trim().to_owned(),
            ticket: self.form.typed(FieldName::Ticket).trim().to_owned(),
        }
    }

    /// The field that must be filled in before it can go on.
    #[must_use]
    pub fn missing(&self) -> Option<FieldName> {
        let wanted = [FieldName::Reason, FieldName::Ticket];
        let address = (self.kind == ActKind::AskAddress).then_some(FieldName::NewAddress);
        let mut wanted = address.into_iter().chain(wanted);
        wanted.find(|name| self.form.typed(*name).trim().is_empty())
    }
}
