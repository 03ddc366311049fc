//! Reading a body that carries a code.
//!
//! What is no code is no guess: it is answered with 400 and no account counts it. Somebody still
//! tries, and the limits of where it came from hear of it (SR-010). Every route that takes a code
//! reads it here.

use countersign_core::accounts::With;
use countersign_events::actor::By;
use serde::de::DeserializeOwned;

use super::ask::Ask;
use super::problem::ProblemAnswer;

impl Ask {
    /// The body as `T`, whose code `check` finds well-formed. It came with a sign-in or a session;
    /// what came with neither, or from a client app, is nobody's try.
    pub(crate) async fn code<T: DeserializeOwned>(
        &self,
        with: Option<With>,
        check: impl FnOnce(&T) -> Result<(), ProblemAnswer>,
    ) -> Result<T, ProblemAnswer> {
        let read = self.json::<T>().and_then(|body| check(&body).map(|()| body));
        if let (Err(_), Some(with)) = (&read, with) {
            let call = self.call(By::Holder);
            self.verdict(self.accounts().malformed(&call, with).await)?;
        }
        read
    }

    /// The sign-in of the path, as what a code came with.
    pub(crate) fn with_sign_in(&self) -> Option<With> {
        self.sign_in().ok().map(With::SignIn)
    }

    /// The session of the bearer or cookie, as what a code came with.
    pub(crate) fn with_session(&self) -> Option<With> {
        self.session().ok().map(With::Session)
    }
}
