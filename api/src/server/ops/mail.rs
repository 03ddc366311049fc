//! The development mail page: the mails that lie in the data directory, newest first.
//!
//! It exists only where no mail server is configured, which start-up allows on loopback alone.

use std::fmt::Write as _;
use std::path::PathBuf;

use actix_web::{HttpResponse, web};

/// Mails that the page lists at most.
const LISTED_MAX: usize = 200;
/// Bytes of a mail that is shown.
const MAIL_BYTES_MAX: u64 = 1024 * 1024;
/// What a mail's file name ends with.
const SUFFIX: &str = ".eml";

/// Where the mails lie.
#[derive(Debug, Clone)]
pub(crate) struct Spool(pub(crate) PathBuf);

/// `GET /mail`
pub(crate) async fn list(spool: web::Data<Spool>) -> HttpResponse {
    let names = web::block(move || names(&spool.0)).await.unwrap_or_default();
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <title>Mails</title></head><body><h1>Mails</h1><ul>",
    );
    for name in &names {
        // A listed name has no character that means something in HTML. Writing cannot fail.
        let _ = write!(page, "<li><a href=\"/mail/{name}\">{name}</a></li>");
    }
    page.push_str("</ul><p>Reload to see new ones.</p></body></html>");
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page)
}

/// `GET /mail/{name}`
pub(crate) async fn show(spool: web::Data<Spool>, name: web::Path<String>) -> HttpResponse {
    let name = name.into_inner();
    if !is_mail(&name) {
        return HttpResponse::NotFound().finish();
    }
    let path = spool.0.join(name);
    let read = web::block(move || {
        let small = std::fs::metadata(&path).is_ok_and(|file| file.len() <= MAIL_BYTES_MAX);
        if small { std::fs::read(&path).ok() } else { None }
    });
    match read.await {
        Ok(Some(mail)) => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(mail),
        _ => HttpResponse::NotFound().finish(),
    }
}

/// The newest mails, by name: names begin with the time.
fn names(directory: &std::path::Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_mail(name))
        .collect();
    names.sort_unstable_by(|one, other| other.cmp(one));
    names.truncate(LISTED_MAX);
    names
}

/// A plain file name: no path, nothing hidden, nothing that HTML would read.
fn is_mail(name: &str) -> bool {
    name.len() > SUFFIX.len()
        && name.ends_with(SUFFIX)
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::is_mail;

    #[test]
    fn only_plain_names_of_mails_are_read() {
        assert!(is_mail("20261124T053000Z-0190.eml"));
        for bad in ["../x.eml", ".eml", ".x.eml", "x.tmp", "a/b.eml", "<b>.eml", "a b.eml"] {
            assert!(!is_mail(bad), "{bad}");
        }
    }
}
