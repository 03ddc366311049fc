//! The trace of an act that was refused: who tries what nobody of that role may is to be seen.

use countersign_events::id::{AccountId, StreamId};
use countersign_events::operator::{ActRefused, OperatorEvent, RefusedWhy};
use jiff::{SignedDuration, Timestamp};

use super::super::request::Call;
use super::super::{Accounts, Fault};
use super::given_up;
use crate::actors::account::CONFLICTS_MAX;

/// It is told of one account at most this often.
const TOLD_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// And at most so often of one operator within that time: the stream is read at every request.
const TOLD_MAX: usize = 20;

impl Accounts {
    /// Records that an operator was refused an act on an account, and why (SR-126).
    pub(in crate::accounts) async fn act_refused(
        &self,
        call: &Call,
        operator: AccountId,
        (account, why): (AccountId, RefusedWhy),
    ) -> Result<(), Fault> {
        tracing::warn!(%operator, %account, ?why, "an operator was refused an act");
        let since = self.log().now().saturating_sub(TOLD_EVERY).unwrap_or(Timestamp::MIN);
        let refused = ActRefused { account, why };
        let unkeyed = Call { idempotency: None, ..call.clone() };
        for _ in 0..CONFLICTS_MAX {
            let history = self.operator_history(operator).await?;
            let lately = history.events.iter().filter(|told| told.at > since);
            let lately: Vec<&ActRefused> = lately
                .filter_map(|told| match &told.event {
                    OperatorEvent::ActRefused(it) => Some(it),
                    _ => None,
                })
                .collect();
            if lately.len() >= TOLD_MAX || lately.contains(&&refused) {
                return Ok(());
            }
            let (id, event) = (self.log().event_id()?, OperatorEvent::ActRefused(refused.clone()));
            if self.record_operator(&unkeyed, operator, history.head, id, &event).await? {
                return Ok(());
            }
        }
        Err(given_up(StreamId::Operator(operator)))
    }
}
