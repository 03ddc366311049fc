//! Which passwords may be set: long enough, and none that attackers try first (SR-047, SR-049).
//!
//! There are no rules about kinds of characters, and none about age: they make passwords worse
//! (NIST SP 800-63B, 3.1.1.2). What counts is how soon a guesser gets there. zxcvbn rates that
//! offline, with 30,000 passwords of breaches, names and words; beside it stand two plain rules:
//! not a listed password, and not a word that anybody would try for this very account, whatever
//! digits and signs stand around it.
//!
//! Case and accents change nothing here: guessers try them all. A sign-in asks none of this, so
//! that no rule of tomorrow locks out a password of today. zxcvbn does not wipe its copies of what
//! it rates: they are freed at once and written nowhere. Where its count of guesses overflows, it
//! comes out smaller, which is the safe side; the manifest lets it.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;
use zxcvbn::matching::patterns::MatchPattern;
use zxcvbn::{Match, Score, zxcvbn};

use super::nfc;
use crate::domain::refusal::WeakPassword;

/// The longest password, in bytes after NFC.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// Characters of a password at least, whatever is configured.
pub const CHARS_MIN: usize = 8;
/// The rating of a password at least, whatever is configured: 2 is a million guesses.
///
/// 3 would refuse every password of eight characters, also a random one.
pub const SCORE_MIN: u8 = 2;
/// Characters that are rated. What follows can only make a password better.
const RATED_CHARS_MAX: usize = 100;
/// What a rating may cost: spellings that zxcvbn tries, times the square of the characters.
const RATING_COST_MAX: usize = 50_000;
/// Digits and signs around a word that leave it little more than the word: a whole date.
const AROUND_CHARS_MAX: usize = 8;
/// Characters of a word of the account that counts. Shorter ones are in half of all passwords.
const WORD_CHARS_MIN: usize = 3;
/// Words of the account that count, the longest first.
const WORDS_MAX: usize = 32;
/// Letters of a listed password that counts with digits around it: `a` is one.
const LISTED_CHARS_MIN: usize = 4;
/// The name of the list of passwords among zxcvbn's lists; its type has no public name.
const LIST_OF_PASSWORDS: &str = "Passwords";
/// The name of what stands in no list but was given.
const GIVEN: &str = "UserInputs";
/// Spellings of letters that zxcvbn sees through, and we in words of the account.
const SPELLINGS: [(char, &str); 12] = [
    ('a', "4@"),
    ('b', "8"),
    ('c', "({[<"),
    ('e', "3"),
    ('g', "69"),
    ('i', "1!|"),
    ('l', "1|7"),
    ('o', "0"),
    ('s', "$5"),
    ('t', "+7"),
    ('x', "%"),
    ('z', "2"),
];

/// How strict the rules are. They can be tightened, never loosened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordRules {
    /// Code points after NFC, at least.
    pub chars_min: usize,
    /// zxcvbn's rating at least, of 0 to 4.
    pub score_min: u8,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self { chars_min: CHARS_MIN, score_min: SCORE_MIN }
    }
}

impl PasswordRules {
    /// Whether a new password may be used by an account that these texts speak of: its login, its
    /// address, its name, and the name of the service.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn judge<T: AsRef<str>>(&self, password: &str, texts: &[T]) -> Result<(), WeakPassword> {
        self.check_length(password)?;
        let folded = fold(password);
        let words = words(texts);
        let whole: Vec<char> = folded.chars().collect();
        // As it stands, in which a sign may be a letter; and as it reads without any sign.
        let bare: Vec<char> = whole.iter().copied().filter(|c| c.is_alphanumeric()).collect();
        let signs = whole.len().saturating_sub(bare.len());
        if is_little_more_than(&whole, 0, &words) || is_little_more_than(&bare, signs, &words) {
            return Err(WeakPassword::Personal);
        }
        let given: Vec<&str> = words.iter().map(|word| word.as_str()).collect();
        let rated = zxcvbn(affordable(&folded), &given);
        if let Some(list) = one_of_a_list(rated.sequence(), whole.len()) {
            return Err(if list == GIVEN { WeakPassword::Personal } else { WeakPassword::Common });
        }
        if points(rated.score()) < self.score_min.max(SCORE_MIN) {
            return Err(WeakPassword::Guessable);
        }
        Ok(())
    }

    /// The rule of length (SR-047): code points after NFC, and bytes that bound the work.
    fn check_length(&self, password: &str) -> Result<(), WeakPassword> {
        let normal = nfc(password);
        if normal.len() > PASSWORD_BYTES_MAX {
            return Err(WeakPassword::TooLong { bytes_max: PASSWORD_BYTES_MAX });
        }
        let chars_min = self.chars_min.max(CHARS_MIN);
        if normal.chars().count() < chars_min {
            return Err(WeakPassword::TooShort { chars_min });
        }
        Ok(())
    }
}

