//! The frame of a request that is decided once: asked again with its idempotency key, it is
//! answered from the events that it led to.
//!
//! Who asks is checked before anything is answered, the first time and every other: a token that
//! has died since gets nothing out of the key that it once used.

use countersign_events::id::HandleHash;

use super::request::Call;
use super::sign_in::session_opened;
use crate::actors::account::{Batch, Begun, Entity, Halt, Mint};

impl Entity {
    /// What a request led to when it was asked before, or else what it leads to now; and the mint
    /// of what is given out for it, which is the same both times.
    ///
    /// # Errors
    /// What [`Entity::begin`] and `decide` give.
    pub(super) async fn once(
        &mut self,
        call: &Call,
        decide: impl AsyncFnOnce(&mut Self, &Mint) -> Result<Batch, Halt>,
    ) -> Result<(Batch, Mint), Halt> {
        let Begun { mint, repeated } = self.begin(call).await?;
        let batch = match repeated {
            Some(batch) => batch,
            None => decide(self, &mint).await?,
        };
        Ok((batch, mint))
    }

    /// Begins a request that gives a session another token.
    ///
    /// Asked again, it comes with a token that it has itself replaced: what must be alive is the
    /// session that it led to.
    ///
    /// # Errors
    /// What [`Entity::begin`] and [`Entity::session`] give.
    pub(super) async fn begin_replacing(
        &mut self,
        call: &Call,
        session: HandleHash,
    ) -> Result<Begun, Halt> {
        let begun = self.begin(call).await?;
        let led_to = begun.repeated.as_ref().and_then(session_opened);
        let session = led_to.map_or(session, |opened| opened.session);
        self.session(call, session).await?;
        Ok(begun)
    }

    /// Begins a request of whoever holds a session, and checks that it is alive; a client app has
    /// none.
    ///
    /// # Errors
    /// What [`Entity::begin`] and [`Entity::session`] give.
    pub(super) async fn begin_within(
        &mut self,
        call: &Call,
        session: Option<HandleHash>,
    ) -> Result<Begun, Halt> {
        let begun = self.begin(call).await?;
        if let Some(session) = session {
            self.session(call, session).await?;
        }
        Ok(begun)
    }
}
