//! The password asked for again by a link of a mail, where guesses have closed it.

use countersign_events::account::AccountEvent;
use countersign_events::id::StreamId;

use super::answer::DeviceGiven;
use super::identity::seal_net;
use super::request::Call;
use super::{Accounts, Verdict};
use crate::actors::account::{Batch, Entity, Halt, Mint, Request, Sealed};
use crate::domain::Command;
use crate::domain::refusal::Refusal;
use crate::mail::link::{LinkKind, LinkToken};

impl Accounts {
    /// Has the password asked for again where it is closed to devices that are not known, by the
    /// link of the notice that said so. Nobody is signed in; a page of ours that asks has tries of
    /// its own for a while, by what is given.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`] for a link that is not, or no longer, good; a
    /// [`Fault`](super::Fault).
    pub async fn unlock_password(
        &self,
        call: &Call,
        link: LinkToken,
    ) -> Verdict<Option<DeviceGiven>> {
        if !link.is_genuine(self.secrets(), LinkKind::Unlock) {
            return Ok(Err(Refusal::AuthenticationFailed));
        }
        let stream = StreamId::Account(link.account());
        self.ask(stream, Unlock { call: call.clone(), link }).await
    }
}

struct Unlock {
    call: Call,
    link: LinkToken,
}

impl Request for Unlock {
    type Answer = Option<DeviceGiven>;

    async fn perform(&self, entity: &mut Entity) -> Result<Option<DeviceGiven>, Halt> {
        let unlocked = async |entity: &mut Entity, mint: &Mint| {
            let command = Command::UnlockPassword { cause: self.link.event() };
            entity.rehearse(&self.call, &command)?;
            let net = seal_net(entity, &self.call).await?;
            let sealed = Sealed { pii: None, net: Some(net) };
            entity.decide(&self.call, &command, sealed, Some(mint)).await
        };
        let (batch, mint) = entity.once(&self.call, unlocked).await?;
        browser_admitted(entity, &batch, &mint)
    }
}

/// What a browser holds from now on that was given tries of its own.
pub(super) fn browser_admitted(
    entity: &Entity,
    batch: &Batch,
    mint: &Mint,
) -> Result<Option<DeviceGiven>, Halt> {
    let admitted = batch.find(|event| match event {
        AccountEvent::PasswordUnlocked(unlocked) => unlocked.browser,
        _ => None,
    });
    let Some(admitted) = admitted else { return Ok(None) };
    let handle = mint.device(entity.id()?);
    Ok(Some(DeviceGiven { handle, expires_at: admitted.expires_at }))
}
