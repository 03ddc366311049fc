//! The hashes of subtrees, from tiles: C2SP `tlog-tiles`, or the arrays of a data directory.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use countersign_events::id::Hash32;
use countersign_events::tree::node_hash;
use countersign_events::tree::tile::{Holds, TILE_HEIGHT, TILE_WIDTH, Tile, hashes_of};

use crate::audit::nodes::{Gathered, Subtree};
use crate::audit::tree_files::TREE_DIRECTORY;

const HASH_BYTES: usize = 32;

/// The hashes of a level of tiles that a subtree is made of: all of one tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    level: u8,
    first: u64,
    count: u64,
}

impl Piece {
    /// The hashes that a subtree is made of.
    #[must_use]
    pub const fn of(subtree: Subtree) -> Self {
        let within = subtree.height % TILE_HEIGHT;
        Self {
            level: subtree.height / TILE_HEIGHT,
            first: subtree.index << within,
            count: 1 << within,
        }
    }

    /// The tile that holds them, as wide as a tree of `size` leaves has it.
    #[must_use]
    pub const fn tile(self, size: u64) -> Tile {
        let index = self.first / TILE_WIDTH;
        let there = hashes_of(self.level, size).saturating_sub(index.saturating_mul(TILE_WIDTH));
        let width = if there < TILE_WIDTH { there } else { TILE_WIDTH };
        Tile { holds: Holds::Hashes(self.level), index, width }
    }

    /// The hash over the subtree, from the bytes of its tile; none where they do not reach so far.
    #[must_use]
    pub fn hash(self, tile: &[u8]) -> Option<Hash32> {
        let skip = usize::try_from(self.first % TILE_WIDTH).ok()?.checked_mul(HASH_BYTES)?;
        self.folded(tile.get(skip..)?)
    }

    /// The same, from bytes that begin with its first hash.
    fn folded(self, bytes: &[u8]) -> Option<Hash32> {
        let count = usize::try_from(self.count).ok()?;
        let (chunks, _) = bytes.as_chunks::<HASH_BYTES>();
        let mut row: Vec<Hash32> = chunks.get(..count)?.iter().copied().map(Hash32::new).collect();
        while row.len() > 1 {
            let pairs = row.as_chunks::<2>().0.iter();
            row = pairs.map(|[left, right]| node_hash(left, right)).collect();
        }
        row.first().copied()
    }
}

/// Takes the hashes of subtrees from the files of an export or a data directory; says whether all
/// were there.
#[must_use]
pub fn hashes_in(directory: &Path, needs: &[Subtree], size: u64, into: &mut Gathered) -> bool {
    needs.iter().all(|subtree| {
        let piece = Piece::of(*subtree);
        let hash = in_tiles(directory, piece, size).or_else(|| in_array(directory, piece));
        hash.map(|hash| into.keep(*subtree, hash)).is_some()
    })
}

fn in_tiles(directory: &Path, piece: Piece, size: u64) -> Option<Hash32> {
    let tile = piece.tile(size);
    let whole = Tile { width: TILE_WIDTH, ..tile };
    [tile, whole].into_iter().find_map(|tile| {
        let bytes = fs::read(directory.join(tile.to_string())).ok()?;
        piece.hash(&bytes)
    })
}

fn in_array(directory: &Path, piece: Piece) -> Option<Hash32> {
    let path = directory.join(TREE_DIRECTORY).join(format!("level-{}", piece.level));
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(piece.count).unwrap_or(0) * HASH_BYTES];
        let begins = piece.first.saturating_mul(HASH_BYTES as u64);
        File::open(path)?.read_exact_at(&mut bytes, begins)?;
        Ok(bytes)
    };
    piece.folded(&read().ok()?)
}
