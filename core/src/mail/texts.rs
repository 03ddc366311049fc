//! The words of all mails, one file per language.
//!
//! The files are part of the program and are read once. Each has the same keys and, in each text,
//! the same `{placeholders}`, which a test compares; should one be missing after all, English
//! stands in, and nothing fails.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::language::Language;

/// Texts by section and key.
type Texts = BTreeMap<String, BTreeMap<String, String>>;

static ENGLISH: LazyLock<Texts> = LazyLock::new(|| read(include_str!("texts/en.toml")));
static GERMAN: LazyLock<Texts> = LazyLock::new(|| read(include_str!("texts/de.toml")));

fn read(source: &str) -> Texts {
    toml::from_str(source).unwrap_or_default()
}

fn of(language: Language) -> &'static Texts {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
    }
}

/// The text of `section.key`, filled in. One that is missing is said in English, and one that is
/// nowhere shows its own name.
pub(super) fn say(language: Language, key: &str, filled: &[(&str, &str)]) -> String {
    let text = find(language, key).or_else(|| find(Language::English, key)).unwrap_or(key);
    fill(text, filled)
}

fn find(language: Language, key: &str) -> Option<&'static str> {
    let (section, name) = key.split_once('.')?;
    of(language).get(section)?.get(name).map(String::as_str)
}

/// Fills in each placeholder once: what is filled in is nobody's text to fill in again.
fn fill(text: &str, filled: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let known = after.split_once('}').and_then(|(name, after)| {
            let (_, value) = filled.iter().find(|(filled, _)| *filled == name)?;
            Some((*value, after))
        });
        match known {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}
