//! SR-092: an operator whom nothing lets in any more is let in anew by two people at the machine.

use countersign_core::accounts::UNLOCK_TTL;
use countersign_core::accounts::answer::UnlockAsked;
use countersign_core::accounts::request::Call;
use countersign_core::domain::refusal::Refusal;
use countersign_core::handle::{SetupToken, UnlockCode};
use countersign_events::account::{AccountEvent, Method};
use countersign_events::actor::By;
use countersign_events::entry::{Entry, SealClass};
use countersign_events::id::{Revision, StreamId};
use countersign_events::operator::Role;
use data_encoding::BASE32_NOPAD;
use jiff::SignedDuration;

use super::house::{Enabled, House, PASSWORD, STEP, no, run, text, yes};

/// Two people, and somebody else.
const ADA: u32 = 1000;
const BEN: u32 = 1001;
const ROOT: u32 = 0;
const NEW_PASSWORD: &str = "another horse battery";

fn console(house: &House, user: &str) -> Call {
    Call { by: By::Console { user: user.to_owned() }, ..house.call() }
}

/// An operator with an authenticator.
async fn operator(house: &House, login: &str) -> Enabled {
    let added = house.accounts.add_operator(&house.call(), login.to_owned(), Role::Admin).await;
    let account = set_up(house, yes(added).setup_token, PASSWORD).await.unwrap();
    let token = house.staff_session(login).await.token;
    let offered = house.offer(&token).await;
    let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).unwrap();
    let activated = yes(house.activate(&token, offered.factor, &house.code(&secret)).await);
    Enabled {
        login: login.to_owned(),
        account,
        factor: offered.factor,
        secret,
        token,
        recovery_codes: activated.recovery_codes.unwrap().iter().map(|it| it.to_string()).collect(),
    }
}

async fn set_up(
    house: &House,
    token: SetupToken,
    password: &str,
) -> Result<countersign_events::id::AccountId, Refusal> {
    house.accounts.set_up_operator(&house.call(), token, text(password)).await.unwrap()
}

async fn ask(house: &House, login: &str, uid: u32) -> UnlockAsked {
    let why = ("all of us are locked out".to_owned(), "ticket 4711".to_owned());
    yes(house.accounts.request_unlock(&console(house, "ada"), login, uid, why).await)
}

async fn confirm(
    house: &House,
    login: &str,
    uid: u32,
    code: &UnlockCode,
) -> Result<SetupToken, Refusal> {
    let call = console(house, "ben");
    let confirmed = house.accounts.confirm_unlock(&call, login, uid, code).await.unwrap();
    confirmed.map(|added| added.setup_token)
}

/// Wrong passwords and codes, until nothing lets the operator in for hours.
async fn lock(house: &House, who: &Enabled) {
    let step = house.staff_second_step(&who.login).await;
    for _ in 0..5 {
        no(house.answer(&step.id, Method::Totp, &house.wrong_code(&who.secret)).await);
        no(house.staff_sign_in(&who.login, "wrong horse battery").await);
    }
    let refused = no(house.staff_sign_in(&who.login, PASSWORD).await);
    assert!(matches!(refused, Refusal::TooManyRequests { .. }));
}

/// What was guessed is worth nothing, the old password too, and the operator is in at once by a new
/// one and the authenticator there was.
#[test]
fn sr_092_two_people_let_an_operator_in_anew() {
    run(async {
        let house = House::new().await;
        let zoe = operator(&house, "zoe").await;
        house.pass(STEP);
        let begun = house.staff_second_step("zoe").await;
        lock(&house, &zoe).await;
        let asked = ask(&house, "zoe", ADA).await;
        let still = no(house.staff_sign_in("zoe", PASSWORD).await);
        assert!(matches!(still, Refusal::TooManyRequests { .. }), "asking alone changes nothing");
        yes(house.accounts.session(&house.call(), &zoe.token).await);

        let token = confirm(&house, "zoe", BEN, &asked.code).await.unwrap();
        assert_eq!(no(house.staff_sign_in("zoe", PASSWORD).await), Refusal::AuthenticationFailed);
        let over = house.accounts.session(&house.call(), &zoe.token).await;
        assert_eq!(no(over), Refusal::NoSession);
        let code = house.code(&zoe.secret);
        let ended = no(house.answer(&begun.id, Method::Totp, &code).await);
        assert_eq!(ended, Refusal::AuthenticationFailed, "what began before goes no further");
        assert_eq!(set_up(&house, token.clone(), NEW_PASSWORD).await, Ok(zoe.account));
        let used = set_up(&house, token, PASSWORD).await;
        assert_eq!(used, Err(Refusal::AuthenticationFailed), "the token is good once");
        let asked = super::house::asked(yes(house.staff_sign_in("zoe", NEW_PASSWORD).await));
        let entered = yes(house.answer(&asked.id, Method::Totp, &code).await);
        let call = house.call();
        assert_eq!(yes(house.accounts.operator(&call, &entered.token).await).role, Role::Admin);
    });
}

