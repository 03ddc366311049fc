//! The protocol of OpenID Connect, as far as it is text: what an app sent the browser with, read
//! against what is known of the app; where the browser goes back; how an app says who it is.
//!
//! No state: what was asked travels in the address of a page of ours until it is granted.

mod app;
mod asked;
mod back;
mod form;

pub(crate) use self::app::{Credentials, credentials};
pub(crate) use self::asked::{Asked, Prompt, STATE_CHARS_MAX, read};
pub(crate) use self::back::{back, back_with_error};
pub(crate) use self::form::Form;

/// Errors of the authorization endpoint (RFC 6749, 4.1.2.1; OpenID Connect Core 1.0, 3.1.2.6).
pub(crate) mod error {
    pub(crate) const INVALID_REQUEST: &str = "invalid_request";
    pub(crate) const INVALID_SCOPE: &str = "invalid_scope";
    pub(crate) const UNSUPPORTED_RESPONSE_TYPE: &str = "unsupported_response_type";
    pub(crate) const REQUEST_NOT_SUPPORTED: &str = "request_not_supported";
    pub(crate) const REQUEST_URI_NOT_SUPPORTED: &str = "request_uri_not_supported";
    pub(crate) const ACCESS_DENIED: &str = "access_denied";
    pub(crate) const LOGIN_REQUIRED: &str = "login_required";
    pub(crate) const INTERACTION_REQUIRED: &str = "interaction_required";
    /// Errors of the token endpoint (RFC 6749, 5.2).
    pub(crate) const INVALID_CLIENT: &str = "invalid_client";
    pub(crate) const INVALID_GRANT: &str = "invalid_grant";
    pub(crate) const UNSUPPORTED_GRANT_TYPE: &str = "unsupported_grant_type";
}
