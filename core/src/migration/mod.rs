//! What other systems hand over, read line by line.
//!
//! ```text
//!   CSV         login or subject, email, email_verified, seed, name, password_hash
//!   URIs        otpauth://totp/Issuer:login?secret=…, one a line; and what Google Authenticator
//!               exports, otpauth-migration://offline?data=…, with several in a line
//! ```
//!
//! Only what can be served is taken: codes of six digits every 30 seconds by SHA-1 (RFC 6238's
//! default, and all that most apps know), of 128 bits or more (RFC 4226, R6). Anything else would
//! make accounts that nobody can sign in to. A line that is not taken is named by its number and a
//! reason, and no part of it is ever told: it may hold a secret where none is looked for. No value
//! spans lines, so that a quotation mark that is never closed costs its own line and no other.
//!
//! **Architecture Invariant:** what is read here is wiped when dropped, and none of it implements
//! `Debug`.

mod csv;
mod google;
mod otpauth;
mod written;

use std::collections::VecDeque;

use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use crate::vault::passwords::foreign::ForeignError;

pub use google::PARTS_MAX;
pub use written::seed_uri;

/// Bytes of a file, which is read whole: a million accounts take less.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Bytes of a line: an export of Google's has some kilobytes.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a seed (RFC 4226, R6), and as many as any app takes.
pub const SEED_BYTES: std::ops::RangeInclusive<usize> = 16..=64;
/// The name of an authenticator that came without one.
const NAMELESS: &str = "Authenticator";

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table with a first line that names its columns.
    Csv,
    /// A URI a line.
    Uris,
}

/// What an account is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// What its holder types.
    Login,
    /// A client app's own name for it.
    Subject,
}

/// Why a file is not read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableFile {
    /// There is no line in it.
    #[error("the file is empty")]
    Empty,
    /// Its first line does not name what can be read.
    #[error("the first line must name the columns, of {COLUMNS}: {0}")]
    Header(String),
}

/// The columns of a table.
const COLUMNS: &str = "login or subject, email, email_verified, seed, name, password_hash";

/// Why a line is not taken. Says nothing of what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// It is too long for any.
    #[error("longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// It is no text.
    #[error("not UTF-8")]
    NotText,
    /// Quotation marks that are not closed, or stand where none can.
    #[error("a quotation mark in the wrong place, or never closed")]
    Quotes,
    /// It has another number of fields than the first line.
    #[error("{found} fields, and the first line names {named}")]
    Fields {
        /// Of this line.
        found: usize,
        /// Of the first.
        named: usize,
    },
    /// Nothing says whose it is.
    #[error("no {0}")]
    Nameless(&'static str),
    /// A name or an address that no account can have.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// Why.
        reason: String,
    },
    /// There is nothing to import.
    #[error("neither seed nor password_hash")]
    Nothing,
    /// A value that is neither yes nor no.
    #[error("email_verified: true or false")]
    Verified,
    /// It is none of the URIs.
    #[error("not an otpauth:// or otpauth-migration:// URI")]
    NotAUri,
    /// It counts instead of looking at the clock.
    #[error("HOTP: codes that count are not served, only those that go by time")]
    Hotp,
    /// Its codes are made in another way.
    #[error("another algorithm than SHA1")]
    Algorithm,
    /// Its codes are of another length.
    #[error("another number of digits than 6")]
    Digits,
    /// Its codes change more often, or less.
    #[error("another period than 30 seconds")]
    Period,
    /// It has no seed.
    #[error("no secret")]
    NoSeed,
    /// Its seed does not read.
    #[error("a seed that is not base32")]
    NotBase32,
    /// Its seed can be guessed.
    #[error("a seed of {0} bits: RFC 4226 asks for 128")]
    ShortSeed(usize),
    /// Its seed is longer than apps take.
    #[error("a seed of more than 64 bytes")]
    LongSeed,
    /// An export of Google's that does not read.
    #[error("an export of Google Authenticator that does not read")]
    Payload,
    /// An export of Google's with more accounts than that app exports.
    #[error("more than {PARTS_MAX} accounts in one line")]
    Parts,
    /// A password hash that cannot be served.
    #[error("{0}")]
    Hash(#[from] ForeignError),
    /// An app checks the password itself.
    #[error("a password_hash for an account of a client app, which checks the password itself")]
    HashOfSubject,
    /// The account is there, and is not what the line says.
    #[error("{0}")]
    Conflict(&'static str),
}

/// The seed of an authenticator.
#[derive(Clone)]
pub struct Seed(Zeroizing<Vec<u8>>);

impl Seed {
    /// Of a length that can be served.
    ///
    /// # Errors
    /// [`Why::ShortSeed`], [`Why::LongSeed`].
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Why> {
        if bytes.len() < *SEED_BYTES.start() {
            return Err(Why::ShortSeed(bytes.len() * 8));
        }
        if bytes.len() > *SEED_BYTES.end() {
            return Err(Why::LongSeed);
        }
        Ok(Self(bytes))
    }

    /// Base32 as people write it: in either case, with spaces, hyphens and padding, or without.
    ///
    /// # Errors
    /// [`Why::NotBase32`], and what [`Self::new`] says.
    pub fn parse(text: &str) -> Result<Self, Why> {
        let written = text.trim_end_matches('=').chars().filter(|c| !matches!(c, ' ' | '-'));
        let written = written.map(|c| c.to_ascii_uppercase());
        let written = Zeroizing::new(written.collect::<String>());
        let bytes = BASE32_NOPAD.decode(written.as_bytes()).map_err(|_| Why::NotBase32)?;
        Self::new(Zeroizing::new(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// An account to import.
#[derive(Clone)]
pub struct Row {
    /// The login, or a client app's name for it.
    pub name: Zeroizing<String>,
    /// The address.
    pub email: Option<Zeroizing<String>>,
    /// Whether whoever hands it over says that it is proven.
    pub email_verified: bool,
    /// The authenticator's seed.
    pub seed: Option<Seed>,
    /// The authenticator's name.
    pub authenticator: String,
    /// The password's hash, as it stands there; it was found to be one that is known.
    pub password_hash: Option<Zeroizing<String>>,
}

/// A line, read.
pub struct Line {
    /// Its number in the file, from 1 on.
    pub number: u64,
    /// Which of several in the line, from 1 on.
    pub part: Option<u32>,
    /// What stands there, or why it is not taken.
    pub read: Result<Row, Why>,
}

/// The lines of a file, one after the other.
pub struct Lines<'a> {
    left: &'a [u8],
    number: u64,
    read: Bytes,
    columns: Option<csv::Columns>,
    named_by: NamedBy,
    /// What else stands in the line that was read last.
    queued: VecDeque<Line>,
}

/// Bytes so far, of all there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes {
    /// So far.
    pub done: u64,
    /// All.
    pub all: u64,
}

/// Begins to read a file: a table where it does not begin like a URI, unless said otherwise. A list
/// of URIs has subjects only where that is said.
///
/// # Errors
/// [`UnreadableFile`].
pub fn lines(
    file: &[u8],
    format: Option<Format>,
    named_by: NamedBy,
) -> Result<Lines<'_>, UnreadableFile> {
    let all = u64::try_from(file.len()).unwrap_or(u64::MAX);
    let read = Bytes { done: 0, all };
    let left = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let (columns, queued) = (None, VecDeque::new());
    let mut lines = Lines { left, number: 0, read, columns, named_by, queued };
    let start = left.trim_ascii_start();
    if start.is_empty() {
        return Err(UnreadableFile::Empty);
    }
    let is_uri = start.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"otpauth"));
    let detected = if is_uri || start.starts_with(b"#") { Format::Uris } else { Format::Csv };
    if format.unwrap_or(detected) == Format::Csv {
        let header = lines.next_line().unwrap_or_default();
        let columns = csv::Columns::of(header).map_err(UnreadableFile::Header)?;
        lines.named_by = columns.named_by();
        lines.columns = Some(columns);
    }
    Ok(lines)
}

