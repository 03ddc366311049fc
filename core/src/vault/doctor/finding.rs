//! Findings: the permanent codes, their sentences and their repairs, in one place.

use std::path::Path;

use countersign_events::id::{AccountId, Hash32, SecretVersion, StreamId};
use jiff::Timestamp;
use serde::Serialize;

use super::super::keyring::ROOT_FILE;
use super::super::rows::{ClaimRow, SecretKind};
use crate::domain::policy::CLAIM_TTL;

/// How much a finding matters, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something fails closed until it is repaired.
    Broken,
    /// Nothing fails; somebody should know.
    Advice,
}

/// What was found. Codes are permanent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A file or directory may be used by others than its owner.
    OpenToOthers,
    /// A file that must be there is not.
    FileMissing,
    /// A restore was cut off.
    RestoreUnfinished,
    /// The keys do not open.
    KeysUnusable,
    /// SQLite finds a database damaged, or cannot read it.
    DatabaseDamaged,
    /// SQLite finds the snapshots damaged, which are a cache.
    SnapshotsDamaged,
    /// The keys lie beside what they protect.
    KeysBesideData,
    /// The clock lies behind the log.
    ClockBehind,
    /// The log was begun with another signing key.
    LogKeyDiffers,
    /// The vault was made with another root key.
    RootKeyDiffers,
    /// A stream does not read: its account fails closed.
    StreamUnreadable,
    /// An account's data key is not in the vault.
    AccountKeyMissing,
    /// An account's data key does not open, or is another one than the log says.
    AccountKeyDiffers,
    /// A secret that is current is not in the vault.
    SecretMissing,
    /// A secret that is current does not open.
    SecretUnreadable,
    /// A secret that a pending offer names is not in the vault.
    OfferMissing,
    /// No name leads to an account.
    AccountWithoutName,
    /// A name leads to an account that was never registered.
    NameWithoutAccount,
    /// A name was claimed a short while ago, and its registration has not come yet.
    NameNotYetRegistered,
    /// The vault holds secrets of accounts that the log does not know.
    SecretsWithoutAccount,
    /// Secrets that nothing names, and that the sweeper has not removed.
    UnnamedSecrets,
}

impl Code {
    /// How much it matters.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::OpenToOthers
            | Self::FileMissing
            | Self::RestoreUnfinished
            | Self::KeysUnusable
            | Self::DatabaseDamaged
            | Self::ClockBehind
            | Self::LogKeyDiffers
            | Self::RootKeyDiffers
            | Self::StreamUnreadable
            | Self::AccountKeyMissing
            | Self::AccountKeyDiffers
            | Self::SecretMissing
            | Self::SecretUnreadable
            | Self::AccountWithoutName => Severity::Broken,
            Self::KeysBesideData
            | Self::SnapshotsDamaged
            | Self::OfferMissing
            | Self::NameWithoutAccount
            | Self::NameNotYetRegistered
            | Self::SecretsWithoutAccount
            | Self::UnnamedSecrets => Severity::Advice,
        }
    }
}

/// One thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The permanent code.
    pub code: Code,
    /// What it is about: a path, a stream, a name's hash.
    pub about: String,
    /// What is the matter.
    pub sentence: String,
    /// What to do.
    pub repair: String,
}

impl Finding {
    /// How much it matters.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }

    fn new(code: Code, about: &impl ToString, sentence: &str, repair: &str) -> Self {
        let (sentence, repair) = (sentence.to_owned(), repair.to_owned());
        Self { code, about: about.to_string(), sentence, repair }
    }

    pub(super) fn open_to_others(path: &Path, mode: u32) -> Self {
        let path = path.display().to_string();
        Self::new(
            Code::OpenToOthers,
            &path,
            &format!("Others than its owner may use it (mode {mode:03o})."),
            &format!("Run `chmod go= {path}`, and find out who has read it."),
        )
    }

    pub(super) fn file_missing(path: &Path) -> Self {
        Self::new(
            Code::FileMissing,
            &path.display(),
            "It is not there.",
            "Restore a backup into an empty directory with `countersign restore`.",
        )
    }

    pub(super) fn restore_unfinished(path: &Path) -> Self {
        Self::new(
            Code::RestoreUnfinished,
            &path.display(),
            "It is left of a restore that was cut off.",
            "Empty the data directory and the directory of the keys, and restore again.",
        )
    }

    pub(super) fn keys_unusable(path: &Path, why: &str) -> Self {
        Self::new(
            Code::KeysUnusable,
            &path.display(),
            &format!("The keys do not open: {why}."),
            "Put the missing or spoilt key file back from the backup of the keys.",
        )
    }

    pub(super) fn database_damaged(path: &Path, why: &str) -> Self {
        Self::new(
            Code::DatabaseDamaged,
            &path.display(),
            &format!("SQLite finds it damaged: {why}."),
            "Stop the server, keep a copy of the file, and restore the last backup with \
             `countersign restore`; then let `doctor` compare again.",
        )
    }

    pub(super) fn snapshots_damaged(path: &Path, why: &str) -> Self {
        Self::new(
            Code::SnapshotsDamaged,
            &path.display(),
            &format!("SQLite finds it damaged: {why}. It is a cache: nothing is lost."),
            "None needed: the next start sets it aside and makes it anew.",
        )
    }

    pub(super) fn keys_beside_data(path: &Path) -> Self {
        Self::new(
            Code::KeysBesideData,
            &path.display(),
            "The keys lie in the same directory as the log and the vault: one copy takes all.",
            "Keep the keys elsewhere (`--keys DIR`), and back up the three apart.",
        )
    }

