//! The HTTP server: three listeners before one core.
//!
//! [`startup::Application`] binds them and runs until it is told to stop. A request passes the
//! middleware, is read by [`ask`], asked of the core, and answered from [`answers`] or
//! [`problem`]. The table of [`routes`] says what there is.
//!
//! **Architecture Invariant:** no rule about accounts lives here, and no handler answers before
//! the core's verdict. Nothing cuts a request off after it has entered the core.

pub(crate) mod answers;
pub(crate) mod archive;
pub(crate) mod ask;
pub mod assembly;
pub mod auth;
mod body;
mod carrier;
mod clock_watch;
mod code;
pub(crate) mod cookies;
pub mod data_lock;
mod edge;
mod event_stream;
pub(crate) mod json;
pub mod listener;
pub(crate) mod middleware;
mod observe;
mod oidc;
pub mod openapi;
pub(crate) mod ops;
mod portal;
pub(crate) mod problem;
pub mod routes;
pub mod startup;
mod strict;
mod sweeping;

pub use countersign_core::accounts::Accounts;
