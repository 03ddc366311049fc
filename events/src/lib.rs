//! The published language of Countersign and the log that holds it.
//!
//! Four things live here. The *language*: every fact that can happen to an account, an operator,
//! a client app or the log itself, under a permanent type string ([`account`], [`operator`],
//! [`client`], [`log_event`], bound to strings and versions by [`catalogue`]). The *entry*: the
//! one line of JSON in which a fact is written once and hashed as it stands ([`entry`]). The
//! *store*: the promises an append-only log must keep, and the backends that keep them
//! ([`store`]). The *tree* over all entries and what is signed of it ([`tree`], [`checkpoint`],
//! [`note`]), so that an outsider can hold the log to what it once was.
//!
//! **Architecture Invariant:** this crate decides nothing, holds no key and reads no clock. It
//! depends on no other member of the workspace.

pub mod account;
pub mod actor;
pub mod catalogue;
pub mod checkpoint;
pub mod client;
pub mod entry;
pub mod id;
pub mod log_event;
pub mod note;
pub mod operator;
pub mod policy;
pub mod store;
pub mod tree;
pub mod upcast;
