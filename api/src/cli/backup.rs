//! `countersign backup`: log, vault and keys, each into a directory of its own.
//!
//! A server may run meanwhile. Carry the three to three places: one alone is of no use to a thief.

use std::path::PathBuf;

use clap::Args;
use countersign_core::clock::{Clock as _, SystemClock};
use countersign_core::vault::backup::{BackupDirs, backup};
use serde_json::json;

use super::{Common, EXIT_FINE, doctor, output};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The directory to make `log`, `vault` and `keys` in
    out: PathBuf,
    #[command(flatten)]
    common: Common,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    let common = &arguments.common;
    let checked = common.checked()?;
    let out = BackupDirs::below(&arguments.out);
    let made = backup(&doctor::files(&checked.config), &out, SystemClock.now())?;
    let text = format!(
        "Backed up {} entries to\n  {}\n  {}\n  {}\nKeep the three in three places.",
        made.log.entries,
        out.log.display(),
        out.vault.display(),
        out.keys.display()
    );
    let told = json!({ "log": made.log, "vault": made.vault, "keys": made.keys });
    output::fact(common.json, &told, &text)?;
    Ok(EXIT_FINE)
}
