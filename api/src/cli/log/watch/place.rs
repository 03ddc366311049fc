//! Where a watched log is: in a directory, or behind a server.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use countersign_core::audit::nodes::Gathered;
use countersign_core::audit::signed::{CHECKPOINT_FILE, Named, read_checkpoint};
use countersign_core::audit::watch::{Alarm, Growth, Piece};
use countersign_events::checkpoint::SignedCheckpoint;
use countersign_events::note::VerifierKey;
use countersign_events::tree::tile::{Holds, TILE_WIDTH, Tile, read_bundle};

use crate::client::{Client, ClientError};
use crate::contract::secret::Secret;

pub(super) enum Place {
    Directory(PathBuf),
    Server(Box<Client>),
}

impl Place {
    /// What a word on the command line names.
    pub(super) fn of(word: &str, token_file: Option<&Path>) -> anyhow::Result<Self> {
        if !word.starts_with("http://") && !word.starts_with("https://") {
            if token_file.is_some() {
                bail!("--token-file is for a server");
            }
            return Ok(Self::Directory(word.into()));
        }
        let client = Client::new(word)?;
        let Some(path) = token_file else { return Ok(Self::Server(Box::new(client))) };
        if client.sends_in_clear() {
            bail!("{word}: a token is not sent in clear to another machine");
        }
        let token = fs::read_to_string(path).context(path.display().to_string())?;
        let client = client.with_bearer(Secret::new(token.trim()));
        Ok(Self::Server(Box::new(client)))
    }

    /// The bytes of the last checkpoint.
    pub(super) async fn checkpoint(&self) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Directory(path) => {
                let path = path.join(CHECKPOINT_FILE);
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
            }
            Self::Server(client) => {
                Ok(client.log_checkpoint().await.context("the checkpoint")?.into_bytes())
            }
        }
    }

    /// The key that the log's first entry names.
    pub(super) async fn key(&self, checkpoint: &[u8]) -> anyhow::Result<VerifierKey> {
        match self {
            Self::Directory(path) => {
                read_checkpoint(&path.join(CHECKPOINT_FILE))?;
                Ok(Named::of(path)?.key)
            }
            Self::Server(client) => {
                let signed = SignedCheckpoint::parse(checkpoint).context("the checkpoint")?;
                let width = signed.checkpoint.size.min(TILE_WIDTH);
                let bundle = Tile { holds: Holds::Entries, index: 0, width };
                let bytes = tile(client, bundle).await?;
                let entries = read_bundle(&bytes).context("the first entries")?;
                let named = entries.first().and_then(|entry| Named::by(entry));
                Ok(named.context("the first entry does not name the log")?.key)
            }
        }
    }

    /// Proves that the log has grown, by hashes that lie or are served there.
    pub(super) async fn prove(&self, growth: &Growth) -> anyhow::Result<Result<(), Alarm>> {
        let client = match self {
            Self::Directory(path) => return Ok(growth.prove_in(path)?),
            Self::Server(client) => client,
        };
        let (mut hashes, mut tiles) = (Gathered::default(), HashMap::new());
        for subtree in growth.needs() {
            let piece = Piece::of(subtree);
            let wanted = piece.tile(growth.to());
            let bytes = match tiles.entry(wanted) {
                Entry::Occupied(read) => read.into_mut(),
                Entry::Vacant(unread) => unread.insert(tile(client, wanted).await?),
            };
            let hash = piece.hash(bytes);
            hashes.keep(subtree, hash.with_context(|| format!("{wanted} is too short"))?);
        }
        growth.prove(&mut hashes).context("a hash is missing")
    }
}

/// A tile, or the full one where the server has given up the narrower.
async fn tile(client: &Client, tile: Tile) -> anyhow::Result<Vec<u8>> {
    let narrow = client.log_tile(&tile.to_string()).await;
    let served = match narrow {
        Err(error) if tile.width < TILE_WIDTH && is_not_there(&error) => {
            let whole = Tile { width: TILE_WIDTH, ..tile };
            client.log_tile(&whole.to_string()).await
        }
        served => served,
    };
    Ok(served.with_context(|| tile.to_string())?.into_bytes())
}

fn is_not_there(error: &ClientError) -> bool {
    match error {
        ClientError::Problem { problem, .. } => problem.status == 404,
        ClientError::Unexpected { status, .. } => *status == 404,
        _ => false,
    }
}
