//! Forms: the fields of a screen or dialog, and which of them has the keyboard.
//!
//! A form is data; what its fields are called stands in `text`, which key moves where in `keymap`.
//! Secrets are masked here, so that no screen can show one by mistake.

mod line;

use countersign_api::contract::secret::Secret;
use crossterm::event::KeyEvent;

use crate::printable::Printable;

pub use line::Line;

/// Characters of a login, an address or a ticket at most.
pub const LINE_CHARS_MAX: usize = 254;
/// Characters of a reason at most.
pub const REASON_CHARS_MAX: usize = 500;
/// Characters of a ticket at most.
pub const TICKET_CHARS_MAX: usize = 64;
/// Characters of a password or a setup token at most.
pub const SECRET_CHARS_MAX: usize = 1024;
/// Characters of a code at most: a recovery code with its hyphens fits.
pub const CODE_CHARS_MAX: usize = 40;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldName {
    /// The one-time setup token.
    SetupToken,
    /// The operator's login.
    Login,
    /// The password.
    Password,
    /// The new password, a second time.
    PasswordAgain,
    /// Which way to answer.
    Way,
    /// A code.
    Code,
    /// Whether the search is by login or by e-mail address.
    LookupBy,
    /// What is looked for.
    Query,
    /// The whole id of an account.
    AccountId,
    /// What an unlock clears.
    Scope,
    /// Of which method.
    Method,
    /// Which authenticator.
    Factor,
    /// The address that takes the present one's place.
    NewAddress,
    /// How somebody was identified.
    Proof,
    /// Whether a removal waits.
    Delay,
    /// What events are about.
    Kind,
    /// What live events are about.
    About,
    /// What the words of live events contain.
    Words,
    /// Why.
    Reason,
    /// The ticket.
    Ticket,
}

/// One of a few values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    options: Vec<Printable>,
    chosen: Option<usize>,
}

impl Choice {
    /// The options in words.
    #[must_use]
    pub fn options(&self) -> &[Printable] {
        &self.options
    }

    /// Which one is chosen, if any.
    #[must_use]
    pub fn chosen(&self) -> Option<usize> {
        self.chosen
    }
}

/// How a field is filled in.
#[derive(Debug, Clone)]
pub enum Entry {
    /// By typing.
    Line(Line),
    /// By choosing.
    Choice(Choice),
}

/// The fields of a screen or dialog.
#[derive(Debug, Clone)]
pub struct Form {
    fields: Vec<(FieldName, Entry)>,
    focus: usize,
}

impl Form {
    /// A form without fields.
    #[must_use]
    pub fn new() -> Self {
        Self { fields: Vec::new(), focus: 0 }
    }

    fn with(mut self, name: FieldName, entry: Entry) -> Self {
        self.fields.push((name, entry));
        self
    }

    /// Adds a line that shows what is typed.
    #[must_use]
    pub fn line(self, name: FieldName, chars_max: usize) -> Self {
        self.with(name, Entry::Line(Line::new(false, chars_max)))
    }

    /// Adds a line that shows dots.
    #[must_use]
    pub fn masked(self, name: FieldName, chars_max: usize) -> Self {
        self.with(name, Entry::Line(Line::new(true, chars_max)))
    }

    /// Adds a choice; the first option is chosen.
    #[must_use]
    pub fn choice(self, name: FieldName, options: Vec<Printable>) -> Self {
        self.with(name, Entry::Choice(Choice { options, chosen: Some(0) }))
    }

    /// Adds a choice that somebody has to make: nothing is chosen.
    #[must_use]
    pub fn open_choice(self, name: FieldName, options: Vec<Printable>) -> Self {
        self.with(name, Entry::Choice(Choice { options, chosen: None }))
    }

    /// The fields in order, each with whether it has the keyboard.
    pub fn fields(&self) -> impl Iterator<Item = (FieldName, &Entry, bool)> {
        self.fields
            .iter()
            .enumerate()
            .map(|(place, (name, entry))| (*name, entry, place == self.focus))
    }

    /// The field that has the keyboard.
    #[must_use]
    pub fn focused(&self) -> Option<(FieldName, &Entry)> {
        self.fields.get(self.focus).map(|(name, entry)| (*name, entry))
    }

    /// Whether the last field has the keyboard.
    #[must_use]
    pub fn at_end(&self) -> bool {
        self.focus + 1 >= self.fields.len()
    }

