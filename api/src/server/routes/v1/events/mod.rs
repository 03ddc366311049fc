//! Events out: what happens to the accounts of a client app, told to it.

pub(crate) mod follow;
