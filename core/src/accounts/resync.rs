//! An authenticator whose clock is off: found again by two codes in a row (SR-018).

use countersign_events::account::{AccountEvent, Method};
use countersign_events::id::{FactorId, HandleHash};
use zeroize::Zeroizing;

use super::answer::FactorView;
use super::factors::view_with_clock;
use super::proof::generator_of;
use super::request::{Asker, Call};
use super::{Accounts, Fault, Verdict};
use crate::actors::account::{Batch, Entity, Halt, Mint, Request, Sealed};
use crate::domain::Command;
use crate::domain::command::Context;
use crate::domain::decide::resynchronisable;
use crate::domain::refusal::Refusal;
use crate::domain::totp::ComparedTwo;
use crate::handle::SessionToken;

/// Two codes of six digits, in the order in which they were shown.
#[derive(Clone)]
pub struct TwoCodes {
    /// The first.
    pub first: Zeroizing<String>,
    /// The one after it.
    pub second: Zeroizing<String>,
}

impl Accounts {
    /// Finds out where an authenticator's clock is, by two codes in a row.
    ///
    /// # Errors
    /// [`Refusal::NoSession`], [`Refusal::NotFound`]; [`Refusal::StepUpRequired`] where no second
    /// factor but this one was proven a short while ago; [`Refusal::AuthenticationFailed`] for
    /// codes that are not two in a row, or used; [`Refusal::TooManyRequests`]; a
    /// [`Fault`], also while the machine's clock is in doubt.
    pub async fn resync_factor(
        &self,
        call: &Call,
        asker: Asker,
        factor: FactorId,
        codes: TwoCodes,
    ) -> Verdict<FactorView> {
        let request = |token| Resync { call: call.clone(), token, factor, codes };
        self.ask_as(asker, request).await
    }
}

struct Resync {
    call: Call,
    token: Option<SessionToken>,
    factor: FactorId,
    codes: TwoCodes,
}

impl Request for Resync {
    type Answer = FactorView;

    async fn perform(&self, entity: &mut Entity) -> Result<FactorView, Halt> {
        let session = super::factor_changes::holder(self.token.as_ref())?;
        let begun = entity.begin_within(&self.call, Some(session)).await?;
        let batch = match begun.repeated {
            Some(batch) => batch,
            None => self.decide(entity, session, &begun.mint).await?,
        };
        let resynced = batch.find(|event| match event {
            AccountEvent::FactorResynced(_) => Some(()),
            _ => None,
        });
        resynced.ok_or(Refusal::AuthenticationFailed)?;
        view_with_clock(entity, self.factor).await
    }
}

impl Resync {
    async fn decide(
        &self,
        entity: &mut Entity,
        session: HandleHash,
        mint: &Mint,
    ) -> Result<Batch, Halt> {
        // What a clock that may be wrong is off by must not be learned of a phone that is right.
        if entity.services.log.clock_is_in_doubt() {
            let why = "the machine's clock was set: where a phone's clock is cannot be told";
            return Err(Fault::Unavailable(why.to_owned()).into());
        }
        let secret = {
            let (now, policy) = (entity.now(), entity.policy());
            let context = Context { now, policy, refused: &[].into(), device: None };
            resynchronisable(entity.account(), session, self.factor, &context)?.secret
        };
        let leave = entity.admit_guess(&self.call, Method::Totp, Some(session)).await?;
        let (generator, seconds) = generator_of(entity, &leave, secret).await?;
        let codes = (self.codes.first.as_str(), self.codes.second.as_str());
        let compared: ComparedTwo = generator.compare_two(self.factor, codes, seconds);
        let command = Command::ResyncFactor { session, compared };
        entity.decide(&self.call, &command, Sealed::default(), Some(mint)).await
    }
}
