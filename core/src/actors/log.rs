//! The pen: gives drafts their place and appends them.
//!
//! It owns what every entry carries whoever writes it (the log's id, event ids, the order of
//! time) and the one way in which an append with a lost answer is resolved. Streams are chained
//! here: `prev` is the leaf hash of the stream's entry before.

mod clock;
mod many;
mod reading;

use std::sync::Arc;

use countersign_events::actor::By;
use countersign_events::catalogue::DecodeError;
use countersign_events::entry::{Draft, Entry, EntryError, Idempotency, SealedPart, Written};
use countersign_events::id::{
    CorrelationId, EventId, Hash32, LogId, PolicyVersion, Position, Revision, StreamId,
};
use countersign_events::log_event::{Created, LogEvent, Recovered, ServerStarted};
use countersign_events::store::{
    Append, AppendError, AppendKey, Appended, EventStore, Expected, NewEntry, Placed, Recorded,
    Resolution, StoreError,
};
use countersign_events::tree;
use jiff::Timestamp;
use uuid::Uuid;

use crate::accounts::Fault;
use crate::actors::keeper::Halt;
use crate::audit::archive::Archive;
use crate::clock::Clock;
use crate::entropy::{self, Entropy, NoEntropy};

/// The log, as its writers hold it.
#[derive(Clone)]
pub struct Log {
    store: Arc<dyn EventStore>,
    id: LogId,
    clock: Arc<dyn Clock>,
    /// Held by the one who records an alarm of the clock.
    alarm: Arc<tokio::sync::Mutex<()>>,
    entropy: Arc<dyn Entropy>,
    /// It is an export: nothing is written, not even who looks.
    is_archive: bool,
    /// Set where the log is not the one that was signed: nothing is written either.
    halt: Halt,
}

/// Where a stream ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// Its last revision.
    pub revision: Option<Revision>,
    /// The leaf hash of its last entry.
    pub leaf: Option<Hash32>,
    /// The time of its last entry.
    pub at: Option<Timestamp>,
}

/// What every entry of one request has in common.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// Who caused it.
    pub by: By,
    /// The request.
    pub correlation: CorrelationId,
    /// Its idempotency key.
    pub idempotency: Option<Idempotency>,
    /// The policy.
    pub policy: PolicyVersion,
    /// The time: never earlier than the stream's last entry.
    pub at: Timestamp,
}

/// An event on its way into the log.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its id.
    pub id: EventId,
    /// Its type string.
    pub event_type: &'static str,
    /// Its version.
    pub version: u16,
    /// Its payload.
    pub data: String,
    /// What is sealed beside it.
    pub sealed: Vec<SealedPart>,
}

/// How an append ended that did not fail.
#[derive(Debug)]
pub enum Wrote {
    /// The entries are in the log.
    Placed(Placed, Head),
    /// The stream ends elsewhere; nothing was written.
    Conflict,
}

impl From<NoEntropy> for Fault {
    fn from(error: NoEntropy) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(error.to_string()),
            StoreError::Damaged(_) => Self::FailsClosed(error.to_string()),
            StoreError::SnapshotAhead { .. } | StoreError::SnapshotSize(_) => {
                Self::Internal(error.to_string())
            }
        }
    }
}

impl From<EntryError> for Fault {
    fn from(error: EntryError) -> Self {
        Self::FailsClosed(error.to_string())
    }
}

impl From<DecodeError> for Fault {
    /// An event that this program does not know is never skipped: that stream fails closed.
    fn from(error: DecodeError) -> Self {
        Self::FailsClosed(error.to_string())
    }
}

