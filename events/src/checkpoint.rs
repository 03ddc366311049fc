//! What a log signs of itself: C2SP `tlog-checkpoint`.
//!
//! ```text
//!   <origin>
//!   <size>
//!   <base64 of the root>
//! ```
//!
//! Signed as a [`note`](crate::note). Whoever keeps one can later hold the log to it.

use std::fmt;

use data_encoding::BASE64;

use crate::id::Hash32;
use crate::note::{Note, NoteError, Signs, VerifierKey};

/// A log's size and root, and which log's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log: what its first entry calls itself.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// The root over them (RFC 6962, section 2.1).
    pub root: Hash32,
}

/// Why a checkpoint is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is not a signed note, or not signed by the key.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note is no checkpoint.
    #[error("not a checkpoint")]
    NotACheckpoint,
    /// It is another log's.
    #[error("a checkpoint of {0:?}, another log")]
    OtherLog(String),
}

/// A checkpoint with its signatures, as it is kept and handed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// The note, verbatim.
    pub note: Note,
}

impl Checkpoint {
    /// The key that checkpoints of this log are signed with: named like the log.
    ///
    /// # Errors
    /// [`NoteError`] where the origin can name no key.
    pub fn key(origin: &str, public_key: [u8; 32]) -> Result<VerifierKey, NoteError> {
        VerifierKey::new(origin, Signs::Text, public_key)
    }

    /// Signs it.
    ///
    /// # Errors
    /// [`NoteError`] where the origin can name no key.
    pub fn sign(
        self,
        public_key: [u8; 32],
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Result<SignedCheckpoint, NoteError> {
        let key = Self::key(&self.origin, public_key)?;
        let text = self.to_string();
        let signature = sign(text.as_bytes());
        Ok(SignedCheckpoint { checkpoint: self, note: Note::sign(text, &key, signature) })
    }

    /// Reads the text of a note. Lines that follow the three are left alone.
    ///
    /// # Errors
    /// [`CheckpointError::NotACheckpoint`].
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.split('\n');
        let next = |line: Option<&str>| line.filter(|line| !line.is_empty()).map(str::to_owned);
        let (origin, size, root) = (next(lines.next()), next(lines.next()), next(lines.next()));
        let (Some(origin), Some(size), Some(root)) = (origin, size, root) else {
            return Err(CheckpointError::NotACheckpoint);
        };
        let rest: Vec<&str> = lines.collect();
        let ends = rest.split_last().is_some_and(|(last, extensions)| {
            last.is_empty() && extensions.iter().all(|line| !line.is_empty())
        });
        let number: u64 = size.parse().map_err(|_| CheckpointError::NotACheckpoint)?;
        let decoded = BASE64.decode(root.as_bytes()).ok();
        let root = decoded.and_then(|bytes| bytes.try_into().ok()).map(Hash32::new);
        match root {
            Some(root) if ends && number.to_string() == size => {
                Ok(Self { origin, size: number, root })
            }
            _ => Err(CheckpointError::NotACheckpoint),
        }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, BASE64.encode(self.root.bytes()))
    }
}

impl SignedCheckpoint {
    /// Reads a signed checkpoint; it is not to be believed before [`SignedCheckpoint::check`].
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        Ok(Self { checkpoint: Checkpoint::parse(&note.text)?, note })
    }

    /// Demands that it is this key's, and the key's log's.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn check(&self, key: &VerifierKey) -> Result<(), CheckpointError> {
        if self.checkpoint.origin != key.name() {
            return Err(CheckpointError::OtherLog(self.checkpoint.origin.clone()));
        }
        Ok(self.note.check(key)?)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::{Checkpoint, CheckpointError, SignedCheckpoint};
    use crate::id::Hash32;
    use crate::note::NoteError;

    const TEXT: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_example_of_the_specification_reads_and_is_written_back() {
        let read = Checkpoint::parse(TEXT).unwrap();
        assert_eq!((read.size, read.to_string().as_str()), (20_852_163, TEXT));
        assert_eq!(Checkpoint::parse(&format!("{TEXT}more\n")).unwrap(), read);
    }

    #[test]
    fn a_signed_checkpoint_is_believed_of_its_key_and_its_log_alone() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = key.verifying_key().to_bytes();
        let checkpoint =
            Checkpoint { origin: "log.example".into(), size: 3, root: Hash32::new([9; 32]) };
        let signed = checkpoint.clone().sign(public, |text| key.sign(text).to_bytes()).unwrap();
        let read = SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap();
        assert_eq!((&read, &read.checkpoint), (&signed, &checkpoint));
        let own = Checkpoint::key("log.example", public).unwrap();
        assert_eq!(read.check(&own), Ok(()));
        let other = SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes();
        let other = Checkpoint::key("log.example", other).unwrap();
        assert!(matches!(read.check(&other), Err(CheckpointError::Note(NoteError::NotSigned(_)))));
        let elsewhere = Checkpoint::key("log.invalid", public).unwrap();
        assert_eq!(read.check(&elsewhere), Err(CheckpointError::OtherLog("log.example".into())));
    }

    #[test]
    fn what_is_no_checkpoint_does_not_read() {
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        for text in [
            String::new(),
            format!("\n3\n{root}\n"),
            format!("a\n\n{root}\n"),
            format!("a\n03\n{root}\n"),
            format!("a\n+3\n{root}\n"),
            format!("a\n-3\n{root}\n"),
            format!("a\n18446744073709551616\n{root}\n"),
            format!("a\n3\n{root}"),
            format!("a\n3\n{}\n", &root[4..]),
            format!("a\n3\n{root}\n\nmore\n"),
        ] {
            assert!(Checkpoint::parse(&text).is_err(), "{text:?}");
        }
    }
}
