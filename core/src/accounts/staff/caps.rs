//! How often one operator may act on others: so many in a span, counted from the log.
//!
//! What is counted are the events that acts leave: those that the read model has, and those of this
//! process that it may not have yet. So a read model that stands still lets nothing through, and
//! stops nobody (SR-103). The acts of one operator are judged one after another, so that of many at
//! once no more get through than the cap allows; that is a queue within this process, so that on a
//! shared store each node lets one more through at the worst.
//!
//! The first refusal in a span is an event of the operator's stream and a warning in the server's
//! own log, and once a day a mail to all admins: an operator who is at a cap is very busy,
//! fooled, or bought (SR-125, SR-128).

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_events::id::{AccountId, CorrelationId, StreamId};
use countersign_events::operator::{self, Cap, OperatorEvent};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::super::request::Call;
use super::super::{Accounts, Fault, Verdict};
use super::given_up;
use crate::actors::account::CONFLICTS_MAX;
use crate::domain::policy::StaffCaps;
use crate::domain::refusal::Refusal;
use crate::projections::support::{ACTS_SPAN, ActKind};

/// Queues that operators are spread over.
const QUEUES: usize = 16;

/// Admins are told of an operator at a cap at most this often.
const TOLD_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// When requests were done, by their ids.
type Done = BTreeMap<CorrelationId, Timestamp>;
/// The acts of this process, by operator and kind, as far back as caps look.
type Recent = BTreeMap<(AccountId, ActKind), Done>;

/// The queues in which acts are judged, each with what was done of it here.
#[derive(Debug, Clone, Default)]
pub(in crate::accounts) struct Queues([Arc<Mutex<Recent>>; QUEUES]);

/// An operator's turn: nobody else of the same queue is judged meanwhile.
#[derive(Debug)]
pub(in crate::accounts) struct Place(OwnedMutexGuard<Recent>);

/// The right to act now: held until the act is recorded.
#[derive(Debug)]
pub(in crate::accounts) struct Turn {
    recent: OwnedMutexGuard<Recent>,
    act: (AccountId, ActKind),
    request: CorrelationId,
    at: Timestamp,
}

impl Queues {
    /// Waits for this operator's turn.
    pub(in crate::accounts) async fn turn_of(&self, operator: AccountId) -> Place {
        let place = usize::from(operator.uuid().as_bytes()[0]) % QUEUES;
        let queue = self.0.get(place).cloned().unwrap_or_default();
        Place(queue.lock_owned().await)
    }
}

impl Turn {
    /// The act is recorded: it counts from now on, also before the read model has it.
    pub(in crate::accounts) fn done(mut self) {
        let done = self.recent.entry(self.act).or_default();
        let forgotten = self.at.saturating_sub(ACTS_SPAN).unwrap_or(Timestamp::MIN);
        done.retain(|_, at| forgotten < *at);
        done.insert(self.request, self.at);
    }
}

/// How many of these are allowed, in which span, and under which name it is told.
const fn allowed(kind: ActKind, caps: StaffCaps) -> (u32, SignedDuration, Cap) {
    const HOUR: SignedDuration = SignedDuration::from_hours(1);
    const DAY: SignedDuration = SignedDuration::from_hours(24);
    match kind {
        ActKind::Search => (caps.searches_per_hour, HOUR, Cap::Searches),
        ActKind::Look => (caps.looks_per_hour, HOUR, Cap::Looks),
        ActKind::Reset => (caps.resets_per_day, DAY, Cap::Resets),
        ActKind::RemovalAsked => (caps.removals_per_day, DAY, Cap::RemovalsAsked),
        ActKind::RemovalApproved => (caps.removals_per_day, DAY, Cap::RemovalsApproved),
        ActKind::Hold => (caps.holds_per_day, DAY, Cap::Suspensions),
    }
}

impl Accounts {
    /// Waits for this operator's turn, and judges whether one more act of this kind is within its
    /// cap.
    ///
    /// # Errors
    /// [`Refusal::TooManyRequests`] at the cap; a [`Fault`].
    pub(in crate::accounts) async fn within_cap(
        &self,
        call: &Call,
        operator: AccountId,
        kind: ActKind,
    ) -> Verdict<Turn> {
        let place = self.queues.turn_of(operator).await;
        self.judged(call, (operator, kind), place).await
    }

    /// Judges the same of an operator whose turn it is.
    ///
    /// # Errors
    /// [`Refusal::TooManyRequests`] at the cap; a [`Fault`].
    pub(in crate::accounts) async fn judged(
        &self,
        call: &Call,
        (operator, kind): (AccountId, ActKind),
        Place(recent): Place,
    ) -> Verdict<Turn> {
        // For what another node did; what this one did is known without.
        self.caught_up().await?;
        let (most, span, cap) = allowed(kind, self.policy().staff_caps);
        let now = self.log().now();
        let since = now.saturating_sub(span).unwrap_or(Timestamp::MIN);
        let mut acts: Done = self.read_model().acts_since(operator, kind, since)?;
        let here = recent.get(&(operator, kind)).into_iter().flatten();
        acts.extend(here.filter(|(_, at)| since < **at).map(|(request, at)| (*request, *at)));
        let beyond = acts.len().checked_sub(usize::try_from(most).unwrap_or(usize::MAX));
        let Some(beyond) = beyond else {
            let (act, request) = ((operator, kind), call.correlation);
            return Ok(Ok(Turn { recent, act, request, at: now }));
        };
        let mut acts: Vec<Timestamp> = acts.into_values().collect();
        acts.sort_unstable();
        self.alert(call, operator, (cap, most), since).await?;
        let first = acts.get(beyond).copied().unwrap_or(now);
        let retry_at = first.saturating_add(span).unwrap_or(Timestamp::MAX);
        Ok(Err(Refusal::TooManyRequests { retry_at }))
    }

    /// Records that a cap was reached, once in its span; all admins are told once in 24 hours.
    async fn alert(
        &self,
        call: &Call,
        operator: AccountId,
        (cap, most): (Cap, u32),
        since: Timestamp,
    ) -> Result<(), Fault> {
        tracing::warn!(%operator, ?cap, most, "an operator reached a cap");
        let a_day_ago = self.log().now().saturating_sub(TOLD_EVERY).unwrap_or(Timestamp::MIN);
        let unkeyed = Call { idempotency: None, ..call.clone() };
        for _ in 0..CONFLICTS_MAX {
            let history = self.operator_history(operator).await?;
            let earlier = history.events.iter().filter_map(|told| match &told.event {
                OperatorEvent::CapReached(it) if it.cap == cap => Some((told.at, it.tells_admins)),
                _ => None,
            });
            if earlier.clone().any(|(at, _)| at > since) {
                return Ok(());
            }
            let tells_admins = !earlier.into_iter().any(|(at, told)| told && at > a_day_ago);
            let reached = operator::CapReached { cap, most, tells_admins };
            let reached = OperatorEvent::CapReached(reached);
            let id = self.log().event_id()?;
            if self.record_operator(&unkeyed, operator, history.head, id, &reached).await? {
                return Ok(());
            }
        }
        Err(given_up(StreamId::Operator(operator)))
    }
}
