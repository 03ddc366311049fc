//! What a verification finds, and what it says of itself.

use std::collections::BTreeMap;
use std::fmt;

use countersign_events::id::{Hash32, LogId, Position};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Findings that a report lists; the rest are only counted.
pub const FINDINGS_LISTED_MAX: usize = 1000;

/// What no verification of a log can tell. Part of every report.
pub const CANNOT_KNOW: [&str; 4] = [
    "that a code was right: only that each was accepted at most once, in order, under the policy",
    "that nothing was cut off at the end, behind the newest checkpoint that you kept elsewhere",
    "that the log was not written anew and signed anew by whoever has its key: hold it to the \
     checkpoints that you kept (--checkpoint) and to the key that you know (--key)",
    "what sealed parts say: only that they are the ones that were written",
];

/// What it cannot tell besides, where nothing signed lies beside the log.
pub const CANNOT_KNOW_UNSIGNED: &str =
    "whose log it is: no checkpoint lies beside it, so that nothing signed was compared";

/// A rule that a log must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Every line is exactly one entry.
    NotAnEntry,
    /// The data of a known type has that type's shape.
    WrongShape,
    /// A type stands only on streams of its kind.
    WrongStream,
    /// Positions are dense from 0.
    PositionGap,
    /// A stream's revisions are dense from 0.
    RevisionGap,
    /// `prev` is the leaf hash of the entry before it in its stream.
    ChainBroken,
    /// Time never runs backwards in a stream.
    TimeBackwards,
    /// The first entry creates the log, and no other does.
    NotCreatedFirst,
    /// Every entry names the same log.
    OtherLog,
    /// The database's columns say what the entry says.
    ColumnsDiffer,
    /// A sealed part hashes to the commitment in its entry.
    SealedChanged,
    /// There is no sealed part that no entry names.
    SealedSurplus,
    /// The entries are as many as the manifest says.
    SizeDiffers,
    /// Their root is the one that the manifest, or the auditor, names.
    RootDiffers,
    /// What else the manifest says is so.
    ManifestDiffers,
    /// The first entry names the key that the auditor knows.
    KeyDiffers,
    /// A checkpoint is signed with the log's key.
    CheckpointNotSigned,
    /// Each entry is the one that stood there when the log was signed.
    EntryDiffers,
    /// Tiles and bundles of an export are those that its entries make.
    TileDiffers,
    /// A time step of an authenticator is accepted at most once.
    StepAcceptedTwice,
    /// Accepted time steps of an authenticator only grow.
    StepNotLater,
    /// A code is accepted of an authenticator that is offered or in use, with its step.
    NoSuchFactor,
    /// The offset of an accepted code is one of the three around what its phone's clock was
    /// taken to be.
    CodeOutsideWindow,
    /// A clock is set to where two codes in a row told that it is, in a session that another
    /// authenticator or a recovery code proved.
    ResyncWithoutProof,
    /// A code sent by e-mail is accepted once, for what it was sent for, and in time.
    EmailCodeNotLive,
    /// A recovery code is used once.
    RecoveryCodeUsedTwice,
    /// An authenticator comes into use by its first accepted code.
    EnabledWithoutCode,
    /// An import, at the machine, brings an authenticator along with its account, and later none.
    ImportedLater,
    /// Seeds are given out to two admins, at the machine.
    ExportByOne,
    /// A client app is told who signed in once for a grant, while that and its session live, and
    /// no more than the session has proven.
    GrantMisused,
    /// A session starts only by a proof: all that the account asks for.
    SessionWithoutProof,
    /// A session is called no surer than what was proven.
    AssuranceWithoutProof,
    /// A session lives, used or unused, as long as the policy says and no longer; an operator's
    /// shorter.
    SessionOutlived,
    /// A code completes a sign-in that was begun, is not over and was not completed.
    SignInNotOpen,
    /// A password that a sign-in demanded is set in a sign-in that demanded it.
    PasswordNotDemanded,
    /// A password is set by a link while one is out that works, and such a link works again only
    /// while it was not used.
    ResetWithoutLink,
    /// A link unlocks the password once, after the lock that it came of; one to a new password
    /// only together with that.
    UnlockedWithoutLink,
    /// Codes by e-mail complete no sign-in while they are withheld.
    EmailCodeWithheld,
    /// Authenticators are replaced only after the replacement was asked for and was due.
    ReplacementNotDue,
    /// What is held stays as it is.
    ChangedWhileHeld,
    /// A device is called known only where it was remembered, and not forgotten since.
    DeviceNotKnown,
    /// No guess is evaluated while its method cools down.
    GuessDuringCoolDown,
    /// A guess comes by the lane of a known device where it names one, and by that of all where it
    /// names none.
    LaneMistaken,
    /// A lane evaluates only so many wrong guesses in its window.
    GuessBeyondCap,
    /// A sign-in has only so many guesses.
    TooManyGuesses,
    /// What an operator does carries a sealed reason.
    ActWithoutReason,
    /// Only an operator does what operators do.
    ActWithoutOperator,
    /// An operator does what the role allows, neither on himself nor on a higher role.
    ActBeyondRole,
    /// While an account is suspended nobody signs in.
    SignInWhileSuspended,
    /// Support's removal of a second factor is approved by another person than the one who asked.
    RemovalNotApproved,
    /// It is done once, after it was asked for and its delay, and not after it was stopped.
    RemovalNotDue,
    /// Nothing but failures happens where nobody registered.
    NobodyRegistered,
    /// Versions of the policy follow one another, and each says truly what it changes.
    PolicyNotNext,
    /// What is looser than the standard is named as an accepted risk.
    RiskNotAccepted,
    /// An entry of an account names a version of the policy that was set before it.
    PolicyNotSet,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A place in the log that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The position of the entry; none where the log as a whole breaks it.
    pub position: Option<Position>,
    /// The stream, as far as it could be read.
    pub stream: Option<String>,
    /// The place in the stream, as far as it could be read.
    pub revision: Option<u64>,
    /// What was found, in a sentence.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.rule)?;
        if let Some(position) = self.position {
            write!(f, " at position {position}")?;
        }
        if let Some(stream) = &self.stream {
            write!(f, ", {stream}")?;
        }
        if let Some(revision) = self.revision {
            write!(f, " revision {revision}")?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// The outcome in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every rule is kept.
    Fine,
    /// A rule is broken.
    Tampered,
    /// No rule is broken as far as it could be read, but not all could be read.
    Incomplete,
}

