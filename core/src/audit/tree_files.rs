//! The hashes of the log's tree, as files: one for each level of its tiles.
//!
//! ```text
//!   tree/level-0   the leaf hash of each entry, 32 bytes each, in the order of the log
//!   tree/level-1   the hash over each full 256 of level 0, and so on
//! ```
//!
//! A tile is a piece of one of these files. They are derived and are not synced: whoever opens them
//! compares their root with one that is signed, and makes them anew from the log where it differs.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use countersign_events::id::Hash32;
use countersign_events::tree::node_hash;
use countersign_events::tree::proof::Nodes;
use countersign_events::tree::tile::{Holds, LEVEL_MAX, TILE_HEIGHT, TILE_WIDTH, Tile, hashes_of};

/// The directory of these files, below a data directory.
pub const TREE_DIRECTORY: &str = "tree";

const HASH_BYTES: usize = 32;

/// The files, opened.
#[derive(Debug)]
pub struct TreeFiles {
    levels: Vec<File>,
    size: u64,
}

impl TreeFiles {
    /// Opens the files to read them.
    ///
    /// # Errors
    /// Where one is not there or does not open.
    pub fn open(directory: &Path) -> io::Result<Self> {
        Self::open_each(directory, OpenOptions::new().read(true))
    }

    /// Opens the files to go on with them; they are made where they are not there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open_or_create(directory: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let mut options = OpenOptions::new();
        let files =
            Self::open_each(directory, options.read(true).write(true).create(true).mode(0o600));
        let mut files = files?;
        // A crash may have left a level behind the one below it, or a hash cut short.
        let size = files.size;
        files.size = 0;
        files.cut_to(size)?;
        files.fill_levels(0, size)?;
        files.size = size;
        Ok(files)
    }

    fn open_each(directory: &Path, options: &OpenOptions) -> io::Result<Self> {
        let levels: io::Result<Vec<File>> =
            (0..=LEVEL_MAX).map(|level| options.open(directory.join(level_file(level)))).collect();
        let levels = levels?;
        let bytes =
            levels.first().map_or(Ok(0), |level| level.metadata().map(|file| file.len()))?;
        Ok(Self { levels, size: bytes / HASH_BYTES as u64 })
    }

    /// The same files, for a reader beside whoever goes on with them.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn reader(&self) -> io::Result<Self> {
        let levels: io::Result<Vec<File>> = self.levels.iter().map(File::try_clone).collect();
        Ok(Self { levels: levels?, size: self.size })
    }

    /// How many leaves there are.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds leaves.
    ///
    /// # Errors
    /// What the file system says: then nothing was added that is counted.
    pub fn push(&mut self, leaves: &[Hash32]) -> io::Result<()> {
        self.write(0, self.size, leaves)?;
        let size = self.size.saturating_add(count(leaves.len()));
        self.fill_levels(self.size, size)?;
        self.size = size;
        Ok(())
    }

    /// Forgets the leaves from `size` on.
    ///
    /// # Errors
    /// What the file system says.
    pub fn truncate(&mut self, size: u64) -> io::Result<()> {
        let size = size.min(self.size);
        self.cut_to(size)?;
        self.size = size;
        Ok(())
    }

    /// Leaf hashes from one on, as many as are asked for.
    ///
    /// # Errors
    /// Where there are not so many, and what the file system says.
    pub fn leaves(&self, from: u64, many: usize) -> io::Result<Vec<Hash32>> {
        self.read(0, from, many)
    }

    /// The bytes of a tile of hashes; none for a tile of entries.
    ///
    /// # Errors
    /// Where the tile is not there, and what the file system says.
    pub fn tile(&self, tile: Tile) -> io::Result<Option<Vec<u8>>> {
        let Holds::Hashes(level) = tile.holds else { return Ok(None) };
        let width = usize::try_from(tile.width).map_err(io::Error::other)?;
        let hashes = self.read(level, tile.first(), width)?;
        Ok(Some(hashes.iter().flat_map(|hash| *hash.bytes()).collect()))
    }

    /// Each level behind the first, for leaves from `before` to `size`.
    fn fill_levels(&self, before: u64, size: u64) -> io::Result<()> {
        let width = usize::try_from(TILE_WIDTH).map_err(io::Error::other)?;
        for level in 1..=LEVEL_MAX {
            let (from, to) = (hashes_of(level, before), hashes_of(level, size));
            for index in from..to {
                let below = self.read(level - 1, index.saturating_mul(TILE_WIDTH), width)?;
                self.write(level, index, &[over(below)?])?;
            }
        }
        Ok(())
    }

    fn cut_to(&self, size: u64) -> io::Result<()> {
        for (level, file) in (0..).zip(&self.levels) {
            let bytes = hashes_of(level, size).saturating_mul(HASH_BYTES as u64);
            if file.metadata()?.len() > bytes {
                file.set_len(bytes)?;
            }
        }
        Ok(())
    }

    fn file(&self, level: u8) -> io::Result<&File> {
        self.levels.get(usize::from(level)).ok_or_else(|| io::Error::other("no such level"))
    }

    fn read(&self, level: u8, from: u64, many: usize) -> io::Result<Vec<Hash32>> {
        let mut bytes = vec![0; many.saturating_mul(HASH_BYTES)];
        self.file(level)?.read_exact_at(&mut bytes, at(from))?;
        let (hashes, _) = bytes.as_chunks::<HASH_BYTES>();
        Ok(hashes.iter().map(|hash| Hash32::new(*hash)).collect())
    }

    fn write(&self, level: u8, from: u64, hashes: &[Hash32]) -> io::Result<()> {
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| *hash.bytes()).collect();
        self.file(level)?.write_all_at(&bytes, at(from))
    }
}

