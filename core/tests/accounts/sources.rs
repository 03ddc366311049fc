//! The limits per source, where secrets are verified: what a blocked source may not have evaluated,
//! whose source it is, and what counts.

use countersign_core::accounts::answer::SignedIn;
use countersign_core::accounts::request::{
    AccountRef, Asker, BeginFactor, Call, CodeAnswer, NewClient, Proof, RegisterSubject,
    VouchedSignIn,
};
use countersign_core::accounts::{Verdict, With};
use countersign_core::clock::Clock as _;
use countersign_core::domain::refusal::Refusal;
use countersign_events::account::Method;
use countersign_events::client::Scope;
use countersign_events::id::ClientId;
use data_encoding::BASE32_NOPAD;
use jiff::{SignedDuration, Timestamp};

use super::house::{Enabled, House, PASSWORD, STEP, asked, no, password_of, run, text, yes};

/// Where somebody guesses.
const THERE: &str = "198.51.100.7";
const WRONG: &str = "wrong horse battery";

pub(crate) fn from(house: &House, ip: &str) -> Call {
    let mut call = house.call();
    ip.clone_into(&mut call.net.ip);
    call
}

async fn sign_in(house: &House, ip: &str, login: &str, password: &str) -> Verdict<SignedIn> {
    house.accounts.sign_in(&from(house, ip), password_of(login, password)).await
}

fn totp(code: &str) -> CodeAnswer {
    CodeAnswer { method: Method::Totp, factor: None, code: text(code) }
}

/// Guesses at twenty logins that nobody has: the source is blocked.
async fn block(house: &House, ip: &str) -> Timestamp {
    for number in 0..20 {
        let refused = no(sign_in(house, ip, &format!("nobody-{number}"), WRONG).await);
        assert_eq!(refused, Refusal::AuthenticationFailed, "{number}");
    }
    retry_at(no(sign_in(house, ip, "nobody-20", WRONG).await))
}

fn retry_at(refusal: Refusal) -> Timestamp {
    match refusal {
        Refusal::TooManyRequests { retry_at } => retry_at,
        other => panic!("{other}"),
    }
}

pub(crate) async fn shop(house: &House) -> ClientId {
    let scopes = vec![Scope::AccountsWrite, Scope::SignInsVouch, Scope::FactorsWrite];
    let added = yes(house
        .accounts
        .add_client(&house.call(), NewClient::new("shop".to_owned(), scopes, None))
        .await);
    yes(house.accounts.client(&house.call(), &added.api_key).await).client
}

/// A user of an app with an authenticator: its secret.
pub(crate) async fn user(house: &House, shop: ClientId, name: &str) -> Vec<u8> {
    let subject = RegisterSubject {
        subject: name.to_owned(),
        email: None,
        email_verified: false,
        display_name: None,
    };
    yes(house.accounts.register_subject(&house.call(), shop, subject).await);
    let whose = || Asker::Client { client: shop, account: AccountRef::Subject(name.to_owned()) };
    let ask = BeginFactor { name: "Phone".to_owned(), password: None };
    let offered = yes(house.accounts.begin_factor(&house.call(), whose(), ask).await);
    let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).unwrap();
    let code = text(&house.code(&secret));
    yes(house.accounts.activate_factor(&house.call(), whose(), offered.factor, code).await);
    secret
}

