//! What the tests live in: a log, the read models, a courier, and accounts that are made up.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use actix::Addr;
use actix_rt::Arbiter;
use countersign_core::accounts::Fault;
use countersign_core::accounts::request::Net;
use countersign_core::actors::courier::{self, Courier, Post};
use countersign_core::actors::projector::{self, Projector};
use countersign_core::clock::{Clock as _, ManualClock};
use countersign_core::mail::ledger::{Addressee, CodeMail, LinkMail, MailLedger, MailOutcome};
use countersign_core::mail::letterhead::Letterhead;
use countersign_core::mail::smtp::{SmtpMailer, SmtpSettings};
use countersign_core::mail::{Mailer, SmtpUrl};
use countersign_core::projections::{Opened, PersonalData, ReadModel};
use countersign_events::account::{
    AccountEvent, EmailCodeRequested, EmailCodeSent, EmailDeliveryFailed, NoticeSent, Origin,
    Purpose, Registered,
};
use countersign_events::actor::By;
use countersign_events::entry::{Draft, SealClass, SealedPart};
use countersign_events::id::{
    AccountId, CorrelationId, EventId, HandleHash, Hash32, LogId, Nonce, PolicyVersion, Position,
    Revision, StreamId,
};
use countersign_events::store::sqlite::SqliteStore;
use countersign_events::store::{Append, AppendKey, EventStore, Expected, NewEntry};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::sync::{Mutex as AsyncMutex, watch};
use uuid::Uuid;
use zeroize::Zeroizing;

pub(crate) const PUBLIC_URL: &str = "https://id.example.com";

/// A log in a file, and its writer.
pub(crate) struct Log {
    pub(crate) store: SqliteStore,
    id: LogId,
    ends: AsyncMutex<HashMap<StreamId, (Revision, Hash32)>>,
    numbers: AtomicU64,
    clock: ManualClock,
}

impl Log {
    pub(crate) fn open(dir: &Path, clock: &ManualClock, number: u128) -> Arc<Self> {
        let at = clock.clone();
        let path = dir.join(format!("log-{number}.db"));
        let store = SqliteStore::open(&path, Arc::new(move || at.now())).unwrap();
        Arc::new(Self {
            store,
            id: LogId::new(Uuid::from_u128(number)),
            ends: AsyncMutex::default(),
            numbers: AtomicU64::new(1),
            clock: clock.clone(),
        })
    }

    pub(crate) async fn append(&self, account: AccountId, event: &AccountEvent) -> EventId {
        self.append_by(account, event, By::Holder, None).await
    }

    pub(crate) async fn append_by(
        &self,
        account: AccountId,
        event: &AccountEvent,
        by: By,
        pii: Option<&str>,
    ) -> EventId {
        let data = event.to_json().unwrap();
        let stream = StreamId::Account(account);
        self.append_raw(stream, event.event_type(), event.version(), data, by, pii).await
    }

    pub(crate) async fn append_raw(
        &self,
        stream: StreamId,
        event_type: &'static str,
        version: u16,
        data: String,
        by: By,
        pii: Option<&str>,
    ) -> EventId {
        let id = EventId::new(Uuid::from_u128(
            0x0193_0000_0000_7000_8000_0000_0000_0000
                | u128::from(self.numbers.fetch_add(1, Ordering::SeqCst)),
        ));
        let sealed = pii.map(|json| SealedPart {
            class: SealClass::Pii,
            key: "k1".into(),
            ciphertext: json.as_bytes().iter().map(|byte| byte ^ 0x5a).collect(),
        });
        let draft = Draft {
            id,
            at: self.clock.now(),
            event_type,
            version,
            by,
            correlation: CorrelationId::new(id.uuid()),
            causation: None,
            policy: PolicyVersion::new(0),
            idempotency: None,
            data,
            sealed: sealed.into_iter().collect(),
        };
        let mut ends = self.ends.lock().await;
        let end = ends.get(&stream).copied();
        let expected = Expected::at(end.map(|(revision, _)| revision));
        let written =
            draft.write(self.id, stream, expected.first(), end.map(|(_, leaf)| leaf)).unwrap();
        let append = Append {
            stream,
            expected,
            entries: vec![NewEntry { bytes: written.bytes, sealed: written.sealed }],
            key: AppendKey::new(id.uuid()),
        };
        self.store.append(append).await.unwrap();
        ends.insert(stream, (expected.first(), written.leaf));
        id
    }

    pub(crate) async fn head(&self) -> Option<Position> {
        self.store.head().await.unwrap()
    }
}

/// The store as the actors want it.
pub(crate) struct Shared(pub(crate) Arc<Log>);

