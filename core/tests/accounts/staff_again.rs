//! Operators and client apps asked for again: with the same key, after a crash, after a change of
//! mind.

use countersign_core::accounts::answer::{ClientAdded, OperatorAdded};
use countersign_core::accounts::request::{Call, NewClient};
use countersign_core::domain::policy::IDEMPOTENCY_TTL;
use countersign_core::domain::refusal::Refusal;
use countersign_core::handle::SetupToken;
use countersign_events::client::Scope;
use countersign_events::id::{AccountId, StreamId};
use countersign_events::operator::Role;
use futures::future::join_all;

use super::house::{House, PASSWORD, no, run, text, yes};

const KEY: &str = "0123456789abcdefghijkl";

async fn add(house: &House, call: &Call, login: &str, role: Role) -> OperatorAdded {
    yes(house.accounts.add_operator(call, login.to_owned(), role).await)
}

async fn add_app(house: &House, key: &str, name: &str) -> ClientAdded {
    let call = house.keyed(key, "POST /v1/clients", name);
    let scopes = vec![Scope::AccountsWrite];
    yes(house.accounts.add_client(&call, NewClient::new(name.to_owned(), scopes, None)).await)
}

/// How many entries there are of a stream.
async fn entries(house: &House, stream: StreamId) -> usize {
    let from = countersign_events::id::Revision::new(0);
    house.store().read_stream(stream, from, 100).await.unwrap().len()
}

async fn set_up(house: &House, token: &SetupToken) -> Result<AccountId, Refusal> {
    let call = house.call();
    house.accounts.set_up_operator(&call, token.clone(), text(PASSWORD)).await.unwrap()
}

/// An operator who is set up.
async fn ready(house: &House, login: &str, role: Role) -> AccountId {
    let added = add(house, &house.call(), login, role).await;
    set_up(house, &added.setup_token).await.unwrap()
}

#[test]
fn sr_066_a_repeated_client_app_is_one_app_with_one_key() {
    run(async {
        let house = House::new().await;
        let first = add_app(&house, KEY, "shop").await;
        let again = add_app(&house, KEY, "shop").await;
        assert_eq!((first.client, &first.api_key), (again.client, &again.api_key));
        yes(house.accounts.client(&house.call(), &again.api_key).await);
        assert_eq!(yes(house.accounts.clients(&house.call()).await).len(), 1);
        let call = house.keyed(KEY, "POST /v1/clients", "another body");
        let other =
            house.accounts.add_client(&call, NewClient::new("bank".to_owned(), vec![], None)).await;
        assert_eq!(no(other), Refusal::IdempotencyKeyReused);
        // Forgotten after 24 hours: then it is a new request, and adds another app.
        house.pass(IDEMPOTENCY_TTL);
        let later = add_app(&house, KEY, "shop").await;
        assert_ne!((later.client, &later.api_key), (first.client, &first.api_key));
    });
}

#[test]
fn sr_066_twenty_equal_requests_at_once_add_one_app() {
    run(async {
        let house = House::new().await;
        let added = join_all((0..20).map(|_| add_app(&house, KEY, "shop"))).await;
        assert!(added.iter().all(|one| one.api_key == added[0].api_key));
        assert_eq!(yes(house.accounts.clients(&house.call()).await).len(), 1);
        assert_eq!(entries(&house, StreamId::Client(added[0].client)).await, 1);
    });
}

#[test]
fn sr_066_a_repeated_operator_has_the_same_token() {
    run(async {
        let house = House::new().await;
        let call = |body: &str| house.keyed(KEY, "POST /v1/operators", body);
        let first = add(&house, &call("olga"), "olga", Role::Support).await;
        let again = add(&house, &call("olga"), "olga", Role::Support).await;
        assert_eq!((first.account, &first.setup_token), (again.account, &again.setup_token));
        assert_eq!(entries(&house, StreamId::Operator(first.account)).await, 1);
        let other = house.accounts.add_operator(&call("zoe"), "zoe".to_owned(), Role::Admin).await;
        assert_eq!(no(other), Refusal::IdempotencyKeyReused);
        // Set up meanwhile: the answer is what it was.
        set_up(&house, &first.setup_token).await.unwrap();
        let again = add(&house, &call("olga"), "olga", Role::Support).await;
        assert_eq!(first.setup_token, again.setup_token);
        assert_eq!(entries(&house, StreamId::Operator(first.account)).await, 2);
    });
}