/// SR-091, AT-12: whatever verifies a secret is refused before it compares or hashes anything; the
/// log does not grow, and the end of the block stays where it is. From elsewhere all of it works.
#[test]
fn sr_091_a_blocked_source_has_nothing_evaluated_by_any_way() {
    run(async {
        let house = House::limited().await;
        let Enabled { login, secret, token, .. } = house.enabled("mike").await;
        house.pass(STEP);
        let begun = asked(yes(sign_in(&house, "192.0.2.7", &login, PASSWORD).await));
        let fresh = house.register("fresh").await;
        let unproven = house.session("fresh").await.token;
        let until = block(&house, THERE).await;
        let (runs, head) = (house.services.passwords.runs(), house.store().head().await.unwrap());
        let (call, code) = (from(&house, THERE), house.code(&secret));
        let accounts = &house.accounts;
        let own = || Asker::Session(unproven.clone());
        for attempt in 0..3 {
            let (answer, proof) = (totp(&code), Proof::Code(totp(&code)));
            let by_password = Proof::Password(text(PASSWORD));
            let (old, new) = (text(PASSWORD), text("another horse battery"));
            let refused = [
                no(sign_in(&house, THERE, &login, PASSWORD).await),
                no(sign_in(&house, THERE, &login, WRONG).await),
                no(sign_in(&house, THERE, "nobody", WRONG).await),
                no(accounts.answer(&call, begun.id.clone(), answer).await),
                no(accounts.send_email_code(&call, begun.id.clone()).await),
                no(accounts.prove(&call, &token, proof).await),
                no(accounts.prove(&call, &token, by_password).await),
                no(accounts.change_password(&call, &token, old, new).await),
                no(accounts.confirm_email(&call, &unproven, text("123456")).await),
                no(accounts.send_confirmation(&call, &unproven).await),
                no(accounts.request_password_reset(&call, &login).await),
            ];
            for (way, refusal) in refused.into_iter().enumerate() {
                assert_eq!(retry_at(refusal), until, "way {way}, attempt {attempt}");
            }
        }
        assert_eq!(house.services.passwords.runs(), runs);
        assert_eq!(house.store().head().await.unwrap(), head);

        let ask = || BeginFactor { name: "Pixel".to_owned(), password: Some(text(PASSWORD)) };
        let offered = yes(accounts.begin_factor(&house.call(), own(), ask()).await);
        let head = house.store().head().await.unwrap();
        let right = BASE32_NOPAD.decode(offered.secret.as_bytes()).unwrap();
        let first = || text(&house.code(&right));
        let (runs, tried) = (house.services.passwords.runs(), offered.factor);
        retry_at(no(accounts.activate_factor(&call, own(), tried, first()).await));
        retry_at(no(accounts.begin_factor(&call, own(), ask()).await));
        assert_eq!(house.services.passwords.runs(), runs);
        assert_eq!(house.store().head().await.unwrap(), head);
        yes(accounts.activate_factor(&house.call(), own(), tried, first()).await);
        yes(accounts.answer(&house.call(), begun.id, totp(&code)).await);
        assert_eq!(house.count(fresh, "account.password_rejected").await, 0);
    });
}

/// SR-091: an hour later it is let in again, and its attempts in between have moved nothing.
#[test]
fn at_33_hammering_moves_no_end() {
    run(async {
        let house = House::limited().await;
        house.register("mike").await;
        let until = block(&house, THERE).await;
        while house.clock.now() < until {
            assert_eq!(retry_at(no(sign_in(&house, THERE, "mike", PASSWORD).await)), until);
            house.pass(SignedDuration::from_mins(10));
        }
        yes(sign_in(&house, THERE, "mike", PASSWORD).await);
    });
}

/// SR-009: who types a code that was accepted guesses nothing.
#[test]
fn sr_009_retypes_of_an_accepted_code_block_nobody() {
    run(async {
        let house = House::limited().await;
        let mike = house.enabled("mike").await;
        house.pass(STEP);
        let code = house.code(&mike.secret);
        for retype in 0..30 {
            let begun = asked(yes(sign_in(&house, THERE, "mike", PASSWORD).await));
            let answered = house.accounts.answer(&from(&house, THERE), begun.id, totp(&code)).await;
            assert_eq!(answered.unwrap().is_ok(), retype == 0, "{retype}");
        }
        yes(sign_in(&house, THERE, "mike", PASSWORD).await);
        assert_eq!(house.services.sources.observe().blocks, 0);
    });
}

/// SR-010: what is no code counts for its source, and for no account.
#[test]
fn sr_010_malformed_codes_block_their_source() {
    run(async {
        let house = House::limited().await;
        let mike = house.enabled("mike").await;
        house.pass(STEP);
        let begun = asked(yes(sign_in(&house, THERE, "mike", PASSWORD).await));
        for malformed in 0..20 {
            assert_eq!(house.services.sources.observe().blocked, 0, "{malformed}");
            let with = With::SignIn(begun.id.clone());
            yes(house.accounts.malformed(&from(&house, THERE), with).await);
        }
        let code = house.code(&mike.secret);
        let answer = async |ip| {
            house.accounts.answer(&from(&house, ip), begun.id.clone(), totp(&code)).await
        };
        retry_at(no(answer(THERE).await));
        yes(answer("192.0.2.7").await);
    });
}

