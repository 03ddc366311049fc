//! What a log is held to: the checkpoint beside it, older ones from elsewhere, a key that the
//! auditor knows; and what is kept of its tree.

use std::path::{Path, PathBuf};

use countersign_events::checkpoint::{Checkpoint, SignedCheckpoint};
use countersign_events::entry::Entry;
use countersign_events::id::{Hash32, Position};
use countersign_events::log_event::LogEvent;
use countersign_events::note::{NOTE_BYTES_MAX, VerifierKey};
use countersign_events::tree::TreeHead;

use super::kept::{Difference, Fault, Kept, LEAVES_FILE, Shown};
use super::{KnownRoot, Place};
use crate::audit::finding::{Finding, Rule, Signed};
use crate::audit::manifest::{CHECKPOINT_FILE, FORMAT};
use crate::audit::source::{Source, small_file};

const BESIDE: &str = "the checkpoint beside it";

/// What an auditor knows of a log from elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Against {
    /// A root that the log had.
    pub root: Option<KnownRoot>,
    /// The key that it is signed with.
    pub key: Option<VerifierKey>,
    /// Files of older checkpoints.
    pub checkpoints: Vec<PathBuf>,
    /// Older exports, each with its checkpoint and its tiles.
    pub older: Vec<PathBuf>,
}

/// A root that the log must have at a size.
struct Demand {
    name: String,
    size: u64,
    root: Hash32,
    signed: Option<SignedCheckpoint>,
    is_beside: bool,
    /// What it was there.
    found: Option<Hash32>,
}

impl Demand {
    fn agrees(&self) -> bool {
        self.found == Some(self.root)
    }
}

/// All that a log is held to.
#[derive(Default)]
pub(super) struct Held {
    key: Option<VerifierKey>,
    /// By size.
    demands: Vec<Demand>,
    next: usize,
    kept: Vec<Kept>,
    shown: Option<Shown>,
    is_export: bool,
    pub(super) outcome: Outcome,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) findings: Vec<Finding>,
    pub(super) incomplete: Vec<String>,
    pub(super) signed: Option<Signed>,
    pub(super) newer: u64,
    pub(super) held_to: u64,
    /// Nothing signed lies beside the log, nor has to.
    pub(super) is_unsigned: bool,
}

/// The key that the first entry of an older export names.
fn key_named_in(directory: &Path) -> Option<VerifierKey> {
    let line = Source::open(directory).ok()?.next_line().ok()??;
    let entry = Entry::parse(&line.bytes).ok()?;
    let event = LogEvent::decode(&entry.event_type, entry.version, entry.data.get()).ok()?;
    let LogEvent::Created(created) = event else { return None };
    Checkpoint::key(&created.origin, *created.key.bytes()).ok()
}

fn whole(rule: Rule, position: Option<Position>, detail: String) -> Finding {
    Finding { rule, position, stream: None, revision: None, detail }
}

impl Held {
    /// Reads what there is beside a source, and what the auditor brings.
    pub(super) fn of(source: &Source, against: &Against) -> Self {
        let mut held = Self { key: against.key.clone(), ..Self::default() };
        if let Some(KnownRoot { size, root }) = against.root {
            held.demand("--root".to_owned(), size, root);
        }
        held.beside(source);
        for file in &against.checkpoints {
            let name = file.display().to_string();
            let read = small_file(file, NOTE_BYTES_MAX);
            held.checkpoint(&name, read.as_ref().map(Option::as_deref));
        }
        for directory in &against.older {
            held.key = held.key.or_else(|| key_named_in(directory));
            let file = directory.join(CHECKPOINT_FILE);
            let (name, read) = (file.display().to_string(), small_file(&file, NOTE_BYTES_MAX));
            if let Some(size) = held.checkpoint(&name, read.as_ref().map(Option::as_deref)) {
                held.keep(name, directory, size);
            }
        }
        held.demands.sort_by_key(|demand| demand.size);
        held
    }

    fn beside(&mut self, source: &Source) {
        let manifest = source.manifest();
        self.is_export = manifest.is_some();
        let is_to_be_signed = match manifest {
            Some(manifest) => manifest.is_ok_and(|manifest| manifest.format == FORMAT),
            None => source.directory().join(LEAVES_FILE).exists(),
        };
        let read = source.checkpoint();
        let is_there = !matches!(read, Ok(None));
        let size = if is_there || is_to_be_signed {
            self.checkpoint(BESIDE, read)
        } else {
            self.outcome.is_unsigned = true;
            if let Some(key) = &self.key {
                let why = format!("nothing lies beside it that {} signed", key.name());
                self.outcome.incomplete.push(why);
            }
            None
        };
        if let Some(demand) = self.demands.last_mut().filter(|_| size.is_some()) {
            demand.is_beside = true;
        }
        let of_manifest =
            || manifest.and_then(Result::ok).filter(|_| is_to_be_signed).map(|its| its.size);
        if self.is_export {
            if let Some(size) = size.or_else(of_manifest) {
                self.keep(BESIDE.to_owned(), source.directory(), size);
                self.shown = Some(Shown::of(source.directory(), size));
            }
        } else if let Some(size) = size {
            self.keep(BESIDE.to_owned(), source.directory(), size);
        }
    }

