//! The same key gives the same answer; the same key with something else is refused (SR-066).

use countersign_core::accounts::answer::SignedIn;
use countersign_core::accounts::request::{Asker, BeginFactor, CodeAnswer, Proof};
use countersign_core::domain::policy::IDEMPOTENCY_TTL;
use countersign_core::domain::refusal::Refusal;
use countersign_events::account::Method;
use futures::future::join_all;
use jiff::SignedDuration;

use super::house::{
    House, PASSWORD, STEP, completed, no, password_of, registration, run, text, yes,
};

const KEY: &str = "0123456789abcdefghijkl";

#[test]
fn sr_066_a_repeated_registration_meets_the_account_it_made() {
    run(async {
        let house = House::new().await;
        let register = |login: &str, body: &str| {
            let call = house.keyed(KEY, "POST /v1/accounts", body);
            let (accounts, ask) = (house.accounts.clone(), registration(login));
            async move { accounts.register(&call, ask).await }
        };
        let first = yes(register("mike", "a").await);
        assert_eq!(yes(register("mike", "a").await), first);
        assert_eq!(no(register("mike", "b").await), Refusal::IdempotencyKeyReused);
        assert_eq!(no(register("anna", "b").await), Refusal::IdempotencyKeyReused);
        // The refused one claimed nothing: anna's login is free, and no second name of mike.
        assert_eq!(no(house.sign_in("anna", PASSWORD).await), Refusal::AuthenticationFailed);
        assert_ne!(house.register("anna").await, first);
    });
}

/// Two at once, neither of which the other can have seen: one registers, the other claims nothing.
#[test]
fn sr_066_one_key_with_two_logins_at_once_registers_one_of_them() {
    run(async {
        let house = House::new().await;
        for round in 0..20 {
            let key = format!("a key of at least 22 letters {round}");
            let logins = [format!("mike{round}"), format!("anna{round}")];
            let register = |login: &str| {
                let call = house.keyed(&key, "POST /v1/accounts", login);
                let (accounts, ask) = (house.accounts.clone(), registration(login));
                async move { accounts.register(&call, ask).await.unwrap() }
            };
            let answers = futures::join!(register(&logins[0]), register(&logins[1]));
            let loser = match answers {
                (Ok(_), Err(refusal)) => (&logins[1], refusal),
                (Err(refusal), Ok(_)) => (&logins[0], refusal),
                other => panic!("round {round}: {other:?}"),
            };
            assert_eq!(loser.1, Refusal::IdempotencyKeyReused, "round {round}");
            house.register(loser.0).await;
        }
    });
}

/// A key is remembered for 24 hours; after that it is a new one, and makes an account of its own.
#[test]
fn sr_066_a_key_that_is_forgotten_makes_another_account() {
    run(async {
        let house = House::new().await;
        let register = |login: &str| {
            let call = house.keyed(KEY, "POST /v1/accounts", login);
            let (accounts, ask) = (house.accounts.clone(), registration(login));
            async move { accounts.register(&call, ask).await }
        };
        let mike = yes(register("mike").await);
        house.pass(IDEMPOTENCY_TTL - SignedDuration::from_secs(1));
        assert_eq!(no(register("anna").await), Refusal::IdempotencyKeyReused);
        house.pass(SignedDuration::from_secs(1));
        let anna = yes(register("anna").await);
        assert_ne!(anna, mike);
        assert_eq!(house.session("anna").await.token.account(), anna);
    });
}

/// A sign-in's account is named by its body: the streams alone would not notice.
#[test]
fn sr_066_a_sign_ins_key_with_another_login_is_refused() {
    run(async {
        let house = House::new().await;
        house.register("mike").await;
        house.register("anna").await;
        let sign_in = |login: &str| {
            let call = house.keyed(KEY, "POST /v1/sign-ins", login);
            let (accounts, ask) = (house.accounts.clone(), password_of(login, PASSWORD));
            async move { accounts.sign_in(&call, ask).await }
        };
        let session = completed(yes(sign_in("mike").await));
        for other in ["anna", "nobody at all"] {
            assert_eq!(no(sign_in(other).await), Refusal::IdempotencyKeyReused, "{other}");
        }
        assert_eq!(completed(yes(sign_in("mike").await)).token, session.token);
        house.pass(IDEMPOTENCY_TTL);
        completed(yes(sign_in("anna").await));
    });
}

