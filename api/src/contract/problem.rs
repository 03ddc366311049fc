//! Problems on the wire: RFC 9457, `application/problem+json`.
//!
//! Every problem has a stable code, one status and one title. Everything that fails a proof is the
//! one `authentication-failed` with the one sentence: whoever reads it learns nothing about which
//! part was wrong (SR-075).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The content type of a problem.
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";
/// What a problem's `type` begins with; the code follows.
pub const PROBLEM_TYPE_PREFIX: &str = "urn:countersign:problem:";
/// The one sentence of every failed proof.
pub const PROOF_FAILED: &str =
    "That did not work. Each code works once: wait for the next one, or use another way.";
/// The step-up that asks for the password again (`acr_values`, RFC 9470).
pub const ACR_PASSWORD: &str = "urn:countersign:acr:password";
/// The step-up that asks for a second factor (`acr_values`, RFC 9470).
pub const ACR_TWO_FACTOR: &str = "urn:countersign:acr:two_factor";

macro_rules! codes {
    ($( $(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $title:literal; )*) => {
        /// The stable code of a problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
        pub enum ProblemCode {
            $( $(#[$doc])* #[serde(rename = $code)] $name, )*
            /// A code that this client does not know yet.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl ProblemCode {
            /// Every code that a server gives.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// The code's text.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $( Self::$name => $code, )* Self::Unknown => "unknown" }
            }

            /// Its status, always the same.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $( Self::$name => $status, )* Self::Unknown => 500 }
            }

            /// Its title, always the same.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $( Self::$name => $title, )* Self::Unknown => "unknown problem" }
            }
        }
    };
}

codes! {
    /// Not JSON, an unknown or doubled field, a wrong type, a malformed code, too large.
    InvalidRequest = "invalid-request", 400, "The request is not well-formed";
    /// A proof was wrong, used, expired or for nothing.
    AuthenticationFailed = "authentication-failed", 401, "Authentication failed";
    /// There is no token, or its session or key is unknown or over.
    Unauthenticated = "unauthenticated", 401, "No session or key that is good";
    /// The session must prove more, or again (RFC 9470).
    StepUpRequired = "step-up-required", 401, "Prove again who you are";
    /// Whoever asks may not do this.
    Forbidden = "forbidden", 403, "Not allowed";
    /// After a way around a proof was used, this must wait: see `until`.
    Held = "held", 403, "Not yet";
    /// There is no such thing, for somebody who may know.
    NotFound = "not-found", 404, "Not found";
    /// The path is right, the method is not.
    MethodNotAllowed = "method-not-allowed", 405, "Method not allowed";
    /// The login or subject belongs to another account.
    Taken = "taken", 409, "Already taken";
    /// What is asked does not fit the state.
    Conflict = "conflict", 409, "Does not fit the present state";
    /// A body of another content type than the call takes: `detail` names that.
    UnsupportedMediaType = "unsupported-media-type", 415, "Another content type is needed";
    /// The `Host` is none of ours.
    MisdirectedRequest = "misdirected-request", 421, "Wrong host";
    /// A field is well-formed and not acceptable.
    FieldRefused = "field-refused", 422, "A field is not acceptable";
    /// The password breaks a rule.
    WeakPassword = "weak-password", 422, "Choose another password";
    /// The new password is the present one.
    PasswordUnchanged = "password-unchanged", 422, "Choose another password than before";
    /// The idempotency key was used with another body.
    IdempotencyKeyReused = "idempotency-key-reused", 422, "Idempotency key reused";
    /// The method must wait: see `Retry-After`.
    TooManyRequests = "too-many-requests", 429, "Too many attempts: wait";
    /// Something broke; nothing about it is told.
    Internal = "internal", 500, "Something went wrong";
    /// It could not be recorded: no verdict was given. See `Retry-After`.
    Unavailable = "unavailable", 503, "Not available now";
}

/// The rule that a new password breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WeakPasswordReason {
    /// It has too few characters.
    TooShort,
    /// It has too many bytes.
    TooLong,
    /// It is little more than one of the passwords that attackers try first.
    Common,
    /// It is little more than the login, the address, the name, or the name of the service.
    Personal,
    /// It takes too few guesses.
    Guessable,
    /// A reason that this client does not know yet.
    #[serde(other)]
    Unknown,
}

/// A problem, as its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:countersign:problem:<code>`.
    #[serde(rename = "type")]
    pub problem_type: String,
    /// A short text, the same for every problem of the code.
    pub title: String,
    /// The HTTP status, again.
    pub status: u16,
    /// The stable code.
    pub code: ProblemCode,
    /// What was wrong this time, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The field that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The rule that the password breaks, with `weak-password`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<WeakPasswordReason>,
    /// From when it may be tried again, with `too-many-requests`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// Until when it must wait, with `held`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What must be proven, with `step-up-required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr_values: Option<String>,
    /// How old that proof may be, in seconds, with `step-up-required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u32>,
}

impl Problem {
    /// A problem of this code with nothing special to say.
    #[must_use]
    pub fn new(code: ProblemCode) -> Self {
        Self {
            problem_type: format!("{PROBLEM_TYPE_PREFIX}{}", code.text()),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: None,
            field: None,
            reason: None,
            retry_at: None,
            until: None,
            acr_values: None,
            max_age: None,
        }
    }

    /// The same with a detail.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}
