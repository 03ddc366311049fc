//! A log changed by hand, as whoever owns the machine can: our own code makes it fit together.

use std::collections::HashMap;

use anyhow::Context as _;
use countersign_events::entry::Entry;
use countersign_events::id::{Hash32, StreamId};
use countersign_events::tree::leaf_hash;

/// Puts a text between two marks, the first that stand there.
///
/// # Errors
/// If they do not.
pub fn between(text: &str, begins: &str, ends: &str, instead: &str) -> anyhow::Result<String> {
    let (before, rest) = text.split_once(begins).with_context(|| format!("no {begins}"))?;
    let (_, after) = rest.split_once(ends).with_context(|| format!("no {ends}"))?;
    Ok(format!("{before}{begins}{instead}{ends}{after}"))
}

/// Chains all entries anew: each stream's links lead from its first entry to its last.
///
/// # Errors
/// If one is no entry.
pub fn chain_anew(entries: &mut [String]) -> anyhow::Result<()> {
    let mut heads: HashMap<StreamId, Hash32> = HashMap::new();
    for entry in entries {
        let stream = Entry::parse(entry.as_bytes())?.stream;
        let head = heads.get(&stream);
        let prev = head.map_or_else(|| "null".to_owned(), |leaf| format!("\"{leaf}\""));
        *entry = between(entry, "\"prev\":", ",\"data\":", &prev)?;
        heads.insert(stream, leaf_hash(entry.as_bytes()));
    }
    Ok(())
}
