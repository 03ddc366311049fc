//! What the log says of the machine's clock: that it was set, what it meant at the last start, and
//! that an operator takes it for right (SR-097).
//!
//! An alarm tells the time and what the clock showed; one where both are the same says that the
//! clock is right.

use countersign_events::entry::Entry;
use countersign_events::id::{Revision, StreamId};
use countersign_events::log_event::{ClockAlarm, LogEvent};
use jiff::{SignedDuration, Timestamp};

use super::Log;
use crate::accounts::Fault;
use crate::clock::{STEP_MIN, Set};

/// A log that nothing was added to for longer has its reader look at the clock.
const QUIET_MAX: SignedDuration = SignedDuration::from_hours(24);

impl Log {
    /// Records every setting of the machine's clock that was noticed.
    ///
    /// # Errors
    /// [`Fault`] where it could not be recorded: until it is, nothing may be decided.
    pub async fn record_clock(&self) -> Result<(), Fault> {
        if self.clock.was_set().is_none() {
            return Ok(());
        }
        let _one_records = self.alarm.lock().await;
        while let Some(set) = self.clock.was_set() {
            self.alarm_of_clock(set).await?;
            self.clock.recorded();
        }
        Ok(())
    }

    /// Whether the machine's clock is not the time: one of the two is wrong, and nobody here knows
    /// which.
    #[must_use]
    pub fn clock_is_in_doubt(&self) -> bool {
        self.clock.shown().duration_since(self.clock.now()).abs() > STEP_MIN
    }

    /// The operator says that the machine's clock is right as it is, whatever it was set to.
    ///
    /// # Errors
    /// [`Fault`] where that could not be recorded, and where the clock is behind the log: time
    /// never goes back, for no wait would end until the clock has caught up.
    pub async fn accept_clock(&self) -> Result<(), Fault> {
        // Or else what was noticed before would be recorded after it, and hold.
        self.record_clock().await?;
        let (clock, time) = (self.clock.shown(), self.clock.now());
        if clock.duration_since(time).abs() <= STEP_MIN {
            tracing::warn!("no alarm stands: --accept-clock does nothing, and should not stay set");
            return Ok(());
        }
        if let Some(last) = self.last_at().await?.filter(|at| is_behind(clock, *at)) {
            return Err(Fault::Unavailable(format!(
                "the clock of this machine shows {clock}, and the last entry of the log is of \
                 {last}: time never goes back; start without --accept-clock, and the time goes on \
                 from there"
            )));
        }
        self.clock.resume(SignedDuration::ZERO);
        self.alarm_of_clock(Set { last_known: clock, clock }).await?;
        tracing::warn!(%clock, was = %time, "the clock of this machine is taken for right");
        Ok(())
    }

    /// Goes on by the time of the log: where the machine's clock was set and still shows it, time
    /// goes on as if it had not been. Of what the clock may mean, the earliest is taken that is not
    /// before the last entry. Where whatever it may mean is before that, it was set back while
    /// nobody looked: time goes on from the last entry, or else nothing of what is in the log would
    /// end until the clock has caught up.
    pub(super) async fn resume_clock(&self) -> Result<(), Fault> {
        let ahead = self.last_alarm().await?;
        let Some(last) = self.last_at().await? else { return Ok(()) };
        let shown = self.clock.shown();
        let means = |ahead: SignedDuration| shown.saturating_sub(ahead).unwrap_or(shown);
        let possible = [SignedDuration::ZERO, ahead].into_iter();
        let possible = possible.filter(|ahead| !is_behind(means(*ahead), last));
        match possible.min_by_key(|ahead| means(*ahead)) {
            Some(found) if found == ahead => {
                self.clock.resume(ahead);
                tell_how_it_stands(last, shown, ahead);
                Ok(())
            }
            Some(_) => {
                tracing::warn!(clock = %shown, "the clock of this machine is right again");
                self.alarm_of_clock(Set { last_known: shown, clock: shown }).await
            }
            None => {
                self.clock.resume(shown.duration_since(last));
                tracing::error!(
                    last_entry = %last, clock = %shown,
                    "the clock of this machine is behind the log, and the time goes on from its \
                     last entry: set the clock right"
                );
                self.alarm_of_clock(Set { last_known: last, clock: shown }).await
            }
        }
    }

    /// How far the clock is ahead by the last alarm; not at all by one that says it is right.
    async fn last_alarm(&self) -> Result<SignedDuration, Fault> {
        let mut ahead = SignedDuration::ZERO;
        for recorded in self.read_from(StreamId::Log, Revision::new(0)).await? {
            let entry = Entry::parse(&recorded.bytes)?;
            let event = LogEvent::decode(&entry.event_type, entry.version, entry.data.get())?;
            if let LogEvent::ClockAlarm(ClockAlarm { last_known, clock }) = event {
                ahead = clock.duration_since(last_known);
            }
        }
        Ok(ahead)
    }

    /// The time of the last entry of all.
    async fn last_at(&self) -> Result<Option<Timestamp>, Fault> {
        let Some(head) = self.store.head().await? else { return Ok(None) };
        match self.store.read_all(head, 1).await?.first() {
            Some(last) => Ok(Some(Entry::parse(&last.bytes)?.at)),
            None => Ok(None),
        }
    }

    async fn alarm_of_clock(&self, Set { last_known, clock }: Set) -> Result<(), Fault> {
        let head = self.head_of(StreamId::Log).await?;
        let alarm = LogEvent::ClockAlarm(ClockAlarm { last_known, clock });
        self.append_to_log_stream(alarm, head).await
    }
}

/// Whether a time is before one of the log by more than the accounts bear.
fn is_behind(time: Timestamp, last: Timestamp) -> bool {
    last.duration_since(time) > STEP_MIN
}

/// Says at a start what nobody can tell but the operator.
fn tell_how_it_stands(last: Timestamp, shown: Timestamp, ahead: SignedDuration) {
    if !ahead.is_zero() {
        tracing::error!(
            clock = %shown, ahead_seconds = ahead.as_secs(),
            "the clock of this machine is still what it was set to, and the time does not follow \
             it: set it right, or, where it is right now, restart once with --accept-clock"
        );
    } else if shown.duration_since(last) > QUIET_MAX {
        tracing::warn!(
            last_entry = %last, clock = %shown,
            "nothing was recorded for more than a day: what waited has ended by this machine's \
             clock; see that it is right"
        );
    }
}