    /// Gives the keyboard to the next field, from the last one to the first.
    pub fn next(&mut self) {
        self.focus = if self.at_end() { 0 } else { self.focus + 1 };
    }

    /// Gives the keyboard to the field before.
    pub fn previous(&mut self) {
        self.focus = self.focus.checked_sub(1).unwrap_or(self.fields.len().saturating_sub(1));
    }

    /// Gives the keyboard to a field.
    pub fn focus_on(&mut self, name: FieldName) {
        if let Some(place) = self.fields.iter().position(|(other, _)| *other == name) {
            self.focus = place;
        }
    }

    fn entry(&self, name: FieldName) -> Option<&Entry> {
        self.fields.iter().find(|(other, _)| *other == name).map(|(_, entry)| entry)
    }

    fn entry_mut(&mut self, name: FieldName) -> Option<&mut Entry> {
        self.fields.iter_mut().find(|(other, _)| *other == name).map(|(_, entry)| entry)
    }

    /// What was typed into a field: nothing where there is no such line.
    #[must_use]
    pub fn typed(&self, name: FieldName) -> &str {
        match self.entry(name) {
            Some(Entry::Line(line)) => line.value(),
            _ => "",
        }
    }

    /// What was typed into a masked field.
    #[must_use]
    pub fn secret(&self, name: FieldName) -> Secret {
        Secret::new(self.typed(name))
    }

    /// Which option of a choice is taken: the first where none is.
    #[must_use]
    pub fn chosen(&self, name: FieldName) -> usize {
        self.choice_made(name).unwrap_or(0)
    }

    /// Which option of a choice is taken, if any.
    #[must_use]
    pub fn choice_made(&self, name: FieldName) -> Option<usize> {
        match self.entry(name) {
            Some(Entry::Choice(choice)) => choice.chosen,
            _ => None,
        }
    }

    /// Whether it is a choice, and nobody has made it.
    #[must_use]
    pub fn is_open(&self, name: FieldName) -> bool {
        matches!(self.entry(name), Some(Entry::Choice(choice)) if choice.chosen.is_none())
    }

    /// The words of the option that is taken.
    #[must_use]
    pub fn chosen_words(&self, name: FieldName) -> Option<&Printable> {
        match self.entry(name) {
            Some(Entry::Choice(choice)) => choice.options.get(choice.chosen?),
            _ => None,
        }
    }

    /// Takes an option of a choice.
    pub fn choose(&mut self, name: FieldName, option: usize) {
        if let Some(Entry::Choice(choice)) = self.entry_mut(name)
            && option < choice.options.len()
        {
            choice.chosen = Some(option);
        }
    }

    /// Takes the next (or the former) option of the choice that has the keyboard.
    pub fn turn(&mut self, forward: bool) {
        if let Some((_, Entry::Choice(choice))) = self.fields.get_mut(self.focus) {
            let count = choice.options.len().max(1);
            choice.chosen = Some(match (choice.chosen, forward) {
                (Some(chosen), true) => (chosen + 1) % count,
                (Some(chosen), false) => (chosen + count - 1) % count,
                (None, true) => 0,
                (None, false) => count - 1,
            });
        }
    }

    /// Fills a line with what the first key that types will replace.
    pub fn propose(&mut self, name: FieldName, text: &str) {
        if let Some(Entry::Line(line)) = self.entry_mut(name) {
            line.propose(text);
        }
    }

    /// Empties a line.
    pub fn clear(&mut self, name: FieldName) {
        if let Some(Entry::Line(line)) = self.entry_mut(name) {
            line.empty();
        }
    }

    /// Empties the line that has the keyboard.
    pub fn clear_focused(&mut self) {
        if let Some((_, Entry::Line(line))) = self.fields.get_mut(self.focus) {
            line.empty();
        }
    }

    /// The first field whose text is longer than it takes, and how much that is.
    #[must_use]
    pub fn overflowed(&self) -> Option<(FieldName, usize)> {
        self.fields.iter().find_map(|(name, entry)| match entry {
            Entry::Line(line) => line.overflowed().map(|most| (*name, most)),
            Entry::Choice(_) => None,
        })
    }

    /// Hands a key to the line that has the keyboard.
    pub fn key(&mut self, key: KeyEvent) {
        if let Some((_, Entry::Line(line))) = self.fields.get_mut(self.focus) {
            line.key(key);
        }
    }

