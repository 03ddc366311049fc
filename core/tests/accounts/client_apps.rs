//! Client apps: they make accounts, vouch for a password and enrol for their users.

use countersign_core::accounts::request::{
    AccountRef, Asker, BeginFactor, CodeAnswer, NewClient, Proof, RegisterSubject, VouchedSignIn,
};
use countersign_core::domain::refusal::Refusal;
use countersign_events::account::{Assurance, Method};
use countersign_events::client::Scope;
use countersign_events::id::ClientId;
use data_encoding::BASE32_NOPAD;

use super::house::{House, STEP, asked, completed, no, registration, run, text, yes};

fn subject(name: &str) -> RegisterSubject {
    RegisterSubject {
        subject: name.to_owned(),
        email: Some(format!("{name}@example.com")),
        email_verified: true,
        display_name: Some("Mike at the shop".to_owned()),
    }
}

async fn app(house: &House, name: &str) -> ClientId {
    let scopes = vec![Scope::AccountsWrite, Scope::SignInsVouch];
    let added = yes(house
        .accounts
        .add_client(&house.call(), NewClient::new(name.to_owned(), scopes, None))
        .await);
    yes(house.accounts.client(&house.call(), &added.api_key).await).client
}

/// SR-066: a subject is named by the body, as a login is.
#[test]
fn sr_066_a_vouchs_key_with_another_subject_is_refused() {
    run(async {
        let house = House::new().await;
        let shop = app(&house, "shop").await;
        for name in ["42", "43"] {
            yes(house.accounts.register_subject(&house.call(), shop, subject(name)).await);
        }
        let vouch = |name: &str| {
            let call = house.keyed("0123456789abcdefghijkl", "POST /v1/sign-ins", name);
            let (accounts, name) = (house.accounts.clone(), name.to_owned());
            async move { accounts.vouch(&call, shop, VouchedSignIn::new(name, None)).await }
        };
        let session = completed(yes(vouch("42").await));
        assert_eq!(no(vouch("43").await), Refusal::IdempotencyKeyReused);
        assert_eq!(completed(yes(vouch("42").await)).token, session.token);
    });
}

#[test]
fn an_app_vouches_and_its_user_answers_with_a_code() {
    run(async {
        let house = House::new().await;
        let (shop, bank) = (app(&house, "shop").await, app(&house, "bank").await);
        let accounts = &house.accounts;
        let account = yes(accounts.register_subject(&house.call(), shop, subject("42")).await);
        let other = yes(accounts.register_subject(&house.call(), bank, subject("42")).await);
        assert_ne!(account, other, "another app's 42 is another account");
        let vouch = |client, name: &str| {
            let (accounts, call, name) = (house.accounts.clone(), house.call(), name.to_owned());
            async move { accounts.vouch(&call, client, VouchedSignIn::new(name, None)).await }
        };
        let session = completed(yes(vouch(shop, "42").await));
        assert_eq!(session.assurance, Assurance::Password);
        assert_eq!(no(vouch(shop, "43").await), Refusal::NotFound("account"));

        let asker = |client, account: AccountRef| Asker::Client { client, account };
        let ask = || BeginFactor { name: "Phone".to_owned(), password: None };
        let by_subject = AccountRef::Subject("42".to_owned());
        let offered = house
            .accounts
            .begin_factor(&house.call(), asker(shop, by_subject.clone()), ask())
            .await;
        let offered = yes(offered);
        assert!(offered.otpauth_uri.contains("Mike%20at%20the%20shop"), "{}", *offered.otpauth_uri);
        let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).unwrap();
        let activated = house
            .accounts
            .activate_factor(
                &house.call(),
                asker(shop, by_subject.clone()),
                offered.factor,
                text(&house.code(&secret)),
            )
            .await;
        let activated = yes(activated);
        assert!(activated.session.is_none());
        assert_eq!(activated.recovery_codes.unwrap().len(), 10);

        house.pass(STEP);
        let step = asked(yes(vouch(shop, "42").await));
        yes(house.answer(&step.id, Method::Totp, &house.code(&secret)).await);
        // Neither by id nor by name does one app reach another's account.
        let by_id = asker(bank, AccountRef::Id(account));
        let missing = Refusal::NotFound("account");
        assert_eq!(no(house.accounts.account(&house.call(), by_id).await), missing);
        let own = asker(shop, AccountRef::Id(account));
        assert!(yes(house.accounts.account(&house.call(), own).await).two_factor_enabled);
        // What only the holder may do, no app does.
        let removed = house
            .accounts
            .remove_factor(&house.call(), asker(shop, by_subject), offered.factor)
            .await;
        assert!(matches!(no(removed), Refusal::Forbidden(_)));
    });
}