/// Neither does one person twice, nor a code that is wrong, late, used, void or another operator's;
/// and no single person gives out a token by adding the operator again.
#[test]
fn sr_092_one_person_lets_nobody_in() {
    run(async {
        let house = House::new().await;
        let (zoe, kim) = (operator(&house, "zoe").await, operator(&house, "kim").await);
        lock(&house, &zoe).await;
        let before = house.events(zoe.account).await.len();
        for uid in [ADA, ROOT] {
            let asked = ask(&house, "zoe", uid).await;
            let alone = confirm(&house, "zoe", uid, &asked.code).await;
            assert!(matches!(alone, Err(Refusal::Forbidden(_))), "{uid}: {alone:?}");
        }
        let failed = Err(Refusal::AuthenticationFailed);
        let void = ask(&house, "zoe", ADA).await.code;
        let asked = ask(&house, "zoe", ADA).await.code;
        let of_kim = ask(&house, "kim", ADA).await.code;
        let made_up = UnlockCode::new(zoe.account, &[7; 32]);
        for code in [&void, &of_kim, &made_up] {
            assert_eq!(confirm(&house, "zoe", BEN, code).await, failed);
        }
        assert_eq!(confirm(&house, "kim", BEN, &asked).await, failed);
        assert_eq!(confirm(&house, "nobody", BEN, &asked).await, failed);
        yes(house.accounts.session(&house.call(), &kim.token).await);
        house.pass(UNLOCK_TTL - SignedDuration::from_secs(1));
        yes(house.accounts.session(&house.call(), &kim.token).await);
        house.pass(SignedDuration::from_secs(1));
        assert_eq!(confirm(&house, "zoe", BEN, &asked).await, failed, "late");
        yes(house.accounts.session(&house.call(), &kim.token).await);
        assert_eq!(house.events(zoe.account).await.len(), before, "nothing came of it");
        let asked = ask(&house, "zoe", ADA).await.code;
        house.pass(UNLOCK_TTL - SignedDuration::from_secs(1));
        confirm(&house, "zoe", BEN, &asked).await.unwrap();
        assert_eq!(confirm(&house, "zoe", BEN, &asked).await, failed, "used");
        let again = house.accounts.add_operator(&house.call(), "zoe".to_owned(), Role::Admin).await;
        assert_eq!(no(again), Refusal::Taken("login"));
        yes(house.accounts.session(&house.call(), &kim.token).await);
    });
}

/// Who is no operator, was never set up, or is disabled, is nobody to let in; and reason and ticket
/// are asked for.
#[test]
fn sr_092_only_operators_who_may_act_are_let_in_anew() {
    run(async {
        let house = House::new().await;
        house.enabled("mike").await;
        let zoe = operator(&house, "zoe").await;
        operator(&house, "kim").await;
        let call = console(&house, "ada");
        yes(house.accounts.add_operator(&call, "new".to_owned(), Role::Admin).await);
        yes(house.accounts.disable_operator(&call, zoe.account).await);
        let request = async |login: &str, reason: &str, ticket: &str| {
            let why = (reason.to_owned(), ticket.to_owned());
            no(house.accounts.request_unlock(&call, login, ADA, why).await)
        };
        for login in ["mike", "zoe", "new", "nobody"] {
            assert_eq!(request(login, "why", "1").await, Refusal::NotFound("operator"), "{login}");
        }
        for (reason, ticket) in [("", "1"), ("why", "")] {
            let refused = request("kim", reason, ticket).await;
            assert!(matches!(refused, Refusal::Invalid { .. }), "{refused:?}");
        }
    });
}

