//! `countersign restore`: the three parts of a backup into an empty data directory.
//!
//! The parts may come from different backups of the same log; `doctor` then says what is missing.
//! Exit codes: 0 sound, 1 not restored, or restored and something is broken.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use countersign_core::clock::SystemClock;
use countersign_core::vault::backup::{BackupDirs, VaultAge, restore};
use serde_json::json;

use super::{Common, EXIT_FAILED, EXIT_FINE, doctor, output};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The directory that holds `log`, `vault` and `keys`; not needed where each is named
    #[arg(required_unless_present_all = ["from_log", "from_vault", "from_keys"])]
    from: Option<PathBuf>,
    /// Where the log's part is, if elsewhere
    #[arg(long, value_name = "DIR")]
    from_log: Option<PathBuf>,
    /// Where the vault's part is, if elsewhere
    #[arg(long, value_name = "DIR")]
    from_vault: Option<PathBuf>,
    /// Where the keys' part is, if elsewhere
    #[arg(long, value_name = "DIR")]
    from_keys: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    let common = &arguments.common;
    let checked = common.checked()?;
    let files = doctor::files(&checked.config);
    let below = BackupDirs::below(arguments.from.as_deref().unwrap_or(Path::new("")));
    let from = BackupDirs {
        log: arguments.from_log.clone().unwrap_or(below.log),
        vault: arguments.from_vault.clone().unwrap_or(below.vault),
        keys: arguments.from_keys.clone().unwrap_or(below.keys),
    };
    let restored =
        actix_rt::System::new().block_on(restore(&from, &files, Arc::new(SystemClock)))?;
    let sound = restored.doctor.is_sound();
    let age = match restored.vault_age {
        VaultAge::Same => "of the same moment as the log",
        VaultAge::Older => "older than the log",
        VaultAge::Newer => "newer than the log",
    };
    let told = json!({
        "entries": restored.log.entries,
        "vault": age,
        "sound": sound,
        "findings": restored.doctor.findings,
    });
    let text = format!(
        "Restored {} entries; the vault is {age}.\n{}",
        restored.log.entries,
        match (sound, restored.doctor.findings.len()) {
            (true, 0) => "Sound.".to_owned(),
            (true, more) => format!("Sound; worth knowing: {more}, see `countersign doctor`."),
            (false, more) => format!("NOT SOUND, findings: {more}, see `countersign doctor`."),
        }
    );
    output::fact(common.json, &told, &text)?;
    Ok(if sound { EXIT_FINE } else { EXIT_FAILED })
}