impl Nodes for &TreeFiles {
    type Error = io::Error;

    fn node(&mut self, height: u8, index: u64) -> io::Result<Hash32> {
        let level = (height / TILE_HEIGHT).min(LEVEL_MAX);
        let within = height.saturating_sub(level.saturating_mul(TILE_HEIGHT));
        let many = 1_usize << within.min(TILE_HEIGHT);
        over(self.read(level, index << within, many)?)
    }
}

/// The hash over a row of hashes, a power of two of them.
fn over(mut row: Vec<Hash32>) -> io::Result<Hash32> {
    while row.len() > 1 {
        let (pairs, _) = row.as_chunks::<2>();
        row = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    row.first().copied().ok_or_else(|| io::Error::other("no hashes"))
}

fn at(index: u64) -> u64 {
    index.saturating_mul(HASH_BYTES as u64)
}

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

fn level_file(level: u8) -> String {
    format!("level-{level}")
}

#[cfg(test)]
mod tests {
    use countersign_events::id::Hash32;
    use countersign_events::tree::proof::root;
    use countersign_events::tree::tile::{Holds, Tile};
    use countersign_events::tree::{TreeHead, leaf_hash};
    use tempfile::TempDir;

    use super::TreeFiles;

    fn leaves(from: u64, to: u64) -> Vec<Hash32> {
        (from..to).map(|number| leaf_hash(&number.to_be_bytes())).collect()
    }

    fn root_of(size: u64) -> Hash32 {
        let mut head = TreeHead::default();
        leaves(0, size).into_iter().for_each(|leaf| head.push(leaf));
        head.root()
    }

    #[test]
    fn in_whatever_pieces_leaves_come_the_roots_are_those_of_the_tree() {
        let place = TempDir::new().unwrap();
        let mut files = TreeFiles::open_or_create(place.path()).unwrap();
        let mut size = 0;
        for piece in [1, 254, 1, 1, 300, 65_000, 700] {
            files.push(&leaves(size, size + piece)).unwrap();
            size += piece;
            assert_eq!(root(&mut &files, size).unwrap(), root_of(size));
        }
        let earlier = [1, 255, 256, 257, 511, 512, 65_536, 65_600];
        assert!(earlier.iter().all(|size| root(&mut &files, *size).unwrap() == root_of(*size)));
        assert_eq!(files.leaves(255, 2).unwrap(), leaves(255, 257));
        assert!(files.leaves(size, 1).is_err());
    }

    #[test]
    fn what_a_crash_left_is_gone_on_with() {
        let place = TempDir::new().unwrap();
        let mut files = TreeFiles::open_or_create(place.path()).unwrap();
        files.push(&leaves(0, 66_000)).unwrap();
        drop(files);
        // A level that is behind, one that is ahead, and a hash cut short.
        for (level, bytes) in [(1, 100 * 32), (2, 64), (0, 65_800 * 32 + 7)] {
            let path = place.path().join(format!("level-{level}"));
            std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(bytes).unwrap();
        }
        let mut files = TreeFiles::open_or_create(place.path()).unwrap();
        assert_eq!((files.size(), root(&mut &files, 65_800).unwrap()), (65_800, root_of(65_800)));
        files.truncate(300).unwrap();
        files.push(&leaves(300, 600)).unwrap();
        assert_eq!(root(&mut &files, 600).unwrap(), root_of(600));
    }

    #[test]
    fn a_tile_is_a_piece_of_a_level() {
        let place = TempDir::new().unwrap();
        let mut files = TreeFiles::open_or_create(place.path()).unwrap();
        files.push(&leaves(0, 600)).unwrap();
        let tile = |holds, index, width| files.tile(Tile { holds, index, width }).unwrap();
        let bytes = |hashes: &[Hash32]| hashes.iter().flat_map(|h| *h.bytes()).collect::<Vec<_>>();
        assert_eq!(tile(Holds::Hashes(0), 2, 88), Some(bytes(&leaves(512, 600))));
        assert_eq!(tile(Holds::Hashes(1), 0, 1), Some(bytes(&[root_of(256)])));
        assert_eq!(tile(Holds::Entries, 0, 1), None);
        assert!(files.tile(Tile { holds: Holds::Hashes(0), index: 2, width: 89 }).is_err());
        let reader = TreeFiles::open(place.path()).unwrap();
        assert_eq!(reader.size(), 600);
    }
}
