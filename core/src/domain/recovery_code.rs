//! Recovery codes: 125 random bits that a person can write down.
//!
//! Crockford's base32 in five groups of five. What is typed is read by a defined map (case,
//! hyphens, spaces, `I` and `L` for 1, `O` for 0) and nothing else: `U` and every other character
//! are refused, and so is any other length (SR-031, SR-035).

use std::fmt;

use zeroize::Zeroizing;

/// Characters of a code, without hyphens.
pub const CODE_CHARS: usize = 25;
/// Codes in a set.
pub const CODES_PER_SET: usize = 10;
/// The most bytes of typed text that are looked at.
pub const TYPED_BYTES_MAX: usize = 64;
/// Characters of a group when shown.
const GROUP_CHARS: usize = 5;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A recovery code in its one normal form. Wiped when dropped.
#[derive(Clone)]
pub struct NormalRecoveryCode(Zeroizing<String>);

impl NormalRecoveryCode {
    /// Reads what was typed; `None` for anything that is no code.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > TYPED_BYTES_MAX {
            return None;
        }
        let mut code = Zeroizing::new(String::with_capacity(TYPED_BYTES_MAX));
        for c in typed.chars().filter(|c| !matches!(c, '-' | ' ')) {
            code.push(normal_char(c)?);
        }
        (code.len() == CODE_CHARS).then_some(Self(code))
    }

    /// The 25 characters, upper case, without hyphens.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NormalRecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NormalRecoveryCode(…)")
    }
}

/// Makes a code of the first 125 bits: as it is shown, `XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`, and as it
/// is hashed.
#[must_use]
pub fn recovery_code_from(bytes: &[u8; 16]) -> (Zeroizing<String>, NormalRecoveryCode) {
    let bits = u128::from_be_bytes(*bytes);
    let mut code = Zeroizing::new(String::with_capacity(CODE_CHARS));
    let mut shown = Zeroizing::new(String::with_capacity(CODE_CHARS + CODE_CHARS / GROUP_CHARS));
    for place in 0..CODE_CHARS {
        let five_bits = bits >> (128 - 5 * (place + 1)) & 0x1f;
        let c = usize::try_from(five_bits).ok().and_then(|value| ALPHABET.get(value));
        let c = char::from(c.copied().unwrap_or(b'0'));
        if place > 0 && place % GROUP_CHARS == 0 {
            shown.push('-');
        }
        shown.push(c);
        code.push(c);
    }
    (shown, NormalRecoveryCode(code))
}

/// Crockford's map of one typed character.
fn normal_char(c: char) -> Option<char> {
    match c.to_ascii_uppercase() {
        'I' | 'L' => Some('1'),
        'O' => Some('0'),
        upper => u8::try_from(upper).ok().filter(|byte| ALPHABET.contains(byte)).map(char::from),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{CODE_CHARS, CODES_PER_SET, NormalRecoveryCode, recovery_code_from};
    use crate::entropy::{OsEntropy, bytes};

    /// SR-031: length, alphabet and distinctness over 100,000 codes (10,000 sets).
    #[test]
    fn sr_031_codes_are_25_characters_of_the_alphabet_and_never_repeat() {
        let mut seen = HashSet::new();
        let mut letters = HashSet::new();
        for _ in 0..10_000 * CODES_PER_SET {
            let (shown, normal) = recovery_code_from(&bytes::<16>(&OsEntropy).unwrap());
            assert_eq!(shown.len(), CODE_CHARS + 4);
            assert_eq!(shown.replace('-', ""), normal.canonical());
            letters.extend(normal.canonical().bytes());
            assert!(seen.insert(normal.canonical().to_owned()));
        }
        let alphabet: HashSet<u8> = super::ALPHABET.iter().copied().collect();
        assert_eq!(letters, alphabet);
    }

    #[test]
    fn the_bits_of_a_code_are_the_first_125() {
        let (shown, _) = recovery_code_from(&[0xff; 16]);
        assert_eq!(*shown, "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ");
        let (low, _) = recovery_code_from(&7u128.to_be_bytes());
        assert_eq!(*low, "00000-00000-00000-00000-00000");
        let (one, _) = recovery_code_from(&8u128.to_be_bytes());
        assert_eq!(*one, "00000-00000-00000-00000-00001");
    }

    /// SR-035: the defined map, and nothing else.
    #[test]
    fn sr_035_only_the_defined_map_is_read() {
        let normal =
            |typed: &str| NormalRecoveryCode::parse(typed).map(|c| c.canonical().to_owned());
        let code = "110AB-CDEFG-HJKMN-PQRST-VWXYZ";
        let canonical = code.replace('-', "");
        let spellings = [
            code.to_owned(),
            code.to_lowercase(),
            canonical.clone(),
            format!(" {code} "),
            code.replace('-', " "),
            code.replace("110", "ilo"),
            code.replace("110", "ILO"),
            code.replace("110", "1l0"),
        ];
        for same in spellings {
            assert_eq!(normal(&same).as_deref(), Some(canonical.as_str()), "{same}");
        }
        let long = "A".repeat(65);
        let refused = [
            "",
            "-",
            "     ",
            "true",
            "null",
            "0",
            "110AB-CDEFG-HJKMN-PQRST-VWXY",
            "110AB-CDEFG-HJKMN-PQRST-VWXYZ0",
            "110AB-CDEFG-HJKMN-PQRST-VWXYU",
            "110AB_CDEFG_HJKMN_PQRST_VWXYZ",
            "110AB–CDEFG–HJKMN–PQRST–VWXYZ",
            "110AB\tCDEFG\tHJKMN\tPQRST\tVWXYZ",
            "110AB-CDEFG-HJKMN-PQRST-VWXYZ\n",
            "110AB-CDEFG-HJKMN-PQRST-VWXY\0",
            "１10AB-CDEFG-HJKMN-PQRST-VWXYZ",
            "110AB-CDEFG-HJKMN-PQRſT-VWXYZ",
            "%%%%%-%%%%%-%%%%%-%%%%%-%%%%%",
            long.as_str(),
        ];
        for other in refused {
            assert_eq!(normal(other), None, "{other:?}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let (_, normal) = recovery_code_from(&[9; 16]);
        assert_eq!(format!("{normal:?}"), "NormalRecoveryCode(…)");
    }
}