macro_rules! through {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $out:ty;)*) => {
        impl EventStore for Shared {
            $(fn $name(&self, $($arg: $ty),*) -> $out { self.0.store.$name($($arg),*) })*
        }
    };
}
use countersign_events::store::{
    AppendError, Appended, Recorded, Resolution, Snapshot, StoreError,
};
use futures::stream::BoxStream;
through! {
    append(append: Append) -> BoxFuture<'_, Result<Appended, AppendError>>;
    append_many(appends: Vec<Append>) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>>;
    read_stream(stream: StreamId, from: Revision, limit: usize)
        -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>>;
    read_all(from: Position, limit: usize) -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>>;
    subscribe(from: Position) -> BoxStream<'static, Result<Recorded, StoreError>>;
    head() -> BoxFuture<'_, Result<Option<Position>, StoreError>>;
    stream_head(stream: StreamId) -> BoxFuture<'_, Result<Option<Revision>, StoreError>>;
    resolve(stream: StreamId, key: AppendKey) -> BoxFuture<'_, Result<Resolution, StoreError>>;
    snapshot_put(stream: StreamId, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>>;
    snapshot_get(stream: StreamId) -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>>;
    is_shared() -> bool;
}

/// Keys that hide just enough to see that nothing is kept in clear.
pub(crate) struct Keys;

impl PersonalData for Keys {
    fn open_pii<'a>(
        &'a self,
        _: AccountId,
        key: &'a str,
        ciphertext: &'a [u8],
    ) -> BoxFuture<'a, Result<Opened, Fault>> {
        assert_eq!(key, "k1");
        let opened = ciphertext.iter().map(|byte| byte ^ 0x5a).collect();
        Box::pin(async move { Ok(Some(Zeroizing::new(opened))) })
    }

    fn email_hash(&self, email: &str) -> Hash32 {
        email_hash(email)
    }
}

pub(crate) fn email_hash(email: &str) -> Hash32 {
    Hash32::new(Sha256::digest(format!("key {}", email.to_lowercase())).into())
}

/// Accounts that answer the courier, and write to the log what it tells them.
pub(crate) struct Ledger {
    log: Arc<Log>,
    codes: Mutex<HashMap<AccountId, CodeMail>>,
    pub(crate) addresses: Mutex<HashMap<AccountId, String>>,
    pub(crate) cannot_record: AtomicBool,
    outcomes: watch::Sender<Vec<MailOutcome>>,
}

impl Ledger {
    fn addressee(&self, account: AccountId) -> Option<Addressee> {
        self.addresses.lock().unwrap().get(&account).cloned().map(Addressee::new)
    }
}

impl MailLedger for Ledger {
    fn addressees(
        &self,
        account: AccountId,
        _: EventId,
    ) -> BoxFuture<'_, Result<Vec<Addressee>, Fault>> {
        let to = self.addressee(account).into_iter().collect();
        Box::pin(async move { Ok(to) })
    }

    fn link(&self, _: AccountId, _: EventId) -> BoxFuture<'_, Result<Option<LinkMail>, Fault>> {
        Box::pin(async move { Ok(None) })
    }

    fn code(
        &self,
        account: AccountId,
        _: EventId,
    ) -> BoxFuture<'_, Result<Option<CodeMail>, Fault>> {
        let code = self.codes.lock().unwrap().get(&account).cloned();
        let to = self.addressee(account);
        let code = code.and_then(|code| Some(CodeMail { to: to?, ..code }));
        Box::pin(async move { Ok(code) })
    }

    fn record(&self, account: AccountId, outcome: MailOutcome) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            if self.cannot_record.load(Ordering::SeqCst) {
                return Err(Fault::Unavailable("told so".into()));
            }
            let event = match outcome {
                MailOutcome::CodeSent { request, attempts } => {
                    AccountEvent::EmailCodeSent(EmailCodeSent { request, attempts })
                }
                MailOutcome::NoticeSent { notice, cause, attempts } => {
                    AccountEvent::NoticeSent(NoticeSent { notice, cause, attempts })
                }
                MailOutcome::Failed { request, attempts, class } => {
                    AccountEvent::EmailDeliveryFailed(EmailDeliveryFailed {
                        request,
                        attempts,
                        class,
                    })
                }
            };
            self.log.append_by(account, &event, By::System, None).await;
            self.outcomes.send_modify(|outcomes| outcomes.push(outcome));
            Ok(())
        })
    }
}

/// Everything together.
pub(crate) struct House {
    pub(crate) dir: TempDir,
    pub(crate) clock: ManualClock,
    pub(crate) log: Arc<Log>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) model: ReadModel,
    arbiters: Vec<Arbiter>,
}

