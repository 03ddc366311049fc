//! Two nodes on one store: the expected revision decides, whoever comes second decides again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_core::accounts::Fault;
use countersign_core::accounts::request::Asker;
use countersign_core::clock::Clock as _;
use countersign_core::domain::refusal::Refusal;
use countersign_events::account::{Assurance, Method};
use countersign_events::id::{Position, Revision, StreamId};
use countersign_events::store::{
    Append, AppendError, AppendKey, Appended, EventStore, Recorded, Resolution, Snapshot,
    StoreError,
};
use data_encoding::BASE32_NOPAD;
use futures::future::{BoxFuture, join_all};
use futures::stream::BoxStream;
use jiff::SignedDuration;

use super::house::{Enabled, House, STEP, no, registration, run, yes};

/// Sign-ins of an attacker, and how many of them at once.
const SIGN_INS: usize = 1_000;
const AT_ONCE: usize = 25;

/// A store that says that others write to it too, and counts the entries that streams are read for.
pub(crate) struct Shared(pub(crate) Arc<dyn EventStore>, pub(crate) Arc<AtomicUsize>);

impl EventStore for Shared {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        self.0.append(append)
    }
    fn append_many(&self, many: Vec<Append>) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        self.0.append_many(many)
    }
    fn read_stream(
        &self,
        stream: StreamId,
        from: Revision,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>> {
        Box::pin(async move {
            let read = self.0.read_stream(stream, from, limit).await?;
            self.1.fetch_add(read.len(), Ordering::Relaxed);
            Ok(read)
        })
    }
    fn read_all(
        &self,
        from: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>> {
        self.0.read_all(from, limit)
    }
    fn subscribe(&self, from: Position) -> BoxStream<'static, Result<Recorded, StoreError>> {
        self.0.subscribe(from)
    }
    fn head(&self) -> BoxFuture<'_, Result<Option<Position>, StoreError>> {
        self.0.head()
    }
    fn stream_head(&self, stream: StreamId) -> BoxFuture<'_, Result<Option<Revision>, StoreError>> {
        self.0.stream_head(stream)
    }
    fn resolve(
        &self,
        stream: StreamId,
        key: AppendKey,
    ) -> BoxFuture<'_, Result<Resolution, StoreError>> {
        self.0.resolve(stream, key)
    }
    fn snapshot_put(
        &self,
        stream: StreamId,
        snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.snapshot_put(stream, snapshot)
    }
    fn snapshot_get(
        &self,
        stream: StreamId,
    ) -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>> {
        self.0.snapshot_get(stream)
    }
    fn is_shared(&self) -> bool {
        true
    }
}

pub(crate) async fn two_nodes() -> [House; 2] {
    let first = House::new().await;
    let shared: Arc<dyn EventStore> = Arc::new(Shared(first.store().clone(), Arc::default()));
    let (dir, clock) = (first.dir.clone(), first.clock.clone());
    [
        House::over(shared.clone(), dir.clone(), clock.clone()).await,
        House::over(shared, dir, clock).await,
    ]
}

/// Submits one code 200 times over both nodes: sessions, and answers without a verdict.
async fn submit(nodes: &[House; 2], mike: &Enabled, code: &str) -> (usize, usize) {
    let mut steps = vec![];
    for n in 0..5 {
        steps.push(nodes[n % 2].second_step(&mike.login).await.id);
    }
    let answers = (0..200).map(|n| nodes[n % 2].answer(&steps[n % 5], Method::Totp, code));
    let (mut sessions, mut faults) = (0, 0);
    for answer in join_all(answers).await {
        match answer {
            Ok(Ok(_)) => sessions += 1,
            Ok(Err(Refusal::AuthenticationFailed | Refusal::TooManyRequests { .. })) => {}
            Err(Fault::Unavailable(_)) => faults += 1,
            other => panic!("{other:?}"),
        }
    }
    (sessions, faults)
}

/// SR-100: one right code, two nodes, 200 requests, one session.
#[test]
fn sr_100_a_right_code_enters_once_over_two_nodes() {
    run(async {
        let nodes = two_nodes().await;
        let mike = nodes[0].enabled("mike").await;
        for round in 0..10 {
            nodes[0].pass(STEP);
            let (sessions, faults) = submit(&nodes, &mike, &nodes[0].code(&mike.secret)).await;
            assert_eq!(sessions, 1, "round {round}");
            assert_eq!(faults, 0, "round {round}: without a verdict");
        }
    });
}

/// SR-100: 200 wrong codes over two nodes are five guesses.
#[test]
fn sr_100_wrong_codes_over_two_nodes_are_as_many_guesses_as_over_one() {
    run(async {
        let nodes = two_nodes().await;
        let mike = nodes[0].enabled("mike").await;
        let wrong = nodes[0].wrong_code(&mike.secret);
        assert_eq!(submit(&nodes, &mike, &wrong).await, (0, 0));
        assert_eq!(nodes[0].count(mike.account, "account.code_rejected").await, 5);
        assert_eq!(nodes[0].count(mike.account, "account.cooled_down").await, 1);
    });
}

