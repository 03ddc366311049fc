//! Which key does what, as data: the one table behind the keyboard, the footer and the help.
//!
//! A key is looked up in the contexts of the moment, the nearest first; `Everywhere` is last. A
//! key that no context knows goes into the field that has the keyboard, which is why bindings of
//! bare letters exist only where there is no field.

mod table;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::model::act::ActKind;

pub use table::KEYMAP;

/// What a key can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// End the session and the program.
    Quit,
    /// Show the keys.
    Help,
    /// Try again what failed, or load the screen anew.
    Retry,
    /// Give the keyboard to the next field.
    NextField,
    /// Give the keyboard to the field before.
    PreviousField,
    /// Go on with what was typed, chosen or shown.
    Accept,
    /// Go back, or close the dialog.
    Back,
    /// Empty the field.
    Empty,
    /// Take the former option.
    TurnBack,
    /// Take the next option.
    TurnOn,
    /// Set up a new operator.
    SetUp,
    /// Search by the other of login and e-mail address.
    SwitchLookup,
    /// List what is locked now.
    LockedNow,
    /// List what somebody looked at lately.
    Recent,
    /// Give the keyboard to the list.
    ToList,
    /// Give the keyboard to the search field.
    ToSearch,
    /// Say which ticket all this is for.
    Ticket,
    /// Go to a screen.
    Go(Place),
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// Ten lines up.
    PageUp,
    /// Ten lines down.
    PageDown,
    /// The oldest, or the first.
    First,
    /// The newest, or the last.
    Last,
    /// An act on an account or on a removal.
    Begin(ActKind),
    /// Say why something is locked.
    Why,
    /// Show the whole state.
    Whole,
    /// Step through the account's past.
    Travel,
    /// Choose which events are shown.
    Filter,
    /// Open the account that a live event is about.
    OpenAccount,
    /// The page of older events, or the revision before.
    Older,
    /// The page of newer events, or the revision after.
    Newer,
    /// Hold the live events, or let them go on.
    Pause,
    /// Forget the live events shown.
    Clear,
    /// Take the next span of time.
    Span,
}

/// The screens that a key leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The accounts.
    Accounts,
    /// What is locked now.
    Lockouts,
    /// Removals of authenticators that wait.
    Removals,
    /// What happens now.
    Live,
    /// The numbers of the last hour, day or week.
    Statistics,
    /// The log's health.
    Log,
    /// Who may act here.
    Operators,
}

impl Place {
    /// All of them, in the order of their keys.
    pub const ALL: [Self; 7] = [
        Self::Accounts,
        Self::Lockouts,
        Self::Removals,
        Self::Live,
        Self::Statistics,
        Self::Log,
        Self::Operators,
    ];
}

/// Where the keyboard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Anywhere.
    Everywhere,
    /// Anywhere once somebody is signed in, unless a form or a question is open.
    Screens,
    /// Anywhere without a field.
    Letters,
    /// In a field of any form.
    Form,
    /// In a field that is a choice.
    Choice,
    /// At the first step of a sign-in.
    SignIn,
    /// In the search field.
    Search,
    /// In a list of accounts.
    List,
    /// On the screen of one account.
    Account,
    /// In the past of an account.
    Travel,
    /// In the list of what is locked now.
    Lockouts,
    /// In the list of removals.
    Removals,
    /// Before the live events.
    Live,
    /// Before one of them, whole.
    LiveLine,
    /// Before the numbers.
    Statistics,
    /// In the list of operators.
    Operators,
    /// In something to read.
    Reading,
    /// Before something that waits for a yes.
    Confirm,
    /// Before the recovery codes, which are shown once.
    RecoveryCodes,
    /// Before an exported log. It has no keys of its own: those of acts do not hold there.
    Archive,
}

impl Context {
    /// All of them, in the order of the help.
    pub const ALL: [Self; 19] = [
        Self::Screens,
        Self::Everywhere,
        Self::Letters,
        Self::SignIn,
        Self::Form,
        Self::Choice,
        Self::Search,
        Self::List,
        Self::Account,
        Self::Travel,
        Self::Lockouts,
        Self::Removals,
        Self::Live,
        Self::LiveLine,
        Self::Statistics,
        Self::Operators,
        Self::Confirm,
        Self::RecoveryCodes,
        Self::Reading,
    ];
}

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

