//! `docs/routes.md`: every call with what its row declares, for whoever reviews them.

use std::fmt::Write as _;

use super::declared::{Body, Csrf, Guesses};
use super::{Row, TABLE};
use crate::contract::kind::{Method, Role};
use crate::server::auth::Auth;
use crate::server::listener::Listener;

const HEAD: &str = "\
# Every call

Made from the table of routes by `countersign print routes`; do not edit. A call exists by standing
in that table, and a row that declares less does not compile. What each column says is what the
server does: cookies are read where it says so and nowhere else, `Cache-Control` is made from it,
and tests hold the guesses to the calls that compare a secret.

- **who**: what the caller must hold; in backquotes the scope that the API key of a client app
  needs, or the roles of which an operator must have one.
- **on**: the listeners that serve it.
- **guesses**: what somebody could guess by it. *Nothing* is compared but the caller's own token;
  *sets* one and compares none; *long* is a secret of 128 bits or more; *offer* is the first code of
  an authenticator on offer, which counts its own wrong ones; otherwise the methods of which the
  account counts every wrong one, over all calls.
- **cookies**: whether those of the portal count. *Own pages* alone may send them, with a header
  that no page of another origin can send; on the operators' listener they never count.
- **cache**: `Cache-Control` of a success; a problem is `no-store`.
- **takes**: the form of the body, and whether there is a query.

| call | who | on | guesses | cookies | cache | takes |
|---|---|---|---|---|---|---|
";

/// The page.
#[must_use]
pub(crate) fn page() -> String {
    let mut page = HEAD.to_owned();
    for row in TABLE {
        let Row { method, path, .. } = row;
        let (who, on, guesses) = (who(row.auth), on(row.on), guesses(row.guesses));
        let (cookies, cache, takes) = (cookies(row.csrf), row.cache.header(), takes(row));
        // Writing to a string never fails.
        let _ = writeln!(
            page,
            "| `{method} {path}` | {who} | {on} | {guesses} | {cookies} | `{cache}` | {takes} |"
        );
    }
    page
}

fn who(auth: Auth) -> String {
    match auth {
        Auth::Anyone => "anyone".to_owned(),
        Auth::AnyoneOrClient(scope) => format!("anyone; client `{}`", scope.as_str()),
        Auth::Client(scope) => format!("client `{}`", scope.as_str()),
        Auth::SignIn => "the sign-in of the path".to_owned(),
        Auth::MailLink => "the link of the path".to_owned(),
        Auth::SetupToken => "the setup token of the body".to_owned(),
        Auth::AnyoneOrSession => "anyone; session".to_owned(),
        Auth::ClientSecret => "client, by its id and a key".to_owned(),
        Auth::AccessToken => "client, by an access token".to_owned(),
        Auth::Proxied => "whoever a trusted proxy asks for".to_owned(),
        Auth::Session => "session".to_owned(),
        Auth::SessionOrClient(scope) => format!("session; client `{}`", scope.as_str()),
        Auth::Operator(roles) => operator(roles),
        Auth::OperatorOrClient(roles, scope) => {
            format!("{}; client `{}`", operator(roles), scope.as_str())
        }
    }
}

fn operator(roles: &[Role]) -> String {
    format!("operator {}", list(roles.iter().map(|role| format!("`{}`", role_name(*role)))))
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Support => "support",
        Role::Supervisor => "supervisor",
        Role::Auditor => "auditor",
        Role::Admin => "admin",
    }
}

fn on(listeners: &[Listener]) -> String {
    list(listeners.iter().map(|listener| listener.name().to_owned()))
}

fn guesses(guesses: Guesses) -> String {
    match guesses {
        Guesses::Nothing => "nothing".to_owned(),
        Guesses::Sets => "sets".to_owned(),
        Guesses::Long => "long".to_owned(),
        Guesses::Offer => "offer".to_owned(),
        Guesses::Counted(methods) => {
            list(methods.iter().map(|method| format!("`{}`", method_name(*method))))
        }
    }
}

const fn method_name(method: Method) -> &'static str {
    match method {
        Method::Password => "password",
        Method::Totp => "totp",
        Method::EmailCode => "email_code",
        Method::RecoveryCode => "recovery_code",
    }
}

const fn cookies(csrf: Csrf) -> &'static str {
    match csrf {
        Csrf::OwnPages => "own pages",
        Csrf::HostsCookies => "a host's",
        Csrf::NoCookies => "never",
    }
}

fn takes(row: &Row) -> String {
    let body = match (row.method.as_str(), row.body) {
        ("GET" | "DELETE", _) => None,
        (_, Body::Json) => Some("JSON"),
        (_, Body::Form) => Some("form"),
    };
    let query = row.query.then_some("query");
    match (body, query) {
        (None, None) => "-".to_owned(),
        _ => list([body, query].into_iter().flatten().map(str::to_owned)),
    }
}

fn list(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
