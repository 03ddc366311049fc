use std::fs;
use std::path::Path;

use countersign_events::actor::By;
use countersign_events::id::{Hash32, Position, StreamId};
use countersign_events::tree::{TreeHead, leaf_hash};
use tempfile::TempDir;

use super::{KnownRoot, verify};
use crate::audit::finding::{Finding, Report, Rule, Verdict};
use crate::audit::manifest::{ENTRIES_FILE, FORMAT, FORMAT_UNSIGNED, MANIFEST_FILE, SEALED_FILE};
use crate::audit::sample::{Sample, account};
use crate::audit::source::Source;

fn check(directory: &Path, known: Option<KnownRoot>) -> Report {
    verify(Source::open(directory).unwrap(), known, &mut |_, _| {})
}

fn check_sample(log: &Sample) -> Report {
    let place = TempDir::new().unwrap();
    log.export(place.path());
    check(place.path(), None)
}

fn rules(report: &Report) -> Vec<Rule> {
    report.findings.iter().map(|finding| finding.rule).collect()
}

/// Exports the journey, lets the files be changed, and gives the rules found broken.
fn after(change: impl FnOnce(&Path)) -> Report {
    let place = TempDir::new().unwrap();
    Sample::journey().export(place.path());
    change(place.path());
    check(place.path(), None)
}

fn change_lines(directory: &Path, file: &str, change: impl FnOnce(&mut Vec<String>)) {
    let path = directory.join(file);
    let mut lines: Vec<String> =
        fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    change(&mut lines);
    fs::write(path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

fn position_of(lines: &[String], what: &str) -> usize {
    lines.iter().position(|line| line.contains(what)).unwrap()
}

#[test]
fn an_honest_log_is_fine_and_the_report_says_what_it_cannot_know() {
    let report = check_sample(&Sample::journey());
    assert_eq!(report.findings, Vec::<Finding>::new());
    assert_eq!(report.verdict, Verdict::Fine);
    assert_eq!(report.streams, 3);
    assert!(report.sealed_present > 4 && report.sealed_absent == 0);
    assert_eq!(report.origin.as_deref(), Some("countersign.example/log"));
    assert!(report.cannot_know.iter().any(|text| text.contains("that a code was right")));
}

#[test]
fn an_empty_export_from_before_logs_were_signed_is_fine() {
    let place = TempDir::new().unwrap();
    let mut log = Sample::new();
    log.entries.clear();
    log.export_entries(place.path());
    log.export_manifest(place.path());
    change_lines(place.path(), MANIFEST_FILE, |lines| {
        for line in lines {
            *line = line.replace(FORMAT, FORMAT_UNSIGNED);
            for field in ["log", "origin", "key", "first_at", "last_at"] {
                if line.trim_start().starts_with(&format!("\"{field}\"")) {
                    *line = format!("\"{field}\": null,");
                }
            }
        }
    });
    assert_eq!(check(place.path(), None).verdict, Verdict::Fine);
}

/// A changed tile, bundle or higher level, and a missing one: each for itself.
#[test]
fn tiles_that_the_entries_do_not_make_are_found() {
    let change = |name: &str, byte: usize| {
        after(|place| {
            let path = place.join(name);
            let mut bytes = fs::read(&path).unwrap();
            bytes[byte] ^= 1;
            fs::write(path, bytes).unwrap();
        })
    };
    let mut long = Sample::journey();
    for sign_in in 0..=255 {
        long.wait(1000);
        long.begin(account(1), sign_in);
    }
    let size = Sample::journey().entries.len();
    let report = change(&format!("tile/0/000.p/{size}"), 32 * 3);
    assert_eq!(rules(&report), [Rule::TileDiffers]);
    assert_eq!(report.findings[0].position, Some(Position::new(3)));
    let report = change(&format!("tile/entries/000.p/{size}"), 20);
    assert_eq!(rules(&report), [Rule::TileDiffers]);
    assert_eq!(report.findings[0].position, Some(Position::new(0)));
    let report = change(&format!("tile/entries/000.p/{size}"), 0);
    assert_eq!(rules(&report), [Rule::TileDiffers], "a length");

    let place = TempDir::new().unwrap();
    long.export(place.path());
    assert_eq!(check(place.path(), None).verdict, Verdict::Fine);
    let higher = place.path().join("tile/1/000.p/1");
    let honest = fs::read(&higher).unwrap();
    fs::write(&higher, [0; 32]).unwrap();
    let report = check(place.path(), None);
    assert_eq!(rules(&report), [Rule::TileDiffers]);
    assert!(report.findings[0].detail.starts_with("tile/1/000.p/1"), "{report:?}");
    fs::write(&higher, [honest, vec![0]].concat()).unwrap();
    assert_eq!(rules(&check(place.path(), None)), [Rule::TileDiffers], "too long");
    fs::remove_file(&higher).unwrap();
    let report = check(place.path(), None);
    assert_eq!((report.verdict, rules(&report)), (Verdict::Incomplete, vec![]));
}

#[test]
fn any_flipped_bit_of_any_entry_is_found() {
    let honest = Sample::journey();
    let place = TempDir::new().unwrap();
    honest.export(place.path());
    let entries = fs::read(place.path().join(ENTRIES_FILE)).unwrap();
    for (index, step) in (0..entries.len()).step_by(61).enumerate() {
        let mut changed = entries.clone();
        changed[step] ^= 1 << (index % 8);
        fs::write(place.path().join(ENTRIES_FILE), &changed).unwrap();
        assert_eq!(check(place.path(), None).verdict, Verdict::Tampered, "byte {step}");
    }
}

#[test]
fn a_changed_entry_breaks_the_chain_at_the_next_one_of_its_stream_and_the_root() {
    let report = after(|place| {
        change_lines(place, ENTRIES_FILE, |lines| {
            let at = position_of(lines, "account.cooled_down");
            lines[at] = lines[at].replace("\"unresolved\":5", "\"unresolved\":4");
        });
    });
    assert_eq!(rules(&report), [Rule::EntryDiffers, Rule::RootDiffers, Rule::ChainBroken]);
    let first = &report.findings[0];
    assert_eq!(first.stream, Some(account(1).to_string()));
    assert!(first.position.is_some() && first.revision.is_some());
}

#[test]
fn a_deleted_entry_is_found_by_its_stream_and_by_the_size() {
    let report = after(|place| {
        change_lines(place, ENTRIES_FILE, |lines| {
            let at = position_of(lines, "account.code_rejected");
            lines.remove(at);
        });
    });
    for rule in [Rule::RevisionGap, Rule::ChainBroken, Rule::SizeDiffers, Rule::SealedSurplus] {
        assert!(rules(&report).contains(&rule), "{rule}: {:?}", rules(&report));
    }
}

#[test]
fn the_last_entry_cut_off_is_found_by_the_size() {
    let report = after(|place| {
        change_lines(place, ENTRIES_FILE, |lines| {
            lines.pop();
        });
    });
    assert_eq!(rules(&report), [Rule::SizeDiffers, Rule::EntryDiffers]);
    assert_eq!(report.findings[1].stream, Some(account(1).to_string()), "whose it was");
    assert_eq!(report.verdict, Verdict::Tampered);
}

#[test]
fn a_file_cut_within_its_last_line_is_found() {
    let report = after(|place| {
        let path = place.join(ENTRIES_FILE);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 20]).unwrap();
    });
    assert!(rules(&report).contains(&Rule::NotAnEntry));
}

