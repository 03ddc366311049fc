//! What is true after every test, whatever it did.
//!
//! No secret that was sent or given lies in a file of the data directory, while the server runs
//! and after it, nor in the metrics. The log verifies, as it stands and as an export; every
//! account in it folds to a state. Log, vault and keys fit together.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use countersign_core::audit::export::{self, Options};
use countersign_core::audit::finding::Verdict;
use countersign_core::audit::replay::{Until, replay};
use countersign_core::audit::source::Source;
use countersign_core::audit::verify::verify;
use countersign_core::clock::Clock as _;
use countersign_core::entropy::OsEntropy;
use countersign_core::vault::doctor;
use countersign_core::vault::{Keyring, Secrets, SqliteVault};
use countersign_events::account::AccountEvent;
use countersign_events::actor::By;
use countersign_events::entry::Entry;
use countersign_events::id::{AccountId, StreamId};
use countersign_events::log_event::LogEvent;
use countersign_events::store::sqlite::SqliteStore;

use super::{TestApp, loudly};
use crate::signing;

/// Where mails lie that are files: there a code is where it belongs.
const SPOOL: &str = "mail";

/// Streams that are folded, each for itself, after a test.
const FOLDED_MAX: usize = 2000;

impl TestApp {
    /// The data directory with its write-ahead logs, and the metrics.
    pub(super) async fn nothing_leaked_while_serving(&self) -> anyhow::Result<Vec<String>> {
        let address = self.served()?.addresses.ops;
        let metrics = self.http.get(format!("http://{address}/metrics")).send().await?;
        let metrics = metrics.error_for_status()?.bytes().await?;
        let mut broken = self.canaries().search().secrets_in("the metrics", &metrics);
        broken.extend(self.nothing_leaked()?);
        Ok(broken)
    }

    /// The data directory.
    pub(super) fn nothing_leaked(&self) -> anyhow::Result<Vec<String>> {
        let canaries = self.canaries().clone();
        Ok(canaries.search().found_below(self.data(), &[SPOOL])?)
    }

    /// The log as it stands and as an export, and every account in it.
    pub(super) fn log_is_sound(&self) -> anyhow::Result<Vec<String>> {
        let exported = self.place.path().join("export");
        let options = Options {
            with_sealed: true,
            made_at: self.clock.now(),
            program_version: "test".to_owned(),
        };
        signing::sign_with(self.data(), &Keyring::open(&self.config.keys_directory())?)?;
        export::export(Source::open(self.data())?, &exported, &options, &mut |_, _| {})?;
        let mut broken = Vec::new();
        for place in [self.data(), exported.as_path()] {
            let report = verify(Source::open(place)?, None, &mut |_, _| {});
            if report.verdict != Verdict::Fine || !report.unknown_types.is_empty() {
                broken.push(format!("{} does not verify: {report:?}", place.display()));
            }
        }
        let streams = streams(&exported)?;
        // Of very many, some: each is looked up for itself.
        let step = streams.len().div_ceil(FOLDED_MAX).max(1);
        for stream in streams.into_iter().step_by(step) {
            if matches!(stream, StreamId::Account(_) | StreamId::Unknown(_)) {
                let folded = replay(Source::open(self.data())?, stream, Until::End);
                broken.extend(folded.err().map(|error| format!("{stream} does not fold: {error}")));
            }
        }
        Ok(broken)
    }

    /// Log, vault and keys, once nobody else has them open.
    pub(super) async fn data_fits_together(&self) -> anyhow::Result<Vec<String>> {
        let (data, now) = (self.data(), self.clock.now());
        let keyring = Arc::new(Keyring::open(&self.config.keys_directory())?);
        let vault = Arc::new(SqliteVault::open(&data.join("vault.db"))?);
        let secrets = Secrets::new(vault, Arc::clone(&keyring), Arc::new(OsEntropy));
        let store = SqliteStore::open(&data.join("log.db"), Arc::new(move || now))?;
        let report = doctor::examine(&store, &secrets, &keyring, now).await?;
        let sound = report.is_sound();
        Ok((!sound).then(|| format!("doctor: {:?}", report.findings)).into_iter().collect())
    }

    /// What happened to an account, oldest first, read from the log's file as it is now.
    ///
    /// # Panics
    /// Where the log does not read.
    #[must_use]
    pub fn events(&self, account: &str) -> Vec<AccountEvent> {
        loudly(self.read_events(account))
    }