    pub(super) fn clock_behind(now: Timestamp, last_at: Timestamp) -> Self {
        Self::new(
            Code::ClockBehind,
            &"clock",
            &format!("The clock says {now}, and the log's last entry was written at {last_at}."),
            "Set the clock (NTP); until then codes of authenticators do not fit.",
        )
    }

    pub(super) fn log_key_differs() -> Self {
        Self::new(
            Code::LogKeyDiffers,
            &StreamId::Log,
            "The log was begun with another signing key than `log.key`.",
            "Put back the keys that belong to this log; never let this pair write.",
        )
    }

    pub(super) fn root_key_differs() -> Self {
        Self::new(
            Code::RootKeyDiffers,
            &ROOT_FILE,
            "The vault was made with another root key: no login, password or code would be found.",
            "Put back the `root.key` that belongs to this vault.",
        )
    }

    pub(super) fn stream_unreadable(stream: StreamId, why: &str) -> Self {
        Self::new(
            Code::StreamUnreadable,
            &stream,
            &format!("It does not read ({why}): what depends on it fails closed."),
            "Run the version of Countersign that wrote it, or a newer one; if none reads it, check \
             the log with `countersign log verify`.",
        )
    }

    pub(super) fn account_key_missing(account: AccountId, since: Option<Timestamp>) -> Self {
        Self::new(
            Code::AccountKeyMissing,
            &StreamId::Account(account),
            "Its data key is not in the vault: nothing of it can be read, nobody can sign in.",
            &format!(
                "{}; without one its data is lost, and the person registers anew.",
                restore_after(since)
            ),
        )
    }

    pub(super) fn account_key_differs(account: AccountId, why: &str) -> Self {
        Self::new(
            Code::AccountKeyDiffers,
            &StreamId::Account(account),
            &format!("Its data key is not the one that the log names ({why})."),
            "Put back the wrapping key files and the vault that belong to this log.",
        )
    }

    pub(super) fn secret_missing(
        account: AccountId,
        kind: SecretKind,
        version: SecretVersion,
        since: Option<Timestamp>,
    ) -> Self {
        Self::new(
            Code::SecretMissing,
            &StreamId::Account(account),
            &format!("Its {} (version {version}) is not in the vault.", in_words(kind)),
            &format!("{}; without one {}.", restore_after(since), renew(kind)),
        )
    }

    pub(super) fn secret_unreadable(
        account: AccountId,
        kind: SecretKind,
        version: SecretVersion,
    ) -> Self {
        Self::new(
            Code::SecretUnreadable,
            &StreamId::Account(account),
            &format!("Its {} (version {version}) does not open.", in_words(kind)),
            &format!("Restore the vault and the keys of one backup; without one {}.", renew(kind)),
        )
    }

    pub(super) fn offer_missing(account: AccountId, version: SecretVersion) -> Self {
        Self::new(
            Code::OfferMissing,
            &StreamId::Account(account),
            &format!("The secret of a pending authenticator (version {version}) is gone."),
            "None needed: the holder begins again with a new QR code.",
        )
    }

    pub(super) fn account_without_name(account: AccountId, since: Option<Timestamp>) -> Self {
        Self::new(
            Code::AccountWithoutName,
            &StreamId::Account(account),
            "No login and no subject leads to it: its holder cannot sign in.",
            &format!("{}; without one the person registers anew.", restore_after(since)),
        )
    }

    pub(super) fn name_without_account(name: Hash32, account: AccountId) -> Self {
        Self::new(
            Code::NameWithoutAccount,
            &name,
            &format!("A name is held for account {account}, which was never registered."),
            "None needed: the next registration of that name takes it over. After a restore, look \
             whether the log is older than the vault.",
        )
    }

    pub(super) fn name_not_yet_registered(claim: &ClaimRow, now: Timestamp) -> Self {
        let ago = now.duration_since(claim.claimed_at);
        let ago = match ago.as_mins() {
            0 => format!("{} seconds", ago.as_secs().max(0)),
            1 => "1 minute".to_owned(),
            minutes => format!("{minutes} minutes"),
        };
        let free_at = claim.claimed_at.saturating_add(CLAIM_TTL).unwrap_or(Timestamp::MAX);
        Self::new(
            Code::NameNotYetRegistered,
            &claim.name,
            &format!(
                "A name was claimed for account {} {ago} ago, and is not registered yet.",
                claim.account
            ),
            &format!("None needed: unless its registration comes, it is free again at {free_at}."),
        )
    }

    pub(super) fn secrets_without_account(account: AccountId, count: usize) -> Self {
        Self::new(
            Code::SecretsWithoutAccount,
            &StreamId::Account(account),
            &format!("The vault holds {count} secrets of it, and the log does not know it."),
            "None needed if the log was restored from an older backup on purpose: the sweeper \
             removes them. Otherwise restore the log of the same backup as the vault.",
        )
    }

    pub(super) fn unnamed_secrets(account: AccountId, count: usize) -> Self {
        Self::new(
            Code::UnnamedSecrets,
            &StreamId::Account(account),
            &format!("{count} of its secrets are older than a day and nothing names them."),
            "None needed: the sweeper of a running server removes them.",
        )
    }
}

fn restore_after(since: Option<Timestamp>) -> String {
    match since {
        Some(at) => format!("Restore a backup of the vault made after {at}"),
        None => "Restore a later backup of the vault".to_owned(),
    }
}

const fn in_words(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Password => "password",
        SecretKind::Totp => "authenticator's secret",
    }
}

const fn renew(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Password => "the holder needs a new password",
        SecretKind::Totp => {
            "the holder removes the authenticator with a recovery code and adds it anew"
        }
    }
}
