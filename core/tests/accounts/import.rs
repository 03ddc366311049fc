//! Imports, from a file's lines to a sign-in.

use countersign_core::accounts::import::{Importer, Outcome, Told};
use countersign_core::accounts::request::{Call, NewClient, VouchedSignIn};
use countersign_core::migration::{self, NamedBy, Why};
use countersign_core::vault::SecretKind;
use countersign_events::account::{AccountEvent, Method, PasswordSetWhy};
use countersign_events::actor::By;
use countersign_events::client::Scope;
use countersign_events::id::{ClientId, StreamId};
use data_encoding::BASE32_NOPAD;

use crate::house::{House, PASSWORD, asked, completed, run, yes};

const SEED: &[u8] = b"12345678901234567890";
const OTHER_SEED: &[u8] = b"abcdefghijabcdefghij";
/// Of the password of everybody, made by libxcrypt.
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS";

fn base32(seed: &[u8]) -> String {
    BASE32_NOPAD.encode(seed)
}

fn console(house: &House) -> Call {
    Call { by: By::Console { user: "ada".to_owned() }, ..house.call() }
}

async fn imported_for(house: &House, client: Option<ClientId>, file: &str) -> Vec<Told> {
    let lines = migration::lines(file.as_bytes(), None, NamedBy::Login).unwrap();
    let mut importer = Importer::new(&house.accounts, console(house), client);
    importer.take(lines.collect()).await.unwrap()
}

async fn imported(house: &House, file: &str) -> Vec<Outcome> {
    let told = imported_for(house, None, file).await;
    told.into_iter().map(|told| told.outcome).collect()
}

fn is_conflict(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(Why::Conflict(_)))
}

/// Signs in with the password and the code that the phone of a seed shows.
async fn signs_in(house: &House, login: &str, seed: &[u8]) {
    let second = asked(yes(house.sign_in(login, PASSWORD).await));
    let code = house.code(seed);
    yes(house.answer(&second.id, Method::Totp, &code).await);
}

#[test]
fn an_imported_account_signs_in_with_what_it_had_and_its_password_is_hashed_anew() {
    run(async {
        let house = House::new().await;
        let file = format!("login,email,seed,password_hash\nzoe,,{},{BCRYPT}\n", base32(SEED));
        assert_eq!(imported(&house, &file).await, [Outcome::Imported]);
        let account = house.services.secrets.find(house.services.secrets.login_hash("zoe")).await;
        let account = account.unwrap().unwrap();
        let events = house.events(account).await;
        let names: Vec<_> = events.iter().map(|(_, event)| event.event_type()).collect();
        assert_eq!(
            names,
            [
                "account.registered",
                "account.key_created",
                "account.password_set",
                "account.enable_requested",
                "account.enabled",
            ]
        );
        let wrong = house.sign_in("zoe", "another password").await.unwrap();
        assert!(wrong.is_err());
        house.pass(jiff::SignedDuration::from_mins(1));
        signs_in(&house, "zoe", SEED).await;
        let rehashed = house.events(account).await.into_iter().find_map(|(_, event)| match event {
            AccountEvent::PasswordSet(set) if set.why == PasswordSetWhy::Rehashed => Some(set),
            _ => None,
        });
        let kind = SecretKind::Password;
        let hashes = house.services.secrets.versions(account).await.unwrap();
        let hashes: Vec<_> = hashes.iter().filter(|(of, ..)| *of == kind).collect();
        assert_eq!(hashes.len(), 1, "the one of another system is destroyed");
        let kept = house.services.secrets.get(account, kind, rehashed.unwrap().version).await;
        let kept = kept.unwrap().unwrap();
        assert!(std::str::from_utf8(&kept).unwrap().starts_with("$argon2id$v=19$m=64,"));
        house.pass(jiff::SignedDuration::from_mins(1));
        signs_in(&house, "zoe", SEED).await;
        assert_eq!(house.count(account, "account.password_set").await, 2, "once");
        assert_eq!(imported(&house, &file).await, [Outcome::There], "also after that");
    });
}

#[test]
fn an_account_without_an_authenticator_signs_in_by_its_password() {
    run(async {
        let house = House::new().await;
        let file = format!("login,password_hash\nzoe,{BCRYPT}\n");
        assert_eq!(imported(&house, &file).await, [Outcome::Imported]);
        completed(yes(house.sign_in("zoe", PASSWORD).await));
        assert_eq!(imported(&house, &file).await, [Outcome::There]);
    });
}

