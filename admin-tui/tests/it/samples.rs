//! What the server might have said, for the tests.

mod numbers;

use countersign_admin_tui::message::{Answer, Failure, SessionGiven, Way};
use countersign_admin_tui::model::account::{Account, Event, Factor, Hit, Lock};
use countersign_admin_tui::model::live::LiveLine;
use countersign_admin_tui::model::operators::Listed;
use countersign_admin_tui::model::removal::Removal;
use countersign_admin_tui::model::travel::{Change, Moment};
use countersign_admin_tui::printable::Printable;
use countersign_api::contract::act::{IdentityProof, NoticeState, RemovalAbout, RemovalState};
use countersign_api::contract::id::{AccountId, FactorId, RemovalId};
use countersign_api::contract::kind::{Assurance, CodeMethod, Lane, Method, Role};
use countersign_api::contract::log::StreamKind;
use countersign_api::contract::problem::{PROOF_FAILED, ProblemCode};
use countersign_api::contract::secret::Secret;
use jiff::Timestamp;

pub(crate) use numbers::{health, no_numbers, numbers, young_health};

pub(crate) fn now() -> Timestamp {
    "2026-11-24T13:52:30Z".parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}Z").parse().unwrap()
}

pub(crate) fn account_id() -> AccountId {
    AccountId::parse("6f1c2a9e-0c1d-4a57-9d0e-3c5b7a1f2e48").unwrap()
}

/// The account of the operator before the console.
pub(crate) fn own_id() -> AccountId {
    AccountId::parse("7e9d1b2c-3a4f-4e5d-9c8b-7a6f5e4d3c2b").unwrap()
}

pub(crate) fn factor_id() -> FactorId {
    FactorId::parse("0d9a3c61-7be2-4a0e-8a59-5f6d2b1c4e70").unwrap()
}

fn other_factor_id() -> FactorId {
    FactorId::parse("1e8b4d72-8cf3-4b1f-9b6a-6a7e3c2d5f81").unwrap()
}

pub(crate) fn session(token: &str) -> SessionGiven {
    SessionGiven { token: Secret::new(token), assurance: Assurance::TwoFactor }
}

pub(crate) fn password_session(token: &str) -> SessionGiven {
    SessionGiven { token: Secret::new(token), assurance: Assurance::Password }
}

pub(crate) fn code_wanted() -> Answer {
    Answer::CodeWanted {
        sign_in: Secret::new("sign-in handle"),
        ways: vec![
            Way {
                method: CodeMethod::Totp,
                factor: Some(factor_id()),
                name: Some("work phone".into()),
            },
            Way { method: CodeMethod::EmailCode, factor: None, name: None },
            Way { method: CodeMethod::RecoveryCode, factor: None, name: None },
        ],
    }
}