#[test]
fn sr_066_a_repeated_setup_is_answered_as_the_first_time() {
    run(async {
        let house = House::new().await;
        let olga = add(&house, &house.call(), "olga", Role::Support).await;
        let set_up = |body: &str| {
            let call = house.keyed(KEY, "POST /v1/setup", body);
            let (accounts, token) = (house.accounts.clone(), olga.setup_token.clone());
            async move { accounts.set_up_operator(&call, token, text(PASSWORD)).await }
        };
        assert_eq!(yes(set_up("a").await), olga.account);
        assert_eq!(yes(set_up("a").await), olga.account);
        assert_eq!(no(set_up("b").await), Refusal::IdempotencyKeyReused);
        assert_eq!(entries(&house, StreamId::Operator(olga.account)).await, 2);
        assert_eq!(house.count(olga.account, "account.password_set").await, 1);
        house.pass(IDEMPOTENCY_TTL);
        assert_eq!(no(set_up("a").await), Refusal::AuthenticationFailed);
    });
}

/// The older token must not go on being good beside the newer one.
#[test]
fn an_operator_who_is_not_set_up_is_added_again_with_a_fresh_token() {
    run(async {
        let house = House::new().await;
        let call = house.call();
        let first = add(&house, &call, "olga", Role::Support).await;
        house.pass(countersign_core::accounts::SETUP_TTL);
        let again = add(&house, &call, "Olga", Role::Auditor).await;
        assert_eq!(again.account, first.account);
        assert_ne!(again.setup_token, first.setup_token);
        let newest = add(&house, &call, "olga", Role::Auditor).await;
        for dead in [first.setup_token, again.setup_token] {
            assert_eq!(set_up(&house, &dead).await, Err(Refusal::AuthenticationFailed));
        }
        set_up(&house, &newest.setup_token).await.unwrap();
        let listed = yes(house.accounts.operators(&call).await);
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].operator.role, listed[0].operator.set_up), (Role::Auditor, true));
        let taken = house.accounts.add_operator(&call, "olga".to_owned(), Role::Admin).await;
        assert_eq!(no(taken), Refusal::Taken("login"));
        // A holder's login is nobody's to make an operator of.
        house.register("mike").await;
        let taken = house.accounts.add_operator(&call, "mike".to_owned(), Role::Admin).await;
        assert_eq!(no(taken), Refusal::Taken("login"));
    });
}

#[test]
fn a_disabled_operator_is_enabled_again_and_an_unused_token_stays_dead() {
    run(async {
        let house = House::new().await;
        let call = house.call();
        let accounts = &house.accounts;
        let olga = ready(&house, "olga", Role::Support).await;
        let zoe = add(&house, &call, "zoe", Role::Support).await;
        for account in [olga, zoe.account] {
            for _ in 0..2 {
                yes(accounts.disable_operator(&call, account).await);
            }
        }
        assert_eq!(entries(&house, StreamId::Operator(olga)).await, 3);
        let disabled = accounts.add_operator(&call, "zoe".to_owned(), Role::Support).await;
        assert!(matches!(no(disabled), Refusal::Conflict(_)));
        for account in [olga, zoe.account] {
            for _ in 0..2 {
                yes(accounts.enable_operator(&call, account).await);
            }
        }
        assert_eq!(entries(&house, StreamId::Operator(olga)).await, 4);
        assert!(yes(accounts.operators(&call).await).iter().all(|listed| listed.operator.enabled));
        assert_eq!(set_up(&house, &zoe.setup_token).await, Err(Refusal::AuthenticationFailed));
        let fresh = add(&house, &call, "zoe", Role::Support).await;
        set_up(&house, &fresh.setup_token).await.unwrap();
        let nobody = house.register("mike").await;
        let none = Refusal::NotFound("operator");
        assert_eq!(no(accounts.enable_operator(&call, nobody).await), none);
        assert_eq!(no(accounts.disable_operator(&call, nobody).await), none);
    });
}

#[test]
fn the_last_admin_who_can_act_cannot_be_disabled() {
    run(async {
        let house = House::new().await;
        let call = house.call();
        let accounts = &house.accounts;
        let anna = ready(&house, "anna", Role::Admin).await;
        ready(&house, "olga", Role::Support).await;
        let zoe = add(&house, &call, "zoe", Role::Admin).await;
        // Zoe cannot act yet, and whoever cannot act is no admin to lose either.
        let refused = no(accounts.disable_operator(&call, anna).await);
        assert!(matches!(&refused, Refusal::Conflict(why) if why.contains("the last admin")));
        yes(accounts.disable_operator(&call, zoe.account).await);
        yes(accounts.enable_operator(&call, zoe.account).await);
        let zoe = ready(&house, "zoe", Role::Admin).await;
        yes(accounts.disable_operator(&call, anna).await);
        no(accounts.disable_operator(&call, zoe).await);
    });
}
