//! Countersign.

pub mod bench;
pub mod console;
pub mod mailbox;
pub mod smtp_sink;
