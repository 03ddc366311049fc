//! "This was not me". One call, one file.

pub(crate) mod object;
pub(crate) mod show;
