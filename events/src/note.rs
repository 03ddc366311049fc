//! A text signed by one or more keys: C2SP `signed-note`, Ed25519 alone.
//!
//! ```text
//!   text, ending with a line break
//!
//!   — <name> base64(4 bytes of the key's id ‖ signature)
//! ```

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::id::Hash32;

/// The largest note that is read, in bytes.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;
/// Signatures that are read of one note.
pub const SIGNATURES_MAX: usize = 16;

const SIGNATURE_BYTES: usize = 64;
const KEY_ID_BYTES: usize = 4;
const LINE_BEGINS: &str = "\u{2014} ";

/// What a key signs, and so how its id is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signs {
    /// The note's text.
    Text,
    /// The text below the time at which it was seen: a witness's cosignature.
    Seen,
}

impl Signs {
    const fn byte(self) -> u8 {
        match self {
            Self::Text => 0x01,
            Self::Seen => 0x04,
        }
    }
}

/// A public key and whose it is, written `<name>+<key id>+<base64>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    signs: Signs,
    key: [u8; 32],
}

/// Why a note, or a key to check one, is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not written as a note is.
    #[error("not a signed note")]
    NotANote,
    /// It is not written as a key is, or its id is not its own.
    #[error("not a public key of a signed note (NAME+ID+KEY)")]
    NotAKey,
    /// A name that no signature line can hold.
    #[error("{0:?} can name no key: it is empty, or holds a space or a plus sign")]
    Name(String),
    /// The key did not sign it.
    #[error("it is not signed by {0}")]
    NotSigned(String),
    /// A signature by the key's name and id that is not the key's.
    #[error("the signature of {0} is wrong")]
    Forged(String),
}

/// A signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// Whose it says it is.
    pub name: String,
    /// The id of the key that it says it is by.
    pub key_id: [u8; KEY_ID_BYTES],
    /// The signature: 64 bytes of Ed25519, behind the time for a cosignature.
    pub bytes: Vec<u8>,
}

/// A note, read and not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is signed, with its last line break.
    pub text: String,
    /// Who signed, or is said to have.
    pub signatures: Vec<NoteSignature>,
}

impl VerifierKey {
    /// A key and its owner's name.
    ///
    /// # Errors
    /// [`NoteError::Name`] for a name that no note can hold; [`NoteError::NotAKey`] for 32 bytes
    /// that are no key.
    pub fn new(name: &str, signs: Signs, key: [u8; 32]) -> Result<Self, NoteError> {
        if !can_name(name) {
            return Err(NoteError::Name(name.to_owned()));
        }
        VerifyingKey::from_bytes(&key).map_err(|_| NoteError::NotAKey)?;
        Ok(Self { name: name.to_owned(), signs, key })
    }

    /// Reads `<name>+<key id>+<base64>`.
    ///
    /// # Errors
    /// [`NoteError::NotAKey`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::NotAKey);
        };
        let bytes = BASE64.decode(key.as_bytes()).map_err(|_| NoteError::NotAKey)?;
        let (kind, key) = bytes.split_first().ok_or(NoteError::NotAKey)?;
        let signs = [Signs::Text, Signs::Seen].into_iter().find(|signs| signs.byte() == *kind);
        let key = key.try_into().map_err(|_| NoteError::NotAKey)?;
        let parsed = Self::new(name, signs.ok_or(NoteError::NotAKey)?, key)?;
        let is_own = HEXLOWER.encode(&parsed.id()) == id;
        is_own.then_some(parsed).ok_or(NoteError::NotAKey)
    }

    /// Whose it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> Hash32 {
        Hash32::new(self.key)
    }

    /// What it signs.
    #[must_use]
    pub const fn signs(&self) -> Signs {
        self.signs
    }

    /// `SHA-256(name ‖ 0x0A ‖ what it signs ‖ key)`, the first four bytes.
    #[must_use]
    pub fn id(&self) -> [u8; KEY_ID_BYTES] {
        let hash = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', self.signs.byte()])
            .chain_update(self.key)
            .finalize();
        std::array::from_fn(|at| hash.get(at).copied().unwrap_or_default())
    }

    /// Whether it made this signature of this message.
    #[must_use]
    pub fn made(&self, signature: &[u8], message: &[u8]) -> bool {
        let key = VerifyingKey::from_bytes(&self.key);
        let signature = Signature::from_slice(signature);
        key.ok()
            .zip(signature.ok())
            .is_some_and(|(key, signature)| key.verify_strict(message, &signature).is_ok())
    }

    /// The line that signs with this key.
    #[must_use]
    pub fn line(&self, signature: &[u8]) -> String {
        let bytes = [&self.id(), signature].concat();
        format!("{LINE_BEGINS}{} {}\n", self.name, BASE64.encode(&bytes))
    }

    /// The signature of a note that is by this key's name and id.
    ///
    /// # Errors
    /// [`NoteError::NotSigned`] where there is none.
    pub fn signature<'a>(&self, note: &'a Note) -> Result<&'a NoteSignature, NoteError> {
        let id = self.id();
        let own = note.signatures.iter().find(|s| s.name == self.name && s.key_id == id);
        own.ok_or_else(|| NoteError::NotSigned(self.name.clone()))
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.signs.byte()], self.key.as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, HEXLOWER.encode(&self.id()), BASE64.encode(&bytes))
    }
}

