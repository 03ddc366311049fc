//! Signing in and setting up, as it stands on the screen.

use countersign_api::contract::id::FactorId;
use countersign_api::contract::secret::Secret;

use super::form::{CODE_CHARS_MAX, FieldName, Form, LINE_CHARS_MAX, SECRET_CHARS_MAX};
use crate::message::Way;
use crate::text;

/// An operator signs in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Login and password, or way and code.
    pub form: Form,
    /// The login that was given.
    pub login: String,
    /// The password that was given: the enrolment of a first authenticator needs it.
    pub password: Secret,
    /// What a code is asked for.
    pub question: Option<Question>,
}

/// A sign-in that waits for its code.
#[derive(Debug, Clone)]
pub struct Question {
    /// What to go on with.
    pub sign_in: Secret,
    /// How it can be answered.
    pub ways: Vec<Way>,
}

/// A new operator enrols an authenticator.
#[derive(Debug, Clone)]
pub enum Enrol {
    /// It was asked for.
    Asked {
        /// The password, for asking again.
        password: Secret,
    },
    /// It waits for its first code.
    Offered {
        /// Which.
        factor: FactorId,
        /// Its secret.
        secret: Secret,
        /// The `otpauth` URI.
        uri: Secret,
        /// The code.
        form: Form,
    },
    /// It is in use: the recovery codes are shown this once.
    Done {
        /// The codes.
        recovery_codes: Vec<Secret>,
    },
}

impl SignIn {
    /// Asks for login and password.
    #[must_use]
    pub fn new(login: &str) -> Self {
        let mut form = Form::new()
            .line(FieldName::Login, LINE_CHARS_MAX)
            .masked(FieldName::Password, SECRET_CHARS_MAX);
        if !login.is_empty() {
            form.propose(FieldName::Login, login);
            form.focus_on(FieldName::Password);
        }
        Self { form, login: login.to_owned(), password: Secret::default(), question: None }
    }
}

/// The form of a step-up.
#[must_use]
pub fn step_up_form() -> Form {
    let ways = vec![text::WAY_TOTP.into(), text::WAY_RECOVERY_CODE.into()];
    let mut form = Form::new().choice(FieldName::Way, ways).masked(FieldName::Code, CODE_CHARS_MAX);
    form.focus_on(FieldName::Code);
    form
}
