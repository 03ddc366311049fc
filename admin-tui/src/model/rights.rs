//! What the operator may do and see, and what makes sense on what is on the screen.
//!
//! The server decides. The console only offers no key that leads nowhere, and says why before
//! somebody has written a reason.

use countersign_api::contract::id::AccountId;
use countersign_api::contract::kind::Role;

use super::act::ActKind;
use super::{AccountScreen, Dialog, Model, Screen};
use crate::keymap::{Action, Binding, Context, Place};
use crate::text::acts::cannot;

impl Model {
    fn role(&self) -> Option<Role> {
        self.operator.as_ref().and_then(|operator| operator.role)
    }

    /// Whether the operator's role may see this screen, as far as the console knows.
    #[must_use]
    pub fn may_see(&self, place: Place) -> bool {
        // Whoever has an exported log has all of it; who may act somewhere is not in it.
        if self.archive.is_some() {
            return place != Place::Operators;
        }
        match (self.role(), place) {
            (role, Place::Operators) => role == Some(Role::Admin),
            (None | Some(Role::Support | Role::Supervisor), _)
            | (Some(_), Place::Statistics | Place::Log)
            | (Some(Role::Auditor), Place::Live) => true,
            (Some(Role::Auditor | Role::Admin), _) => false,
        }
    }

    /// Whether the operator's role may do this, as far as the console knows. The server decides; a
    /// key that leads nowhere is not offered.
    #[must_use]
    pub fn may(&self, kind: ActKind) -> bool {
        match self.role() {
            None | Some(Role::Supervisor) => true,
            Some(Role::Support) => !matches!(kind, ActKind::Approve | ActKind::AskAddress),
            Some(Role::Auditor | Role::Admin) => false,
        }
    }

    /// Whether a key is of any use to the operator's role: one that is not is not told of.
    #[must_use]
    pub fn may_use(&self, binding: &Binding) -> bool {
        let place = match binding.context {
            Context::Search | Context::List | Context::Account | Context::Travel => Place::Accounts,
            Context::Lockouts => Place::Lockouts,
            Context::Removals => Place::Removals,
            Context::Live | Context::LiveLine => Place::Live,
            Context::Statistics => Place::Statistics,
            Context::Operators => Place::Operators,
            Context::SignIn => return self.operator.is_none(),
            Context::Confirm => return ActKind::ALL.into_iter().any(|kind| self.may(kind)),
            _ => return self.may_do(binding.action),
        };
        self.may_see(place) && self.may_do(binding.action)
    }

    fn may_do(&self, action: Action) -> bool {
        match action {
            Action::Go(place) => self.may_see(place),
            Action::Ticket => self.may_see(Place::Accounts),
            Action::Begin(kind) => self.may(kind),
            _ => true,
        }
    }

    /// Whether an act makes sense on what is on the screen: nothing is resumed that goes on.
    #[must_use]
    pub fn is_offered(&self, kind: ActKind) -> bool {
        let fits = match (&self.screen, kind) {
            (Screen::Account(AccountScreen { account: Some(account), .. }), ActKind::Suspend) => {
                account.suspended_at.is_none()
            }
            (Screen::Account(AccountScreen { account: Some(account), .. }), ActKind::Resume) => {
                account.suspended_at.is_some()
            }
            (Screen::Account(screen), _) => screen.account.is_some(),
            (Screen::Removals(screen), _) => screen.selected().is_some(),
            _ => true,
        };
        fits && self.may(kind) && self.why_not(kind).is_none()
    }

    /// Whether a key is worth showing: one that leads nowhere now is not.
    #[must_use]
    pub fn offers(&self, action: Action) -> bool {
        match action {
            Action::Begin(kind) => self.is_offered(kind),
            Action::OpenAccount => self.live_account().is_some(),
            Action::Older | Action::Newer if self.dialogs.is_empty() => match &self.screen {
                Screen::Account(screen) if action == Action::Older => {
                    screen.time_line.older().is_some()
                }
                Screen::Account(screen) => screen.time_line.newer().is_some(),
                _ => true,
            },
            _ => true,
        }
    }

    /// The account that the live event before the operator is about, where it is named.
    #[must_use]
    pub fn live_account(&self) -> Option<AccountId> {
        match (self.dialogs.last(), &self.screen) {
            (Some(Dialog::LiveLine(line)), _) => line.account,
            (None, Screen::Live) => self.live.selected()?.account,
            _ => None,
        }
    }

    /// Why an act cannot be, as far as the screen shows it already.
    #[must_use]
    pub fn why_not(&self, kind: ActKind) -> Option<&'static str> {
        match (&self.screen, kind) {
            (
                Screen::Account(AccountScreen { account: Some(account), .. }),
                ActKind::NewPassword,
            ) => (!account.email_confirmed).then_some(cannot::NO_ADDRESS),
            (
                Screen::Account(AccountScreen { account: Some(account), .. }),
                ActKind::AskRemoval | ActKind::AskAddress,
            ) => {
                let is_bare = account.factors.is_empty() && account.recovery_codes_left == 0;
                if account.removal.is_some() {
                    Some(cannot::WAITS_ALREADY)
                } else if kind == ActKind::AskRemoval && is_bare {
                    Some(cannot::NOTHING_TO_REMOVE)
                } else {
                    None
                }
            }
            (Screen::Removals(screen), ActKind::Approve) => {
                let request = screen.selected()?;
                let own = |login: &str| login.eq_ignore_ascii_case(request.asked_by.as_str());
                if !request.waits_for_approval() {
                    Some(cannot::APPROVED)
                } else if self.operator.as_ref().is_some_and(|who| own(who.login.as_str())) {
                    Some(cannot::OWN_REQUEST)
                } else {
                    None
                }
            }
            _ => None,
        }
    }
}
