//! Apps that nobody here wrote sign their users in through the real binary (OpenID Connect), with a
//! real browser between them: Debian's Apache with mod_auth_openidc, Authlib, and the guide's own
//! example, which has PyJWT verify what we sign; and Debian's nginx asks whom to let in.
//!
//! Needs Debian's `apache2-bin`, `libapache2-mod-auth-openidc`, `nginx` and `chromium-driver`, and
//! the Python of `tests/external/requirements.txt`.

#![cfg(feature = "external")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod apache;
mod authlib;
mod example;
mod nginx;
mod place;
