//! How things look: styles by meaning, in the terminal's own 16 colours, or in none.
//!
//! No screen names a colour; it names a meaning. The 16 colours follow the reader's own palette,
//! light or dark. With `NO_COLOR` (no-color.org) only bold, underline and reverse are left, and
//! since no meaning rests on colour alone, nothing is lost.

use ratatui::style::{Color, Modifier, Style};

/// The variable that turns colours off when it is set to anything but nothing.
pub const NO_COLOR: &str = "NO_COLOR";

/// The styles of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    colours: bool,
}

impl Theme {
    /// The theme with or without colours.
    #[must_use]
    pub const fn new(colours: bool) -> Self {
        Self { colours }
    }

    /// Reads `NO_COLOR`.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::new(std::env::var_os(NO_COLOR).is_none_or(|value| value.is_empty()))
    }

    fn coloured(self, colour: Color, plain: Modifier) -> Style {
        if self.colours {
            Style::new().fg(colour).add_modifier(plain)
        } else {
            Style::new().add_modifier(plain)
        }
    }

    /// The bar at the top.
    #[must_use]
    pub fn header(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// Ordinary text.
    #[must_use]
    pub fn plain(self) -> Style {
        Style::new()
    }

    /// Titles of boxes and columns.
    #[must_use]
    pub fn title(self) -> Style {
        self.coloured(Color::Cyan, Modifier::BOLD)
    }

    /// Frames around things.
    #[must_use]
    pub fn frame(self) -> Style {
        self.coloured(Color::Blue, Modifier::empty())
    }

    /// The name beside a value.
    #[must_use]
    pub fn label(self) -> Style {
        self.coloured(Color::Blue, Modifier::empty())
    }

    /// What matters most on the screen.
    #[must_use]
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Something is locked, refused or broken.
    #[must_use]
    pub fn trouble(self) -> Style {
        self.coloured(Color::Red, Modifier::BOLD)
    }

    /// Something waits or wants attention.
    #[must_use]
    pub fn attention(self) -> Style {
        self.coloured(Color::Yellow, Modifier::empty())
    }

    /// Something went well.
    #[must_use]
    pub fn success(self) -> Style {
        self.coloured(Color::Green, Modifier::BOLD)
    }

    /// The line or field that has the keyboard.
    #[must_use]
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The field being typed in.
    #[must_use]
    pub fn field(self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }

    /// Keys in the footer and in the help.
    #[must_use]
    pub fn key(self) -> Style {
        self.coloured(Color::Yellow, Modifier::BOLD)
    }

    /// A QR code: light blocks on a dark ground, whatever the palette.
    #[must_use]
    pub fn qr_code(self) -> Style {
        if self.colours { Style::new().fg(Color::White).bg(Color::Black) } else { Style::new() }
    }
}