impl Note {
    /// Reads a note; nothing in it is to be believed before [`Note::check`].
    ///
    /// # Errors
    /// [`NoteError::NotANote`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::NotANote)?;
        let is_control = |c: char| c < ' ' && c != '\n';
        if bytes.len() > NOTE_BYTES_MAX || whole.contains(is_control) || !whole.ends_with('\n') {
            return Err(NoteError::NotANote);
        }
        let ends = whole.rfind("\n\n").ok_or(NoteError::NotANote)?;
        let (text, lines) = (whole.get(..=ends), whole.get(ends + 2..));
        let (text, lines) = text.zip(lines).ok_or(NoteError::NotANote)?;
        let signatures: Option<Vec<_>> = lines.lines().map(read_line).collect();
        let signatures = signatures.filter(|all| (1..=SIGNATURES_MAX).contains(&all.len()));
        let signatures = signatures.ok_or(NoteError::NotANote)?;
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Signs a text, which ends with a line break.
    #[must_use]
    pub fn sign(text: String, key: &VerifierKey, signature: [u8; SIGNATURE_BYTES]) -> Self {
        let (name, key_id) = (key.name.clone(), key.id());
        let signature = NoteSignature { name, key_id, bytes: signature.to_vec() };
        Self { text, signatures: vec![signature] }
    }

    /// Demands that the key signed the text.
    ///
    /// # Errors
    /// [`NoteError::NotSigned`], or [`NoteError::Forged`].
    pub fn check(&self, key: &VerifierKey) -> Result<(), NoteError> {
        let own = key.signature(self)?;
        if key.signs == Signs::Text && key.made(&own.bytes, self.text.as_bytes()) {
            return Ok(());
        }
        Err(NoteError::Forged(key.name.clone()))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            let bytes = [signature.key_id.as_slice(), &signature.bytes].concat();
            writeln!(f, "{LINE_BEGINS}{} {}", signature.name, BASE64.encode(&bytes))?;
        }
        Ok(())
    }
}

/// Whether a signature line can hold the name.
fn can_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

fn read_line(line: &str) -> Option<NoteSignature> {
    let (name, signature) = line.strip_prefix(LINE_BEGINS)?.split_once(' ')?;
    let bytes = BASE64.decode(signature.as_bytes()).ok()?;
    let (key_id, bytes) = bytes.split_first_chunk()?;
    let read = NoteSignature { name: name.to_owned(), key_id: *key_id, bytes: bytes.to_vec() };
    (can_name(name) && !bytes.is_empty()).then_some(read)
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::{Note, NoteError, Signs, VerifierKey};

    /// The example of the specification.
    const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n\
         \u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj\
         OBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    fn key_of(seed: u8) -> (SigningKey, VerifierKey) {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let public = key.verifying_key().to_bytes();
        (key, VerifierKey::new("log.example/1", Signs::Text, public).unwrap())
    }

    #[test]
    fn the_example_of_the_specification_verifies_and_is_written_back() {
        let key = VerifierKey::parse(KEY).unwrap();
        let note = Note::parse(NOTE.as_bytes()).unwrap();
        assert_eq!(note.check(&key), Ok(()));
        assert_eq!((key.to_string(), note.to_string()), (KEY.to_owned(), NOTE.to_owned()));
        assert_eq!(note.text, "This is an example message.\n");
    }

    #[test]
    fn a_text_that_was_changed_is_not_what_was_signed() {
        let (key, verifier) = key_of(1);
        let text = "one\n\ntwo\n".to_owned();
        let note = Note::sign(text.clone(), &verifier, key.sign(text.as_bytes()).to_bytes());
        let read = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!((read.check(&verifier), &read.text), (Ok(()), &text));
        let changed = Note { text: "one\n\nTwo\n".to_owned(), ..read };
        assert_eq!(changed.check(&verifier), Err(NoteError::Forged("log.example/1".into())));
    }

    #[test]
    fn another_key_signed_nothing_even_under_the_same_name() {
        let (key, verifier) = key_of(1);
        let text = "text\n".to_owned();
        let note = Note::sign(text.clone(), &verifier, key.sign(text.as_bytes()).to_bytes());
        let other = key_of(2).1;
        assert_eq!(note.check(&other), Err(NoteError::NotSigned("log.example/1".into())));
        let mut forged = note;
        forged.signatures[0].key_id = other.id();
        assert_eq!(forged.check(&other), Err(NoteError::Forged("log.example/1".into())));
    }

    #[test]
    fn what_is_no_note_does_not_read() {
        let line = NOTE.split_once("\n\n").unwrap().1;
        for text in [
            "",
            "\n",
            "\n\n",
            "text\n",
            "text\n\n",
            "text\n\n\u{2014} a b\n",
            "text\n\n- example.com/foo AAAAAAAA\n",
            "text\n\n\u{2014} example.com/foo AAAA\n",
        ] {
            assert_eq!(Note::parse(text.as_bytes()), Err(NoteError::NotANote), "{text:?}");
        }
        let cut = NOTE.trim_end();
        let control = NOTE.replace("an example", "an\rexample");
        let many = format!("text\n\n{}", line.repeat(17));
        for text in [cut, &control, &many] {
            assert_eq!(Note::parse(text.as_bytes()), Err(NoteError::NotANote), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_key_does_not_read() {
        let other_id = KEY.replace("530d903a", "530d903b");
        let other_kind = KEY.replace("+Aek", "+Buk");
        for text in ["", "a+b", "a b+530d903a+AekyeRrm", &other_id, &other_kind, &KEY[1..]] {
            assert!(VerifierKey::parse(text).is_err(), "{text}");
        }
    }
}