    /// How many events of a type an account has.
    ///
    /// # Panics
    /// Where the log does not read.
    #[must_use]
    pub fn count(&self, account: &str, event_type: &str) -> usize {
        self.events(account).iter().filter(|event| event.event_type() == event_type).count()
    }

    /// The type of everything that was ever recorded, in any stream, in the order of the log.
    ///
    /// # Panics
    /// Where the log does not read.
    #[must_use]
    pub fn recorded(&self) -> Vec<String> {
        let mut types = Vec::new();
        loudly(self.each_entry(|entry| {
            types.push(entry.event_type.clone().into_owned());
            Ok(())
        }));
        types
    }

    /// Who caused each event, where and of which type, in the order of the log.
    ///
    /// # Panics
    /// Where the log does not read.
    #[must_use]
    pub fn doers(&self) -> Vec<(StreamId, String, By)> {
        let mut doers = Vec::new();
        loudly(self.each_entry(|entry| {
            let event_type = entry.event_type.clone().into_owned();
            doers.push((entry.stream, event_type, entry.by.clone()));
            Ok(())
        }));
        doers
    }

    /// Calls for every event of every account, in the order of the log, in one pass.
    ///
    /// # Panics
    /// Where the log does not read.
    pub fn each_event(&self, mut each: impl FnMut(AccountId, AccountEvent)) {
        loudly(self.each_entry(|entry| {
            if let StreamId::Account(account) = entry.stream {
                let (event_type, data) = (&*entry.event_type, entry.data.get());
                each(account, AccountEvent::decode(event_type, entry.version, data)?);
            }
            Ok(())
        }));
    }

    /// The log's own key that everybody may know.
    ///
    /// # Panics
    /// Where the log does not read.
    #[must_use]
    pub fn log_public_key(&self) -> Vec<u8> {
        let mut key = Vec::new();
        loudly(self.each_entry(|entry| {
            let (event_type, data) = (&*entry.event_type, entry.data.get());
            if entry.stream == StreamId::Log
                && let LogEvent::Created(created) =
                    LogEvent::decode(event_type, entry.version, data)?
            {
                key = created.key.bytes().to_vec();
            }
            Ok(())
        }));
        key
    }

    fn each_entry(
        &self,
        mut each: impl FnMut(&Entry<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut source = Source::open(self.data())?;
        while let Some(line) = source.next_line()? {
            each(&Entry::parse(&line.bytes)?)?;
        }
        Ok(())
    }

    /// Bytes of all entries of the log, read from its file as it is now.
    ///
    /// # Panics
    /// Where the log does not read.
    #[must_use]
    pub fn log_bytes(&self) -> usize {
        loudly(self.read_bytes())
    }

    /// Bytes of the log's file with its write-ahead log.
    #[must_use]
    pub fn log_file_bytes(&self) -> usize {
        let bytes = ["log.db", "log.db-wal"].map(|name| {
            let found = std::fs::metadata(self.data().join(name));
            found.map_or(0, |found| usize::try_from(found.len()).unwrap_or(usize::MAX))
        });
        bytes.into_iter().fold(0, usize::saturating_add)
    }

    fn read_bytes(&self) -> anyhow::Result<usize> {
        let mut source = Source::open(self.data())?;
        let mut bytes: usize = 0;
        while let Some(line) = source.next_line()? {
            bytes = bytes.saturating_add(line.bytes.len());
        }
        Ok(bytes)
    }

    fn read_events(&self, account: &str) -> anyhow::Result<Vec<AccountEvent>> {
        let stream = StreamId::Account(AccountId::parse(account)?);
        let mut source = Source::open(self.data())?;
        source.only(&stream);
        let mut events = Vec::new();
        while let Some(line) = source.next_line()? {
            let entry = Entry::parse(&line.bytes)?;
            if entry.stream == stream {
                let (event_type, data) = (&*entry.event_type, entry.data.get());
                events.push(AccountEvent::decode(event_type, entry.version, data)?);
            }
        }
        Ok(events)
    }
}

fn streams(place: &Path) -> anyhow::Result<BTreeSet<StreamId>> {
    let mut source = Source::open(place)?;
    let mut streams = BTreeSet::new();
    while let Some(line) = source.next_line()? {
        streams.insert(Entry::parse(&line.bytes)?.stream);
    }
    Ok(streams)
}
