//! The tree as files: C2SP `tlog-tiles`.
//!
//! A tile of level *l* holds up to 256 hashes, each over `256^l` leaves; an entry bundle holds up
//! to 256 entries, each behind its length (16 bits, big-endian). Both are named by a path, which
//! says how wide a tile is that is not full.

use std::fmt;

use crate::entry::ENTRY_BYTES_MAX;

/// Levels of the tree that one tile spans.
pub const TILE_HEIGHT: u8 = 8;
/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;
/// The highest level there can be in a tree of fewer than 2^64 leaves.
pub const LEVEL_MAX: u8 = 7;
/// The longest path of a tile that is read.
pub const PATH_BYTES_MAX: usize = 64;

const BUNDLE: &str = "entries";
const DIRECTORY: &str = "tile/";
/// Digits of one part of an index.
const PART_DIGITS: usize = 3;
const PART_VALUES: u64 = 1000;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holds {
    /// Entries.
    Entries,
    /// Hashes of this level.
    Hashes(u8),
}

/// The name of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// What it holds.
    pub holds: Holds,
    /// Which one of its level, from 0.
    pub index: u64,
    /// How many hashes or entries, 1 to [`TILE_WIDTH`].
    pub width: u64,
}

/// A text that names no tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile")]
pub struct NotATile;

/// A bundle of entries that does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a bundle of entries")]
pub struct NotABundle;

