//! What an auditor does with the log: export it, verify it, replay it, look through it.
//!
//! All of it works on the bytes of entries, offline: no key, no network, no server, and no trust
//! in the program that wrote them. [`source`] reads an export or a data directory's log,
//! [`export`] writes a directory that `jq` and any client of tlog-tiles can read, [`verify`] checks
//! it, [`replay`] folds one stream into the state that the server had, and an [`archive`] is an
//! export that can be looked through like a log. A [`signed`] log is one with its checkpoint: of
//! it, a [`proof`] or [`evidence`] for one account is made, which [`check`] checks; [`watch`] holds
//! it to what it was, [`diff`] compares two, and a [`selection`] shows entries as they are.
//!
//! **What must stay true:** nothing here writes to a log; memory is bounded by the number of
//! streams, not by their length; a finding names its place and its rule.

pub mod archive;
pub mod check;
pub mod conduct;
pub mod diff;
pub mod evidence;
pub mod export;
pub mod finding;
pub mod manifest;
pub mod nodes;
mod policies;
pub mod proof;
pub mod replay;
pub mod selection;
pub mod signed;
pub mod source;
mod staff;
mod tiles;
pub mod tree_files;
pub mod verify;
pub mod watch;

#[cfg(test)]
mod honest;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod tamper;

/// Told how far long work is: entries done, and entries in all where that is known.
pub type Progress<'a> = &'a mut dyn FnMut(u64, Option<u64>);
