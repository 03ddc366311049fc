//! The typed client as a back end uses it: every call that a client app may make, with its own key.

use countersign_api::client::{AccountRef, Client};
use countersign_api::contract::account::{RegisterRequest, RegisterSubject};
use countersign_api::contract::factor::{ActivateFactor, BeginFactor};
use countersign_api::contract::kind::{Assurance, CodeMethod, FactorKind};
use countersign_api::contract::page::PageQuery;
use countersign_api::contract::problem::ProblemCode;
use countersign_api::contract::secret::Secret;
use countersign_api::contract::sign_in::{
    Answer, Context, FirstFactor, SignInOutcome, SignInRequest, VouchedSignIn,
};
use countersign_api::server::listener::Listener;
use countersign_tests::app::{PASSWORD, Person, STEP, TestApp};
use serde_json::json;

const SUBJECT: &str = "customer/4711 \u{e4}";
const KEY: &str = "4711-2026-11-30T20:15:00Z";

fn vouched() -> SignInRequest {
    SignInRequest::Vouched(VouchedSignIn {
        subject: SUBJECT.to_owned(),
        first_factor: FirstFactor::Vouched,
        context: Context {
            ip: "192.0.2.7".to_owned(),
            user_agent: Some("a browser".to_owned()),
            device: None,
        },
        nonce: None,
    })
}

/// SR-066: an app makes an account, enrols an authenticator, vouches and asks for the code; sent
/// again with its key, the sign-in is the same one.
#[test]
fn sr_066_a_client_app_goes_its_whole_way_with_the_typed_client() {
    TestApp::run(async |app| {
        let key = app.client_app().await;
        let base = format!("http://{}", app.address(Listener::Public));
        let client = Client::new(&base).unwrap().with_bearer(Secret::new(key.as_str()));
        let customer = AccountRef::Subject(SUBJECT.to_owned());
        let missing = client.account(&customer).await.unwrap_err();
        assert_eq!(missing.code(), Some(ProblemCode::NotFound));

        let account = RegisterSubject {
            subject: SUBJECT.to_owned(),
            email: Some("ana@example.org".to_owned()),
            email_verified: true,
            display_name: Some("Ana".to_owned()),
        };
        let made = client.register(&RegisterRequest::Subject(account)).await.unwrap();
        let asked = BeginFactor { kind: FactorKind::Totp, name: "phone".into(), password: None };
        let offered = client.begin_factor(&customer, &asked).await.unwrap();
        for secret in [&offered.secret, &offered.otpauth_uri] {
            app.plant("an offer", secret.reveal().as_bytes());
        }
        let secret = offered.secret.reveal().to_owned();
        let ana = Person { secret, ..Person::default() };
        let code = ActivateFactor { code: Secret::new(app.code(&ana)) };
        let by_id = AccountRef::Id(made.account_id);
        let activated = client.activate_factor(&by_id, offered.factor_id, &code).await.unwrap();
        assert_eq!(activated.recovery_codes.map(|codes| codes.len()), Some(10));
        assert!(activated.session.is_none(), "a session is the person's own");

        app.pass(STEP).await;
        let begin = || client.sign_in(&vouched()).idempotency_key(KEY);
        let (first, again) = (begin().await.unwrap(), begin().await.unwrap());
        assert_eq!(first, again);
        let SignInOutcome::SecondFactorRequired { id, methods, .. } = first else {
            panic!("no code was asked for")
        };
        app.plant("a sign-in", id.reveal().as_bytes());
        assert_eq!(methods[0].method, CodeMethod::Totp);
        let code = Secret::new(app.code(&ana));
        let answer = Answer { method: CodeMethod::Totp, factor_id: None, code };
        let done = client.answer(&id, &answer).await.unwrap();
        let SignInOutcome::Completed { session, .. } = done else { panic!("the code was right") };
        app.plant("a session", session.token.reveal().as_bytes());
        assert_eq!(session.assurance, Assurance::TwoFactor);
        let used = client.answer(&id, &answer).await.unwrap_err();
        assert_eq!(used.code(), Some(ProblemCode::AuthenticationFailed));

        assert_eq!(client.account(&customer).await.unwrap().factors.len(), 1);
        let page = PageQuery { cursor: None, limit: Some(200) };
        let history = client.history(&by_id, page).await.unwrap();
        let types: Vec<_> = history.items.iter().map(|event| event.event_type.as_str()).collect();
        assert!(types.contains(&"account.code_verified"), "{types:?}");
    });
}

/// Of the two bodies that registering and signing in take, each is for one kind of caller.
#[test]
fn a_persons_body_is_no_apps_and_an_apps_is_no_persons() {
    TestApp::run(async |app| {
        let key = app.client_app().await;
        let vouched = serde_json::to_value(vouched()).unwrap();
        let person = json!({ "login": "ana", "email": "a@example.com", "password": PASSWORD });
        let password = json!({ "login": "ana", "password": PASSWORD });
        for (path, of_app, of_person) in [
            ("/v1/accounts", &json!({ "subject": "a" }), &person),
            ("/v1/sign-ins", &vouched, &password),
        ] {
            assert_eq!(app.post(path, of_app).await.is(401).text_at("/code"), "unauthenticated");
            let refused = app.post(path, of_person).bearer(&key).await.is(403);
            assert!(refused.text_at("/detail").contains("`subject`"), "{:?}", refused.face());
        }
    });
}
