//! The portal: the pages for people, a client of the public API like any other.
//!
//! A page depends on nothing but the language and the brand, so all are rendered once, at start.
//! What is personal is fetched by the page's scripts from the public API, which knows a page of
//! ours by its header and carries handles in cookies ([`super::cookies`]). Nothing here can reach
//! an account.

mod assets;
mod by_form;
pub(super) mod language;
mod texts;

use std::collections::HashMap;

use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, guard, web};
use askama::Template;

use self::language::Language;
use self::texts::Texts;
use super::middleware::security::Page;
use super::problem::ProblemAnswer;
use crate::config::{Config, Logo};
use crate::contract::problem::ProblemCode;

const HTML: &str = "text/html; charset=utf-8";
/// The methods of what can be read and nothing else.
const READ_ONLY: &str = "GET, HEAD";
/// The page of an address that has none.
const NOT_FOUND: &str = "not_found";

/// What a page is filled in with.
struct Frame<'a> {
    page: &'static str,
    lang: &'static str,
    languages: &'a [language::Choice],
    texts: &'a Texts,
    /// The texts of scripts, as JSON that cannot end a script element.
    said: &'a str,
    brand: &'a str,
    contact: Option<&'a str>,
    registration: bool,
    assets: &'a str,
    /// The address of the picture in the head.
    logo: &'a str,
}

impl Frame<'_> {
    /// The text of `section.key`; one that is missing shows its own name.
    fn t<'b>(&'b self, key: &'b str) -> &'b str {
        let of_key = key
            .split_once('.')
            .and_then(|(section, name)| self.texts.get(section).and_then(|texts| texts.get(name)));
        of_key.map_or(key, String::as_str)
    }
}

/// The pages: name of template and script, address where it has one.
macro_rules! pages {
    ($( $type:ident $name:literal $template:literal $path:expr; )*) => {
        $(
            #[derive(Template)]
            #[template(path = $template)]
            struct $type<'a> {
                f: &'a Frame<'a>,
            }
        )*

        const PAGES: &[(&str, Option<&str>)] = &[$( ($name, $path), )*];

        fn render(f: &Frame<'_>) -> askama::Result<String> {
            match f.page {
                $( $name => $type { f }.render(), )*
                _ => Ok(String::new()),
            }
        }
    };
}

pages! {
    Home "home" "portal/home.html" Some("/");
    Register "register" "portal/register.html" Some("/register");
    SignIn "sign_in" "portal/sign_in.html" Some("/sign-in");
    ForgotPassword "forgot_password" "portal/forgot_password.html" Some("/forgot-password");
    ResetPassword "reset_password" "portal/reset_password.html" Some("/reset-password");
    NotMe "not_me" "portal/not_me.html" Some("/not-me");
    Unlock "unlock" "portal/unlock.html" Some("/unlock");
    Account "account" "portal/account.html" Some("/account");
    Authorize "authorize" "portal/authorize.html" Some("/oidc/authorize");
    EndSession "end_session" "portal/end_session.html" Some("/oidc/end-session");
    NotFound "not_found" "portal/not_found.html" None;
}

/// Every page in every language.
pub(super) struct Portal {
    rendered: HashMap<(&'static str, Language), Bytes>,
    logo: Option<assets::Picture>,
}

impl Portal {
    /// Renders all pages.
    pub(super) fn new(config: &Config, logo: Option<Logo>) -> askama::Result<Self> {
        let assets = assets::address();
        let logo = logo.map(assets::Picture::new);
        let picture =
            logo.as_ref().map_or_else(|| format!("{assets}/icon.svg"), |one| one.address());
        let mut rendered = HashMap::new();
        for language in Language::ALL {
            let texts = texts::filled(language, config);
            for (page, _) in PAGES {
                let said = texts::for_scripts(&texts, page);
                let frame = Frame {
                    page,
                    lang: language.code(),
                    languages: &language::CHOICES,
                    texts: &texts,
                    said: &said,
                    brand: &config.brand.name,
                    contact: config.brand.contact.as_deref(),
                    registration: config.registration.open,
                    assets: &assets,
                    logo: &picture,
                };
                rendered.insert((*page, language), Bytes::from(render(&frame)?));
            }
        }
        Ok(Self { rendered, logo })
    }

    fn answer(
        &self,
        name: &'static str,
        status: StatusCode,
        request: &HttpRequest,
    ) -> HttpResponse {
        let Some(page) = self.rendered.get(&(name, language::of(request))) else {
            return ProblemAnswer::new(ProblemCode::NotFound).error_response();
        };
        let mut answer = HttpResponse::build(status);
        answer.insert_header((CONTENT_TYPE, HTML)).extensions_mut().insert(Page::Portal);
        answer.body(page.clone())
    }
}

/// Serves the pages, their files, and a page that says that there is none.
pub(super) fn serve(config: &mut web::ServiceConfig, pages: web::Data<Portal>) {
    config.app_data(pages);
    for (name, path) in PAGES {
        let Some(path) = *path else { continue };
        let page = move |request: HttpRequest, pages: web::Data<Portal>| async move {
            pages.answer(name, StatusCode::OK, &request)
        };
        if by_form::PATHS.contains(&path) {
            let resource = read(path, web::to(page), by_form::METHODS);
            config.service(resource.route(web::post().to(by_form::lead)));
        } else {
            config.service(read(path, web::to(page), READ_ONLY));
        }
    }
    config.service(read(assets::ROUTE, web::to(assets::serve), READ_ONLY));
    config.default_service(web::to(no_page));
}

/// What can be read at an address, of which all methods are named.
fn read(path: &str, route: actix_web::Route, methods: &'static str) -> actix_web::Resource {
    let reading = guard::Any(guard::Get()).or(guard::Head());
    let otherwise =
        move || async move { ProblemAnswer::method_not_allowed(methods).error_response() };
    web::resource(path).route(route.guard(reading)).default_service(web::to(otherwise))
}

/// A person who went astray sees a page; a program reads a problem.
async fn no_page(request: HttpRequest, pages: web::Data<Portal>) -> HttpResponse {
    let accepts = request.headers().get(ACCEPT).map(|types| types.as_bytes());
    let is_person = accepts.is_some_and(|types| types.starts_with(b"text/html"));
    if is_person && request.method() == Method::GET {
        return pages.answer(NOT_FOUND, StatusCode::NOT_FOUND, &request);
    }
    ProblemAnswer::new(ProblemCode::NotFound).error_response()
}

#[cfg(test)]
mod tests;
