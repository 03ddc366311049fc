//! SR-104, AT-54: whatever is done to a log or to an export of it is found, with its position and
//! the account; and an honest log gives no alarm.
//!
//! Two people change logs here. One changes the readable lines and leaves the tree beside them;
//! the other chains everything anew and makes tiles, bundles and manifest to match: all that can be
//! done without the key. Against the second the auditor has an earlier export, and finds the place,
//! or an earlier checkpoint, and finds that it was done.

mod forge;
mod honest_logs;
mod signatures;

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::finding::{Report, Rule, Verdict};
use super::honest::random;
use super::manifest::CHECKPOINT_FILE;
use super::sample::Sample;
use super::source::Source;
use super::verify::{Against, verify_against};
use forge::{CHANGES, FIELDS, chain_anew, flip};

/// Logs that are tampered with.
const LOGS: u64 = 300;
/// Commands in each.
const COMMANDS: usize = 40;

fn check(directory: &Path, against: &Against) -> Report {
    verify_against(Source::open(directory).unwrap(), against, &mut |_, _| {})
}

/// An honest log with its export.
struct Place {
    number: u64,
    log: Sample,
    directory: TempDir,
}

impl Place {
    fn new(number: u64) -> Self {
        let (log, directory) = (random(number, COMMANDS), TempDir::new().unwrap());
        log.export(&directory.path().join("honest"));
        log.export(&directory.path().join("clumsy"));
        Self { number, log, directory }
    }

    /// Another place in the log for each log and each change.
    fn near(&self, change: usize) -> usize {
        let mixed = self.number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 17;
        usize::try_from(mixed).unwrap().wrapping_add(change * 7919)
    }

    /// Verifies what was done to it, by either way, and demands that it is found at `position`.
    fn must_find(&self, what: &str, changed: &Sample, position: usize) {
        let (number, at) = (self.number, u64::try_from(position).unwrap());
        let stood = self.log.entries.get(position).map(|entry| entry.stream.to_string());
        let clumsy = self.directory.path().join("clumsy");
        changed.export_entries(&clumsy);
        let report = check(&clumsy, &Against::default());
        must_name(&report, at, stood.as_deref(), &format!("log {number}: {what}"));

        let mut forged = changed.clone();
        chain_anew(&mut forged.entries);
        let is_same = forged.entries.iter().map(|entry| &entry.bytes);
        if is_same.eq(self.log.entries.iter().map(|entry| &entry.bytes)) {
            return;
        }
        let careful = self.directory.path().join("careful");
        forged.export(&careful);
        fs::write(careful.join(CHECKPOINT_FILE), self.log.signed_whole().to_string()).unwrap();
        let what = format!("log {number}: {what}, chained anew");
        let alone = check(&careful, &Against::default());
        assert_eq!(alone.verdict, Verdict::Tampered, "{what}: {alone:?}");
        let honest = self.directory.path().join("honest");
        let older = Against { older: vec![honest.clone()], ..Against::default() };
        must_name(&check(&careful, &older), at, stood.as_deref(), &what);
        if position >= self.log.entries.len() {
            // Whoever can sign may go on with the log: that is what it grows by.
            return;
        }
        // Even where whoever did it could sign it, a checkpoint that was kept tells.
        fs::write(careful.join(CHECKPOINT_FILE), forged.signed_whole().to_string()).unwrap();
        let kept =
            Against { checkpoints: vec![honest.join(CHECKPOINT_FILE)], ..Against::default() };
        let told = check(&careful, &kept);
        let tells = |rule| told.findings.iter().any(|finding| finding.rule == rule);
        assert!(tells(Rule::RootDiffers) || tells(Rule::SizeDiffers), "{what}: {told:?}");
    }
}

/// Where and whose it is, a finding says.
fn must_name(report: &Report, position: u64, stream: Option<&str>, what: &str) {
    assert_eq!(report.verdict, Verdict::Tampered, "{what}: {report:?}");
    let names = report.findings.iter().any(|finding| {
        finding.position.map(|at| at.get()) == Some(position)
            && (stream.is_none() || finding.stream.as_deref() == stream)
    });
    assert!(names, "{what}: no finding at position {position} of {stream:?}: {report:?}");
}

fn each_log(half: u64, tamper: impl Fn(&Place)) {
    (0..LOGS).filter(|number| number % 2 == half).for_each(|number| tamper(&Place::new(number)));
}

/// One bit of each field of an entry in each log.
fn flipped(half: u64) {
    let flips = Cell::new(0);
    each_log(half, |place| {
        // Every other field in one log, the others in the next of this half.
        let others = usize::try_from(place.number / 2 % 2).unwrap();
        for (change, field) in FIELDS.into_iter().enumerate().skip(others).step_by(2) {
            let mut changed = place.log.clone();
            let later = usize::try_from(place.number % 3).unwrap();
            if let Some(at) = flip(&mut changed.entries, place.near(change), field, later) {
                place.must_find(&format!("a bit behind {field} is flipped"), &changed, at);
                flips.set(flips.get() + 1);
            }
        }
    });
    assert!(flips.get() > 1000, "{} bits", flips.get());
}

/// AT-54: in half of the logs.
#[test]
fn at_54_a_flipped_bit_of_any_field_is_found_at_its_position() {
    flipped(0);
}

/// AT-54: and in the other half.
#[test]
fn at_54_a_flipped_bit_of_any_field_is_found_at_its_position_elsewhere_too() {
    flipped(1);
}

/// SR-104: swapped, deleted, cut off, written twice, moved, replaced.
#[test]
fn sr_104_whatever_is_done_to_whole_entries_is_found_at_its_position() {
    let done = RefCell::new([0_u32; CHANGES.len()]);
    let tamper = |place: &Place| {
        let other = random(place.number + 100_000, 10);
        for (index, (what, change)) in CHANGES.into_iter().enumerate() {
            let mut changed = place.log.clone();
            if let Some(at) = change(&mut changed.entries, place.near(index), &other) {
                place.must_find(what, &changed, at);
                done.borrow_mut()[index] += 1;
            }
        }
    };
    each_log(0, tamper);
    each_log(1, tamper);
    assert_eq!(done.take().map(u64::from), [LOGS; CHANGES.len()]);
}
