//! The normal forms of logins and e-mail addresses.
//!
//! Two spellings that people take for the same name must reach the same account and the same
//! counters (SR-089), and two that differ must never be confused (SR-027). The normal form is
//! Unicode's `toNFKC_Casefold`, as far as the standard library's case tables give it: NFKC, drop
//! characters that are invisible by definition, fold case (upper, then lower, letter by letter;
//! a dotless ı stays itself), NFKC again, until nothing changes; and no white space around it.

use unicode_normalization::UnicodeNormalization as _;

/// Rounds after which a name that still changes is taken as it is; two suffice for all we know.
const ROUNDS_MAX: usize = 4;

/// Characters that show nothing (Unicode's `Default_Ignorable_Code_Point`).
const INVISIBLE: [(char, char); 17] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// The normal form of a login.
#[must_use]
pub fn normalise_login(login: &str) -> String {
    fold(login)
}

/// The normal form of an e-mail address, both of its parts.
///
/// RFC 5321 lets a local part be case-sensitive; no mail provider that people use does, and two
/// accounts that differ by case alone would be a trap. Mail goes to the address as it was stored.
#[must_use]
pub fn normalise_email(email: &str) -> String {
    fold(email)
}

fn fold(name: &str) -> String {
    let mut name = name.to_owned();
    for _ in 0..ROUNDS_MAX {
        let folded: String =
            name.nfkc().filter(|&c| !is_invisible(c)).flat_map(fold_char).nfkc().collect();
        let folded = folded.trim().to_owned();
        if folded == name {
            break;
        }
        name = folded;
    }
    name
}

/// Whether a character shows nothing, or turns the direction of what stands around it.
pub(crate) fn is_invisible(c: char) -> bool {
    INVISIBLE.iter().any(|&(first, last)| (first..=last).contains(&c))
}

/// Upper, then lower case: folds `ß` to `ss` and `ς` to `σ`, which lower case alone does not.
fn fold_char(c: char) -> Vec<char> {
    match c {
        // Its upper case is the plain I, by which `mıke` would become `mike`.
        'ı' => vec![c],
        _ => c.to_uppercase().flat_map(char::to_lowercase).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{normalise_email, normalise_login};
    use proptest::prelude::*;

    /// SR-089: spellings of one login.
    #[test]
    fn sr_089_spellings_of_a_login_have_one_normal_form() {
        for same in ["Alice", " alice ", "ALICE", "Ａｌｉｃｅ", "al\u{200b}ice", "\u{a0}alice\t"]
        {
            assert_eq!(normalise_login(same), "alice", "{same:?}");
        }
        assert_eq!(normalise_login("STRASSE"), normalise_login("straße"));
        assert_eq!(normalise_login("Σίσυφος"), normalise_login("ΣΊΣΥΦΟΣ"));
        assert_eq!(normalise_login("re\u{301}my"), normalise_login("Rémy"));
    }

    /// SR-027: a letter that only looks the same is another letter.
    #[test]
    fn sr_027_a_dotless_i_is_not_an_i() {
        assert_ne!(normalise_email("mıke@ex.com"), normalise_email("mike@ex.com"));
        assert_ne!(normalise_email("mike@ex.com"), normalise_email("mikе@ex.com"));
        assert_eq!(normalise_email("Mike@EX.com"), normalise_email("mike@ex.com"));
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own_normal_form(name in "\\PC{0,24}") {
            let once = normalise_login(&name);
            prop_assert_eq!(normalise_login(&once), once);
        }
    }
}
