//! An entry as an event of the server: ids, data, metadata.
//!
//! The data are the entry's bytes, verbatim. The metadata is a frame:
//!
//! ```text
//! 1 │ append key, 16 bytes │ place in the append, u16 │ entries of it, u16 │ 0 or 1 │ sealed
//! ```
//!
//! The byte before the sealed part says whether there is one, so that an empty one is told from
//! none. Numbers are big-endian. The event id is a hash of stream, key, place and content: a retry
//! makes the same ids, and another append under the same key does not.

use eventstore::{EventData, RecordedEvent};
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

use crate::store::{Append, AppendKey, NewEntry};

/// The type of every event: what an entry is, its bytes say.
pub(super) const EVENT_TYPE: &str = "countersign.entry";
/// What the server says of an append that is larger than it takes.
pub(super) const TOO_LARGE: &str = "Maximum Append Size";
const VERSION: u8 = 1;
const HEADER: usize = 1 + 16 + 2 + 2 + 1;

/// The metadata of an event, read.
pub(super) struct Frame<'a> {
    /// The append that wrote it.
    pub(super) key: AppendKey,
    /// Its place in that append.
    pub(super) index: u16,
    /// How many entries that append has.
    pub(super) count: u16,
    /// What is sealed beside it.
    pub(super) sealed: Option<&'a [u8]>,
}

impl<'a> Frame<'a> {
    /// Reads a frame, `None` if the bytes are none.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (header, sealed) = bytes.split_at_checked(HEADER)?;
        let (version, header) = header.split_first()?;
        let (key, header) = header.split_first_chunk::<16>()?;
        let (index, header) = header.split_first_chunk::<2>()?;
        let (count, header) = header.split_first_chunk::<2>()?;
        let sealed = match (header.first()?, sealed) {
            (0, []) => None,
            (1, sealed) => Some(sealed),
            _ => return None,
        };
        (*version == VERSION).then_some(Self {
            key: AppendKey::new(Uuid::from_bytes(*key)),
            index: u16::from_be_bytes(*index),
            count: u16::from_be_bytes(*count),
            sealed,
        })
    }
}

fn metadata(key: AppendKey, index: u16, count: u16, sealed: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + sealed.map_or(0, <[u8]>::len));
    bytes.push(VERSION);
    bytes.extend_from_slice(key.uuid().as_bytes());
    bytes.extend_from_slice(&index.to_be_bytes());
    bytes.extend_from_slice(&count.to_be_bytes());
    bytes.push(u8::from(sealed.is_some()));
    bytes.extend_from_slice(sealed.unwrap_or_default());
    bytes
}

/// The events of an append.
pub(super) fn events(append: &Append) -> Vec<EventData> {
    let count = u16::try_from(append.entries.len()).unwrap_or(u16::MAX);
    (0..count)
        .zip(&append.entries)
        .map(|(index, entry)| {
            let metadata = metadata(append.key, index, count, entry.sealed.as_deref());
            let id = event_id(append, &metadata, entry);
            EventData::binary(EVENT_TYPE, entry.bytes.clone().into())
                .metadata(metadata.into())
                .id(id)
        })
        .collect()
}

fn event_id(append: &Append, metadata: &[u8], entry: &NewEntry) -> Uuid {
    let stream = append.stream.to_string();
    let mut hash = Sha256::new();
    for part in [stream.as_bytes(), metadata, &entry.bytes] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(digest) {
        *to = from;
    }
    Builder::from_custom_bytes(id).into_uuid()
}

/// Whether an event holds exactly this entry.
pub(super) fn holds(event: &RecordedEvent, entry: &NewEntry) -> bool {
    event.data == entry.bytes
        && Frame::read(&event.custom_metadata)
            .is_some_and(|frame| frame.sealed == entry.sealed.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> AppendKey {
        AppendKey::new(Uuid::from_u128(0x0123_4567_89ab_cdef))
    }

    #[test]
    fn what_was_framed_reads_back_and_none_is_told_from_empty() {
        for sealed in [None, Some(&b""[..]), Some(&b"\0\x01"[..])] {
            let bytes = metadata(key(), 7, 256, sealed);
            let frame = Frame::read(&bytes).unwrap();
            assert_eq!((frame.key, frame.index, frame.count), (key(), 7, 256));
            assert_eq!(frame.sealed, sealed);
        }
    }

    #[test]
    fn what_is_not_a_frame_does_not_read() {
        let sound = metadata(key(), 0, 1, None);
        for end in 0..sound.len() {
            assert!(Frame::read(&sound[..end]).is_none());
        }
        let mut longer = sound.clone();
        longer.push(0);
        assert!(Frame::read(&longer).is_none(), "something where nothing is sealed");
        let mut newer = sound;
        newer[0] = 2;
        assert!(Frame::read(&newer).is_none(), "another version");
    }
}