const fn points(score: Score) -> u8 {
    match score {
        Score::Zero => 0,
        Score::One => 1,
        Score::Two => 2,
        Score::Three => 3,
        _ => 4,
    }
}

/// Without case, without the accents of Latin, Greek and Cyrillic letters, and with one spelling
/// for what is the same but for its font or width.
fn fold(text: &str) -> Zeroizing<String> {
    let is_accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    let plain = text.nfkd().filter(|c| !is_accent(c)).nfc();
    Zeroizing::new(plain.flat_map(char::to_lowercase).collect())
}

/// The texts, as they stand and without their signs, and the words in them: folded, each once, the
/// longest first.
fn words<T: AsRef<str>>(texts: &[T]) -> Vec<Zeroizing<String>> {
    let mut all: Vec<Zeroizing<String>> = vec![];
    for text in texts {
        let text = fold(text.as_ref());
        let wholes: Vec<&str> = text.split('@').chain([text.as_str()]).map(str::trim).collect();
        let joined = wholes.iter().map(|whole| whole.replace(|c: char| !c.is_alphanumeric(), ""));
        let parts = text.split(|c: char| !c.is_alphanumeric()).chain(wholes.iter().copied());
        for word in joined.chain(parts.map(str::to_owned)).map(Zeroizing::new) {
            let counts = word.chars().count() >= WORD_CHARS_MIN;
            if counts && all.iter().all(|known| **known != *word) {
                all.push(word);
            }
        }
    }
    all.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    all.truncate(WORDS_MAX);
    all
}

/// Whether nothing is left but a few digits and signs once the words are taken out, however often
/// they stand there and whichever way their letters are spelt. So many signs were dropped before.
fn is_little_more_than(password: &[char], dropped: usize, words: &[Zeroizing<String>]) -> bool {
    let (mut at, mut around, mut found) = (0_usize, dropped, false);
    while let Some(rest) = password.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(length) = words.iter().find_map(|word| begins_with(rest, word)) {
            (at, found) = (at.saturating_add(length), true);
            continue;
        }
        if rest.first().is_some_and(|c| c.is_alphabetic()) {
            return false;
        }
        (at, around) = (at.saturating_add(1), around.saturating_add(1));
    }
    found && around <= AROUND_CHARS_MAX
}

/// How many characters of the text a word takes, where the text begins with it.
fn begins_with(text: &[char], word: &str) -> Option<usize> {
    let mut length = 0;
    for letter in word.chars() {
        let typed = text.get(length).copied()?;
        let spelt = || SPELLINGS.iter().any(|(of, as_)| *of == letter && as_.contains(typed));
        if typed != letter && !spelt() {
            return None;
        }
        length = length.saturating_add(1);
    }
    Some(length)
}

/// The list that the whole password is in, but for a few digits and signs around it.
fn one_of_a_list(sequence: &[Match], chars: usize) -> Option<String> {
    let mut found = None;
    let mut listed = 0_usize;
    for part in sequence {
        if let MatchPattern::Dictionary(word) = &part.pattern {
            let list = format!("{:?}", word.dictionary_name);
            let length = part.token.chars().count();
            let counts = length == chars || length >= LISTED_CHARS_MIN;
            if found.is_none() && counts && (list == LIST_OF_PASSWORDS || list == GIVEN) {
                (found, listed) = (Some(list), length);
                continue;
            }
        }
        if part.token.chars().any(char::is_alphabetic) {
            return None;
        }
    }
    found.filter(|_| chars.saturating_sub(listed) <= AROUND_CHARS_MAX)
}

/// As much of a password as can be rated at a bounded cost.
///
/// zxcvbn undoes every combination of the spellings of letters that it finds, and looks up every
/// part of the text for each: a hundred random characters cost most of a second. Where there are
/// many spellings the text is cut earlier; a dozen characters, as many as there are then at least,
/// are rated well by themselves.
fn affordable(text: &str) -> &str {
    let mut seen = BTreeSet::new();
    for (count, (at, c)) in text.char_indices().enumerate() {
        if SPELLINGS.iter().any(|(_, spelt)| spelt.contains(c)) {
            seen.insert(c);
        }
        let cost = count.saturating_mul(count).saturating_mul(combinations(&seen));
        if count >= RATED_CHARS_MAX || cost > RATING_COST_MAX {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// Combinations of spellings that zxcvbn tries at most: a sign that stands for two letters counts
/// twice for each.
fn combinations(seen: &BTreeSet<char>) -> usize {
    let letters_of = |sign: char| SPELLINGS.iter().filter(|(_, as_)| as_.contains(sign)).count();
    let of_a_letter = |spelt: &str| {
        let there = spelt.chars().filter(|sign| seen.contains(sign));
        there.map(letters_of).sum::<usize>().max(1)
    };
    SPELLINGS.iter().map(|(_, spelt)| of_a_letter(spelt)).fold(1, usize::saturating_mul)
}

#[cfg(test)]
mod tests;