impl<'a> Lines<'a> {
    /// What its accounts are known by.
    #[must_use]
    pub const fn named_by(&self) -> NamedBy {
        self.named_by
    }

    /// How far it was read.
    #[must_use]
    pub const fn progress(&self) -> Bytes {
        self.read
    }

    /// The next line that is not blank.
    fn next_line(&mut self) -> Option<&'a [u8]> {
        while !self.left.is_empty() {
            let end = self.left.iter().position(|byte| *byte == b'\n');
            let (line, rest) = match end {
                Some(end) => (self.left.get(..end)?, self.left.get(end + 1..)?),
                None => (self.left, [].as_slice()),
            };
            (self.left, self.number) = (rest, self.number + 1);
            let left = u64::try_from(rest.len()).unwrap_or(u64::MAX);
            self.read.done = self.read.all.saturating_sub(left);
            let line = line.trim_ascii();
            if !line.is_empty() {
                return Some(line);
            }
        }
        None
    }

    fn read(&self, line: &[u8]) -> Vec<(Option<u32>, Result<Row, Why>)> {
        let read = match (text_of(line), &self.columns) {
            (Err(why), _) => Err(why),
            (Ok(text), Some(columns)) => columns.row(text),
            (Ok(text), None) if google::is_one(text) => return parts(google::rows(text)),
            (Ok(text), None) => otpauth::row(text),
        };
        vec![(None, read)]
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if let Some(queued) = self.queued.pop_front() {
            return Some(queued);
        }
        loop {
            let line = self.next_line()?;
            if self.columns.is_none() && line.starts_with(b"#") {
                continue;
            }
            let number = self.number;
            let read = self.read(line);
            self.queued.extend(read.into_iter().map(|(part, read)| Line { number, part, read }));
            // A line of which nothing comes is a line with nothing in it.
            if let Some(first) = self.queued.pop_front() {
                return Some(first);
            }
        }
    }
}

fn text_of(line: &[u8]) -> Result<&str, Why> {
    if line.len() > LINE_BYTES_MAX {
        return Err(Why::TooLong);
    }
    std::str::from_utf8(line).map_err(|_| Why::NotText)
}

fn parts(read: Result<Vec<Result<Row, Why>>, Why>) -> Vec<(Option<u32>, Result<Row, Why>)> {
    match read {
        Ok(rows) => (1..).map(Some).zip(rows).collect(),
        Err(why) => vec![(None, Err(why))],
    }
}

#[cfg(test)]
mod tests;
