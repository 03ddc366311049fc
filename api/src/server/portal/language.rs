//! Which language a page speaks, and a mail that a request calls for.

use actix_web::HttpRequest;
use actix_web::http::header::{AcceptLanguage, Header as _};
pub(super) use countersign_core::mail::language::Language;

/// The parameter of the address that chooses a language.
const CHOSEN: &str = "lang=";
/// The cookie in which a page's script keeps the choice.
const COOKIE: &str = "cs_lang";

/// A language to choose.
pub(super) struct Choice {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
}

/// The language of a page: as just chosen, as the reader wants it, or the first.
pub(super) fn of(request: &HttpRequest) -> Language {
    let chosen = request.query_string().split('&').find_map(|one| one.strip_prefix(CHOSEN));
    chosen.and_then(Language::parse).or_else(|| wanted(request)).unwrap_or_default()
}

/// The language that whoever asks reads: as chosen before, or as the browser asks; none where
/// neither says one that we speak.
pub(in crate::server) fn wanted(request: &HttpRequest) -> Option<Language> {
    let kept = request.cookie(COOKIE);
    kept.and_then(|cookie| Language::parse(cookie.value())).or_else(|| asked(request))
}

/// What a reader may choose between, each named in itself.
pub(super) const CHOICES: [Choice; 2] =
    [Choice { code: "en", name: "English" }, Choice { code: "de", name: "Deutsch" }];

fn asked(request: &HttpRequest) -> Option<Language> {
    let ranked = AcceptLanguage::parse(request).ok()?.ranked();
    ranked
        .iter()
        .filter_map(|tag| tag.item())
        .find_map(|tag| Language::parse(tag.primary_language()))
}

#[cfg(test)]
mod tests {
    use actix_web::cookie::Cookie;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_choice_goes_before_the_browsers_wish() {
        let of = |request: TestRequest| of(&request.to_http_request());
        let german =
            || TestRequest::get().insert_header(("Accept-Language", "fr, de-AT;q=0.9, en;q=0.1"));
        assert_eq!(of(TestRequest::get()), Language::English);
        assert_eq!(of(german()), Language::German);
        assert_eq!(of(german().uri("/?lang=en")), Language::English);
        assert_eq!(of(german().cookie(Cookie::new(COOKIE, "en"))), Language::English);
        assert_eq!(of(TestRequest::get().uri("/?lang=tlh")), Language::English);
    }

    #[test]
    fn a_reader_wants_what_was_chosen_or_asked_for_and_else_nothing() {
        let wanted = |request: TestRequest| wanted(&request.to_http_request());
        let asking = |tags| TestRequest::post().insert_header(("Accept-Language", tags));
        assert_eq!(wanted(asking("de-CH, en")), Some(Language::German));
        assert_eq!(wanted(asking("en-GB, de;q=0.9")), Some(Language::English));
        let chosen = asking("en").cookie(Cookie::new(COOKIE, "de"));
        assert_eq!(wanted(chosen), Some(Language::German));
        let unknown = asking("de").cookie(Cookie::new(COOKIE, "tlh"));
        assert_eq!(wanted(unknown), Some(Language::German));
        for silent in [TestRequest::post(), asking("fr"), asking("*")] {
            assert_eq!(wanted(silent), None);
        }
    }
}
