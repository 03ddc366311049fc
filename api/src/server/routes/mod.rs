//! The table of routes: every call, what it wants of its caller, and where it is served.
//!
//! A call exists by standing here. The listeners are built from this table, the OpenAPI document is
//! checked against it, and so is every promise about "all routes": each row has an auth class.
//!
//! **Architecture Invariant:** the public listener serves no row of support, clients or operators
//! (SR-120 builds on it).

pub(crate) mod v1;

use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::{HttpRequest, ResponseError as _, guard, web};
use futures::future::LocalBoxFuture;

use self::v1::{
    accounts, clients, devices, email, factors, log, objections, operators, password,
    password_resets, policy, recovery_codes, replacement, session, sessions, setup, sign_ins,
    support, unlocks,
};
use super::answers::Answer;
use super::ask::Ask;
use super::auth::Auth;
use super::listener::Listener;
use super::problem::ProblemAnswer;
use crate::contract::kind::{Role, Scope};
use crate::contract::problem::ProblemCode;

/// A call.
pub struct Row {
    /// Its method.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: &'static str,
    /// What it wants of its caller.
    pub auth: Auth,
    /// Where it is served.
    pub on: &'static [Listener],
    /// Whether it takes a query.
    pub query: bool,
    handle: fn(Ask) -> LocalBoxFuture<'static, Answer>,
}

const PUBLIC: &[Listener] = &[Listener::Public];
const OPERATOR: &[Listener] = &[Listener::Operator];
const BOTH: &[Listener] = &[Listener::Public, Listener::Operator];

/// Who may look at accounts: those who help their holders, and nobody for being an admin.
const LOOK: Auth = Auth::Operator(&[Role::Support, Role::Supervisor]);
/// Who may act on accounts, with a second factor just proven: the core asks for that.
const ACT: Auth = Auth::Operator(&[Role::Support, Role::Supervisor]);
/// Who may ask for another address, and approve what another asked for.
const APPROVE: Auth = Auth::Operator(&[Role::Supervisor]);
/// Who may follow the log, which names nobody there.
const FOLLOW: Auth = Auth::Operator(&[Role::Support, Role::Supervisor, Role::Auditor]);
/// Who may add and disable, with a second factor just proven.
const ADMIN: Auth = Auth::Operator(&[Role::Admin]);
/// Any operator.
const ANY: Auth = Auth::Operator(&[Role::Support, Role::Supervisor, Role::Auditor, Role::Admin]);
const READ: Auth = Auth::SessionOrClient(Scope::HistoryRead);
const FACTORS: Auth = Auth::SessionOrClient(Scope::FactorsWrite);

macro_rules! rows {
    ($( $method:ident $path:literal $auth:expr, $on:ident $(, $query:ident)? => $call:path; )*) => {
        &[ $( Row {
            method: Method::$method,
            path: $path,
            auth: $auth,
            on: $on,
            query: rows!(@query $($query)?),
            handle: |ask| Box::pin($call(ask)),
        }, )* ]
    };
    (@query) => { false };
    (@query query) => { true };
}

