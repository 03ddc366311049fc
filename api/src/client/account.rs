//! Accounts: making one, its authenticators, its recovery codes, its history.

use super::{Client, Done, Pending};
use crate::contract::account::{Account, AccountCreated, RegisterRequest};
use crate::contract::device::Device;
use crate::contract::email::{ConfirmEmail, EmailCodePromised, EmailConfirmed};
use crate::contract::event::Event;
use crate::contract::factor::{
    ActivateFactor, Activated, BeginFactor, Factor, FactorOffered, RecoveryCodes, RenameFactor,
    ResyncFactor,
};
use crate::contract::id::{AccountId, FactorId};
use crate::contract::page::{Page, PageQuery};
use crate::contract::secret::Secret;
use crate::contract::session::Session;

/// Which account a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountRef {
    /// The one whose session asks.
    Me,
    /// By id, for a client app.
    Id(AccountId),
    /// By the client app's own name for it.
    Subject(String),
}

impl AccountRef {
    fn segment(&self) -> String {
        match self {
            Self::Me => "me".to_owned(),
            Self::Id(id) => id.to_string(),
            Self::Subject(subject) => format!("subject:{subject}"),
        }
    }
}

impl Client {
    /// Makes an account: `POST /v1/accounts`.
    pub fn register(&self, request: &RegisterRequest) -> Pending<AccountCreated> {
        self.post(&["accounts"], request)
    }

    /// Reads an account: `GET /v1/accounts/{account}`.
    pub fn account(&self, account: &AccountRef) -> Pending<Account> {
        self.get(&["accounts", &account.segment()])
    }

    /// Has a code sent that confirms the own address: `POST /v1/accounts/me/email/confirm`.
    pub fn request_email_confirmation(&self) -> Pending<EmailCodePromised> {
        self.post(&["accounts", "me", "email", "confirm"], &ConfirmEmail { code: None })
    }

    /// Confirms the own address with that code: `POST /v1/accounts/me/email/confirm`.
    pub fn confirm_email(&self, code: Secret) -> Pending<EmailConfirmed> {
        self.post(&["accounts", "me", "email", "confirm"], &ConfirmEmail { code: Some(code) })
    }

    /// Asks for an authenticator: `POST /v1/accounts/{account}/factors`.
    pub fn begin_factor(
        &self,
        account: &AccountRef,
        request: &BeginFactor,
    ) -> Pending<FactorOffered> {
        self.post(&["accounts", &account.segment(), "factors"], request)
    }

    /// Confirms it with its first code: `POST …/factors/{factor}/activate`.
    pub fn activate_factor(
        &self,
        account: &AccountRef,
        factor: FactorId,
        request: &ActivateFactor,
    ) -> Pending<Activated> {
        let factor = factor.to_string();
        self.post(&["accounts", &account.segment(), "factors", &factor, "activate"], request)
    }

    /// Renames an authenticator: `PATCH …/factors/{factor}`.
    pub fn rename_factor(
        &self,
        account: &AccountRef,
        factor: FactorId,
        request: &RenameFactor,
    ) -> Pending<Factor> {
        self.patch(&["accounts", &account.segment(), "factors", &factor.to_string()], request)
    }

    /// Removes an authenticator; the last one turns 2FA off: `POST …/factors/{factor}/remove`.
    pub fn remove_factor(&self, account: &AccountRef, factor: FactorId) -> Pending<Done> {
        let factor = factor.to_string();
        self.post_empty(&["accounts", &account.segment(), "factors", &factor, "remove"])
    }

    /// Finds out where its clock is: `POST …/factors/{factor}/resync`.
    pub fn resync_factor(
        &self,
        account: &AccountRef,
        factor: FactorId,
        request: &ResyncFactor,
    ) -> Pending<Factor> {
        let factor = factor.to_string();
        self.post(&["accounts", &account.segment(), "factors", &factor, "resync"], request)
    }

    /// Issues new recovery codes, the old ones are dead: `POST …/recovery-codes`.
    pub fn renew_recovery_codes(&self, account: &AccountRef) -> Pending<RecoveryCodes> {
        self.post_empty(&["accounts", &account.segment(), "recovery-codes"])
    }

    /// Reads a page of the history: `GET …/history`.
    pub fn history(&self, account: &AccountRef, page: PageQuery) -> Pending<Page<Event>> {
        self.get_with(&["accounts", &account.segment(), "history"], &page)
    }

    /// Lists the own sessions alive: `GET /v1/accounts/me/sessions`.
    pub fn sessions(&self) -> Pending<Page<Session>> {
        self.get(&["accounts", "me", "sessions"])
    }

    /// Ends one of the own sessions: `DELETE /v1/accounts/me/sessions/{session}`.
    pub fn end_session(&self, session_id: &str) -> Pending<Done> {
        self.delete(&["accounts", "me", "sessions", session_id])
    }

    /// Ends all of the own sessions but the one that asks: `DELETE /v1/accounts/me/sessions`.
    pub fn end_other_sessions(&self) -> Pending<Done> {
        self.delete(&["accounts", "me", "sessions"])
    }

    /// Lists the devices that the own account knows: `GET /v1/accounts/me/devices`.
    pub fn devices(&self) -> Pending<Page<Device>> {
        self.get(&["accounts", "me", "devices"])
    }

    /// Forgets one of them and ends the sessions that began there:
    /// `DELETE /v1/accounts/me/devices/{device}`.
    pub fn forget_device(&self, id: &str) -> Pending<Done> {
        self.delete(&["accounts", "me", "devices", id])
    }

    /// Forgets all of them: `DELETE /v1/accounts/me/devices`.
    pub fn forget_devices(&self) -> Pending<Done> {
        self.delete(&["accounts", "me", "devices"])
    }
}
