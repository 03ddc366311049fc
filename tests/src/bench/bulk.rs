//! Lives by the hundred thousand, appended straight to the log: valid entries, chained as they
//! should be, without the work that made them.
//!
//! A few accounts are registered through the core, with a data key, since a look at an account
//! seals its ticket under it. The rest are streams that nobody looks at one by one.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use countersign_core::accounts::Accounts;
use countersign_core::accounts::request::{NewClient, Register};
use countersign_core::actors::keeper::{Halt, Keeper};
use countersign_core::actors::log::Head;
use countersign_core::clock::{Clock as _, SystemClock};
use countersign_core::vault::Keyring;
use countersign_events::account::{
    AccountEvent, Assurance, CodeRejected, CodeVerified, CooledDown, Counted, EnableRequested,
    Enabled, Lane, Method, Need, Origin, PasswordVerified, Purpose, Registered, RejectedWhy,
    SessionEndedWhy, SessionOpened, SessionsEnded, SignInOpened,
};
use countersign_events::actor::By;
use countersign_events::entry::Draft;
use countersign_events::id::{
    AccountId, CorrelationId, Digest, EventId, FactorId, HandleHash, PolicyVersion, Revision,
    SecretVersion, StreamId,
};
use countersign_events::store::sqlite::SqliteStore;
use countersign_events::store::{Append, AppendKey, ENTRIES_PER_APPEND_MAX, Expected, NewEntry};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::prepare::{self, call, yes};

/// Appends that are handed to the store at once.
const AT_ONCE: usize = 64;
/// How long ago all of it begins.
const AGO: SignedDuration = SignedDuration::from_hours(6 * 24);
/// One sign-in in so many has a wrong code before the right one.
const WRONG_EVERY: u64 = 10;
/// One account in so many ends with a wait that still lasts.
const LOCKED_EVERY: u64 = 100;
/// How long a session lasts, and a sign-in waits: as long as the policy lets a session.
const SESSION: SignedDuration = SignedDuration::from_hours(12);
/// The password of the accounts that were registered.
const PASSWORD: &str = "an old oak by the river";

/// How much.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Accounts.
    pub accounts: u64,
    /// Events of each.
    pub events: u64,
    /// Accounts of these that can be looked at.
    pub known: u64,
    /// Events of the one account with a long past.
    pub busy: u64,
}

/// What there is.
#[derive(Debug, Clone)]
pub struct Filled {
    /// The accounts that can be looked at.
    pub known: Vec<AccountId>,
    /// The one with a long past.
    pub busy: AccountId,
    /// The key of a client app.
    pub key: Arc<str>,
    /// Entries of the log.
    pub entries: u64,
}

/// The login of an account that can be looked at.
#[must_use]
pub fn login(number: u64) -> String {
    format!("known.{number}")
}

/// Fills a data directory and closes it.
///
/// # Errors
/// What could not be written.
pub async fn fill(data: &Path, size: Size) -> anyhow::Result<Filled> {
    let (_services, accounts) = prepare::open(data, Arc::new(SystemClock)).await?;
    let added = yes(accounts
        .add_client(&call(&accounts)?, NewClient::new("views".into(), prepare::scopes(), None))
        .await)?;
    let mut known = vec![];
    for number in 0..size.known {
        known.push(registered(&accounts, &login(number)).await?);
    }
    let busy = registered(&accounts, "busy").await?;
    let begun = SystemClock.now().checked_sub(AGO)?;
    let mut bulk = Bulk { accounts: &accounts, waiting: vec![], number: 0 };
    for number in 0..size.accounts {
        let id = known.get(usize::try_from(number)?).copied();
        let stream = StreamId::Account(id.unwrap_or_else(|| AccountId::new(uuid(1, number))));
        let head = match id {
            Some(_) => accounts.log().head_of(stream).await?,
            None => Head::default(),
        };
        let at = begun + AGO * i32::try_from(number * 100 / size.accounts.max(1))? / 101;
        bulk.live(stream, head, at, size.events, number.is_multiple_of(LOCKED_EVERY)).await?;
    }
    let stream = StreamId::Account(busy);
    let head = accounts.log().head_of(stream).await?;
    bulk.live(stream, head, begun, size.busy, false).await?;
    bulk.flush().await?;
    let entries = accounts.log().store().head().await?.context("an empty log")?.next().get();
    accounts.directory().drain().await;
    Ok(Filled { known, busy, key: added.api_key.reveal().as_str().into(), entries })
}

