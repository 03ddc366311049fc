//! What a person reads where an address of a host leads no further: a page in words, where a
//! program reads the problem. The status is the same.

use actix_web::http::header::ACCEPT;
use actix_web::{HttpResponse, ResponseError as _};
use countersign_core::mail::language::Language;
use countersign_events::actor::By;

use crate::contract::problem::ProblemCode;
use crate::server::answers::Answer;
use crate::server::ask::Ask;
use crate::server::problem::ProblemAnswer;

/// Title, what is the matter, and the link back.
type Words = [&'static str; 3];

/// The answer as a browser shows it to whoever sits before it.
pub(super) fn shown(ask: &Ask, answer: Answer) -> Answer {
    let accepts = ask.headers().get(ACCEPT).map(|types| types.as_bytes());
    let is_person = accepts.is_some_and(|types| types.starts_with(b"text/html"));
    match answer {
        Err(problem) if is_person => Ok(page(ask, &problem)),
        answer => answer,
    }
}

fn page(ask: &Ask, problem: &ProblemAnswer) -> HttpResponse {
    let language = ask.call(By::Holder).net.language.unwrap_or_default();
    let [title, why, back] = match language {
        Language::English => english(problem.problem().code),
        Language::German => german(problem.problem().code),
    };
    // All of it was written by us.
    let page = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><h1>{title}</h1><p>{why}</p><p><a href=\"/\">{back}</a></p></html>",
        language.code()
    );
    let mut answer = HttpResponse::build(problem.status_code());
    answer.content_type("text/html; charset=utf-8").body(page)
}

fn english(code: ProblemCode) -> Words {
    match code {
        ProblemCode::Forbidden => [
            "You did not sign in here",
            "This site shows itself to those alone who sign in. You can still do that.",
            "To the site",
        ],
        ProblemCode::NotFound => [
            "This site cannot have you sign in",
            "It is not, or no longer, among those that may. Tell the people who run it.",
            "Try again",
        ],
        ProblemCode::Internal | ProblemCode::Unavailable => {
            ["That did not work", "Nothing was decided. Try again in a moment.", "Try again"]
        }
        _ => [
            "Sign in once more",
            "This sign-in is over, was used already, or began in another browser.",
            "To the site",
        ],
    }
}

fn german(code: ProblemCode) -> Words {
    match code {
        ProblemCode::Forbidden => [
            "Sie haben sich hier nicht angemeldet",
            "Diese Website sieht nur, wer sich anmeldet. Das können Sie immer noch tun.",
            "Zur Website",
        ],
        ProblemCode::NotFound => [
            "Diese Website kann Sie nicht anmelden",
            "Sie gehört nicht (mehr) zu denen, die das dürfen. Sagen Sie es den Betreibern.",
            "Noch einmal versuchen",
        ],
        ProblemCode::Internal | ProblemCode::Unavailable => [
            "Das hat nicht geklappt",
            "Nichts ist entschieden. Versuchen Sie es gleich noch einmal.",
            "Noch einmal versuchen",
        ],
        _ => [
            "Melden Sie sich noch einmal an",
            "Diese Anmeldung ist vorbei, wurde schon benutzt oder begann in einem anderen Browser.",
            "Zur Website",
        ],
    }
}
