//! Walks every order of six calls, everybody at once: the clock is everybody's.

use std::collections::HashMap;

use countersign_api::server::listener::Listener;
use countersign_core::clock::Clock as _;
use countersign_events::account::{AccountEvent, Lane as LoggedLane, Method};
use countersign_tests::app::TestApp;
use countersign_tests::bench::http::Connection;
use futures::future::join_all;
use jiff::SignedDuration;

use super::books::{Call, Lane};
use super::holder::{Holder, Outcome, Wire};

const CALLS: u32 = 6;
const CONNECTIONS: usize = 64;
const STEP: i64 = 30;
/// Unresolved wrong passwords that close it to unknown browsers, unless something else is set.
const PASSWORD_CAP: usize = 100;

/// What is walked.
pub(super) struct Theme {
    /// The calls.
    pub(super) calls: &'static [Call],
    /// What everybody does before, and how many seconds pass after it.
    pub(super) before: &'static [(&'static [Call], i64)],
    /// Another cap of wrong passwords.
    pub(super) password_cap: Option<usize>,
}

struct Walk<'a> {
    app: &'a TestApp,
    holders: Vec<Holder>,
    by_address: HashMap<String, usize>,
    mails_read: usize,
}

impl Walk<'_> {
    fn pass(&self, seconds: i64) {
        self.app.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// Everybody does something at once; the first thing that is not as the books say ends it.
    async fn everybody(
        &mut self,
        each: impl AsyncFn(&mut Holder, &mut Wire, usize, i64) -> Outcome,
    ) {
        let now = self.app.clock.now().as_second();
        let size = self.holders.len().div_ceil(CONNECTIONS);
        let address = self.app.address(Listener::Public);
        let shares = self.holders.chunks_mut(size).enumerate().map(|(share, holders)| {
            let each = &each;
            async move {
                let connection = Connection::open(address).await.unwrap();
                let mut wire = Wire { connection, origin: format!("http://{address}") };
                for (number, holder) in holders.iter_mut().enumerate() {
                    each(holder, &mut wire, share * size + number, now).await?;
                }
                Ok::<(), String>(())
            }
        });
        let wrong: Vec<String> =
            join_all(shares).await.into_iter().filter_map(Result::err).collect();
        assert!(wrong.is_empty(), "{} like this:\n{}", wrong.len(), wrong[0]);
    }

    async fn call(&mut self, call: impl Fn(usize) -> Call) {
        // A time step, so that the phone shows another code.
        self.pass(STEP);
        self.everybody(async |holder: &mut Holder, wire: &mut Wire, number, now| {
            holder.make(wire, call(number), now).await
        })
        .await;
        self.mails_come().await;
    }

    async fn mails_come(&mut self) {
        self.app.pass(SignedDuration::ZERO).await;
        self.app.settle().await;
        let mails = self.app.post.mails_after(self.mails_read);
        self.mails_read += mails.len();
        for mail in mails {
            if let Some(number) = self.by_address.get(&mail.to) {
                self.holders[*number].reads(&mail.subject, &mail.text, mail.at.as_second());
            }
        }
    }
}

/// Walks all orders of six of the theme's calls: how many.
pub(super) fn walk(theme: &Theme) -> usize {
    let walked = theme.calls.len().pow(CALLS);
    let cap = theme.password_cap.unwrap_or(PASSWORD_CAP);
    let configure = |config: &mut countersign_api::config::Config| {
        config.password.cap = u64::try_from(cap).unwrap();
    };
    TestApp::run_with(configure, async |app| {
        let residents = app.residents(walked).await;
        app.settle().await;
        let by_address =
            residents.iter().enumerate().map(|(number, it)| (it.email.clone(), number)).collect();
        let holders = residents.into_iter().map(|it| Holder::new(it, cap)).collect();
        let mails_read = app.post.mails_after(0).len();
        let mut walk = Walk { app, holders, by_address, mails_read };
        // What was sent before is too old to object to, and no code of then is near.
        walk.pass(8 * super::books::DAY);
        for (calls, pause) in theme.before {
            for call in *calls {
                walk.call(|_| *call).await;
            }
            walk.pass(*pause);
        }
        for place in 0..CALLS {
            let digits = theme.calls.len();
            walk.call(|number| theme.calls[number / digits.pow(place) % digits]).await;
        }
        walk.everybody(async |holder: &mut Holder, wire: &mut Wire, _, now| {
            holder.sessions_are_dead_or_alive(wire, now).await
        })
        .await;
        let Walk { holders, by_address, mails_read, .. } = walk;
        afterwards(app, holders, by_address, mails_read).await;
    });
    walked
}

/// I5, I7: after a restart, which reads the log anew, the books hold as before; and so does the
/// log, fact by fact.
async fn afterwards(
    app: &mut TestApp,
    holders: Vec<Holder>,
    by_address: HashMap<String, usize>,
    mails_read: usize,
) {
    app.restart().await.unwrap();
    let mut walk = Walk { app, holders, by_address, mails_read };
    for call in [Call::Away, Call::Wrong, Call::Home, Call::Right] {
        walk.call(|_| call).await;
    }
    let mut logged: HashMap<_, Logged> = HashMap::new();
    walk.app.each_event(|account, event| logged.entry(account).or_default().hears(&event));
    for holder in &walk.holders {
        let log = logged.remove(&holder.resident.account).unwrap_or_default();
        let mut expected = holder.books.facts.clone();
        // How the account came to be is no part of the walk.
        *expected.entry("account.password_verified").or_default() += 1;
        *expected.entry("account.code_verified").or_default() += 2;
        *expected.entry("account.password_set").or_default() += 1;
        for (fact, count) in &expected {
            let found = log.facts.get(fact).copied().unwrap_or(0);
            assert_eq!(found, *count, "{fact} of {}: {:?}", holder.resident.login, holder.made);
        }
        assert_eq!(log.counted, holder.books.counted, "{:?}", holder.made);
    }
}

/// What the log says of an account.
#[derive(Default)]
struct Logged {
    facts: HashMap<&'static str, u64>,
    counted: Vec<(Lane, u32)>,
    last_step: u64,
}

impl Logged {
    fn hears(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::CodeVerified(verified) => {
                if let Some(step) = verified.step {
                    assert!(step > self.last_step, "I2, I3: step {step} after {}", self.last_step);
                    self.last_step = step;
                }
            }
            AccountEvent::CodeRejected(rejected) if rejected.method == Method::Totp => {
                let lane = match rejected.counted.lane {
                    LoggedLane::Unknown => Lane::Unknown,
                    LoggedLane::Known => Lane::Known,
                };
                self.counted.push((lane, rejected.unresolved));
            }
            _ => {}
        }
        *self.facts.entry(event.event_type()).or_default() += 1;
    }
}
