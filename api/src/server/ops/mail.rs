//! The development mail page: the mails that lie in the data directory, newest first.
//!
//! It exists only where no mail server is configured, which start-up allows on loopback alone.

use std::fmt::Write as _;

use actix_web::{HttpResponse, web};
use countersign_core::mail::spool::{LIST_MAX, Spool, SpoolName, Spooled};

/// `GET /mail`
pub(crate) async fn list(spool: web::Data<Spool>) -> HttpResponse {
    let listed = web::block(move || spool.list(LIST_MAX)).await;
    let Ok(Ok(mails)) = listed else { return HttpResponse::InternalServerError().finish() };
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page(&mails))
}

/// `GET /mail/{name}`
pub(crate) async fn show(spool: web::Data<Spool>, name: web::Path<String>) -> HttpResponse {
    let Ok(name) = SpoolName::parse(&name) else { return HttpResponse::NotFound().finish() };
    match web::block(move || spool.read(&name)).await {
        Ok(Ok(Some(mail))) => {
            HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(mail)
        }
        _ => HttpResponse::NotFound().finish(),
    }
}

fn page(mails: &[Spooled]) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <title>Mails</title></head><body><h1>Mails, newest first</h1><ul>",
    );
    for mail in mails {
        let (to, subject) = (escaped(&mail.to), escaped(&mail.subject));
        let name = mail.name.as_str();
        // A name has no character that means something in HTML. Writing cannot fail.
        let _ = write!(page, "<li><a href=\"/mail/{name}\">{subject}</a> to {to}</li>");
    }
    page.push_str("</ul><p>Reload to see new ones.</p></body></html>");
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mail_says_is_text_on_the_page() {
        let mails = [Spooled {
            name: SpoolName::parse("20261124T053000000Z-a.eml").unwrap(),
            to: "\"<script>\" <a@example.com>".into(),
            subject: "a & b".into(),
        }];
        let page = page(&mails);
        assert!(page.contains("a &amp; b"));
        assert!(!page.contains("<script>"));
    }
}