impl Log {
    /// Opens the log of a store; an empty one is begun with the entry that names it.
    ///
    /// # Errors
    /// [`Fault`] where the store does not answer, its first entry is not `log.created`, or that
    /// entry names another key than `public_key`: then keys and log do not belong together, and
    /// whatever was sealed or hashed under the right keys would look as if it were not there.
    pub async fn open(
        store: Arc<dyn EventStore>,
        public_key: [u8; 32],
        origin: &str,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Fault> {
        if let Some(first) = store.read_all(Position::new(0), 1).await?.first() {
            let entry = Entry::parse(&first.bytes)?;
            let id = entry.log;
            let created = LogEvent::decode(&entry.event_type, entry.version, entry.data.get())?;
            let key = Hash32::new(public_key);
            if !matches!(created, LogEvent::Created(created) if created.key == key) {
                let why = "the keys are not those that this log was made with".to_owned();
                return Err(Fault::FailsClosed(why));
            }
            let log = Self::new(store, id, clock, entropy, false);
            log.resume_clock().await?;
            return Ok(log);
        }
        let id = LogId::new(entropy::uuid_v4(entropy.as_ref())?);
        let log = Self::new(store, id, clock, entropy, false);
        let created = Created { log: id, origin: origin.to_owned(), key: Hash32::new(public_key) };
        log.append_to_log_stream(LogEvent::Created(created), Head::default()).await?;
        Ok(log)
    }

    fn new(
        store: Arc<dyn EventStore>,
        id: LogId,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        is_archive: bool,
    ) -> Self {
        let (alarm, halt) = (Arc::default(), Halt::default());
        Self { store, id, clock, alarm, entropy, is_archive, halt }
    }

    /// The same pen, which this halts.
    #[must_use]
    pub fn halted_by(self, halt: Halt) -> Self {
        Self { halt, ..self }
    }

    /// What halts this pen and its clones.
    #[must_use]
    pub fn halt(&self) -> Halt {
        self.halt.clone()
    }

    fn is_not_halted(&self) -> Result<(), Fault> {
        match self.halt.why() {
            None => Ok(()),
            Some(why) => Err(Fault::Unavailable(why.to_owned())),
        }
    }

    /// An exported log, which is only read. Its clock is to stand where the log ends.
    #[must_use]
    pub fn of_archive(archive: Archive, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let id = archive.log();
        let store = Arc::new(archive);
        Self::new(store, id, clock, entropy, true)
    }

    /// Whether this is an exported log: then nothing can be recorded, and nothing has to be.
    #[must_use]
    pub const fn is_archive(&self) -> bool {
        self.is_archive
    }

    /// Records that a server took up its work.
    ///
    /// # Errors
    /// [`Fault`] where it could not be recorded.
    pub async fn server_started(&self, version: &str, configuration: Hash32) -> Result<(), Fault> {
        let head = self.head_of(StreamId::Log).await?;
        let version = version.to_owned();
        let event = LogEvent::ServerStarted(ServerStarted { version, configuration });
        self.append_to_log_stream(event, head).await
    }

    /// Records that the log was gone on with though it is not the one that was signed.
    ///
    /// # Errors
    /// [`Fault`] where it could not be recorded.
    pub async fn recovered(&self, by: By, event: Recovered) -> Result<(), Fault> {
        let head = self.head_of(StreamId::Log).await?;
        let stamp = Stamp { by, ..self.system_stamp(head)? };
        self.append_by(LogEvent::Recovered(event), head, stamp).await
    }

    async fn append_to_log_stream(&self, event: LogEvent, head: Head) -> Result<(), Fault> {
        let stamp = self.system_stamp(head)?;
        self.append_by(event, head, stamp).await
    }

    async fn append_by(&self, event: LogEvent, head: Head, stamp: Stamp) -> Result<(), Fault> {
        let planned = Planned {
            id: self.event_id()?,
            event_type: event.event_type(),
            version: event.version(),
            data: event.to_json().map_err(|error| Fault::Internal(error.to_string()))?,
            sealed: vec![],
        };
        match self.append(StreamId::Log, head, &stamp, vec![planned]).await? {
            Wrote::Placed(..) => Ok(()),
            Wrote::Conflict => Err(Fault::Unavailable("another process opens the log".into())),
        }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn EventStore> {
        &self.store
    }

    /// The log's id.
    #[must_use]
    pub const fn id(&self) -> LogId {
        self.id
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What the machine's clock shows: for codes of authenticators alone.
    #[must_use]
    pub fn shown(&self) -> Timestamp {
        self.clock.shown()
    }

    /// The generator.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }

    /// A fresh event id.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] without randomness.
    pub fn event_id(&self) -> Result<EventId, Fault> {
        Ok(EventId::new(entropy::uuid_v7(self.entropy.as_ref(), self.clock.now())?))
    }

    /// A fresh correlation id.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] without randomness.
    pub fn correlation_id(&self) -> Result<CorrelationId, Fault> {
        Ok(CorrelationId::new(entropy::uuid_v7(self.entropy.as_ref(), self.clock.now())?))
    }

    fn system_stamp(&self, head: Head) -> Result<Stamp, Fault> {
        Ok(Stamp {
            by: By::System,
            correlation: self.correlation_id()?,
            idempotency: None,
            policy: PolicyVersion::new(0),
            at: head.not_before(self.now()),
        })
    }

    /// Demands that entries are taken now, as far as that is known without writing one.
    ///
    /// # Errors
    /// [`Fault`] while they are not.
    pub async fn takes_entries(&self) -> Result<(), Fault> {
        self.is_not_halted()?;
        Ok(self.store.writable().await?)
    }

    /// Appends at the head of a stream. Returns only when the entries are durable, or surely are
    /// not in the log.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] where the store does not take them; whether an append whose answer
    /// was lost happened is found out before returning, or the fault says it could not be.
    pub async fn append(
        &self,
        stream: StreamId,
        head: Head,
        stamp: &Stamp,
        planned: Vec<Planned>,
    ) -> Result<Wrote, Fault> {
        self.is_not_halted()?;
        let expected = Expected::at(head.revision);
        let (entries, next) = self.write(stream, expected.first(), head.leaf, stamp, planned)?;
        let key = AppendKey::new(entropy::uuid_v4(self.entropy.as_ref())?);
        let append = Append { stream, expected, entries, key };
        let outcome = self.store.append(append).await;
        self.settle(stream, key, next, outcome).await
    }

    /// What became of an append, also where its answer was lost.
    async fn settle(
        &self,
        stream: StreamId,
        key: AppendKey,
        next: Head,
        outcome: Result<Appended, AppendError>,
    ) -> Result<Wrote, Fault> {
        match outcome {
            Ok(appended) => Ok(Wrote::Placed(*appended.placed(), next)),
            Err(AppendError::Conflict { .. }) => Ok(Wrote::Conflict),
            Err(AppendError::OutcomeUnknown(why)) => {
                tracing::warn!(%stream, why, "the answer to an append was lost; resolving it");
                match self.store.resolve(stream, key).await? {
                    Resolution::Appended(placed) => Ok(Wrote::Placed(placed, next)),
                    // Nothing was written: deciding again from scratch is safe.
                    Resolution::Absent => Ok(Wrote::Conflict),
                }
            }
            Err(error @ AppendError::Unavailable(_)) => Err(Fault::Unavailable(error.to_string())),
            Err(error) => Err(Fault::Internal(error.to_string())),
        }
    }

    fn write(
        &self,
        stream: StreamId,
        first: Revision,
        mut prev: Option<Hash32>,
        stamp: &Stamp,
        planned: Vec<Planned>,
    ) -> Result<(Vec<NewEntry>, Head), Fault> {
        let mut entries = Vec::with_capacity(planned.len());
        let mut revision = first;
        let mut last = first;
        for planned in planned {
            let draft = draft(stamp, planned);
            let Written { bytes, sealed, leaf } = draft.write(self.id, stream, revision, prev)?;
            entries.push(NewEntry { bytes, sealed });
            prev = Some(leaf);
            last = revision;
            revision = revision.next();
        }
        Ok((entries, Head { revision: Some(last), leaf: prev, at: Some(stamp.at) }))
    }
}

fn draft(stamp: &Stamp, planned: Planned) -> Draft {
    Draft {
        id: planned.id,
        at: stamp.at,
        event_type: planned.event_type,
        version: planned.version,
        by: stamp.by.clone(),
        correlation: stamp.correlation,
        causation: None,
        policy: stamp.policy,
        idempotency: stamp.idempotency,
        data: planned.data,
        sealed: planned.sealed,
    }
}

impl Head {
    /// Of a stream that ends with this entry.
    ///
    /// # Errors
    /// [`Fault::FailsClosed`] where the entry does not read.
    pub fn of(recorded: &Recorded) -> Result<Self, Fault> {
        let at = Entry::parse(&recorded.bytes)?.at;
        let leaf = tree::leaf_hash(&recorded.bytes);
        Ok(Self { revision: Some(recorded.revision), leaf: Some(leaf), at: Some(at) })
    }

    /// A time that is not before the stream's last entry: `at` never runs backwards.
    #[must_use]
    pub fn not_before(&self, now: Timestamp) -> Timestamp {
        self.at.map_or(now, |at| at.max(now))
    }
}

/// A random UUID of the log's generator, for ids that no event names first.
pub(crate) fn random_uuid(log: &Log) -> Result<Uuid, Fault> {
    Ok(entropy::uuid_v4(log.entropy())?)
}
