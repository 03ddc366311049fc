//! Client apps, by an admin. One call, one file.

pub(crate) mod add;
pub(crate) mod add_key;
pub(crate) mod disable;
pub(crate) mod end_key;
pub(crate) mod list;
pub(crate) mod set_redirects;
