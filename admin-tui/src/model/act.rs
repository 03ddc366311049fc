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

use countersign_api::contract::act::{
    Act as Why, AskAddressChange, AskRemoval, IdentityProof, RemovalAbout,
};
use countersign_api::contract::id::{AccountId, FactorId, RemovalId};
use countersign_api::contract::kind::{Method, ResetScope};
use countersign_api::contract::support::ResetLockout;

use super::account::Event;
use super::form::{FieldName, Form, LINE_CHARS_MAX, REASON_CHARS_MAX, TICKET_CHARS_MAX};
use super::removal::Removal;
use crate::effect::Call;
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
    Approve((RemovalId, RemovalAbout), Why),
    /// Cancel a removal.
    Cancel((RemovalId, RemovalAbout), Why),
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

/// Lines that an event takes besides its reason, at most.
const EVENT_LINES_MAX: usize = 20;

/// An act, from the question to the event.
#[derive(Debug, Clone)]
pub struct ActDialog {
    /// What.
    pub kind: ActKind,
    /// On which account.
    pub account: AccountId,
    /// Whose that is, as far as support sees it.
    pub whose: Printable,
    /// Which request it is about.
    pub request: Option<Box<Removal>>,
    /// Whether the holder has an address that was proven: links to new passwords go there.
    pub address_proven: bool,
    /// Whether the holder can object to what is asked for, or approved.
    pub can_object: bool,
    /// Whether somebody wanted to leave it, with something in it.
    pub dropping: bool,
    /// The authenticators to choose from, in the order of the choice.
    pub factors: Vec<FactorId>,
    /// What is asked, the reason and the ticket.
    pub form: Form,
    /// How far it is.
    pub stage: ActStage,
    /// The call that may have had its effect, once the event was left to be changed.
    pub unanswered: Option<Box<Call>>,
}

