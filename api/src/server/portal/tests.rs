//! What must be true of every page, whatever it says.

use std::collections::BTreeSet;

use super::*;
use crate::contract::problem::WeakPasswordReason;
use crate::contract::recovery::Effect;

/// Bytes of a page with everything that it loads.
const PAGE_BYTES_MAX: usize = 100 * 1024;

const TEMPLATES: &[&str] = &[
    include_str!("../../../templates/portal/layout.html"),
    include_str!("../../../templates/portal/home.html"),
    include_str!("../../../templates/portal/register.html"),
    include_str!("../../../templates/portal/sign_in.html"),
    include_str!("../../../templates/portal/account.html"),
    include_str!("../../../templates/portal/new_password.html"),
    include_str!("../../../templates/portal/enable_dialogs.html"),
    include_str!("../../../templates/portal/forgot_password.html"),
    include_str!("../../../templates/portal/reset_password.html"),
    include_str!("../../../templates/portal/not_me.html"),
    include_str!("../../../templates/portal/unlock.html"),
    include_str!("../../../templates/portal/not_found.html"),
    include_str!("../../../templates/portal/authorize.html"),
    include_str!("../../../templates/portal/end_session.html"),
];

fn keys(texts: &texts::Texts) -> BTreeSet<String> {
    let sections = texts.iter();
    sections.flat_map(|(name, keys)| keys.keys().map(move |key| format!("{name}.{key}"))).collect()
}

fn pages() -> Vec<(String, String)> {
    let portal = Portal::new(&Config::default(), None).unwrap();
    let named = |((name, language), page): (&(&str, Language), &Bytes)| {
        (format!("{name}.{}", language.code()), String::from_utf8(page.to_vec()).unwrap())
    };
    portal.rendered.iter().map(named).collect()
}

#[test]
fn every_language_has_the_same_texts() {
    let english = keys(&texts::of(Language::English));
    assert!(english.len() > 100);
    for language in Language::ALL {
        assert_eq!(keys(&texts::of(language)), english, "{}", language.code());
    }
}

/// A script that asks for a text asks for one that is there and that scripts get.
#[test]
fn scripts_say_only_what_is_written_down() {
    let said = keys(&texts::of_scripts(&texts::of(Language::English)));
    let mut asked = 0;
    for (name, _, script) in assets::FILES {
        for after in script.split("say(").skip(1) {
            let Some(rest) = after.strip_prefix('"') else { continue };
            let key = rest.split('"').next().unwrap_or_default();
            assert!(said.contains(key), "{name}: {key}");
            // No other page has the texts of an objection.
            assert!(!key.starts_with("objection.") || *name == "not_me.js", "{name}: {key}");
            asked += 1;
        }
    }
    assert!(asked > 20);
}

/// What an objection would do and did is told from the API's own words for it.
#[test]
fn every_effect_of_an_objection_is_told_before_and_after() {
    let said = keys(&texts::of_scripts(&texts::of(Language::English)));
    let all = [
        Effect::ReplacementStopped,
        Effect::RemovalStopped,
        Effect::AddressRestored,
        Effect::SessionsEnded,
        Effect::PasswordEnded,
        Effect::PasswordAsked,
        Effect::Held,
        Effect::LinkSent,
    ];
    for effect in all {
        let effect = serde_json::to_value(effect).unwrap();
        let effect = effect.as_str().unwrap();
        for kind in ["would", "did"] {
            assert!(said.contains(&format!("objection.{kind}_{effect}")), "{kind} {effect}");
        }
    }
}

/// Everything that can stand in the history of an account is told in the reader's language.
#[test]
fn every_event_of_an_account_is_told() {
    let said = keys(&texts::of_scripts(&texts::of(Language::English)));
    for row in countersign_events::catalogue::rows() {
        let Some(name) = row.event_type.strip_prefix("account.") else { continue };
        // Of what never came to be an account nobody reads the history.
        let is_nobodys = name == "registration_abandoned";
        assert!(is_nobodys || said.contains(&format!("event.{name}")), "{name}");
    }
    assert!(said.contains("event.registered-imported"));
}

/// Why a password is refused is told in the reader's language, whichever rule it breaks (SR-049).
#[test]
fn sr_049_every_reason_against_a_password_is_told() {
    let said = keys(&texts::of_scripts(&texts::of(Language::English)));
    let all = [
        WeakPasswordReason::TooShort,
        WeakPasswordReason::TooLong,
        WeakPasswordReason::Common,
        WeakPasswordReason::Personal,
        WeakPasswordReason::Guessable,
    ];
    for reason in all {
        let reason = serde_json::to_value(reason).unwrap();
        let key = format!("problem.weak-password-{}", reason.as_str().unwrap());
        assert!(said.contains(&key), "{key}");
    }
}

