//! A property: whatever the domain decides, the auditor has nothing against it, and a replay
//! gives the state that the server had.
//!
//! Commands are drawn at random and decided as the server decides them; verification keeps its
//! own account of what is allowed, so that the two are a check on each other.

use std::collections::BTreeMap;

use countersign_events::account::{AccountEvent, KeyCreated, Method, Origin, Purpose, ResetScope};
use countersign_events::actor::By;
use countersign_events::entry::{Entry, SealClass};
use countersign_events::id::{
    Digest, EventId, FactorId, HandleHash, Hash32, Nonce, SecretVersion, StreamId,
};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use tempfile::TempDir;
use uuid::Uuid;

use super::finding::Verdict;
use super::replay::{Until, replay, state_hash};
use super::sample::{OPERATOR, Sample, account};
use super::source::Source;
use super::verify::verify;
use crate::domain::account::Open;
use crate::domain::command::{
    Activate, AtDevice, ChangePassword, Context, Enroller, Evidence, FirstFactor, Imported, Prove,
    Proven, RecoveryMinted, Register, Repudiate, RequestEnable, SendEmailCode, SetDemandedPassword,
    SignIn, Told, VerifyCode, WhichDevices, WhichSessions,
};
use crate::domain::policy::Policy;
use crate::domain::totp::{Compared, ComparedTwo};
use crate::domain::{Account, Command, StampedEvent, decide, evolve};

mod revisions;

/// Commands in one log.
const COMMANDS: usize = 120;
/// Accounts that they go to; one more stream is a login that does not exist.
const ACCOUNTS: u8 = 2;

/// The choice by which a registration is an import.
const IMPORTS: u8 = 5;

/// The detail by which no code of an authenticator is the one that was typed.
const MISTYPED: u8 = 6;

/// One draw: which command, to whom, with what.
type Draw = (u8, u8, u8, u8, u16);

/// The server's side of one stream.
struct Live {
    stream: StreamId,
    state: Account,
    /// The hash of the state after each event.
    hashes: Vec<Hash32>,
}

struct World {
    log: Sample,
    streams: Vec<Live>,
    policy: Policy,
    minted: u128,
}

fn pick<T: Copy>(from: impl IntoIterator<Item = T>, choice: u8) -> Option<T> {
    let all: Vec<T> = from.into_iter().collect();
    let index = usize::from(choice).checked_rem(all.len())?;
    all.get(index).copied()
}

impl World {
    fn new() -> Self {
        let mut streams: Vec<StreamId> =
            (1..=ACCOUNTS).map(|number| account(u128::from(number))).collect();
        streams.push(StreamId::Unknown(Digest::new([9; 32])));
        let live = |stream| Live { stream, state: Account::default(), hashes: vec![] };
        let streams = streams.into_iter().map(live).collect();
        Self { log: Sample::new(), streams, policy: Policy::default(), minted: 1 << 64 }
    }

    fn mint(&mut self) -> u128 {
        self.minted += 1;
        self.minted
    }

    fn handle(&mut self) -> HandleHash {
        Digest::new(self.mint().to_be_bytes())
    }

    /// A session of the account, or one that never was.
    fn session(&mut self, open: Option<&Open>, choice: u8) -> HandleHash {
        let found = open.and_then(|open| pick(open.sessions.keys().copied(), choice));
        found.unwrap_or_else(|| self.handle())
    }

    fn sign_in(&mut self, open: Option<&Open>, choice: u8) -> HandleHash {
        let found = open.and_then(|open| pick(open.sign_ins.keys().copied(), choice));
        found.unwrap_or_else(|| self.handle())
    }

    fn compared(&self, factor: FactorId, choice: u8) -> Compared {
        let step = u64::try_from(self.log.now.as_second()).unwrap() / 30;
        let offsets: &[i32] = match choice % 8 {
            0 | 1 => &[0],
            2 => &[-1],
            3 => &[1],
            4 => &[-2],
            5 => &[2],
            6 => &[],
            _ => &[5],
        };
        Compared::with_offsets(factor, step, offsets)
    }

