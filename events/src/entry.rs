//! One entry of the log: a line of compact JSON with a fixed order of fields.
//!
//! An entry is written once and stored verbatim; every check works on those bytes and never on a
//! re-serialisation. `prev` chains a stream; the leaf hash is the chain's link and the leaf of the
//! log's Merkle tree at once. Personal data is not in it: it is sealed, stored beside the entry
//! and bound by a commitment, so that it can be destroyed without breaking a proof.
//!
//! ```text
//! {"log":…,"stream":…,"rev":0,"id":…,"at":…,"type":…,"v":1,"by":{…},"cor":…,["cau":…,]
//!  "pol":0,["idem":{"key":…,"body":…},]"prev":null|"<hex>","data":{…}[,"sealed":{…}]}
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::actor::By;
use crate::id::{
    CorrelationId, EventId, HandleHash, Hash32, LogId, PolicyVersion, Revision, StreamId,
};
use crate::tree;

/// The largest entry, in bytes.
pub const ENTRY_BYTES_MAX: usize = 16 * 1024;

/// What is sealed together, under one key, for one length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealClass {
    /// Personal data, under the account's key.
    Pii,
    /// Address and user agent, under the account's key and the salt of a month.
    Net,
}

/// A part that was sealed, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPart {
    /// Its class.
    pub class: SealClass,
    /// The id of the key: `k1`, or the month of the salt, `2026-11`.
    pub key: String,
    /// The ciphertext, its nonce in front.
    pub ciphertext: Vec<u8>,
}

/// What an entry says of a sealed part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealRef {
    /// The id of the key.
    pub key: String,
    /// `SHA-256(0x03 ‖ ciphertext)`.
    pub commit: Hash32,
}

/// The idempotency key of the request behind an entry, and what that request said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idempotency {
    /// Keyed hash of caller, route and key.
    pub key: HandleHash,
    /// Keyed hash of the request's body.
    pub body: HandleHash,
}

/// What an entry says, before it has a place.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its id.
    pub id: EventId,
    /// When: never earlier than the entry before it in its stream.
    pub at: Timestamp,
    /// The permanent type string.
    pub event_type: &'static str,
    /// The version of the data's shape.
    pub version: u16,
    /// Who caused it.
    pub by: By,
    /// The request it belongs to.
    pub correlation: CorrelationId,
    /// The entry that caused it, where another did.
    pub causation: Option<EventId>,
    /// The policy in force.
    pub policy: PolicyVersion,
    /// The idempotency key of its request.
    pub idempotency: Option<Idempotency>,
    /// The payload: compact JSON.
    pub data: String,
    /// What is sealed beside it.
    pub sealed: Vec<SealedPart>,
}

/// An entry as the store takes it.
#[derive(Debug, Clone)]
pub struct Written {
    /// The line, verbatim.
    pub bytes: Vec<u8>,
    /// The sealed parts, as stored beside it.
    pub sealed: Option<Vec<u8>>,
    /// The hash of the line.
    pub leaf: Hash32,
}

/// Why an entry could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The bytes are no entry.
    #[error("not an entry")]
    Malformed(#[source] serde_json::Error),
    /// It would be larger than [`ENTRY_BYTES_MAX`].
    #[error("an entry of {bytes} bytes, {ENTRY_BYTES_MAX} at most")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The sealed parts beside it do not read.
    #[error("sealed parts do not read")]
    Sealed,
}

/// An entry, read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry<'a> {
    /// The log.
    pub log: LogId,
    /// The stream.
    pub stream: StreamId,
    /// The place in the stream.
    pub rev: Revision,
    /// The id.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// The type string.
    #[serde(rename = "type", borrow)]
    pub event_type: Cow<'a, str>,
    /// The version of the data's shape.
    #[serde(rename = "v")]
    pub version: u16,
    /// Who.
    pub by: By,
    /// The request.
    #[serde(rename = "cor")]
    pub correlation: CorrelationId,
    /// The causing entry.
    #[serde(rename = "cau", default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    /// The policy.
    #[serde(rename = "pol")]
    pub policy: PolicyVersion,
    /// The idempotency key.
    #[serde(rename = "idem", default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<Idempotency>,
    /// The leaf hash of the entry before it in the stream.
    pub prev: Option<Hash32>,
    /// The payload.
    #[serde(borrow)]
    pub data: &'a RawValue,
    /// What is sealed beside it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sealed: BTreeMap<SealClass, SealRef>,
}

impl<'a> Entry<'a> {
    /// Reads the bytes of an entry.
    ///
    /// # Errors
    /// [`EntryError::Malformed`] for anything that is not exactly an entry.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EntryError> {
        serde_json::from_slice(bytes).map_err(EntryError::Malformed)
    }
}

impl Draft {
    /// Gives the draft its place and writes it.
    ///
    /// # Errors
    /// [`EntryError::TooLarge`] over [`ENTRY_BYTES_MAX`]; [`EntryError::Malformed`] where the data
    /// is not JSON.
    pub fn write(
        self,
        log: LogId,
        stream: StreamId,
        rev: Revision,
        prev: Option<Hash32>,
    ) -> Result<Written, EntryError> {
        let data: &RawValue = serde_json::from_str(&self.data).map_err(EntryError::Malformed)?;
        let entry = Entry {
            log,
            stream,
            rev,
            id: self.id,
            at: self.at,
            event_type: Cow::Borrowed(self.event_type),
            version: self.version,
            by: self.by,
            correlation: self.correlation,
            causation: self.causation,
            policy: self.policy,
            idempotency: self.idempotency,
            prev,
            data,
            sealed: self
                .sealed
                .iter()
                .map(|part| {
                    let commit = tree::seal_commitment(&part.ciphertext);
                    (part.class, SealRef { key: part.key.clone(), commit })
                })
                .collect(),
        };
        let bytes = serde_json::to_vec(&entry).map_err(EntryError::Malformed)?;
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(EntryError::TooLarge { bytes: bytes.len() });
        }
        let leaf = tree::leaf_hash(&bytes);
        Ok(Written { bytes, sealed: write_sealed(&self.sealed), leaf })
    }
}

/// The sealed parts as they are stored beside an entry: `{"<class>":"<base64>"}`.
fn write_sealed(parts: &[SealedPart]) -> Option<Vec<u8>> {
    if parts.is_empty() {
        return None;
    }
    let map: BTreeMap<SealClass, String> =
        parts.iter().map(|part| (part.class, BASE64.encode(&part.ciphertext))).collect();
    serde_json::to_vec(&map).ok()
}

/// Reads the ciphertext of one class from what is stored beside an entry.
///
/// # Errors
/// [`EntryError::Sealed`] where the stored bytes do not read.
pub fn read_sealed(stored: &[u8], class: SealClass) -> Result<Option<Vec<u8>>, EntryError> {
    let map: BTreeMap<SealClass, String> =
        serde_json::from_slice(stored).map_err(|_| EntryError::Sealed)?;
    map.get(&class)
        .map(|text| BASE64.decode(text.as_bytes()).map_err(|_| EntryError::Sealed))
        .transpose()
}

#[cfg(test)]
mod tests;
