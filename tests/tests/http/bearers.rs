//! SR-135: whatever somebody holds of ours is opaque: a number that the log knows by its hash, or
//! knows nothing of. Nothing that describes itself, and nothing that is nearly the right thing, is
//! taken anywhere, and every refusal is the one that nobody's would get.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_events::account::AccountEvent;
use countersign_tests::app::{Answered, PASSWORD, Person, TestApp};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::acts::{prove, totp};
use super::back_in::{ask_for_reset, confirmed, link};
use super::cookies::{DEVICE, SIGN_IN, as_page, at_device, cookie, with_cookies};
use super::documented::{NOBODYS_HANDLE, NOBODYS_LINK};

/// Bytes of the owner's id at the head of a handle, and of the account's in a link.
const OWNER_BYTES: usize = 16;
/// Letters that a link is written in, by half bytes.
const LETTERS: &[u8; 16] = b"abcdefghijklmnop";
/// The block of SHA-256.
const BLOCK_BYTES: usize = 64;

/// HMAC-SHA-256 (RFC 2104), so that the forged tokens are as well made as they can be.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut padded =
        if key.len() > BLOCK_BYTES { Sha256::digest(key).to_vec() } else { key.into() };
    padded.resize(BLOCK_BYTES, 0);
    let with = |pad: u8| padded.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
    let inner = Sha256::digest([&with(0x36), text].concat());
    Sha256::digest([with(0x5c), inner.to_vec()].concat()).to_vec()
}

fn part(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

/// Tokens that describe themselves, for an account: signed by nobody, by a key that everybody has,
/// by the wrong kind of key, for somebody else, for another use, over, and not yet.
fn self_made(account: &str, public_key: &[u8]) -> Vec<String> {
    let claims = |changes: Value| {
        let mut claims = json!({
            "iss": "countersign", "sub": account, "aud": "countersign", "iat": 1_795_000_000,
            "exp": 4_000_000_000_u64, "acr": "two_factor", "amr": ["pwd", "otp", "mfa"],
            "assurance": "two_factor", "scope": "accounts:write sign_ins:vouch"
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    };
    let signed = |header: Value, claims: &Value, key: &[u8]| {
        let text = format!("{}.{}", part(&header), part(claims));
        let mac = BASE64URL_NOPAD.encode(&hmac(key, text.as_bytes()));
        format!("{text}.{mac}")
    };
    let good = claims(json!({}));
    let mut made = vec![];
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let text = format!("{}.{}", part(&json!({ "alg": alg, "typ": "JWT" })), part(&good));
        made.extend([format!("{text}."), text]);
    }
    let hs = json!({ "alg": "HS256", "typ": "JWT" });
    for key in [b"".as_slice(), b"secret", account.as_bytes(), public_key] {
        made.push(signed(hs.clone(), &good, key));
        // What says that it is signed and is only authenticated, with the key that is public.
        for alg in ["RS256", "ES256", "EdDSA"] {
            made.push(signed(json!({ "alg": alg, "typ": "JWT" }), &good, key));
        }
    }
    // A signature of zeros is right for every message where nobody looks for it.
    let zeros = BASE64URL_NOPAD.encode(&[0; 64]);
    made.push(format!("{}.{}.{zeros}", part(&json!({ "alg": "ES256" })), part(&good)));
    for header in [
        json!({ "alg": "HS256", "typ": "at+jwt" }),
        json!({ "alg": "HS256", "typ": "logout+jwt" }),
        json!({ "alg": "HS256", "kid": "../../../../dev/null" }),
        json!({ "alg": "HS256", "jku": "https://evil.example/keys" }),
        json!({ "alg": "HS256", "jwk": { "kty": "oct", "k": "" } }),
        json!({ "alg": "HS256", "crit": ["exp"], "b64": false }),
    ] {
        made.push(signed(header, &good, b""));
    }
    for changes in [
        json!({ "aud": "another app" }),
        json!({ "aud": null }),
        json!({ "exp": 1 }),
        json!({ "exp": null }),
        json!({ "nbf": 4_000_000_000_u64 }),
        json!({ "iss": "https://evil.example" }),
        json!({ "sub": "*" }),
    ] {
        made.push(signed(hs.clone(), &claims(changes), b""));
    }
    made
}

/// A text of ours as bytes, and bytes as a text of the same kind.
#[derive(Debug, Clone, Copy)]
enum Form {
    Handle,
    Link,
}

impl Form {
    fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Self::Handle => BASE64URL_NOPAD.decode(text.as_bytes()).unwrap(),
            Self::Link => {
                let halves: Vec<u8> = text.bytes().map(|letter| letter - b'a').collect();
                halves.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
            }
        }
    }

    fn text(self, bytes: &[u8]) -> String {
        match self {
            Self::Handle => BASE64URL_NOPAD.encode(bytes),
            Self::Link => bytes
                .iter()
                .flat_map(|byte| [byte >> 4, byte & 15])
                .map(|half| char::from(LETTERS[usize::from(half)]))
                .collect(),
        }
    }
}

