//! What an app asks for, read: well-formed, or why it is not.

use std::collections::BTreeSet;

use countersign_core::accounts::{NONCE_CHARS, SCOPE_EMAIL, SCOPE_PROFILE};
use countersign_core::assertion;
use countersign_events::account::Assurance;
use countersign_events::id::Hash32;
use data_encoding::BASE64URL_NOPAD;
use jiff::SignedDuration;

use super::error;
use crate::contract::oidc::Authorize;

/// Characters of a `state`.
pub(crate) const STATE_CHARS_MAX: usize = 512;
/// The one kind of answer.
const RESPONSE_TYPE: &str = "code";
const RESPONSE_MODE: &str = "query";
/// The one way to make a challenge (RFC 7636): without it, whoever sees a grant could redeem it.
const CHALLENGE_METHOD: &str = "S256";
const SCOPE_OPENID: &str = "openid";

/// What an app asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) challenge: Hash32,
    pub(crate) nonce: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) assurance: Assurance,
    pub(crate) max_age: Option<SignedDuration>,
    pub(crate) prompt: BTreeSet<Prompt>,
}

/// What the page is to do with the holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Prompt {
    /// Nothing: answer at once.
    None,
    /// Have the holder sign in anew.
    Login,
    /// Ask the holder.
    Consent,
    /// Have the holder say who it is: sign in anew.
    SelectAccount,
}

/// An error and its description, for the app.
pub(crate) type NotAsked = (&'static str, &'static str);

/// Reads what an app asks for.
pub(crate) fn read(given: &Authorize) -> Result<Asked, NotAsked> {
    if given.request.is_some() {
        return Err((error::REQUEST_NOT_SUPPORTED, "request objects are not taken"));
    }
    if given.request_uri.is_some() {
        return Err((error::REQUEST_URI_NOT_SUPPORTED, "request objects are not taken"));
    }
    match given.response_type.as_deref() {
        Some(RESPONSE_TYPE) => {}
        None => return Err((error::INVALID_REQUEST, "response_type is missing")),
        Some(_) => return Err((error::UNSUPPORTED_RESPONSE_TYPE, "response_type must be code")),
    }
    if given.response_mode.as_deref().is_some_and(|mode| mode != RESPONSE_MODE) {
        return Err((error::INVALID_REQUEST, "response_mode must be query"));
    }
    Ok(Asked {
        challenge: challenge(given)?,
        nonce: nonce(given)?,
        scopes: scopes(given)?,
        assurance: assurance(given),
        max_age: max_age(given)?,
        prompt: prompt(given)?,
    })
}

fn challenge(given: &Authorize) -> Result<Hash32, NotAsked> {
    let challenge = given.code_challenge.as_deref();
    let challenge = challenge.ok_or((error::INVALID_REQUEST, "code_challenge is missing"))?;
    if given.code_challenge_method.as_deref() != Some(CHALLENGE_METHOD) {
        return Err((error::INVALID_REQUEST, "code_challenge_method must be S256"));
    }
    let bytes = BASE64URL_NOPAD.decode(challenge.as_bytes()).ok();
    let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let malformed = (error::INVALID_REQUEST, "code_challenge must be 43 base64url characters");
    bytes.map(Hash32::new).ok_or(malformed)
}

fn nonce(given: &Authorize) -> Result<Option<String>, NotAsked> {
    let Some(nonce) = &given.nonce else { return Ok(None) };
    let is_plain = !nonce.chars().any(char::is_control);
    if NONCE_CHARS.contains(&nonce.chars().count()) && is_plain {
        return Ok(Some(nonce.clone()));
    }
    Err((error::INVALID_REQUEST, "nonce must be 1 to 255 characters"))
}

/// Those that are known here; others are ignored (OpenID Connect Core 1.0, 3.1.2.1).
fn scopes(given: &Authorize) -> Result<Vec<String>, NotAsked> {
    let asked: BTreeSet<&str> = given.scope.as_deref().unwrap_or_default().split(' ').collect();
    if !asked.contains(SCOPE_OPENID) {
        return Err((error::INVALID_SCOPE, "scope must contain openid"));
    }
    let known = [SCOPE_OPENID, SCOPE_PROFILE, SCOPE_EMAIL].into_iter();
    Ok(known.filter(|scope| asked.contains(scope)).map(str::to_owned).collect())
}

