//! Checks a proof or a file of evidence, offline: with nothing but the file, and the key that
//! whoever checks has pinned.
//!
//! **What must stay true:** a signature is believed of a pinned key. Without one, the report says
//! of which key the file itself speaks, and that this shows no more than that it agrees with
//! itself.

use countersign_events::checkpoint::SignedCheckpoint;
use countersign_events::entry::Entry;
use countersign_events::id::Hash32;
use countersign_events::note::VerifierKey;
use serde::Serialize;

use super::evidence::{self, Evidence};
use super::finding::Verdict;
use super::proof::{CONSISTENCY_FORMAT, ConsistencyProof, INCLUSION_FORMAT, InclusionProof};
use super::signed::Named;

/// The kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// That an entry is in a log.
    Inclusion,
    /// That a log grew out of what it was.
    Consistency,
    /// The entries of one account.
    Evidence,
}

impl Kind {
    /// What a file says of itself in its first bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let begins = |text: &str| bytes.starts_with(text.as_bytes());
        if begins(INCLUSION_FORMAT) {
            Some(Self::Inclusion)
        } else if begins(CONSISTENCY_FORMAT) {
            Some(Self::Consistency)
        } else {
            begins("{").then_some(Self::Evidence)
        }
    }
}

/// What a check has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProofReport {
    /// The outcome.
    pub verdict: Verdict,
    /// What was checked.
    pub kind: Kind,
    /// The log, as its checkpoint calls it.
    pub origin: Option<String>,
    /// Entries that the checkpoint covers.
    pub size: Option<u64>,
    /// Their root.
    pub root: Option<Hash32>,
    /// The key that signed.
    pub key: Option<String>,
    /// Whether that key was given, and does not come out of the file.
    pub pinned: bool,
    /// What the file shows.
    pub shows: Vec<String>,
    /// What is wrong with it.
    pub findings: Vec<String>,
    /// What is not there that would be needed.
    pub incomplete: Vec<String>,
    /// What it cannot show.
    pub cannot_show: Vec<String>,
}

impl ProofReport {
    fn new(kind: Kind, pinned: Option<&VerifierKey>) -> Self {
        Self {
            verdict: Verdict::Fine,
            kind,
            origin: None,
            size: None,
            root: None,
            key: pinned.map(ToString::to_string),
            pinned: pinned.is_some(),
            shows: vec![],
            findings: vec![],
            incomplete: vec![],
            cannot_show: vec![],
        }
    }

    pub(super) fn found(&mut self, detail: impl Into<String>) {
        self.findings.push(detail.into());
    }

    pub(super) fn of_log(&mut self, signed: &SignedCheckpoint) {
        self.origin = Some(signed.checkpoint.origin.clone());
        self.size = Some(signed.checkpoint.size);
        self.root = Some(signed.checkpoint.root);
    }

    /// Holds a checkpoint against the key.
    pub(super) fn signed(&mut self, what: &str, signed: &SignedCheckpoint, key: &VerifierKey) {
        match signed.check(key) {
            Ok(()) => self.shows.push(format!(
                "{what} of {} entries is signed by {}",
                signed.checkpoint.size,
                key.name()
            )),
            Err(error) => self.found(format!("{what}: {error}")),
        }
    }

    /// The key to believe: the pinned one, or else the one that the file names.
    pub(super) fn key(&mut self, pinned: Option<&VerifierKey>, own: &VerifierKey) -> VerifierKey {
        if let Some(pinned) = pinned {
            if pinned != own {
                self.found(format!("it is of the key {own}, not of the one that was given"));
            }
            return pinned.clone();
        }
        self.key = Some(own.to_string());
        self.cannot_show.push(
            "whose key it is: none was given by --key, so the one in the file itself was taken, \
             and all is true only if that is the log's"
                .to_owned(),
        );
        own.clone()
    }