/// What is taken is named as it was asked for.
#[test]
fn a_subject_that_is_taken_is_called_a_subject() {
    run(async {
        let house = House::new().await;
        let shop = app(&house, "shop").await;
        let register =
            async || house.accounts.register_subject(&house.call(), shop, subject("42")).await;
        yes(register().await);
        assert_eq!(no(register().await), Refusal::Taken("subject"));
        house.register("mike").await;
        let again = house.accounts.register(&house.call(), registration("mike")).await;
        assert_eq!(no(again), Refusal::Taken("login"));
    });
}

#[test]
fn a_disabled_app_is_nobody_on_its_next_request() {
    run(async {
        let house = House::new().await;
        let added = house
            .accounts
            .add_client(&house.call(), NewClient::new("shop".to_owned(), vec![], None))
            .await;
        let added = yes(added);
        yes(house.accounts.client(&house.call(), &added.api_key).await);
        yes(house.accounts.disable_client(&house.call(), added.client).await);
        let refused = no(house.accounts.client(&house.call(), &added.api_key).await);
        assert_eq!(refused, Refusal::NoSession);
        let listed = yes(house.accounts.clients(&house.call()).await);
        assert_eq!(listed.iter().map(|listed| listed.client.enabled).collect::<Vec<_>>(), [false]);
    });
}

/// A user of an app, with an authenticator: its secret.
async fn enrolled(house: &House, shop: ClientId, name: &str) -> Vec<u8> {
    let accounts = &house.accounts;
    yes(accounts.register_subject(&house.call(), shop, subject(name)).await);
    let account = AccountRef::Subject(name.to_owned());
    let whose = || Asker::Client { client: shop, account: account.clone() };
    let ask = BeginFactor { name: "Phone".to_owned(), password: None };
    let offered = yes(accounts.begin_factor(&house.call(), whose(), ask).await);
    let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).unwrap();
    let code = text(&house.code(&secret));
    yes(accounts.activate_factor(&house.call(), whose(), offered.factor, code).await);
    house.pass(STEP);
    secret
}

/// SR-088, SR-133: a device that the app names, where all was proven before, has guesses of its
/// own: whoever guesses at another takes nothing from it, at the sign-in and within its session.
#[test]
fn sr_088_a_device_that_an_app_names_has_guesses_of_its_own() {
    run(async {
        let house = House::new().await;
        let (shop, bank) = (app(&house, "shop").await, app(&house, "bank").await);
        let secret = enrolled(&house, shop, "42").await;
        enrolled(&house, bank, "42").await;
        let begin = async |device: &str| {
            let (call, device) = (house.call(), Some(device.to_owned()));
            asked(yes(house
                .accounts
                .vouch(&call, shop, VouchedSignIn::new("42".to_owned(), device))
                .await))
            .id
        };
        let laptop = begin("laptop").await;
        let session = yes(house.answer(&laptop, Method::Totp, &house.code(&secret)).await);
        let elsewhere = begin("elsewhere").await;
        for _ in 0..5 {
            no(house.answer(&elsewhere, Method::Totp, &house.wrong_code(&secret)).await);
        }
        house.pass(STEP);
        let (elsewhere, laptop) = (begin("elsewhere").await, begin("laptop").await);
        let refused = no(house.answer(&elsewhere, Method::Totp, &house.code(&secret)).await);
        assert!(matches!(refused, Refusal::TooManyRequests { .. }), "{refused:?}");
        yes(house.answer(&laptop, Method::Totp, &house.code(&secret)).await);
        house.pass(STEP);
        let answer =
            CodeAnswer { method: Method::Totp, factor: None, code: text(&house.code(&secret)) };
        let proof = Proof::Code(answer);
        yes(house.accounts.prove(&house.call(), &session.token, proof).await);
    });
}
