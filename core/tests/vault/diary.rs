//! A log beside the vault, written in the order of writes that the actors keep.

use std::sync::Arc;

use countersign_core::clock::ManualClock;
use countersign_core::entropy::{self, OsEntropy};
use countersign_core::vault::doctor::{self, DoctorReport};
use countersign_core::vault::{DataFiles, SecretKind};
use countersign_events::account::{
    AccountEvent, EnableRequested, Enabled, FactorRemoved, KeyCreated, Method, Origin, PasswordSet,
    PasswordSetWhy, Registered,
};
use countersign_events::actor::By;
use countersign_events::entry::Draft;
use countersign_events::id::{
    AccountId, CorrelationId, EventId, FactorId, Hash32, LogId, PolicyVersion, Revision,
    SecretVersion, StreamId,
};
use countersign_events::log_event::{Created, LogEvent};
use countersign_events::store::sqlite::SqliteStore;
use countersign_events::store::{Append, AppendKey, EventStore as _, Expected, NewEntry};
use countersign_events::tree::leaf_hash;
use futures::executor::block_on;
use jiff::Timestamp;
use uuid::Uuid;

use super::{House, at};

/// An installation of one log, one vault and their keys.
pub(super) struct Diary {
    pub(super) house: House,
    pub(super) store: SqliteStore,
    pub(super) clock: ManualClock,
}

impl Diary {
    /// A new installation, whose log has its first entry.
    pub(super) fn new() -> Self {
        let diary = Self::open(House::new());
        let key = Hash32::new(diary.house.keyring.log_public_key());
        let created = Created { log: log_id(), origin: "example.org/log".to_owned(), key };
        let created = LogEvent::Created(created);
        let data = created.to_json().unwrap();
        diary.write(StreamId::Log, vec![(created.event_type(), 1, data)]);
        diary
    }

    pub(super) fn open(house: House) -> Self {
        let path = house.dir.path().join("log.db");
        let store = SqliteStore::open(&path, Arc::new(|| at(0))).unwrap();
        Self { house, store, clock: ManualClock::new(at(60)) }
    }

    pub(super) fn files(&self) -> DataFiles {
        DataFiles::below(self.house.dir.path())
    }

    /// Registers: claim, key and password first, then the events.
    pub(super) fn register(&self, account: AccountId, login: &str) -> SecretVersion {
        let secrets = &self.house.secrets;
        let (key, version) = block_on(async {
            secrets.claim(secrets.login_hash(login), account, at(0)).await.unwrap();
            let key = secrets.create_key(account).await.unwrap();
            let version = secrets.put(account, SecretKind::Password, b"phc", at(0)).await.unwrap();
            (key, version)
        });
        self.registered(account, key, version);
        version
    }

    pub(super) fn registered(&self, account: AccountId, key: KeyCreated, password: SecretVersion) {
        let registered = AccountEvent::Registered(Registered {
            origin: Origin::Holder,
            client: None,
            has_email: false,
            email_confirmed: false,
            imported: false,
        });
        let why = PasswordSetWhy::Initial;
        let password = AccountEvent::PasswordSet(PasswordSet::new(password, why));
        self.append(account, &[registered, AccountEvent::KeyCreated(key), password]);
    }

    /// Asks for an authenticator, without confirming it.
    pub(super) fn offer(&self, account: AccountId, factor: FactorId) -> SecretVersion {
        let secrets = &self.house.secrets;
        let secret = block_on(secrets.put(account, SecretKind::Totp, b"seed", at(1))).unwrap();
        let requested = EnableRequested {
            factor,
            kind: Method::Totp,
            secret,
            algorithm: "SHA1".to_owned(),
            digits: 6,
            period_seconds: 30,
            expires_at: at(600),
            session: None,
            replaces: None,
            imported: false,
        };
        self.append(account, &[AccountEvent::EnableRequested(requested)]);
        secret
    }

    pub(super) fn enable(&self, account: AccountId, factor: FactorId) -> SecretVersion {
        let secret = self.offer(account, factor);
        self.append(account, &[AccountEvent::Enabled(Enabled { factor })]);
        secret
    }

    pub(super) fn remove(&self, account: AccountId, factor: FactorId) {
        self.append(account, &[AccountEvent::FactorRemoved(FactorRemoved { factor })]);
    }

    pub(super) fn append(&self, account: AccountId, events: &[AccountEvent]) {
        let events = events
            .iter()
            .map(|event| (event.event_type(), event.version(), event.to_json().unwrap()))
            .collect();
        self.write(StreamId::Account(account), events);
    }

    pub(super) fn write(&self, stream: StreamId, events: Vec<(&'static str, u16, String)>) {
        let before = block_on(self.store.read_stream(stream, Revision::new(0), 4096)).unwrap();
        let expected = Expected::at(before.last().map(|recorded| recorded.revision));
        let mut prev = before.last().map(|recorded| leaf_hash(&recorded.bytes));
        let mut rev = expected.first();
        let mut entries = Vec::new();
        for (event_type, version, data) in events {
            let draft = Draft {
                id: EventId::new(entropy::uuid_v7(&OsEntropy, at(0)).unwrap()),
                at: at(i64::try_from(rev.get()).unwrap()),
                event_type,
                version,
                by: By::System,
                correlation: CorrelationId::new(Uuid::from_u128(1)),
                causation: None,
                policy: PolicyVersion::new(0),
                idempotency: None,
                data,
                sealed: vec![],
            };
            let written = draft.write(log_id(), stream, rev, prev).unwrap();
            prev = Some(written.leaf);
            rev = rev.next();
            entries.push(NewEntry { bytes: written.bytes, sealed: None });
        }
        let key = AppendKey::new(entropy::uuid_v4(&OsEntropy).unwrap());
        block_on(self.store.append(Append { stream, expected, entries, key })).unwrap();
    }

    /// What `doctor` says of the accounts, an hour later.
    pub(super) fn doctor(&self) -> DoctorReport {
        self.doctor_at(at(3_600))
    }

    pub(super) fn doctor_at(&self, now: Timestamp) -> DoctorReport {
        let House { secrets, keyring, .. } = &self.house;
        block_on(doctor::examine(&self.store, secrets, keyring, now)).unwrap()
    }
}

pub(super) fn log_id() -> LogId {
    LogId::new(Uuid::from_u128(0x106))
}

pub(super) fn factor(number: u128) -> FactorId {
    FactorId::new(Uuid::from_u128(number))
}
