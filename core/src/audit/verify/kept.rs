//! What lies of a log's tree beside its entries: leaf hashes, tiles, bundles. Compared entry by
//! entry, while these are read; one tile of each kind is in memory.
//!
//! None of it is to be believed by itself. Leaf hashes whose root was signed tell which entry is
//! another than was signed.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use countersign_events::entry::{ENTRY_BYTES_MAX, Entry};
use countersign_events::id::{Hash32, Revision, StreamId};
use countersign_events::tree::tile::{
    Holds, LEVEL_MAX, TILE_HEIGHT, TILE_WIDTH, Tile, hashes_of, read_bundle,
};
use countersign_events::tree::{TreeHead, leaf_hash};

use super::Place;

/// The leaf hashes of a data directory, one after the other.
pub(super) const LEAVES_FILE: &str = "tree/level-0";

const HASH_BYTES: u64 = 32;
/// The largest bundle: entries behind their lengths.
const BUNDLE_BYTES_MAX: u64 = TILE_WIDTH * (2 + ENTRY_BYTES_MAX as u64);

/// Why a file is not compared.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// It is not there, or does not read.
    Missing(String),
    /// It cannot be what it is called.
    Wrong(String),
}

/// Where hashes are read from.
#[derive(Debug)]
enum Files {
    /// One after the other in a file, which may lag behind.
    Level(File),
    /// In tiles below a directory.
    Tiles { directory: PathBuf, level: u8 },
}

/// The hashes of one level of a tree, in their order.
#[derive(Debug)]
struct Hashes {
    files: Files,
    count: u64,
    read: u64,
    chunk: Vec<u8>,
    at: usize,
    fault: Option<Fault>,
}

impl Hashes {
    const fn new(files: Files, count: u64) -> Self {
        Self { files, count, read: 0, chunk: vec![], at: 0, fault: None }
    }

    fn next(&mut self) -> Option<Hash32> {
        if self.at == self.chunk.len() {
            self.fill()?;
        }
        let (hash, _) = self.chunk.get(self.at..)?.split_first_chunk()?;
        self.at += hash.len();
        Some(Hash32::new(*hash))
    }

    fn fill(&mut self) -> Option<()> {
        let left = self.count.saturating_sub(self.read);
        if left == 0 || self.fault.is_some() {
            return None;
        }
        let (index, width) = (self.read / TILE_WIDTH, left.min(TILE_WIDTH));
        match &self.files {
            Files::Level(file) => {
                self.chunk.resize(usize::try_from(width * HASH_BYTES).ok()?, 0);
                file.read_exact_at(&mut self.chunk, self.read * HASH_BYTES).ok()?;
            }
            Files::Tiles { directory, level } => {
                let tile = Tile { holds: Holds::Hashes(*level), index, width };
                match read_tile(directory, tile) {
                    Ok(bytes) => self.chunk = bytes,
                    Err(fault) => {
                        self.fault = Some(fault);
                        return None;
                    }
                }
            }
        }
        (self.at, self.read) = (0, self.read + width);
        Some(())
    }
}

fn read_tile(directory: &Path, tile: Tile) -> Result<Vec<u8>, Fault> {
    let path = directory.join(tile.to_string());
    let missing = |error: std::io::Error| Fault::Missing(format!("{tile}: {error}"));
    let bytes = fs::metadata(&path).map_err(missing)?.len();
    let fits = match tile.holds {
        Holds::Hashes(_) => bytes == tile.width * HASH_BYTES,
        Holds::Entries => bytes <= BUNDLE_BYTES_MAX,
    };
    if !fits {
        return Err(Fault::Wrong(format!("{tile}: {bytes} bytes, which no such tile has")));
    }
    fs::read(&path).map_err(missing)
}

/// The first entry that is another than the one that is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Difference {
    /// Where, in the order of the log, and what stands there now.
    pub(super) place: Place,
    /// The leaf hash that is kept.
    pub(super) kept: Hash32,
}

/// What stood at a place.
#[derive(Debug, Clone)]
pub(super) struct Stood {
    pub(super) stream: StreamId,
    pub(super) revision: Revision,
    pub(super) event_type: String,
}

/// The leaf hashes that are kept beside a checkpoint.
#[derive(Debug)]
pub(super) struct Kept {
    /// Whose they are, for findings.
    pub(super) name: String,
    /// Entries that the checkpoint covers.
    pub(super) size: u64,
    directory: PathBuf,
    hashes: Hashes,
    pub(super) first: Option<Difference>,
    /// How many entries differ.
    pub(super) differing: u64,
}

impl Kept {
    /// Those of an export, or of a data directory; none where there are none.
    pub(super) fn of(name: String, directory: &Path, size: u64) -> Option<Self> {
        let directory = directory.to_owned();
        let hashes = Hashes::new(files_of(&directory)?, size);
        Some(Self { name, size, directory, hashes, first: None, differing: 0 })
    }

    pub(super) fn entry(&mut self, place: Place, leaf: Hash32) {
        if let Some(kept) = self.hashes.next().filter(|kept| *kept != leaf) {
            self.first.get_or_insert(Difference { place, kept });
            self.differing = self.differing.saturating_add(1);
        }
    }

    pub(super) const fn fault(&self) -> Option<&Fault> {
        self.hashes.fault.as_ref()
    }

    /// The root of what is kept, read anew; none where not all of it is there.
    pub(super) fn root(&self) -> Option<Hash32> {
        let mut hashes = Hashes::new(files_of(&self.directory)?, self.size);
        let mut tree = TreeHead::default();
        while let Some(hash) = hashes.next() {
            tree.push(hash);
        }
        (tree.size() == self.size).then(|| tree.root())
    }

