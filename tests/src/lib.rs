//! Doubles, drivers and measurements for the end-to-end and cross-crate suites.

pub mod bench;
pub mod console;
pub mod kurrentdb_double;
pub mod mailbox;
pub mod phone;
pub mod server;
pub mod smtp_sink;
