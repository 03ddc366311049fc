//! Hosts that ask here whom to let in (forward-auth). One call, one file.
//!
//! ```text
//!   browser ──▶ wiki ──subrequest──▶ GET /v1/forward-auth ──▶ 204, 401 or 403
//!      │ 401
//!      ▼
//!   wiki/.countersign/sign-in ──303──▶ id/oidc/authorize ──▶ … ──303──▶ wiki/.countersign/callback
//!   (state and verifier: a cookie)                        (redeemed here; the pass: a cookie)
//! ```
//!
//! Our cookies belong to our host; so the wiki's proxy hands what is below `/.countersign/` to us,
//! and what we set there belongs to the wiki.

pub(crate) mod callback;
pub(crate) mod forward_auth;
mod page;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