/// Every call. The router tries them in this order, so that those of every sign-in come first.
pub static TABLE: &[Row] = rows! {
    POST "/v1/sign-ins/{id}/answers" Auth::SignIn, BOTH => sign_ins::answer::handle;
    POST "/v1/sign-ins" Auth::AnyoneOrClient(Scope::SignInsVouch), BOTH => sign_ins::start::handle;
    POST "/v1/sign-ins/{id}/email-code" Auth::SignIn, BOTH => sign_ins::email_code::handle;
    GET "/v1/sign-ins/{id}/email-code" Auth::SignIn, BOTH => sign_ins::email_code_state::handle;
    POST "/v1/sign-ins/{id}/password" Auth::SignIn, BOTH => sign_ins::password::handle;
    POST "/v1/sign-ins/{id}/factors" Auth::SignIn, BOTH => sign_ins::begin_factor::handle;
    POST "/v1/sign-ins/{id}/factors/{factor}/activate" Auth::SignIn, BOTH
        => sign_ins::activate_factor::handle;
    POST "/v1/accounts" Auth::AnyoneOrClient(Scope::AccountsWrite), PUBLIC
        => accounts::register::handle;
    GET "/v1/accounts/me/sessions" Auth::Session, BOTH => sessions::list::handle;
    DELETE "/v1/accounts/me/sessions" Auth::Session, BOTH => sessions::end_others::handle;
    DELETE "/v1/accounts/me/sessions/{session}" Auth::Session, BOTH => sessions::end::handle;
    GET "/v1/accounts/me/devices" Auth::Session, BOTH => devices::list::handle;
    DELETE "/v1/accounts/me/devices" Auth::Session, BOTH => devices::forget_all::handle;
    DELETE "/v1/accounts/me/devices/{device}" Auth::Session, BOTH => devices::forget::handle;
    POST "/v1/accounts/me/email/confirm" Auth::Session, BOTH => email::confirm::handle;
    POST "/v1/accounts/me/email" Auth::Session, PUBLIC => email::change::handle;
    POST "/v1/accounts/me/password" Auth::Session, BOTH => password::change::handle;
    POST "/v1/accounts/me/factors/replacement" Auth::Session, PUBLIC
        => replacement::request::handle;
    DELETE "/v1/accounts/me/factors/replacement" Auth::Session, PUBLIC
        => replacement::cancel::handle;
    POST "/v1/password-resets" Auth::Anyone, PUBLIC => password_resets::request::handle;
    POST "/v1/password-resets/{token}" Auth::MailLink, PUBLIC => password_resets::reset::handle;
    GET "/v1/objections/{token}" Auth::MailLink, PUBLIC => objections::show::handle;
    POST "/v1/objections/{token}" Auth::MailLink, PUBLIC => objections::object::handle;
    POST "/v1/unlocks/{token}" Auth::MailLink, PUBLIC => unlocks::unlock::handle;
    GET "/v1/accounts/{account}" READ, BOTH => accounts::show::handle;
    GET "/v1/accounts/{account}/history" READ, BOTH, query => accounts::history::handle;
    POST "/v1/accounts/{account}/factors" FACTORS, BOTH => factors::begin::handle;
    POST "/v1/accounts/{account}/factors/{factor}/activate" FACTORS, BOTH
        => factors::activate::handle;
    PATCH "/v1/accounts/{account}/factors/{factor}" Auth::Session, BOTH => factors::rename::handle;
    DELETE "/v1/accounts/{account}/factors/{factor}" Auth::Session, BOTH
        => factors::delete::handle;
    POST "/v1/accounts/{account}/factors/{factor}/remove" Auth::Session, BOTH
        => factors::remove::handle;
    POST "/v1/accounts/{account}/factors/{factor}/resync" Auth::Session, BOTH
        => factors::resync::handle;
    POST "/v1/accounts/{account}/recovery-codes" Auth::Session, BOTH
        => recovery_codes::renew::handle;
    GET "/v1/session" Auth::Session, BOTH => session::show::handle;
    DELETE "/v1/session" Auth::Session, BOTH => session::sign_out::handle;
    POST "/v1/session/proofs" Auth::Session, BOTH => session::prove::handle;
    POST "/v1/setup" Auth::SetupToken, BOTH => setup::set_up::handle;
    POST "/v1/support/accounts/search" LOOK, OPERATOR => support::search::handle;
    GET "/v1/support/accounts" LOOK, OPERATOR, query => support::list::handle;
    GET "/v1/support/accounts/{account}" LOOK, OPERATOR, query => support::show::handle;
    GET "/v1/support/accounts/{account}/events" LOOK, OPERATOR, query => support::events::handle;
    GET "/v1/support/accounts/{account}/state" LOOK, OPERATOR, query => support::state::handle;
    GET "/v1/support/accounts/{account}/changes" LOOK, OPERATOR, query
        => support::changes::handle;
    GET "/v1/support/stats" ANY, OPERATOR, query => support::stats::handle;
    GET "/v1/support/log-health" ANY, OPERATOR => support::log_health::handle;
    GET "/v1/log/stream" FOLLOW, OPERATOR, query => log::stream::handle;
    POST "/v1/support/accounts/{account}/lockout-resets" ACT, OPERATOR
        => support::reset_lockout::handle;
    POST "/v1/support/accounts/{account}/suspensions" ACT, OPERATOR => support::suspend::handle;
    POST "/v1/support/accounts/{account}/resumptions" ACT, OPERATOR => support::resume::handle;
    POST "/v1/support/accounts/{account}/session-ends" ACT, OPERATOR
        => support::end_sessions::handle;
    POST "/v1/support/accounts/{account}/password-mails" ACT, OPERATOR
        => support::mail_password::handle;
    POST "/v1/support/accounts/{account}/factor-removals" ACT, OPERATOR
        => support::ask_removal::handle;
    POST "/v1/support/accounts/{account}/factor-removals/{removal}/approve" APPROVE, OPERATOR
        => support::approve_removal::handle;
    POST "/v1/support/accounts/{account}/factor-removals/{removal}/cancel" ACT, OPERATOR
        => support::cancel_removal::handle;
    POST "/v1/support/accounts/{account}/address-changes" APPROVE, OPERATOR
        => support::ask_address_change::handle;
    POST "/v1/support/accounts/{account}/address-changes/{removal}/approve" APPROVE, OPERATOR
        => support::approve_address_change::handle;
    POST "/v1/support/accounts/{account}/address-changes/{removal}/cancel" ACT, OPERATOR
        => support::cancel_address_change::handle;
    GET "/v1/support/factor-removals" LOOK, OPERATOR, query => support::removals::handle;
    GET "/v1/clients" ADMIN, OPERATOR => clients::list::handle;
    POST "/v1/clients" ADMIN, OPERATOR => clients::add::handle;
    DELETE "/v1/clients/{client}" ADMIN, OPERATOR => clients::disable::handle;
    POST "/v1/clients/{client}/keys" ADMIN, OPERATOR => clients::add_key::handle;
    DELETE "/v1/clients/{client}/keys/{key}" ADMIN, OPERATOR => clients::end_key::handle;
    GET "/v1/operators" ADMIN, OPERATOR => operators::list::handle;
    POST "/v1/operators" ADMIN, OPERATOR => operators::add::handle;
    GET "/v1/operators/me" ANY, OPERATOR => operators::me::handle;
    DELETE "/v1/operators/{operator}" ADMIN, OPERATOR => operators::disable::handle;
    GET "/v1/policy" ADMIN, OPERATOR, query => policy::show::handle;
    PUT "/v1/policy" ADMIN, OPERATOR => policy::set::handle;
};

