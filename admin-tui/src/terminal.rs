//! The terminal, taken over and given back.
//!
//! Whatever way the program ends, the terminal is given back as it was: `Drop` does it at an
//! ordinary end, an error and a signal; the panic hook does it before the panic's words are
//! printed, so that they land on a usable screen. After a panic of any thread the process ends: a
//! loop that went on would draw over them, on a terminal that is no longer ours.

use std::io;

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::DefaultTerminal;

use crate::model::Model;
use crate::theme::Theme;
use crate::view;

/// The exit code after a panic.
pub const PANICKED: i32 = 101;

/// The terminal while it is ours.
#[derive(Debug)]
pub struct Terminal(DefaultTerminal);

impl Terminal {
    /// Takes the terminal over: alternate screen, raw mode, bracketed paste.
    ///
    /// # Errors
    /// If standard output is no terminal or refuses.
    pub fn open() -> io::Result<Self> {
        let former = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            former(panic);
            std::process::exit(PANICKED);
        }));
        let terminal = Self(ratatui::try_init()?);
        execute!(io::stdout(), EnableBracketedPaste)?;
        Ok(terminal)
    }

    /// Draws the model.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn draw(&mut self, model: &Model, theme: Theme) -> io::Result<()> {
        // The frame is shown at once and whole, by terminals that know how.
        execute!(io::stdout(), BeginSynchronizedUpdate)?;
        self.0.draw(|frame| view::draw(model, theme, frame))?;
        execute!(io::stdout(), EndSynchronizedUpdate)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back. Errors are left alone: there is nothing left to do about them, and
/// nowhere to say so.
fn give_back() {
    let _ = execute!(io::stdout(), EndSynchronizedUpdate, DisableBracketedPaste);
    let _ = ratatui::try_restore();
}
