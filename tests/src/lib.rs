//! Countersign.

pub mod mailbox;
pub mod smtp_sink;