    fn evidence(&self, open: Option<&Open>, choice: u8, detail: u8) -> Evidence {
        let factor = open.and_then(|open| pick(open.factors.keys().copied(), detail));
        match (choice % 4, factor) {
            (0 | 1, Some(factor)) => Evidence::Totp(self.compared(factor, detail)),
            (2, _) => Evidence::EmailCode { right: detail.is_multiple_of(2) },
            (3, _) => {
                Evidence::RecoveryCode { index: (detail < 200).then_some(u32::from(detail % 12)) }
            }
            (_, None) | (_, Some(_)) => Evidence::Nothing { method: Method::Totp, factor: None },
        }
    }

    fn minted_codes() -> RecoveryMinted {
        RecoveryMinted { pepper: "p1".to_owned(), hashes: vec![Digest::new([2; 32]); 10] }
    }

    fn command(&mut self, open: Option<&Open>, draw: Draw) -> Command {
        let (kind, _, choice, detail, _) = draw;
        match kind % 27 {
            0 => Command::Register(Register {
                origin: Origin::Holder,
                client: None,
                has_email: detail.is_multiple_of(4) || detail > 60,
                email_confirmed: detail.is_multiple_of(3),
                imported: (choice == IMPORTS).then(|| Imported {
                    authenticator: detail.is_multiple_of(2).then(|| {
                        let factor = FactorId::new(Uuid::from_u128(self.mint()));
                        (factor, SecretVersion::new(6))
                    }),
                }),
                key: KeyCreated { key: "k1".to_owned(), commitment: Digest::new([1; 32]) },
                password: Some(SecretVersion::new(1)),
            }),
            1..=4 => self.begin(detail),
            5..=8 => self.answer(open, choice, detail),
            9 | 10 => self.send(open, choice, detail),
            11 => Command::RequestEnable(RequestEnable {
                enroller: Enroller::Session(self.session(open, choice)),
                factor: FactorId::new(Uuid::from_u128(self.mint())),
                secret: SecretVersion::new(5),
            }),
            12 | 13 => self.activate(open, choice, detail),
            14 => self.prove(open, choice, detail),
            15 => Command::ConfirmEmail {
                session: self.session(open, choice),
                right: detail.is_multiple_of(2),
            },
            16 => self.remove(open, choice, detail),
            17 => Command::ResetLockout {
                scope: if choice.is_multiple_of(2) {
                    ResetScope::CoolDown
                } else {
                    ResetScope::Counters
                },
                method: detail.is_multiple_of(2).then_some(Method::Totp),
            },
            18 => Command::EndSessions {
                session: self.session(open, choice),
                which: if detail < 128 { WhichSessions::Own } else { WhichSessions::Others },
            },
            19 => Command::ReplaceRecoveryCodes {
                session: self.session(open, choice),
                minted: Self::minted_codes(),
            },
            26 => self.resync(open, choice, detail),
            _ => self.command_to_recover(open, draw),
        }
    }

    fn command_to_recover(&mut self, open: Option<&Open>, draw: Draw) -> Command {
        let (kind, _, choice, detail, _) = draw;
        let version = SecretVersion::new(u64::from(detail) + 3);
        match kind % 27 {
            20 => Command::ChangePassword(ChangePassword {
                session: self.session(open, choice),
                version: Some(version),
                next: self.handle(),
            }),
            21 => Command::RequestPasswordReset,
            22 => Command::ResetPassword { version },
            23 => Command::ForgetDevices {
                session: self.session(open, choice),
                which: WhichDevices::All,
            },
            24 => Command::SetDemandedPassword(SetDemandedPassword {
                sign_in: self.sign_in(open, choice),
                version,
                next: self.handle(),
                session: self.handle(),
            }),
            _ => {
                let cause = EventId::new(Uuid::from_u128(self.mint()));
                let at = self.log.now - SignedDuration::from_secs(i64::from(detail));
                let told = if choice < 128 { Told::PasswordReset } else { Told::Other };
                Command::Repudiate(Repudiate { cause, at, told })
            }
        }
    }

    /// A program, a browser that holds nothing, or one that is known.
    fn device(&mut self, open: Option<&Open>, draw: Draw) -> Option<AtDevice> {
        let (_, _, choice, detail, _) = draw;
        let known = open.and_then(|open| pick(open.devices.keys().copied(), choice));
        let holds = known.filter(|_| !detail.is_multiple_of(3));
        (!detail.is_multiple_of(4)).then(|| AtDevice { holds, next: Some(self.handle()) })
    }

