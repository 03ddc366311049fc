//! Checkpoints and tiles of a log, made beside it: of any size, and of a log that was bent.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use countersign_core::audit::signed::{CHECKPOINT_FILE, Named};
use countersign_core::audit::source::Source;
use countersign_core::vault::Keyring;
use countersign_events::checkpoint::Checkpoint;
use countersign_events::id::Hash32;
use countersign_events::tree::tile::{Holds, TILE_HEIGHT, Tile, push_entry};
use countersign_events::tree::{TreeHead, leaf_hash, node_hash};

/// The entries of an export or a data directory.
///
/// # Errors
/// What does not read.
pub fn entries(directory: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut source = Source::open(directory)?;
    let mut entries = vec![];
    while let Some(line) = source.next_line()? {
        entries.push(line.bytes);
    }
    Ok(entries)
}

/// Signs the first `size` entries of a log, all where there is no number, with the key that lies
/// in `keys`, and puts the checkpoint into its directory: how many they are.
///
/// # Errors
/// What does not read or cannot be written.
pub fn sign(directory: &Path, keys: &Path, size: Option<u64>) -> anyhow::Result<u64> {
    let entries = entries(directory)?;
    let mut tree = TreeHead::default();
    for entry in &entries {
        if size != Some(tree.size()) {
            tree.push(leaf_hash(entry));
        }
    }
    ensure!(size.is_none_or(|size| size == tree.size()), "the log is shorter");
    let keyring = Keyring::open(keys)?;
    let origin = Named::of(directory)?.key.name().to_owned();
    let checkpoint = Checkpoint { origin, size: tree.size(), root: tree.root() };
    let signed = checkpoint.sign(keyring.log_public_key(), |text| keyring.sign_for_log(text))?;
    let beside = directory.join("checkpoint.new");
    fs::write(&beside, signed.to_string())?;
    fs::rename(beside, directory.join(CHECKPOINT_FILE))?;
    Ok(tree.size())
}

/// Writes the tiles of the first `size` entries into the directory of their log.
///
/// # Errors
/// What does not read or cannot be written.
pub fn put_tiles(directory: &Path, size: u64) -> anyhow::Result<()> {
    let mut entries = entries(directory)?;
    entries.truncate(usize::try_from(size)?);
    let mut row: Vec<Hash32> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let mut levels = vec![];
    while !row.is_empty() {
        levels.push(row.clone());
        for _ in 0..TILE_HEIGHT {
            let pairs = row.as_chunks::<2>().0.iter();
            row = pairs.map(|[left, right]| node_hash(left, right)).collect();
        }
    }
    for tile in Tile::all(size) {
        let (first, width) = (usize::try_from(tile.first())?, usize::try_from(tile.width)?);
        let mut bytes = vec![];
        match tile.holds {
            Holds::Entries => {
                for entry in entries.iter().skip(first).take(width) {
                    push_entry(&mut bytes, entry)?;
                }
            }
            Holds::Hashes(level) => {
                let hashes = levels.get(usize::from(level)).context("a level")?.iter();
                hashes.skip(first).take(width).for_each(|hash| bytes.extend(hash.bytes()));
            }
        }
        let path = directory.join(tile.to_string());
        fs::create_dir_all(path.parent().context("a directory")?)?;
        fs::write(path, bytes)?;
    }
    Ok(())
}
