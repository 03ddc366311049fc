//! The address. One call, one file.

pub(crate) mod change;
pub(crate) mod confirm;
