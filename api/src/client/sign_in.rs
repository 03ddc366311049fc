//! Setting up, signing in, and the session.

use super::{Client, Done, Pending};
use crate::contract::account::AccountCreated;
use crate::contract::email::{EmailCodePromised, EmailCodeUnderWay};
use crate::contract::factor::{ActivateFactor, Activated, DemandedFactor, FactorOffered};
use crate::contract::id::FactorId;
use crate::contract::password::NewPassword;
use crate::contract::secret::Secret;
use crate::contract::session::{Proof, Proven, Session};
use crate::contract::setup::SetUp;
use crate::contract::sign_in::{Answer, SignInOutcome, SignInRequest};

impl Client {
    /// Gives a new operator the first password: `POST /v1/setup`.
    pub fn set_up(&self, request: &SetUp) -> Pending<AccountCreated> {
        self.post(&["setup"], request)
    }

    /// Begins a sign-in: `POST /v1/sign-ins`.
    pub fn sign_in(&self, request: &SignInRequest) -> Pending<SignInOutcome> {
        self.post(&["sign-ins"], request)
    }

    /// Asks for a code by e-mail: `POST /v1/sign-ins/{id}/email-code`.
    pub fn send_email_code(&self, sign_in: &Secret) -> Pending<EmailCodePromised> {
        self.post_empty(&["sign-ins", sign_in.reveal(), "email-code"])
    }

    /// Sees how far that code is: `GET /v1/sign-ins/{id}/email-code`.
    pub fn email_code(&self, sign_in: &Secret) -> Pending<EmailCodeUnderWay> {
        self.get(&["sign-ins", sign_in.reveal(), "email-code"])
    }

    /// Answers for the second factor: `POST /v1/sign-ins/{id}/answers`.
    pub fn answer(&self, sign_in: &Secret, answer: &Answer) -> Pending<SignInOutcome> {
        self.post(&["sign-ins", sign_in.reveal(), "answers"], answer)
    }

    /// Sets the password that a sign-in asks for: `POST /v1/sign-ins/{id}/password`.
    pub fn set_demanded_password(
        &self,
        sign_in: &Secret,
        request: &NewPassword,
    ) -> Pending<SignInOutcome> {
        self.post(&["sign-ins", sign_in.reveal(), "password"], request)
    }

    /// Enrols the authenticator that a sign-in asks for: `POST /v1/sign-ins/{id}/factors`.
    pub fn begin_demanded_factor(
        &self,
        sign_in: &Secret,
        request: &DemandedFactor,
    ) -> Pending<FactorOffered> {
        self.post(&["sign-ins", sign_in.reveal(), "factors"], request)
    }

    /// Confirms it with its first code, which completes the sign-in:
    /// `POST /v1/sign-ins/{id}/factors/{factor}/activate`.
    pub fn activate_demanded_factor(
        &self,
        sign_in: &Secret,
        factor: FactorId,
        request: &ActivateFactor,
    ) -> Pending<Activated> {
        let (sign_in, factor) = (sign_in.reveal(), factor.to_string());
        self.post(&["sign-ins", sign_in, "factors", &factor, "activate"], request)
    }

    /// Says whose session this is: `GET /v1/session`.
    pub fn session(&self) -> Pending<Session> {
        self.get(&["session"])
    }

    /// Ends the session: `DELETE /v1/session`.
    pub fn sign_out(&self) -> Pending<Done> {
        self.delete(&["session"])
    }

    /// Proves again; the token that comes back takes the place of this client's:
    /// `POST /v1/session/proofs`.
    pub fn prove(&self, proof: &Proof) -> Pending<Proven> {
        self.post(&["session", "proofs"], proof)
    }
}
