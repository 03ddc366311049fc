//! What was being filled in when a session ended, kept for the operator whose session it was.
//!
//! It holds what somebody typed and chose, and where: nothing of what the server had said on the
//! screen but what the form itself offers and names, and no password and no code, since the forms
//! of those are left out. Whoever else signs in never comes to it.

use countersign_api::contract::id::AccountId;

use super::act::{ActDialog, ActStage};
use super::form::FieldName;
use super::time_line::TimeLine;
use super::{
    AccountScreen, Accounts, Dialog, Lockouts, LogScreen, Model, Removals, Screen, StatisticsScreen,
};
use crate::model::operators::Operators;
use crate::printable::Printable;

/// What was being filled in.
#[derive(Debug, Clone)]
pub struct Unfinished {
    login: Printable,
    /// The ticket that everything was for.
    pub ticket: String,
    /// The account that was opened under it last.
    pub ticket_account: Option<AccountId>,
    /// Where it was, as if nothing had been answered yet.
    pub screen: Screen,
    /// The forms over it.
    pub dialogs: Vec<Dialog>,
}

impl Unfinished {
    /// What is being filled in now, if anything is.
    #[must_use]
    pub fn of(model: &Model) -> Option<Self> {
        let login = model.operator.as_ref()?.login.clone();
        let screen = unanswered(&model.screen)?;
        let dialogs: Vec<Dialog> = model.dialogs.iter().filter_map(kept).collect();
        let is_searching = match &model.screen {
            Screen::Accounts(accounts) if !accounts.in_list => {
                !accounts.form.typed(FieldName::Query).trim().is_empty()
            }
            _ => false,
        };
        if dialogs.is_empty() && !is_searching {
            return None;
        }
        let (ticket, ticket_account) = (model.ticket.clone(), model.ticket_account);
        Some(Self { login, ticket, ticket_account, screen, dialogs })
    }

    /// Whether it is of the operator with this login.
    #[must_use]
    pub fn is_of(&self, login: &str) -> bool {
        self.login.as_str().eq_ignore_ascii_case(login)
    }

    /// Whether an act of it may have been done, since its answer was lost.
    #[must_use]
    pub fn may_be_done(&self) -> bool {
        let is_open = |dialog: &Dialog| match dialog {
            Dialog::Act(act) => act.unanswered.is_some(),
            _ => false,
        };
        self.dialogs.iter().any(is_open)
    }
}

/// A form that was being filled in. One for a code is not kept, whatever it is for.
fn kept(dialog: &Dialog) -> Option<Dialog> {
    match dialog {
        Dialog::Act(act) => {
            let stage = match act.stage {
                ActStage::Filling { tried } => ActStage::Filling { tried },
                // A yes counts once the event is on the screen again.
                ActStage::Confirming { .. } => ActStage::Confirming { drawn: false, scrolled: 0 },
                ActStage::Written { .. } => return None,
            };
            Some(Dialog::Act(ActDialog { stage, dropping: false, ..act.clone() }))
        }
        Dialog::EventFilter(_) | Dialog::LiveFilter(_) | Dialog::Ticket(_) => Some(dialog.clone()),
        Dialog::StepUp { .. }
        | Dialog::Help { .. }
        | Dialog::Event { .. }
        | Dialog::LiveLine(_)
        | Dialog::Why { .. }
        | Dialog::Whole { .. }
        | Dialog::Travel(_) => None,
    }
}

/// The same screen as one comes to it first; none where nobody is signed in yet.
fn unanswered(screen: &Screen) -> Option<Screen> {
    Some(match screen {
        Screen::SignIn(_) | Screen::SetUp(_) | Screen::Enrol(_) => return None,
        Screen::Accounts(accounts) => {
            Screen::Accounts(Accounts { form: accounts.form.clone(), ..Accounts::new() })
        }
        Screen::Account(account) => Screen::Account(AccountScreen {
            id: account.id,
            account: None,
            kind: account.kind,
            time_line: TimeLine::default(),
            back: Box::new(unanswered(&account.back)?),
        }),
        Screen::Lockouts(_) => Screen::Lockouts(Lockouts::default()),
        Screen::Removals(_) => Screen::Removals(Removals::default()),
        Screen::Live => Screen::Live,
        Screen::Statistics(statistics) => Screen::Statistics(StatisticsScreen {
            window: statistics.window,
            ..StatisticsScreen::default()
        }),
        Screen::Log(_) => Screen::Log(LogScreen::default()),
        Screen::Operators(_) => Screen::Operators(Operators::default()),
    })
}