/// What is nearly right: a bit off, too short, too long, of another kind, of somebody else.
fn nearly(form: Form, right: &str, foreign: &str, other_kinds: &[String]) -> Vec<String> {
    let bytes = form.bytes(right);
    let mut made = vec![];
    for (index, bit) in (0..bytes.len()).zip([0, 3, 7].into_iter().cycle()) {
        let mut flipped = bytes.clone();
        flipped[index] ^= 1 << bit;
        made.push(form.text(&flipped));
    }
    for length in [1, OWNER_BYTES, right.len() / 2, right.len() - 4, right.len() - 1] {
        made.push(right[..length].to_owned());
    }
    let (filler, one) = if matches!(form, Form::Link) { ("aaaa", "a") } else { ("AAAA", "A") };
    made.extend([format!("{right}{filler}"), format!("{right}{one}"), format!("{filler}{right}")]);
    made.extend([format!("{right}="), format!("{right}."), right.to_uppercase()]);
    let theirs = form.bytes(foreign);
    made.push(form.text(&[&bytes[..OWNER_BYTES], &theirs[OWNER_BYTES..]].concat()));
    made.push(form.text(&[&theirs[..OWNER_BYTES], &bytes[OWNER_BYTES..]].concat()));
    made.push(form.text(&bytes.iter().rev().copied().collect::<Vec<_>>()));
    made.extend(other_kinds.iter().filter(|other| *other != right).cloned());
    made.retain(|text| text != right);
    made
}

/// A kind of thing that somebody holds, and how it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Session,
    SignIn,
    ApiKey,
    Setup,
    Reset,
    Objection,
    Unlock,
}

/// Those of which somebody holds one here: a link to unlock comes of a hundred wrong passwords.
const KINDS: [Kind; 6] =
    [Kind::Session, Kind::SignIn, Kind::ApiKey, Kind::Setup, Kind::Reset, Kind::Objection];

impl Kind {
    const fn form(self) -> Form {
        match self {
            Self::Session | Self::SignIn | Self::ApiKey | Self::Setup => Form::Handle,
            Self::Reset | Self::Objection | Self::Unlock => Form::Link,
        }
    }

    const fn nobodys(self) -> &'static str {
        match self.form() {
            Form::Handle => NOBODYS_HANDLE,
            Form::Link => NOBODYS_LINK,
        }
    }

    /// Shows it, where all else is right.
    async fn show(self, app: &TestApp, marlene: &Person, held: &str) -> Answered {
        let password = json!({ "password": "seven of his donkeys" });
        match self {
            Self::Session => app.get("/v1/session").bearer(held).await,
            Self::SignIn => {
                let path = format!("/v1/sign-ins/{held}/answers");
                app.post(path, &totp(app, marlene)).await
            }
            Self::ApiKey => {
                let body = json!({ "subject": "somebody-of-the-app" });
                app.post("/v1/accounts", &body).bearer(held).await
            }
            Self::Setup => {
                // Not kept in mind as a secret: what is made up here stands in other places too.
                let body = json!({ "setup_token": held, "password": PASSWORD }).to_string();
                app.post("/v1/setup", &json!({})).bytes(body.into_bytes()).await
            }
            Self::Reset => app.post(format!("/v1/password-resets/{held}"), &password).await,
            Self::Objection => app.post(format!("/v1/objections/{held}"), &json!({})).await,
            Self::Unlock => app.post(format!("/v1/unlocks/{held}"), &json!({})).await,
        }
    }
}