impl Verdict {
    /// The exit code of the command line.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Tampered => 1,
            Self::Incomplete => 2,
        }
    }
}

/// What of a log is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Entries that the checkpoint beside the log covers.
    pub size: u64,
    /// The root over them.
    pub root: Hash32,
    /// The key, as `--key` takes it.
    pub key: String,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The outcome.
    pub verdict: Verdict,
    /// The log's id, from its first entry.
    pub log: Option<LogId>,
    /// The origin of its checkpoints.
    pub origin: Option<String>,
    /// Its public key.
    pub key: Option<Hash32>,
    /// Entries read.
    pub size: u64,
    /// Their root (RFC 6962, section 2.1).
    pub root: Hash32,
    /// What the checkpoint beside it covers, where it is signed with the log's key.
    pub signed: Option<Signed>,
    /// Entries behind that checkpoint.
    pub newer: u64,
    /// Checkpoints and roots from elsewhere that the log agrees with.
    pub held_to: u64,
    /// When the first entry was written.
    pub first_at: Option<Timestamp>,
    /// When the last entry was written.
    pub last_at: Option<Timestamp>,
    /// Streams seen.
    pub streams: u64,
    /// Sealed parts that were there and match their commitments.
    pub sealed_present: u64,
    /// Sealed parts that are not there: destroyed, or left out of the export.
    pub sealed_absent: u64,
    /// Entries of types or versions that this program does not know: their bytes were checked,
    /// what they mean was not.
    pub unknown_types: BTreeMap<String, u64>,
    /// The findings, the first [`FINDINGS_LISTED_MAX`] of them.
    pub findings: Vec<Finding>,
    /// How many there are in all.
    pub findings_total: u64,
    /// What could not be read or was not there.
    pub incomplete: Vec<String>,
    /// What no verification can tell.
    pub cannot_know: Vec<String>,
}
