//! How an app says who it is: its id and one of its API keys, in a header or in the form, never in
//! both (RFC 6749, 2.3.1).

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use countersign_core::handle::ApiKey;
use countersign_events::id::ClientId;
use data_encoding::BASE64;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::form::Form;

const BASIC: &str = "Basic ";

/// What an app says of itself.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// An app and its key, well-formed.
    Given(ApiKey),
    /// None, or what is none.
    None,
    /// Twice.
    Twice,
}

/// Reads them.
pub(crate) fn credentials(headers: &HeaderMap, form: &Form) -> Credentials {
    let in_form = form.get("client_secret");
    let client = form.get("client_id");
    let mut lines = headers.get_all(AUTHORIZATION);
    let (id, key) = match (lines.next(), lines.next(), in_form) {
        (None, _, Some(key)) => (client.cloned(), Some(key.clone())),
        (Some(line), None, None) => {
            let Some((id, key)) = line.to_str().ok().and_then(basic) else {
                return Credentials::None;
            };
            if client.is_some_and(|client| *client != id) {
                return Credentials::None;
            }
            (Some(id), Some(key))
        }
        (None, _, None) => (None, None),
        (Some(line), None, Some(_)) if line.to_str().ok().and_then(basic).is_none() => (None, None),
        _ => return Credentials::Twice,
    };
    let given = id.zip(key).and_then(|(id, key)| {
        let id = ClientId::parse(&id).ok()?;
        ApiKey::parse(&key).ok().filter(|key| key.client() == id)
    });
    given.map_or(Credentials::None, Credentials::Given)
}

/// The two parts of a `Basic` header, each of which is written like a value of a form.
fn basic(line: &str) -> Option<(Zeroizing<String>, Zeroizing<String>)> {
    let (scheme, encoded) = line.split_at_checked(BASIC.len())?;
    if !scheme.eq_ignore_ascii_case(BASIC) {
        return None;
    }
    let decoded = Zeroizing::new(BASE64.decode(encoded.as_bytes()).ok()?);
    let (id, key) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((unescaped(id)?, unescaped(key)?))
}

fn unescaped(text: &str) -> Option<Zeroizing<String>> {
    let mut pairs = form_urlencoded::parse(text.as_bytes());
    let (text, nothing) = pairs.next()?;
    (nothing.is_empty() && pairs.next().is_none()).then(|| Zeroizing::new(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use uuid::Uuid;

    use super::*;

    const APP: u128 = 7;

    fn key() -> (String, String) {
        let client = ClientId::new(Uuid::from_u128(APP));
        (client.to_string(), ApiKey::new(client, &[9; 32]).reveal().to_string())
    }

    fn header(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let line = format!("Basic {}", BASE64.encode(text.as_bytes()));
        headers.append(AUTHORIZATION, HeaderValue::from_str(&line).unwrap());
        headers
    }

    fn is_given(headers: &HeaderMap, form: &str) -> bool {
        let form = Form::read(form.as_bytes()).unwrap();
        matches!(credentials(headers, &form), Credentials::Given(_))
    }

    #[test]
    fn an_app_says_who_it_is_in_one_place() {
        let (id, key) = key();
        let none = HeaderMap::new();
        let in_form = format!("client_id={id}&client_secret={key}");
        assert!(is_given(&none, &in_form));
        assert!(is_given(&header(&format!("{id}:{key}")), ""));
        assert!(is_given(&header(&format!("{}:{key}", id.replace('-', "%2D"))), ""));
        assert!(is_given(&header(&format!("{id}:{key}")), &format!("client_id={id}")));
        let other = Uuid::from_u128(APP + 1);
        for (headers, form) in [
            (none.clone(), String::new()),
            (none.clone(), format!("client_id={id}")),
            (none.clone(), format!("client_secret={key}")),
            (none, format!("client_id={other}&client_secret={key}")),
            (header(&format!("{other}:{key}")), String::new()),
            (header(&format!("{id}:{key}")), format!("client_id={other}")),
            (header(&id), String::new()),
            (header(&format!("{id}:{key}x")), String::new()),
        ] {
            assert!(!is_given(&headers, &form), "{form}");
        }
        let form = Form::read(in_form.as_bytes()).unwrap();
        let twice = credentials(&header(&format!("{id}:{key}")), &form);
        assert!(matches!(twice, Credentials::Twice));
    }
}
