//! A stand-in for the core's door, until it is there.
#![allow(missing_docs, unused_variables, clippy::unused_async, clippy::needless_pass_by_value)]

use countersign_core::accounts::request::{self, Call};
use countersign_core::accounts::{Fault, Verdict, answer};
use countersign_core::handle::{ApiKey, SessionToken, SetupToken, SignInHandle};
use countersign_events::client::Scope;
use countersign_events::id::{AccountId, ClientId, FactorId, HandleHash};
use countersign_events::operator::Role;
use zeroize::Zeroizing;

#[derive(Clone, Debug)]
pub struct Accounts;

impl Accounts {
    pub async fn register(&self, call: &Call, r: request::Register) -> Verdict<AccountId> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn register_subject(
        &self,
        call: &Call,
        client: ClientId,
        r: request::RegisterSubject,
    ) -> Verdict<AccountId> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn sign_in(
        &self,
        call: &Call,
        r: request::PasswordSignIn,
    ) -> Verdict<answer::SignedIn> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn vouch(
        &self,
        call: &Call,
        client: ClientId,
        subject: String,
    ) -> Verdict<answer::SignedIn> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn send_email_code(
        &self,
        call: &Call,
        h: SignInHandle,
    ) -> Verdict<answer::EmailCodePromised> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn answer(
        &self,
        call: &Call,
        h: SignInHandle,
        a: request::CodeAnswer,
    ) -> Verdict<answer::SessionGiven> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn session(&self, call: &Call, t: &SessionToken) -> Verdict<answer::SessionView> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn sign_out(&self, call: &Call, t: &SessionToken) -> Verdict<()> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn prove(
        &self,
        call: &Call,
        t: &SessionToken,
        p: request::Proof,
    ) -> Verdict<answer::SessionGiven> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn send_confirmation(
        &self,
        call: &Call,
        t: &SessionToken,
    ) -> Verdict<answer::EmailCodePromised> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn confirm_email(
        &self,
        call: &Call,
        t: &SessionToken,
        code: Zeroizing<String>,
    ) -> Verdict<()> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn account(&self, call: &Call, a: request::Asker) -> Verdict<answer::AccountView> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn begin_factor(
        &self,
        call: &Call,
        a: request::Asker,
        b: request::BeginFactor,
    ) -> Verdict<answer::FactorOffered> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn activate_factor(
        &self,
        call: &Call,
        a: request::Asker,
        f: FactorId,
        code: Zeroizing<String>,
    ) -> Verdict<answer::Activated> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn rename_factor(
        &self,
        call: &Call,
        a: request::Asker,
        f: FactorId,
        name: String,
    ) -> Verdict<answer::FactorView> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn remove_factor(&self, call: &Call, a: request::Asker, f: FactorId) -> Verdict<()> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn new_recovery_codes(
        &self,
        call: &Call,
        a: request::Asker,
    ) -> Verdict<answer::RecoveryCodes> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn history(
        &self,
        call: &Call,
        a: request::Asker,
        p: request::PageRequest,
    ) -> Verdict<answer::Page<answer::EventView>> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn sessions(
        &self,
        call: &Call,
        t: &SessionToken,
    ) -> Verdict<Vec<answer::SessionView>> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn end_session(&self, call: &Call, t: &SessionToken, h: HandleHash) -> Verdict<()> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn end_other_sessions(&self, call: &Call, t: &SessionToken) -> Verdict<()> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn set_up_operator(
        &self,
        call: &Call,
        t: SetupToken,
        password: Zeroizing<String>,
    ) -> Verdict<AccountId> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn operator(&self, call: &Call, t: &SessionToken) -> Verdict<answer::OperatorView> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn search(
        &self,
        call: &Call,
        t: &SessionToken,
        l: request::Lookup,
    ) -> Verdict<Vec<answer::SearchHit>> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn locked(
        &self,
        call: &Call,
        t: &SessionToken,
        p: request::PageRequest,
    ) -> Verdict<answer::Page<answer::SearchHit>> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn support_account(
        &self,
        call: &Call,
        t: &SessionToken,
        a: AccountId,
    ) -> Verdict<answer::AccountView> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn support_events(
        &self,
        call: &Call,
        t: &SessionToken,
        a: AccountId,
        p: request::PageRequest,
    ) -> Verdict<answer::Page<answer::EventView>> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn support_state(
        &self,
        call: &Call,
        t: &SessionToken,
        a: AccountId,
        as_of: request::AsOf,
    ) -> Verdict<serde_json::Value> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn reset_lockout(
        &self,
        call: &Call,
        t: &SessionToken,
        a: AccountId,
        r: request::ResetLockout,
    ) -> Verdict<answer::LockoutEnded> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn client(&self, call: &Call, k: &ApiKey) -> Verdict<answer::ClientView> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn add_client(
        &self,
        call: &Call,
        name: String,
        scopes: Vec<Scope>,
    ) -> Verdict<answer::ClientAdded> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn clients(&self, call: &Call) -> Verdict<Vec<answer::ClientView>> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn disable_client(&self, call: &Call, c: ClientId) -> Verdict<()> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn add_operator(
        &self,
        call: &Call,
        login: String,
        role: Role,
    ) -> Verdict<answer::OperatorAdded> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn operators(&self, call: &Call) -> Verdict<Vec<answer::OperatorView>> {
        Err(Fault::Unavailable("no core yet".into()))
    }
    pub async fn disable_operator(&self, call: &Call, a: AccountId) -> Verdict<()> {
        Err(Fault::Unavailable("no core yet".into()))
    }
}