    /// The leaf hash at a position.
    pub(super) fn leaf(&self, position: u64) -> Option<Hash32> {
        let (index, within) = (position / TILE_WIDTH, position % TILE_WIDTH);
        let mut hashes = Hashes::new(files_of(&self.directory)?, self.size);
        hashes.read = index.saturating_mul(TILE_WIDTH);
        (0..within).try_for_each(|_| hashes.next().map(|_| ()))?;
        hashes.next()
    }

    /// What stood at a position, where a bundle has an entry of this hash.
    pub(super) fn stood(&self, position: u64, leaf: Hash32) -> Option<Stood> {
        let tile = tile_of(Holds::Entries, position, self.size)?;
        let bundle = read_tile(&self.directory, tile).ok()?;
        let within = usize::try_from(position.checked_sub(tile.first())?).ok()?;
        let bytes = read_bundle(&bundle).ok()?.get(within).copied()?;
        let entry = Entry::parse(bytes).ok().filter(|_| leaf_hash(bytes) == leaf)?;
        let event_type = entry.event_type.into_owned();
        Some(Stood { stream: entry.stream, revision: entry.rev, event_type })
    }
}

/// Tiles where there are any, or the file of a data directory.
fn files_of(directory: &Path) -> Option<Files> {
    if directory.join("tile").exists() {
        return Some(Files::Tiles { directory: directory.to_owned(), level: 0 });
    }
    File::open(directory.join(LEAVES_FILE)).ok().map(Files::Level)
}

/// What an export shows of its tree besides leaf hashes: bundles of entries, and higher levels.
#[derive(Debug)]
pub(super) struct Shown {
    directory: PathBuf,
    size: u64,
    read: u64,
    bundle: Vec<u8>,
    /// Where the entries of the bundle stand in it, the next one last.
    entries: Vec<(usize, usize)>,
    fault: Option<Fault>,
    /// The first entry that its bundle has otherwise.
    pub(super) first: Option<Place>,
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    hashes: Hashes,
    seen: u64,
    differs: Option<u64>,
}

impl Shown {
    pub(super) fn of(directory: &Path, size: u64) -> Self {
        let level = |level| {
            let files = Files::Tiles { directory: directory.to_owned(), level };
            Level { hashes: Hashes::new(files, hashes_of(level, size)), seen: 0, differs: None }
        };
        Self {
            directory: directory.to_owned(),
            size,
            read: 0,
            bundle: vec![],
            entries: vec![],
            fault: None,
            first: None,
            levels: (1..=LEVEL_MAX).map(level).collect(),
        }
    }

    pub(super) fn entry(&mut self, place: Place, entry: &[u8]) {
        if self.entries.is_empty() && self.fill().is_none() {
            return;
        }
        let span = self.entries.pop();
        let shown = span.and_then(|(from, to)| self.bundle.get(from..to));
        if shown.is_some_and(|shown| shown != entry) {
            self.first.get_or_insert(place);
        }
    }

    fn fill(&mut self) -> Option<()> {
        let left = self.size.saturating_sub(self.read);
        if left == 0 || self.fault.is_some() {
            return None;
        }
        let (index, width) = (self.read / TILE_WIDTH, left.min(TILE_WIDTH));
        let tile = Tile { holds: Holds::Entries, index, width };
        match read_tile(&self.directory, tile).and_then(|bundle| {
            let spans = spans(&bundle).filter(|spans| u64::try_from(spans.len()) == Ok(width));
            let no_bundle = || Fault::Wrong(format!("{tile}: not a bundle of {width} entries"));
            Ok((spans.ok_or_else(no_bundle)?, bundle))
        }) {
            Ok((spans, bundle)) => (self.entries, self.bundle) = (spans, bundle),
            Err(fault) => {
                self.fault = Some(fault);
                return None;
            }
        }
        self.read += width;
        Some(())
    }

    /// Takes a perfect subtree that the entries complete.
    pub(super) fn completed(&mut self, height: u8, hash: Hash32) {
        if !height.is_multiple_of(TILE_HEIGHT) {
            return;
        }
        let level = (height / TILE_HEIGHT).checked_sub(1).map(usize::from);
        let Some(level) = level.and_then(|level| self.levels.get_mut(level)) else { return };
        if level.hashes.next().is_some_and(|shown| shown != hash) {
            level.differs.get_or_insert(level.seen);
        }
        level.seen += 1;
    }

    /// What is missing or wrong, and the tiles of higher levels that differ.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let differs = (1..).zip(&self.levels).filter_map(|(level, seen)| {
            let tile = tile_of(Holds::Hashes(level), seen.differs?, seen.hashes.count)?;
            Some(Fault::Wrong(format!("{tile}: not what the entries make")))
        });
        let faults = self.levels.iter().filter_map(|level| level.hashes.fault.clone());
        self.fault.iter().cloned().chain(faults).chain(differs).collect()
    }
}

/// Where the entries of a bundle stand in it, the first one last.
fn spans(bundle: &[u8]) -> Option<Vec<(usize, usize)>> {
    let mut end = 0;
    let span = |entry: &[u8]| {
        let from = end + size_of::<u16>();
        end = from + entry.len();
        (from, end)
    };
    let mut spans: Vec<_> = read_bundle(bundle).ok()?.into_iter().map(span).collect();
    spans.reverse();
    Some(spans)
}

/// The tile of a hash or entry, of so many.
fn tile_of(holds: Holds, at: u64, count: u64) -> Option<Tile> {
    let index = at / TILE_WIDTH;
    let left = count.checked_sub(index * TILE_WIDTH)?;
    (at < count).then(|| Tile { holds, index, width: left.min(TILE_WIDTH) })
}
