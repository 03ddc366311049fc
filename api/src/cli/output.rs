//! Facts on standard output, complaints on standard error.

use std::io::{ErrorKind, Write as _, stderr, stdout};

use serde::Serialize;

/// Prints one line of JSON, or the text for people.
///
/// # Errors
/// Where standard output is gone.
pub(crate) fn fact(json: bool, value: &impl Serialize, text: &str) -> anyhow::Result<()> {
    let line = if json { serde_json::to_string(value)? } else { text.to_owned() };
    print(&format!("{}\n", shown(line.trim_end())))
}

/// Prints a text. Whoever reads it may stop whenever it is enough: a closed pipe is no error.
///
/// # Errors
/// Where standard output takes no more for another reason.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Tells an error and its causes in one line.
pub(crate) fn complain(error: &anyhow::Error) {
    // Where standard error is gone, nobody can be told.
    let _ = writeln!(stderr().lock(), "countersign: {}", shown(&format!("{error:#}")));
}

/// A text with nothing in it that a terminal obeys or that hides or turns what stands around it. A
/// log or an export that is looked at may be anybody's: none of it may write a verdict of its own
/// on the screen. In JSON such a character stands in a string, where the escape means the same.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            _ if character.is_control() || is_deceptive(character) => {
                shown.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => shown.push(character),
        }
    }
    shown
}

/// The same as one line: what breaks it is shown too, or it could look like two of ours.
pub(crate) fn shown_in_line(text: &str) -> String {
    shown(text).replace('\n', "\\u000a")
}

const fn is_deceptive(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::{shown, shown_in_line};

    /// SR-146: what a terminal would obey is seen, in words and in JSON.
    #[test]
    fn sr_146_what_a_terminal_would_obey_is_shown() {
        assert_eq!(shown("a\tb\nc ä 電"), "a\tb\nc ä 電");
        assert_eq!(shown("\u{1b}[2J\r\u{9b}1A\u{7f}"), r"\u001b[2J\u000d\u009b1A\u007f");
        assert_eq!(shown("\u{202e}enif\u{200b}"), r"\u202eenif\u200b");
        assert_eq!(shown_in_line("a\nverdict  fine"), r"a\u000averdict  fine");
        let text = "\u{9b}2J\u{202e}";
        let json = shown(&serde_json::to_string(text).unwrap());
        assert!(json.is_ascii(), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
