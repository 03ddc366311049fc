//! The disk by itself: what a sync costs there, without any of our code.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Instant;

use super::say;

/// Bytes before each sync: two pages of SQLite's WAL.
const BYTES: usize = 8192;
/// Syncs that are measured.
const SYNCS: u64 = 400;
/// Places that are written in turn, as in a WAL that was written before.
const PLACES: u64 = 50;

/// Prints what a write and its `fdatasync` take.
///
/// # Errors
/// What the disk says.
pub fn syncs(directory: &Path) -> anyhow::Result<()> {
    let file = File::create_new(directory.join("disk"))?;
    let mut took = vec![];
    for number in 0..PLACES + SYNCS {
        let bytes = [u8::try_from(number % 251)?; BYTES];
        let started = Instant::now();
        file.write_all_at(&bytes, number % PLACES * BYTES as u64)?;
        file.sync_data()?;
        if number >= PLACES {
            took.push(started.elapsed().as_secs_f64() * 1000.0);
        }
    }
    took.sort_by(f64::total_cmp);
    let share = |per_mille: usize| took.get(took.len() * per_mille / 1000).copied();
    let (half, most) = (share(500).unwrap_or(0.0), share(990).unwrap_or(0.0));
    say(&format!("the disk alone: write and fdatasync p50 {half:.2} ms, p99 {most:.2} ms"));
    Ok(())
}
