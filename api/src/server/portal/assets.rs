//! The files that pages load: scripts, the sheet, the icon. Their address holds a hash of them
//! all, so that browsers keep them for ever and never mix two versions.

use std::sync::LazyLock;

use actix_web::body::MessageBody;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, ResponseError as _, web};
use countersign_events::id::base64url;
use sha2::{Digest as _, Sha256};

use super::Portal;
use crate::config::Logo;
use crate::contract::problem::ProblemCode;
use crate::server::middleware::security::Page;
use crate::server::problem::ProblemAnswer;

/// Where they are served.
pub(super) const ROUTE: &str = "/assets/{version}/{file}";
/// Bytes of the hash in their address.
const VERSION_BYTES: usize = 9;
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file: its name, its content type, what is in it.
type File = (&'static str, &'static str, &'static str);

macro_rules! scripts {
    ($($name:literal),* $(,)?) => {
        &[
            ("portal.css", "text/css; charset=utf-8", include_str!("assets/portal.css")),
            ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
            $( ($name, SCRIPT, include_str!(concat!("assets/", $name))), )*
        ]
    };
}

/// All of them.
pub(super) static FILES: &[File] = scripts![
    "account.js",
    "address.js",
    "api.js",
    "app.js",
    "authorize.js",
    "dialog.js",
    "enable.js",
    "end_session.js",
    "forgot_password.js",
    "history.js",
    "home.js",
    "link.js",
    "mailed.js",
    "not_found.js",
    "not_me.js",
    "page.js",
    "password.js",
    "prove.js",
    "register.js",
    "replacement.js",
    "resend.js",
    "reset_password.js",
    "resync.js",
    "sign_in.js",
    "signed_in.js",
    "text.js",
    "under_way.js",
    "unlock.js",
];

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for (name, _, content) in FILES {
        hash.update(name);
        hash.update(content);
    }
    base64url(hash.finalize().get(..VERSION_BYTES).unwrap_or_default())
});

/// The directory that pages name.
pub(super) fn address() -> String {
    format!("/assets/{}", *VERSION)
}

/// The operator's picture. Its address holds a hash of it, as that of the files does of them.
pub(super) struct Picture {
    version: String,
    logo: Logo,
}

impl Picture {
    pub(super) fn new(logo: Logo) -> Self {
        let hash = Sha256::digest(&logo.bytes);
        Self { version: base64url(hash.get(..VERSION_BYTES).unwrap_or_default()), logo }
    }

    /// Where pages load it from.
    pub(super) fn address(&self) -> String {
        format!("/assets/{}/{}", self.version, self.logo.name)
    }
}

/// A file of this version.
pub(super) async fn serve(
    path: web::Path<(String, String)>,
    pages: web::Data<Portal>,
) -> HttpResponse {
    let (version, name) = path.into_inner();
    if let Some(Picture { version: known, logo }) = &pages.logo
        && (&version, name.as_str()) == (known, logo.name)
    {
        return answer(logo.content_type, logo.bytes.clone());
    }
    let file = FILES.iter().find(|(known, _, _)| version == *VERSION && name == *known);
    let Some((_, content_type, content)) = file else {
        return ProblemAnswer::new(ProblemCode::NotFound).error_response();
    };
    answer(content_type, content.as_bytes())
}

fn answer(content_type: &str, content: impl MessageBody + 'static) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_TYPE, content_type)).extensions_mut().insert(Page::Asset);
    answer.body(content)
}