const fn key(code: KeyCode) -> Chord {
    Chord { code, modifiers: KeyModifiers::NONE }
}

const fn letter(character: char) -> Chord {
    key(KeyCode::Char(character))
}

const fn control(character: char) -> Chord {
    Chord { code: KeyCode::Char(character), modifiers: KeyModifiers::CONTROL }
}

impl Chord {
    fn is(self, event: KeyEvent) -> bool {
        // Terminals differ in whether they report the shift that a character already shows.
        self.code == event.code && self.modifiers == event.modifiers.difference(KeyModifiers::SHIFT)
    }

    /// How the key is called.
    #[must_use]
    pub fn name(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) if self.modifiers == KeyModifiers::CONTROL => {
                c.to_uppercase().to_string()
            }
            KeyCode::Char(character) => character.to_string(),
            KeyCode::F(number) => format!("F{number}"),
            KeyCode::Enter => "Enter".to_owned(),
            KeyCode::Esc => "Esc".to_owned(),
            KeyCode::Tab => "Tab".to_owned(),
            KeyCode::BackTab => "Shift+Tab".to_owned(),
            KeyCode::Backspace => "Backspace".to_owned(),
            KeyCode::Up => "↑".to_owned(),
            KeyCode::Down => "↓".to_owned(),
            KeyCode::Left => "←".to_owned(),
            KeyCode::Right => "→".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::Home => "Home".to_owned(),
            KeyCode::End => "End".to_owned(),
            other => format!("{other:?}"),
        };
        if self.modifiers == KeyModifiers::CONTROL { format!("Ctrl+{name}") } else { name }
    }
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Where it holds.
    pub context: Context,
    /// The keys.
    pub keys: &'static [Chord],
    /// What they do.
    pub action: Action,
    /// The words of the footer; without any, only the help tells of it.
    pub short: Option<&'static str>,
    /// The words of the help.
    pub long: &'static str,
}

impl Binding {
    /// Whether it holds in these contexts.
    #[must_use]
    pub fn holds(&self, contexts: &[Context]) -> bool {
        let in_archive = contexts.contains(&Context::Archive);
        let is_of_server = matches!(
            self.action,
            Action::Begin(_)
                | Action::SwitchLookup
                | Action::Ticket
                | Action::SetUp
                | Action::Go(Place::Operators)
        ) || matches!(
            self.context,
            Context::Confirm | Context::RecoveryCodes | Context::Operators
        );
        contexts.contains(&self.context) && !(in_archive && is_of_server)
    }
}

/// What a key means in these contexts, the nearest first.
#[must_use]
pub fn action(contexts: &[Context], event: KeyEvent) -> Option<Action> {
    contexts.iter().find_map(|context| {
        KEYMAP
            .iter()
            .find(|binding| {
                binding.context == *context
                    && binding.holds(contexts)
                    && binding.keys.iter().any(|chord| chord.is(event))
            })
            .map(|binding| binding.action)
    })
}

/// The footer of these contexts: the first key of each binding with its words. A binding that a
/// nearer one hides is left out, and so is what is not offered.
#[must_use]
pub fn footer(
    contexts: &[Context],
    is_offered: impl Fn(Action) -> bool,
) -> Vec<(String, &'static str)> {
    let mut taken: Vec<Chord> = Vec::new();
    let mut shown: Vec<(String, &'static str)> = Vec::new();
    // The screens have a row of their own.
    for context in contexts.iter().filter(|context| **context != Context::Screens) {
        let here = KEYMAP.iter().filter(|binding| binding.context == *context);
        for binding in here.filter(|binding| binding.holds(contexts)) {
            let free = binding.keys.iter().find(|chord| !taken.contains(chord));
            taken.extend(binding.keys);
            if !is_offered(binding.action) {
                continue;
            }
            let (Some(free), Some(short)) = (free, binding.short) else { continue };
            if !shown.iter().any(|(_, words)| *words == short) {
                shown.push((free.name(), short));
            }
        }
    }
    shown
}

/// The row of the screens: the first key of each, its words, and where it leads.
#[must_use]
pub fn screens() -> Vec<(String, &'static str, Place)> {
    let of_screens = KEYMAP.iter().filter(|binding| binding.context == Context::Screens);
    of_screens
        .filter_map(|binding| match (binding.action, binding.keys.first(), binding.short) {
            (Action::Go(place), Some(key), Some(short)) => Some((key.name(), short, place)),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests;
