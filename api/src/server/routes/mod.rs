//! The table of routes: every call, what it wants of its caller, and where it is served.
//!
//! A call exists by standing here. The listeners are built from this table, the OpenAPI document is
//! checked against it, and so is every promise about "all routes": each row declares who may call
//! it, what can be guessed by it, whether cookies count and how long its answer may be kept. A row
//! that leaves one of them out does not compile. `docs/routes.md` is made from it.
//!
//! **Architecture Invariant:** the public listener serves no row of support, clients or operators
//! (SR-120 builds on it).

pub mod declared;
pub(crate) mod inventory;
pub(crate) mod v1;

use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::{HttpRequest, ResponseError as _, guard, web};
use futures::future::LocalBoxFuture;

use self::declared::{
    AN_HOUR, AT_HOST, Body, CODES, Cache, Csrf, Guesses, LONG, MAILED, NO_COOKIES, NO_STORE,
    NOTHING, OFFER, PAGES, PASSWORD, PROOFS, SETS, TOTP,
};
use self::v1::{
    accounts, clients, devices, email, events, factors, host, log, objections, oidc, operators,
    password, password_resets, policy, recovery_codes, replacement, session, sessions, setup,
    sign_ins, support, unlocks, webhooks,
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
    /// What can be guessed by it, and what counts that.
    pub guesses: Guesses,
    /// Whether what a browser sends by itself counts.
    pub csrf: Csrf,
    /// How long its answer may be kept.
    pub cache: Cache,
    /// The form of its body, if it takes one.
    pub body: Body,
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
/// Whoever registers for himself, or a client app for its user.
const REGISTER: Auth = Auth::AnyoneOrClient(Scope::AccountsWrite);
/// Whoever signs in with a password, or a client app that checked it.
const VOUCH: Auth = Auth::AnyoneOrClient(Scope::SignInsVouch);
/// A client app that follows its accounts.
const EVENTS: Auth = Auth::Client(Scope::EventsRead);
/// Who may read the log's bytes, which name nobody in clear: entries, and the tree over them.
const AUDIT: Auth = Auth::OperatorOrClient(&[Role::Auditor], Scope::LogRead);
const READ: Auth = Auth::SessionOrClient(Scope::HistoryRead);
const FACTORS: Auth = Auth::SessionOrClient(Scope::FactorsWrite);

macro_rules! rows {
    ($(
        $method:ident $path:literal
        $auth:expr, $on:ident, $guesses:ident, $csrf:ident, $cache:ident $(, $also:ident)*
        => $call:path;
    )*) => {
        &[ $( Row {
            method: Method::$method,
            path: $path,
            auth: $auth,
            on: $on,
            guesses: $guesses,
            csrf: $csrf,
            cache: $cache,
            body: rows!(@body $($also)*),
            query: rows!(@query $($also)*),
            handle: |ask| Box::pin($call(ask)),
        }, )* ]
    };
    (@body) => { Body::Json };
    (@body form $($also:ident)*) => { Body::Form };
    (@body query $($also:ident)*) => { rows!(@body $($also)*) };
    (@query) => { false };
    (@query query $($also:ident)*) => { true };
    (@query form $($also:ident)*) => { rows!(@query $($also)*) };
}

/// Every call: method, path, who may call it, where, what can be guessed by it, whether cookies
/// count, how long its answer may be kept; then `query` where it takes one, and `form` where its
/// body is one. The router tries them in this order, so that those of every sign-in come first.
pub static TABLE: &[Row] = rows! {
    POST "/v1/sign-ins/{id}/answers"
        Auth::SignIn, BOTH, CODES, PAGES, NO_STORE => sign_ins::answer::handle;
    POST "/v1/sign-ins" VOUCH, BOTH, PASSWORD, PAGES, NO_STORE => sign_ins::start::handle;
    POST "/v1/sign-ins/{id}/email-code"
        Auth::SignIn, BOTH, NOTHING, PAGES, NO_STORE => sign_ins::email_code::handle;
    GET "/v1/sign-ins/{id}/email-code"
        Auth::SignIn, BOTH, NOTHING, PAGES, NO_STORE => sign_ins::email_code_state::handle;
    POST "/v1/sign-ins/{id}/password"
        Auth::SignIn, BOTH, SETS, PAGES, NO_STORE => sign_ins::password::handle;
    POST "/v1/sign-ins/{id}/factors"
        Auth::SignIn, BOTH, NOTHING, PAGES, NO_STORE => sign_ins::begin_factor::handle;
    POST "/v1/sign-ins/{id}/factors/{factor}/activate"
        Auth::SignIn, BOTH, OFFER, PAGES, NO_STORE => sign_ins::activate_factor::handle;
    POST "/v1/accounts" REGISTER, PUBLIC, SETS, PAGES, NO_STORE => accounts::register::handle;
    GET "/v1/accounts/me/sessions"
        Auth::Session, BOTH, NOTHING, PAGES, NO_STORE => sessions::list::handle;
    DELETE "/v1/accounts/me/sessions"
        Auth::Session, BOTH, NOTHING, PAGES, NO_STORE => sessions::end_others::handle;
    DELETE "/v1/accounts/me/sessions/{session}"
        Auth::Session, BOTH, NOTHING, PAGES, NO_STORE => sessions::end::handle;
    GET "/v1/accounts/me/devices"
        Auth::Session, BOTH, NOTHING, PAGES, NO_STORE => devices::list::handle;
    DELETE "/v1/accounts/me/devices"
        Auth::Session, BOTH, NOTHING, PAGES, NO_STORE => devices::forget_all::handle;
    DELETE "/v1/accounts/me/devices/{device}"
        Auth::Session, BOTH, NOTHING, PAGES, NO_STORE => devices::forget::handle;
    POST "/v1/accounts/me/email/confirm"
        Auth::Session, BOTH, MAILED, PAGES, NO_STORE => email::confirm::handle;
    POST "/v1/accounts/me/email"
        Auth::Session, PUBLIC, PASSWORD, PAGES, NO_STORE => email::change::handle;
    POST "/v1/accounts/me/password"
        Auth::Session, BOTH, PASSWORD, PAGES, NO_STORE => password::change::handle;
    POST "/v1/accounts/me/factors/replacement"
        Auth::Session, PUBLIC, NOTHING, PAGES, NO_STORE => replacement::request::handle;
    DELETE "/v1/accounts/me/factors/replacement"
        Auth::Session, PUBLIC, NOTHING, PAGES, NO_STORE => replacement::cancel::handle;
    POST "/v1/password-resets"
        Auth::Anyone, PUBLIC, NOTHING, PAGES, NO_STORE => password_resets::request::handle;
    POST "/v1/password-resets/{token}"
        Auth::MailLink, PUBLIC, LONG, PAGES, NO_STORE => password_resets::reset::handle;
    GET "/v1/objections/{token}"
        Auth::MailLink, PUBLIC, LONG, PAGES, NO_STORE => objections::show::handle;
    POST "/v1/objections/{token}"
        Auth::MailLink, PUBLIC, LONG, PAGES, NO_STORE => objections::object::handle;
    POST "/v1/unlocks/{token}"
        Auth::MailLink, PUBLIC, LONG, PAGES, NO_STORE => unlocks::unlock::handle;
    GET "/v1/accounts/{account}" READ, BOTH, NOTHING, PAGES, NO_STORE => accounts::show::handle;
    GET "/v1/accounts/{account}/history"
        READ, BOTH, NOTHING, PAGES, NO_STORE, query => accounts::history::handle;
    POST "/v1/accounts/{account}/factors"
        FACTORS, BOTH, PASSWORD, PAGES, NO_STORE => factors::begin::handle;
    POST "/v1/accounts/{account}/factors/{factor}/activate"
        FACTORS, BOTH, OFFER, PAGES, NO_STORE => factors::activate::handle;
    PATCH "/v1/accounts/{account}/factors/{factor}"
        Auth::Session, BOTH, NOTHING, PAGES, NO_STORE => factors::rename::handle;
    DELETE "/v1/accounts/{account}/factors/{factor}"
        Auth::Session, BOTH, NOTHING, PAGES, NO_STORE => factors::delete::handle;
    POST "/v1/accounts/{account}/factors/{factor}/remove"
        Auth::Session, BOTH, NOTHING, PAGES, NO_STORE => factors::remove::handle;
    POST "/v1/accounts/{account}/factors/{factor}/resync"
        Auth::Session, BOTH, TOTP, PAGES, NO_STORE => factors::resync::handle;
    POST "/v1/accounts/{account}/recovery-codes"
        Auth::Session, BOTH, NOTHING, PAGES, NO_STORE => recovery_codes::renew::handle;
    GET "/v1/session" Auth::Session, BOTH, NOTHING, PAGES, NO_STORE => session::show::handle;
    DELETE "/v1/session" Auth::Session, BOTH, NOTHING, PAGES, NO_STORE => session::sign_out::handle;
    POST "/v1/session/proofs"
        Auth::Session, BOTH, PROOFS, PAGES, NO_STORE => session::prove::handle;
    GET "/v1/events"
        EVENTS, PUBLIC, NOTHING, NO_COOKIES, NO_STORE, query => events::follow::handle;
    POST "/v1/setup" Auth::SetupToken, BOTH, LONG, PAGES, NO_STORE => setup::set_up::handle;
    POST "/v1/support/accounts/search"
        LOOK, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => support::search::handle;
    GET "/v1/support/accounts"
        LOOK, OPERATOR, NOTHING, NO_COOKIES, NO_STORE, query => support::list::handle;
    GET "/v1/support/accounts/{account}"
        LOOK, OPERATOR, NOTHING, NO_COOKIES, NO_STORE, query => support::show::handle;
    GET "/v1/support/accounts/{account}/events"
        LOOK, OPERATOR, NOTHING, NO_COOKIES, NO_STORE, query => support::events::handle;
    GET "/v1/support/accounts/{account}/state"
        LOOK, OPERATOR, NOTHING, NO_COOKIES, NO_STORE, query => support::state::handle;
    GET "/v1/support/accounts/{account}/changes"
        LOOK, OPERATOR, NOTHING, NO_COOKIES, NO_STORE, query => support::changes::handle;
    GET "/v1/support/stats"
        ANY, OPERATOR, NOTHING, NO_COOKIES, NO_STORE, query => support::stats::handle;
    GET "/v1/support/log-health"
        ANY, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => support::log_health::handle;
    GET "/v1/log/stream"
        FOLLOW, OPERATOR, NOTHING, NO_COOKIES, NO_STORE, query => log::stream::handle;
    GET "/v1/log/checkpoint"
        AUDIT, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => log::checkpoint::handle;
    GET "/v1/log/tile/{tile}"
        AUDIT, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => log::tile::handle;
    POST "/v1/support/accounts/{account}/lockout-resets"
        ACT, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => support::reset_lockout::handle;
    POST "/v1/support/accounts/{account}/suspensions"
        ACT, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => support::suspend::handle;
    POST "/v1/support/accounts/{account}/resumptions"
        ACT, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => support::resume::handle;
    POST "/v1/support/accounts/{account}/session-ends"
        ACT, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => support::end_sessions::handle;
    POST "/v1/support/accounts/{account}/password-mails"
        ACT, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => support::mail_password::handle;
    POST "/v1/support/accounts/{account}/factor-removals"
        ACT, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => support::ask_removal::handle;
    POST "/v1/support/accounts/{account}/factor-removals/{removal}/approve"
        APPROVE, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => support::approve_removal::handle;
    POST "/v1/support/accounts/{account}/factor-removals/{removal}/cancel"
        ACT, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => support::cancel_removal::handle;
    POST "/v1/support/accounts/{account}/address-changes"
        APPROVE, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => support::ask_address_change::handle;
    POST "/v1/support/accounts/{account}/address-changes/{removal}/approve"
        APPROVE, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => support::approve_address_change::handle;
    POST "/v1/support/accounts/{account}/address-changes/{removal}/cancel"
        ACT, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => support::cancel_address_change::handle;
    GET "/v1/support/factor-removals"
        LOOK, OPERATOR, NOTHING, NO_COOKIES, NO_STORE, query => support::removals::handle;
    GET "/v1/clients" ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => clients::list::handle;
    POST "/v1/clients" ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => clients::add::handle;
    DELETE "/v1/clients/{client}"
        ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => clients::disable::handle;
    POST "/v1/clients/{client}/keys"
        ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => clients::add_key::handle;
    DELETE "/v1/clients/{client}/keys/{key}"
        ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => clients::end_key::handle;
    PUT "/v1/clients/{client}/redirects"
        ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => clients::set_redirects::handle;
    GET "/v1/clients/{client}/webhooks"
        ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => webhooks::list::handle;
    POST "/v1/clients/{client}/webhooks"
        ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => webhooks::add::handle;
    DELETE "/v1/clients/{client}/webhooks/{webhook}"
        ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => webhooks::end::handle;
    POST "/v1/clients/{client}/webhooks/{webhook}/secrets"
        ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => webhooks::add_secret::handle;
    GET "/v1/clients/{client}/webhooks/{webhook}/dead-letters"
        ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE, query => webhooks::dead_letters::handle;
    POST "/v1/clients/{client}/webhooks/{webhook}/redeliveries"
        ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => webhooks::redeliver::handle;
    POST "/v1/clients/{client}/webhooks/{webhook}/replays"
        ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => webhooks::replay::handle;
    GET "/.well-known/openid-configuration"
        Auth::Anyone, PUBLIC, NOTHING, NO_COOKIES, AN_HOUR => oidc::configuration::handle;
    GET "/.well-known/jwks.json"
        Auth::Anyone, PUBLIC, NOTHING, NO_COOKIES, AN_HOUR => oidc::keys::handle;
    GET "/v1/forward-auth"
        Auth::Proxied, PUBLIC, NOTHING, AT_HOST, NO_STORE, query => host::forward_auth::handle;
    GET "/.countersign/sign-in"
        Auth::Proxied, PUBLIC, NOTHING, AT_HOST, NO_STORE, query => host::sign_in::handle;
    GET "/.countersign/callback"
        Auth::Proxied, PUBLIC, LONG, AT_HOST, NO_STORE, query => host::callback::handle;
    GET "/.countersign/sign-out"
        Auth::Proxied, PUBLIC, NOTHING, AT_HOST, NO_STORE => host::sign_out::handle;
    POST "/v1/oidc/authorizations"
        Auth::AnyoneOrSession, PUBLIC, NOTHING, PAGES, NO_STORE => oidc::authorize::handle;
    POST "/v1/oidc/token"
        Auth::ClientSecret, PUBLIC, LONG, NO_COOKIES, NO_STORE, form => oidc::redeem::handle;
    GET "/v1/oidc/userinfo"
        Auth::AccessToken, PUBLIC, NOTHING, NO_COOKIES, NO_STORE => oidc::userinfo::handle;
    POST "/v1/oidc/userinfo"
        Auth::AccessToken, PUBLIC, NOTHING, NO_COOKIES, NO_STORE, form
        => oidc::userinfo_by_post::handle;
    POST "/v1/oidc/session-ends"
        Auth::AnyoneOrSession, PUBLIC, NOTHING, PAGES, NO_STORE => oidc::end_session::handle;
    GET "/v1/operators" ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => operators::list::handle;
    POST "/v1/operators" ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => operators::add::handle;
    GET "/v1/operators/me" ANY, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => operators::me::handle;
    DELETE "/v1/operators/{operator}"
        ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => operators::disable::handle;
    GET "/v1/policy" ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE, query => policy::show::handle;
    PUT "/v1/policy" ADMIN, OPERATOR, NOTHING, NO_COOKIES, NO_STORE => policy::set::handle;
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
        let mut resource = web::resource(pattern(path));
        let allowed: Vec<Method> = rows.iter().map(|row| row.method.clone()).collect();
        for row in rows {
            let mut route = web::route().method(row.method.clone());
            if row.method == Method::GET {
                route = web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
            }
            resource = resource.route(route.to(
                move |request: HttpRequest, payload: web::Payload| async move {
                    let ask = Ask::read(row, request, payload).await?;
                    let mut answer = (row.handle)(ask).await?;
                    answer.extensions_mut().insert(row.cache);
                    Ok::<_, ProblemAnswer>(answer)
                },
            ));
        }
        let allowed = methods(&allowed);
        config.service(resource.default_service(web::to(move || {
            let refused = ProblemAnswer::method_not_allowed(&allowed).error_response();
            async move { refused }
        })));
    }
}

