//! The server as its clients meet it: over a real socket, in this process, on an empty log.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod authority;
mod command_line;
mod documents;
mod edge;
mod log_lines;
mod malformed;
mod running;
