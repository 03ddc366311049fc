//! Every text in one file per language.

use std::collections::BTreeMap;

use super::language::Language;
use crate::config::Config;

/// Texts by section and key.
pub(super) type Texts = BTreeMap<String, BTreeMap<String, String>>;

/// The sections that scripts speak from; the others stand in templates.
const OF_SCRIPTS: &[&str] =
    &["script", "problem", "app", "objection", "method", "assurance", "event", "notice", "enable"];

/// The section that the scripts of one page alone speak from, and that page.
const OF_ONE_PAGE: (&str, &str) = ("objection", "not_me");

const fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("texts/en.toml"),
        Language::German => include_str!("texts/de.toml"),
    }
}

/// The texts of a language. The files are part of the program, and a test reads them all.
pub(super) fn of(language: Language) -> Texts {
    toml::from_str(source(language)).unwrap_or_default()
}

/// The same, with what the operator has set in its place.
pub(super) fn filled(language: Language, config: &Config) -> Texts {
    let min_alone = config.password.min_alone.to_string();
    let mut texts = of(language);
    for text in texts.values_mut().flat_map(BTreeMap::values_mut) {
        *text = text.replace("{min_alone}", &min_alone).replace("{brand}", &config.brand.name);
    }
    texts
}

/// Those that the scripts of a page speak from, as JSON that may stand in a script element.
pub(super) fn for_scripts(texts: &Texts, page: &str) -> String {
    let mut said = of_scripts(texts);
    let (section, its_page) = OF_ONE_PAGE;
    if page != its_page {
        said.remove(section);
    }
    // Of maps of texts nothing can fail. Escaped in JSON, `<` means the same and ends no element.
    serde_json::to_string(&said).unwrap_or_default().replace('<', "\\u003c")
}

pub(super) fn of_scripts(texts: &Texts) -> Texts {
    let wanted = texts.iter().filter(|(section, _)| OF_SCRIPTS.contains(&section.as_str()));
    wanted.map(|(section, keys)| (section.clone(), keys.clone())).collect()
}
