//! The HTTP contract, version 1: what goes over the wire, for server and client alike.
//!
//! Every body of every call is a type of this module, by resource. A request refuses unknown
//! fields (SR-077); an answer does not, so that a client survives a newer server. Optional parts
//! of an answer are left out, never `null`, but for [`page::Page::next`].
//!
//! **Architecture Invariant:** nothing here knows the server, the core or the log. The console and
//! any other client build this module alone.

pub mod account;
pub mod act;
pub mod app_event;
pub mod client;
pub mod device;
pub mod email;
pub mod event;
pub mod factor;
pub mod host;
pub mod id;
pub mod kind;
pub mod log;
pub mod look;
pub mod oidc;
pub mod operator;
pub mod page;
pub mod password;
pub mod policy;
pub mod problem;
pub mod recovery;
pub mod secret;
pub mod session;
pub mod setup;
pub mod sign_in;
pub mod statistics;
pub mod support;
pub mod webhook;

/// The only content type of a request with a body.
pub const JSON_MEDIA_TYPE: &str = "application/json";
/// The content type of the calls whose form others have laid down.
pub const FORM_MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
/// The header that makes a POST safe to repeat.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// The shortest idempotency key, in characters.
pub const IDEMPOTENCY_KEY_MIN_CHARS: usize = 22;
/// The longest idempotency key, in characters.
pub const IDEMPOTENCY_KEY_MAX_CHARS: usize = 64;
/// The header with which pages of the portal ask: `1`. Cookies count for nobody else.
pub const PORTAL: &str = "X-Countersign-Portal";
/// The portal's cookie that carries a session's token.
pub const SESSION_COOKIE: &str = "__Host-cs_session";
/// The portal's cookie that carries sign-ins in progress.
pub const SIGN_IN_COOKIE: &str = "__Host-cs_txn";
/// The portal's cookie that carries what the device holds.
pub const DEVICE_COOKIE: &str = "__Host-cs_did";
/// The header that names the request, in every answer and in the server's log lines.
pub const REQUEST_ID: &str = "X-Request-Id";
/// Digits of a code of an authenticator, and of one sent by e-mail.
pub const CODE_DIGITS: usize = 6;
/// Digits of a code by e-mail that leads to a recovery.
pub const RECOVERY_CODE_DIGITS: usize = 8;
/// Items of a page, unless asked for otherwise.
pub const PAGE_LIMIT_DEFAULT: usize = 50;
/// Items of a page at most.
pub const PAGE_LIMIT_MAX: usize = 200;
