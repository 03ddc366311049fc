//! Reads an export: the lines of its entries, joined with the sealed parts by position.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use countersign_events::entry::ENTRY_BYTES_MAX;
use countersign_events::id::Position;
use countersign_events::store::SEALED_BYTES_MAX;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Line, SourceError};
use crate::audit::finding::Rule;
use crate::audit::manifest::{ENTRIES_FILE, MANIFEST_FILE, Manifest, SEALED_FILE};

/// The longest line of sealed parts: what is stored, and its position around it.
const SEALED_LINE_BYTES_MAX: usize = SEALED_BYTES_MAX + 64;
/// Bytes read at once: a call of the system for many entries, and not for a few.
const READ_BYTES: usize = 128 * 1024;
/// The largest manifest.
const MANIFEST_BYTES_MAX: u64 = 64 * 1024;
/// Sealed parts without an entry that are named one by one.
const LEFTOVERS_MAX: usize = 100;

pub(super) struct Directory {
    manifest: Result<Manifest, String>,
    entries: Lines,
    sealed: Option<SealedLines>,
    next: Position,
}

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Self, SourceError> {
        let sealed = path.join(SEALED_FILE);
        Ok(Self {
            manifest: read_manifest(&path.join(MANIFEST_FILE)),
            entries: Lines::open(path.join(ENTRIES_FILE), ENTRY_BYTES_MAX)?,
            sealed: if sealed.exists() { Some(SealedLines::open(sealed)?) } else { None },
            next: Position::new(0),
        })
    }

    pub(super) fn manifest(&self) -> Result<&Manifest, &str> {
        self.manifest.as_ref().map_err(String::as_str)
    }

    pub(super) fn next_line(&mut self) -> Result<Option<Line>, SourceError> {
        let Some(text) = self.entries.next()? else { return Ok(None) };
        let position = self.next;
        self.next = position.next();
        let mut flaws = Vec::new();
        if let Some(cut) = text.cut {
            flaws.push((Rule::NotAnEntry, cut.to_owned()));
        }
        let sealed = match &mut self.sealed {
            Some(sealed) => sealed.at(position, &mut flaws)?,
            None => None,
        };
        Ok(Some(Line { position, bytes: text.bytes, sealed, columns: None, flaws }))
    }

    pub(super) fn leftovers(&mut self) -> Result<Vec<(Rule, String)>, SourceError> {
        let mut flaws = Vec::new();
        if let Some(sealed) = &mut self.sealed {
            while flaws.len() < LEFTOVERS_MAX && sealed.waiting()? {
                sealed.surplus(&mut flaws);
            }
        }
        Ok(flaws)
    }
}

fn read_manifest(path: &Path) -> Result<Manifest, String> {
    let mut bytes = vec![];
    // An export may be anybody's: what calls itself its manifest may have no end.
    let read = File::open(path)
        .and_then(|file| file.take(MANIFEST_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| format!("{MANIFEST_FILE}: {error}"))?;
    if u64::try_from(read).is_ok_and(|read| read > MANIFEST_BYTES_MAX) {
        return Err(format!("{MANIFEST_FILE}: more than {MANIFEST_BYTES_MAX} bytes"));
    }
    serde_json::from_slice(&bytes).map_err(|error| format!("{MANIFEST_FILE}: {error}"))
}

/// The lines of a file, each of a bounded length.
struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    bytes_max: usize,
}

struct Text {
    bytes: Vec<u8>,
    /// Why it is no whole line.
    cut: Option<&'static str>,
}

impl Lines {
    fn open(path: PathBuf, bytes_max: usize) -> Result<Self, SourceError> {
        match File::open(&path) {
            Ok(file) => {
                let reader = BufReader::with_capacity(READ_BYTES, file);
                Ok(Self { path, reader, bytes_max })
            }
            Err(source) => Err(SourceError::Io { path, source }),
        }
    }

    fn next(&mut self) -> Result<Option<Text>, SourceError> {
        let fault = |source| SourceError::Io { path: self.path.clone(), source };
        let mut bytes = Vec::new();
        let limit = u64::try_from(self.bytes_max).unwrap_or(u64::MAX).saturating_add(1);
        let read = (&mut self.reader).take(limit).read_until(b'\n', &mut bytes);
        if read.map_err(fault)? == 0 {
            return Ok(None);
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            return Ok(Some(Text { bytes, cut: None }));
        }
        let cut = if bytes.len() > self.bytes_max {
            self.skip_line()
                .map_err(|source| SourceError::Io { path: self.path.clone(), source })?;
            "the line is longer than an entry may be"
        } else {
            "the last line does not end"
        };
        Ok(Some(Text { bytes, cut: Some(cut) }))
    }

    /// Skips the rest of an overlong line without holding it in memory.
    fn skip_line(&mut self) -> std::io::Result<()> {
        loop {
            let buffer = self.reader.fill_buf()?;
            let (used, found) = match buffer.iter().position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (buffer.len(), false),
            };
            self.reader.consume(used);
            if found || used == 0 {
                return Ok(());
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedLine<'a> {
    position: Position,
    #[serde(borrow)]
    sealed: &'a RawValue,
}

/// The sealed parts, read in step with the entries.
struct SealedLines {
    lines: Lines,
    waiting: Option<Result<(Position, Vec<u8>), String>>,
}

impl SealedLines {
    fn open(path: PathBuf) -> Result<Self, SourceError> {
        Ok(Self { lines: Lines::open(path, SEALED_LINE_BYTES_MAX)?, waiting: None })
    }

    /// Whether there is another line.
    fn waiting(&mut self) -> Result<bool, SourceError> {
        if self.waiting.is_none() {
            self.waiting = self.lines.next()?.map(|text| match text.cut {
                Some(cut) => Err(format!("{SEALED_FILE}: {cut}")),
                None => serde_json::from_slice::<SealedLine<'_>>(&text.bytes)
                    .map(|line| (line.position, line.sealed.get().as_bytes().to_vec()))
                    .map_err(|error| format!("{SEALED_FILE}: {error}")),
            });
        }
        Ok(self.waiting.is_some())
    }

    /// What is sealed beside the entry at a position. Lines before it belong to no entry: they
    /// are out of order or were there before.
    fn at(
        &mut self,
        position: Position,
        flaws: &mut Vec<(Rule, String)>,
    ) -> Result<Option<Vec<u8>>, SourceError> {
        while self.waiting()? {
            match self.waiting.take() {
                Some(Ok((found, sealed))) if found == position => return Ok(Some(sealed)),
                Some(Ok((found, sealed))) if found > position => {
                    self.waiting = Some(Ok((found, sealed)));
                    return Ok(None);
                }
                other => {
                    self.waiting = other;
                    self.surplus(flaws);
                }
            }
        }
        Ok(None)
    }

    /// Takes the waiting line as one that belongs nowhere.
    fn surplus(&mut self, flaws: &mut Vec<(Rule, String)>) {
        match self.waiting.take() {
            None => {}
            Some(Ok((position, _))) => {
                let detail = format!("{SEALED_FILE}: a part for position {position} out of place");
                flaws.push((Rule::SealedSurplus, detail));
            }
            Some(Err(detail)) => flaws.push((Rule::SealedChanged, detail)),
        }
    }
}
