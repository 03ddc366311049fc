//! The real binary under and beside programs that nobody here wrote.

#![cfg(feature = "external")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod canaries;
mod cast;
mod claims;
mod fuzzing;
mod journey;
mod restore;
mod strace;
mod tampering;
mod typed;
mod verifier;
mod webhooks;
