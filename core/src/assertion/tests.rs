//! Assertions are signed with the key of their time, and nothing else reads as one.

use super::*;
use crate::entropy::OsEntropy;
use crate::vault::Keyring;

fn keyring() -> (tempfile::TempDir, Keyring) {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Keyring::open_or_create(&dir.path().join("keys"), &OsEntropy).unwrap();
    (dir, keyring)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn claims(at: Timestamp) -> Claims {
    let (iat, exp) = Claims::times(at);
    Claims {
        iss: "https://id.example".to_owned(),
        sub: "5f0a".to_owned(),
        aud: "shop".to_owned(),
        iat,
        exp,
        auth_time: iat - 10,
        acr: acr(Assurance::TwoFactor).to_owned(),
        amr: vec!["pwd".to_owned(), "otp".to_owned(), "mfa".to_owned()],
        nonce: Some("n-0S6_WzA2Mj".to_owned()),
        at_hash: None,
    }
}

#[test]
fn an_assertion_reads_back_and_is_the_same_when_made_again() {
    let (_dir, keyring) = keyring();
    let key = AssertionKey::at(&keyring, at(0)).unwrap();
    let text = key.sign(&claims(at(0))).unwrap();
    assert_eq!(text, AssertionKey::at(&keyring, at(1)).unwrap().sign(&claims(at(0))).unwrap());
    let keys = published(&keyring, at(0)).unwrap();
    assert_eq!(read(&text, &keys), Ok(claims(at(0))));
    assert_eq!(claims(at(0)).exp - claims(at(0)).iat, 300);
}

/// Known before it signs, and known until nothing that it signed is good any more.
#[test]
fn a_key_is_published_a_period_before_and_after_it_signs() {
    let (_dir, keyring) = keyring();
    let period = KEY_PERIOD.as_secs();
    let key = AssertionKey::at(&keyring, at(0)).unwrap();
    let is_published = |second: i64| {
        published(&keyring, at(second)).unwrap().iter().any(|one| one.kid == key.id())
    };
    assert_ne!(AssertionKey::at(&keyring, at(period)).unwrap().id(), key.id());
    assert!([-period, 0, period].into_iter().all(is_published));
    assert!(![-2 * period, 2 * period].into_iter().any(is_published));
}

/// SR-135: one algorithm, one type, our keys, these bytes.
#[test]
fn sr_135_nothing_else_reads_as_an_assertion() {
    let (_dir, ours) = keyring();
    let (_other_dir, theirs) = keyring();
    let key = AssertionKey::at(&ours, at(0)).unwrap();
    let keys = published(&ours, at(0)).unwrap();
    let text = key.sign(&claims(at(0))).unwrap();
    let [header, body, signature] =
        <[&str; 3]>::try_from(text.split('.').collect::<Vec<_>>()).unwrap();
    let encoded = |json: &str| BASE64URL_NOPAD.encode(json.as_bytes());
    let resigned = |header: &str, body: &str| {
        let signed = format!("{}.{}", encoded(header), encoded(body));
        let signature = BASE64URL_NOPAD.encode(&key.sign_bytes(signed.as_bytes()));
        format!("{signed}.{signature}")
    };
    let said = serde_json::to_string(&claims(at(0))).unwrap();
    let kid = key.id();
    let good = resigned(&format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"JWT"}}"#), &said);
    assert!(read(&good, &keys).is_ok(), "the corpus is signed like a good one");
    let other_claims = encoded(&said.replace("shop", "bank"));
    let public = BASE64URL_NOPAD.encode(keys[1].x.as_bytes());
    let corpus = [
        String::new(),
        "..".to_owned(),
        text.replace('.', ""),
        format!("{header}.{body}."),
        format!("{header}.{body}"),
        format!("{text}.{signature}"),
        format!("{header}.{other_claims}.{signature}"),
        format!("{header}.{body}.{public}"),
        format!("{}.{body}.", encoded(r#"{"alg":"none","typ":"JWT"}"#)),
        resigned(&format!(r#"{{"alg":"none","kid":"{kid}","typ":"JWT"}}"#), &said),
        resigned(&format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"JWT"}}"#), &said),
        resigned(&format!(r#"{{"alg":"RS256","kid":"{kid}","typ":"JWT"}}"#), &said),
        resigned(&format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"at+jwt"}}"#), &said),
        resigned(&format!(r#"{{"alg":"ES256","kid":"{kid}x","typ":"JWT"}}"#), &said),
        resigned(&format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#), &said),
        resigned(&format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"JWT","jku":"x"}}"#), &said),
        AssertionKey::at(&theirs, at(0)).unwrap().sign(&claims(at(0))).unwrap(),
        format!("{text}{}", "A".repeat(ASSERTION_CHARS_MAX)),
    ];
    for bad in corpus {
        assert_eq!(read(&bad, &keys), Err(InvalidAssertion), "{bad}");
    }
    let after = published(&ours, at(2 * KEY_PERIOD.as_secs())).unwrap();
    assert_eq!(read(&text, &after), Err(InvalidAssertion), "its key is gone");
}

/// SR-132: what was proven has one name, and another name is none.
#[test]
fn sr_132_an_assurance_has_one_name() {
    for one in [Assurance::Password, Assurance::EmailCode, Assurance::TwoFactor] {
        assert_eq!(assurance(acr(one)), Some(one));
    }
    assert_eq!(assurance("urn:countersign:acr:mfa"), None);
}

/// OpenID Connect Core 1.0, A.3: the example's access token.
#[test]
fn the_hash_of_a_token_is_that_of_the_standard() {
    assert_eq!(token_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
}
