//! Who an account is: the personal data, opened when an answer or a mail needs it.
//!
//! It is never part of a state. It lies sealed beside the entry that brought it, and is opened
//! with the account's key from the vault; once that key is gone, nobody is there.

use countersign_events::entry::{Entry, SealClass, SealedPart, read_sealed};
use countersign_events::id::{AccountId, Revision, StreamId};
use countersign_events::store::Recorded;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Fault;
use super::request::{Call, Net};
use crate::actors::account::{Entity, Halt};
use crate::vault::Secrets;

/// The sealed part of `Registered`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The login, as typed at registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A client app's own name for the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What a client app wants the phone to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// The sealed part of `EnableRequested` and `FactorRenamed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactorName {
    pub(super) name: String,
}

/// The sealed part of what support does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Errand {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ticket: Option<String>,
    /// The new address, where another is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
}

impl Identity {
    /// What the phone shows beside the issuer.
    #[must_use]
    pub fn shown_name(&self) -> &str {
        let names = [&self.display_name, &self.login, &self.email, &self.subject];
        names.into_iter().flatten().next().map_or("account", String::as_str)
    }
}

/// Seals personal data under an account's key.
pub(super) async fn seal_pii<T: Serialize + Sync>(
    secrets: &Secrets,
    account: AccountId,
    part: &T,
) -> Result<SealedPart, Fault> {
    let plain = serde_json::to_vec(part).map_err(|error| Fault::Internal(error.to_string()))?;
    Ok(secrets.seal_pii(account, &plain).await?)
}

/// Seals where a request came from.
pub(super) async fn seal_net(entity: &Entity, call: &Call) -> Result<SealedPart, Fault> {
    seal_where(entity, &call.net).await
}

/// The same of a place that is known otherwise.
pub(super) async fn seal_where(entity: &Entity, net: &Net) -> Result<SealedPart, Fault> {
    let plain = serde_json::to_vec(net).map_err(|error| Fault::Internal(error.to_string()))?;
    Ok(entity.services.secrets.seal_net(entity.stream, entity.now(), &plain).await?)
}

/// Opens the personal data beside an entry; `None` where there is none or its key is gone.
pub(super) async fn open_pii<T: DeserializeOwned>(
    secrets: &Secrets,
    account: AccountId,
    recorded: &Recorded,
) -> Result<Option<T>, Fault> {
    let Some((key, ciphertext)) = sealed_part(recorded, SealClass::Pii)? else { return Ok(None) };
    let opened = secrets.open_pii(account, &key, &ciphertext).await?;
    Ok(opened.and_then(|plain| serde_json::from_slice(&plain).ok()))
}

/// Opens the address and user agent beside an entry; `None` where there is none, or its key or the
/// salt of its month is gone.
pub(super) async fn open_net(
    secrets: &Secrets,
    stream: StreamId,
    recorded: &Recorded,
) -> Result<Option<Net>, Fault> {
    let Some((key, ciphertext)) = sealed_part(recorded, SealClass::Net)? else { return Ok(None) };
    let opened = secrets.open_net(stream, &key, &ciphertext).await?;
    Ok(opened.and_then(|plain| serde_json::from_slice(&plain).ok()))
}

fn sealed_part(recorded: &Recorded, class: SealClass) -> Result<Option<(String, Vec<u8>)>, Fault> {
    let Some(stored) = &recorded.sealed else { return Ok(None) };
    let entry = Entry::parse(&recorded.bytes)?;
    let Some(reference) = entry.sealed.get(&class) else { return Ok(None) };
    Ok(read_sealed(stored, class)?.map(|ciphertext| (reference.key.clone(), ciphertext)))
}

impl Entity {
    /// The entry of this account at a revision.
    pub(super) async fn entry_at(&self, revision: Revision) -> Result<Recorded, Halt> {
        let entries = self.services.log.store().read_stream(self.stream, revision, 1).await?;
        let missing = || Fault::FailsClosed(format!("{} lacks revision {revision}", self.stream));
        Ok(entries.into_iter().next().ok_or_else(missing)?)
    }

    /// Where an entry came from, as long as that is kept.
    pub(super) async fn net_of(&self, revision: Revision) -> Result<Option<Net>, Halt> {
        let recorded = self.entry_at(revision).await?;
        Ok(open_net(&self.services.secrets, self.stream, &recorded).await?)
    }

    /// Who this account is; nobody, once its key is gone.
    pub(super) async fn identity(&self) -> Result<Identity, Halt> {
        let recorded = self.entry_at(self.open()?.identity_at).await?;
        let identity = open_pii(&self.services.secrets, self.id()?, &recorded).await?;
        Ok(identity.unwrap_or_default())
    }

    /// The name of an authenticator, from the entry that gave it.
    pub(super) async fn factor_name(&self, named_at: Revision) -> Result<String, Halt> {
        let recorded = self.entry_at(named_at).await?;
        let name: Option<FactorName> =
            open_pii(&self.services.secrets, self.id()?, &recorded).await?;
        Ok(name.map(|name| name.name).unwrap_or_default())
    }
}
