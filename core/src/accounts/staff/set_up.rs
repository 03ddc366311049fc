//! The first password of an operator, against the one-time token.

use countersign_events::account::PasswordSetWhy;
use countersign_events::id::{AccountId, StreamId};
use countersign_events::operator::{self, OperatorEvent};
use zeroize::Zeroizing;

use super::super::passwords::{judge_own, put_password};
use super::super::request::Call;
use super::super::{Accounts, Fault, Verdict};
use super::given_up;
use super::operators::Operator;
use crate::actors::account::{CONFLICTS_MAX, Entity, Halt, Request, Sealed};
use crate::domain::Command;
use crate::domain::refusal::Refusal;
use crate::handle::SetupToken;

impl Accounts {
    /// Sets an operator up: the first password, against the one-time token.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`], [`Refusal::WeakPassword`],
    /// [`Refusal::IdempotencyKeyReused`]; a [`Fault`].
    pub async fn set_up_operator(
        &self,
        call: &Call,
        token: SetupToken,
        password: Zeroizing<String>,
    ) -> Verdict<AccountId> {
        let account = token.account();
        let (history, now) = (self.operator_history(account).await?, self.log().now());
        match history.repeated(self.asked(call), now) {
            Err(refusal) => return Ok(Err(refusal)),
            Ok(Some(_)) => return Ok(Ok(account)),
            Ok(None) => {}
        }
        if !Operator::of(&history).takes(&token, now) {
            return Ok(Err(Refusal::AuthenticationFailed));
        }
        // Of its own, before the key is remembered: a better password may come under the same one.
        let judged = Judged { password: password.clone() };
        if let Err(refusal) = self.ask(StreamId::Account(account), judged).await? {
            return Ok(Err(refusal));
        }
        if let Err(refusal) = self.same_request(call).await? {
            return Ok(Err(refusal));
        }
        // The password first: if we crash here, the operator can sign in, and the token is dead all
        // the same, because an account takes a first password only once. Whoever comes with it
        // again is refused, and records what the crash left open.
        let request = FirstPassword { call: call.clone(), password };
        let first = self.ask(StreamId::Account(account), request).await?;
        if matches!(first, Ok(()) | Err(Refusal::AuthenticationFailed)) {
            self.record_set_up(call, account, first.is_ok()).await?;
        }
        Ok(first.map(|()| account))
    }

    /// Records that the password is there; under the request's key where it was this request's.
    async fn record_set_up(
        &self,
        call: &Call,
        account: AccountId,
        is_ours: bool,
    ) -> Result<(), Fault> {
        let idempotency = call.idempotency.clone().filter(|_| is_ours);
        let call = Call { idempotency, ..call.clone() };
        for _ in 0..CONFLICTS_MAX {
            let history = self.operator_history(account).await?;
            if Operator::of(&history).set_up {
                return Ok(());
            }
            let id = self.log().event_id()?;
            let used = OperatorEvent::SetUp(operator::SetUp {});
            if self.record_operator(&call, account, history.head, id, &used).await? {
                return Ok(());
            }
        }
        Err(given_up(StreamId::Operator(account)))
    }
}

/// Whether the account may have this password.
struct Judged {
    password: Zeroizing<String>,
}

impl Request for Judged {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        entity.load().await?;
        judge_own(entity, &self.password).await
    }
}

/// Sets the first password of an account that has none.
struct FirstPassword {
    call: Call,
    password: Zeroizing<String>,
}

impl Request for FirstPassword {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        let begun = entity.begin(&self.call).await?;
        if begun.repeated.is_some() {
            return Ok(());
        }
        // An operator who was let in anew had one, which has ended.
        let why = match entity.open()?.has_had_password() {
            true => PasswordSetWhy::LetInAnew,
            false => PasswordSetWhy::Initial,
        };
        let version = put_password(entity, &self.password).await?;
        let command = Command::SetPassword { version, why };
        entity.decide(&self.call, &command, Sealed::default(), Some(&begun.mint)).await?;
        Ok(())
    }
}