    fn keep(&mut self, name: String, directory: &Path, size: u64) {
        self.kept.extend(Kept::of(name, directory, size));
    }

    fn demand(&mut self, name: String, size: u64, root: Hash32) {
        let (signed, is_beside, found) = (None, false, None);
        self.demands.push(Demand { name, size, root, signed, is_beside, found });
    }

    /// Takes the bytes of a checkpoint, and gives the size that it says.
    fn checkpoint(
        &mut self,
        name: &str,
        read: Result<Option<&[u8]>, impl ToString>,
    ) -> Option<u64> {
        let bytes = match read {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                self.outcome.incomplete.push(format!("{name}: it is not there"));
                return None;
            }
            Err(why) => {
                self.outcome.incomplete.push(why.to_string());
                return None;
            }
        };
        match SignedCheckpoint::parse(bytes) {
            Ok(signed) => {
                let Checkpoint { size, root, .. } = signed.checkpoint;
                self.demand(name.to_owned(), size, root);
                if let Some(demand) = self.demands.last_mut() {
                    demand.signed = Some(signed);
                }
                Some(size)
            }
            Err(error) => {
                let detail = format!("{name}: {error}");
                self.outcome.findings.push(whole(Rule::CheckpointNotSigned, None, detail));
                None
            }
        }
    }

    /// Size and root that the checkpoint beside the log says.
    pub(super) fn beside_says(&self) -> Option<(u64, Hash32)> {
        self.demands.iter().find(|demand| demand.is_beside).map(|its| (its.size, its.root))
    }

    /// Takes the next entry, which is in the tree already.
    pub(super) fn entry(&mut self, place: Place, bytes: &[u8], leaf: Hash32) {
        self.kept.iter_mut().for_each(|kept| kept.entry(place, leaf));
        if let Some(shown) = &mut self.shown {
            shown.entry(place, bytes);
        }
    }

    /// Takes a perfect subtree.
    pub(super) fn completed(&mut self, height: u8, hash: Hash32) {
        if let Some(shown) = &mut self.shown {
            shown.completed(height, hash);
        }
    }

    /// Looks whether the tree is as large as one of the demands.
    pub(super) fn reached(&mut self, tree: &TreeHead) {
        while let Some(demand) = self.demands.get_mut(self.next)
            && demand.size <= tree.size()
        {
            demand.found = Some(tree.root());
            self.next += 1;
        }
    }

    /// Says what came of it, for a log of this size whose first entry names this origin and key.
    pub(super) fn finish(mut self, size: u64, named: Option<(&str, Hash32)>) -> Outcome {
        let key = self.key_of(named);
        let demands = std::mem::take(&mut self.demands);
        let mut authentic = vec![];
        for demand in &demands {
            let signed = self.must_be_signed(demand, key.as_ref());
            if signed.is_some() {
                authentic.push((demand.size, demand.root));
            }
            let agreed = demands.iter().filter(|it| it.size < demand.size && it.agrees());
            let agreed = agreed.map(|it| it.size).max();
            self.must_agree(demand, size, signed, agreed);
        }
        for kept in std::mem::take(&mut self.kept) {
            self.must_be_kept(&kept, size, &authentic);
        }
        if let Some(shown) = self.shown.take() {
            self.must_be_shown(&shown);
        }
        self.outcome
    }

    /// The key to check signatures with: the one that the auditor knows or an older export names,
    /// or else the one that the first entry names.
    fn key_of(&mut self, named: Option<(&str, Hash32)>) -> Option<VerifierKey> {
        let named = named.and_then(|(origin, key)| Checkpoint::key(origin, *key.bytes()).ok());
        let Some(known) = self.key.take() else { return named };
        if named.as_ref() != Some(&known) {
            let named = named.map_or_else(|| "none".to_owned(), |key| key.to_string());
            let detail = format!("the first entry names {named}");
            let first = Some(Position::new(0));
            self.outcome.findings.push(whole(Rule::KeyDiffers, first, detail));
        }
        Some(known)
    }

    /// The key that signed a checkpoint.
    fn must_be_signed(&mut self, demand: &Demand, key: Option<&VerifierKey>) -> Option<String> {
        let signed = demand.signed.as_ref()?;
        let why = match key {
            None => "the first entry names no key that could have signed it".to_owned(),
            Some(key) => match signed.check(key) {
                Ok(()) => return Some(key.to_string()),
                Err(error) => error.to_string(),
            },
        };
        let detail = format!("{}: {why}", demand.name);
        self.outcome.findings.push(whole(Rule::CheckpointNotSigned, None, detail));
        None
    }

    fn must_agree(
        &mut self,
        demand: &Demand,
        size: u64,
        signed: Option<String>,
        agreed: Option<u64>,
    ) {
        let Demand { name, size: of, root, is_beside, found, .. } = demand;
        let Some(found) = found else {
            let detail = format!("{size} entries, {name} covers {of}");
            let end = Some(Position::new(size));
            return self.outcome.findings.push(whole(Rule::SizeDiffers, end, detail));
        };
        if found != root {
            let before = agreed.filter(|agreed| *agreed > 0);
            let before = before.map_or_else(String::new, |agreed| {
                format!("; over the first {agreed} it is as it was")
            });
            let detail = format!("over the first {of} entries it is {found}, {name} says {root}");
            let detail = detail + &before;
            self.outcome.findings.push(whole(Rule::RootDiffers, None, detail));
        } else if !is_beside {
            let counts = demand.signed.is_none() || signed.is_some();
            self.outcome.held_to += u64::from(counts);
        } else if let Some(key) = signed {
            self.outcome.signed = Some(Signed { size: *of, root: *root, key });
        }
        let newer = size.saturating_sub(*of);
        if *is_beside && self.is_export && newer > 0 {
            let detail = format!("{newer} entries behind the {of} that {name} covers");
            let first = Some(Position::new(*of));
            self.outcome.findings.push(whole(Rule::SizeDiffers, first, detail));
        } else if *is_beside {
            self.outcome.newer = newer;
        }
    }

    /// Compares with leaf hashes: where their root was signed, each entry must be as they say.
    fn must_be_kept(&mut self, kept: &Kept, size: u64, authentic: &[(u64, Hash32)]) {
        let is_beside = kept.name == BESIDE;
        if let Some(fault) = kept.fault() {
            self.fault(fault.clone(), is_beside);
        }
        let cut_off = || {
            let place = Place { position: Position::new(size), stream: None, revision: None };
            let leaf = (size < kept.size).then(|| kept.leaf(size)).flatten();
            leaf.map(|kept| Difference { place, kept })
        };
        let Some(first) = kept.first.or_else(cut_off) else { return };
        let root = kept.root().map(|root| (kept.size, root));
        if root.is_some_and(|root| authentic.contains(&root)) {
            self.another_entry(Rule::EntryDiffers, kept, &first);
        } else if is_beside && self.is_export {
            self.another_entry(Rule::TileDiffers, kept, &first);
        } else if !is_beside {
            let why = format!("{}: the tiles beside it are not those that it signs", kept.name);
            self.outcome.incomplete.push(why);
        }
    }

    /// An entry is another than what is kept. Once for each place, however many tell of it.
    fn another_entry(&mut self, rule: Rule, kept: &Kept, first: &Difference) {
        let position = first.place.position;
        if self.tells_of(position) {
            return;
        }
        let stood = kept.stood(position.get(), first.kept);
        let what = stood.as_ref().map_or_else(
            || format!("an entry that hashes to {}", first.kept),
            |its| format!("{} of {} revision {}", its.event_type, its.stream, its.revision),
        );
        let more = kept.differing.saturating_sub(1);
        let of = if rule == Rule::EntryDiffers { "covers" } else { "lies with tiles that have" };
        let detail = format!("{} {of} {what} here; {more} more differ", kept.name);
        let place = stood.map_or(first.place, |its| Place {
            stream: Some(its.stream),
            revision: Some(its.revision),
            position,
        });
        self.outcome.findings.push(place.finding(rule, detail));
    }

    fn must_be_shown(&mut self, shown: &Shown) {
        if let Some(place) = shown.first.filter(|place| !self.tells_of(place.position)) {
            let detail = "the bundle beside it has another entry here";
            self.outcome.findings.push(place.finding(Rule::TileDiffers, detail));
        }
        for fault in shown.faults() {
            self.fault(fault, true);
        }
    }

    fn tells_of(&self, position: Position) -> bool {
        let rules = [Rule::EntryDiffers, Rule::TileDiffers];
        let tells = |it: &Finding| rules.contains(&it.rule) && it.position == Some(position);
        self.outcome.findings.iter().any(tells)
    }

    /// What an older export lacks is no fault of the log.
    fn fault(&mut self, fault: Fault, is_beside: bool) {
        match fault {
            Fault::Wrong(detail) if is_beside => {
                self.outcome.findings.push(whole(Rule::TileDiffers, None, detail));
            }
            Fault::Wrong(why) | Fault::Missing(why) => self.outcome.incomplete.push(why),
        }
    }
}
