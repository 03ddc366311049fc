//! The policy, by those who may set it.

use super::super::request::Call;
use super::super::{Accounts, Fault, Verdict};
use crate::actors::policy::{self, Loosened, PolicyRecord};
use crate::domain::policy::Policy;
use crate::domain::refusal::Refusal;

impl From<Loosened> for Refusal {
    fn from(loosened: Loosened) -> Self {
        Self::Invalid { field: "settings", reason: loosened.to_string() }
    }
}

impl Accounts {
    /// Every version of the policy, the first first; the last is in force.
    ///
    /// # Errors
    /// A [`Fault`].
    pub async fn policy_versions(&self, _call: &Call) -> Verdict<Vec<PolicyRecord>> {
        Ok(Ok(policy::versions(self.log()).await?))
    }

    /// Puts a policy in force, at once and for everybody; the one that is in force already is left
    /// as it is. Gives the version that is in force then.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] where it is looser than the standard at a risk that nobody accepts; a
    /// [`Fault`].
    pub async fn set_policy(
        &self,
        call: &Call,
        wanted: &Policy,
        accepts_risk: bool,
    ) -> Verdict<PolicyRecord> {
        let (log, shared) = (self.log(), &self.services.policy);
        let (by, correlation) = (&call.by, call.correlation);
        let set = policy::put_in_force(log, shared, by, correlation, wanted, accepts_risk);
        let set: Result<_, Fault> = set.await;
        Ok(set?.map_err(Refusal::from))
    }
}