#[test]
fn two_entries_of_different_streams_swapped_are_found_by_the_tree_alone() {
    let report = after(|place| {
        change_lines(place, ENTRIES_FILE, |lines| {
            let at = (1..lines.len() - 1)
                .find(|at| {
                    let stream = |line: &str| line.contains(&account(1).to_string());
                    stream(&lines[*at]) != stream(&lines[at + 1])
                        && !lines[*at].contains("sealed")
                        && !lines[at + 1].contains("sealed")
                })
                .unwrap();
            lines.swap(at, at + 1);
        });
    });
    assert_eq!(rules(&report), [Rule::EntryDiffers, Rule::RootDiffers]);
}

#[test]
fn two_entries_of_one_stream_swapped_are_found_by_their_stream() {
    let report = after(|place| {
        change_lines(place, ENTRIES_FILE, |lines| {
            let at = position_of(lines, "account.code_rejected");
            lines.swap(at, at + 1);
        });
    });
    assert!(rules(&report).contains(&Rule::RevisionGap));
    assert!(rules(&report).contains(&Rule::ChainBroken));
}

#[test]
fn an_entry_written_twice_is_found() {
    let report = after(|place| {
        change_lines(place, ENTRIES_FILE, |lines| {
            let last = lines.last().unwrap().clone();
            lines.push(last);
        });
    });
    for rule in [Rule::RevisionGap, Rule::ChainBroken, Rule::StepAcceptedTwice] {
        assert!(rules(&report).contains(&rule), "{rule}");
    }
}

#[test]
fn an_overlong_line_is_found_and_what_follows_is_still_read() {
    let report = after(|place| {
        change_lines(place, ENTRIES_FILE, |lines| lines.insert(1, "x".repeat(1_000_000)));
    });
    assert!(rules(&report).contains(&Rule::NotAnEntry));
    assert!(report.size > 20);
}

