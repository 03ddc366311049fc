//! The ops listener: health, metrics, documentation, and in development the mail page.
//!
//! It asks for no token and shows no account: `/metrics` has no label that names one (SR-080).

pub(crate) mod health;
pub(crate) mod mail;
pub(crate) mod metrics;

use actix_web::{HttpResponse, web};
use countersign_core::mail::spool::Spool;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::openapi;

/// Where the OpenAPI document is served.
const DOCUMENT_PATH: &str = "/docs/openapi.json";

/// Serves them. The mail page is there only where mails are files.
pub(crate) fn serve(config: &mut web::ServiceConfig, spool: Option<web::Data<Spool>>) {
    config
        .route("/healthz/live", web::get().to(health::live))
        .route("/healthz/ready", web::get().to(health::ready))
        .route("/metrics", web::get().to(metrics::show))
        .route("/docs", web::get().to(to_docs));
    if let Some(spool) = spool {
        config
            .app_data(spool)
            .route("/mail", web::get().to(mail::list))
            .route("/mail/{name}", web::get().to(mail::show));
    }
    // A test makes the document; where it could not be made there would be none here.
    let document = openapi::document().unwrap_or_default();
    // No call is served where these pages are: they show them, and send none.
    let none: [&str; 0] = [];
    let pages =
        SwaggerUi::new("/docs/{_:.*}").config(Config::default().supported_submit_methods(none));
    config.service(pages.external_url_unchecked(DOCUMENT_PATH, document));
}

async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("Location", "/docs/")).finish()
}
