//! What an auditor does with the log: export it, verify it, replay it, look through it.
//!
//! All of it works on the bytes of entries, offline: no key, no network, no server, and no trust
//! in the program that wrote them. [`source`] reads an export or a data directory's log,
//! [`export`] writes a directory that `jq` and any RFC 6962 tool can read, [`verify`] checks it,
//! [`replay`] folds one stream into the state that the server had, and an [`archive`] is an export
//! that can be looked through like a log.
//!
//! **What must stay true:** nothing here writes to a log; memory is bounded by the number of
//! streams, not by their length; a finding names its place and its rule.

pub mod archive;
pub mod conduct;
pub mod export;
pub mod finding;
pub mod manifest;
mod policies;
pub mod replay;
pub mod source;
mod staff;
pub mod verify;

#[cfg(test)]
mod honest;
#[cfg(test)]
mod sample;

/// Told how far long work is: entries done, and entries in all where that is known.
pub type Progress<'a> = &'a mut dyn FnMut(u64, Option<u64>);