/// How far an act is.
#[derive(Debug, Clone)]
pub enum ActStage {
    /// Being filled in; what it lacks is said once somebody tried to go on.
    Filling {
        /// Whether somebody did.
        tried: bool,
    },
    /// The event that will be written is shown.
    Confirming {
        /// Whether it was drawn: before that nobody can have said yes to it.
        drawn: bool,
        /// How many of its lines are scrolled by.
        scrolled: usize,
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
            request: None,
            address_proven: true,
            can_object: true,
            dropping: false,
            factors: Vec::new(),
            form: Form::new(),
            stage: ActStage::Filling { tried: false },
            unanswered: None,
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
                .open_choice(FieldName::Proof, proofs);
        }
        begun.with_why(ticket)
    }

    /// Begins to ask for the removal of one of these authenticators, or of the recovery codes where
    /// there are some.
    #[must_use]
    pub fn removal_of(
        account: AccountId,
        whose: Printable,
        factors: &[(FactorId, Printable)],
        recovery_codes: bool,
        ticket: &str,
    ) -> Self {
        let mut begun = Self::new(ActKind::AskRemoval, account, whose, ticket);
        begun.factors = factors.iter().map(|(id, _)| *id).collect();
        let mut names: Vec<Printable> = factors.iter().map(|(_, name)| name.clone()).collect();
        if recovery_codes {
            names.push(text::RECOVERY_CODES_ALONE.into());
        }
        let proofs = PROOFS.map(|proof| text::proof(proof).into()).to_vec();
        let delays = text::DELAYS.map(Printable::from).to_vec();
        begun.form = Form::new()
            .choice(FieldName::Factor, names)
            .open_choice(FieldName::Proof, proofs)
            .choice(FieldName::Delay, delays);
        begun.with_why(ticket)
    }

    /// Begins to decide on what somebody asked for; its ticket is the request's.
    #[must_use]
    pub fn on_request(kind: ActKind, request: Removal, ticket: &str) -> Self {
        let of_request = request.ticket.as_str();
        let ticket = if of_request.is_empty() { ticket } else { of_request }.to_owned();
        let mut begun = Self::new(kind, request.account, request.login_hint.clone(), &ticket);
        begun.can_object = request.can_object;
        begun.request = Some(Box::new(request));
        begun
    }

    /// Whether it is about another address, and removes nothing.
    #[must_use]
    pub fn is_address(&self) -> bool {
        let of_request = self.request.as_ref().is_some_and(|request| request.is_address());
        self.kind == ActKind::AskAddress || of_request
    }

    /// Reason and ticket come last; the reason has the keyboard where nothing is to be chosen.
    fn with_why(mut self, ticket: &str) -> Self {
        self.form = self
            .form
            .line(FieldName::Reason, REASON_CHARS_MAX)
            .line(FieldName::Ticket, TICKET_CHARS_MAX);
        self.form.propose(FieldName::Ticket, ticket);
        self
    }

    /// The form, while it is being filled in.
    pub fn form_mut(&mut self) -> Option<&mut Form> {
        match self.stage {
            ActStage::Filling { .. } => Some(&mut self.form),
            ActStage::Confirming { .. } | ActStage::Written { .. } => None,
        }
    }

    /// What the form asks for, once it lacks nothing.
    #[must_use]
    pub fn act(&self) -> Option<Act> {
        if self.lack().is_some() { None } else { self.draft() }
    }

    /// What the form asks for so far. A proof that nobody has chosen stands as any: it is not sent.
    #[must_use]
    pub fn draft(&self) -> Option<Act> {
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
            ActKind::Approve => Act::Approve(self.requested()?, why),
            ActKind::Cancel => Act::Cancel(self.requested()?, why),
        })
    }

    fn requested(&self) -> Option<(RemovalId, RemovalAbout)> {
        self.request.as_ref().map(|request| (request.id, request.about))
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

    /// What stands in the way of going on: where, and in words.
    #[must_use]
    pub fn lack(&self) -> Option<(FieldName, String)> {
        let open = self.form.is_open(FieldName::Proof);
        let at_once = self.kind == ActKind::AskRemoval && self.form.chosen(FieldName::Delay) == 1;
        if at_once && !open && self.proof() != IdentityProof::InPerson {
            return Some((FieldName::Delay, text::acts::AT_ONCE_NEEDS_PERSON.to_owned()));
        }
        if self.kind == ActKind::Unlock && self.forgives_codes() && !self.address_proven {
            return Some((FieldName::Scope, text::acts::CODES_NEED_ADDRESS.to_owned()));
        }
        let empty = |name: FieldName| self.form.typed(name).trim().is_empty();
        let asks_address = self.kind == ActKind::AskAddress;
        let missing = [
            (FieldName::NewAddress, asks_address && empty(FieldName::NewAddress)),
            (FieldName::Proof, open),
            (FieldName::Reason, empty(FieldName::Reason)),
            (FieldName::Ticket, empty(FieldName::Ticket)),
        ];
        let (name, _) = missing.into_iter().find(|(_, is_missing)| *is_missing)?;
        Some((name, text::acts::missing(name)))
    }

    /// Whether somebody has typed something that leaving would lose.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        let typed = |name: FieldName| !self.form.typed(name).trim().is_empty();
        let is_filling = matches!(self.stage, ActStage::Filling { .. });
        is_filling && (typed(FieldName::Reason) || typed(FieldName::NewAddress))
    }

    /// What is missing in the field that has the keyboard, and must be typed there.
    #[must_use]
    pub fn missing_here(&self) -> Option<FieldName> {
        let (name, _) = self.form.focused()?;
        let must = matches!(name, FieldName::Reason | FieldName::NewAddress);
        (must && self.form.typed(name).trim().is_empty()).then_some(name)
    }

    /// Lines that its event and what was asked for take, at most.
    #[must_use]
    pub fn lines_max(&self) -> usize {
        let asked =
            self.request.as_ref().map_or(0, |request| request.reason.as_str().chars().count());
        EVENT_LINES_MAX + (self.form.typed(FieldName::Reason).chars().count() + asked) / 8
    }

    /// Whether wrong codes are to be forgiven: with them the password ends.
    fn forgives_codes(&self) -> bool {
        let scope = SCOPES.get(self.form.chosen(FieldName::Scope));
        let method = METHODS.get(self.form.chosen(FieldName::Method)).copied().flatten();
        scope == Some(&ResetScope::Counters) && method != Some(Method::Password)
    }
}
