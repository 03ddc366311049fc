//! What a decision costs on an account with a past: ten failures, a hundred, or ten thousand.
//!
//! The pasts are lived through offline, through the same actors and the same log as in service and
//! on a clock that is moved: wrong codes that the right one forgives, wrong codes that lapse with
//! their year, waits, and attempts that were refused and summed up. Then the accounts are measured
//! side by side in one run, each request on all of them before the next: in memory, after a cold
//! load of snapshot and tail, and `decide` alone, with no log behind it.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use countersign_core::accounts::answer::SignedIn;
use countersign_core::accounts::request::{
    AccountRef, Asker, BeginFactor, CodeAnswer, NewClient, VouchedSignIn,
};
use countersign_core::accounts::{Accounts, Verdict};
use countersign_core::actors::directory::Directory;
use countersign_core::audit::replay::{Until, replay};
use countersign_core::audit::source::Source;
use countersign_core::clock::{Clock as _, ManualClock, SystemClock};
use countersign_core::domain::command::{Command, Context, Evidence, VerifyCode};
use countersign_core::domain::limits::Refused;
use countersign_core::domain::policy::Policy;
use countersign_core::domain::totp::Generator;
use countersign_core::domain::{Account, decide};
use countersign_core::handle::SignInHandle;
use countersign_events::account::Method;
use countersign_events::id::{AccountId, ClientId, FactorId, HandleHash, StreamId};
use data_encoding::BASE32_NOPAD;
use futures::future::try_join_all;
use jiff::SignedDuration;
use zeroize::Zeroizing;

use super::prepare::{self, call, registered, yes};
use super::say;

/// Past failures.
const AGES: [usize; 3] = [10, 100, 10_000];
/// Accounts of each age.
const ACCOUNTS: usize = 8;
/// Wrong codes before a right one: one less than lets the authenticator cool down.
const WRONG: usize = 4;
/// After so many sign-ins one is hammered, and a year goes by.
const HAMMERED_EVERY: usize = 100;
/// Measurements of each request on each account.
const LIVE_ROUNDS: usize = 40;
const COLD_ROUNDS: usize = 12;
/// Decisions that are timed together, and how often.
const DECISIONS: u32 = 2_000;
const DECISION_ROUNDS: usize = 40;
/// How long ago all of it begins.
const AGO: SignedDuration = SignedDuration::from_hours(40 * 365 * 24);
const YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);
/// What lies between two codes of one sign-in.
const APART: SignedDuration = SignedDuration::from_secs(1);
const BETWEEN: SignedDuration = SignedDuration::from_mins(1);

/// An account with a past.
struct Aged {
    age: usize,
    subject: String,
    account: AccountId,
    factor: FactorId,
    generator: Generator,
}

/// Everything there is.
struct World {
    accounts: Accounts,
    clock: ManualClock,
    client: ClientId,
}

/// Times of one request, by age.
type Times = [Vec<Duration>; AGES.len()];

/// Lives the pasts through and prints what decisions cost.
///
/// # Errors
/// What could not be written, or a verdict that is another than it must be.
pub async fn measure(data: &Path) -> anyhow::Result<()> {
    let clock = ManualClock::new(SystemClock.now().checked_sub(AGO)?);
    let (services, accounts) = prepare::open(data, Arc::new(clock.clone())).await?;
    let added = yes(accounts
        .add_client(&call(&accounts)?, NewClient::new("age".into(), prepare::scopes(), None))
        .await)?;
    let mut world = World { accounts, clock, client: added.client };
    let mut aged = vec![];
    for (number, age) in (0..ACCOUNTS).flat_map(|_| AGES).enumerate() {
        aged.push(world.enabled(number, age).await?);
    }
    world.live_through(&aged).await?;
    let (mut begins, mut codes) = (Times::default(), Times::default());
    for round in 0..LIVE_ROUNDS {
        world.clock.advance(BETWEEN);
        world.measure_live(&aged, round, &mut codes).await?;
    }
    for round in 0..COLD_ROUNDS {
        world.clock.advance(BETWEEN);
        world.accounts.directory().drain().await;
        let (directory, model) = (Directory::start(2, &services), world.accounts.read_model());
        world.accounts = Accounts::new(Arc::clone(&services), directory, model.clone());
        world.measure_cold(&aged, round, &mut begins).await?;
    }
    report("wrong code, recorded, account in memory", codes);
    report("sign-in begun, recorded, cold load", begins);
    report("wrong code, decided alone", world.decisions(data, &aged).await?);
    world.accounts.directory().drain().await;
    Ok(())
}

