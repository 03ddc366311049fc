//! Live numbers, and how the log and its followers are. They name nobody.

use jiff::Timestamp;

use countersign_events::entry::Entry;
use countersign_events::id::Position;

use crate::accounts::answer::{HealthView, StatisticsView};
use crate::accounts::request::Window;
use crate::accounts::{Accounts, Fault};
use crate::actors::projector;

impl Accounts {
    /// What happened over a window of time that ends now.
    ///
    /// # Errors
    /// A [`Fault`].
    pub async fn statistics(&self, window: Window) -> Result<StatisticsView, Fault> {
        self.caught_up().await?;
        let now = self.log().now();
        let (bucket_minutes, buckets) = window.buckets();
        let happened = self.read_model().statistics(now, bucket_minutes, buckets)?;
        let counts = self.read_model().counts(now)?;
        Ok(StatisticsView { bucket_minutes, happened, counts })
    }

    /// How far the followers of the log are behind it, and what waits to be sent.
    ///
    /// # Errors
    /// A [`Fault`].
    pub async fn log_health(&self) -> Result<HealthView, Fault> {
        let (model, store, now) = (self.read_model(), self.log().store(), self.log().now());
        let lag = projector::lag(model, store.as_ref()).await?;
        let (mails_waiting, oldest) = model.mails_waiting()?;
        Ok(HealthView {
            head: lag.head,
            position: lag.position,
            lag_entries: lag.entries(),
            lag_seconds: self.waited(lag.position, lag.entries(), now).await?,
            not_understood: lag.unknown.iter().map(|unknown| unknown.count).sum(),
            mails_waiting,
            oldest_mail_seconds: oldest.map(|due_at| seconds_between(due_at, now)),
        })
    }

    /// How long the first entry has waited that the read models do not have.
    async fn waited(
        &self,
        position: Option<Position>,
        entries: u64,
        now: Timestamp,
    ) -> Result<u64, Fault> {
        if entries == 0 {
            return Ok(0);
        }
        let next = position.map_or(Position::new(0), Position::next);
        let waiting = self.log().store().read_all(next, 1).await?;
        match waiting.first() {
            Some(recorded) => Ok(seconds_between(Entry::parse(&recorded.bytes)?.at, now)),
            None => Ok(0),
        }
    }
}

fn seconds_between(earlier: Timestamp, later: Timestamp) -> u64 {
    u64::try_from(later.duration_since(earlier).as_secs()).unwrap_or(0)
}
