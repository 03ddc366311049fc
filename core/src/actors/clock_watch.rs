//! Watches the clock of the machine: one that is set raises an alarm, and ends no cap (SR-097).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_events::catalogue::DecodeError;
use countersign_events::entry::Entry;
use countersign_events::id::Revision;
use countersign_events::log_event::{ClockAlarm, LogEvent};
use countersign_events::store::Recorded;
use jiff::{SignedDuration, Timestamp};

use crate::accounts::Fault;
use crate::clock::Clock;
use crate::domain::clock_step::{ClockSteps, STEP_MIN};

/// Compares what the clock shows with the time that passed.
pub(super) struct ClockWatch {
    seen: Mutex<Seen>,
    /// Held by the one who records an alarm.
    writing: tokio::sync::Mutex<()>,
}

struct Seen {
    /// What the clock showed when that much time had passed.
    anchor: (Timestamp, Duration),
    steps: Arc<ClockSteps>,
}

impl ClockWatch {
    pub(super) fn new(clock: &dyn Clock) -> Self {
        let (anchor, steps) = ((clock.now(), clock.steady()), Arc::default());
        Self { seen: Mutex::new(Seen { anchor, steps }), writing: tokio::sync::Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be recorded, where the clock was set by more than [`STEP_MIN`].
    pub(super) fn alarm(&self, clock: &dyn Clock) -> Option<ClockAlarm> {
        let (shown, passed) = self.seen().anchor;
        let since = SignedDuration::try_from(clock.steady().saturating_sub(passed)).ok()?;
        let last_known = shown.saturating_add(since).ok()?;
        let clock = clock.now();
        let off_by = clock.duration_since(last_known);
        (off_by.abs() > STEP_MIN).then_some(ClockAlarm { last_known, clock })
    }

    /// Whoever holds this records the alarm.
    pub(super) async fn writing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.writing.lock().await
    }

    /// An alarm is in the log: from now on the clock is right as it is.
    pub(super) fn recorded(&self, revision: Revision, alarm: &ClockAlarm, clock: &dyn Clock) {
        let ClockAlarm { last_known, clock: shows } = *alarm;
        tracing::error!(%last_known, %shows, "the clock of this machine was set");
        metrics::counter!("countersign_clock_alarms_total").increment(1);
        self.seen().anchor = (clock.now(), clock.steady());
        self.take(revision, alarm);
    }

    /// Takes an entry of the log's own stream, read when the log was opened.
    pub(super) fn recall(&self, recorded: &Recorded) -> Result<(), Fault> {
        let entry = Entry::parse(&recorded.bytes)?;
        let event: Result<_, DecodeError> =
            LogEvent::decode(&entry.event_type, entry.version, entry.data.get());
        if let LogEvent::ClockAlarm(alarm) = event? {
            self.take(recorded.revision, &alarm);
        }
        Ok(())
    }

    fn take(&self, revision: Revision, alarm: &ClockAlarm) {
        Arc::make_mut(&mut self.seen().steps).take(revision, alarm);
    }

    /// The steps that are to be reckoned with.
    pub(super) fn steps(&self) -> Arc<ClockSteps> {
        Arc::clone(&self.seen().steps)
    }
}