/// What somebody holds of each kind.
async fn holdings(app: &TestApp, admin: &mut Person, name: &str) -> (Person, Vec<String>) {
    let person = confirmed(app, &format!("{name}.holds")).await;
    let session = app.enter(&person).await;
    app.pass(countersign_tests::app::STEP).await;
    let sign_in = app.begin(&person).await;
    // Adding an operator wants a second factor that was just proven.
    let proven = prove(app, &admin.token, &totp(app, admin)).await.is(200);
    admin.token = proven.text_at("/session/token");
    let body = json!({ "login": format!("operator.{name}"), "role": "support" });
    let added = app.post("/v1/operators", &body).on(Listener::Operator).bearer(&admin.token);
    let setup = added.await.is(201).text_at("/setup_token");
    app.plant("setup token", setup.as_bytes());
    ask_for_reset(app, &person.login).await.is(202);
    let reset = link(app, &person.email, "A new password").await;
    let objection = link(app, &person.email, "signed in to").await;
    let key = app.client_app().await;
    (person, vec![session, sign_in, key, setup, reset, objection])
}

/// SR-135, AT-22, AT-42: at every kind of bearer, what describes itself and what is nearly right is
/// refused as nobody's is; and what is right was there to be taken all the time.
#[test]
fn sr_135_nothing_but_the_very_thing_is_taken_and_every_refusal_is_nobodys() {
    TestApp::run(async |app| {
        let mut admin = app.operator("operator.admin", Role::Admin).await;
        let (_, theirs) = holdings(app, &mut admin, "erika").await;
        let (marlene, held) = holdings(app, &mut admin, "marlene").await;
        let forged = self_made(&marlene.account, &app.log_public_key());
        let shown = KINDS.into_iter().zip(held.iter().zip(&theirs));
        let unlock = (Kind::Unlock, (&held[4], &theirs[4]));
        for (kind, (right, foreign)) in shown.chain([unlock]) {
            let generic = kind.show(app, &marlene, kind.nobodys()).await;
            assert_eq!(generic.status, 401, "{kind:?}: {:?}", generic.face());
            let nearly = nearly(kind.form(), right, foreign, &held);
            assert!(nearly.len() > 50, "{kind:?}");
            let other = (kind == Kind::Unlock).then_some(right);
            for text in nearly.iter().chain(&forged).chain(other) {
                let refused = kind.show(app, &marlene, text).await;
                assert_eq!(refused.face(), generic.face(), "{kind:?} {text}");
            }
        }
        // None of it was a guess, and each of them still does what it is for.
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), 0);
        for (kind, right) in KINDS.into_iter().zip(&held) {
            let taken = kind.show(app, &marlene, right).await;
            assert!(taken.status < 300, "{kind:?}: {:?}", taken.face());
        }
    });
}

/// SR-135, SR-133, AT-42: a device that shows any of it is a stranger's.
#[test]
fn sr_135_at_42_what_is_nearly_a_device_is_a_stranger() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.device").await;
        let erika = app.person("erika.device").await;
        let mut cookies = vec![];
        for person in [&marlene, &erika] {
            app.pass(countersign_tests::app::STEP).await;
            let begun = as_page(app, app.sign_in(&person.login, PASSWORD)).await.is(200);
            let waiting = cookie(&begun, SIGN_IN).unwrap();
            app.plant("sign-in cookie", waiting.as_bytes());
            let path = format!("/v1/sign-ins/{}/answers", begun.text_at("/id"));
            let call = as_page(app, app.post(path, &totp(app, person)));
            let entered = with_cookies(call, "", &waiting).await.is(200);
            cookies.push(cookie(&entered, DEVICE).unwrap());
        }
        let [own, foreign] = cookies.try_into().unwrap();
        let kinds = [marlene.token.clone()];
        let mut tried = nearly(Form::Handle, &own, &foreign, &kinds);
        tried.extend(self_made(&marlene.account, &app.log_public_key()));
        // Several devices are written with dots between them: what stays right is right.
        tried.retain(|text| text.split('.').all(|one| one != own));
        for text in &tried {
            let call = as_page(app, app.sign_in(&marlene.login, PASSWORD));
            at_device(call, text).await.is(200);
        }
        let call = as_page(app, app.sign_in(&marlene.login, PASSWORD));
        at_device(call, &own).await.is(200);
        let known: Vec<bool> = app
            .events(&marlene.account)
            .iter()
            .filter_map(|event| match event {
                AccountEvent::PasswordVerified(verified) => verified.sign_in.as_ref(),
                _ => None,
            })
            .map(|opened| opened.device.is_some())
            .collect();
        let strangers = known.iter().filter(|known| !**known).count();
        assert_eq!(strangers, tried.len() + 1, "and the first time");
        assert_eq!(known.last(), Some(&true), "the thing itself is known");
    });
}
