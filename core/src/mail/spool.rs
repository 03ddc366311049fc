//! The development spool: mails as files, instead of a mail server.
//!
//! Only for a server on loopback without `--smtp`. Each mail is one `.eml` file in a directory
//! that only its owner may enter; names sort by time. A file appears whole: it is written beside
//! its name and renamed, so that a reader never meets half a mail. The same mail sent twice is
//! one file.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use futures::future::BoxFuture;

use super::compose::compose;
use super::letterhead::Letterhead;
use super::{Mail, Mailer, SendError, SendErrorClass, Whose};

/// The most mails that a list shows.
pub const LIST_MAX: usize = 200;
/// How much of a file is read for a list, in bytes.
const HEADER_BYTES_MAX: usize = 4096;
/// The longest name of a file.
const NAME_CHARS_MAX: usize = 128;

/// The directory of mails.
#[derive(Debug, Clone)]
pub struct Spool {
    dir: PathBuf,
    head: Letterhead,
}

/// The name of a mail's file: nothing that leads out of the directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpoolName(String);

/// A mail in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spooled {
    /// Its file.
    pub name: SpoolName,
    /// Its `To` header, as written.
    pub to: String,
    /// Its `Subject` header, as written.
    pub subject: String,
}

/// The text names no mail of a spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a mail")]
pub struct InvalidSpoolName;

impl SpoolName {
    /// Reads a name that a caller sent.
    ///
    /// # Errors
    /// [`InvalidSpoolName`] for anything but letters, digits and hyphens before `.eml`.
    pub fn parse(text: &str) -> Result<Self, InvalidSpoolName> {
        let stem = text.strip_suffix(".eml").ok_or(InvalidSpoolName)?;
        let plain = stem.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if stem.is_empty() || !plain || text.len() > NAME_CHARS_MAX {
            return Err(InvalidSpoolName);
        }
        Ok(Self(text.to_owned()))
    }

    /// The file's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(mail: &Mail) -> Self {
        let at = mail.at;
        let millis = at.subsec_millisecond();
        let event = mail.message_id.event();
        let former = match mail.message_id.to() {
            Whose::Present => String::new(),
            Whose::Former(place) => format!("-former{place}"),
            Whose::New => "-new".to_owned(),
        };
        Self(format!("{}{millis:03}Z-{event}{former}.eml", at.strftime("%Y%m%dT%H%M%S")))
    }
}

impl Spool {
    /// Opens the directory, and makes it where it is missing; only its owner may enter it.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(dir: &Path, head: Letterhead) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        fs::set_permissions(dir, Permissions::from_mode(0o700))?;
        Ok(Self { dir: dir.to_owned(), head })
    }

    /// The newest mails, newest first: at most `limit` and [`LIST_MAX`].
    ///
    /// # Errors
    /// What the file system says.
    pub fn list(&self, limit: usize) -> io::Result<Vec<Spooled>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            names.extend(entry?.file_name().to_str().and_then(|name| SpoolName::parse(name).ok()));
        }
        names.sort_unstable_by(|one, other| other.cmp(one));
        names.truncate(limit.min(LIST_MAX));
        names.into_iter().map(|name| self.spooled(name)).collect()
    }

    /// The bytes of a mail, `None` where there is no such file.
    ///
    /// # Errors
    /// What the file system says.
    pub fn read(&self, name: &SpoolName) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.dir.join(name.as_str())) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn spooled(&self, name: SpoolName) -> io::Result<Spooled> {
        let bytes = self.read(&name)?.unwrap_or_default();
        let start = bytes.get(..HEADER_BYTES_MAX).unwrap_or(&bytes);
        let text = String::from_utf8_lossy(start).replace("\r\n ", " ");
        let header = |prefix: &str| {
            text.lines()
                .take_while(|line| !line.is_empty())
                .find_map(|line| line.strip_prefix(prefix))
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        Ok(Spooled { to: header("To:"), subject: header("Subject:"), name })
    }
}

impl Mailer for Spool {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            let bytes = compose(&mail, &self.head)?.formatted();
            let name = SpoolName::of(&mail);
            let dir = self.dir.clone();
            let written = tokio::task::spawn_blocking(move || write(&dir, &name, &bytes)).await;
            let failed =
                |what: String| SendError::new(SendErrorClass::Temporary, format!("spool: {what}"));
            match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(failed(error.to_string())),
                Err(error) => Err(failed(error.to_string())),
            }
        })
    }
}

/// If we stop before the rename, what is left is a `.tmp` that no list shows and the next
/// sending of the same mail overwrites.
fn write(dir: &Path, name: &SpoolName, bytes: &[u8]) -> io::Result<()> {
    let beside = dir.join(format!("{}.tmp", name.as_str()));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    drop(file);
    fs::rename(beside, dir.join(name.as_str()))
}
