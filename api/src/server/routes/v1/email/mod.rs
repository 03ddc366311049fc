//! The address. One call, one file.

pub(crate) mod confirm;
