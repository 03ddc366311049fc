//! Another address, for who has lost the mailbox: asked for by support. It waits, is approved,
//! given up and done as [`removals`](super::removals) are.

use countersign_events::id::{AccountId, Revision};

use super::answer::RemovalActed;
use super::identity::{Errand, Identity, open_pii, seal_pii};
use super::registration::check_email;
use super::request::{AskAddressChange, Call};
use super::{Accounts, Verdict};
use crate::actors::account::{Entity, Halt, Sealed};
use crate::domain::Command;
use crate::domain::command::AskRemoval;
use crate::domain::refusal::Refusal;
use crate::handle::SessionToken;
use crate::projections::support::ActKind;

impl Accounts {
    /// Asks for another address. Both are told of it at once.
    ///
    /// # Errors
    /// What every act is refused for; [`Refusal::Invalid`] for what is no address, or the present
    /// one, [`Refusal::NotFound`] where there is none, [`Refusal::Conflict`] where something waits
    /// already, [`Refusal::TooManyRequests`] where it was changed too often lately; a
    /// [`Fault`](super::Fault).
    pub async fn ask_address_change(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        ask: AskAddressChange,
    ) -> Verdict<RemovalActed> {
        let AskAddressChange { email, proof, act } = ask;
        if let Err(refusal) = check_email(&email) {
            return Ok(Err(refusal));
        }
        let of_operator = self.role_of(account).await?.is_some();
        let (address, in_person) = (true, false);
        let ask = AskRemoval { factor: None, address, proof, in_person, of_operator };
        let command = (Command::AskRemoval(ask), Some(ActKind::RemovalAsked));
        self.on_removal(call, operator, account, (act, Some(email)), command).await
    }
}

/// Demands that an address that is asked for is another than the present one.
pub(super) async fn is_another(entity: &mut Entity, email: Option<&str>) -> Result<(), Halt> {
    let Some(email) = email else { return Ok(()) };
    entity.load().await?;
    match entity.identity().await?.email {
        Some(present) if present == email => {
            let reason = "that is the present address".to_owned();
            Err(Refusal::Invalid { field: "email", reason }.into())
        }
        _ => Ok(()),
    }
}

/// Who the account is with the address that was asked for, sealed anew.
pub(super) async fn with_address(entity: &Entity, asked_in: Revision) -> Result<Sealed, Halt> {
    let (secrets, account) = (&entity.services.secrets, entity.id()?);
    let recorded = entity.entry_at(asked_in).await?;
    let errand: Option<Errand> = open_pii(secrets, account, &recorded).await?;
    let email = errand.and_then(|errand| errand.email).ok_or(Refusal::NotFound("address"))?;
    let identity = Identity { email: Some(email), ..entity.identity().await? };
    Ok(Sealed { pii: Some(seal_pii(secrets, account, &identity).await?), net: None })
}
