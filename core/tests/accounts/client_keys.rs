//! The keys of client apps over time: taken over from, expired, ended, and their use told.

use countersign_core::accounts::answer::{ClientAdded, ClientListed, KeyAdded, KeyView};
use countersign_core::accounts::request::{Call, NewClient, NewKey};
use countersign_core::accounts::{
    Accounts, KEY_TTL_MAX, KEY_TTL_MIN, KEYS_MAX, OVERLAP_DEFAULT, OVERLAP_MAX,
};
use countersign_core::actors::log::{Head, Planned, Stamp};
use countersign_core::clock::Clock as _;
use countersign_core::domain::policy::IDEMPOTENCY_TTL;
use countersign_core::domain::refusal::Refusal;
use countersign_core::handle::ApiKey;
use countersign_events::actor::By;
use countersign_events::client::Scope;
use countersign_events::entry::Entry;
use countersign_events::id::{ClientId, EventId, PolicyVersion, Revision, StreamId};
use futures::future::join_all;
use jiff::SignedDuration;
use uuid::Uuid;

use super::house::{House, no, run, yes};

const KEY: &str = "0123456789abcdefghijkl";
const SECOND: SignedDuration = SignedDuration::from_secs(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const AT_ONCE: usize = 20;

async fn add(house: &House, expires_in: Option<SignedDuration>) -> ClientAdded {
    let scopes = vec![Scope::HistoryRead];
    yes(house
        .accounts
        .add_client(&house.call(), NewClient::new("shop".to_owned(), scopes, expires_in))
        .await)
}

async fn rotate(house: &House, client: ClientId, overlap: Option<SignedDuration>) -> KeyAdded {
    let new = NewKey { overlap, expires_in: None };
    yes(house.accounts.add_key(&house.call(), client, new).await)
}

async fn is_taken(house: &House, key: &ApiKey) -> bool {
    match house.accounts.client(&house.call(), key).await.unwrap() {
        Ok(_) => true,
        Err(refusal) => {
            assert_eq!(refusal, Refusal::NoSession, "whyever, it is nobody's");
            false
        }
    }
}

async fn listed(house: &House) -> ClientListed {
    yes(house.accounts.clients(&house.call()).await).remove(0)
}

async fn key(house: &House, id: EventId) -> KeyView {
    listed(house).await.keys.into_iter().find(|key| key.id == id).unwrap()
}

/// Type and doer of every event of an app.
async fn events(house: &House, client: ClientId) -> Vec<(String, By)> {
    let stream = StreamId::Client(client);
    let recorded = house.store().read_stream(stream, Revision::new(0), 200).await.unwrap();
    let read = recorded.iter().map(|recorded| {
        let entry = Entry::parse(&recorded.bytes).unwrap();
        (entry.event_type.into_owned(), entry.by)
    });
    read.collect()
}

async fn count(house: &House, client: ClientId, event_type: &str) -> usize {
    events(house, client).await.iter().filter(|(name, _)| name == event_type).count()
}

/// SR-131, SR-135: it is good to the last second of the overlap, and not a second longer.
#[test]
fn sr_131_a_key_goes_on_beside_the_one_that_takes_over_until_the_overlap_ends() {
    run(async {
        let house = House::new().await;
        for overlap in [None, Some(HOUR), Some(OVERLAP_MAX)] {
            let shop = add(&house, None).await;
            assert!(is_taken(&house, &shop.api_key).await);
            let newer = rotate(&house, shop.client, overlap).await;
            house.pass(overlap.unwrap_or(OVERLAP_DEFAULT) - SECOND);
            assert!(is_taken(&house, &shop.api_key).await, "{overlap:?}");
            assert!(is_taken(&house, &newer.api_key).await);
            house.pass(SECOND);
            assert!(!is_taken(&house, &shop.api_key).await, "{overlap:?}");
            assert!(is_taken(&house, &newer.api_key).await);
        }
    });
}

/// SR-131: without an overlap it is dead on the next request, and a clock that is set back brings
/// it back to no life.
#[test]
fn sr_131_without_an_overlap_a_key_is_dead_on_the_next_request() {
    run(async {
        let house = House::new().await;
        let shop = add(&house, None).await;
        assert!(is_taken(&house, &shop.api_key).await);
        let newer = rotate(&house, shop.client, Some(SignedDuration::ZERO)).await;
        assert!(!is_taken(&house, &shop.api_key).await);
        house.clock.set(house.clock.now() - HOUR);
        assert!(!is_taken(&house, &shop.api_key).await);
        assert!(is_taken(&house, &newer.api_key).await);
        assert!(key(&house, shop.key).await.ended_at.is_some());
    });
}

/// SR-131: a later rotation makes no earlier overlap longer.
#[test]
fn sr_131_no_overlap_makes_another_longer() {
    run(async {
        let house = House::new().await;
        let shop = add(&house, None).await;
        let second = rotate(&house, shop.client, Some(HOUR)).await;
        let third = rotate(&house, shop.client, Some(HOUR * 3)).await;
        house.pass(HOUR);
        assert!(!is_taken(&house, &shop.api_key).await);
        assert!(is_taken(&house, &second.api_key).await);
        house.pass(HOUR * 2);
        assert!(!is_taken(&house, &second.api_key).await);
        assert!(is_taken(&house, &third.api_key).await);
    });
}

/// SR-135, SR-131: an expired key is refused like one that nobody has, the first one of an app and
/// a later one; and what overlaps does not outlive its own end.
#[test]
fn sr_135_an_expired_key_is_nobodys() {
    run(async {
        let house = House::new().await;
        let shop = add(&house, Some(HOUR * 2)).await;
        assert_eq!(shop.expires_at, Some(house.clock.now() + HOUR * 2));
        let new = NewKey { overlap: Some(HOUR * 24), expires_in: Some(HOUR * 3) };
        let newer = yes(house.accounts.add_key(&house.call(), shop.client, new).await);
        house.pass(HOUR * 2 - SECOND);
        assert!(is_taken(&house, &shop.api_key).await);
        house.pass(SECOND);
        assert!(!is_taken(&house, &shop.api_key).await);
        house.pass(HOUR - SECOND);
        assert!(is_taken(&house, &newer.api_key).await);
        house.pass(SECOND);
        assert!(!is_taken(&house, &newer.api_key).await);
        let keys = listed(&house).await.keys;
        assert_eq!(keys.iter().map(|key| key.alive).collect::<Vec<_>>(), [false, false]);
        // The app is there, and may have another.
        let last = rotate(&house, shop.client, None).await;
        assert!(is_taken(&house, &last.api_key).await);
    });
}

#[test]
fn overlap_and_time_to_live_have_their_bounds() {
    run(async {
        let house = House::new().await;
        let shop = add(&house, None).await;
        let asked = async |overlap, expires_in| {
            let new = NewKey { overlap, expires_in };
            house.accounts.add_key(&house.call(), shop.client, new).await.unwrap()
        };
        for overlap in [OVERLAP_MAX + SECOND, -SECOND, SignedDuration::MAX] {
            let refused = asked(Some(overlap), None).await.unwrap_err();
            assert!(matches!(refused, Refusal::Invalid { field: "overlap_seconds", .. }));
        }
        for span in [KEY_TTL_MIN - SECOND, KEY_TTL_MAX + SECOND, SignedDuration::MAX] {
            let refused = asked(None, Some(span)).await.unwrap_err();
            assert!(matches!(refused, Refusal::Invalid { field: "expires_in_seconds", .. }));
            let call = house.call();
            let add = house
                .accounts
                .add_client(&call, NewClient::new("bank".to_owned(), vec![], Some(span)));
            let refused = no(add.await);
            assert!(matches!(refused, Refusal::Invalid { field: "expires_in_seconds", .. }));
        }
        assert_eq!(events(&house, shop.client).await.len(), 1);
        for span in [KEY_TTL_MIN, KEY_TTL_MAX] {
            asked(Some(SignedDuration::ZERO), Some(span)).await.unwrap();
        }
        // So many at a time, and the next only in the place of the others.
        for _ in 1..KEYS_MAX {
            rotate(&house, shop.client, None).await;
        }
        assert!(matches!(asked(None, None).await, Err(Refusal::Conflict(_))));
        asked(Some(SignedDuration::ZERO), None).await.unwrap();
        let keys = listed(&house).await.keys;
        assert_eq!(keys.iter().filter(|key| key.alive).count(), 1);
    });
}

/// SR-131: one key is ended on the next request, on every node, and the others go on.
#[test]
fn sr_131_a_key_that_was_ended_is_dead_on_every_node() {
    run(async {
        let house = House::new().await;
        let (directory, model) = (house.accounts.directory(), house.accounts.read_model());
        let other = Accounts::new(house.services.clone(), directory.clone(), model.clone());
        let shop = add(&house, None).await;
        let newer = rotate(&house, shop.client, None).await;
        yes(other.client(&house.call(), &shop.api_key).await);
        for _ in 0..2 {
            yes(house.accounts.end_key(&house.call(), shop.client, shop.key).await);
        }
        assert_eq!(count(&house, shop.client, "client.key_ended").await, 1);
        for accounts in [&house.accounts, &other] {
            assert_eq!(no(accounts.client(&house.call(), &shop.api_key).await), Refusal::NoSession);
            yes(accounts.client(&house.call(), &newer.api_key).await);
        }
        yes(other.disable_client(&house.call(), shop.client).await);
        assert!(!is_taken(&house, &newer.api_key).await);
        assert!(listed(&house).await.keys.iter().all(|key| !key.alive));
        let late = house.accounts.add_key(&house.call(), shop.client, NewKey::default()).await;
        assert!(matches!(no(late), Refusal::Conflict(_)));
        yes(house.accounts.end_key(&house.call(), shop.client, newer.key).await);
        assert_eq!(count(&house, shop.client, "client.key_ended").await, 1);
    });
}

/// SR-057: a key is one app's alone, in what it opens and in what ends it.
#[test]
fn sr_057_a_key_of_one_app_is_no_key_of_another() {
    run(async {
        let house = House::new().await;
        let (shop, bank) = (add(&house, None).await, add(&house, None).await);
        let bytes =
            |key: &ApiKey| data_encoding::BASE64URL_NOPAD.decode(key.reveal().as_bytes()).unwrap();
        let mut forged = bytes(&shop.api_key);
        forged[..16].copy_from_slice(bank.client.uuid().as_bytes());
        let forged = data_encoding::BASE64URL_NOPAD.encode(&forged);
        assert!(!is_taken(&house, &ApiKey::parse(&forged).unwrap()).await);
        let nobody = ClientId::new(Uuid::from_u128(7));
        let (call, new) = (house.call(), NewKey::default());
        assert_eq!(no(house.accounts.add_key(&call, nobody, new).await), missing("client"));
        for (client, key, what) in [
            (bank.client, shop.key, "key"),
            (bank.client, EventId::new(Uuid::from_u128(7)), "key"),
            (nobody, shop.key, "client"),
        ] {
            assert_eq!(no(house.accounts.end_key(&call, client, key).await), missing(what));
        }
        assert!(is_taken(&house, &shop.api_key).await && is_taken(&house, &bank.api_key).await);
        let found = yes(house.accounts.client(&call, &shop.api_key).await);
        assert_eq!(found.client, shop.client);
    });
}

const fn missing(what: &'static str) -> Refusal {
    Refusal::NotFound(what)
}

/// SR-066: one effect and one answer of twenty at once, and of any later one within a day.
#[test]
fn sr_066_twenty_equal_rotations_at_once_are_one() {
    run(async {
        let house = House::new().await;
        let shop = add(&house, None).await;
        let ask = |body: &str, overlap| {
            let call = house.keyed(KEY, "POST /v1/clients/{client}/keys", body);
            let new = NewKey { overlap, expires_in: Some(HOUR * 48) };
            let (accounts, client) = (house.accounts.clone(), shop.client);
            async move { accounts.add_key(&call, client, new).await }
        };
        let told: Vec<_> = join_all((0..AT_ONCE).map(|_| ask("a", None))).await;
        let told: Vec<_> = told.into_iter().map(yes).collect();
        house.pass(IDEMPOTENCY_TTL - SECOND);
        let later = yes(ask("a", None).await);
        for one in told.iter().chain([&later]) {
            assert_eq!((one.key, &one.api_key), (told[0].key, &told[0].api_key));
            let times = (told[0].expires_at, told[0].others_end_at);
            assert_eq!((one.expires_at, one.others_end_at), times);
        }
        assert_eq!(count(&house, shop.client, "client.key_added").await, 1);
        assert_eq!(no(ask("b", Some(HOUR)).await), Refusal::IdempotencyKeyReused);
        house.pass(SECOND);
        assert_ne!(yes(ask("a", None).await).key, told[0].key);
        assert_eq!(count(&house, shop.client, "client.key_added").await, 2);
    });
}

/// SR-101: rotations without a key that meet leave no more good keys than there may be.
#[test]
fn sr_101_rotations_at_once_never_leave_too_many_keys() {
    run(async {
        let house = House::new().await;
        let shop = add(&house, None).await;
        let rotations = (0..AT_ONCE).map(|_| {
            let (accounts, call) = (house.accounts.clone(), house.call());
            async move { accounts.add_key(&call, shop.client, NewKey::default()).await }
        });
        join_all(rotations).await;
        assert_eq!(listed(&house).await.keys.iter().filter(|key| key.alive).count(), KEYS_MAX);
    });
}

/// SR-108: a use of a key is told, by the app: at most once a day, and once an hour of one that
/// another takes over from; and not by the number of requests.
#[test]
fn sr_108_the_use_of_a_key_is_told_once_a_day_and_once_an_hour_while_it_overlaps() {
    run(async {
        let house = House::new().await;
        let shop = add(&house, None).await;
        assert_eq!(key(&house, shop.key).await.last_used_at, None);
        let used = async || count(&house, shop.client, "client.key_used").await;
        let uses = (0..AT_ONCE).map(|_| is_taken(&house, &shop.api_key));
        assert!(join_all(uses).await.iter().all(|taken| *taken));
        assert_eq!(used().await, 1);
        let first = house.clock.now();
        for (pass, uses, last) in [
            (HOUR * 24 - SECOND, 1, first),
            (SECOND, 2, first + HOUR * 24),
            (HOUR, 2, first + HOUR * 24),
        ] {
            house.pass(pass);
            is_taken(&house, &shop.api_key).await;
            assert_eq!(used().await, uses);
            assert_eq!(key(&house, shop.key).await.last_used_at, Some(last));
        }
        let newer = rotate(&house, shop.client, None).await;
        for (pass, uses) in [(SECOND, 3), (HOUR - SECOND, 3), (SECOND, 4)] {
            house.pass(pass);
            is_taken(&house, &shop.api_key).await;
            assert_eq!(used().await, uses);
        }
        // The new one is another's use.
        assert_eq!(key(&house, newer.key).await.last_used_at, None);
        is_taken(&house, &newer.api_key).await;
        assert_eq!(used().await, 5);
        // A key that is refused is not used.
        let wrong = ApiKey::new(shop.client, &[7; 32]);
        assert!(!is_taken(&house, &wrong).await);
        assert_eq!(used().await, 5);
        let by = By::Client { id: shop.client };
        let told = events(&house, shop.client).await;
        assert!(told.iter().all(|(name, doer)| name != "client.key_used" || *doer == by));
        // What is shown is what the log says, whoever reads it.
        let before = listed(&house).await;
        let House { dir, clock, .. } = house;
        assert_eq!(listed(&House::open(dir, clock).await).await, before);
    });
}

/// SR-108: who added a key stands there, and a use carries no idempotency key of its request.
#[test]
fn sr_108_a_key_says_who_added_it() {
    run(async {
        let house = House::new().await;
        let shop = add(&house, None).await;
        let user = By::Console { user: "olga".to_owned() };
        let call = Call { by: user.clone(), ..house.call() };
        let new = NewKey { overlap: None, expires_in: Some(HOUR * 48) };
        let newer = yes(house.accounts.add_key(&call, shop.client, new).await);
        let keys = listed(&house).await.keys;
        assert_eq!(keys.iter().map(|key| key.id).collect::<Vec<_>>(), [newer.key, shop.key]);
        assert_eq!((&keys[0].added_by, &keys[1].added_by), (&user, &By::Holder));
        assert_eq!(keys[0].expires_at, newer.expires_at);
        assert_eq!((keys[0].overlaps_until, keys[1].expires_at), (None, None));
        assert_eq!(keys[1].overlaps_until, Some(newer.others_end_at));
        // The same idempotency key is free for what the request itself does.
        let call = house.keyed(KEY, "POST /v1/accounts", "a");
        yes(house.accounts.client(&call, &newer.api_key).await);
        let stream = StreamId::Client(shop.client);
        let recorded = house.store().read_stream(stream, Revision::new(0), 10).await.unwrap();
        let last = Entry::parse(&recorded.last().unwrap().bytes).unwrap();
        assert_eq!(last.event_type, "client.key_used");
        assert_eq!(last.idempotency, None);
    });
}

/// SR-110: the one key of an app in an old log is a key like any other.
#[test]
fn sr_110_the_key_of_an_old_log_still_works() {
    run(async {
        let house = House::new().await;
        let client = ClientId::new(Uuid::from_u128(0x3333_3333_3333_4333_8333_3333_3333_3333));
        let old = ApiKey::new(client, &[9; 32]);
        let log = &house.services.log;
        let stamp = Stamp {
            by: By::Holder,
            correlation: log.correlation_id().unwrap(),
            idempotency: None,
            policy: PolicyVersion::new(0),
            at: log.now(),
        };
        // As it was written when an app had one key.
        let data = format!(r#"{{"name":"Shop","scopes":["history:read"],"key":"{}"}}"#, old.hash());
        let id = log.event_id().unwrap();
        let planned = Planned { id, event_type: "client.added", version: 1, data, sealed: vec![] };
        let stream = StreamId::Client(client);
        log.append(stream, Head::default(), &stamp, vec![planned]).await.unwrap();
        assert!(is_taken(&house, &old).await);
        assert_eq!(key(&house, id).await.expires_at, None);
        let newer = rotate(&house, client, Some(HOUR)).await;
        house.pass(HOUR);
        assert!(!is_taken(&house, &old).await && is_taken(&house, &newer.api_key).await);
    });
}