/// Serves the rows of a listener; another method of a known path is 405.
pub(crate) fn serve(config: &mut web::ServiceConfig, listener: Listener) {
    serve_rows(config, |row| row.on.contains(&listener));
}

/// Serves what operators may ask before an exported log: there is nobody to sign in.
pub(crate) fn serve_archive(config: &mut web::ServiceConfig) {
    serve_rows(config, |row| matches!(row.auth, Auth::Operator(_)));
}

fn serve_rows(config: &mut web::ServiceConfig, serves: impl Fn(&Row) -> bool) {
    for (path, rows) in by_path(serves) {
        let mut resource = web::resource(path);
        let mut allowed = Vec::new();
        for row in rows {
            allowed.push(row.method.as_str());
            let mut route = web::route().method(row.method.clone());
            if row.method == Method::GET {
                allowed.push("HEAD");
                route = web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
            }
            resource = resource.route(route.to(
                move |request: HttpRequest, payload: web::Payload| async move {
                    let ask = Ask::read(row, request, payload).await?;
                    (row.handle)(ask).await
                },
            ));
        }
        let allowed = allowed.join(", ");
        config.service(resource.default_service(web::to(move || {
            let refused = ProblemAnswer::method_not_allowed(&allowed).error_response();
            async move { refused }
        })));
    }
}

/// What no row matches.
pub(crate) async fn not_found() -> Answer {
    Err(ProblemAnswer::new(ProblemCode::NotFound))
}

/// In the order of the table, so that a literal segment goes before a parameter.
fn by_path(serves: impl Fn(&Row) -> bool) -> Vec<(&'static str, Vec<&'static Row>)> {
    let mut order = Vec::new();
    let mut grouped: BTreeMap<&str, Vec<&'static Row>> = BTreeMap::new();
    for row in TABLE.iter().filter(|row| serves(row)) {
        let rows = grouped.entry(row.path).or_default();
        if rows.is_empty() {
            order.push(row.path);
        }
        rows.push(row);
    }
    order.into_iter().map(|path| (path, grouped.remove(path).unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SR-120 builds on it: what only operators may ask is not even there in public.
    #[test]
    fn the_public_listener_serves_nothing_of_operators() {
        for row in TABLE.iter().filter(|row| row.on.contains(&Listener::Public)) {
            assert!(!matches!(row.auth, Auth::Operator(_)), "{}", row.path);
        }
    }

    /// SR-067: what changes state is no GET.
    #[test]
    fn sr_067_no_get_takes_part_in_a_change() {
        for row in TABLE.iter().filter(|row| row.method == Method::GET) {
            assert!(
                matches!(
                    row.auth,
                    Auth::Session
                        | Auth::SignIn
                        | Auth::SessionOrClient(Scope::HistoryRead)
                        | Auth::MailLink
                        | Auth::Operator(_)
                ),
                "{}",
                row.path
            );
        }
    }

    #[test]
    fn no_call_stands_there_twice() {
        let mut seen = std::collections::HashSet::new();
        for row in TABLE {
            assert!(seen.insert((row.method.as_str(), row.path)), "{} {}", row.method, row.path);
        }
    }
}
