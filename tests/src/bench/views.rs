//! What support waits for: every view of a log with many accounts and a long past, and the tail
//! while much happens.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use countersign_api::client::{Client, ClientError, LogItem, LogStream};
use countersign_api::contract::id::AccountId as WireId;
use countersign_api::contract::log::LogStreamQuery;
use countersign_api::contract::look::{ChangesQuery, EventKind, Order};
use countersign_api::contract::page::PageQuery;
use countersign_api::contract::secret::Secret;
use countersign_api::contract::statistics::Window;
use countersign_api::contract::support::{
    LookQuery, Search, SearchByLogin, StateQuery, SupportEventsQuery,
};
use countersign_events::id::AccountId;
use futures::StreamExt as _;
use serde_json::{Value, json};

use super::bulk::{Filled, login};
use super::http::{Connection, Shot};
use super::say;
use super::server::LOOK;
use crate::phone::code;
use crate::server::{Answered, Server, call, verb};

use super::prepare::step_now;

/// How long a view may take.
pub const VIEW_MAX: Duration = Duration::from_millis(200);
/// Of so many calls one may be slow: the machine is not ours alone.
const SLOW_ONE_IN: usize = 20;
/// Events a second that the tail is measured under.
const RATE: u32 = 500;
/// How much memory a tail that nobody reads may cost, and everything else that goes on meanwhile.
const SLOW_MIB_MAX: u64 = 64;
const OPERATOR: &str = "olga";
const PASSWORD: &str = "an old oak by the river";

/// A server with an operator who has a session.
pub struct Desk {
    /// The server.
    pub server: Server,
    client: Client,
    filled: Filled,
    rounds: usize,
}

impl Desk {
    /// Starts a server on a filled directory, waits until its read models have all of it, and
    /// signs an operator in; each view is measured `rounds` times.
    ///
    /// # Errors
    /// If it does not come up, or a call is refused.
    pub async fn open(data: &Path, filled: Filled, rounds: usize) -> anyhow::Result<Self> {
        let started = Instant::now();
        let server = Server::start(data)?;
        let token = operator(&server, data)?;
        let client = Client::new(&format!("http://{}", server.operator))?;
        let client = client.with_bearer(Secret::new(token));
        let mut tick = tokio::time::interval(LOOK);
        while client.log_health().await?.read_models.iter().any(|model| model.lag_entries > 0) {
            tick.tick().await;
        }
        let took = started.elapsed().as_secs_f64();
        say(&format!("{} entries taken in by the read models in {took:.1} s", filled.entries));
        Ok(Self { server, client, filled, rounds })
    }

    /// Measures every view.
    ///
    /// # Errors
    /// If one is refused, or more than one in [`SLOW_ONE_IN`] of its calls, and more than one, take
    /// longer than [`VIEW_MAX`].
    pub async fn views(&self) -> anyhow::Result<()> {
        let client = &self.client;
        self.view("locked accounts", async |_| client.locked_accounts(page()).await.map(drop))
            .await?;
        let search = |number: usize| {
            let login = login(u64::try_from(number % self.filled.known.len()).unwrap_or(0));
            Search::Login(SearchByLogin { login, ticket: None })
        };
        self.view("search", async |at| client.search_accounts(&search(at)).await.map(drop)).await?;
        self.view("recent accounts", async |_| client.recent_accounts(page()).await.map(drop))
            .await?;
        let look = LookQuery::default();
        self.view("account, not in memory", async |at| {
            let account = self.filled.known.get(at % self.filled.known.len());
            let account = account.copied().unwrap_or(self.filled.busy);
            client.support_account(wire(account), &look).await.map(drop)
        })
        .await?;
        for (name, window) in
            [("an hour", Window::Hour), ("a day", Window::Day), ("a week", Window::Week)]
        {
            let name = format!("statistics of {name}");
            self.view(&name, async |_| client.statistics(window).await.map(drop)).await?;
        }
        self.view("log health", async |_| client.log_health().await.map(drop)).await?;
        self.busy_views().await
    }

