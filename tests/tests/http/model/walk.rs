//! Walks every order of six calls over real connections, each beside the model.
//!
//! The clock is everybody's. So the orders are walked in groups that wait at the same places: in a
//! group everybody makes the n-th call, then time passes, then everybody makes the next. Between
//! groups lies more than a year, after which nothing of the one before counts; the model knows that
//! like everything else, and goes on as it is.

use std::collections::HashMap;

use countersign_api::server::listener::Listener;
use countersign_core::clock::Clock as _;
use countersign_tests::app::TestApp;
use countersign_tests::bench::http::Connection;
use futures::future::join_all;
use jiff::SignedDuration;

use super::account::rules;
use super::logged::logged;
use super::person::{Letter, Outcome, Person, Wire};

/// Calls of an order.
const CALLS: usize = 6;
/// Connections at once, each with one call at a time: enough to fill the log's batches.
const CONNECTIONS: usize = 64;
/// People at least who share a connection.
const PEOPLE_EACH: usize = 8;
/// Between two groups.
const APART: i64 = rules::YEAR + rules::DAY;

/// What is walked.
pub(super) struct Theme {
    /// The calls, one of which is to wait.
    pub(super) letters: &'static [Letter],
    /// How long a wait is.
    pub(super) wait: SignedDuration,
    /// What everybody does before each order.
    pub(super) before: &'static [Letter],
    /// Whether mails must have come before the next call.
    pub(super) is_by_mail: bool,
}

/// Every order of the letters in the places where a group does not wait.
fn orders(letters: &[Letter], waits: u32) -> Vec<Vec<Option<Letter>>> {
    (0..CALLS).fold(vec![vec![]], |orders, place| {
        let next: Vec<Option<Letter>> = match waits >> place & 1 {
            1 => vec![None],
            _ => letters.iter().copied().map(Some).collect(),
        };
        let longer = |order: &Vec<Option<Letter>>| {
            let each = next.iter().map(|letter| [order.as_slice(), &[*letter]].concat());
            each.collect::<Vec<_>>()
        };
        orders.iter().flat_map(longer).collect()
    })
}

struct Walk<'a> {
    app: &'a TestApp,
    theme: &'a Theme,
    people: Vec<Person>,
    key: String,
    mails_read: usize,
}

impl Walk<'_> {
    fn now(&self) -> i64 {
        self.app.clock.now().as_second()
    }

    /// Everybody does something at once; the first thing that is not as the model says ends it.
    async fn everybody(
        &mut self,
        people: usize,
        each: impl AsyncFn(&mut Person, &mut Wire, usize, i64) -> Outcome,
    ) {
        let (now, size) = (self.now(), people.div_ceil(CONNECTIONS).max(PEOPLE_EACH));
        let (address, key) = (self.app.address(Listener::Public), &self.key);
        let shares = self.people[..people].chunks_mut(size).enumerate();
        let shares = shares.map(|(share, people)| {
            let each = &each;
            async move {
                // One that is idle for long is closed: each time another.
                let connection = Connection::open(address).await.unwrap();
                let mut wire = Wire { connection, key: key.clone() };
                for (number, person) in people.iter_mut().enumerate() {
                    each(person, &mut wire, share * size + number, now).await?;
                }
                Ok::<(), String>(())
            }
        });
        let wrong: Vec<String> =
            join_all(shares).await.into_iter().filter_map(Result::err).collect();
        assert!(wrong.is_empty(), "{} like this:\n{}", wrong.len(), wrong[0]);
    }

    async fn call(&mut self, people: usize, letter: impl Fn(usize) -> Letter) {
        // A time step, so that the phone shows another code.
        self.pass(rules::STEP);
        self.everybody(people, async |person: &mut Person, wire: &mut Wire, number, now| {
            person.make(wire, letter(number), now).await
        })
        .await;
        if self.theme.is_by_mail {
            self.mails_come().await;
        }
    }

    fn pass(&self, seconds: i64) {
        self.app.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// Every mail that is under way comes to its reader.
    async fn mails_come(&mut self) {
        self.app.pass(SignedDuration::ZERO).await;
        self.app.settle().await;
        let came = self.app.post.codes_after(self.mails_read);
        self.mails_read += came.len();
        let mut codes: HashMap<String, String> =
            came.into_iter().filter_map(|(to, code)| Some((to, code?))).collect();
        for person in &mut self.people {
            let code = person.member.email.as_ref().and_then(|email| codes.remove(email));
            if let (Some((_, mailed)), Some(code)) = (&mut person.mailed, code) {
                *mailed = code;
            }
        }
    }

    async fn group(&mut self, waits: u32) -> usize {
        let orders = orders(self.theme.letters, waits);
        let people = orders.len();
        self.pass(APART);
        self.people.iter_mut().for_each(|person| person.walked.clear());
        for letter in self.theme.before {
            self.call(people, |_| *letter).await;
        }
        // All of a group wait at the same places.
        for (place, first) in orders[0].iter().enumerate() {
            if first.is_none() {
                self.pass(self.theme.wait.as_secs());
                self.people[..people].iter_mut().for_each(|person| person.walked.push(None));
            } else {
                self.call(people, |number| orders[number][place].unwrap()).await;
            }
        }
        self.everybody(people, async |person: &mut Person, wire: &mut Wire, _, now| {
            person.tokens_are_dead_or_alive(wire, now).await
        })
        .await;
        // Whoever rested longest comes next, so that nobody's recovery codes are used up.
        let all = self.people.len();
        self.people.rotate_left(people % all);
        people
    }
}

/// Walks all orders of six of the theme's calls, a wait among them: how many.
pub(super) fn walk(theme: &Theme) -> usize {
    let mut walked = 0;
    TestApp::run(async |app| {
        let people = theme.letters.len().pow(CALLS.try_into().unwrap());
        let crowd = app.crowd(people, theme.is_by_mail).await;
        let people = crowd.people.into_iter().map(Person::new).collect();
        let mut walk = Walk { app, theme, people, key: crowd.key, mails_read: 0 };
        if theme.is_by_mail {
            walk.mails_come().await;
        }
        // The group that never waits is the largest: it comes last, so that all that it left behind
        // is there to be looked at.
        for waits in (0..1 << CALLS).rev() {
            walked += walk.group(waits).await;
        }
        let Walk { people, key, .. } = walk;
        afterwards(app, key, people).await;
    });
    walked
}

/// After a restart everybody's counters are what the model counts; and so is the log, fact by fact.
async fn afterwards(app: &mut TestApp, key: String, people: Vec<Person>) {
    app.settle().await;
    // Attempts that were refused unevaluated are summed up when an account is left.
    app.restart().await.unwrap();
    let theme = Theme { letters: &[], wait: SignedDuration::ZERO, before: &[], is_by_mail: false };
    let all = people.len();
    let mut walk = Walk { app, theme: &theme, people, key, mails_read: 0 };
    walk.everybody(all, async |person: &mut Person, wire: &mut Wire, _, now| {
        person.counters_agree(wire, now).await
    })
    .await;
    logged(app, &walk.people);
}

#[test]
fn every_order_is_walked_once() {
    let letters = [Letter::Begin, Letter::Right];
    let all: Vec<_> = (0..1 << CALLS).flat_map(|waits| orders(&letters, waits)).collect();
    assert_eq!(all.len(), 3_usize.pow(6));
    for (number, order) in all.iter().enumerate() {
        assert!(order.len() == CALLS && !all[..number].contains(order), "{order:?}");
    }
}
