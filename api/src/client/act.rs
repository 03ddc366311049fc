//! What support does to an account: each act with a reason and a ticket.

use super::{Client, Pending};
use crate::contract::act::{
    Act, Acted, AskAddressChange, AskRemoval, Removal, RemovalAbout, RemovalActed,
    RemovalListQuery, RemovalListState,
};
use crate::contract::id::{AccountId, RemovalId};
use crate::contract::page::{Page, PageQuery};

impl Client {
    /// Suspends an account: `POST /v1/support/accounts/{account}/suspensions`.
    pub fn suspend(&self, account: AccountId, act: &Act) -> Pending<Acted> {
        self.act(account, &["suspensions"], act)
    }

    /// Ends a suspension: `POST /v1/support/accounts/{account}/resumptions`.
    pub fn resume(&self, account: AccountId, act: &Act) -> Pending<Acted> {
        self.act(account, &["resumptions"], act)
    }

    /// Ends every session and every sign-in in progress:
    /// `POST /v1/support/accounts/{account}/session-ends`.
    pub fn end_sessions_of(&self, account: AccountId, act: &Act) -> Pending<Acted> {
        self.act(account, &["session-ends"], act)
    }

    /// Has a mail for a new password sent to the proven address:
    /// `POST /v1/support/accounts/{account}/password-mails`.
    pub fn mail_password_link(&self, account: AccountId, act: &Act) -> Pending<Acted> {
        self.act(account, &["password-mails"], act)
    }

    /// Asks for the removal of an authenticator, or of the recovery codes:
    /// `POST /v1/support/accounts/{account}/factor-removals`.
    pub fn ask_removal(&self, account: AccountId, request: &AskRemoval) -> Pending<RemovalActed> {
        self.post(&["support", "accounts", &account.to_string(), "factor-removals"], request)
    }

    /// Asks for another address, of who has lost the mailbox:
    /// `POST /v1/support/accounts/{account}/address-changes`.
    pub fn ask_address_change(
        &self,
        account: AccountId,
        request: &AskAddressChange,
    ) -> Pending<RemovalActed> {
        self.post(&["support", "accounts", &account.to_string(), "address-changes"], request)
    }

    /// Approves what another person asked for:
    /// `POST /v1/support/accounts/{account}/factor-removals/{removal}/approve`, of another address
    /// `…/address-changes/{removal}/approve`.
    pub fn approve_removal(
        &self,
        account: AccountId,
        (removal, about): (RemovalId, RemovalAbout),
        act: &Act,
    ) -> Pending<RemovalActed> {
        self.act(account, &[requests(about), &removal.to_string(), "approve"], act)
    }

    /// Gives what was asked for up:
    /// `POST /v1/support/accounts/{account}/factor-removals/{removal}/cancel`, of another address
    /// `…/address-changes/{removal}/cancel`.
    pub fn cancel_removal(
        &self,
        account: AccountId,
        (removal, about): (RemovalId, RemovalAbout),
        act: &Act,
    ) -> Pending<RemovalActed> {
        self.act(account, &[requests(about), &removal.to_string(), "cancel"], act)
    }

    /// Lists the removals that wait: `GET /v1/support/factor-removals?state=pending`.
    pub fn pending_removals(&self, page: PageQuery) -> Pending<Page<Removal>> {
        let (state, PageQuery { cursor, limit }) = (RemovalListState::Pending, page);
        let query = RemovalListQuery { state, cursor, limit };
        self.get_with(&["support", "factor-removals"], &query)
    }

    fn act<T>(&self, account: AccountId, what: &[&str], act: &Act) -> Pending<T> {
        let account = account.to_string();
        let mut segments = vec!["support", "accounts", account.as_str()];
        segments.extend(what);
        self.post(&segments, act)
    }
}

/// Where requests of this kind are.
const fn requests(about: RemovalAbout) -> &'static str {
    match about {
        RemovalAbout::Address => "address-changes",
        RemovalAbout::Factor | RemovalAbout::RecoveryCodes => "factor-removals",
    }
}
