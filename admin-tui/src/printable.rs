//! Text from elsewhere, made fit for a terminal: the one place where that happens.
//!
//! Logins, names and error texts come from strangers. A terminal obeys escape sequences, and a
//! reader is fooled by characters that turn or hide text. Here every such character becomes a
//! visible sign, so that it is seen and never obeyed. The model holds foreign text only as
//! [`Printable`], hence no screen can forget it.

use std::fmt;

/// Characters kept of one text: more cannot be read on a screen anyway.
pub const PRINTABLE_CHARS_MAX: usize = 4096;

/// Text without control, direction or invisible characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Printable(String);

impl Printable {
    /// Makes a text printable: `ESC` is shown as `␛`, a right-to-left override as `<U+202E>`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut shown = String::with_capacity(text.len());
        for (count, character) in text.chars().enumerate() {
            if count == PRINTABLE_CHARS_MAX {
                shown.push('…');
                break;
            }
            push_visible(&mut shown, character);
        }
        Self(shown)
    }

    /// The text to draw.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Printable {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Printable {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl fmt::Display for Printable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

fn push_visible(shown: &mut String, character: char) {
    let code = u32::from(character);
    match character {
        // The control pictures of Unicode stand in the order of the characters that they show.
        '\0'..='\x1f' => shown.push(char::from_u32(0x2400 + code).unwrap_or('␀')),
        '\x7f' => shown.push('␡'),
        _ if is_deceptive(character) => shown.push_str(&format!("<U+{code:04X}>")),
        _ => shown.push(character),
    }
}

/// Controls beyond ASCII, and characters that turn, join or hide their neighbours.
fn is_deceptive(character: char) -> bool {
    matches!(
        character,
        '\u{80}'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::{PRINTABLE_CHARS_MAX, Printable};

    #[test]
    fn a_terminal_escape_is_shown_and_not_obeyed() {
        let shown = Printable::new("\x1b[2J\x1b]0;owned\x07ok\r\n\x7f");
        assert_eq!(shown.as_str(), "␛[2J␛]0;owned␇ok␍␊␡");
    }

    #[test]
    fn characters_that_turn_or_hide_text_are_shown_by_their_number() {
        let shown = Printable::new("a\u{202e}b\u{200b}c\u{9b}2Jd\u{e0041}");
        assert_eq!(shown.as_str(), "a<U+202E>b<U+200B>c<U+009B>2Jd<U+E0041>");
    }

    #[test]
    fn no_character_of_the_first_planes_that_is_a_control_gets_through() {
        let all: String = (0..0x2_0000).filter_map(char::from_u32).collect();
        for chunk in all.chars().collect::<Vec<_>>().chunks(PRINTABLE_CHARS_MAX) {
            let text: String = chunk.iter().collect();
            assert!(!Printable::new(&text).as_str().chars().any(char::is_control));
        }
    }

    #[test]
    fn ordinary_writing_of_any_language_stays_as_it_is() {
        let text = "Ana Müller, 安娜, Анна, آنا";
        assert_eq!(Printable::new(text).as_str(), text);
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let shown = Printable::new(&"x".repeat(PRINTABLE_CHARS_MAX + 10));
        assert_eq!(shown.as_str().chars().count(), PRINTABLE_CHARS_MAX + 1);
        assert!(shown.as_str().ends_with('…'));
    }
}
