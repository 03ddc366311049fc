//! No alarm where nothing was done: 10,000 honest logs, each drawn by its number, each held to a
//! checkpoint of some earlier size and to the log's key.

use std::fs;

use tempfile::TempDir;

use super::check;
use crate::audit::finding::Verdict;
use crate::audit::honest::random;
use crate::audit::sample::key;
use crate::audit::verify::Against;

const LOGS: u64 = 10_000;
/// They are verified in so many parts, beside one another.
const PARTS: u64 = 4;
const COMMANDS: usize = 30;

fn no_alarm(part: u64) {
    let place = TempDir::new().unwrap();
    let (export, kept) = (place.path().join("export"), place.path().join("kept"));
    let known = Against { key: Some(key()), checkpoints: vec![kept.clone()], ..Against::default() };
    for number in (0..LOGS).filter(|number| number % PARTS == part) {
        let log = random(number + 1_000_000, COMMANDS);
        log.export(&export);
        let earlier = 1 + usize::try_from(number).unwrap() % log.entries.len();
        fs::write(&kept, log.signed(earlier).to_string()).unwrap();
        let report = check(&export, &known);
        assert_eq!(report.findings, vec![], "log {number}");
        assert_eq!((report.verdict, report.held_to), (Verdict::Fine, 1), "log {number}");
    }
}

/// AT-54: the first quarter.
#[test]
fn at_54_honest_logs_give_no_alarm() {
    no_alarm(0);
}

#[test]
fn at_54_honest_logs_give_no_alarm_in_the_second_quarter() {
    no_alarm(1);
}

#[test]
fn at_54_honest_logs_give_no_alarm_in_the_third_quarter() {
    no_alarm(2);
}

#[test]
fn at_54_honest_logs_give_no_alarm_in_the_last_quarter() {
    no_alarm(3);
}