pub(crate) fn offered() -> Answer {
    Answer::FactorOffered {
        factor: factor_id(),
        secret: Secret::new("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
        uri: Secret::new(
            "otpauth://totp/Countersign:olga?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\
             &issuer=Countersign&algorithm=SHA1&digits=6&period=30",
        ),
    }
}

pub(crate) fn recovery_codes() -> Vec<Secret> {
    (0..10).map(|n| Secret::new(format!("{n}F3KQ-7WZ2P-M4XVA-90TBR-C6HDN"))).collect()
}

pub(crate) fn hit() -> Hit {
    Hit {
        id: account_id(),
        login_hint: "a•••".into(),
        email_hint: Some("a•••@e•••.org".into()),
        two_factor_enabled: true,
        locked: true,
        locked_until: Some(at("24T14:05:00")),
    }
}

pub(crate) fn other_hit() -> Hit {
    Hit {
        id: AccountId::parse("b2c1d0e9-1f2e-4c3d-8a9b-0e1f2a3b4c5d").unwrap(),
        login_hint: "b•••".into(),
        email_hint: None,
        two_factor_enabled: false,
        locked: false,
        locked_until: None,
    }
}

pub(crate) fn locked_account() -> Account {
    Account {
        id: account_id(),
        login: Some("a•••".into()),
        email_hint: Some("a•••@e•••.org".into()),
        email_confirmed: true,
        two_factor_enabled: true,
        factors: vec![
            Factor {
                id: factor_id(),
                name: "Pixel 8".into(),
                enabled_at: at("02T09:14:40"),
                last_used_at: Some(at("23T08:01:12")),
                clock_offset_seconds: Some(-30),
                clock_refused: false,
                clock: None,
                clock_is_off: false,
            },
            Factor {
                id: other_factor_id(),
                name: "tablet \u{1b}[31mred".into(),
                enabled_at: at("03T10:00:00"),
                last_used_at: None,
                clock_offset_seconds: Some(-90),
                clock_refused: true,
                clock: Some("codes about 90 s slow, refused".into()),
                clock_is_off: true,
            },
        ],
        recovery_codes_left: 9,
        locks: vec![Lock {
            method: Method::Totp,
            lane: Lane::Unknown,
            since: at("24T13:50:00"),
            until: Some(at("24T14:05:00")),
            unresolved: 5,
            rule: "wait".into(),
            explanation: "5 wrong tries in a row: every authenticator code is refused from \
                          2026-11-24 13:50:00 UTC until 2026-11-24 14:05:00 UTC; the time or \
                          support ends it, and trying on does not make it longer"
                .into(),
        }],
        unresolved: vec![(Method::Totp, 5), (Method::Password, 1)],
        sessions: 2,
        created_at: at("02T09:12:05"),
        suspended_at: None,
        password_change: None,
        held_until: None,
        removal: None,
        revision: 11,
    }
}

/// All that support may have to see at once.
pub(crate) fn troubled_account() -> Account {
    let closed = Lock {
        method: Method::RecoveryCode,
        until: None,
        unresolved: 50,
        rule: "hard-cap".into(),
        explanation: "50 wrong recovery codes within 365 days: none is looked at any more until \
                      the set is made anew"
            .into(),
        ..locked_account().locks.swap_remove(0)
    };
    let mut account = locked_account();
    account.locks.push(closed);
    Account {
        suspended_at: Some(at("24T13:51:00")),
        held_until: Some(at("25T13:51:00")),
        removal: removals().into_iter().next(),
        ..account
    }
}

pub(crate) fn young_account() -> Account {
    Account {
        login: None,
        email_hint: None,
        email_confirmed: false,
        two_factor_enabled: false,
        factors: Vec::new(),
        recovery_codes_left: 0,
        locks: Vec::new(),
        unresolved: Vec::new(),
        sessions: 0,
        revision: 0,
        ..locked_account()
    }
}

fn event(revision: u64, time: &str, event_type: &str, by: &'static str, words: &str) -> Event {
    Event {
        revision,
        at: at(time),
        event_type: event_type.into(),
        by,
        by_whom: by.into(),
        explanation: words.into(),
        data: vec!["{".into(), "  \"method\": \"totp\"".into(), "}".into()],
        looks: None,
    }
}

/// The time line of the locked account, newest first, in the words of the server.
pub(crate) fn events() -> Vec<Event> {
    let wrong = |nth: usize| {
        format!(
            "a code was refused (authenticator code): it was wrong; {nth} in this sign-in, {nth} \
             unresolved"
        )
    };
    let waits = "5 wrong tries in a row: every authenticator code is refused until 2026-11-24 \
                 14:05:00 UTC";
    let asked = "an authenticator was asked for and its QR code shown";
    let right = "an authenticator code was accepted to activate an authenticator";
    let mut oldest_first = vec![
        event(0, "02T09:12:05", "account.registered", "holder", "the account was created"),
        event(1, "02T09:12:05", "account.key_created", "holder", "the account got its data key"),
        event(2, "02T09:12:05", "account.password_set", "holder", "the first password was set"),
        event(3, "02T09:14:02", "account.enable_requested", "holder", asked),
        event(4, "02T09:14:40", "account.code_verified", "holder", right),
        event(5, "02T09:14:40", "account.enabled", "holder", "an authenticator was enabled"),
        event(6, "24T13:49:20", "account.code_rejected", "holder", &wrong(1)),
        event(7, "24T13:49:31", "account.code_rejected", "holder", &wrong(2)),
        event(8, "24T13:49:44", "account.code_rejected", "holder", &wrong(3)),
        event(9, "24T13:49:52", "account.code_rejected", "holder", "wrong \u{1b}]0;owned\u{7}"),
        event(10, "24T13:50:00", "account.code_rejected", "holder", &wrong(5)),
        event(11, "24T13:50:00", "account.cooled_down", "holder", waits),
    ];
    oldest_first.reverse();
    oldest_first
}

pub(crate) fn reset_event() -> Event {
    Event {
        data: [
            "{",
            "  \"scope\": \"cool_down\",",
            "  \"reason\": \"called, knows her birthday\",",
            "  \"ticket\": \"4711\"",
            "}",
        ]
        .map(Printable::new)
        .to_vec(),
        by_whom: "operator 7e9d1b2c-3a4f-4e5d-9c8b-7a6f5e4d3c2b".into(),
        ..event(
            12,
            "24T13:53:10",
            "account.lockout_reset",
            "operator",
            "support ended the waiting for every method",
        )
    }
}

pub(crate) fn offline() -> Failure {
    Failure::Offline { why: "Connection refused".into() }
}

pub(crate) fn refused(code: ProblemCode) -> Failure {
    let says = match code {
        ProblemCode::AuthenticationFailed => PROOF_FAILED,
        other => other.title(),
    };
    Failure::Refused { code, says: says.into(), wait_seconds: None }
}

pub(crate) fn too_many() -> Failure {
    Failure::Refused {
        code: ProblemCode::TooManyRequests,
        says: "Too many attempts.".into(),
        wait_seconds: Some(870),
    }
}

/// Whatever its act, an event that was written with this reason and ticket.
pub(crate) fn written(event_type: &str, words: &str) -> Event {
    Event { event_type: event_type.into(), explanation: words.into(), ..reset_event() }
}

pub(crate) fn removal_id() -> RemovalId {
    RemovalId::parse("5d2c1b0a-9f8e-4d7c-8b6a-5f4e3d2c1b0a").unwrap()
}

pub(crate) fn removals() -> Vec<Removal> {
    let removal = Removal {
        id: removal_id(),
        account: account_id(),
        login_hint: "a•••".into(),
        about: RemovalAbout::Factor,
        factor: Some("Pixel 8".into()),
        email_hint: None,
        asked_by: "oscar".into(),
        asked_at: at("24T09:10:00"),
        ticket: "4711".into(),
        reason: "lost the phone on a train, and flies tomorrow".into(),
        proof: IdentityProof::CallBack,
        in_person: false,
        needs_approval: true,
        approved_by: None,
        runs_at: at("25T09:10:00"),
        notice: NoticeState::Sent,
        can_object: true,
        state: RemovalState::Pending,
    };
    let other = Removal {
        id: RemovalId::parse("0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d").unwrap(),
        account: other_hit().id,
        login_hint: "b•••".into(),
        about: RemovalAbout::RecoveryCodes,
        factor: None,
        asked_by: "pavel".into(),
        approved_by: Some("sara".into()),
        runs_at: at("25T18:00:00"),
        ..removal.clone()
    };
    vec![removal, other]
}

pub(crate) fn moment() -> Moment {
    let change = |path: &str, before: Option<&str>, after: Option<&str>| Change {
        path: path.into(),
        before: before.map(Printable::from),
        after: after.map(Printable::from),
    };
    Moment {
        event: events().swap_remove(0),
        words: vec![
            change("guesses, authenticator code, unresolved", Some("4"), Some("5")),
            change(
                "guesses, authenticator code, wait, until",
                None,
                Some("2026-11-24 14:05:00 UTC"),
            ),
            change("sign-in, guesses", Some("4"), None),
        ],
        changes: vec![
            change("attempts/totp/unresolved", Some("4"), Some("5")),
            change("locks/totp/until", None, Some("\"2026-11-24T14:05:00Z\"")),
            change("sign_ins/0", Some("{\"guesses\":4}"), None),
        ],
        state: [
            "{",
            "  \"attempts\": {",
            "    \"totp\": {",
            "      \"unresolved\": 5",
            "    }",
            "  },",
            "  \"two_factor\": \"on\"",
            "}",
        ]
        .map(Printable::new)
        .to_vec(),
        newest: 11,
    }
}

/// A line of an exported log, which has ids whole.
pub(crate) fn archived_line(position: u64) -> LiveLine {
    let line = live_line(position);
    let account = (line.stream == StreamKind::Account).then(account_id);
    LiveLine { hint: account_id().to_string().into(), account, ..line }
}

/// Operators in each state, as an access review lists them.
pub(crate) fn operators() -> Vec<Listed> {
    let sara = Listed {
        id: AccountId::parse("7e9d1b2c-3a4f-4e5d-9c8b-7a6f5e4d3c2b").unwrap(),
        login: "sara".into(),
        role: Role::Supervisor,
        role_since: Some(at("10T08:00:00")),
        given_by: Some("operator anna".into()),
        added_at: at("02T09:12:05"),
        last_used_at: Some(at("24T13:50:00")),
        set_up: true,
        enabled: true,
    };
    let other = |id: &str, login: &str, role| Listed {
        id: AccountId::parse(id).unwrap(),
        login: login.into(),
        role,
        role_since: Some(at("02T09:12:05")),
        given_by: Some("user root on the server".into()),
        ..sara.clone()
    };
    let id = "8f0e2c3d-4b5a-4f6e-8d9c-0b1a2f3e4d5";
    let nina = Listed {
        last_used_at: None,
        set_up: false,
        ..other(&format!("{id}1"), "nina", Role::Support)
    };
    let tom = Listed { enabled: false, ..other(&format!("{id}2"), "tom", Role::Auditor) };
    vec![other(&format!("{id}3"), "anna", Role::Admin), nina, sara.clone(), tom]
}

pub(crate) fn live_line(position: u64) -> LiveLine {
    let (stream, event_type, by, words) = match position % 4 {
        0 => (StreamKind::Account, "account.code_rejected", "holder", "a code was refused: wrong"),
        1 => (StreamKind::Unknown, "unknown.refused", "holder", "a login that nobody has"),
        2 => (StreamKind::Account, "account.password_verified", "holder", "the password was right"),
        _ => (
            StreamKind::Operator,
            "operator.signed_in",
            "operator",
            "an operator signed in with an authenticator \u{1b}[2Jcode",
        ),
    };
    let second = i64::try_from(position % 60).unwrap();
    LiveLine {
        position,
        at: now() + jiff::SignedDuration::from_secs(second),
        stream,
        hint: "6f1c2a9e".into(),
        account: None,
        revision: position,
        event_type: event_type.into(),
        by,
        explanation: words.into(),
    }
}
