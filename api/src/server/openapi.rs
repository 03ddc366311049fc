//! The OpenAPI document, made from the code of the calls.
//!
//! Every operation says its body and its success. The bearer that its auth class wants and the
//! idempotency key of every POST are added here; limits, examples, problems and who may call in
//! [`complete`].

mod complete;
pub mod problems;

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Required, Schema, schema::ObjectBuilder, schema::Type};
use utoipa::{Modify, OpenApi};

use super::auth::Auth;
use super::routes::{TABLE, v1};
use crate::contract::IDEMPOTENCY_KEY;
use crate::contract::act::RemovalListState;
use crate::contract::app_event::AppEvent;
use crate::contract::log::{Heartbeat, LogLine};
use crate::contract::look::{EventKind, Order};
use crate::contract::problem::Problem;
use crate::contract::support::AccountListState;

const SESSION: &str = "session";
const API_KEY: &str = "api_key";
const ACCESS_TOKEN: &str = "access_token";
const CLIENT_SECRET: &str = "client_secret";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign",
        description = "A self-hosted second-factor service. Errors are RFC 9457 problems; lists \
                       are pages; times are RFC 3339 in UTC. The calls are made on the public \
                       listener, at `public_url` (`http://127.0.0.1:8780` where nothing is \
                       configured); those of support, clients and operators on the operators' \
                       listener only. A page of this document, like `/docs`, sends none: try \
                       them with `curl`, or with a client that is made from it. What is no HTTP \
                       request reaches no call: a malformed request line or header is answered \
                       400, a head that does not come in time 408, one above 128 KiB 431, each \
                       with an empty body and a closed connection.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    paths(
        v1::accounts::register::handle,
        v1::accounts::show::handle,
        v1::accounts::history::handle,
        v1::email::change::handle,
        v1::email::confirm::handle,
        v1::password::change::handle,
        v1::password_resets::request::handle,
        v1::password_resets::reset::handle,
        v1::replacement::request::handle,
        v1::replacement::cancel::handle,
        v1::objections::show::handle,
        v1::objections::object::handle,
        v1::unlocks::unlock::handle,
        v1::factors::begin::handle,
        v1::factors::activate::handle,
        v1::factors::rename::handle,
        v1::factors::delete::handle,
        v1::factors::remove::handle,
        v1::factors::resync::handle,
        v1::recovery_codes::renew::handle,
        v1::devices::list::handle,
        v1::devices::forget_all::handle,
        v1::devices::forget::handle,
        v1::sessions::list::handle,
        v1::sessions::end_others::handle,
        v1::sessions::end::handle,
        v1::sign_ins::start::handle,
        v1::sign_ins::email_code::handle,
        v1::sign_ins::email_code_state::handle,
        v1::sign_ins::answer::handle,
        v1::sign_ins::password::handle,
        v1::sign_ins::begin_factor::handle,
        v1::sign_ins::activate_factor::handle,
        v1::session::show::handle,
        v1::session::sign_out::handle,
        v1::session::prove::handle,
        v1::setup::set_up::handle,
        v1::support::search::handle,
        v1::support::list::handle,
        v1::support::show::handle,
        v1::support::events::handle,
        v1::support::state::handle,
        v1::support::changes::handle,
        v1::support::stats::handle,
        v1::support::log_health::handle,
        v1::log::checkpoint::handle,
        v1::log::stream::handle,
        v1::log::tile::handle,
        v1::events::follow::handle,
        v1::support::reset_lockout::handle,
        v1::support::suspend::handle,
        v1::support::resume::handle,
        v1::support::end_sessions::handle,
        v1::support::mail_password::handle,
        v1::support::ask_removal::handle,
        v1::support::approve_removal::handle,
        v1::support::cancel_removal::handle,
        v1::support::ask_address_change::handle,
        v1::support::approve_address_change::handle,
        v1::support::cancel_address_change::handle,
        v1::support::removals::handle,
        v1::clients::list::handle,
        v1::clients::add::handle,
        v1::clients::disable::handle,
        v1::clients::add_key::handle,
        v1::clients::end_key::handle,
        v1::clients::set_redirects::handle,
        v1::host::forward_auth::handle,
        v1::host::sign_in::handle,
        v1::host::callback::handle,
        v1::host::sign_out::handle,
        v1::oidc::configuration::handle,
        v1::oidc::keys::handle,
        v1::oidc::authorize::handle,
        v1::oidc::redeem::handle,
        v1::oidc::userinfo::handle,
        v1::oidc::userinfo_by_post::handle,
        v1::oidc::end_session::handle,
        v1::webhooks::list::handle,
        v1::webhooks::add::handle,
        v1::webhooks::end::handle,
        v1::webhooks::add_secret::handle,
        v1::webhooks::dead_letters::handle,
        v1::webhooks::redeliver::handle,
        v1::webhooks::replay::handle,
        v1::operators::list::handle,
        v1::operators::add::handle,
        v1::operators::me::handle,
        v1::operators::disable::handle,
        v1::policy::show::handle,
        v1::policy::set::handle,
    ),
    components(schemas(
        Problem,
        LogLine,
        Heartbeat,
        AppEvent,
        AccountListState,
        RemovalListState,
        EventKind,
        Order,
    )),
    modifiers(&OfAllCalls)
)]
struct Document;

