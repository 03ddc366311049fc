//! Client apps, by an admin. One call, one file.

pub(crate) mod add;
pub(crate) mod disable;
pub(crate) mod list;