/// A text that nobody shows is one that nobody keeps right.
#[test]
fn every_text_of_the_templates_is_shown() {
    let texts = texts::of(Language::English);
    let said = keys(&texts::of_scripts(&texts));
    let shown: String = TEMPLATES.concat();
    for key in keys(&texts).difference(&said) {
        assert!(shown.contains(&format!("f.t(\"{key}\")")), "{key}");
    }
}

/// What a page loads: the sheet, the icon, its own script and whatever that imports.
fn loaded_by(page: &str) -> BTreeSet<&'static str> {
    let mut wanted = vec!["portal.css".to_owned(), "icon.svg".to_owned(), format!("{page}.js")];
    let mut loaded = BTreeSet::new();
    while let Some(next) = wanted.pop() {
        let file = assets::FILES.iter().find(|(known, ..)| *known == next);
        let (name, _, content) = file.unwrap_or_else(|| panic!("{page} wants {next}"));
        if loaded.insert(*name) {
            let imports = content.split("from \"./").skip(1);
            wanted.extend(imports.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
        }
    }
    loaded
}

#[test]
fn a_page_with_all_that_it_loads_is_small() {
    let mut some_page_loads = BTreeSet::new();
    for (name, page) in pages() {
        let loaded = loaded_by(name.split('.').next().unwrap());
        let files = assets::FILES.iter().filter(|(name, ..)| loaded.contains(name));
        let bytes = page.len() + files.map(|(_, _, content)| content.len()).sum::<usize>();
        assert!(bytes < PAGE_BYTES_MAX, "{name}: {bytes}");
        some_page_loads.extend(loaded);
    }
    let all: BTreeSet<&str> = assets::FILES.iter().map(|(name, ..)| *name).collect();
    assert_eq!(some_page_loads, all, "files that no page loads");
}

/// A password manager keeps and fills in the right account's password where a form names its holder
/// beside the password (HTML, 4.10.18.7.1). A link to a new password does not tell whose it is.
#[test]
fn every_form_with_a_password_has_a_field_for_its_holder() {
    let mut asked = BTreeSet::new();
    for (name, page) in pages() {
        for form in page.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap_or_default();
            if !form.contains("type=\"password\"") || name.starts_with("reset_password.") {
                continue;
            }
            let (before, _) = form.split_once("type=\"password\"").unwrap();
            assert!(before.contains("autocomplete=\"username\""), "{name}: {form}");
            asked.insert(form.split('"').nth(1).unwrap_or_default().to_owned());
        }
    }
    let all = ["password-form", "prove-form", "register", "renewal-form"];
    assert!(asked.iter().eq(all), "{asked:?}");
}

/// Nothing inline that a strict policy would refuse, and nothing from elsewhere.
#[test]
fn sr_070_pages_hold_no_inline_script_and_load_nothing_from_elsewhere() {
    for (name, page) in pages() {
        for script in page.split("<script").skip(1) {
            let head = script.split('>').next().unwrap_or_default();
            let is_data = head.contains("type=\"application/json\"");
            assert!(is_data || head.contains("src=\"/assets/"), "{name}: {head}");
        }
        for banned in ["style=\"", " onclick=", "javascript:", "src=\"http", "<style"] {
            assert!(!page.contains(banned), "{name}: {banned}");
        }
    }
}

/// The rule that a page tells is the one in force, and nothing stays to be filled in at start.
#[test]
fn pages_tell_the_length_that_a_password_needs_here() {
    let mut config = Config::default();
    config.password.min_alone = 12;
    let portal = Portal::new(&config, None).unwrap();
    for ((name, language), page) in &portal.rendered {
        let page = String::from_utf8(page.to_vec()).unwrap();
        for hole in ["{min_alone}", "{brand}"] {
            assert!(!page.contains(hole), "{name}: {hole}");
        }
        let told = match language {
            Language::English => "At least 12 characters",
            Language::German => "Mindestens 12 Zeichen",
        };
        let asks = ["register", "sign_in", "reset_password", "account"].contains(name);
        assert_eq!(page.contains(told), asks, "{name}");
    }
}

/// The texts that travel in a page cannot end its script element.
#[test]
fn a_brand_is_text_wherever_it_stands() {
    let mut config = Config::default();
    config.brand.name = "A</script><b>&\"'".into();
    let portal = Portal::new(&config, None).unwrap();
    for page in portal.rendered.values() {
        let page = String::from_utf8(page.to_vec()).unwrap();
        assert!(!page.contains("A</script>"));
    }
}