    fn begin(&mut self, detail: u8) -> Command {
        let first = match detail % 5 {
            0 => FirstFactor::PasswordWrong,
            1 => FirstFactor::Vouched {
                device: (detail > 60).then(|| Digest::new([detail % 2; 16])),
            },
            2 => FirstFactor::PasswordRight { rehashed: Some(SecretVersion::new(2)) },
            _ => FirstFactor::PasswordRight { rehashed: None },
        };
        let (sign_in, session) = (self.handle(), self.handle());
        Command::SignIn(SignIn { first, sign_in, session })
    }

    fn answer(&mut self, open: Option<&Open>, choice: u8, detail: u8) -> Command {
        Command::VerifyCode(VerifyCode {
            sign_in: self.sign_in(open, choice),
            evidence: self.evidence(open, choice / 3, detail),
            session: self.handle(),
            next: self.handle(),
        })
    }

    fn send(&mut self, open: Option<&Open>, choice: u8, detail: u8) -> Command {
        let (purpose, bound_to) = if detail < 170 {
            (Purpose::SignIn, self.sign_in(open, choice))
        } else {
            (Purpose::ConfirmEmail, self.session(open, choice))
        };
        let nonce = Nonce::new(self.mint().to_be_bytes());
        Command::SendEmailCode(SendEmailCode { purpose, bound_to, nonce })
    }

    fn activate(&mut self, open: Option<&Open>, choice: u8, detail: u8) -> Command {
        let offer = open.and_then(|open| open.offer.as_ref());
        let factor = offer.map_or(FactorId::new(Uuid::from_u128(3)), |offer| offer.factor);
        let session = offer.and_then(|offer| offer.session);
        Command::Activate(Activate {
            enroller: Enroller::Session(session.unwrap_or_else(|| self.session(open, choice))),
            session: self.handle(),
            compared: self.compared(factor, detail),
            minted: Self::minted_codes(),
        })
    }

    fn prove(&mut self, open: Option<&Open>, choice: u8, detail: u8) -> Command {
        let proven = if choice < 80 {
            Proven::Password { right: !detail.is_multiple_of(4) }
        } else {
            Proven::Code(self.evidence(open, choice, detail))
        };
        Command::Prove(Prove { session: self.session(open, choice), proven, next: self.handle() })
    }

    fn resync(&mut self, open: Option<&Open>, choice: u8, detail: u8) -> Command {
        let factor = open.and_then(|open| pick(open.factors.keys().copied(), detail));
        let factor = factor.unwrap_or(FactorId::new(Uuid::from_u128(4)));
        let step = u64::try_from(self.log.now.as_second()).unwrap() / 30;
        let found = (detail > 60).then(|| i32::from(detail % 40) - 19);
        let compared = ComparedTwo::with_offset(factor, step, found);
        Command::ResyncFactor { session: self.session(open, choice), compared }
    }

    fn remove(&mut self, open: Option<&Open>, choice: u8, detail: u8) -> Command {
        let session = self.session(open, choice);
        let factor = open
            .and_then(|open| pick(open.factors.keys().copied(), detail))
            .unwrap_or(FactorId::new(Uuid::from_u128(4)));
        if detail.is_multiple_of(2) {
            Command::RenameFactor { session, factor }
        } else {
            Command::RemoveFactor { session, factor }
        }
    }

    /// Decides a command as the server does, and writes what follows.
    fn play(&mut self, draw: Draw) {
        let (_, whom, _, _, wait) = draw;
        self.log.wait(i64::from(wait));
        let index = usize::from(whom) % self.streams.len();
        let mut live = self.streams.remove(index);
        let command = self.command(live.state.open(), draw);
        let device = self.device(live.state.open(), draw);
        let refused = BTreeMap::new();
        let context =
            Context { now: self.log.now, policy: &self.policy, refused: &refused, device };
        let events = match (&command, live.stream) {
            // Nobody registers on the stream of an unknown login.
            (Command::Register(_), StreamId::Unknown(_)) => vec![],
            _ => decide(&live.state, &command, &context).unwrap_or_default(),
        };
        for event in events {
            live.state = evolve(live.state, &self.write(live.stream, event));
            live.hashes.push(state_hash(&live.state).unwrap());
        }
        self.streams.insert(index, live);
    }