    /// The views of the account with a long past.
    async fn busy_views(&self) -> anyhow::Result<()> {
        let (client, busy) = (&self.client, wire(self.filled.busy));
        let look = LookQuery::default();
        self.view("account with a long past", async |_| {
            client.support_account(busy, &look).await.map(drop)
        })
        .await?;
        let head = client.support_account(busy, &look).await?.revision;
        let middle = |at: usize| {
            let at = u64::try_from(at).unwrap_or(0);
            head / 2 + at * 7
        };
        let kinds =
            [None, Some(EventKind::Codes), Some(EventKind::Locks), Some(EventKind::Support)];
        for kind in kinds {
            for order in [Order::Newest, Order::Oldest] {
                let name = format!("time line, {kind:?}, {order:?}");
                self.view(&name, async |at| {
                    let cursor = (at % 2 == 1).then(|| middle(at));
                    let query = SupportEventsQuery {
                        cursor,
                        kind,
                        order: Some(order),
                        limit: Some(200),
                        ticket: None,
                    };
                    client.support_events(busy, &query).await.map(drop)
                })
                .await?;
            }
        }
        let started = Instant::now();
        let last = StateQuery { revision: Some(head), ..StateQuery::default() };
        client.support_state(busy, &last).await?;
        let took = started.elapsed();
        say(&format!("the first state of {head} revisions: {:.1} ms", millis(took)));
        ensure!(took < VIEW_MAX, "the first state took {took:?}");
        self.view("state as of then", async |at| {
            let query = StateQuery { revision: Some(middle(at)), ..StateQuery::default() };
            client.support_state(busy, &query).await.map(drop)
        })
        .await?;
        self.view("changes, step by step", async |at| {
            let query = ChangesQuery { revision: middle(at), ..ChangesQuery::default() };
            client.support_changes(busy, &query).await.map(drop)
        })
        .await
    }

    async fn view(
        &self,
        name: &str,
        mut ask: impl AsyncFnMut(usize) -> Result<(), ClientError>,
    ) -> anyhow::Result<()> {
        let mut took = vec![];
        let mut first = None;
        for round in 0..self.rounds {
            let started = Instant::now();
            ask(round).await.with_context(|| name.to_owned())?;
            took.push(started.elapsed());
            first.get_or_insert(started.elapsed());
        }
        took.sort_unstable();
        let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
        let worst = took.last().copied().unwrap_or_default();
        let (half, most) = (at(50), at(95));
        let (p50, p95, max) = (millis(half), millis(most), millis(worst));
        let first = millis(first.unwrap_or_default());
        say(&format!(
            "{name}: first {first:.1} ms, p50 {p50:.1} ms, p95 {p95:.1} ms, worst {max:.1} ms"
        ));
        let (shown, slowest) = (took.len(), (took.len() / SLOW_ONE_IN).max(1));
        let judged = took.get(shown.saturating_sub(1 + slowest)).copied().unwrap_or_default();
        ensure!(judged < VIEW_MAX, "{name} took {judged:?}");
        Ok(())
    }

    /// Follows the log while 500 events a second happen, with a second tail beside it that nobody
    /// reads until it is over.
    ///
    /// # Errors
    /// If an event is lost or comes twice, if they come late, or if memory grows with what is not
    /// read.
    pub async fn tail(&self, time: Duration) -> anyhow::Result<()> {
        let before = resident_mib(&self.server)?;
        let mut tail = self.follow().await?;
        let slow = self.follow().await?;
        let events = RATE * u32::try_from(time.as_secs())?;
        let started = Instant::now();
        let load = self.load(events);
        let read = contiguous(&mut tail, u64::from(events));
        let (loaded, read) = tokio::join!(load, read);
        loaded?;
        let (lines, took) = (read?, started.elapsed());
        let grown = resident_mib(&self.server)?.saturating_sub(before);
        say(&format!(
            "tail: {lines} events in {:.1} s, none lost; memory grew by {grown} MiB",
            took.as_secs_f64()
        ));
        ensure!(took < time + time / 2, "{events} events took {took:?}");
        ensure!(grown < SLOW_MIB_MAX, "memory grew by {grown} MiB");
        let mut slow = slow;
        let late = contiguous(&mut slow, u64::from(events)).await?;
        say(&format!("a tail that nobody had read: {late} events, none lost"));
        Ok(())
    }

