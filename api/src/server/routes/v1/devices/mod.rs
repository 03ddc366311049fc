//! The devices that the holder's account knows. One call, one file.

pub(crate) mod forget;
pub(crate) mod forget_all;
pub(crate) mod list;
