//! `countersign log checkpoint`: what a log has last signed, and with which key.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use countersign_core::audit::signed::{CHECKPOINT_FILE, Named, SignedLogError, read_checkpoint};
use data_encoding::HEXLOWER;
use serde_json::json;

use super::{DEFAULT_DATA, print_json, print_verbatim, refuse};

/// See [`LogCommand::Checkpoint`](super::LogCommand::Checkpoint).
#[derive(Debug, Args)]
pub struct CheckpointArgs {
    /// An export, or a data directory
    #[arg(default_value = DEFAULT_DATA)]
    dir: PathBuf,
    /// Print the key that signs, as the log's first entry names it, to be pinned
    #[arg(long)]
    key: bool,
    /// Print origin, size, root, key and who signed as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CheckpointArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    let named = match Named::of(&args.dir) {
        Ok(named) => named,
        Err(error) => return refuse(&error),
    };
    if args.key && !args.json {
        print_verbatim(out, format!("{}\n", named.key).as_bytes()).context("stdout")?;
        return Ok(0);
    }
    let signed = match read_checkpoint(&args.dir.join(CHECKPOINT_FILE)) {
        Ok(signed) => signed,
        Err(error) => return refuse(&error),
    };
    if let Err(error) = signed.check(&named.key) {
        return refuse(&SignedLogError::Checkpoint(error));
    }
    if !args.json {
        print_verbatim(out, signed.to_string().as_bytes()).context("stdout")?;
        return Ok(0);
    }
    let signed_by = signed.note.signatures.iter().map(|signature| {
        let is_log = signature.name == named.key.name() && signature.key_id == named.key.id();
        json!({ "name": signature.name, "id": HEXLOWER.encode(&signature.key_id), "log": is_log })
    });
    let checkpoint = &signed.checkpoint;
    let told = json!({
        "origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root,
        "log": named.log, "key": named.key.to_string(), "signed_by": signed_by.collect::<Vec<_>>(),
    });
    print_json(out, &told).map(|()| 0)
}
