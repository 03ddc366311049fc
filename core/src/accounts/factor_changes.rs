//! Authenticators: renamed, removed; recovery codes, made anew.
//!
//! A secret is destroyed only after the event that gives it up.

use std::sync::Arc;

use countersign_events::id::{FactorId, HandleHash};

use super::answer::{FactorView, RecoveryCodes};
use super::factors::{check_name, view_of};
use super::identity::{FactorName, seal_pii};
use super::request::{Asker, Call};
use super::{Accounts, Verdict};
use crate::actors::account::{Entity, Halt, Request, Sealed};
use crate::domain::Command;
use crate::domain::refusal::Refusal;
use crate::handle::SessionToken;
use crate::vault::SecretKind;

impl Accounts {
    /// Renames an authenticator.
    ///
    /// # Errors
    /// [`Refusal::StepUpRequired`], [`Refusal::NotFound`], [`Refusal::NoSession`],
    /// [`Refusal::Invalid`]; a [`Fault`](super::Fault).
    pub async fn rename_factor(
        &self,
        call: &Call,
        asker: Asker,
        factor: FactorId,
        name: String,
    ) -> Verdict<FactorView> {
        if let Err(refusal) = check_name(&name) {
            return Ok(Err(refusal));
        }
        self.ask_as(asker, |token| Rename { call: call.clone(), token, factor, name }).await
    }

    /// Removes an authenticator; the last one switches the second factor off.
    ///
    /// # Errors
    /// [`Refusal::StepUpRequired`], [`Refusal::NotFound`], [`Refusal::NoSession`]; a
    /// [`Fault`](super::Fault).
    pub async fn remove_factor(&self, call: &Call, asker: Asker, factor: FactorId) -> Verdict<()> {
        self.ask_as(asker, |token| Remove { call: call.clone(), token, factor }).await
    }

    /// Issues new recovery codes; the old set is dead.
    ///
    /// # Errors
    /// [`Refusal::StepUpRequired`], [`Refusal::NotFound`], [`Refusal::NoSession`]; a
    /// [`Fault`](super::Fault).
    pub async fn new_recovery_codes(&self, call: &Call, asker: Asker) -> Verdict<RecoveryCodes> {
        self.ask_as(asker, |token| NewRecoveryCodes { call: call.clone(), token }).await
    }
}

/// The session of a request that only a holder may make.
pub(super) fn holder(token: Option<&SessionToken>) -> Result<HandleHash, Refusal> {
    token.map(SessionToken::hash).ok_or(Refusal::Forbidden("only the holder may do this"))
}

struct Rename {
    call: Call,
    token: Option<SessionToken>,
    factor: FactorId,
    name: String,
}

impl Request for Rename {
    type Answer = FactorView;

    async fn perform(&self, entity: &mut Entity) -> Result<FactorView, Halt> {
        let session = holder(self.token.as_ref())?;
        let begun = entity.begin_within(&self.call, Some(session)).await?;
        if begun.repeated.is_none() {
            let command = Command::RenameFactor { session, factor: self.factor };
            entity.rehearse(&self.call, &command)?;
            let name = FactorName { name: self.name.clone() };
            let pii = seal_pii(&entity.services.secrets, entity.id()?, &name).await?;
            let sealed = Sealed { pii: Some(pii), net: None };
            entity.decide(&self.call, &command, sealed, Some(&begun.mint)).await?;
        }
        view_of(entity, self.factor).await
    }
}

struct Remove {
    call: Call,
    token: Option<SessionToken>,
    factor: FactorId,
}

impl Request for Remove {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        let session = holder(self.token.as_ref())?;
        let begun = entity.begin_within(&self.call, Some(session)).await?;
        if begun.repeated.is_some() {
            return Ok(());
        }
        let secret = entity.open()?.factors.get(&self.factor).map(|factor| factor.secret);
        let command = Command::RemoveFactor { session, factor: self.factor };
        entity.decide(&self.call, &command, Sealed::default(), Some(&begun.mint)).await?;
        if let Some(secret) = secret {
            entity.destroy(entity.id()?, SecretKind::Totp, secret).await;
        }
        Ok(())
    }
}

struct NewRecoveryCodes {
    call: Call,
    token: Option<SessionToken>,
}

impl Request for NewRecoveryCodes {
    type Answer = RecoveryCodes;

    async fn perform(&self, entity: &mut Entity) -> Result<RecoveryCodes, Halt> {
        let session = holder(self.token.as_ref())?;
        let begun = entity.begin_within(&self.call, Some(session)).await?;
        let (services, account) = (Arc::clone(&entity.services), entity.id()?);
        let recovery = begun.mint.recovery(&services.secrets, services.log.entropy(), account)?;
        if begun.repeated.is_none() {
            let command = Command::ReplaceRecoveryCodes { session, minted: recovery.minted };
            entity.decide(&self.call, &command, Sealed::default(), Some(&begun.mint)).await?;
        }
        Ok(recovery.codes)
    }
}
