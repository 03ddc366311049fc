//! What a client app is told about a sign-in, in a form that it verifies by itself.
//!
//! An app that began a sign-in with its word for the password gets an assertion when the session
//! starts. Everything in it is read from entries of the log, so that a repeated request is given
//! the same one.

use countersign_events::account::{AccountEvent, SessionOpened};
use countersign_events::actor::By;
use countersign_events::entry::Entry;
use countersign_events::id::{ClientId, Revision};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::identity::open_pii;
use super::{Accounts, Fault};
use crate::actors::account::{Batch, Entity, Halt};
use crate::assertion::{self, Claims, PublicKey};
use crate::domain::refusal::Refusal;

/// The sealed part of `FirstFactorVouched`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vouch {
    pub(super) nonce: String,
}

/// What an assertion says besides who says it and of whom.
pub(super) struct Asserted<'a> {
    pub(super) client: ClientId,
    pub(super) at: Timestamp,
    pub(super) auth_time: Timestamp,
    pub(super) assurance: countersign_events::account::Assurance,
    pub(super) amr: &'a [String],
    pub(super) nonce: Option<String>,
    pub(super) at_hash: Option<String>,
}

impl Accounts {
    /// The keys that apps verify assertions with.
    ///
    /// # Errors
    /// A [`Fault`] never in practice.
    pub fn assertion_keys(&self) -> Result<Vec<PublicKey>, Fault> {
        Ok(self.secrets().assertion_keys(self.log().now())?)
    }
}

impl Entity {
    /// The assertion of a session that just started, where a client app began the sign-in.
    pub(super) async fn assertion(
        &self,
        batch: &Batch,
        opened: &SessionOpened,
    ) -> Result<Option<String>, Halt> {
        let Some(first) = batch.0.first() else { return Ok(None) };
        let begins = |event: &AccountEvent| matches!(event, AccountEvent::FirstFactorVouched(_));
        let began = batch.0.iter().find(|stamped| begins(&stamped.event));
        let vouched_in = opened.vouched_in.or(began.map(|stamped| stamped.revision));
        let Some(vouched_in) = vouched_in else { return Ok(None) };
        let Some((client, nonce)) = self.vouch(vouched_in).await? else { return Ok(None) };
        let asserted = Asserted {
            client,
            at: first.at,
            auth_time: first.at,
            assurance: opened.assurance,
            amr: &opened.amr,
            nonce,
            at_hash: None,
        };
        self.assert(asserted).map(Some)
    }

    /// Signs what an app is told.
    pub(super) fn assert(&self, asserted: Asserted<'_>) -> Result<String, Halt> {
        let (iat, exp) = Claims::times(asserted.at);
        let claims = Claims {
            iss: self.services.public_url.clone(),
            sub: self.id()?.to_string(),
            aud: asserted.client.to_string(),
            iat,
            exp,
            auth_time: asserted.auth_time.as_second(),
            acr: assertion::acr(asserted.assurance).to_owned(),
            amr: asserted.amr.to_vec(),
            nonce: asserted.nonce,
            at_hash: asserted.at_hash,
        };
        let key = self.services.secrets.assertion_key(asserted.at).map_err(Fault::from)?;
        key.sign(&claims).map_err(|error| Fault::Internal(error.to_string()).into())
    }

    /// Which app vouched in an entry, and the nonce that it wants told back.
    async fn vouch(
        &self,
        vouched_in: Revision,
    ) -> Result<Option<(ClientId, Option<String>)>, Halt> {
        let recorded = self.entry_at(vouched_in).await?;
        let entry = Entry::parse(&recorded.bytes).map_err(Fault::from)?;
        let (by, at) = (entry.by.clone(), entry.at);
        let By::Client { id } = by else { return Ok(None) };
        // Nobody is told what came of the word of an app that does not stand by it any more.
        if !self.stands_by(at).await? {
            return Err(Refusal::AuthenticationFailed.into());
        }
        let vouch: Option<Vouch> = open_pii(&self.services.secrets, self.id()?, &recorded).await?;
        Ok(Some((id, vouch.map(|vouch| vouch.nonce))))
    }
}
