//! Countersign.

pub mod console;
pub mod mailbox;
pub mod smtp_sink;
