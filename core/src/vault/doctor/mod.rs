//! `doctor`: whether log, vault, keys and clock fit together, and what to do where they do not.
//!
//! Every finding has a permanent code, a sentence, and a repair that is named. Nothing is
//! repaired here: a repair is a decision of the person who runs the service. [`look_at_files`]
//! needs nothing to be openable and comes first; [`examine`] goes through every account.

mod accounts;
mod files;
mod finding;

use countersign_events::catalogue::DecodeError;
use countersign_events::entry::Entry;
use countersign_events::id::{LogId, Position, Revision, StreamId};
use countersign_events::log_event::LogEvent;
use countersign_events::store::{EventStore, READ_LIMIT_MAX, StoreError};
use jiff::{SignedDuration, Timestamp};

use super::keyring::Keyring;
use super::rows::VaultError;
use super::secrets::Secrets;

pub use files::look_at_files;
pub use finding::{Code, Finding, Severity};

/// How far the clock may lie behind the last entry.
pub const CLOCK_BEHIND_MAX: SignedDuration = SignedDuration::from_secs(10);

/// `doctor` could not go on.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// The log did not answer.
    #[error("the log did not answer")]
    Store(#[from] StoreError),
    /// The vault did not answer.
    #[error("the vault did not answer")]
    Vault(#[from] VaultError),
}

/// What `doctor` saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DoctorReport {
    /// The log's id, where it has a first entry.
    pub log: Option<LogId>,
    /// Entries in the log.
    pub entries: u64,
    /// Accounts looked at.
    pub accounts: usize,
    /// Names claimed.
    pub claims: usize,
    /// Secrets in the vault.
    pub secrets: usize,
    /// The version of SQLite.
    pub sqlite: String,
    /// What does not fit, worst first.
    pub findings: Vec<Finding>,
}

impl DoctorReport {
    /// Whether nothing is broken; advice may still be given.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity() != Severity::Broken)
    }
}

/// Compares the log with the vault, account by account, and with keys and clock.
///
/// Reads everything; may run beside a server. What a server changes meanwhile can show as a
/// finding of a secret or claim that is seconds old: run it again.
///
/// # Errors
/// [`DoctorError`] where log or vault do not answer; findings are never errors.
pub async fn examine(
    store: &dyn EventStore,
    secrets: &Secrets,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<DoctorReport, DoctorError> {
    let mut report =
        DoctorReport { sqlite: rusqlite::version().to_owned(), ..DoctorReport::default() };
    let streams = scan_log(store, now, &mut report).await?;
    compare_log_key(store, keyring, &mut report).await?;
    let check = secrets.vault().find_key_check().await?;
    if check.is_some_and(|check| check != keyring.root_check()) {
        report.findings.push(Finding::root_key_differs());
    }
    accounts::compare(store, secrets, &streams, now, &mut report).await?;
    report.findings.sort_by_key(|finding| finding.severity());
    Ok(report)
}

/// Goes through the log once: which accounts it tells of, and when its last entry was written.
async fn scan_log(
    store: &dyn EventStore,
    now: Timestamp,
    report: &mut DoctorReport,
) -> Result<accounts::Streams, DoctorError> {
    let mut streams = accounts::Streams::default();
    let mut last = None;
    let mut from = Position::new(0);
    loop {
        let page = store.read_all(from, READ_LIMIT_MAX).await?;
        for recorded in &page {
            streams.note(recorded.stream);
            from = recorded.position.next();
        }
        report.entries = from.get();
        let full = page.len() == READ_LIMIT_MAX;
        last = page.into_iter().next_back().or(last);
        if !full {
            break;
        }
    }
    let last_at = last.and_then(|recorded| Entry::parse(&recorded.bytes).ok().map(|e| e.at));
    if let Some(last_at) = last_at.filter(|at| at.duration_since(now) > CLOCK_BEHIND_MAX) {
        report.findings.push(Finding::clock_behind(now, last_at));
    }
    Ok(streams)
}

/// The first entry of the log names the key that signs its checkpoints.
async fn compare_log_key(
    store: &dyn EventStore,
    keyring: &Keyring,
    report: &mut DoctorReport,
) -> Result<(), DoctorError> {
    let first = store.read_stream(StreamId::Log, Revision::new(0), 1).await?;
    let Some(first) = first.first() else {
        return Ok(());
    };
    let Ok(entry) = Entry::parse(&first.bytes) else {
        report.findings.push(Finding::stream_unreadable(StreamId::Log, "its first entry"));
        return Ok(());
    };
    report.log = Some(entry.log);
    let event: Result<LogEvent, DecodeError> =
        LogEvent::decode(&entry.event_type, entry.version, entry.data.get());
    match event {
        Ok(LogEvent::Created(created)) => {
            if *created.key.bytes() != keyring.log_public_key() {
                report.findings.push(Finding::log_key_differs());
            }
        }
        Ok(_) | Err(_) => {
            report.findings.push(Finding::stream_unreadable(StreamId::Log, "its first entry"));
        }
    }
    Ok(())
}
