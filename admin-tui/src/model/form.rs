//! Forms: the fields of a screen or dialog, and which of them has the keyboard.
//!
//! A form is data; what its fields are called stands in `text`, which key moves where in `keymap`.
//! Secrets are masked here, so that no screen can show one by mistake.

use countersign_api::contract::secret::Secret;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

use crate::printable::Printable;

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

/// A line to type in.
#[derive(Debug, Clone)]
pub struct Line {
    input: Input,
    masked: bool,
    chars_max: usize,
}

impl Line {
    fn insert(&mut self, character: char) {
        if self.input.value().chars().count() < self.chars_max {
            self.input.handle(InputRequest::InsertChar(character));
        }
    }

    fn key(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let request = match key.code {
            KeyCode::Char('u') if control => InputRequest::DeleteLine,
            KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
            KeyCode::Char('a') if control => InputRequest::GoToStart,
            KeyCode::Char(_) if control || key.modifiers.contains(KeyModifiers::ALT) => return,
            KeyCode::Char(character) => return self.insert(character),
            KeyCode::Backspace => InputRequest::DeletePrevChar,
            KeyCode::Delete => InputRequest::DeleteNextChar,
            KeyCode::Left => InputRequest::GoToPrevChar,
            KeyCode::Right => InputRequest::GoToNextChar,
            KeyCode::Home => InputRequest::GoToStart,
            KeyCode::End => InputRequest::GoToEnd,
            _ => return,
        };
        self.input.handle(request);
    }

    /// What the screen shows: the text made printable, or a dot per character.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.masked {
            "•".repeat(self.input.value().chars().count())
        } else {
            Printable::new(self.input.value()).to_string()
        }
    }

    /// The column of the cursor within what is shown.
    #[must_use]
    pub fn cursor(&self) -> usize {
        if self.masked { self.input.cursor() } else { self.input.visual_cursor() }
    }
}

/// One of a few values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    options: Vec<Printable>,
    chosen: usize,
}

impl Choice {
    /// The options in words.
    #[must_use]
    pub fn options(&self) -> &[Printable] {
        &self.options
    }

    /// Which one is chosen.
    #[must_use]
    pub fn chosen(&self) -> usize {
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
        let line = Line { input: Input::default(), masked: false, chars_max };
        self.with(name, Entry::Line(line))
    }

    /// Adds a line that shows dots.
    #[must_use]
    pub fn masked(self, name: FieldName, chars_max: usize) -> Self {
        let line = Line { input: Input::default(), masked: true, chars_max };
        self.with(name, Entry::Line(line))
    }

    /// Adds a choice; the first option is chosen.
    #[must_use]
    pub fn choice(self, name: FieldName, options: Vec<Printable>) -> Self {
        self.with(name, Entry::Choice(Choice { options, chosen: 0 }))
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
            Some(Entry::Line(line)) => line.input.value(),
            _ => "",
        }
    }

    /// What was typed into a masked field.
    #[must_use]
    pub fn secret(&self, name: FieldName) -> Secret {
        Secret::new(self.typed(name))
    }

    /// Which option of a choice is taken.
    #[must_use]
    pub fn chosen(&self, name: FieldName) -> usize {
        match self.entry(name) {
            Some(Entry::Choice(choice)) => choice.chosen,
            _ => 0,
        }
    }

    /// The words of the option that is taken.
    #[must_use]
    pub fn chosen_words(&self, name: FieldName) -> Option<&Printable> {
        match self.entry(name) {
            Some(Entry::Choice(choice)) => choice.options.get(choice.chosen),
            _ => None,
        }
    }

    /// Takes an option of a choice.
    pub fn choose(&mut self, name: FieldName, option: usize) {
        if let Some(Entry::Choice(choice)) = self.entry_mut(name)
            && option < choice.options.len()
        {
            choice.chosen = option;
        }
    }

    /// Takes the next (or the former) option of the choice that has the keyboard.
    pub fn turn(&mut self, forward: bool) {
        if let Some((_, Entry::Choice(choice))) = self.fields.get_mut(self.focus) {
            let count = choice.options.len().max(1);
            let step = if forward { 1 } else { count - 1 };
            choice.chosen = (choice.chosen + step) % count;
        }
    }

    /// Fills a line.
    pub fn fill(&mut self, name: FieldName, text: &str) {
        if let Some(Entry::Line(line)) = self.entry_mut(name) {
            line.input.reset();
            text.chars().for_each(|character| line.insert(character));
        }
    }

    /// Empties a line.
    pub fn clear(&mut self, name: FieldName) {
        self.fill(name, "");
    }

    /// Hands a key to the line that has the keyboard.
    pub fn key(&mut self, key: KeyEvent) {
        if let Some((_, Entry::Line(line))) = self.fields.get_mut(self.focus) {
            line.key(key);
        }
    }

    /// Pastes into the line that has the keyboard: only the first line of it, no controls.
    pub fn paste(&mut self, text: &str) {
        if let Some((_, Entry::Line(line))) = self.fields.get_mut(self.focus) {
            let first = text.trim().lines().next().unwrap_or_default();
            first.chars().filter(|c| !c.is_control()).for_each(|c| line.insert(c));
        }
    }
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
    fn what_is_pasted_loses_its_controls_and_further_lines() {
        let mut form = Form::new().line(FieldName::Reason, 100);
        form.paste("  call\x1b[2J back\r\nrm -rf /\n");
        assert_eq!(form.typed(FieldName::Reason), "call[2J back");
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
