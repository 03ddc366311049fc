//! Who asks: bearer tokens, and what each route wants of them.
//!
//! A session token, an API key, a setup token and a sign-in id are different things. They look
//! alike, and a route reads a bearer only as the kind that it wants, so that a sign-in id is never
//! taken for a session (SR-056); the hashes of the kinds differ too, so the core would not find it.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use zeroize::Zeroizing;

use super::problem::ProblemAnswer;
use crate::contract::kind::{Role, Scope};

/// The scheme of every token.
const SCHEME: &str = "Bearer ";

/// What a route wants of its caller. Every route of the table has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Anyone.
    Anyone,
    /// Anyone without a bearer; with one, a client app whose key has the scope.
    AnyoneOrClient(Scope),
    /// Whoever holds the sign-in id of the path.
    SignIn,
    /// Whoever holds the token of the path, which a mail carried.
    MailLink,
    /// Whoever holds the setup token of the body.
    SetupToken,
    /// Anyone; with a session, its holder.
    AnyoneOrSession,
    /// A client app, by its id and one of its keys, as OAuth has it (RFC 6749, 2.3.1).
    ClientSecret,
    /// A client app, by the token that a redeemed grant led to.
    AccessToken,
    /// Whoever a trusted proxy asks for, by what the browser holds at a host.
    Proxied,
    /// A session.
    Session,
    /// A client app whose key has the scope.
    Client(Scope),
    /// A session for `me`; a client app with the scope for an account that it made.
    SessionOrClient(Scope),
    /// An operator of one of these roles.
    Operator(&'static [Role]),
    /// An operator of one of these roles, or a client app whose key has the scope.
    OperatorOrClient(&'static [Role], Scope),
}

/// The bearer of a request, if it has one.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<Zeroizing<String>>, ProblemAnswer> {
    let mut lines = headers.get_all(AUTHORIZATION);
    let line = match (lines.next(), lines.next()) {
        (None, _) => return Ok(None),
        (Some(line), None) => line,
        (Some(_), Some(_)) => return Err(ProblemAnswer::unauthenticated()),
    };
    let text = line.to_str().map_err(|_| ProblemAnswer::unauthenticated())?;
    match text.split_at_checked(SCHEME.len()) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(SCHEME) => {
            Ok(Some(Zeroizing::new(token.to_owned())))
        }
        _ => Err(ProblemAnswer::unauthenticated()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn read(lines: &[&str]) -> Result<Option<String>, ()> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, HeaderValue::from_str(line).unwrap());
        }
        bearer(&headers).map(|found| found.map(|text| text.to_string())).map_err(|_| ())
    }

    #[test]
    fn exactly_one_bearer_is_read() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["Bearer abc"]), Ok(Some("abc".into())));
        assert_eq!(read(&["bearer abc"]), Ok(Some("abc".into())));
        assert_eq!(read(&["Bearer abc", "Bearer abd"]), Err(()));
        assert_eq!(read(&["Basic abc"]), Err(()));
        assert_eq!(read(&["Bearer"]), Err(()));
    }
}
