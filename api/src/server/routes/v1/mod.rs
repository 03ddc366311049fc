//! The calls of version 1, by resource.

pub(crate) mod accounts;
pub(crate) mod clients;
pub(crate) mod devices;
pub(crate) mod email;
pub(crate) mod events;
pub(crate) mod factors;
pub(crate) mod host;
pub(crate) mod log;
pub(crate) mod objections;
pub(crate) mod oidc;
pub(crate) mod operators;
pub(crate) mod password;
pub(crate) mod password_resets;
pub(crate) mod policy;
pub(crate) mod recovery_codes;
pub(crate) mod replacement;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod setup;
pub(crate) mod sign_ins;
pub(crate) mod support;
pub(crate) mod unlocks;
pub(crate) mod webhooks;
