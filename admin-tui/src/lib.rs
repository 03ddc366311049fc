//! The support console of Countersign: a terminal program that is a client of the HTTP API.
//!
//! It is built in the Elm way. The [`model`] is one value; [`update::update`] changes it by
//! messages and says, as [`effect::Effect`]s, what it wants done; [`view::draw`] draws it; the
//! [`runtime`] alone touches the terminal, the clock and the network. Hence every behaviour and
//! every frame is tested without any of the three.
//!
//! **Architecture Invariant:** the console knows the contract and the client of
//! `countersign-api` and nothing else of the service. It opens no store, and what support may not
//! see or do is decided by the server alone. An exported log it has served by `countersign`.

pub mod archive;
pub mod effect;
mod intake;
pub mod keymap;
pub mod message;
pub mod model;
pub mod printable;
pub mod qr_code;
pub mod runtime;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod update;
pub mod view;
