//! The tiles of a tree, made as its leaves come: a pure function of the entries.
//!
//! Kept is one bundle of entries and one tile of each level, whatever the size of the log.

use countersign_events::id::Hash32;
use countersign_events::tree::TreeHead;
use countersign_events::tree::tile::{
    Holds, LEVEL_MAX, NotABundle, TILE_HEIGHT, TILE_WIDTH, Tile, push_entry,
};

/// A tile that is being filled.
#[derive(Debug)]
struct Filling {
    tile: Tile,
    bytes: Vec<u8>,
}

/// Makes tiles of entries.
#[derive(Debug)]
pub(super) struct Tiling {
    tree: TreeHead,
    entries: Filling,
    levels: Vec<Filling>,
}

impl Filling {
    const fn new(holds: Holds) -> Self {
        Self { tile: Tile { holds, index: 0, width: 0 }, bytes: vec![] }
    }

    fn push(&mut self, hash: Hash32) {
        self.bytes.extend_from_slice(hash.bytes());
        self.tile.width += 1;
    }

    /// Gives away what it has, and begins the next.
    fn give<E>(&mut self, write: &mut impl FnMut(Tile, &[u8]) -> Result<(), E>) -> Result<(), E> {
        write(self.tile, &self.bytes)?;
        self.bytes.clear();
        self.tile = Tile { index: self.tile.index + 1, width: 0, ..self.tile };
        Ok(())
    }
}

impl Default for Tiling {
    fn default() -> Self {
        Self {
            tree: TreeHead::default(),
            entries: Filling::new(Holds::Entries),
            levels: (0..=LEVEL_MAX).map(|level| Filling::new(Holds::Hashes(level))).collect(),
        }
    }
}

impl Tiling {
    /// The tree so far.
    pub(super) const fn tree(&self) -> &TreeHead {
        &self.tree
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// [`NotABundle`] for an entry larger than any that is stored.
    pub(super) fn push(&mut self, entry: &[u8], leaf: Hash32) -> Result<(), NotABundle> {
        push_entry(&mut self.entries.bytes, entry)?;
        self.entries.tile.width += 1;
        let levels = &mut self.levels;
        let mut push = |level: u8, hash| {
            if let Some(filling) = levels.get_mut(usize::from(level)) {
                filling.push(hash);
            }
        };
        push(0, leaf);
        self.tree.push_telling(leaf, |height, hash| {
            if height.is_multiple_of(TILE_HEIGHT) {
                push(height / TILE_HEIGHT, hash);
            }
        });
        Ok(())
    }

    /// Gives away what has become full.
    ///
    /// # Errors
    /// What the taker says.
    pub(super) fn full<E>(
        &mut self,
        mut write: impl FnMut(Tile, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut all = self.all().filter(|filling| filling.tile.width == TILE_WIDTH);
        all.try_for_each(|filling| filling.give(&mut write))
    }

    /// Gives away the rest: tiles that are not full.
    ///
    /// # Errors
    /// What the taker says.
    pub(super) fn rest<E>(
        &mut self,
        mut write: impl FnMut(Tile, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut all = self.all().filter(|filling| filling.tile.width > 0);
        all.try_for_each(|filling| filling.give(&mut write))
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Filling> {
        std::iter::once(&mut self.entries).chain(&mut self.levels)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    use countersign_events::id::Hash32;
    use countersign_events::tree::leaf_hash;
    use countersign_events::tree::node_hash;
    use countersign_events::tree::proof::{Nodes, root};
    use countersign_events::tree::tile::{Holds, TILE_HEIGHT, Tile, read_bundle};

    use super::Tiling;

    fn tiles(size: u64) -> (BTreeMap<Tile, Vec<u8>>, Hash32) {
        let (mut tiling, mut tiles) = (Tiling::default(), BTreeMap::new());
        let mut write = |tile: Tile, bytes: &[u8]| {
            assert_eq!(tiles.insert(tile, bytes.to_vec()), None, "{tile} twice");
            Ok::<_, Infallible>(())
        };
        for number in 0..size {
            let entry = number.to_string().into_bytes();
            tiling.push(&entry, leaf_hash(&entry)).unwrap();
            tiling.full(&mut write).unwrap();
        }
        tiling.rest(&mut write).unwrap();
        let root = tiling.tree().root();
        (tiles, root)
    }

    struct Read<'a>(&'a BTreeMap<Tile, Vec<u8>>);

    impl Nodes for Read<'_> {
        type Error = Infallible;

        fn node(&mut self, height: u8, index: u64) -> Result<Hash32, Infallible> {
            let (level, within) = (height / TILE_HEIGHT, height % TILE_HEIGHT);
            let (first, many) = (index << within, 1_usize << within);
            let holds = Holds::Hashes(level);
            let (_, bytes) = self
                .0
                .iter()
                .find(|(tile, _)| (tile.holds, tile.index) == (holds, first >> 8))
                .unwrap();
            let from = usize::try_from(first % 256).unwrap() * 32;
            let (hashes, _) = bytes[from..from + many * 32].as_chunks::<32>();
            let mut row: Vec<Hash32> = hashes.iter().map(|hash| Hash32::new(*hash)).collect();
            while row.len() > 1 {
                row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
            }
            Ok(row[0])
        }
    }

    #[test]
    fn the_tiles_are_all_of_the_tree_and_give_its_root() {
        for size in [1, 2, 255, 256, 257, 511, 512, 1000, 65_536, 66_000] {
            let (tiles, is) = tiles(size);
            assert!(Tile::all(size).eq(sorted(&tiles)), "{size}");
            for (tile, bytes) in &tiles {
                let width = usize::try_from(tile.width).unwrap();
                match tile.holds {
                    Holds::Hashes(_) => assert_eq!(bytes.len(), 32 * width),
                    Holds::Entries => {
                        let entries = read_bundle(bytes).unwrap();
                        assert_eq!(entries.len(), width);
                        assert_eq!(entries[0], tile.first().to_string().as_bytes());
                    }
                }
            }
            assert_eq!(root(&mut Read(&tiles), size), Ok(is), "{size}");
        }
        assert!(tiles(0).0.is_empty());
    }

    /// In the order of [`Tile::all`].
    fn sorted(tiles: &BTreeMap<Tile, Vec<u8>>) -> impl Iterator<Item = Tile> {
        tiles.keys().copied()
    }
}
