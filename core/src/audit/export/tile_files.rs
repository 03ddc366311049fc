//! The tiles of an export, as files.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use countersign_events::tree::tile::Tile;

use super::{ExportError, at, sync};

/// Files that are synced one by one. Where there are more, the file system is synced as a whole:
/// one call instead of thousands.
const SYNCED_ALONE_MAX: usize = 64;

/// Writes tiles below a directory.
pub(super) struct TileFiles {
    directory: PathBuf,
    /// The first of them, and their directories.
    written: Vec<PathBuf>,
    count: usize,
}

impl TileFiles {
    pub(super) fn below(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), written: vec![], count: 0 }
    }

    pub(super) fn write(&mut self, tile: Tile, bytes: &[u8]) -> Result<(), ExportError> {
        let path = self.directory.join(tile.to_string());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(at(parent))?;
        }
        File::create_new(&path).and_then(|mut file| file.write_all(bytes)).map_err(at(&path))?;
        self.count += 1;
        if self.written.len() < SYNCED_ALONE_MAX {
            self.written.push(path);
        }
        Ok(())
    }

    /// Makes them durable, with the directories that name them.
    pub(super) fn sync(self) -> Result<(), ExportError> {
        if self.count > self.written.len() {
            let whole = File::open(&self.directory);
            let synced = whole.and_then(|file| Ok(rustix::fs::syncfs(file)?));
            return synced.map_err(at(&self.directory));
        }
        let mut named: Vec<&Path> = self.written.iter().map(PathBuf::as_path).collect();
        for path in &self.written {
            let above = path.ancestors().skip(1).take_while(|above| *above != self.directory);
            named.extend(above);
        }
        named.sort_unstable();
        named.dedup();
        named.into_iter().try_for_each(sync)
    }
}