fn report(what: &str, mut times: Times) {
    let micros = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e6
    };
    let [few, some, many] = times.each_mut().map(micros);
    let [young, grown, old] = AGES;
    say(&format!(
        "{what}: {few:.1} us after {young} failures, {some:.1} after {grown}, {many:.1} after \
         {old}: ratios {:.2} and {:.2}",
        some / few,
        many / few
    ));
}

impl World {
    /// An account of a client app with an authenticator.
    async fn enabled(&self, number: usize, age: usize) -> anyhow::Result<Aged> {
        let subject = format!("aged {number}");
        let account = registered(&self.accounts, self.client, subject.clone()).await?;
        let (client, call) = (self.client, call(&self.accounts)?);
        let asker = || Asker::Client { client, account: AccountRef::Id(account) };
        let begin = BeginFactor { name: "phone".into(), password: None };
        let offered = yes(self.accounts.begin_factor(&call, asker(), begin).await)?;
        let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).context("base32")?;
        let generator = Generator::new(&secret)?;
        let code = Zeroizing::new(generator.code(self.step()));
        let factor = offered.factor;
        yes(self.accounts.activate_factor(&call, asker(), factor, code).await)?;
        Ok(Aged { age, subject, account, factor, generator })
    }

    fn step(&self) -> u64 {
        prepare::step_at(self.clock.now())
    }

    /// Every past, the accounts beside each other.
    async fn live_through(&self, aged: &[Aged]) -> anyhow::Result<()> {
        let most = AGES.iter().max().copied().unwrap_or(0) / WRONG;
        for round in 0..most {
            self.clock.advance(BETWEEN);
            let living = aged.iter().filter(|one| round < one.age.div_ceil(WRONG));
            if round % HAMMERED_EVERY == HAMMERED_EVERY - 1 {
                let living: Vec<_> = living.collect();
                try_join_all(living.iter().map(async |one| self.hammered(one).await)).await?;
                self.clock.advance(YEAR);
            } else {
                try_join_all(living.map(async |one| self.mistyped(one).await)).await?;
            }
        }
        self.clock.advance(YEAR);
        Ok(())
    }

    /// A sign-in with wrong codes that its right one forgives.
    async fn mistyped(&self, one: &Aged) -> anyhow::Result<()> {
        let id = self.begun(one).await?;
        for _ in 0..WRONG {
            self.wrong(one, &id).await?;
        }
        yes(self.answered(one, &id, one.generator.code(self.step())).await)
    }

    /// Wrong codes until the authenticator waits, and more that are refused: nothing forgives them
    /// but time.
    async fn hammered(&self, one: &Aged) -> anyhow::Result<()> {
        let id = self.begun(one).await?;
        for _ in 0..2 * WRONG {
            self.wrong(one, &id).await?;
        }
        Ok(())
    }

    async fn begun(&self, one: &Aged) -> anyhow::Result<SignInHandle> {
        let call = call(&self.accounts)?;
        let begun = yes(self
            .accounts
            .vouch(&call, self.client, VouchedSignIn::new(one.subject.clone(), None))
            .await)?;
        let SignedIn::SecondFactorRequired(asked) = begun else {
            anyhow::bail!("no second factor was asked for");
        };
        Ok(asked.id)
    }

    async fn answered(&self, one: &Aged, id: &SignInHandle, code: String) -> Verdict<()> {
        let code = Zeroizing::new(code);
        let answer = CodeAnswer { method: Method::Totp, factor: Some(one.factor), code };
        let call = call(&self.accounts);
        let call = call
            .map_err(|error| countersign_core::accounts::Fault::Internal(format!("{error:#}")))?;
        Ok(self.accounts.answer(&call, id.clone(), answer).await?.map(drop))
    }

    async fn wrong(&self, one: &Aged, id: &SignInHandle) -> anyhow::Result<()> {
        let code = one.wrong_code(self.step())?;
        ensure!(self.answered(one, id, code).await?.is_err(), "a wrong code was accepted");
        // The next one in the same sign-in is looked at a second later.
        self.clock.advance(APART);
        Ok(())
    }

    /// One wrong code and the right one on each, in memory; those who begin take turns.
    async fn measure_live(
        &self,
        aged: &[Aged],
        round: usize,
        codes: &mut Times,
    ) -> anyhow::Result<()> {
        for one in turned(aged, round) {
            let id = self.begun(one).await?;
            let started = Instant::now();
            self.wrong(one, &id).await?;
            keep(codes, one.age, started.elapsed());
            yes(self.answered(one, &id, one.generator.code(self.step())).await)?;
        }
        Ok(())
    }

    /// The first request of each that is not in memory.
    async fn measure_cold(
        &self,
        aged: &[Aged],
        round: usize,
        begins: &mut Times,
    ) -> anyhow::Result<()> {
        for one in turned(aged, round) {
            let started = Instant::now();
            self.begun(one).await?;
            keep(begins, one.age, started.elapsed());
        }
        Ok(())
    }

    /// The decision by itself, on the states that the log folds to.
    async fn decisions(&self, data: &Path, aged: &[Aged]) -> anyhow::Result<Times> {
        let mut states: Vec<(usize, Account, Command)> = vec![];
        for one in aged {
            let id = self.begun(one).await?;
            let (now, code) = (self.clock.now(), one.wrong_code(self.step())?);
            let seconds = u64::try_from(now.as_second())?;
            let evidence = Evidence::Totp(one.generator.compare(one.factor, &code, seconds, 0));
            let (session, next) = (HandleHash::new([1; 16]), HandleHash::new([2; 16]));
            let verify = VerifyCode { sign_in: id.hash(), evidence, session, next };
            let stream = StreamId::Account(one.account);
            let state = replay(Source::open(data)?, stream, Until::End)?.state;
            states.push((one.age, state, Command::VerifyCode(verify)));
        }
        let (policy, refused, now) = (Policy::default(), Refused::new(), self.clock.now());
        let context = Context { now, policy: &policy, refused: &refused, device: None };
        let mut times = Times::default();
        for round in 0..DECISION_ROUNDS {
            for (age, state, command) in turned(&states, round) {
                let started = Instant::now();
                for _ in 0..DECISIONS {
                    let decided = decide(black_box(state), black_box(command), &context);
                    ensure!(decided.is_ok(), "a decision was refused");
                }
                keep(&mut times, *age, started.elapsed() / DECISIONS);
            }
        }
        Ok(times)
    }
}

impl Aged {
    /// A code that no step around this one has.
    fn wrong_code(&self, step: u64) -> anyhow::Result<String> {
        let steps = step.saturating_sub(12)..=step.saturating_add(12);
        let near: Vec<String> = steps.map(|step| self.generator.code(step)).collect();
        let mut wrong = (0..=near.len()).map(|code| format!("{code:06}"));
        wrong.find(|code| !near.contains(code)).context("no wrong code")
    }
}

/// All of them, in another order each round.
fn turned<T>(all: &[T], round: usize) -> impl Iterator<Item = &T> {
    all.iter().cycle().skip(round % all.len().max(1)).take(all.len())
}

fn keep(times: &mut Times, age: usize, took: Duration) {
    let place = AGES.iter().position(|known| *known == age);
    if let Some(times) = place.and_then(|place| times.get_mut(place)) {
        times.push(took);
    }
}
