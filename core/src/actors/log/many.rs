//! Many streams begun with one durable write.

use countersign_events::id::StreamId;
use countersign_events::store::{Append, AppendKey, Expected};

use super::{Head, Log, Planned, Stamp, Wrote};
use crate::accounts::Fault;
use crate::entropy;

impl Log {
    /// Appends to streams on which nothing has happened. Each ends for itself, as by
    /// [`Self::append`]: one that begins elsewhere meanwhile is a conflict, and no other is.
    ///
    /// # Errors
    /// [`Fault`] as by [`Self::append`]: some may stand, and all may be asked for again.
    pub async fn begin_many(
        &self,
        stamp: &Stamp,
        begun: Vec<(StreamId, Vec<Planned>)>,
    ) -> Result<Vec<Wrote>, Fault> {
        self.is_not_halted()?;
        let (nothing, mut appends, mut waits) = (Head::default(), vec![], vec![]);
        for (stream, planned) in begun {
            let expected = Expected::at(nothing.revision);
            let (entries, next) =
                self.write(stream, expected.first(), nothing.leaf, stamp, planned)?;
            let key = AppendKey::new(entropy::uuid_v4(self.entropy.as_ref())?);
            appends.push(Append { stream, expected, entries, key });
            waits.push((stream, key, next));
        }
        let outcomes = self.store.append_many(appends).await;
        let mut wrote = Vec::with_capacity(waits.len());
        for ((stream, key, next), outcome) in waits.into_iter().zip(outcomes) {
            wrote.push(self.settle(stream, key, next, outcome).await?);
        }
        Ok(wrote)
    }
}