/// The methods that a path has on a listener, as `Allow` names them: those of pages where it is
/// none of the table.
pub(crate) fn allowed(listener: Listener, path: &str) -> String {
    let served = |row: &Row| row.on.contains(&listener);
    let found = by_path(served).into_iter().find(|(template, _)| fits(template, path));
    found.map_or_else(
        || methods(&[Method::GET]),
        |(_, rows)| methods(&rows.iter().map(|row| row.method.clone()).collect::<Vec<_>>()),
    )
}

/// A last parameter that holds slashes.
const TAIL: &str = "{tile}";
/// The same, as the router writes it.
const TAIL_PATTERN: &str = "{tile:.+}";

fn pattern(path: &str) -> String {
    path.replace(TAIL, TAIL_PATTERN)
}

/// Whether a path is one of a template: the same words, and something for each parameter.
#[must_use]
pub fn fits(template: &str, path: &str) -> bool {
    if let Some(begins) = template.strip_suffix(TAIL) {
        return path.strip_prefix(begins).is_some_and(|tail| !tail.is_empty());
    }
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(name), Some(part)) if name.starts_with('{') => {
                if part.is_empty() {
                    return false;
                }
            }
            (Some(word), Some(part)) if word == part => {}
            _ => return false,
        }
    }
}

/// A GET answers a HEAD too.
fn methods(of: &[Method]) -> String {
    let each = of.iter().flat_map(|method| match *method {
        Method::GET => vec!["GET", "HEAD"],
        _ => vec![method.as_str()],
    });
    each.collect::<Vec<_>>().join(", ")
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
            let of_staff = matches!(row.auth, Auth::Operator(_) | Auth::OperatorOrClient(..));
            assert!(!of_staff, "{}", row.path);
        }
    }

    /// GETs without a caller of their own: two documents, and what browsers are led through between
    /// a host and the portal, where what comes back must belong to a cookie of that host.
    const OPEN_GETS: [&str; 6] = [
        "/.countersign/callback",
        "/.countersign/sign-in",
        "/.countersign/sign-out",
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/v1/forward-auth",
    ];

    /// SR-067: what changes state is no GET.
    #[test]
    fn sr_067_no_get_takes_part_in_a_change() {
        for row in TABLE.iter().filter(|row| row.method == Method::GET) {
            assert!(
                matches!(
                    row.auth,
                    Auth::Session
                        | Auth::SignIn
                        | Auth::AccessToken
                        | Auth::SessionOrClient(Scope::HistoryRead)
                        | Auth::MailLink
                        | Auth::Client(Scope::EventsRead)
                        | Auth::Operator(_)
                        | Auth::OperatorOrClient(..)
                ) || OPEN_GETS.contains(&row.path),
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