    async fn follow(&self) -> anyhow::Result<LogStream> {
        Ok(self.client.follow_log(&LogStreamQuery::default(), None).await?)
    }

    /// Events, at the rate: each is a sign-in that a client app vouches for.
    async fn load(&self, events: u32) -> anyhow::Result<()> {
        let mut connection = Connection::open(self.server.public).await?;
        let register = Shot {
            path: "/v1/accounts".into(),
            body: json!({ "subject": "tail" }).to_string(),
            bearer: Some(self.filled.key.clone()),
            expected: 201,
        };
        ensure!(connection.post(&register).await?.status == 201, "no account for the load");
        let body = json!({
            "subject": "tail", "first_factor": "vouched", "context": { "ip": "192.0.2.7" },
        });
        let vouch = Shot {
            path: "/v1/sign-ins".into(),
            body: body.to_string(),
            bearer: Some(self.filled.key.clone()),
            expected: 200,
        };
        let mut tick = tokio::time::interval(Duration::from_secs(1) / RATE);
        for _ in 0..events {
            tick.tick().await;
            let status = connection.post(&vouch).await?.status;
            ensure!(status == 200, "a sign-in was answered {status}");
        }
        Ok(())
    }
}

/// Reads at least so many lines, each right after the one before.
async fn contiguous(tail: &mut LogStream, lines: u64) -> anyhow::Result<u64> {
    let (mut last, mut count) = (None, 0);
    while count < lines {
        match tail.next().await.context("the tail ended")?? {
            LogItem::Heartbeat(_) => {}
            LogItem::Line(line) => {
                let expected = last.map_or(line.position, |last| last + 1);
                ensure!(line.position == expected, "{} where {expected} was due", line.position);
                last = Some(line.position);
                count += 1;
            }
        }
    }
    Ok(count)
}

fn page() -> PageQuery {
    PageQuery { cursor: None, limit: Some(50) }
}

fn wire(account: AccountId) -> WireId {
    WireId::new(account.uuid())
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

fn resident_mib(server: &Server) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process()))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
    Ok(kib / 1024)
}

/// Adds a supporter, who sets the account up and enrols: the token of a session of two factors.
fn operator(server: &Server, data: &Path) -> anyhow::Result<String> {
    let data = data.to_str().context("path")?;
    let add = ["operator", "add", OPERATOR, "--role", "support", "--json", "--data", data];
    let (exit, out, err) = verb(&add)?;
    ensure!(exit == Some(0), "{err}");
    let added: Value = serde_json::from_str(&out)?;
    let setup = added.get("setup_token").and_then(Value::as_str).context("no setup token")?;
    let post = |path: &str, token: Option<&str>, body: &Value| -> anyhow::Result<Answered> {
        let answered = call(server.operator, "POST", path, token, Some(body))?;
        ensure!(answered.status < 300, "{path}: {answered:?}");
        Ok(answered)
    };
    post("/v1/setup", None, &json!({ "setup_token": setup, "password": PASSWORD }))?;
    let signed = post("/v1/sign-ins", None, &json!({ "login": OPERATOR, "password": PASSWORD }))?;
    let token = signed.text_at("/session/token").to_owned();
    let body = json!({ "kind": "totp", "name": "phone" });
    let offered = post("/v1/accounts/me/factors", Some(&token), &body)?;
    let code = code(offered.text_at("/secret"), step_now())?;
    let path = format!("/v1/accounts/me/factors/{}/activate", offered.text_at("/factor_id"));
    post(&path, Some(&token), &json!({ "code": code }))?;
    Ok(token)
}