impl Tile {
    /// All tiles of a tree of `size` leaves, level by level, those of entries first.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        let entries = Self::of_level(Holds::Entries, size);
        let levels = (0..=LEVEL_MAX).map(move |level| (level, hashes_of(level, size)));
        entries
            .chain(levels.flat_map(|(level, hashes)| Self::of_level(Holds::Hashes(level), hashes)))
    }

    /// The tiles that `count` hashes of one level, or entries, fill.
    pub fn of_level(holds: Holds, count: u64) -> impl Iterator<Item = Self> {
        (0..count.div_ceil(TILE_WIDTH)).map(move |index| {
            let width = (count - index * TILE_WIDTH).min(TILE_WIDTH);
            Self { holds, index, width }
        })
    }

    /// Which hash or entry of its level is its first.
    #[must_use]
    pub const fn first(self) -> u64 {
        self.index.saturating_mul(TILE_WIDTH)
    }

    /// Whether a tree of `size` leaves has it, in this width or fuller.
    #[must_use]
    pub fn is_in(self, size: u64) -> bool {
        let there = match self.holds {
            Holds::Entries => size,
            Holds::Hashes(level) => hashes_of(level, size),
        };
        self.first().saturating_add(self.width) <= there
    }

    /// Reads a path: `tile/<level>/<index>[.p/<width>]`.
    ///
    /// # Errors
    /// [`NotATile`] for whatever [`Tile`] does not write like that.
    pub fn parse(path: &str) -> Result<Self, NotATile> {
        if path.len() > PATH_BYTES_MAX {
            return Err(NotATile);
        }
        let rest = path.strip_prefix(DIRECTORY).ok_or(NotATile)?;
        let (level, rest) = rest.split_once('/').ok_or(NotATile)?;
        let holds = match level {
            BUNDLE => Holds::Entries,
            level => Holds::Hashes(level.parse().map_err(|_| NotATile)?),
        };
        let (index, width) = match rest.split_once(".p/") {
            None => (rest, TILE_WIDTH),
            Some((index, width)) => (index, width.parse().map_err(|_| NotATile)?),
        };
        let mut number: u64 = 0;
        for part in index.split('/') {
            let part: u64 = part.trim_start_matches('x').parse().map_err(|_| NotATile)?;
            number = number.checked_mul(PART_VALUES).ok_or(NotATile)?;
            number = number.checked_add(part).ok_or(NotATile)?;
        }
        let tile = Self { holds, index: number, width };
        let fits = (1..=TILE_WIDTH).contains(&width)
            && !matches!(holds, Holds::Hashes(level) if level > LEVEL_MAX);
        // One way to write each: what is written otherwise is another text.
        if fits && tile.to_string() == path { Ok(tile) } else { Err(NotATile) }
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DIRECTORY)?;
        match self.holds {
            Holds::Entries => f.write_str(BUNDLE)?,
            Holds::Hashes(level) => write!(f, "{level}")?,
        }
        let digits = self.index.to_string();
        let padded = digits.len().div_ceil(PART_DIGITS) * PART_DIGITS;
        let digits = format!("{digits:0>padded$}");
        for (place, digit) in digits.chars().enumerate() {
            if place.is_multiple_of(PART_DIGITS) {
                f.write_str(if place + PART_DIGITS < padded { "/x" } else { "/" })?;
            }
            write!(f, "{digit}")?;
        }
        if self.width < TILE_WIDTH {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

/// How many hashes a level has in a tree of `size` leaves: each over a full tile below.
#[must_use]
pub const fn hashes_of(level: u8, size: u64) -> u64 {
    match size.checked_shr(level as u32 * TILE_HEIGHT as u32) {
        Some(hashes) => hashes,
        None => 0,
    }
}

/// Adds an entry to a bundle.
///
/// # Errors
/// [`NotABundle`] for an entry that a bundle cannot hold: the store takes none that is so large.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), NotABundle> {
    let length = u16::try_from(entry.len()).map_err(|_| NotABundle)?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// The entries of a bundle.
///
/// # Errors
/// [`NotABundle`] where it ends within an entry, or holds more than [`TILE_WIDTH`], or one larger
/// than [`ENTRY_BYTES_MAX`].
pub fn read_bundle(mut bundle: &[u8]) -> Result<Vec<&[u8]>, NotABundle> {
    let mut entries = vec![];
    while let Some((length, rest)) = bundle.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, rest) = rest.split_at_checked(length).ok_or(NotABundle)?;
        if length > ENTRY_BYTES_MAX {
            return Err(NotABundle);
        }
        entries.push(entry);
        bundle = rest;
    }
    let fits = u64::try_from(entries.len()).is_ok_and(|count| count <= TILE_WIDTH);
    if bundle.is_empty() && fits { Ok(entries) } else { Err(NotABundle) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Holds, LEVEL_MAX, TILE_WIDTH, Tile, hashes_of, push_entry, read_bundle};

    fn hashes(level: u8, index: u64, width: u64) -> Tile {
        Tile { holds: Holds::Hashes(level), index, width }
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(hashes(0, 1_234_067, TILE_WIDTH).to_string(), "tile/0/x001/x234/067");
        assert_eq!(hashes(1, 0, 17).to_string(), "tile/1/000.p/17");
        assert_eq!(hashes(0, 999, 1).to_string(), "tile/0/999.p/1");
        let entries = Tile { holds: Holds::Entries, index: 1000, width: TILE_WIDTH };
        assert_eq!(entries.to_string(), "tile/entries/x001/000");
    }

    #[test]
    fn the_tiles_of_70_000_leaves_are_those_of_the_specification() {
        let of = |level| Tile::all(70_000).filter(move |tile| tile.holds == Holds::Hashes(level));
        assert_eq!((of(0).count(), of(0).last()), (274, Some(hashes(0, 273, 112))));
        assert_eq!(of(1).collect::<Vec<_>>(), [hashes(1, 0, 256), hashes(1, 1, 17)]);
        assert_eq!(of(2).collect::<Vec<_>>(), [hashes(2, 0, 1)]);
        let of_256: Vec<_> = Tile::all(256).filter(|tile| tile.holds != Holds::Entries).collect();
        assert_eq!(of_256, [hashes(0, 0, 256), hashes(1, 0, 1)]);
        assert_eq!(Tile::all(0).count(), 0);
    }

    #[test]
    fn what_is_written_otherwise_names_no_tile() {
        for path in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/1",
            "tile/0/0001",
            "tile/0/x000/001",
            "tile/00/001",
            "tile/+0/001",
            "tile/8/001",
            "tile/64/001",
            "tile/data/001",
            "tile/0/001.p/0",
            "tile/0/001.p/256",
            "tile/0/001.p/01",
            "tile/0/001.p/+1",
            "tile/0/x001/x234/067/",
            "/tile/0/001",
            "tile/0/../001",
            "tile/0/xx01/000",
            "tile/0/x001/x000/x000/x000/x000/x000/x000/x000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
        ] {
            assert!(Tile::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_tree_has_only_tiles_that_it_fills() {
        assert!(hashes(0, 1, 44).is_in(300) && !hashes(0, 1, 45).is_in(300));
        assert!(hashes(1, 0, 1).is_in(256) && !hashes(1, 0, 1).is_in(255));
        assert!(!hashes(LEVEL_MAX, u64::MAX, TILE_WIDTH).is_in(u64::MAX));
        assert_eq!(hashes_of(LEVEL_MAX, u64::MAX), 255);
    }

    proptest! {
        #[test]
        fn every_path_reads_back(level in 0..=LEVEL_MAX, index: u64, width in 1..=TILE_WIDTH) {
            let tile = hashes(level, index, width);
            prop_assert_eq!(Tile::parse(&tile.to_string()), Ok(tile));
        }

        #[test]
        fn a_bundle_reads_back(
            entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20),
        ) {
            let mut bundle = vec![];
            for entry in &entries {
                push_entry(&mut bundle, entry).unwrap();
            }
            prop_assert_eq!(read_bundle(&bundle).unwrap(), entries.clone());
            if bundle.pop().is_some() {
                let cut = read_bundle(&bundle);
                prop_assert!(cut.is_err() || cut.unwrap().len() < entries.len());
            }
        }
    }
}
