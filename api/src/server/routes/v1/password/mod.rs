//! The password of the holder. One call, one file.

pub(crate) mod change;