/// AT-02, SR-059, SR-081, SR-085, SR-093: a thousand sign-ins over two nodes in three weeks, as
/// many at once as there are, each of which guesses four codes: sixteen are evaluated in all, the
/// holder was told, and what came before the cap is no way in any more, by either node.
#[test]
fn at_02_a_thousand_sign_ins_over_two_nodes_are_sixteen_guesses() {
    run(async {
        let nodes = two_nodes().await;
        let mike = nodes[0].enabled("mike").await;
        for _ in 0..SIGN_INS / AT_ONCE {
            nodes[0].pass(SignedDuration::from_hours(13));
            let wrong = nodes[0].wrong_code(&mike.secret);
            let begun = (0..AT_ONCE).map(|number| nodes[number % 2].second_step(&mike.login));
            let begun = join_all(begun).await;
            let guesses = (0..4 * AT_ONCE).map(|number| {
                let id = &begun[number % AT_ONCE].id;
                // Each sign-in guesses on both nodes.
                nodes[(number / AT_ONCE) % 2].answer(id, Method::Totp, &wrong)
            });
            for guessed in join_all(guesses).await {
                no(guessed);
            }
        }
        assert_eq!(nodes[0].count(mike.account, "account.code_rejected").await, 16);
        assert_eq!(nodes[0].count(mike.account, "account.locked_out").await, 1);
        nodes[0].pass(SignedDuration::from_hours(13));
        for node in &nodes {
            let step = node.second_step(&mike.login).await;
            let refused = no(node.answer(&step.id, Method::Totp, &node.code(&mike.secret)).await);
            assert!(matches!(refused, Refusal::TooManyRequests { .. }), "{refused:?}");
        }
        let head = nodes[0].store().head().await.unwrap().unwrap();
        let model = nodes[0].accounts.read_model();
        model.caught_up(head).await;
        let due = model.mails_due(nodes[0].clock.now(), 100).unwrap();
        // The authenticator's own, the third wrong code, three waits and the closed lane.
        assert!(due.len() >= 6, "{due:?}");
    });
}

/// SR-025, AT-05: a code by e-mail, submitted 50 times over two nodes, is one success and one
/// session more.
#[test]
fn sr_025_a_code_by_e_mail_enters_once_over_two_nodes() {
    run(async {
        let nodes = two_nodes().await;
        let mike = nodes[0].enabled("mike").await;
        for round in 1..=3 {
            let step = nodes[round % 2].second_step("mike").await;
            let code = nodes[0].mailed_code(mike.account, &step.id).await;
            let answers = (0..50).map(|n| nodes[n % 2].answer(&step.id, Method::EmailCode, &code));
            let mut given = vec![];
            for answer in join_all(answers).await {
                match answer {
                    Ok(Ok(session)) => given.push(session),
                    Ok(Err(Refusal::AuthenticationFailed)) => {}
                    other => panic!("round {round}: {other:?}"),
                }
            }
            assert_eq!(given.len(), 1, "round {round}");
            let call = nodes[0].call();
            let sessions = yes(nodes[0].accounts.sessions(&call, &given[0].token).await);
            assert_eq!(sessions.len(), 1 + round, "the activation's and one of each round");
            nodes[0].pass(STEP * 2);
        }
        // One more is the code of the activation.
        assert_eq!(nodes[0].count(mike.account, "account.code_verified").await, 4);
    });
}

/// What a repeated request is answered from is read, and nothing of what happened since.
#[test]
fn sr_066_a_repeated_request_reads_its_own_entries_alone() {
    run(async {
        let first = House::new().await;
        let read = Arc::new(AtomicUsize::new(0));
        let counted = Shared(first.store().clone(), read.clone());
        let house = House::over(Arc::new(counted), first.dir.clone(), first.clock.clone()).await;
        let call = house.keyed("0123456789abcdefghijkl", "POST /v1/accounts", "mike");
        let mike = yes(house.accounts.register(&call, registration("mike")).await);
        let entries = house.events(mike).await.len();
        for _ in 0..20 {
            house.session("mike").await;
        }
        let before = read.load(Ordering::Relaxed);
        assert_eq!(yes(house.accounts.register(&call, registration("mike")).await), mike);
        assert_eq!(read.load(Ordering::Relaxed) - before, entries);
    });
}

/// What one node wrote, the other answers by: a session that was ended is over everywhere.
#[test]
fn sr_131_a_session_ended_on_one_node_is_over_on_the_other() {
    run(async {
        let nodes = two_nodes().await;
        let mike = nodes[0].enabled("mike").await;
        for node in &nodes {
            yes(node.accounts.session(&node.call(), &mike.token).await);
        }
        yes(nodes[0].accounts.sign_out(&nodes[0].call(), &mike.token).await);
        let over = no(nodes[1].accounts.session(&nodes[1].call(), &mike.token).await);
        assert_eq!(over, Refusal::NoSession);
    });
}

/// SR-131, SR-115, AT-32: so are the other sessions where an authenticator was added or removed on
/// the other node, and so is a sign-in that waits.
#[test]
fn sr_131_an_authenticator_changed_on_one_node_ends_sessions_on_the_other() {
    run(async {
        let nodes = two_nodes().await;
        let [one, two] = &nodes;
        one.register("mike").await;
        let own = one.session("mike").await.token;
        let other = two.session("mike").await.token;
        let offered = one.offer(&own).await;
        let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).unwrap();
        yes(two.accounts.session(&two.call(), &other).await);
        yes(one.activate(&own, offered.factor, &one.code(&secret)).await);
        assert_eq!(no(two.accounts.session(&two.call(), &other).await), Refusal::NoSession);

        one.pass(STEP);
        let step = two.second_step("mike").await;
        let other = yes(two.answer(&step.id, Method::Totp, &two.code(&secret)).await).token;
        one.pass(STEP);
        let waiting = two.second_step("mike").await;
        let asker = Asker::Session(own.clone());
        yes(one.accounts.remove_factor(&one.call(), asker, offered.factor).await);
        assert_eq!(no(two.accounts.session(&two.call(), &other).await), Refusal::NoSession);
        let refused = no(two.answer(&waiting.id, Method::Totp, &two.code(&secret)).await);
        assert_eq!(refused, Refusal::AuthenticationFailed);
        let lowered = yes(two.accounts.session(&two.call(), &own).await);
        assert_eq!(lowered.assurance, Assurance::Password);
    });
}
