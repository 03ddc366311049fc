//! Keys, and the bytes that a terminal sends for them.

use anyhow::bail;

/// A key that is no character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Enter.
    Enter,
    /// Tab.
    Tab,
    /// Tab with the shift key.
    BackTab,
    /// Escape.
    Escape,
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// A function key, 1 to 8.
    Function(u8),
    /// A letter with the control key.
    Control(char),
}

impl Key {
    /// What a terminal sends for it.
    pub(super) fn bytes(self) -> anyhow::Result<Vec<u8>> {
        Ok(match self {
            Self::Enter => b"\r".to_vec(),
            Self::Tab => b"\t".to_vec(),
            Self::BackTab => b"\x1b[Z".to_vec(),
            Self::Escape => b"\x1b".to_vec(),
            Self::Up => b"\x1b[A".to_vec(),
            Self::Down => b"\x1b[B".to_vec(),
            Self::Right => b"\x1b[C".to_vec(),
            Self::Left => b"\x1b[D".to_vec(),
            Self::Function(number @ 1..=4) => vec![0x1b, b'O', b'P' + number - 1],
            Self::Function(5) => b"\x1b[15~".to_vec(),
            Self::Function(number @ 6..=8) => vec![0x1b, b'[', b'1', b'1' + number, b'~'],
            Self::Function(9) => b"\x1b[20~".to_vec(),
            Self::Function(number) => bail!("no bytes are known for F{number}"),
            Self::Control(letter) => vec![u8::try_from(letter)? & 0x1f],
        })
    }
}