/// Whatever is there already stays as it is.
#[test]
fn a_line_meets_what_is_there() {
    run(async {
        let house = House::new().await;
        house.register("yan").await;
        let line = |login: &str, seed: &[u8]| format!("{login},{}\n", base32(seed));
        let file = format!("login,seed\n{}{}", line("zoe", SEED), line("xia", SEED));
        assert_eq!(imported(&house, &file).await, [Outcome::Imported, Outcome::Imported]);
        let file = format!(
            "login,seed\n{}{}{}{}{}{}",
            line("zoe", SEED),
            line("ZOE", OTHER_SEED),
            line("yan", SEED),
            line("new", SEED),
            line("new", SEED),
            line("new", OTHER_SEED),
        );
        let met = imported(&house, &file).await;
        assert_eq!(met[0], Outcome::There);
        assert!(is_conflict(&met[1]), "a name is read as at a sign-in: {:?}", met[1]);
        assert!(is_conflict(&met[2]), "no import made it: {:?}", met[2]);
        assert_eq!(met[3..5], [Outcome::Imported, Outcome::There]);
        assert!(is_conflict(&met[5]), "{:?}", met[5]);
    });
}

#[test]
fn a_login_that_is_an_address_is_its_holders_own() {
    run(async {
        let house = House::new().await;
        let seed = base32(SEED);
        let file = format!(
            "login,email,seed\nzoe@example.com,,{seed}\nyan@example.com,xia@example.com,{seed}\n\
             a b@,,{seed}\nw,,{seed}\n"
        );
        let met = imported(&house, &file).await;
        assert_eq!(met[0], Outcome::Imported);
        for refused in &met[1..] {
            assert!(matches!(refused, Outcome::Refused(Why::Invalid { .. })), "{refused:?}");
        }
    });
}

#[test]
fn a_client_apps_accounts_have_its_own_names() {
    run(async {
        let house = House::new().await;
        let scopes = vec![Scope::SignInsVouch];
        let added = yes(house
            .accounts
            .add_client(&house.call(), NewClient::new("shop".into(), scopes, None))
            .await);
        let client = added.client;
        let file = format!("subject,seed\nuser 1,{}\n", base32(SEED));
        let told = imported_for(&house, Some(client), &file).await;
        assert_eq!(told[0].outcome, Outcome::Imported);
        let vouched = house
            .accounts
            .vouch(&house.call(), client, VouchedSignIn::new("user 1".into(), None))
            .await;
        let second = asked(yes(vouched));
        let code = house.code(SEED);
        yes(house.answer(&second.id, Method::Totp, &code).await);
    });
}

/// A crash between the claim and the first event leaves a name that the next import goes on with.
#[test]
fn an_import_goes_on_where_another_was_cut_off() {
    run(async {
        let house = House::new().await;
        let secrets = &house.services.secrets;
        let account = countersign_events::id::AccountId::new(uuid::Uuid::from_u128(7));
        let name = secrets.login_hash("zoe");
        secrets.claim(name, account, house.services.log.now()).await.unwrap();
        secrets.create_key(account).await.unwrap();
        let now = house.services.log.now();
        secrets.put(account, SecretKind::Totp, SEED, now).await.unwrap();
        let file = format!("login,seed,password_hash\nzoe,{},{BCRYPT}\n", base32(SEED));
        assert_eq!(imported(&house, &file).await, [Outcome::Imported]);
        assert_eq!(secrets.find(name).await.unwrap(), Some(account), "no second account");
        signs_in(&house, "zoe", SEED).await;
    });
}

#[test]
fn a_rehearsal_says_what_an_import_would_and_writes_nothing() {
    run(async {
        let house = House::new().await;
        let seed = base32(SEED);
        let file = format!("login,seed\nzoe,{seed}\nzoe,{seed}\nyan,short\n");
        let lines = || migration::lines(file.as_bytes(), None, NamedBy::Login).unwrap().collect();
        let (store, secrets) = (house.store().clone(), house.services.secrets.clone());
        let mut rehearsal = Importer::rehearsing(store, secrets.clone(), None);
        let before = house.store().head().await.unwrap();
        let would = rehearsal.take(lines()).await.unwrap();
        assert_eq!(house.store().head().await.unwrap(), before);
        assert_eq!(secrets.find(secrets.login_hash("zoe")).await.unwrap(), None);
        let mut importer = Importer::new(&house.accounts, console(&house), None);
        assert_eq!(importer.take(lines()).await.unwrap(), would);
        let account = secrets.find(secrets.login_hash("zoe")).await.unwrap().unwrap();
        let stream = StreamId::Account(account);
        assert!(house.store().stream_head(stream).await.unwrap().is_some());
    });
}
