//! One line to type in.
//!
//! What stands there before anybody typed is a proposal: the first key that types replaces it, as
//! it would replace a selected text. What does not fit any more is left out, and the line says so.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::text::Span;
use tui_input::{Input, InputRequest};

use crate::printable::Printable;

/// A line to type in.
#[derive(Debug, Clone)]
pub struct Line {
    input: Input,
    masked: bool,
    chars_max: usize,
    proposed: bool,
    overflowed: bool,
}

impl Line {
    pub(super) fn new(masked: bool, chars_max: usize) -> Self {
        let input = Input::default();
        Self { input, masked, chars_max, proposed: false, overflowed: false }
    }

    /// What it holds.
    pub(super) fn value(&self) -> &str {
        self.input.value()
    }

    /// Puts a text there that the first key replaces.
    pub(super) fn propose(&mut self, text: &str) {
        self.empty();
        text.chars().for_each(|character| self.insert(character));
        self.proposed = !text.is_empty();
    }

    pub(super) fn empty(&mut self) {
        self.input.reset();
        (self.proposed, self.overflowed) = (false, false);
    }

    /// Types a text, in place of what was proposed.
    pub(super) fn type_in(&mut self, text: &str) {
        if self.proposed && !text.is_empty() {
            self.empty();
        }
        text.chars().for_each(|character| self.insert(character));
    }

    fn insert(&mut self, character: char) {
        if self.input.value().chars().count() < self.chars_max {
            self.input.handle(InputRequest::InsertChar(character));
        } else {
            self.overflowed = true;
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let request = match key.code {
            KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
            KeyCode::Char('a') if control => InputRequest::GoToStart,
            KeyCode::Char(_) if control || key.modifiers.contains(KeyModifiers::ALT) => return,
            KeyCode::Char(character) => return self.type_in(character.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace => InputRequest::DeletePrevChar,
            KeyCode::Delete => InputRequest::DeleteNextChar,
            KeyCode::Left => InputRequest::GoToPrevChar,
            KeyCode::Right => InputRequest::GoToNextChar,
            KeyCode::Home => InputRequest::GoToStart,
            KeyCode::End => InputRequest::GoToEnd,
            _ => return,
        };
        // Whoever moves within a proposal, or takes of it, has made it his own.
        self.proposed = false;
        self.input.handle(request);
        if self.input.value().chars().count() < self.chars_max {
            self.overflowed = false;
        }
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
        if self.masked {
            return self.input.cursor();
        }
        let before: String = self.input.value().chars().take(self.input.cursor()).collect();
        Span::raw(Printable::new(&before).as_str()).width()
    }

    /// Whether the next key that types replaces all of it.
    #[must_use]
    pub fn is_proposed(&self) -> bool {
        self.proposed
    }

    /// How many characters it takes, where some were left out for that.
    #[must_use]
    pub fn overflowed(&self) -> Option<usize> {
        self.overflowed.then_some(self.chars_max)
    }
}
