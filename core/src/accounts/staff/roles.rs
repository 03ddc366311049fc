//! Roles, taken away and given back: that counts on the next request, and no session outlives it.

use countersign_events::id::{AccountId, StreamId};
use countersign_events::operator::{self, OperatorEvent, Role};

use super::super::answer::OperatorView;
use super::super::request::Call;
use super::super::{Accounts, Fault, Verdict};
use super::given_up;
use super::operators::Operator;
use crate::actors::account::{CONFLICTS_MAX, Entity, Halt, Request, Sealed};
use crate::domain::Command;
use crate::domain::refusal::Refusal;

impl Accounts {
    /// Takes an operator's role away; a setup token that was not used is dead, and sessions end.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Conflict`] for the last admin who can act; a [`Fault`].
    pub async fn disable_operator(&self, call: &Call, account: AccountId) -> Verdict<()> {
        for _ in 0..CONFLICTS_MAX {
            let history = self.operator_history(account).await?;
            let Some(view) = Operator::of(&history).view(account) else {
                return Ok(Err(Refusal::NotFound("operator")));
            };
            if !view.enabled {
                return self.end_for_role(call, account).await;
            }
            if is_active_admin(&view) && !self.has_another_admin(account).await? {
                let why = "the last admin stays: add another and have it set up first";
                return Ok(Err(Refusal::Conflict(why)));
            }
            let id = self.log().event_id()?;
            let disabled = OperatorEvent::Disabled(operator::Disabled { tells_admins: true });
            if self.record_operator(call, account, history.head, id, &disabled).await? {
                // The role first, which counts on the next request. If we crash here, the sessions
                // may do nothing, and end before it is given back.
                return self.end_for_role(call, account).await;
            }
        }
        Err(given_up(StreamId::Operator(account)))
    }

    /// Gives a disabled operator its role back. Password and authenticator are what they were; one
    /// that was never set up is added again for a fresh token.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; a [`Fault`].
    pub async fn enable_operator(&self, call: &Call, account: AccountId) -> Verdict<()> {
        for _ in 0..CONFLICTS_MAX {
            let history = self.operator_history(account).await?;
            match Operator::of(&history).view(account) {
                None => return Ok(Err(Refusal::NotFound("operator"))),
                Some(view) if view.enabled => return Ok(Ok(())),
                Some(_) => {}
            }
            // Before it: what began with the role, or without it, does not act with it again.
            if let Err(refusal) = self.end_for_role(call, account).await? {
                return Ok(Err(refusal));
            }
            let id = self.log().event_id()?;
            let enabled = OperatorEvent::Enabled(operator::Enabled { tells_admins: true });
            if self.record_operator(call, account, history.head, id, &enabled).await? {
                return Ok(Ok(()));
            }
        }
        Err(given_up(StreamId::Operator(account)))
    }

    /// Ends the sessions of an operator whose role changes.
    async fn end_for_role(&self, call: &Call, account: AccountId) -> Verdict<()> {
        self.ask(StreamId::Account(account), EndForRole { call: call.clone() }).await
    }

    async fn roles(&self) -> Result<Vec<OperatorView>, Fault> {
        let mut operators = vec![];
        for stream in self.staff().await? {
            if let StreamId::Operator(account) = stream {
                operators
                    .extend(Operator::of(&self.operator_history(account).await?).view(account));
            }
        }
        Ok(operators)
    }

    async fn has_another_admin(&self, than: AccountId) -> Result<bool, Fault> {
        Ok(self.roles().await?.iter().any(|other| other.account != than && is_active_admin(other)))
    }
}

fn is_active_admin(view: &OperatorView) -> bool {
    view.role == Role::Admin && view.set_up && view.enabled
}

/// Ends every session of an account.
struct EndForRole {
    call: Call,
}

impl Request for EndForRole {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        entity.load().await?;
        let unkeyed = Call { idempotency: None, ..self.call.clone() };
        entity.decide(&unkeyed, &Command::EndForRole, Sealed::default(), None).await?;
        Ok(())
    }
}
