//! Operators, by an admin; and who acts. One call, one file.

pub(crate) mod add;
pub(crate) mod disable;
pub(crate) mod list;
pub(crate) mod me;
