//! What support asks and does.

use super::{Client, Pending};
use crate::contract::account::Account;
use crate::contract::event::Event;
use crate::contract::id::AccountId;
use crate::contract::look::{ChangesQuery, StateAsOf, StateChanges};
use crate::contract::page::{Page, PageQuery};
use crate::contract::support::{
    AccountListQuery, AccountListState, LockoutEnded, LookQuery, ResetLockout, Search, SearchHit,
    StateQuery, SupportEventsQuery,
};

impl Client {
    /// Finds accounts by their whole login or address: `POST /v1/support/accounts/search`.
    pub fn search_accounts(&self, search: &Search) -> Pending<Page<SearchHit>> {
        self.post(&["support", "accounts", "search"], search)
    }

    /// Lists the accounts with something locked now: `GET /v1/support/accounts?state=locked`.
    pub fn locked_accounts(&self, page: PageQuery) -> Pending<Page<SearchHit>> {
        let query = AccountListQuery {
            state: AccountListState::Locked,
            cursor: page.cursor,
            limit: page.limit,
        };
        self.get_with(&["support", "accounts"], &query)
    }

    /// Lists the accounts that whoever asks looked at lately, the latest first:
    /// `GET /v1/support/accounts?state=recent`.
    pub fn recent_accounts(&self, page: PageQuery) -> Pending<Page<SearchHit>> {
        let query = AccountListQuery {
            state: AccountListState::Recent,
            cursor: page.cursor,
            limit: page.limit,
        };
        self.get_with(&["support", "accounts"], &query)
    }

    /// Reads an account's masked state: `GET /v1/support/accounts/{account}`.
    pub fn support_account(&self, account: AccountId, look: &LookQuery) -> Pending<Account> {
        self.get_with(&["support", "accounts", &account.to_string()], look)
    }

    /// Reads a page of an account's time line: `GET /v1/support/accounts/{account}/events`.
    pub fn support_events(
        &self,
        account: AccountId,
        page: &SupportEventsQuery,
    ) -> Pending<Page<Event>> {
        self.get_with(&["support", "accounts", &account.to_string(), "events"], page)
    }

    /// Reads an account's state as of then, as it is folded from the events:
    /// `GET /v1/support/accounts/{account}/state`.
    pub fn support_state(&self, account: AccountId, as_of: &StateQuery) -> Pending<StateAsOf> {
        self.get_with(&["support", "accounts", &account.to_string(), "state"], as_of)
    }

    /// Reads what became different between two revisions:
    /// `GET /v1/support/accounts/{account}/changes`.
    pub fn support_changes(
        &self,
        account: AccountId,
        between: &ChangesQuery,
    ) -> Pending<StateChanges> {
        self.get_with(&["support", "accounts", &account.to_string(), "changes"], between)
    }

    /// Ends a lockout: `POST /v1/support/accounts/{account}/lockout-resets`.
    pub fn reset_lockout(
        &self,
        account: AccountId,
        request: &ResetLockout,
    ) -> Pending<LockoutEnded> {
        self.post(&["support", "accounts", &account.to_string(), "lockout-resets"], request)
    }
}