/// The document, as the types and calls make it.
fn plain() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The document.
///
/// # Errors
/// What serde says; an OpenAPI document has no shape that JSON lacks.
pub fn document() -> Result<serde_json::Value, serde_json::Error> {
    let mut document = serde_json::to_value(plain())?;
    complete::complete(&mut document)?;
    Ok(document)
}

/// The document as it is committed and printed.
///
/// # Errors
/// What serde says; an OpenAPI document has no shape that JSON lacks.
pub fn document_json() -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&document()?).map(|text| text + "\n")
}

struct OfAllCalls;

impl Modify for OfAllCalls {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = |description: &str| {
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .description(Some(description))
                    .build(),
            )
        };
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(SESSION, bearer("The token of a session"));
        components.add_security_scheme(API_KEY, bearer("The API key of a client app"));
        components
            .add_security_scheme(ACCESS_TOKEN, bearer("The token that a redeemed grant led to"));
        let basic = HttpBuilder::new()
            .scheme(HttpAuthScheme::Basic)
            .description(Some("The id of a client app, and one of its API keys"))
            .build();
        components.add_security_scheme(CLIENT_SECRET, SecurityScheme::Http(basic));
        for row in TABLE {
            let item = document.paths.paths.get_mut(row.path);
            let Some(operation) = item.and_then(|item| operation(item, row.method.as_str())) else {
                continue;
            };
            operation.security = security(row.auth);
            if row.method == actix_web::http::Method::POST {
                operation.parameters.get_or_insert_default().push(idempotency_key().into());
            }
        }
    }
}

/// The operation of a method.
pub(crate) fn operation<'i>(item: &'i mut PathItem, method: &str) -> Option<&'i mut Operation> {
    match method {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "PUT" => item.put.as_mut(),
        "PATCH" => item.patch.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

fn security(auth: Auth) -> Option<Vec<SecurityRequirement>> {
    let of = |name: &str| SecurityRequirement::new::<_, [&str; 0], &str>(name, []);
    match auth {
        Auth::Anyone | Auth::Proxied | Auth::SignIn | Auth::MailLink | Auth::SetupToken => None,
        Auth::AnyoneOrClient(_) => Some(vec![SecurityRequirement::default(), of(API_KEY)]),
        Auth::AnyoneOrSession => Some(vec![SecurityRequirement::default(), of(SESSION)]),
        Auth::ClientSecret => Some(vec![of(CLIENT_SECRET), SecurityRequirement::default()]),
        Auth::AccessToken => Some(vec![of(ACCESS_TOKEN)]),
        Auth::Session | Auth::Operator(_) => Some(vec![of(SESSION)]),
        Auth::Client(_) => Some(vec![of(API_KEY)]),
        Auth::SessionOrClient(_) | Auth::OperatorOrClient(..) => {
            Some(vec![of(SESSION), of(API_KEY)])
        }
    }
}

fn idempotency_key() -> utoipa::openapi::path::Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    ParameterBuilder::new()
        .name(IDEMPOTENCY_KEY)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("The same key and body within 24 hours: the same answer, one effect"))
        .schema(Some(Schema::Object(text)))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_and_the_table_name_the_same_calls() {
        let mut document = plain();
        let mut described = 0;
        for item in document.paths.paths.values_mut() {
            for method in ["GET", "POST", "PATCH", "DELETE", "PUT"] {
                described += usize::from(operation(item, method).is_some());
            }
        }
        for row in TABLE {
            let item = document.paths.paths.get_mut(row.path).expect(row.path);
            assert!(operation(item, row.method.as_str()).is_some(), "{} {}", row.method, row.path);
        }
        assert_eq!(described, TABLE.len());
    }

    #[test]
    fn the_document_is_ours() {
        let json = document_json().unwrap();
        assert!(json.starts_with("{\n  \"openapi\": \"3.1.0\""), "{}", &json[..40]);
        assert!(json.contains("\"title\": \"Countersign\""));
        assert!(json.contains("MIT OR Apache-2.0"));
    }
}
