//! The real binary under and beside programs that nobody here wrote.

#![cfg(feature = "external")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod canaries;
mod claims;
mod journey;
mod restore;
mod strace;
