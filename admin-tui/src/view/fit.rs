//! Texts fitted into columns: measured as they are drawn, and never cut without saying so.
//!
//! A terminal's column is no character: one of East Asia takes two, and several signs may make one.
//! Whoever cuts by characters what was measured in columns loses the middle of a text unseen. So
//! texts are cut between the signs that a reader sees, and a line has the columns of its signs
//! together, which is how they are drawn.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Columns that a text takes on the screen.
pub(super) fn width(text: &str) -> usize {
    text.graphemes(true).map(|sign| sign.width()).sum()
}

/// A text split where its first part has no more than so many columns, and at least one sign. A
/// sign that alone has more is split into its characters.
fn split(text: &str, columns: usize) -> (&str, &str) {
    let (mut taken, mut end) = (0, 0);
    for sign in text.graphemes(true) {
        let wide = sign.width();
        if wide > columns && end == 0 {
            return split_sign(text, sign, columns);
        }
        if taken + wide > columns {
            break;
        }
        (taken, end) = (taken + wide, end + sign.len());
    }
    text.split_at(end)
}

/// A text split within its first sign, which does not fit into the columns.
fn split_sign<'a>(text: &'a str, sign: &str, columns: usize) -> (&'a str, &'a str) {
    let ends = sign.char_indices().map(|(start, character)| start + character.len_utf8());
    let fits = |end: &usize| sign.get(..*end).is_some_and(|part| width(part) <= columns);
    let first = sign.chars().next().map_or(0, char::len_utf8);
    text.split_at(ends.take_while(fits).last().unwrap_or(first))
}

/// What is left of a text without so many columns at its beginning, and how many those were: a
/// sign that is not whole is left out.
pub(super) fn without(text: &str, columns: usize) -> (&str, usize) {
    let (mut rest, mut left_out) = (text, 0);
    while let Some(sign) = rest.graphemes(true).next().filter(|_| left_out < columns) {
        left_out += sign.width();
        rest = rest.get(sign.len()..).unwrap_or_default();
    }
    (rest, left_out)
}

/// A text with as many spaces behind it as it takes to fill the columns.
pub(super) fn filled(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The beginning of a word, where all of it has no room.
pub(super) fn begun(word: &str, columns: usize) -> String {
    if width(word) <= columns {
        return word.to_owned();
    }
    format!("{}…", split(word, columns.saturating_sub(1)).0)
}

/// A text in lines of so many columns, broken at spaces; a word that is longer is broken too.
pub(super) fn wrapped(words: &str, columns: u16) -> Vec<String> {
    let columns = usize::from(columns.max(1));
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        let mut rest = word;
        while width(rest) > columns {
            let (first, tail) = split(rest, columns);
            lines.push(first.to_owned());
            rest = tail;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(rest);
    }
    lines.push(line);
    lines
}

/// A text in one line of so many columns: cut between words, and then it ends with `…`.
pub(super) fn cut(words: &str, columns: usize) -> String {
    if width(words) <= columns {
        return words.to_owned();
    }
    let lines = wrapped(words, u16::try_from(columns.saturating_sub(2)).unwrap_or(u16::MAX));
    format!("{} …", lines.first().map_or("", String::as_str))
}

#[cfg(test)]
mod tests {
    use super::{begun, cut, filled, width, without, wrapped};
    use proptest::prelude::*;

    #[test]
    fn a_text_is_cut_between_words_and_says_so() {
        assert_eq!(cut("a code was refused", 18), "a code was refused");
        assert_eq!(cut("a code was refused", 17), "a code was …");
        assert_eq!(cut("unbreakable", 6), "unbr …");
        assert_eq!(cut("日本語の名前", 8), "日本語 …");
    }

    /// SR-122: what a reader sees of a text is all of it, or ends with a mark.
    #[test]
    fn sr_122_a_word_that_is_wider_than_a_line_goes_on_in_the_next() {
        let reason = "紛失".repeat(50);
        let lines = wrapped(&reason, 72);
        assert_eq!(lines.concat(), reason);
        assert_eq!(lines.iter().map(|line| width(line)).collect::<Vec<_>>(), [72, 72, 56]);
        let family = "👩\u{200d}👩\u{200d}👧".repeat(4);
        assert_eq!(
            wrapped(&family, 5),
            ["👩\u{200d}👩\u{200d}👧".repeat(2), "👩\u{200d}👩\u{200d}👧".repeat(2)]
        );
    }

    #[test]
    fn a_field_shows_the_end_of_what_is_typed_by_columns() {
        assert_eq!(without("日本語", 3), ("語", 4));
        assert_eq!(without("abc", 1), ("bc", 1));
        assert_eq!(without("abc", 9), ("", 3));
        assert_eq!(filled("日本", 6), "日本  ");
        assert_eq!(begun("日本語", 5), "日本…");
    }

    /// Signs of one and two columns, of several characters, of none, and of more than a line.
    fn text() -> impl Strategy<Value = String> {
        let sign = prop_oneof![
            Just("a"),
            Just("é"),
            Just("e\u{301}"),
            Just(" "),
            Just("日"),
            Just("한"),
            Just("👍🏽"),
            Just("👩\u{200d}👩\u{200d}👧"),
            Just("🇪🇺"),
            Just("क्क्क्क"),
            Just("ل"),
            Just("ا"),
            Just("\u{301}"),
        ];
        prop::collection::vec(sign, 0..120).prop_map(|signs| signs.concat())
    }

    proptest! {
        /// SR-122: nothing of a text is lost between two lines, and no line is wider than it may
        /// be, or the terminal would cut it.
        #[test]
        fn sr_122_lines_together_are_the_text(words in text(), columns in 2_u16..80) {
            let lines = wrapped(&words, columns);
            let said = |text: &str| text.replace(' ', "");
            prop_assert_eq!(said(&lines.concat()), said(&words));
            for line in &lines {
                prop_assert!(width(line) <= usize::from(columns), "{line:?} in {columns}");
            }
        }

        #[test]
        fn what_is_cut_has_its_mark_and_fits(words in text(), columns in 4_usize..80) {
            let short = cut(&words, columns);
            prop_assert!(width(&short) <= columns, "{short:?} in {columns}");
            prop_assert!(short == words || short.ends_with('…'));
            let word = begun(&words, columns);
            prop_assert!(width(&word) <= columns && (word == words || word.ends_with('…')));
        }
    }
}
