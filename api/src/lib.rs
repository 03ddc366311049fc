//! The HTTP contract of Countersign, its server and its client.
//!
//! [`contract`] is what goes over the wire. With the feature `server` there is all that stands
//! behind it; with the feature `client` there is a typed client and nothing else: no server, no
//! core, no log.

#[cfg(feature = "client")]
pub mod client;
pub mod contract;

#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod reference;
#[cfg(feature = "server")]
pub mod server;