    fn finish(mut self) -> Self {
        self.verdict = match (self.findings.is_empty(), self.incomplete.is_empty()) {
            (false, _) => Verdict::Tampered,
            (true, false) => Verdict::Incomplete,
            (true, true) => Verdict::Fine,
        };
        if self.verdict == Verdict::Tampered {
            // Nothing that a bent file says is to be taken away from here.
            self.shows.clear();
        }
        self
    }
}

/// Checks a file of one of the three kinds.
#[must_use]
pub fn check(
    kind: Kind,
    bytes: &[u8],
    entry: Option<&[u8]>,
    pinned: Option<&VerifierKey>,
) -> ProofReport {
    let mut report = ProofReport::new(kind, pinned);
    match kind {
        Kind::Inclusion => match InclusionProof::parse(bytes) {
            Ok(proof) => of_inclusion(&mut report, &proof, entry, pinned),
            Err(error) => report.found(chain_of(&error)),
        },
        Kind::Consistency => match ConsistencyProof::parse(bytes) {
            Ok(proof) => of_consistency(&mut report, &proof, pinned),
            Err(error) => report.found(chain_of(&error)),
        },
        Kind::Evidence => match Evidence::parse(bytes) {
            Ok(evidence) => evidence::check(&mut report, &evidence, pinned),
            Err(error) => report.found(chain_of(&error)),
        },
    }
    report.finish()
}

fn of_inclusion(
    report: &mut ProofReport,
    proof: &InclusionProof,
    given: Option<&[u8]>,
    pinned: Option<&VerifierKey>,
) {
    report.of_log(&proof.checkpoint);
    if let (Some(own), Some(given)) = (&proof.entry, given)
        && own != given
    {
        report.found("it is the proof of another entry than the one that was given");
    }
    let Some(entry) = given.or(proof.entry.as_deref()) else {
        report.incomplete.push("the file does not hold the entry: give it by --entry".to_owned());
        return;
    };
    match proof.proves(entry) {
        Ok(()) => {
            let (what, size) = (told(entry), proof.checkpoint.checkpoint.size);
            report.shows.push(format!("{what} is entry {} of {size}", proof.index));
        }
        Err(error) => report.found(format!("the entry at position {}: {error}", proof.index)),
    }
    let own = Named::by(entry).filter(|_| proof.index == 0).map(|named| named.key);
    match (pinned, own) {
        (_, Some(own)) => {
            let key = report.key(pinned, &own);
            report.signed("the checkpoint", &proof.checkpoint, &key);
        }
        (Some(key), None) => report.signed("the checkpoint", &proof.checkpoint, key),
        (None, None) => report.incomplete.push(
            "no key was given by --key, and such a file names none: who signed the checkpoint was \
             not checked, and anybody could have made it"
                .to_owned(),
        ),
    }
    report.cannot_show.push("what came after the checkpoint".to_owned());
}

fn of_consistency(
    report: &mut ProofReport,
    proof: &ConsistencyProof,
    pinned: Option<&VerifierKey>,
) {
    report.of_log(&proof.checkpoint);
    let key = report.key(pinned, &proof.key);
    if let Some(earlier) = &proof.earlier {
        report.signed("the earlier checkpoint", earlier, &key);
    } else {
        report.cannot_show.push(
            "that anybody signed the earlier root: it was made of the log as it is, and says \
             something only to who kept that root"
                .to_owned(),
        );
    }
    report.signed("the checkpoint", &proof.checkpoint, &key);
    let ((from, root), to) = (proof.old, proof.checkpoint.checkpoint.size);
    match proof.proves() {
        Ok(()) => report.shows.push(format!(
            "the log of {to} entries begins with the {from} entries whose root is {root}"
        )),
        Err(error) => report.found(format!("from {from} to {to} entries: {error}")),
    }
    report.cannot_show.push("what came after the later checkpoint".to_owned());
}

/// An entry in a few words.
fn told(bytes: &[u8]) -> String {
    match Entry::parse(bytes) {
        Ok(entry) => {
            format!("{} ({} revision {}, {})", entry.event_type, entry.stream, entry.rev, entry.at)
        }
        Err(_) => "an entry that this program cannot read".to_owned(),
    }
}

/// An error and what caused it, in one line.
fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