    fn write(&mut self, stream: StreamId, event: AccountEvent) -> StampedEvent {
        let (by, sealed): (By, &[SealClass]) = match &event {
            AccountEvent::LockoutReset(_) => (OPERATOR, &[SealClass::Pii]),
            AccountEvent::Registered(registered) if registered.imported => {
                (By::Console { user: "ada".to_owned() }, &[SealClass::Pii])
            }
            AccountEvent::Registered(_) => (By::Holder, &[SealClass::Pii]),
            AccountEvent::EnableRequested(requested) if requested.imported => {
                (By::Console { user: "ada".to_owned() }, &[SealClass::Pii])
            }
            _ => (By::Holder, &[]),
        };
        self.log.happened_by(stream, by, &event, sealed);
        let stored = self.log.entries.last().unwrap();
        let entry = Entry::parse(&stored.bytes).unwrap();
        StampedEvent {
            revision: entry.rev,
            id: entry.id,
            at: entry.at,
            by: entry.by.clone(),
            idempotency: None,
            pii: entry.sealed.get(&SealClass::Pii).map(|sealed| sealed.commit),
            event,
        }
    }
}

/// Time passes in steps that lie around the limits: seconds, steps, sends, sign-ins, cool-downs.
fn waits() -> impl Strategy<Value = u16> {
    prop_oneof![
        8 => 0_u16..3,
        4 => Just(30_u16),
        2 => Just(61_u16),
        1 => Just(599_u16),
        1 => Just(900_u16),
        1 => Just(50_000_u16),
    ]
}

fn draws(commands: usize) -> impl Strategy<Value = Vec<Draw>> {
    let draw = (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>(), waits());
    prop::collection::vec(draw, commands)
}

/// An honest log by its number: so many commands, drawn at random.
pub(super) fn random(number: u64, commands: usize) -> Sample {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    play(&draws(commands).new_tree(&mut runner).unwrap().current()).log
}

/// Plays a log whose accounts are there: the first registers, has an authenticator and mistypes one
/// of its codes, the second is imported with one.
fn play(draws: &[Draw]) -> World {
    let mut world = World::new();
    for (whom, choice) in (0..ACCOUNTS).zip([0, IMPORTS]) {
        world.play((0, whom, choice, 64, 0));
    }
    let enabled = [(1, 0, 0, 3, 1), (11, 0, 0, 0, 1), (12, 0, 0, 0, 1)];
    let mistyped = [(1, 0, 0, 3, 61), (5, 0, 0, MISTYPED, 1)];
    enabled.into_iter().chain(mistyped).for_each(|draw| world.play(draw));
    draws.iter().for_each(|draw| world.play(*draw));
    world
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 192,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn verify_accepts_and_replay_repeats_whatever_was_honestly_decided(draws in draws(COMMANDS)) {
        let world = play(&draws);
        let place = TempDir::new().unwrap();
        world.log.export(place.path());
        let report = verify(Source::open(place.path()).unwrap(), None, &mut |_, _| {});
        prop_assert_eq!(&report.findings, &vec![]);
        prop_assert_eq!(report.verdict, Verdict::Fine);
        for live in world.streams.iter().filter(|live| !live.state.is_empty()) {
            let source = Source::open(place.path()).unwrap();
            let replayed = replay(source, live.stream, Until::End).unwrap();
            prop_assert_eq!(&replayed.state, &live.state);
            prop_assert_eq!(replayed.hash, state_hash(&live.state).unwrap());
        }
    }
}

/// Were nothing ever accepted or refused, the property above would say nothing.
#[test]
fn honest_logs_reach_every_kind_of_event_that_the_rules_look_at() {
    let mut seen = std::collections::BTreeSet::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..192 {
        let draws = draws(COMMANDS).new_tree(&mut runner).unwrap().current();
        for entry in play(&draws).log.entries {
            seen.insert(Entry::parse(&entry.bytes).unwrap().event_type.into_owned());
        }
    }
    for event_type in [
        "account.password_verified",
        "account.password_rejected",
        "account.first_factor_vouched",
        "account.code_verified",
        "account.code_rejected",
        "account.cooled_down",
        "account.enabled",
        "account.email_code_requested",
        "account.email_confirmed",
        "account.recovery_code_used",
        "account.factor_removed",
        "account.disabled",
        "account.lockout_reset",
        "account.sessions_ended",
        "account.password_reset_requested",
        "account.password_change_demanded",
        "account.repudiated",
        "account.devices_forgotten",
    ] {
        assert!(seen.contains(event_type), "{event_type} never happened: {seen:?}");
    }
}
