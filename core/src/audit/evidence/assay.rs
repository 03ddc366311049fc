//! Checks a file of evidence: proofs, chain, density, and what it says of itself.

use std::collections::BTreeSet;

use countersign_events::checkpoint::{Checkpoint, SignedCheckpoint};
use countersign_events::entry::Entry;
use countersign_events::id::{Hash32, LogId, PolicyVersion, Revision, StreamId};
use countersign_events::note::VerifierKey;
use countersign_events::tree::leaf_hash;
use countersign_events::tree::proof::check_inclusion;
use jiff::Timestamp;

use super::{Evidence, Proven, version_in};
use crate::audit::check::ProofReport;
use crate::audit::replay::state_hash;
use crate::audit::signed::Named;
use crate::domain::{Account, StampedEvent, evolve};

/// Findings that are listed of one file.
const FINDINGS_MAX: usize = 100;

/// Checks all that can be checked of it.
pub(in crate::audit) fn check(
    report: &mut ProofReport,
    evidence: &Evidence,
    pinned: Option<&VerifierKey>,
) {
    let Ok(own) = VerifierKey::parse(&evidence.key) else {
        return report.found("the key in it is none");
    };
    let Ok(signed) = SignedCheckpoint::parse(evidence.checkpoint.as_bytes()) else {
        return report.found("the checkpoint in it is none");
    };
    let key = report.key(pinned, &own);
    report.of_log(&signed);
    report.signed("the checkpoint", &signed, &key);
    let Some(named) = Named::by(evidence.created.entry.as_bytes()) else {
        return report.found("what is to be the log's first entry does not name it");
    };
    if evidence.created.position != 0 || named.key != own {
        report.found("the log's first entry names another key, or is not its first");
    }
    in_the_log(report, &signed.checkpoint, &evidence.created);
    let mut chain = Chain::of(StreamId::Account(evidence.account), named.log);
    for proven in &evidence.entries {
        if report.findings.len() >= FINDINGS_MAX {
            return report.found("there is more: the rest was not looked at");
        }
        in_the_log(report, &signed.checkpoint, proven);
        chain.link(report, proven);
    }
    let known = policies(report, &signed.checkpoint, evidence, named.log);
    chain.tell(report, &known);
}

fn in_the_log(report: &mut ProofReport, checkpoint: &Checkpoint, proven: &Proven) {
    let leaf = leaf_hash(proven.entry.as_bytes());
    let (size, root) = (checkpoint.size, checkpoint.root);
    if let Err(error) = check_inclusion(leaf, proven.position, size, root, &proven.proof) {
        report.found(format!("the entry at position {}: {error}", proven.position));
    }
}

/// The versions of the policy that the file holds.
fn policies(
    report: &mut ProofReport,
    checkpoint: &Checkpoint,
    evidence: &Evidence,
    log: LogId,
) -> BTreeSet<PolicyVersion> {
    let mut known = BTreeSet::new();
    for proven in evidence.policies.iter().take(FINDINGS_MAX) {
        in_the_log(report, checkpoint, proven);
        let entry = Entry::parse(proven.entry.as_bytes()).ok().filter(|entry| entry.log == log);
        match entry.as_ref().and_then(version_in) {
            Some(version) => {
                known.insert(version);
            }
            None => report.found(format!("position {} sets no policy", proven.position)),
        }
    }
    known
}

/// The account's stream, link by link.
struct Chain {
    stream: StreamId,
    log: LogId,
    /// The next revision.
    next: Revision,
    /// Position, leaf and time of the entry before.
    before: Option<(u64, Hash32, Timestamp)>,
    first_at: Option<Timestamp>,
    named: BTreeSet<PolicyVersion>,
    /// The state so far; none after an event that this program does not know.
    state: Option<Account>,
}

impl Chain {
    fn of(stream: StreamId, log: LogId) -> Self {
        Self {
            stream,
            log,
            next: Revision::new(0),
            before: None,
            first_at: None,
            named: BTreeSet::new(),
            state: Some(Account::default()),
        }
    }

    fn link(&mut self, report: &mut ProofReport, proven: &Proven) {
        let bytes = proven.entry.as_bytes();
        let position = proven.position;
        let entry = match Entry::parse(bytes) {
            Ok(entry) => entry,
            Err(error) => return report.found(format!("position {position}: {error}")),
        };
        if entry.stream != self.stream || entry.log != self.log {
            report.found(format!("position {position} is of another stream or log"));
        }
        if entry.rev != self.next {
            report.found(format!(
                "position {position}: revision {} where {} was to follow",
                entry.rev, self.next
            ));
        }
        if entry.prev != self.before.map(|(_, leaf, _)| leaf) {
            report.found(format!("position {position} does not follow from the entry before"));
        }
        if self.before.is_some_and(|(before, _, at)| before >= position || at > entry.at) {
            report.found(format!("position {position} lies before the entry before"));
        }
        self.before = Some((position, leaf_hash(bytes), entry.at));
        self.first_at.get_or_insert(entry.at);
        self.next = entry.rev.next();
        self.named.insert(entry.policy);
        let stamped = StampedEvent::of(&entry).ok();
        self.state = self.state.take().zip(stamped).map(|(state, event)| evolve(state, &event));
    }

    /// What the whole chain shows, and what it does not.
    fn tell(self, report: &mut ProofReport, known: &BTreeSet<PolicyVersion>) {
        let Some(((_, _, last_at), first_at)) = self.before.zip(self.first_at) else {
            return report.found("it holds no entry of the account");
        };
        let count = self.next;
        report.shows.push(format!(
            "{}: its first {count} entries, without a gap, from {first_at} to {last_at}",
            self.stream
        ));
        match self.state.as_ref().and_then(|state| state_hash(state).ok()) {
            Some(hash) => report.shows.push(format!("they fold to the state {hash}")),
            None => report.cannot_show.push(
                "the state that they fold to: this program does not know all of them".to_owned(),
            ),
        }
        // Nothing was set before the first version.
        let none = PolicyVersion::new(0);
        let missing = self.named.iter().filter(|named| **named != none && !known.contains(named));
        for version in missing {
            let text = format!("version {version} of the policy, which entries were decided under");
            report.incomplete.push(text);
        }
        report.cannot_show.push(
            "that no later entry of the account exists: neither after the checkpoint, nor before \
             it behind the last one here"
                .to_owned(),
        );
        report.cannot_show.push("that a code was right, or what sealed parts say".to_owned());
    }
}