/// AT-56, SR-066: a double submit under one key.
#[test]
fn sr_066_twenty_equal_requests_at_once_make_one_session() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        house.pass(STEP);
        let step = house.second_step("mike").await;
        let code = house.code(&mike.secret);
        let answers = (0..20).map(|_| {
            let call = house.keyed(KEY, "POST /v1/sign-ins/{id}/answers", &code);
            let answer = CodeAnswer { method: Method::Totp, factor: None, code: text(&code) };
            let (accounts, sign_in) = (house.accounts.clone(), step.id.clone());
            async move { accounts.answer(&call, sign_in, answer).await }
        });
        let given: Vec<_> = join_all(answers).await.into_iter().map(yes).map(completed).collect();
        assert!(given.iter().all(|session| session.token == given[0].token));
        assert_eq!(house.count(mike.account, "account.code_verified").await, 2);
        assert_eq!(house.count(mike.account, "account.code_rejected").await, 0);
        yes(house.accounts.session(&house.call(), &given[0].token).await);
    });
}

/// The answer is made again from the log: also by another process, also a wrong one.
#[test]
fn sr_066_the_same_answer_comes_again_after_a_restart() {
    run(async {
        let house = House::new().await;
        house.register("mike").await;
        let sign_in = |house: &House, key: &str, password: &str| {
            let call = house.keyed(key, "POST /v1/sign-ins", password);
            let (accounts, ask) = (house.accounts.clone(), password_of("mike", password));
            async move { accounts.sign_in(&call, ask).await }
        };
        let other_key = "another key of 22 letters";
        let session = completed(yes(sign_in(&house, KEY, PASSWORD).await));
        no(sign_in(&house, other_key, "wrong horse").await);
        house.accounts.directory().drain().await;
        let house = House::open(house.dir.clone(), house.clock.clone()).await;
        assert_eq!(completed(yes(sign_in(&house, KEY, PASSWORD).await)).token, session.token);
        let head = house.store().head().await.unwrap();
        let again = no(sign_in(&house, other_key, "wrong horse").await);
        assert_eq!(again, Refusal::AuthenticationFailed);
        assert_eq!(house.store().head().await.unwrap(), head, "counted once");
        let reused = no(sign_in(&house, KEY, "wrong horse").await);
        assert_eq!(reused, Refusal::IdempotencyKeyReused);
    });
}

/// SR-005, AT-43: the secret of an offer is repeated until the first code, and never after it.
#[test]
fn sr_005_an_offer_is_repeated_until_it_is_activated() {
    run(async {
        let house = House::new().await;
        house.register("mike").await;
        let token = house.session("mike").await.token;
        let begin = || {
            let call = house.keyed(KEY, "POST /v1/accounts/me/factors", "{}");
            let ask = BeginFactor { name: "Pixel".to_owned(), password: Some(text(PASSWORD)) };
            let (accounts, asker) = (house.accounts.clone(), Asker::Session(token.clone()));
            async move { accounts.begin_factor(&call, asker, ask).await }
        };
        let (one, two) = (yes(begin().await), yes(begin().await));
        assert_eq!((one.factor, &one.secret, &one.qr_svg), (two.factor, &two.secret, &two.qr_svg));
        let secret = data_encoding::BASE32_NOPAD.decode(one.secret.as_bytes()).unwrap();
        let code = house.code(&secret);
        let activate = |key: &str| {
            let call = house.keyed(key, "POST …/activate", &code);
            let (accounts, asker) = (house.accounts.clone(), Asker::Session(token.clone()));
            let (factor, code) = (one.factor, text(&code));
            async move { accounts.activate_factor(&call, asker, factor, code).await }
        };
        let (first, again) = (yes(activate(KEY).await), yes(activate(KEY).await));
        assert_eq!(first.recovery_codes, again.recovery_codes);
        assert_eq!(first.factor, again.factor);
        assert_eq!(no(begin().await), Refusal::NotFound("pending authenticator"));
    });
}

/// A sign-in that waits is repeated with the same id, until it is answered.
#[test]
fn sr_066_a_repeated_sign_in_has_the_same_id() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        house.pass(STEP);
        let sign_in = || {
            let call = house.keyed(KEY, "POST /v1/sign-ins", "mike");
            let (accounts, ask) = (house.accounts.clone(), password_of("mike", PASSWORD));
            async move {
                match yes(accounts.sign_in(&call, ask).await) {
                    SignedIn::SecondFactorRequired(asked) => asked.id,
                    _ => panic!("no second factor was asked for"),
                }
            }
        };
        let (one, two) = (sign_in().await, sign_in().await);
        assert_eq!(one, two);
        yes(house.answer(&two, Method::Totp, &house.code(&mike.secret)).await);
    });
}

