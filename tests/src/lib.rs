//! Doubles, drivers and measurements for the end-to-end and cross-crate suites.

pub mod app;
pub mod bench;
pub mod browser;
pub mod canaries;
pub mod checkpoints;
pub mod console;
pub mod faulty_store;
pub mod faulty_vault;
pub mod forgery;
pub mod hook_sink;
pub mod kurrentdb_double;
pub mod mailbox;
pub mod neighbour;
pub mod phone;
pub mod post_office;
pub mod python;
pub mod receiver;
pub mod server;
pub mod signing;
pub mod smtp_sink;
