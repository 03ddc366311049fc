//! A log of 1,000,000 events: what an auditor's commands cost.
//!
//! Processor time and not the clock on the wall, since the machine is shared; and beside the rate
//! of bare hashing, since machines differ.

use std::path::Path;

use countersign_tests::bench::bulk::{Size, fill, sign};
use countersign_tests::bench::costs::{Costs, costs, hashes_per_second};
use tempfile::TempDir;

const EVENTS_EACH: u64 = 20;
const ACCOUNTS: u64 = 50_000;
/// A second of one core checks so many events, at least (the machine that this was measured on).
const VERIFIED_PER_SECOND: f64 = 150_000.0;
/// Of each account, whatever has happened to it.
const BYTES_OF_ACCOUNT_MAX: u64 = 1024;

fn run(arguments: &[&str], within: &Path) -> Costs {
    let program = countersign_tests::console::program("countersign").unwrap();
    let data = within.join("data");
    let told = costs(&program, arguments).unwrap();
    assert_eq!(told.code, 0, "{arguments:?} of {data:?}: {told:?}");
    told
}

/// A signed log in `<place>/data`.
fn filled(accounts: u64, events: u64) -> TempDir {
    let place = TempDir::new().unwrap();
    let data = place.path().join("data");
    let size = Size { accounts, events, known: 0, busy: 0 };
    actix_rt::System::new().block_on(async {
        fill(&data, size).await.unwrap();
        sign(&data).await.unwrap();
    });
    place
}

#[test]
fn a_million_events_are_checked_in_seconds_and_in_memory_that_grows_with_accounts_alone() {
    let place = filled(ACCOUNTS, EVENTS_EACH);
    let at = place.path();
    let (data, export) = (at.join("data"), at.join("export"));
    let (data, export) = (data.to_str().unwrap(), export.to_str().unwrap());
    let hashing = hashes_per_second();
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let events = (ACCOUNTS * EVENTS_EACH) as f64;
    let exported = run(&["log", "export", export, "--data", data], at);
    let verified = run(&["log", "verify", export, "--json"], at);
    let (export_rate, verify_rate) = (events / exported.seconds, events / verified.seconds);
    println!(
        "hashing alone {hashing:.0}/s, export {export_rate:.0}/s ({:.3} of it), verify \
              {verify_rate:.0}/s ({:.3} of it), at most {} MiB and {} MiB",
        export_rate / hashing,
        verify_rate / hashing,
        exported.peak_kib / 1024,
        verified.peak_kib / 1024
    );
    let few = filled(500, ACCOUNTS * EVENTS_EACH / 500 / 10);
    let few = few.path().join("data");
    let base = run(&["log", "verify", few.to_str().unwrap(), "--json"], at);
    let grown = verified.peak_kib.saturating_sub(base.peak_kib) * 1024;
    assert!(grown < ACCOUNTS * BYTES_OF_ACCOUNT_MAX, "{grown} bytes for {ACCOUNTS} accounts");
    assert!(verify_rate > VERIFIED_PER_SECOND, "{verify_rate:.0} events a second");
    assert!(export_rate > VERIFIED_PER_SECOND, "{export_rate:.0} events a second");
}
