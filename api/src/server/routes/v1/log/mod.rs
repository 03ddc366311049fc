//! The log, for those who follow it.

pub(crate) mod checkpoint;
pub(crate) mod stream;
pub(crate) mod tile;
