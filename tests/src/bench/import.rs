//! How long an import takes, a second one of the same file, and one that writes nothing.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use data_encoding::BASE32_NOPAD;
use serde_json::Value;

use super::say;
use super::server::Server;

/// Of no password that anybody measures with; bcrypt of the least cost.
const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS";

/// Prints how long a table of so many accounts takes, each with a seed, an address and a hash.
///
/// # Errors
/// If one is not imported.
pub fn measure(program: &Path, directory: &Path, accounts: usize) -> anyhow::Result<()> {
    let data = directory.join("imported");
    // Only `serve` makes an installation.
    drop(Server::countersign(program, &data)?);
    let file = directory.join("accounts.csv");
    std::fs::write(&file, table(accounts)?)?;
    let timed = |what: &str, field: &str, more: &[&str]| -> anyhow::Result<()> {
        let mut command = Command::new(program);
        command.arg("import").arg(&file).arg("--json").args(more).arg("--data").arg(&data);
        let started = Instant::now();
        let output = command.output()?;
        let took = started.elapsed().as_secs_f64();
        let said = || String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{command:?} ended with {}: {}", output.status, said());
        let report: Value = serde_json::from_slice(&output.stdout)?;
        let done = report.get(field).and_then(Value::as_u64).context("a report without figures")?;
        ensure!(usize::try_from(done)? == accounts, "{report}");
        say(&format!("import, {what}: {accounts} accounts in {took:.1} s"));
        Ok(())
    };
    timed("dry run", "imported", &["--dry-run"])?;
    timed("seeds and hashes", "imported", &[])?;
    timed("all there already", "skipped", &[])
}

fn table(accounts: usize) -> anyhow::Result<String> {
    let mut table = "login,email,seed,password_hash\n".to_owned();
    for number in 0..accounts {
        let seed = BASE32_NOPAD.encode(format!("seed number {number:08}").as_bytes());
        writeln!(table, "user.{number},user.{number}@example.com,{seed},{HASH}")?;
    }
    Ok(table)
}