/// SR-066, SR-131: the key of a session that has ended gives out nothing, least of all secrets.
#[test]
fn sr_131_a_repeat_gives_nothing_to_a_session_that_has_ended() {
    run(async {
        let house = House::new().await;
        house.register("mike").await;
        let token = house.session("mike").await.token;
        let asker = || Asker::Session(token.clone());
        let accounts = &house.accounts;
        let begin = async || {
            let call = house.keyed(KEY, "POST …/factors", "");
            let ask = BeginFactor { name: "Pixel".to_owned(), password: None };
            accounts.begin_factor(&call, asker(), ask).await
        };
        let first = yes(begin().await);
        let secret = data_encoding::BASE32_NOPAD.decode(first.secret.as_bytes()).unwrap();
        let code = house.code(&secret);
        let activate = async || {
            let call = house.keyed(KEY, "POST …/activate", "");
            accounts.activate_factor(&call, asker(), first.factor, text(&code)).await
        };
        yes(activate().await);
        let renew = async || {
            let call = house.keyed(KEY, "POST …/recovery-codes", "");
            accounts.new_recovery_codes(&call, asker()).await
        };
        let remove = async || {
            let call = house.keyed(KEY, "POST …/remove", "");
            accounts.remove_factor(&call, asker(), first.factor).await
        };
        assert_eq!(yes(renew().await), yes(renew().await), "while it is alive");
        yes(activate().await);
        yes(remove().await);
        yes(remove().await);
        yes(accounts.sign_out(&house.call(), &token).await);
        assert_eq!(no(begin().await), Refusal::NoSession);
        assert_eq!(no(activate().await), Refusal::NoSession);
        assert_eq!(no(renew().await), Refusal::NoSession);
        assert_eq!(no(remove().await), Refusal::NoSession);
    });
}

/// SR-113, SR-005: an offer that has lapsed shows its secret to nobody any more.
#[test]
fn sr_113_an_offer_is_repeated_until_it_lapses() {
    run(async {
        let house = House::new().await;
        house.register("mike").await;
        let token = house.session("mike").await.token;
        let begin = async || {
            let call = house.keyed(KEY, "POST …/factors", "");
            let ask = BeginFactor { name: "Pixel".to_owned(), password: None };
            house.accounts.begin_factor(&call, Asker::Session(token.clone()), ask).await
        };
        let offered = yes(begin().await);
        house.pass(SignedDuration::from_secs(599));
        assert_eq!(yes(begin().await).secret, offered.secret);
        house.pass(SignedDuration::from_secs(1));
        assert_eq!(no(begin().await), Refusal::NotFound("pending authenticator"));
    });
}

/// SR-066, SR-129: a proof asked for again comes with the token that it replaced, and is answered
/// as long as the token that took its place is alive.
#[test]
fn sr_129_a_repeated_proof_answers_the_token_it_replaced_and_no_dead_one() {
    run(async {
        let house = House::new().await;
        house.register("mike").await;
        let old = house.session("mike").await.token;
        let prove = async |password: &str| {
            let call = house.keyed(KEY, "POST /v1/session/proofs", password);
            house.accounts.prove(&call, &old, Proof::Password(text(password))).await
        };
        let new = yes(prove(PASSWORD).await).token;
        assert_eq!(yes(prove(PASSWORD).await).token, new);
        assert_eq!(no(prove("another").await), Refusal::IdempotencyKeyReused);
        yes(house.accounts.sign_out(&house.call(), &new).await);
        assert_eq!(no(prove(PASSWORD).await), Refusal::NoSession);
    });
}

/// A proof that failed is repeated too, to whoever is still there to hear it.
#[test]
fn sr_066_a_failed_proof_is_repeated_while_its_session_is_alive() {
    run(async {
        let house = House::new().await;
        let mike = house.register("mike").await;
        let token = house.session("mike").await.token;
        let prove = async || {
            let call = house.keyed(KEY, "POST /v1/session/proofs", "");
            house.accounts.prove(&call, &token, Proof::Password(text("another"))).await
        };
        assert_eq!(no(prove().await), Refusal::AuthenticationFailed);
        assert_eq!(no(prove().await), Refusal::AuthenticationFailed);
        assert_eq!(house.count(mike, "account.password_rejected").await, 1);
        yes(house.accounts.sign_out(&house.call(), &token).await);
        assert_eq!(no(prove().await), Refusal::NoSession);
    });
}