/// AT-11: the source of a vouched sign-in is where the app says that its user sits; the app's own
/// server, from which every call comes, is none.
#[test]
fn sr_091_the_source_of_a_vouched_sign_in_is_its_context() {
    run(async {
        let house = House::limited().await;
        let shop = shop(&house).await;
        let mut users = vec![];
        for number in 0..6 {
            let name = format!("user-{number}");
            users.push((user(&house, shop, &name).await, name));
        }
        house.pass(STEP);
        let vouch = async |name: &str, ip: &str| {
            let call = from(&house, ip);
            asked(yes(house
                .accounts
                .vouch(&call, shop, VouchedSignIn::new(name.to_owned(), None))
                .await))
            .id
        };
        // Every answer comes from the app's server.
        for (secret, name) in &users[..5] {
            let id = vouch(name, THERE).await;
            no(house.answer(&id, Method::Totp, &house.wrong_code(secret)).await);
        }
        let (secret, name) = &users[5];
        let (there, here) = (vouch(name, THERE).await, vouch(name, "203.0.113.9").await);
        let code = house.code(secret);
        retry_at(no(house.answer(&there, Method::Totp, &code).await));
        yes(house.answer(&here, Method::Totp, &code).await);
        // And nobody was counted for the server itself.
        assert_eq!(house.services.sources.observe().blocked, 1);
    });
}

/// A first code that a client app brings has no context, and so no source.
#[test]
fn sr_091_without_a_context_there_is_no_source() {
    run(async {
        let house = House::limited().await;
        let shop = shop(&house).await;
        for number in 0..30 {
            let name = format!("user-{number}");
            let subject = RegisterSubject {
                subject: name.clone(),
                email: None,
                email_verified: false,
                display_name: None,
            };
            yes(house.accounts.register_subject(&house.call(), shop, subject).await);
            let whose =
                || Asker::Client { client: shop, account: AccountRef::Subject(name.clone()) };
            let ask = BeginFactor { name: "Phone".to_owned(), password: None };
            let offered = yes(house.accounts.begin_factor(&house.call(), whose(), ask).await);
            let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).unwrap();
            let (wrong, factor) = (text(&house.wrong_code(&secret)), offered.factor);
            let refused =
                house.accounts.activate_factor(&house.call(), whose(), factor, wrong).await;
            assert_eq!(no(refused), Refusal::AuthenticationFailed, "{number}");
        }
        let observed = house.services.sources.observe();
        assert_eq!((observed.remembered, observed.breaker.failures_hour), (0, 30));
    });
}

/// SR-091: what the breaker counts are verdicts, whoever is limited; and it changes none.
#[test]
fn at_35_guesses_over_many_accounts_trip_the_breaker_and_change_no_answer() {
    run(async {
        let house = House::new().await;
        let shop = shop(&house).await;
        let mut users = vec![];
        for number in 0..51 {
            let name = format!("user-{number}");
            users.push((user(&house, shop, &name).await, name));
        }
        house.pass(STEP);
        let mut begun = vec![];
        for (secret, name) in &users {
            let vouched = house
                .accounts
                .vouch(&house.call(), shop, VouchedSignIn::new(name.clone(), None))
                .await;
            begun.push((asked(yes(vouched)).id, secret));
        }
        for _ in 0..4 {
            for (id, secret) in begun.iter().take(50) {
                no(house.answer(id, Method::Totp, &house.wrong_code(secret)).await);
            }
        }
        // 51 activations and 200 failures are a share of more than 30 percent already.
        let tripped = house.services.sources.breaker();
        assert_eq!((tripped.failures_hour, tripped.attempts_hour), (200, 251));
        assert!(tripped.tripped_since.is_some_and(|since| since <= house.clock.now()));
        for (id, secret) in &begun {
            yes(house.answer(id, Method::Totp, &house.code(secret)).await);
        }
        for minutes in [60, 9] {
            house.pass(SignedDuration::from_mins(minutes));
            assert!(house.services.sources.breaker().tripped_since.is_some());
        }
        house.pass(SignedDuration::from_mins(1));
        assert!(house.services.sources.breaker().tripped_since.is_none());
    });
}