/// An authenticator that must be bound anew still must: SR-123 holds for operators as well.
#[test]
fn sr_092_a_disabled_authenticator_stays_disabled() {
    run(async {
        let house = House::new().await;
        let zoe = operator(&house, "zoe").await;
        for _ in 0..60 {
            house.pass(SignedDuration::from_hours(25));
            let Ok(begun) = house.staff_sign_in("zoe", PASSWORD).await.unwrap() else { break };
            let step = super::house::asked(begun);
            for _ in 0..4 {
                let nobodys = "00000-00000-00000-00000-00000";
                let _wrong = house.answer(&step.id, Method::RecoveryCode, nobodys).await.unwrap();
            }
        }
        assert_eq!(house.count(zoe.account, "account.locked_out").await, 1);
        let asked = ask(&house, "zoe", ADA).await;
        let token = confirm(&house, "zoe", BEN, &asked.code).await.unwrap();
        set_up(&house, token, NEW_PASSWORD).await.unwrap();
        let step = super::house::asked(yes(house.staff_sign_in("zoe", NEW_PASSWORD).await));
        let code = &zoe.recovery_codes[0];
        let refused = no(house.answer(&step.id, Method::RecoveryCode, code).await);
        assert_eq!(refused, Refusal::AuthenticationFailed, "recovery codes were guessed at");
        yes(house.answer(&step.id, Method::Totp, &house.code(&zoe.secret)).await);
    });
}

/// Both are in the log by name and number, with the reason sealed, on the account as well.
#[test]
fn sr_092_the_log_says_who_asked_who_confirmed_and_why() {
    run(async {
        let house = House::new().await;
        let zoe = operator(&house, "zoe").await;
        lock(&house, &zoe).await;
        let asked = ask(&house, "zoe", ADA).await;
        confirm(&house, "zoe", BEN, &asked.code).await.unwrap();
        let stream = StreamId::Operator(zoe.account);
        let recorded = house.services.log.read_from(stream, Revision::new(0)).await.unwrap();
        let told: Vec<_> = recorded
            .iter()
            .map(|recorded| Entry::parse(&recorded.bytes).unwrap())
            .filter(|entry| entry.event_type.contains("unlock"))
            .map(|entry| {
                let has_reason = entry.sealed.contains_key(&SealClass::Pii);
                (entry.event_type.to_string(), format!("{:?}", entry.by), has_reason)
            })
            .collect();
        let by = |user: &str| format!("{:?}", By::Console { user: user.to_owned() });
        assert_eq!(
            told,
            [
                ("operator.unlock_requested".to_owned(), by("ada"), true),
                ("operator.unlocked".to_owned(), by("ben"), false),
            ]
        );
        let whole = recorded.iter().map(|it| String::from_utf8_lossy(&it.bytes).into_owned());
        let whole = whole.collect::<String>();
        assert!(whole.contains("\"uid\":1000") && whole.contains("\"uid\":1001"), "{whole}");
        assert!(!whole.contains("ticket 4711") && !whole.contains("locked out"), "{whole}");
        let stream = StreamId::Account(zoe.account);
        let recorded = house.services.log.read_from(stream, Revision::new(0)).await.unwrap();
        let reset = recorded
            .iter()
            .map(|recorded| Entry::parse(&recorded.bytes).unwrap())
            .find(|entry| entry.event_type == "account.lockout_reset")
            .unwrap();
        assert!(reset.sealed.contains_key(&SealClass::Pii));
        let events = house.events(zoe.account).await;
        let ends = events.iter().any(|(_, event)| match event {
            AccountEvent::PasswordChangeDemanded(demanded) => demanded.ends_password,
            _ => false,
        });
        assert!(ends, "{events:?}");
    });
}
