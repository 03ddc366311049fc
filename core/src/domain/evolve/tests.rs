//! `evolve` takes any events in any order: it never panics, forgets nothing that a snapshot must
//! keep, and gives the same state however often it runs.

use countersign_events::account::{
    AccountEvent, Assurance, AttemptsRefused, BrowserAdmitted, CodeRejected, CodeVerified,
    CooledDown, Counted, DeviceRemembered, DevicesForgotten, Disabled, EmailCodeRequested,
    EmailConfirmed, EnableRequested, Enabled, FactorRemoved, FactorRenamed, FactorResynced,
    FirstFactorVouched, KeyCreated, Lane, LockRule, LockedOut, LockoutReset, Method, Need, Origin,
    PasswordRejected, PasswordResetRenewed, PasswordResetRequested, PasswordSet, PasswordSetWhy,
    PasswordUnlocked, PasswordVerified, Purpose, RecoveryCodeUsed, RecoveryCodesIssued, Registered,
    RegistrationAbandoned, RejectedWhy, ResetScope, SessionEndedWhy, SessionOpened, SessionUsed,
    SessionsEnded, SignInOpened,
};
use countersign_events::actor::By;
use countersign_events::entry::{Draft, Entry, Idempotency};
use countersign_events::id::{
    AccountId, CorrelationId, EventId, FactorId, HandleHash, Hash32, LogId, Nonce, PolicyVersion,
    Revision, SecretVersion, StreamId,
};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use crate::domain::{Account, StampedEvent, evolve};

fn fold(account: Account, events: &[StampedEvent]) -> Account {
    events.iter().fold(account, evolve)
}

fn through_json(account: &Account) -> Account {
    serde_json::from_str(&serde_json::to_string(account).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Any events, in any order, at any times: the same state, twice, and through a snapshot taken
    /// anywhere. Times run forward, stand still and go back.
    #[test]
    fn any_history_folds_to_one_state_through_any_snapshot(
        events in vec(stamped(), 0..80), cut in 0_usize..80
    ) {
        let events = numbered(events);
        let state = fold(Account::default(), &events);
        prop_assert_eq!(&fold(Account::default(), &events), &state);
        let (head, tail) = events.split_at(cut.min(events.len()));
        let snapshot = through_json(&fold(Account::default(), head));
        prop_assert_eq!(&fold(snapshot, tail), &state);
        prop_assert_eq!(through_json(&state), state);
    }

    /// What stands in the log folds as what was decided: events read back are the same.
    #[test]
    fn an_event_reads_back_from_its_json(event in event()) {
        let data = event.to_json().unwrap();
        let read = AccountEvent::decode(event.event_type(), event.version(), &data).unwrap();
        prop_assert_eq!(read, event);
    }

    /// SR-107: every fact stands in an entry with its time (UTC), place, author, request, policy
    /// and a link to the entry before it.
    #[test]
    fn sr_107_every_entry_says_when_where_who_and_under_which_policy(event in event()) {
        let id = Uuid::from_u128;
        let draft = Draft {
            id: EventId::new(id(1)),
            at: "2026-11-24T08:00:00.123Z".parse().unwrap(),
            event_type: event.event_type(),
            version: event.version(),
            by: By::Holder,
            correlation: CorrelationId::new(id(2)),
            causation: None,
            policy: PolicyVersion::new(1),
            idempotency: None,
            data: event.to_json().unwrap(),
            sealed: vec![],
        };
        let (log, stream) = (LogId::new(id(3)), StreamId::Account(AccountId::new(id(4))));
        let before = Some(Hash32::new([5; 32]));
        let written = draft.write(log, stream, Revision::new(7), before).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&written.bytes).unwrap();
        let mut fields: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        let stamps = "at by cor data id log pol prev rev stream type v";
        prop_assert_eq!(fields.join(" "), stamps);
        prop_assert_eq!(&json["at"], "2026-11-24T08:00:00.123Z");
        let entry = Entry::parse(&written.bytes).unwrap();
        prop_assert_eq!((entry.rev, entry.stream, entry.prev), (Revision::new(7), stream, before));
    }
}