/// Signs what is in a data directory, as a server does when it stops.
///
/// # Errors
/// What does not open or write.
pub async fn sign(data: &Path) -> anyhow::Result<()> {
    let clock = Arc::new(|| SystemClock.now());
    let store = Arc::new(SqliteStore::open(&data.join("log.db"), clock)?);
    let keyring = Arc::new(Keyring::open(&data.join("keys"))?);
    let mut keeper = Keeper::open(store, keyring, data, Halt::default()).await?;
    Ok(keeper.advance().await?)
}

async fn registered(accounts: &Accounts, login: &str) -> anyhow::Result<AccountId> {
    let email = format!("{login}@example.com");
    let password = Zeroizing::new(PASSWORD.to_owned());
    let ask = Register { login: login.to_owned(), email, password };
    yes(accounts.register(&call(accounts)?, ask).await)
}

fn uuid(kind: u64, number: u64) -> Uuid {
    // Spread like random ones, so that the tables see what they would see in service.
    Uuid::from_u64_pair(number.wrapping_mul(0x9e37_79b9_7f4a_7c15), (kind << 48) | number)
}

fn handle(kind: u8, number: u64) -> HandleHash {
    let mut bytes = [kind; 16];
    let (_, tail) = bytes.split_at_mut(8);
    tail.copy_from_slice(&number.to_be_bytes());
    Digest::new(bytes)
}

struct Bulk<'a> {
    accounts: &'a Accounts,
    waiting: Vec<Append>,
    /// Entries so far.
    number: u64,
}

impl Bulk<'_> {
    /// So many events on a stream, from a time on, a minute between them.
    async fn live(
        &mut self,
        stream: StreamId,
        head: Head,
        begun: Timestamp,
        events: u64,
        is_locked: bool,
    ) -> anyhow::Result<()> {
        let now = self.accounts.log().now();
        let mut head = head;
        let mut life = Life::new(head.revision.is_some());
        let mut left = events;
        while left > 0 {
            let mut entries = vec![];
            let first = Expected::at(head.revision);
            while left > 0 && entries.len() < ENTRIES_PER_APPEND_MAX {
                left -= 1;
                let at = head.not_before(
                    (begun + SignedDuration::from_secs(7) * i32::try_from(events - left)?).min(now),
                );
                let event = match left {
                    0 if is_locked => cooled_down(now),
                    _ => life.next(at),
                };
                let draft = self.draft(at, &event)?;
                let revision = head.revision.map_or(Revision::new(0), Revision::next);
                let written = draft.write(self.accounts.log().id(), stream, revision, head.leaf)?;
                head = Head { revision: Some(revision), leaf: Some(written.leaf), at: Some(at) };
                entries.push(NewEntry { bytes: written.bytes, sealed: written.sealed });
            }
            let key = AppendKey::new(uuid(9, self.number));
            self.waiting.push(Append { stream, expected: first, entries, key });
            // Appends of one stream wait for each other.
            if self.waiting.len() >= AT_ONCE || left > 0 {
                self.flush().await?;
            }
        }
        Ok(())
    }

    fn draft(&mut self, at: Timestamp, event: &AccountEvent) -> anyhow::Result<Draft> {
        self.number += 1;
        Ok(Draft {
            id: EventId::new(uuid(2, self.number)),
            at,
            event_type: event.event_type(),
            version: event.version(),
            by: By::Holder,
            correlation: CorrelationId::new(uuid(3, self.number)),
            causation: None,
            policy: PolicyVersion::new(1),
            idempotency: None,
            data: event.to_json()?,
            sealed: vec![],
        })
    }

    async fn flush(&mut self) -> anyhow::Result<()> {
        let appends = std::mem::take(&mut self.waiting);
        for outcome in self.accounts.log().store().append_many(appends).await {
            ensure!(outcome.is_ok(), "{outcome:?}");
        }
        Ok(())
    }
}

