//! A log signed by a test: with the installation's key, when the test wants it.
//!
//! A server signs once a second; a test that exports what just happened does not wait for that.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use countersign_core::audit::manifest::CHECKPOINT_FILE;
use countersign_core::audit::source::Source;
use countersign_core::vault::Keyring;
use countersign_events::checkpoint::{Checkpoint, SignedCheckpoint};
use countersign_events::entry::Entry;
use countersign_events::log_event::LogEvent;
use countersign_events::tree::{TreeHead, leaf_hash};

/// Signs the log of a data directory as it is now, and puts the checkpoint beside it.
///
/// # Errors
/// If the log or its key does not read.
pub fn sign(data: &Path) -> anyhow::Result<SignedCheckpoint> {
    sign_with(data, &Keyring::open(&data.join("keys"))?)
}

/// The same with keys that lie somewhere else.
///
/// # Errors
/// If the log does not read.
pub fn sign_with(data: &Path, keyring: &Keyring) -> anyhow::Result<SignedCheckpoint> {
    let mut source = Source::open(data)?;
    let (mut tree, mut origin) = (TreeHead::default(), None);
    while let Some(line) = source.next_line()? {
        if origin.is_none() {
            origin = Some(origin_of(&line.bytes)?);
        }
        tree.push(leaf_hash(&line.bytes));
    }
    let origin = origin.context("an empty log")?;
    let checkpoint = Checkpoint { origin, size: tree.size(), root: tree.root() };
    let public = keyring.log_public_key();
    let signed = checkpoint.sign(public, |text| keyring.sign_for_log(text))?;
    let (file, beside) = (data.join(CHECKPOINT_FILE), data.join("checkpoint.test"));
    fs::write(&beside, signed.to_string())?;
    fs::rename(beside, file)?;
    Ok(signed)
}

/// Puts the leaf hashes of a log beside it, as a server does.
///
/// # Errors
/// If the log does not read.
pub fn keep_leaves(data: &Path) -> anyhow::Result<()> {
    let (mut source, mut leaves) = (Source::open(data)?, vec![]);
    while let Some(line) = source.next_line()? {
        leaves.extend_from_slice(leaf_hash(&line.bytes).bytes());
    }
    fs::create_dir_all(data.join("tree"))?;
    Ok(fs::write(data.join("tree/level-0"), leaves)?)
}

fn origin_of(entry: &[u8]) -> anyhow::Result<String> {
    let entry = Entry::parse(entry)?;
    let event = LogEvent::decode(&entry.event_type, entry.version, entry.data.get())?;
    match event {
        LogEvent::Created(created) => Ok(created.origin),
        _ => anyhow::bail!("the first entry does not name the log"),
    }
}
