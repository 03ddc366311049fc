//! The loop: what happens goes to `update`, what it wants is performed, the model is drawn.
//!
//! This is the only module with a clock, randomness and the network. A call to the server runs as
//! a task of its own and comes back as a message, so that no key press ever waits for it.

use std::time::Duration;

use anyhow::Context as _;
use countersign_api::client::Client;
use countersign_api::contract::secret::Secret;
use crossterm::event::Event;
use jiff::Timestamp;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::MissedTickBehavior;

use crate::archive::Opened;
use crate::effect::{Call, CallNumber, Effect};
use crate::intake;
use crate::message::Message;
use crate::model::Model;
use crate::terminal::Terminal;
use crate::theme::Theme;
use crate::update::update;

/// Threads that carry calls.
pub const WORKERS: usize = 2;
/// How often the clock on the screen goes on.
pub const TICK: Duration = Duration::from_secs(1);
/// How long the end of the session may take when the program ends.
pub const SIGN_OUT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long after a signal the process ends whatever holds it.
const LAST_RESORT_AFTER: Duration = Duration::from_secs(5);
/// Messages that go into one frame at most.
const MESSAGES_MAX: usize = 128;
/// Keys and pastes that may wait for the loop.
const EVENTS_MAX: usize = 128;
/// Outcomes that may wait for the loop: more than calls can be under way.
const OUTCOMES_MAX: usize = 64;

/// What the console runs on.
#[derive(Debug)]
pub enum Start {
    /// A server, where an operator signs in.
    Server(Client),
    /// An exported log.
    Archive(Opened),
}

impl Start {
    fn client(&self) -> &Client {
        match self {
            Self::Server(client) => client,
            Self::Archive(opened) => &opened.client,
        }
    }

    /// The model as it starts, and what it wants first.
    fn model(&self) -> (Model, Vec<Effect>) {
        match self {
            Self::Server(client) => (Model::new(client.base_url(), seed(), now()), Vec::new()),
            Self::Archive(Opened { archive, token, .. }) => {
                Model::of_archive(archive.clone(), token.clone(), seed(), now())
            }
        }
    }
}

/// Runs the console until it is told to end.
///
/// # Errors
/// If the terminal cannot be taken over or is gone.
pub async fn run(start: Start, theme: Theme) -> anyhow::Result<()> {
    let mut signals = Signals::new().context("listening for signals")?;
    end_in_any_case().context("listening for signals")?;
    let mut terminal = Terminal::open().context("this is no terminal that can be drawn on")?;
    let client = start.client().clone();
    let (bearer, gone) = drive(&start, theme, &mut terminal, &mut signals).await;
    // The terminal first: nobody should look at a dead screen while the server is slow.
    drop(terminal);
    if let Some(token) = bearer {
        // A session that cannot be ended now ends by itself soon.
        let _ = client.with_bearer(token).sign_out().timeout(SIGN_OUT_TIMEOUT).await;
    }
    gone.context("drawing")
}

/// The loop itself; ends with the session that is left to end, and with whether the terminal is
/// gone: whose session it was does not leave it behind either way.
async fn drive(
    start: &Start,
    theme: Theme,
    terminal: &mut Terminal,
    signals: &mut Signals,
) -> (Option<Secret>, std::io::Result<()>) {
    let (outcomes, mut answers) = mpsc::channel(OUTCOMES_MAX);
    let mut events = keyboard();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let client = start.client();
    let (mut model, mut effects) = start.model();
    let mut followed: Option<AbortHandle> = None;
    let mut messages = Vec::new();
    loop {
        if let Err(error) = terminal.draw(&model, theme) {
            return (model.bearer(), Err(error));
        }
        messages.push(Message::Drawn);
        messages.push(tokio::select! {
            event = events.recv() => of_terminal(event),
            Some(message) = answers.recv() => message,
            _ = ticks.tick() => Message::Tick(now()),
            () = signals.any() => Message::Stop,
        });
        // All that is there already belongs into one frame: a busy log, keys that were pasted
        // where the terminal does not tell a paste from typing.
        while messages.len() < MESSAGES_MAX {
            if let Ok(message) = answers.try_recv() {
                messages.push(message);
            } else if let Ok(event) = events.try_recv() {
                messages.push(of_terminal(Some(event)));
            } else {
                break;
            }
        }
        for message in messages.drain(..) {
            effects.extend(update(&mut model, message));
        }
        for effect in effects.drain(..) {
            match effect {
                Effect::Send { number, bearer, call } => {
                    let client = authorised(client, bearer);
                    tokio::spawn(perform(client, number, call, outcomes.clone()));
                }
                Effect::Follow { number, bearer, from } => {
                    leave(&mut followed);
                    let client = authorised(client, bearer);
                    let stream = intake::follow(client, number, from, outcomes.clone());
                    followed = Some(tokio::spawn(stream).abort_handle());
                }
                Effect::Leave => leave(&mut followed),
                Effect::Quit { bearer } => return (bearer, Ok(())),
            }
        }
    }
}

/// What the terminal says, read by a thread of its own: one that hangs up without a word is read
/// without end, and the loop must still find out that it cannot be drawn on.
fn keyboard() -> mpsc::Receiver<std::io::Result<Event>> {
    let (said, events) = mpsc::channel(EVENTS_MAX);
    std::thread::spawn(move || {
        loop {
            let event = crossterm::event::read();
            let is_over = event.is_err();
            if said.blocking_send(event).is_err() || is_over {
                return;
            }
        }
    });
    events
}

/// What the terminal says.
fn of_terminal(event: Option<std::io::Result<Event>>) -> Message {
    match event {
        Some(Ok(Event::Key(key))) => Message::Key(key),
        Some(Ok(Event::Paste(text))) => Message::Paste(text),
        // A new size needs a new frame, which the next turn draws.
        Some(Ok(_)) => Message::Tick(now()),
        // The terminal is gone.
        Some(Err(_)) | None => Message::Stop,
    }
}

fn authorised(client: &Client, bearer: Option<Secret>) -> Client {
    match bearer {
        Some(token) => client.with_bearer(token),
        None => client.clone(),
    }
}

/// Leaves the stream that is followed, if any.
fn leave(followed: &mut Option<AbortHandle>) {
    if let Some(stream) = followed.take() {
        stream.abort();
    }
}

/// Makes a call and hands its outcome in. If the loop is over, nobody wants it any more.
async fn perform(client: Client, number: CallNumber, call: Call, outcomes: mpsc::Sender<Message>) {
    let outcome = intake::perform(&client, call).await;
    let _ = outcomes.send(Message::Answered { number, outcome }).await;
}

/// The signals that end the program.
struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Ends the process some time after a signal, whatever holds the loop: a terminal that hangs up
/// while it is being read is read without end.
fn end_in_any_case() -> std::io::Result<()> {
    let mut signals = Signals::new()?;
    tokio::spawn(async move {
        signals.any().await;
        tokio::time::sleep(LAST_RESORT_AFTER).await;
        std::process::exit(1);
    });
    Ok(())
}

/// What this start's idempotency keys begin with.
#[expect(clippy::disallowed_methods, reason = "the console is a client: no core, no test clock")]
fn seed() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

#[expect(clippy::disallowed_methods, reason = "the console is a client: no core, no test clock")]
fn now() -> Timestamp {
    Timestamp::now()
}