/// What is bounded stays bounded, whatever the log says.
#[test]
fn sign_ins_and_idempotency_keys_are_bounded() {
    let registered = AccountEvent::Registered(Registered {
        origin: Origin::Holder,
        client: None,
        has_email: false,
        email_confirmed: false,
        imported: false,
    });
    let begun = |number: u32| {
        let mut hash = [0; 16];
        hash[..4].copy_from_slice(&number.to_be_bytes());
        let (sign_in, expires_at) = (HandleHash::new(hash), Timestamp::MAX);
        let needs = Need::SecondFactor;
        let sign_in = Some(SignInOpened { sign_in, expires_at, needs, device: None });
        let verified =
            PasswordVerified { purpose: Purpose::SignIn, sign_in, session: None, device: None };
        let idempotency = Some(Idempotency { key: HandleHash::new(hash), body: digest(1) });
        let event = AccountEvent::PasswordVerified(verified);
        Stamps { at: time(i64::from(number)), idempotency, pii: None, event }
    };
    let first = Stamps { at: time(0), idempotency: None, pii: None, event: registered };
    let events = numbered([first].into_iter().chain((1..=1_000).map(begun)).collect());
    let account = fold(Account::default(), &events);
    let open = account.open().unwrap();
    assert_eq!(open.sign_ins.len(), 10);
    assert!(open.sign_ins.values().all(|sign_in| sign_in.started_at > time(990)));
    let known = |number: u32| {
        let mut hash = [0; 16];
        hash[..4].copy_from_slice(&number.to_be_bytes());
        let asked = Idempotency { key: HandleHash::new(hash), body: digest(1) };
        account.idempotency.find(&asked, time(1_000)).unwrap().is_some()
    };
    assert_eq!((1..=1_000).filter(|number| known(*number)).count(), 256);
    assert!(known(1_000) && known(745) && !known(744));
}

/// What an event is stamped with, but for its place.
#[derive(Debug, Clone)]
struct Stamps {
    at: Timestamp,
    idempotency: Option<Idempotency>,
    pii: Option<Hash32>,
    event: AccountEvent,
}

fn numbered(events: Vec<Stamps>) -> Vec<StampedEvent> {
    let place = |(revision, stamps): (u64, Stamps)| StampedEvent {
        revision: Revision::new(revision),
        id: EventId::new(Uuid::from_u128(revision.into())),
        at: stamps.at,
        by: By::Holder,
        idempotency: stamps.idempotency,
        pii: stamps.pii,
        event: stamps.event,
    };
    (0..).zip(events).map(place).collect()
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

const fn digest<const N: usize>(number: u8) -> countersign_events::id::Digest<N> {
    countersign_events::id::Digest::new([number; N])
}

// Few names, so that events meet each other.

fn at() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        8 => (-100_000_i64..100_000).prop_map(time),
        1 => select(vec![Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH]),
    ]
}

fn hash() -> impl Strategy<Value = HandleHash> {
    (0_u8..6).prop_map(digest)
}

fn hash32() -> impl Strategy<Value = Hash32> {
    (0_u8..6).prop_map(digest)
}

fn factor() -> impl Strategy<Value = FactorId> {
    (0_u128..4).prop_map(|number| FactorId::new(Uuid::from_u128(number)))
}

fn method() -> impl Strategy<Value = Method> {
    select(vec![Method::Password, Method::Totp, Method::EmailCode, Method::RecoveryCode])
}

fn purpose() -> impl Strategy<Value = Purpose> {
    let purposes = [Purpose::SignIn, Purpose::Enable, Purpose::StepUp, Purpose::ConfirmEmail];
    select([&purposes[..], &[Purpose::Resync]].concat())
}

fn version() -> impl Strategy<Value = SecretVersion> {
    any::<u64>().prop_map(SecretVersion::new)
}

fn stamped() -> impl Strategy<Value = Stamps> {
    let idempotency = option::of((hash(), hash()));
    (at(), idempotency, option::of(hash32()), event()).prop_map(|(at, asked, pii, event)| {
        let idempotency = asked.map(|(key, body)| Idempotency { key, body });
        Stamps { at, idempotency, pii, event }
    })
}

fn sign_in() -> impl Strategy<Value = Option<SignInOpened>> {
    option::of((hash(), at(), option::of(hash()))).prop_map(|it| {
        it.map(|(sign_in, expires_at, device)| SignInOpened {
            sign_in,
            expires_at,
            needs: Need::SecondFactor,
            device,
        })
    })
}

