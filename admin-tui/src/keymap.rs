//! Which key does what, as data: the one table behind the keyboard, the footer and the help.
//!
//! A key is looked up in the contexts of the moment, the nearest first; `Everywhere` is last. A
//! key that no context knows goes into the field that has the keyboard, which is why bindings of
//! bare letters exist only where there is no field.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

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
    /// Give the keyboard to the list.
    ToList,
    /// Give the keyboard to the search field.
    ToSearch,
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// Ten lines up.
    PageUp,
    /// Ten lines down.
    PageDown,
    /// Unlock the account.
    Unlock,
    /// The page of older events.
    Older,
    /// The page of newer events.
    Newer,
}

/// Where the keyboard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Anywhere.
    Everywhere,
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
    /// In something to read.
    Reading,
    /// Before something that waits for a yes.
    Confirm,
    /// Before the recovery codes, which are shown once.
    RecoveryCodes,
}

impl Context {
    /// All of them, in the order of the help.
    pub const ALL: [Self; 10] = [
        Self::Everywhere,
        Self::SignIn,
        Self::Form,
        Self::Choice,
        Self::Search,
        Self::List,
        Self::Account,
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

const fn bind(
    context: Context,
    keys: &'static [Chord],
    action: Action,
    short: Option<&'static str>,
    long: &'static str,
) -> Binding {
    Binding { context, keys, action, short, long }
}

/// Every key of the console.
pub const KEYMAP: &[Binding] = {
    use Action as A;
    use Context as C;
    const DOWN: &[Chord] = &[key(KeyCode::Down), letter('j')];
    const UP: &[Chord] = &[key(KeyCode::Up), letter('k')];
    const ENTER: &[Chord] = &[key(KeyCode::Enter)];
    const ESC: &[Chord] = &[key(KeyCode::Esc)];
    const LEAVE: &[Chord] = &[key(KeyCode::Esc), key(KeyCode::Backspace)];
    &[
        bind(C::Everywhere, &[key(KeyCode::F(1))], A::Help, Some("help"), "show these keys"),
        bind(C::Everywhere, &[control('c')], A::Quit, Some("quit"), "sign out and quit"),
        bind(
            C::Everywhere,
            &[key(KeyCode::F(5)), control('r')],
            A::Retry,
            Some("again"),
            "try again what failed, or load anew",
        ),
        bind(C::SignIn, &[key(KeyCode::F(2))], A::SetUp, Some("set up"), "first time: use a token"),
        bind(C::Form, ENTER, A::Accept, Some("go on"), "go on"),
        bind(
            C::Form,
            &[key(KeyCode::Tab), key(KeyCode::Down)],
            A::NextField,
            Some("next field"),
            "next field",
        ),
        bind(
            C::Form,
            &[key(KeyCode::BackTab), key(KeyCode::Up)],
            A::PreviousField,
            None,
            "field before",
        ),
        bind(C::Form, ESC, A::Back, Some("back"), "back, or close the dialog"),
        bind(
            C::Choice,
            &[key(KeyCode::Right), letter(' ')],
            A::TurnOn,
            Some("choose"),
            "next option",
        ),
        bind(C::Choice, &[key(KeyCode::Left)], A::TurnBack, None, "former option"),
        bind(C::Search, ENTER, A::Accept, Some("search"), "search"),
        bind(
            C::Search,
            &[key(KeyCode::Tab)],
            A::SwitchLookup,
            Some("login/e-mail"),
            "search by login or by e-mail",
        ),
        bind(C::Search, &[key(KeyCode::Down)], A::ToList, Some("list"), "go to the list"),
        bind(C::Search, &[key(KeyCode::F(2))], A::LockedNow, Some("locked now"), "list the locked"),
        bind(C::Search, ESC, A::ToList, None, "go to the list"),
        bind(C::List, ENTER, A::Accept, Some("open"), "open the account"),
        bind(C::List, DOWN, A::Down, None, "one down"),
        bind(C::List, UP, A::Up, None, "one up"),
        bind(C::List, &[key(KeyCode::PageDown)], A::PageDown, None, "ten down"),
        bind(C::List, &[key(KeyCode::PageUp)], A::PageUp, None, "ten up"),
        bind(
            C::List,
            &[letter('/'), key(KeyCode::Tab), key(KeyCode::Esc)],
            A::ToSearch,
            Some("search"),
            "go to the search field",
        ),
        bind(
            C::List,
            &[letter('l'), key(KeyCode::F(2))],
            A::LockedNow,
            Some("locked now"),
            "list the accounts locked now",
        ),
        bind(C::List, &[letter('?')], A::Help, None, "show these keys"),
        bind(C::List, &[letter('q')], A::Quit, Some("quit"), "sign out and quit"),
        bind(C::Account, &[letter('u')], A::Unlock, Some("unlock"), "unlock the account"),
        bind(C::Account, ENTER, A::Accept, Some("event"), "show the selected event whole"),
        bind(C::Account, DOWN, A::Down, None, "one event down"),
        bind(C::Account, UP, A::Up, None, "one event up"),
        bind(C::Account, &[key(KeyCode::PageDown)], A::PageDown, None, "ten events down"),
        bind(C::Account, &[key(KeyCode::PageUp)], A::PageUp, None, "ten events up"),
        bind(C::Account, &[letter('n')], A::Older, Some("older"), "the page of older events"),
        bind(C::Account, &[letter('p')], A::Newer, Some("newer"), "the page of newer events"),
        bind(C::Account, LEAVE, A::Back, Some("back"), "back to the list"),
        bind(C::Account, &[letter('?')], A::Help, None, "show these keys"),
        bind(C::Account, &[letter('q')], A::Quit, Some("quit"), "sign out and quit"),
        bind(C::Confirm, ENTER, A::Accept, Some("yes, go on"), "yes, go on"),
        bind(C::Confirm, ESC, A::Back, Some("back"), "back"),
        bind(C::RecoveryCodes, ENTER, A::Accept, Some("I have them"), "go on: never again shown"),
        bind(C::Reading, DOWN, A::Down, Some("down"), "one line down"),
        bind(C::Reading, UP, A::Up, Some("up"), "one line up"),
        bind(C::Reading, &[key(KeyCode::PageDown)], A::PageDown, None, "ten lines down"),
        bind(C::Reading, &[key(KeyCode::PageUp)], A::PageUp, None, "ten lines up"),
        bind(
            C::Reading,
            &[key(KeyCode::Enter), key(KeyCode::Esc), letter('q')],
            A::Back,
            Some("close"),
            "close",
        ),
    ]
};

/// What a key means in these contexts, the nearest first.
#[must_use]
pub fn action(contexts: &[Context], event: KeyEvent) -> Option<Action> {
    contexts.iter().find_map(|context| {
        KEYMAP
            .iter()
            .find(|binding| {
                binding.context == *context && binding.keys.iter().any(|chord| chord.is(event))
            })
            .map(|binding| binding.action)
    })
}

/// The footer of these contexts: the first key of each binding with its words. A binding that a
/// nearer one hides is left out.
#[must_use]
pub fn footer(contexts: &[Context]) -> Vec<(String, &'static str)> {
    let mut taken: Vec<Chord> = Vec::new();
    let mut shown: Vec<(String, &'static str)> = Vec::new();
    for context in contexts {
        for binding in KEYMAP.iter().filter(|binding| binding.context == *context) {
            let free = binding.keys.iter().find(|chord| !taken.contains(chord));
            taken.extend(binding.keys);
            let (Some(free), Some(short)) = (free, binding.short) else { continue };
            if !shown.iter().any(|(_, words)| *words == short) {
                shown.push((free.name(), short));
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Action, Context, KEYMAP, action, footer};
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    #[test]
    fn no_key_means_two_things_in_one_context() {
        for context in Context::ALL {
            let mut seen = Vec::new();
            for binding in KEYMAP.iter().filter(|binding| binding.context == context) {
                for chord in binding.keys {
                    assert!(!seen.contains(chord), "{} twice in {context:?}", chord.name());
                    seen.push(*chord);
                }
            }
            assert!(!seen.is_empty(), "{context:?} has no key");
        }
    }

    #[test]
    fn where_there_is_a_field_no_letter_is_taken_from_it() {
        let letters = (' '..='~').map(|c| KeyEvent::from(KeyCode::Char(c)));
        for letter in letters {
            for contexts in [
                vec![Context::Form, Context::Everywhere],
                vec![Context::Form, Context::SignIn, Context::Everywhere],
                vec![Context::Search, Context::Form, Context::Everywhere],
            ] {
                assert_eq!(action(&contexts, letter), None, "{letter:?} in {contexts:?}");
            }
        }
    }

    #[test]
    fn the_nearest_context_wins() {
        let tab = KeyEvent::from(KeyCode::Tab);
        assert_eq!(
            action(&[Context::Search, Context::Form], tab),
            Some(Action::SwitchLookup),
            "in the search field"
        );
        assert_eq!(action(&[Context::Form], tab), Some(Action::NextField));
    }

    #[test]
    fn quitting_works_everywhere() {
        let quit = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        for context in Context::ALL {
            assert_eq!(action(&[context, Context::Everywhere], quit), Some(Action::Quit));
        }
    }

    #[test]
    fn the_footer_names_each_thing_once() {
        let footer = footer(&[Context::List, Context::Everywhere]);
        let quits = footer.iter().filter(|(_, words)| *words == "quit").count();
        assert_eq!(quits, 1, "{footer:?}");
    }
}
