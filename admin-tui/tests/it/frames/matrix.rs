//! Every page in each of its five states: nothing there, on its way, there, refused, and no server.
//!
//! Which page a frame is of is told by exhaustive matches on the model's own enums, and each page
//! has all five states by the type: a new screen or dialog does not compile before it has a page,
//! and a page not before it has five states.

use countersign_admin_tui::message::Failure;
use countersign_admin_tui::model::live::Link;
use countersign_admin_tui::model::{Dialog, Enrol, Model, Screen};

use super::made;
use crate::driver::Console;

/// Declares the pages, with the names of their snapshots.
macro_rules! pages {
    ($($page:ident = $name:literal),* $(,)?) => {
        /// Something that fills the screen, or asks the server for something.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Page {
            $(#[doc = $name] $page),*
        }

        impl Page {
            /// All of them.
            pub(super) const ALL: &[Self] = &[$(Self::$page),*];

            /// What its snapshots are called.
            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$page => $name),*
                }
            }
        }
    };
}

pages! {
    SignIn = "sign_in",
    Code = "code",
    SetUp = "set_up",
    Enrol = "enrol",
    Accounts = "accounts",
    Account = "account",
    Travel = "travel",
    Lockouts = "lockouts",
    Removals = "removals",
    Live = "live",
    Statistics = "statistics",
    Log = "log",
    Operators = "operators",
    Act = "unlock",
    StepUp = "step_up",
}

impl Page {
    /// Which page the model shows.
    pub(super) fn of(model: &Model) -> Self {
        match model.dialogs.last() {
            Some(Dialog::Act(_)) => Self::Act,
            Some(Dialog::StepUp { .. }) => Self::StepUp,
            Some(Dialog::Travel(_)) => Self::Travel,
            // These show what is there already and ask the server for nothing.
            Some(
                Dialog::Help { .. }
                | Dialog::Event { .. }
                | Dialog::LiveLine(_)
                | Dialog::Why { .. }
                | Dialog::Whole { .. }
                | Dialog::EventFilter(_)
                | Dialog::LiveFilter(_)
                | Dialog::Ticket(_),
            )
            | None => Self::below(model),
        }
    }

    fn below(model: &Model) -> Self {
        match &model.screen {
            Screen::SignIn(screen) if screen.question.is_some() => Self::Code,
            Screen::SignIn(_) => Self::SignIn,
            Screen::SetUp(_) => Self::SetUp,
            Screen::Enrol(Enrol::Asked { .. } | Enrol::Offered { .. } | Enrol::Done { .. }) => {
                Self::Enrol
            }
            Screen::Accounts(_) => Self::Accounts,
            Screen::Account(_) => Self::Account,
            Screen::Lockouts(_) => Self::Lockouts,
            Screen::Removals(_) => Self::Removals,
            Screen::Live => Self::Live,
            Screen::Statistics(_) => Self::Statistics,
            Screen::Log(_) => Self::Log,
            Screen::Operators(_) => Self::Operators,
        }
    }
}

/// A page's five states, each made from its beginning.
pub(super) struct Five {
    pub(super) begin: fn() -> Console,
    pub(super) empty: fn(&mut Console),
    pub(super) loading: fn(&mut Console),
    pub(super) full: fn(&mut Console),
    pub(super) error: fn(&mut Console),
    pub(super) offline: fn(&mut Console),
}

/// A state, and whether a model is in it.
type State = (&'static str, fn(&Model) -> bool);

const STATES: [State; 5] = [
    ("empty", is_quiet),
    ("loading", is_loading),
    ("full", is_quiet),
    ("error", is_refused),
    ("offline", is_offline),
];

fn is_quiet(model: &Model) -> bool {
    model.waiting.is_none()
        && model.trouble.is_none()
        && !matches!(model.live.link, Link::Lost { .. })
}

fn is_loading(model: &Model) -> bool {
    model.waiting.is_some() || model.live.link == Link::Opening
}

fn is_refused(model: &Model) -> bool {
    model.trouble.as_ref().is_some_and(|it| matches!(it.failure, Failure::Refused { .. }))
}

fn is_offline(model: &Model) -> bool {
    let lost = matches!(model.live.link, Link::Lost { .. });
    lost || model.trouble.as_ref().is_some_and(|it| matches!(it.failure, Failure::Offline { .. }))
}

/// All pages in all states, each checked to be what it is called.
pub(super) fn matrix() -> Vec<(Page, &'static str, Console)> {
    let mut all = Vec::new();
    for page in Page::ALL {
        let five = super::five(*page);
        let make = [five.empty, five.loading, five.full, five.error, five.offline];
        for ((state, is_in_it), make) in STATES.into_iter().zip(make) {
            let console = made((five.begin)(), make);
            assert_eq!(Page::of(&console.model), *page, "{state}");
            assert!(is_in_it(&console.model), "{} is not {state}", page.name());
            all.push((*page, state, console));
        }
    }
    all
}
