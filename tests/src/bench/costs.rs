//! What a command costs: processor time and memory at most, as the kernel counts them for a child
//! that has ended; and what hashing alone costs, to compare with.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// Runs the rest of its arguments and tells what they cost.
const WRAPPER: &str = "\
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({'code': done.returncode, 'seconds': used.ru_utime + used.ru_stime,
    'peak_kib': used.ru_maxrss, 'out': done.stdout.decode(), 'err': done.stderr.decode()}))
";
/// Bytes hashed at once, about as many as an entry has.
const ENTRY_BYTES: usize = 512;
/// How often: a second or less.
const ENTRIES: u32 = 400_000;

/// What a command said, and cost.
#[derive(Debug, Deserialize)]
pub struct Costs {
    /// Its exit code.
    pub code: i32,
    /// Processor time, in seconds.
    pub seconds: f64,
    /// Memory at most, in KiB.
    pub peak_kib: u64,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

/// Runs a command to its end.
///
/// # Errors
/// Where it cannot be run.
pub fn costs<S: AsRef<OsStr>>(program: &Path, arguments: &[S]) -> anyhow::Result<Costs> {
    let mut command = Command::new("python3");
    command.args(["-c", WRAPPER]).arg(program).args(arguments);
    let output = command.output().context("python3")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// How many entries of a common length this thread hashes in a second of processor time.
#[must_use]
pub fn hashes_per_second() -> f64 {
    let entry = [7; ENTRY_BYTES];
    let began = thread_seconds();
    let mut last = [0; 32];
    for _ in 0..ENTRIES {
        last = Sha256::new().chain_update(last).chain_update(entry).finalize().into();
    }
    std::hint::black_box(last);
    f64::from(ENTRIES) / (thread_seconds() - began)
}

#[expect(clippy::cast_precision_loss, reason = "seconds since this thread began")]
fn thread_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