    /// Pastes into the line that has the keyboard, without controls. Of several lines a reason
    /// takes all, with spaces between them, and any other field the first.
    pub fn paste(&mut self, text: &str) {
        if let Some((name, Entry::Line(line))) = self.fields.get_mut(self.focus) {
            let lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
            let most = if *name == FieldName::Reason { usize::MAX } else { 1 };
            let lines: Vec<String> = lines.take(most).map(printed).collect();
            line.type_in(&lines.join(" "));
        }
    }
}

/// A line without its controls; a tabulator is a space.
fn printed(line: &str) -> String {
    let spaced = line.chars().map(|c| if c == '\t' { ' ' } else { c });
    spaced.filter(|c| !c.is_control()).collect()
}

impl Default for Form {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, FieldName, Form};
    use crossterm::event::{KeyCode, KeyEvent};

    fn shown(form: &Form) -> String {
        match form.focused() {
            Some((_, Entry::Line(line))) => line.shown(),
            _ => String::new(),
        }
    }

    #[test]
    fn a_masked_line_shows_dots_and_keeps_the_text() {
        let mut form = Form::new().masked(FieldName::Password, 10);
        "s3cret".chars().for_each(|c| form.key(KeyEvent::from(KeyCode::Char(c))));
        assert_eq!(shown(&form), "••••••");
        assert_eq!(form.secret(FieldName::Password).reveal(), "s3cret");
    }

    #[test]
    fn a_line_takes_no_more_than_its_bound() {
        let mut form = Form::new().line(FieldName::Ticket, 3);
        form.paste("abcdef");
        assert_eq!(form.typed(FieldName::Ticket), "abc");
    }

    #[test]
    fn what_is_pasted_loses_its_controls_and_a_reason_keeps_its_lines_apart() {
        for end in ["\n", "\r\n", "\r"] {
            let pasted = format!("  call\x1b[2J\tback{end}{end}twice{end}");
            let mut form = Form::new().line(FieldName::Reason, 100);
            form.paste(&pasted);
            assert_eq!(form.typed(FieldName::Reason), "call[2J back twice");
            let mut form = Form::new().line(FieldName::Login, 100);
            form.paste(&pasted);
            assert_eq!(form.typed(FieldName::Login), "call[2J back", "a password may follow");
        }
    }

    #[test]
    fn the_first_key_replaces_what_was_proposed_and_an_arrow_keeps_it() {
        let proposed = || {
            let mut form = Form::new().line(FieldName::Ticket, 9);
            form.propose(FieldName::Ticket, "T-1");
            form
        };
        let mut form = proposed();
        "T-2".chars().for_each(|c| form.key(KeyEvent::from(KeyCode::Char(c))));
        assert_eq!(form.typed(FieldName::Ticket), "T-2");
        let mut form = proposed();
        form.paste("T-3");
        assert_eq!(form.typed(FieldName::Ticket), "T-3");
        let mut form = proposed();
        form.key(KeyEvent::from(KeyCode::End));
        form.key(KeyEvent::from(KeyCode::Char('2')));
        assert_eq!(form.typed(FieldName::Ticket), "T-12");
    }

    #[test]
    fn what_does_not_fit_is_said_until_there_is_room() {
        let mut form = Form::new().line(FieldName::Ticket, 3);
        form.paste("abc");
        assert_eq!(form.overflowed(), None);
        form.key(KeyEvent::from(KeyCode::Char('d')));
        assert_eq!(form.overflowed(), Some((FieldName::Ticket, 3)));
        form.key(KeyEvent::from(KeyCode::Backspace));
        assert_eq!(form.overflowed(), None);
    }

    #[test]
    fn an_open_choice_is_made_by_turning() {
        let mut form = Form::new().open_choice(FieldName::Proof, vec!["a".into(), "b".into()]);
        assert!(form.is_open(FieldName::Proof));
        form.turn(true);
        assert_eq!(form.choice_made(FieldName::Proof), Some(0));
    }

    #[test]
    fn the_keyboard_goes_round_the_fields() {
        let mut form = Form::new().line(FieldName::Login, 9).line(FieldName::Password, 9);
        form.previous();
        assert!(form.at_end());
        form.next();
        assert_eq!(form.focused().map(|(name, _)| name), Some(FieldName::Login));
    }

    #[test]
    fn a_choice_goes_round_its_options() {
        let options = vec!["a".into(), "b".into(), "c".into()];
        let mut form = Form::new().choice(FieldName::Scope, options);
        form.turn(false);
        assert_eq!(form.chosen(FieldName::Scope), 2);
        form.turn(true);
        assert_eq!(form.chosen(FieldName::Scope), 0);
    }
}
