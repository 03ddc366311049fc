//! The log, for those who follow it.

pub(crate) mod stream;