/// What happens to somebody with an authenticator, event by event.
struct Life {
    is_registered: bool,
    number: u64,
}

const FACTOR: FactorId = FactorId::new(Uuid::from_u128(0xf));

impl Life {
    const fn new(is_registered: bool) -> Self {
        Self { is_registered, number: 0 }
    }

    fn next(&mut self, at: Timestamp) -> AccountEvent {
        if !self.is_registered {
            self.is_registered = true;
            return AccountEvent::Registered(Registered {
                origin: Origin::Client,
                client: None,
                has_email: false,
                email_confirmed: false,
                imported: false,
            });
        }
        let number = self.number;
        self.number += 1;
        let until = |span| at.saturating_add(span).unwrap_or(Timestamp::MAX);
        match number {
            0 => enable_requested(until(SignedDuration::from_hours(24 * 365))),
            1 => verified(Purpose::Enable, 0, None, None),
            2 => AccountEvent::Enabled(Enabled { factor: FACTOR }),
            _ => sign_in(number - 3, until(SESSION)),
        }
    }
}

/// Four events of each sign-in: begun, a code, one more code or a use, and signed out.
fn sign_in(number: u64, until: Timestamp) -> AccountEvent {
    let round = number / 4;
    let opened = || SessionOpened {
        session: handle(2, round),
        assurance: Assurance::TwoFactor,
        amr: vec!["pwd".into(), "otp".into(), "mfa".into()],
        expires_at: until,
        replaces: None,
        device: None,
        vouched_in: None,
    };
    match number % 4 {
        0 => AccountEvent::PasswordVerified(PasswordVerified {
            purpose: Purpose::SignIn,
            sign_in: Some(SignInOpened {
                sign_in: handle(1, round),
                expires_at: until,
                needs: Need::SecondFactor,
                device: None,
            }),
            session: None,
            device: None,
        }),
        1 if round.is_multiple_of(WRONG_EVERY) => AccountEvent::CodeRejected(CodeRejected {
            method: Method::Totp,
            factor: Some(FACTOR),
            why: RejectedWhy::Wrong,
            off_by_steps: Some(-3),
            purpose: Purpose::SignIn,
            sign_in: Some(handle(1, round)),
            in_session: None,
            in_sign_in: 1,
            unresolved: 1,
            counted: Counted::default(),
        }),
        1 => AccountEvent::SessionsEnded(SessionsEnded::new(vec![], SessionEndedWhy::SignedOut)),
        2 => verified(Purpose::SignIn, round + 1, Some(handle(1, round)), Some(opened())),
        _ => {
            let ended = vec![handle(2, round)];
            AccountEvent::SessionsEnded(SessionsEnded::new(ended, SessionEndedWhy::SignedOut))
        }
    }
}

fn enable_requested(until: Timestamp) -> AccountEvent {
    AccountEvent::EnableRequested(EnableRequested {
        factor: FACTOR,
        kind: Method::Totp,
        secret: SecretVersion::new(5),
        algorithm: "SHA1".into(),
        digits: 6,
        period_seconds: 30,
        expires_at: until,
        session: None,
        replaces: None,
        imported: false,
    })
}

fn verified(
    purpose: Purpose,
    step: u64,
    sign_in: Option<HandleHash>,
    session: Option<SessionOpened>,
) -> AccountEvent {
    AccountEvent::CodeVerified(CodeVerified {
        method: Method::Totp,
        factor: Some(FACTOR),
        step: Some(step),
        offset: Some(0),
        request: None,
        purpose,
        sign_in,
        in_session: None,
        next: None,
        session,
        device: None,
    })
}

fn cooled_down(now: Timestamp) -> AccountEvent {
    AccountEvent::CooledDown(CooledDown {
        method: Method::Totp,
        lane: Lane::Unknown,
        until: now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX),
        unresolved: 5,
        rule: "wait".into(),
        ends_sign_ins: false,
    })
}