/// The weakest of those that are named: each of them is enough. What is unknown is ignored, and the
/// app reads in `acr` what it got.
fn assurance(given: &Authorize) -> Assurance {
    let named = given.acr_values.as_deref().unwrap_or_default().split(' ');
    named.filter_map(assertion::assurance).min().unwrap_or(Assurance::Password)
}

fn max_age(given: &Authorize) -> Result<Option<SignedDuration>, NotAsked> {
    let Some(text) = &given.max_age else { return Ok(None) };
    let seconds: Option<u32> =
        text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let seconds = seconds.ok_or((error::INVALID_REQUEST, "max_age must be a number of seconds"))?;
    Ok(Some(SignedDuration::from_secs(i64::from(seconds))))
}

fn prompt(given: &Authorize) -> Result<BTreeSet<Prompt>, NotAsked> {
    let words =
        given.prompt.as_deref().unwrap_or_default().split(' ').filter(|word| !word.is_empty());
    let mut prompt = BTreeSet::new();
    for word in words {
        prompt.insert(match word {
            "none" => Prompt::None,
            "login" => Prompt::Login,
            "consent" => Prompt::Consent,
            "select_account" => Prompt::SelectAccount,
            _ => return Err((error::INVALID_REQUEST, "prompt is unknown")),
        });
    }
    if prompt.contains(&Prompt::None) && prompt.len() > 1 {
        return Err((error::INVALID_REQUEST, "prompt none stands alone"));
    }
    Ok(prompt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Authorize {
        let text = |text: &str| Some(text.to_owned());
        Authorize {
            client_id: "shop".to_owned(),
            redirect_uri: "https://shop.example/cb".to_owned(),
            response_type: text("code"),
            scope: text("openid email address"),
            code_challenge: text("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            code_challenge_method: text("S256"),
            ..Authorize::default()
        }
    }

    #[test]
    fn what_is_well_formed_is_read() {
        let asked = read(&good()).unwrap();
        assert_eq!(asked.scopes, ["openid", "email"]);
        assert_eq!((asked.assurance, asked.max_age), (Assurance::Password, None));
        let two = "urn:countersign:acr:two_factor urn:countersign:acr:email_code urn:other";
        let given = Authorize {
            acr_values: Some(two.to_owned()),
            max_age: Some("0".to_owned()),
            prompt: Some("login consent".to_owned()),
            ..good()
        };
        let asked = read(&given).unwrap();
        assert_eq!(asked.assurance, Assurance::EmailCode);
        assert_eq!(asked.max_age, Some(SignedDuration::ZERO));
        assert_eq!(asked.prompt, [Prompt::Login, Prompt::Consent].into());
    }

    /// RFC 9700, 2.1.1: nobody is granted anything without a challenge, nor with a plain one.
    #[test]
    fn what_is_not_well_formed_has_its_error() {
        type Change = fn(&mut Authorize);
        let cases: [(Change, &str); 16] = [
            (|it| it.response_type = None, error::INVALID_REQUEST),
            (|it| it.response_type = Some("token".into()), error::UNSUPPORTED_RESPONSE_TYPE),
            (
                |it| it.response_type = Some("code id_token".into()),
                error::UNSUPPORTED_RESPONSE_TYPE,
            ),
            (|it| it.response_mode = Some("fragment".into()), error::INVALID_REQUEST),
            (|it| it.scope = None, error::INVALID_SCOPE),
            (|it| it.scope = Some("profile".into()), error::INVALID_SCOPE),
            (|it| it.code_challenge = None, error::INVALID_REQUEST),
            (|it| it.code_challenge = Some("short".into()), error::INVALID_REQUEST),
            (|it| it.code_challenge_method = None, error::INVALID_REQUEST),
            (|it| it.code_challenge_method = Some("plain".into()), error::INVALID_REQUEST),
            (|it| it.nonce = Some(String::new()), error::INVALID_REQUEST),
            (|it| it.nonce = Some("n".repeat(256)), error::INVALID_REQUEST),
            (|it| it.max_age = Some("-1".into()), error::INVALID_REQUEST),
            (|it| it.prompt = Some("none login".into()), error::INVALID_REQUEST),
            (|it| it.request = Some("eyJ".into()), error::REQUEST_NOT_SUPPORTED),
            (|it| it.request_uri = Some("https://x".into()), error::REQUEST_URI_NOT_SUPPORTED),
        ];
        for (change, error) in cases {
            let mut given = good();
            change(&mut given);
            assert_eq!(read(&given).unwrap_err().0, error, "{given:?}");
        }
    }
}
