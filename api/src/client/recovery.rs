//! Getting back in: passwords, another address, a lost phone, "this was not me".

use super::{Client, Done, Pending};
use crate::contract::email::{ChangeEmail, EmailCodePromised};
use crate::contract::password::{
    ChangePassword, NewPassword, PasswordChanged, PasswordReset, RequestPasswordReset, Taken,
};
use crate::contract::recovery::{Objection, Replacement, Unlocked};
use crate::contract::secret::Secret;

impl Client {
    /// Changes the own password: `POST /v1/accounts/me/password`.
    pub fn change_password(&self, request: &ChangePassword) -> Pending<PasswordChanged> {
        self.post(&["accounts", "me", "password"], request)
    }

    /// Asks for a new password by mail: `POST /v1/password-resets`.
    pub fn request_password_reset(&self, request: &RequestPasswordReset) -> Pending<Taken> {
        self.post(&["password-resets"], request)
    }

    /// Sets it by the link of that mail: `POST /v1/password-resets/{token}`.
    pub fn reset_password(&self, token: &Secret, request: &NewPassword) -> Pending<PasswordReset> {
        self.post(&["password-resets", token.reveal()], request)
    }

    /// Has a code sent to another address: `POST /v1/accounts/me/email`.
    pub fn change_email(&self, request: &ChangeEmail) -> Pending<EmailCodePromised> {
        self.post(&["accounts", "me", "email"], request)
    }

    /// Asks to replace a lost authenticator: `POST /v1/accounts/me/factors/replacement`.
    pub fn request_replacement(&self) -> Pending<Replacement> {
        self.post_empty(&["accounts", "me", "factors", "replacement"])
    }

    /// Gives that up: `DELETE /v1/accounts/me/factors/replacement`.
    pub fn cancel_replacement(&self) -> Pending<Done> {
        self.delete(&["accounts", "me", "factors", "replacement"])
    }

    /// Sees what the link of a notice is about: `GET /v1/objections/{token}`.
    pub fn objection(&self, token: &Secret) -> Pending<Objection> {
        self.get(&["objections", token.reveal()])
    }

    /// Says that something was somebody else's doing: `POST /v1/objections/{token}`.
    pub fn object(&self, token: &Secret) -> Pending<Objection> {
        self.post_empty(&["objections", token.reveal()])
    }

    /// Has the password asked for again that guesses have closed: `POST /v1/unlocks/{token}`.
    pub fn unlock(&self, token: &Secret) -> Pending<Unlocked> {
        self.post_empty(&["unlocks", token.reveal()])
    }
}