fn session() -> impl Strategy<Value = Option<SessionOpened>> {
    let assurance = select(vec![Assurance::Password, Assurance::EmailCode, Assurance::TwoFactor]);
    let device = (hash(), at(), option::of(hash())).prop_map(|(device, expires_at, replaces)| {
        DeviceRemembered { device, expires_at, replaces }
    });
    option::of((hash(), assurance, at(), option::of(hash()), option::of(device))).prop_map(|it| {
        it.map(|(session, assurance, expires_at, replaces, device)| {
            let amr = vec!["pwd".to_owned()];
            SessionOpened {
                session,
                assurance,
                amr,
                expires_at,
                replaces,
                device,
                vouched_in: None,
            }
        })
    })
}

fn event() -> impl Strategy<Value = AccountEvent> {
    prop_oneof![first_factor(), code(), others(), registration(), factors()]
}

fn registration() -> impl Strategy<Value = AccountEvent> {
    let registered = any::<(bool, bool)>().prop_map(|(has_email, email_confirmed)| {
        let (origin, client) = (Origin::Holder, None);
        let imported = has_email;
        AccountEvent::Registered(Registered {
            origin,
            client,
            has_email,
            email_confirmed,
            imported,
        })
    });
    let key = hash32().prop_map(|commitment| {
        AccountEvent::KeyCreated(KeyCreated { key: "k1".into(), commitment })
    });
    prop_oneof![
        20 => registered,
        1 => Just(AccountEvent::RegistrationAbandoned(RegistrationAbandoned {})),
        5 => Just(AccountEvent::EmailConfirmed(EmailConfirmed {})),
        5 => key,
    ]
}

fn first_factor() -> impl Strategy<Value = AccountEvent> {
    let why = PasswordSetWhy::Changed;
    prop_oneof![
        version()
            .prop_map(move |version| { AccountEvent::PasswordSet(PasswordSet::new(version, why)) }),
        (purpose(), sign_in(), session(), option::of(hash())).prop_map(
            |(purpose, sign_in, session, device)| {
                AccountEvent::PasswordVerified(PasswordVerified {
                    purpose,
                    sign_in,
                    session,
                    device,
                })
            }
        ),
        (sign_in(), session()).prop_map(|(sign_in, session)| {
            AccountEvent::FirstFactorVouched(FirstFactorVouched { sign_in, session, device: None })
        }),
        (purpose(), option::of(hash()), any::<u32>(), counted()).prop_map(|it| {
            let (purpose, in_session, unresolved, counted) = it;
            AccountEvent::PasswordRejected(PasswordRejected {
                suspended: false,
                purpose,
                in_session,
                unresolved,
                counted,
            })
        }),
    ]
}

fn counted() -> impl Strategy<Value = Counted> {
    let lane = select(vec![Lane::Unknown, Lane::Known]);
    (lane, option::of(hash()), any::<bool>()).prop_map(|(lane, device, tells_holder)| Counted {
        lane,
        device,
        tells_holder,
    })
}

fn code() -> impl Strategy<Value = AccountEvent> {
    let place = || (purpose(), option::of(hash()), option::of(hash()));
    let which = || (method(), option::of(factor()));
    let step = option::of(any::<(u64, i32)>());
    let whys =
        [RejectedWhy::Wrong, RejectedWhy::Reused, RejectedWhy::Expired, RejectedWhy::NoneIssued];
    let verified = (which(), place(), step, session(), option::of(hash()));
    let verified = verified.prop_map(|(which, place, step, session, device)| {
        AccountEvent::CodeVerified(CodeVerified {
            method: which.0,
            factor: which.1,
            step: step.map(|(step, _)| step),
            offset: step.map(|(_, offset)| offset),
            request: None,
            purpose: place.0,
            sign_in: place.1,
            in_session: place.2,
            next: None,
            session,
            device,
        })
    });
    let off = option::of(any::<i32>());
    let rejected = (which(), place(), select(whys.to_vec()), any::<(u32, u32)>(), counted(), off);
    let rejected = rejected.prop_map(|(which, place, why, counts, counted, off_by_steps)| {
        AccountEvent::CodeRejected(CodeRejected {
            method: which.0,
            factor: which.1,
            why,
            off_by_steps,
            purpose: place.0,
            sign_in: place.1,
            in_session: place.2,
            in_sign_in: counts.0,
            unresolved: counts.1,
            counted,
        })
    });
    let asked = (purpose(), hash(), any::<[u8; 16]>(), at());
    let asked = asked.prop_map(|(purpose, bound_to, nonce, expires_at)| {
        let nonce = Nonce::new(nonce);
        AccountEvent::EmailCodeRequested(EmailCodeRequested {
            purpose,
            bound_to,
            nonce,
            expires_at,
            digits: None,
        })
    });
    prop_oneof![verified, rejected, asked]
}