#[test]
fn a_changed_sealed_part_is_found_and_a_destroyed_one_is_not_missed() {
    let changed = after(|place| {
        change_lines(place, SEALED_FILE, |lines| lines[0] = lines[0].replacen("AAAA", "AAAB", 1));
    });
    assert_eq!(rules(&changed), [Rule::SealedChanged]);
    let swapped = after(|place| {
        change_lines(place, SEALED_FILE, |lines| {
            let (first, rest) = lines.split_first_mut().unwrap();
            let parts = |line: &str| line.split_once(",\"sealed\"").unwrap().1.to_owned();
            let (a, b) = (parts(first), parts(&rest[0]));
            *first = first.replace(&a, &b);
            rest[0] = rest[0].replace(&b, &a);
        });
    });
    assert!(rules(&swapped).iter().all(|rule| *rule == Rule::SealedChanged));
    assert_eq!(swapped.verdict, Verdict::Tampered);
    let destroyed = after(|place| {
        change_lines(place, SEALED_FILE, |lines| {
            lines.remove(0);
        });
    });
    assert_eq!((destroyed.verdict, destroyed.sealed_absent), (Verdict::Fine, 2));
    let surplus = after(|place| {
        change_lines(place, SEALED_FILE, |lines| {
            lines.push("{\"position\":3,\"sealed\":{\"pii\":\"AAAA\"}}".to_owned());
        });
    });
    assert_eq!(rules(&surplus), [Rule::SealedSurplus]);
}

#[test]
fn a_missing_or_unreadable_manifest_makes_the_verification_incomplete() {
    for change in [None, Some("{}")] {
        let report = after(|place| match change {
            None => fs::remove_file(place.join(MANIFEST_FILE)).unwrap(),
            Some(text) => fs::write(place.join(MANIFEST_FILE), text).unwrap(),
        });
        assert_eq!((report.verdict, report.incomplete.len()), (Verdict::Incomplete, 1));
    }
}

#[test]
fn a_manifest_that_tells_of_another_log_is_found() {
    let report = after(|place| {
        change_lines(place, MANIFEST_FILE, |lines| {
            let at = position_of(lines, "origin");
            lines[at] = lines[at].replace("example", "invalid");
        });
    });
    assert_eq!(rules(&report), [Rule::ManifestDiffers]);
}

#[test]
fn a_root_known_from_elsewhere_finds_a_log_that_was_written_anew() {
    let log = Sample::journey();
    let root_at = |size: usize| {
        let mut tree = TreeHead::default();
        log.entries.iter().take(size).for_each(|entry| tree.push(leaf_hash(&entry.bytes)));
        KnownRoot { size: u64::try_from(size).unwrap(), root: tree.root() }
    };
    let place = TempDir::new().unwrap();
    log.export(place.path());
    for size in [0, 1, 7, log.entries.len()] {
        assert_eq!(check(place.path(), Some(root_at(size))).verdict, Verdict::Fine, "{size}");
    }
    let other = KnownRoot { root: Hash32::new([0; 32]), ..root_at(7) };
    assert_eq!(rules(&check(place.path(), Some(other))), [Rule::RootDiffers]);
    let longer = KnownRoot { size: 1000, ..root_at(7) };
    assert_eq!(rules(&check(place.path(), Some(longer))), [Rule::SizeDiffers]);
}

#[test]
fn unknown_types_and_versions_are_counted_and_their_bytes_checked() {
    let mut log = Sample::journey();
    log.write(account(1), By::Holder, "account.teleported", "{\"to\":\"Mars\"}".into(), &[]);
    let report = check_sample(&log);
    assert_eq!(report.verdict, Verdict::Fine);
    assert_eq!(report.unknown_types["account.teleported v1"], 1);
}

#[test]
fn an_entry_on_a_foreign_stream_of_a_wrong_shape_or_in_the_past_is_found() {
    let mut log = Sample::journey();
    log.write(account(1), By::Holder, "log.clock_alarm", "{}".into(), &[]);
    log.write(account(1), By::Holder, "account.enabled", "{\"factor\":7}".into(), &[]);
    log.write(StreamId::Log, By::System, "log.created", "{}".into(), &[]);
    assert_eq!(
        rules(&check_sample(&log)),
        [Rule::WrongStream, Rule::WrongShape, Rule::NotCreatedFirst, Rule::WrongShape]
    );
    let mut log = Sample::journey();
    log.wait(-1);
    log.begin(account(1), 0x77);
    assert_eq!(rules(&check_sample(&log)), [Rule::TimeBackwards]);
}
