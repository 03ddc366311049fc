//! What began on the word of a client app, and whether that still counts.
//!
//! Every sign-in and session of an account that an app made began with its word for the password.
//! They are worth what that is: nothing once the app is disabled, or a key of it was ended since
//! (SR-131). The account's own stream says nothing of it, so the app's is asked each time.

use countersign_events::id::HandleHash;
use jiff::Timestamp;

use super::Fault;
use crate::actors::account::{Entity, Halt};
use crate::domain::refusal::Refusal;

impl Entity {
    /// Whether an app's word of then still counts; nobody's is needed where no app made the
    /// account.
    ///
    /// # Errors
    /// A [`Fault`] where the app's stream does not read.
    pub(super) async fn stands_by(&self, vouched_at: Timestamp) -> Result<bool, Fault> {
        match self.account().open().and_then(|open| open.client) {
            Some(client) => self.services.stands_by(client, vouched_at).await,
            None => Ok(true),
        }
    }

    /// Demands it of a session.
    ///
    /// # Errors
    /// [`Refusal::NoSession`]; a [`Fault`].
    pub(crate) async fn demand_vouched_session(&self, session: HandleHash) -> Result<(), Halt> {
        let open = self.account().open().ok_or(Refusal::NoSession)?;
        let session = open.sessions.get(&session).ok_or(Refusal::NoSession)?;
        match self.stands_by(session.started_at).await? {
            true => Ok(()),
            false => Err(Refusal::NoSession.into()),
        }
    }

    /// Demands it of a sign-in, where there is one.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`]; a [`Fault`].
    pub(super) async fn demand_vouched_sign_in(&self, sign_in: HandleHash) -> Result<(), Halt> {
        let open = self.account().open();
        let Some(sign_in) = open.and_then(|open| open.sign_ins.get(&sign_in)) else {
            return Ok(());
        };
        match self.stands_by(sign_in.started_at).await? {
            true => Ok(()),
            false => Err(Refusal::AuthenticationFailed.into()),
        }
    }
}
