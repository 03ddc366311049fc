//! Breaking the glass: an operator whom nothing lets in any more is let in anew by two people at
//! the machine, and by no call over the net (SR-092).
//!
//! ```text
//!   one:     asks, with reason and ticket ──▶ UnlockRequested, and a code for the other
//!   another: confirms with the code      ──▶ what was guessed is forgiven, the password ends,
//!                                             Unlocked, and a token to set a new one with
//! ```
//!
//! Two people are two system users. What was guessed is forgiven only together with the password
//! that it was guessed with (SR-123), and an authenticator that must be bound anew still must. One
//! person alone gives out no token for an operator who was set up once: `add_operator` refuses.

use countersign_events::entry::Entry;
use countersign_events::id::{AccountId, Revision, StreamId};
use countersign_events::operator::{self, OperatorEvent};
use jiff::SignedDuration;

use super::super::answer::{OperatorAdded, UnlockAsked};
use super::super::identity::{Errand, open_pii, seal_pii};
use super::super::request::Call;
use super::super::support::check_errand;
use super::super::{Accounts, Fault, Verdict};
use super::operators::{Operator, SETUP_TTL};
use super::{History, given_up};
use crate::actors::account::{CONFLICTS_MAX, Entity, Halt, Request, Sealed};
use crate::domain::Command;
use crate::domain::refusal::Refusal;
use crate::handle::UnlockCode;

/// How long the second person has.
pub const UNLOCK_TTL: SignedDuration = SignedDuration::from_mins(15);

impl Accounts {
    /// One person asks for an operator to be let in anew, and is told a code for the other.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for reason or ticket; [`Refusal::NotFound`] where nobody of that login
    /// is an operator who was set up and may act; a [`Fault`].
    pub async fn request_unlock(
        &self,
        call: &Call,
        login: &str,
        uid: u32,
        why: (String, String),
    ) -> Verdict<UnlockAsked> {
        let (reason, ticket) = why;
        if let Err(refusal) = check_errand(&reason, &ticket) {
            return Ok(Err(refusal));
        }
        let errand = Errand { reason: Some(reason), ticket: Some(ticket), email: None };
        for _ in 0..CONFLICTS_MAX {
            let Some((account, history)) = self.locked_operator(login).await? else {
                return Ok(Err(Refusal::NotFound("operator")));
            };
            let id = self.log().event_id()?;
            let code = UnlockCode::new(account, &*self.given_out(call, "operator unlock", id)?);
            let expires_at = self.in_a_while(UNLOCK_TTL);
            let (hash, sealed) = (code.hash(), seal_pii(self.secrets(), account, &errand).await?);
            let requested = operator::UnlockRequested { code: hash, expires_at, uid };
            let event = OperatorEvent::UnlockRequested(requested);
            let recorded = (&event, vec![sealed]);
            if self.record_operator_sealed(call, account, history.head, id, recorded).await? {
                return Ok(Ok(UnlockAsked { code, expires_at }));
            }
        }
        Err(Fault::Unavailable(format!("{CONFLICTS_MAX} conflicts on the operator {login}")))
    }

    /// Another person confirms: the operator's counters and waits are cleared, the password ends,
    /// and there is a token to set a new one with.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`] for a code that is wrong, used or late;
    /// [`Refusal::Forbidden`] for the person who asked; a [`Fault`].
    pub async fn confirm_unlock(
        &self,
        call: &Call,
        login: &str,
        uid: u32,
        code: &UnlockCode,
    ) -> Verdict<OperatorAdded> {
        for _ in 0..CONFLICTS_MAX {
            let found = self.locked_operator(login).await?;
            let Some((account, history)) = found.filter(|(account, _)| *account == code.account())
            else {
                return Ok(Err(Refusal::AuthenticationFailed));
            };
            let now = self.log().now();
            let waiting = Operator::of(&history).unlock;
            let waiting =
                waiting.filter(|asked| asked.code == code.hash() && now < asked.expires_at);
            let Some(asked) = waiting else { return Ok(Err(Refusal::AuthenticationFailed)) };
            if asked.uid == uid {
                let why = "whoever asked cannot confirm: that is for another system user";
                return Ok(Err(Refusal::Forbidden(why)));
            }
            // The account first: if we crash here, its password has ended and no token was told.
            // The same code confirms once more, and what is done is not done again.
            let errand = self.errand_of(account).await?;
            let request = BreakGlass { call: call.clone(), errand };
            if let Err(refusal) = self.ask(StreamId::Account(account), request).await? {
                return Ok(Err(refusal));
            }
            let id = self.log().event_id()?;
            let told = self.operator_added(call, account, id)?;
            let (setup, setup_expires_at) = (told.setup_token.hash(), self.in_a_while(SETUP_TTL));
            let unlocked = operator::Unlocked { setup, setup_expires_at, uid, tells_admins: true };
            let unlocked = OperatorEvent::Unlocked(unlocked);
            if self.record_operator(call, account, history.head, id, &unlocked).await? {
                return Ok(Ok(told));
            }
        }
        Err(given_up(StreamId::Operator(code.account())))
    }

    /// The operator of a login, where there is one to let in anew.
    async fn locked_operator(
        &self,
        login: &str,
    ) -> Result<Option<(AccountId, History<OperatorEvent>)>, Fault> {
        let name = self.secrets().login_hash(login);
        let Some(account) = self.secrets().find(name).await? else { return Ok(None) };
        let history = self.operator_history(account).await?;
        let is_one = Operator::of(&history).can_be_unlocked();
        Ok(is_one.then_some((account, history)))
    }

    /// What the first person said, from the newest request.
    async fn errand_of(&self, account: AccountId) -> Result<Errand, Fault> {
        let stream = StreamId::Operator(account);
        for recorded in self.log().read_from(stream, Revision::new(0)).await?.iter().rev() {
            let entry = Entry::parse(&recorded.bytes)?;
            let (event_type, data) = (&*entry.event_type, entry.data.get());
            let event = OperatorEvent::decode(event_type, entry.version, data)?;
            if matches!(event, OperatorEvent::UnlockRequested(_)) {
                let errand = open_pii(self.secrets(), account, recorded).await?;
                let gone = || Fault::FailsClosed(format!("{stream} lacks the reason it was given"));
                return errand.ok_or_else(gone);
            }
        }
        Err(Fault::FailsClosed(format!("{stream} has no request")))
    }
}

/// Forgives what was guessed, and ends the password that it was guessed with.
struct BreakGlass {
    call: Call,
    errand: Errand,
}

impl Request for BreakGlass {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        entity.load().await?;
        let pii = seal_pii(&entity.services.secrets, entity.id()?, &self.errand).await?;
        let sealed = Sealed { pii: Some(pii), net: None };
        let unkeyed = Call { idempotency: None, ..self.call.clone() };
        entity.decide(&unkeyed, &Command::BreakGlass, sealed, None).await?;
        Ok(())
    }
}