fn factors() -> impl Strategy<Value = AccountEvent> {
    let offered = (factor(), version(), at(), option::of(hash()), option::of(factor()));
    let offered = offered.prop_map(|(factor, secret, expires_at, session, replaces)| {
        AccountEvent::EnableRequested(EnableRequested {
            factor,
            kind: Method::Totp,
            secret,
            algorithm: "SHA1".into(),
            digits: 6,
            period_seconds: 30,
            expires_at,
            session,
            replaces,
            imported: false,
        })
    });
    let issued = vec(hash32(), 0..10).prop_map(|hashes| {
        AccountEvent::RecoveryCodesIssued(RecoveryCodesIssued { pepper: "p1".into(), hashes })
    });
    let used = any::<(u32, u32)>().prop_map(|(index, left)| {
        AccountEvent::RecoveryCodeUsed(RecoveryCodeUsed { index: index % 12, left })
    });
    prop_oneof![
        offered,
        factor().prop_map(|factor| AccountEvent::Enabled(Enabled { factor })),
        factor().prop_map(|factor| AccountEvent::FactorRenamed(FactorRenamed { factor })),
        factor().prop_map(|factor| AccountEvent::FactorRemoved(FactorRemoved { factor })),
        (factor(), any::<i32>()).prop_map(|(factor, offset)| {
            AccountEvent::FactorResynced(FactorResynced { factor, offset })
        }),
        Just(AccountEvent::Disabled(Disabled {})),
        issued,
        used,
    ]
}

fn others() -> impl Strategy<Value = AccountEvent> {
    let scope = select(vec![ResetScope::CoolDown, ResetScope::Counters]);
    let lane = || select(vec![Lane::Unknown, Lane::Known]);
    let cooled = (method(), lane(), at(), any::<u32>(), any::<bool>());
    let cooled = cooled.prop_map(|(method, lane, until, unresolved, ends_sign_ins)| {
        let rule = "wait".to_owned();
        let cooled = CooledDown { method, lane, until, unresolved, rule, ends_sign_ins };
        AccountEvent::CooledDown(cooled)
    });
    let rule = select(vec![LockRule::LaneCap, LockRule::HardCap]);
    let locked = (method(), lane(), rule, option::of(at()), any::<bool>());
    let locked = locked.prop_map(|(method, lane, rule, until, ends_sign_ins)| {
        let unresolved = 26;
        let locked = LockedOut { method, lane, rule, unresolved, until, ends_sign_ins };
        AccountEvent::LockedOut(locked)
    });
    let refused = (method(), lane(), any::<u64>(), at(), at());
    let refused = refused.prop_map(|(method, lane, count, first, last)| {
        let rule = "wait".to_owned();
        AccountEvent::AttemptsRefused(AttemptsRefused { method, lane, count, first, last, rule })
    });
    let ended = vec(hash(), 0..4).prop_map(|sessions| {
        AccountEvent::SessionsEnded(SessionsEnded::new(sessions, SessionEndedWhy::Revoked))
    });
    let forgotten = vec(hash(), 0..4)
        .prop_map(|devices| AccountEvent::DevicesForgotten(DevicesForgotten { devices }));
    prop_oneof![
        cooled,
        locked,
        refused,
        ended,
        forgotten,
        (scope, option::of(method())).prop_map(|(scope, method)| {
            AccountEvent::LockoutReset(LockoutReset { scope, method })
        }),
        hash().prop_map(|session| AccountEvent::SessionUsed(SessionUsed { session })),
        (any::<u128>(), option::of((hash(), at()))).prop_map(|(cause, browser)| {
            let cause = EventId::new(Uuid::from_u128(cause));
            let browser =
                browser.map(|(device, expires_at)| BrowserAdmitted { device, expires_at });
            AccountEvent::PasswordUnlocked(PasswordUnlocked { cause, browser })
        }),
        option::of(at()).prop_map(|link_until| {
            AccountEvent::PasswordResetRequested(PasswordResetRequested { link_until })
        }),
        option::of(at()).prop_map(|link_until| {
            AccountEvent::PasswordResetRenewed(PasswordResetRenewed { link_until })
        }),
    ]
}
