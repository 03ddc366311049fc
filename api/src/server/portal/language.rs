//! Which language a page speaks.

use actix_web::HttpRequest;
use actix_web::http::header::{AcceptLanguage, Header as _};

/// The parameter of the address that chooses a language.
const CHOSEN: &str = "lang=";
/// The cookie in which a page's script keeps the choice.
const COOKIE: &str = "cs_lang";

/// A language that every text exists in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Language {
    English,
    German,
}

/// A language to choose.
pub(super) struct Choice {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
}

impl Language {
    /// All; the first is for whoever reads none of them.
    pub(super) const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag (BCP 47).
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(code))
    }

    /// The reader's: as just chosen, as chosen before, as the browser asks, or the first.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let chosen = request.query_string().split('&').find_map(|one| one.strip_prefix(CHOSEN));
        let kept = request.cookie(COOKIE);
        chosen
            .and_then(Self::parse)
            .or_else(|| kept.and_then(|cookie| Self::parse(cookie.value())))
            .or_else(|| asked(request))
            .unwrap_or(Self::English)
    }
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
        let of = |request: TestRequest| Language::of(&request.to_http_request());
        let german =
            || TestRequest::get().insert_header(("Accept-Language", "fr, de-AT;q=0.9, en;q=0.1"));
        assert_eq!(of(TestRequest::get()), Language::English);
        assert_eq!(of(german()), Language::German);
        assert_eq!(of(german().uri("/?lang=en")), Language::English);
        assert_eq!(of(german().cookie(Cookie::new(COOKIE, "en"))), Language::English);
        assert_eq!(of(TestRequest::get().uri("/?lang=tlh")), Language::English);
    }
}