impl House {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::new("2026-11-24T05:00:00Z".parse().unwrap());
        let log = Log::open(dir.path(), &clock, 1);
        let ledger = Arc::new(Ledger {
            log: Arc::clone(&log),
            codes: Mutex::default(),
            addresses: Mutex::default(),
            cannot_record: AtomicBool::new(false),
            outcomes: watch::Sender::default(),
        });
        let model = ReadModel::open(&dir.path().join("read.db")).unwrap();
        Self { dir, clock, log, ledger, model, arbiters: vec![] }
    }

    pub(crate) fn project(&mut self) -> Addr<Projector> {
        self.arbiters.push(Arbiter::new());
        let arbiter = self.arbiters.last().unwrap().handle();
        let store = Arc::new(Shared(Arc::clone(&self.log)));
        Projector::start_on(&arbiter, self.model.clone(), store, Arc::new(Keys))
    }

    pub(crate) fn courier(&mut self, mailer: Arc<dyn Mailer>) -> Addr<Courier> {
        self.arbiters.push(Arbiter::new());
        let arbiter = self.arbiters.last().unwrap().handle();
        Courier::start_on(
            &arbiter,
            Post {
                model: self.model.clone(),
                ledger: Arc::clone(&self.ledger) as _,
                mailer,
                head: letterhead(),
                clock: Arc::new(self.clock.clone()),
            },
        )
    }

    /// As a crash: what the courier had in hand is gone.
    pub(crate) fn kill_last_actor(&mut self) {
        let arbiter = self.arbiters.pop().unwrap();
        arbiter.stop();
        arbiter.join().unwrap();
    }

    pub(crate) async fn register(&self, number: u128, email: &str) -> AccountId {
        let account = AccountId::new(Uuid::from_u128(number));
        self.ledger.addresses.lock().unwrap().insert(account, email.to_owned());
        let event = AccountEvent::Registered(Registered {
            origin: Origin::Holder,
            client: None,
            has_email: true,
            email_confirmed: false,
            imported: false,
        });
        let pii = format!("{{\"login\":\"l{number}\",\"email\":\"{email}\"}}");
        self.log.append_by(account, &event, By::Holder, Some(&pii)).await;
        account
    }

    /// A code is asked for; it dies in ten minutes.
    pub(crate) async fn ask_for_code(&self, account: AccountId, code: &str) -> EventId {
        let expires_at = self.clock.now().checked_add(SignedDuration::from_mins(10)).unwrap();
        self.ledger.codes.lock().unwrap().insert(account, code_mail(code, expires_at));
        self.request(account, expires_at).await
    }

    pub(crate) async fn request(&self, account: AccountId, expires_at: Timestamp) -> EventId {
        let event = AccountEvent::EmailCodeRequested(EmailCodeRequested {
            purpose: Purpose::SignIn,
            bound_to: HandleHash::new([1; 16]),
            nonce: Nonce::new([2; 16]),
            expires_at,
            digits: None,
        });
        self.log.append(account, &event).await
    }

    /// Waits until nothing moves any more; tells when the next mail is due.
    pub(crate) async fn settle(&self, courier: &Addr<Courier>) -> Option<Timestamp> {
        loop {
            let head = self.log.head().await;
            self.model.caught_up(head.unwrap()).await;
            let next = courier.send(courier::Rest).await.unwrap();
            if self.log.head().await == head {
                return next;
            }
        }
    }

    /// Moves the clock to the next mail and waits again.
    pub(crate) async fn go_on(&self, courier: &Addr<Courier>) -> Option<Timestamp> {
        let next = self.settle(courier).await.expect("a mail that waits");
        self.clock.set(next);
        courier.send(courier::Poke).await.unwrap();
        self.settle(courier).await
    }

    pub(crate) fn outcomes(&self) -> Vec<MailOutcome> {
        self.ledger.outcomes.borrow().clone()
    }

    pub(crate) async fn stop(&self, courier: Addr<Courier>, projector: Addr<Projector>) {
        assert_eq!(courier.send(courier::Stop).await.unwrap(), 0);
        projector.send(projector::Stop).await.unwrap();
    }
}

impl Drop for House {
    fn drop(&mut self) {
        for arbiter in self.arbiters.drain(..) {
            arbiter.stop();
            let _ = arbiter.join();
        }
    }
}

pub(crate) fn code_mail(code: &str, expires_at: Timestamp) -> CodeMail {
    CodeMail {
        to: Addressee::new("nobody@example.org"),
        code: Zeroizing::new(code.to_owned()),
        purpose: Purpose::SignIn,
        expires_at,
        net: Some(Net {
            ip: "203.0.113.77".into(),
            user_agent: Some("curl/8.0".into()),
            language: None,
        }),
    }
}

pub(crate) fn letterhead() -> Letterhead {
    Letterhead::new("Example", PUBLIC_URL, "no-reply@example.com", None).unwrap()
}

pub(crate) fn smtp(url: &str) -> Arc<SmtpMailer> {
    let url = SmtpUrl::parse(url).unwrap();
    let settings = SmtpSettings { url, password: None, root_ca_pem: None };
    Arc::new(SmtpMailer::start(&settings, letterhead()).unwrap())
}
