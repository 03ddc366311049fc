//! Where entries are read from: an export, or the log of a data directory.
//!
//! A data directory's `log.db` is opened read only and never waits for the server, nor the server
//! for it: entries are read in pages up to the head as it was at the start, since a long read
//! would keep the write-ahead log from shrinking. The checkpoint beside it is read before that
//! head: so what it covers is there.

mod database;
mod directory;

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use countersign_events::id::{Position, StreamId};
use countersign_events::note::NOTE_BYTES_MAX;

use super::finding::Rule;
use super::manifest::{CHECKPOINT_FILE, ENTRIES_FILE, Manifest};

/// The log of a data directory.
pub const DATABASE_FILE: &str = "log.db";

/// Why entries could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Neither an export nor a data directory.
    #[error("{} holds neither {ENTRIES_FILE} nor {DATABASE_FILE}", path.display())]
    NotALog {
        /// The directory.
        path: PathBuf,
    },
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database could not be read.
    #[error("cannot read {}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
}

/// One entry, and what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its place in the log: the number of its line, or what the database says.
    pub position: Position,
    /// Its bytes, verbatim.
    pub bytes: Vec<u8>,
    /// The sealed parts beside it.
    pub sealed: Option<Vec<u8>>,
    /// What the database's own columns say of it.
    pub columns: Option<Columns>,
    /// What is wrong with how it is stored.
    pub flaws: Vec<(Rule, String)>,
}

/// The columns of an entry in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The stream's name.
    pub stream: String,
    /// The place in the stream.
    pub revision: u64,
}

/// Entries, one after the other.
pub struct Source {
    directory: PathBuf,
    checkpoint: Result<Option<Vec<u8>>, String>,
    kind: Kind,
}

enum Kind {
    Directory(Box<directory::Directory>),
    Database(Box<database::Database>),
}

impl Source {
    /// Opens an export or a data directory.
    ///
    /// # Errors
    /// [`SourceError::NotALog`] if it is neither; otherwise what could not be read.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let checkpoint = small_file(&path.join(CHECKPOINT_FILE), NOTE_BYTES_MAX);
        let database = path.join(DATABASE_FILE);
        let kind = if path.join(ENTRIES_FILE).exists() {
            Kind::Directory(Box::new(directory::Directory::open(path)?))
        } else if database.exists() {
            Kind::Database(Box::new(database::Database::open(&database)?))
        } else {
            return Err(SourceError::NotALog { path: path.to_owned() });
        };
        Ok(Self { directory: path.to_owned(), checkpoint, kind })
    }

    /// Where it is read from.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The signed checkpoint beside it, as it lies there.
    ///
    /// # Errors
    /// Why it does not read.
    pub fn checkpoint(&self) -> Result<Option<&[u8]>, &str> {
        self.checkpoint.as_ref().map(Option::as_deref).map_err(String::as_str)
    }

    /// Reads only the entries of one stream, where the source can tell them apart cheaply. The
    /// caller must still look at each.
    pub fn only(&mut self, stream: &StreamId) {
        match &mut self.kind {
            Kind::Directory(_) => {}
            Kind::Database(database) => database.only(stream),
        }
    }

    /// The manifest of an export: `None` for a database; an error text where it does not read.
    #[must_use]
    pub fn manifest(&self) -> Option<Result<&Manifest, &str>> {
        match &self.kind {
            Kind::Directory(directory) => Some(directory.manifest()),
            Kind::Database(_) => None,
        }
    }

    /// How many entries there will be, as far as that is known before.
    #[must_use]
    pub fn expected(&self) -> Option<u64> {
        match &self.kind {
            Kind::Directory(directory) => directory.manifest().ok().map(|manifest| manifest.size),
            Kind::Database(database) => Some(database.size()),
        }
    }

    /// The next entry.
    ///
    /// # Errors
    /// What could not be read; there is nothing after it.
    pub fn next_line(&mut self) -> Result<Option<Line>, SourceError> {
        match &mut self.kind {
            Kind::Directory(directory) => directory.next_line(),
            Kind::Database(database) => database.next_line(),
        }
    }

    /// After the last entry: sealed parts that belong to no entry.
    ///
    /// # Errors
    /// What could not be read.
    pub fn leftovers(&mut self) -> Result<Vec<(Rule, String)>, SourceError> {
        match &mut self.kind {
            Kind::Directory(directory) => directory.leftovers(),
            Kind::Database(_) => Ok(Vec::new()),
        }
    }
}

/// A file of so many bytes at most, if it is there. What an auditor reads may be anybody's, and
/// have no end.
pub(super) fn small_file(path: &Path, bytes_max: usize) -> Result<Option<Vec<u8>>, String> {
    let name = path.display();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{name}: {error}")),
    };
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = vec![];
    file.take(limit).read_to_end(&mut bytes).map_err(|error| format!("{name}: {error}"))?;
    if bytes.len() > bytes_max {
        return Err(format!("{name}: more than {bytes_max} bytes"));
    }
    Ok(Some(bytes))
}
