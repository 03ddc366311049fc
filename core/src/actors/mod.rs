//! The actors: accounts, their directory, and those that follow the log.

pub mod account;
pub mod courier;
pub mod directory;
pub mod dispatcher;
pub mod keeper;
pub mod log;
pub mod policy;
pub mod projector;
