//! Calls made, and their answers taken in: the border between the contract and the model.
//!
//! Every text of an answer becomes [`Printable`] here, on its way into a message. Nothing behind
//! this module ever holds a foreign text as it came.

mod follow;
mod past;
mod taken_in;

use countersign_api::client::{AccountRef, Client, ClientError};
use countersign_api::contract::factor::{ActivateFactor, BeginFactor};
use countersign_api::contract::id::AccountId;
use countersign_api::contract::kind::FactorKind;
use countersign_api::contract::look::{ChangesQuery, EventKind};
use countersign_api::contract::page::{Page, PageQuery};
use countersign_api::contract::session::Proof;
use countersign_api::contract::setup::SetUp;
use countersign_api::contract::sign_in::{PasswordSignIn, SignInRequest};
use countersign_api::contract::support::{
    LookQuery, Search, SearchByEmail, SearchByLogin, StateQuery, SupportEventsQuery,
};

use crate::effect::{Call, Look, Lookup};
use crate::message::{Answer, Failure};
use crate::model::account::Event;
use crate::model::act::Act;
use crate::model::time_line::PAGE_EVENTS;

pub(crate) use follow::follow;

/// Rows of a list at most: more than anybody reads through.
const LIST_ROWS: PageQuery = PageQuery { cursor: None, limit: Some(200) };

/// Makes a call.
pub(crate) async fn perform(client: &Client, call: Call) -> Result<Answer, Failure> {
    perform_call(client, call).await.map_err(|error| taken_in::failure(&error))
}

async fn perform_call(client: &Client, call: Call) -> Result<Answer, ClientError> {
    match call {
        Call::SetUp { token, password, key } => {
            let request = SetUp { setup_token: token, password };
            client.set_up(&request).idempotency_key(&key).await?;
            Ok(Answer::SetUp)
        }
        Call::SignIn { login, password, key } => {
            let request = SignInRequest::Password(PasswordSignIn { login, password });
            Ok(taken_in::signed_in(client.sign_in(&request).idempotency_key(&key).await?))
        }
        Call::AnswerCode { sign_in, answer, key } => {
            Ok(taken_in::signed_in(client.answer(&sign_in, &answer).idempotency_key(&key).await?))
        }
        Call::BeginFactor { name, password, key } => {
            let request = BeginFactor { kind: FactorKind::Totp, name, password: Some(password) };
            let offer =
                client.begin_factor(&AccountRef::Me, &request).idempotency_key(&key).await?;
            let (secret, uri) = (offer.secret, offer.otpauth_uri);
            Ok(Answer::FactorOffered { factor: offer.factor_id, secret, uri })
        }
        Call::ActivateFactor { factor, code, key } => {
            let request = ActivateFactor { code };
            let activated = client
                .activate_factor(&AccountRef::Me, factor, &request)
                .idempotency_key(&key)
                .await?;
            Ok(Answer::Activated {
                recovery_codes: activated.recovery_codes.unwrap_or_default(),
                session: activated.session.map(taken_in::session),
            })
        }
        Call::Prove { answer, key } => {
            let proven = client.prove(&Proof::Code(answer)).idempotency_key(&key).await?;
            Ok(Answer::Proven(taken_in::session(proven.session)))
        }
        Call::Act { account, act, key } => {
            perform_act(client, account, act, &key).await.map(Answer::Written)
        }
        Call::Look(look) => perform_look(client, look).await,
    }
}

/// What is only read.
async fn perform_look(client: &Client, look: Look) -> Result<Answer, ClientError> {
    let hits = |found: Page<_>| Answer::Found(found.items.iter().map(taken_in::hit).collect());
    match look {
        Look::Search { lookup, ticket } => {
            let search = match lookup {
                Lookup::Login(login) => Search::Login(SearchByLogin { login, ticket }),
                Lookup::Email(email) => Search::Email(SearchByEmail { email, ticket }),
            };
            Ok(hits(client.search_accounts(&search).await?))
        }
        Look::LockedNow => Ok(hits(client.locked_accounts(LIST_ROWS).await?)),
        Look::Recent => Ok(hits(client.recent_accounts(LIST_ROWS).await?)),
        Look::OpenAccount { account, kind, ticket } => open(client, account, kind, ticket).await,
        Look::Events { account, kind, cursor, ticket } => {
            let (events, older) = events(client, account, kind, cursor, ticket).await?;
            Ok(Answer::Events { cursor, events, older })
        }
        Look::Travel { account, revision, ticket } => {
            let between = ChangesQuery { revision, since: None, ticket: ticket.clone() };
            let changes = client.support_changes(account, &between).await?;
            let as_of = StateQuery { revision: Some(revision), at: None, ticket };
            let state = client.support_state(account, &as_of).await?;
            Ok(Answer::Past(past::moment(&changes, &state)))
        }
        Look::Removals => {
            let removals = client.pending_removals(LIST_ROWS).await?;
            Ok(Answer::Removals(removals.items.iter().map(taken_in::removal).collect()))
        }
        Look::Statistics { window } => {
            Ok(Answer::Statistics(taken_in::numbers(&client.statistics(window).await?)))
        }
        Look::LogHealth => Ok(Answer::LogHealth(taken_in::health(&client.log_health().await?))),
        Look::Operators => {
            Ok(Answer::Operators(taken_in::operators(&client.operators().await?.items)))
        }
        Look::WhoAmI => {
            let me = client.operator_me().await?;
            Ok(Answer::Me { role: me.role, account: me.account_id })
        }
    }
}

async fn perform_act(
    client: &Client,
    account: AccountId,
    act: Act,
    key: &str,
) -> Result<Event, ClientError> {
    let event = match act {
        Act::Unlock(request) => {
            client.reset_lockout(account, &request).idempotency_key(key).await?.event
        }
        Act::Suspend(why) => client.suspend(account, &why).idempotency_key(key).await?.event,
        Act::Resume(why) => client.resume(account, &why).idempotency_key(key).await?.event,
        Act::EndSessions(why) => {
            client.end_sessions_of(account, &why).idempotency_key(key).await?.event
        }
        Act::NewPassword(why) => {
            client.mail_password_link(account, &why).idempotency_key(key).await?.event
        }
        Act::AskRemoval(request) => {
            client.ask_removal(account, &request).idempotency_key(key).await?.event
        }
        Act::AskAddress(request) => {
            client.ask_address_change(account, &request).idempotency_key(key).await?.event
        }
        Act::Approve(removal, why) => {
            client.approve_removal(account, removal, &why).idempotency_key(key).await?.event
        }
        Act::Cancel(removal, why) => {
            client.cancel_removal(account, removal, &why).idempotency_key(key).await?.event
        }
    };
    Ok(taken_in::event(&event))
}

async fn open(
    client: &Client,
    id: AccountId,
    kind: Option<EventKind>,
    ticket: Option<String>,
) -> Result<Answer, ClientError> {
    // The state after the events: what happens in between is missing below rather than wrong above.
    let (events, older) = events(client, id, kind, None, ticket.clone()).await?;
    let account = client.support_account(id, &LookQuery { ticket }).await?;
    let account = Box::new(taken_in::account(&account));
    Ok(Answer::Opened { account, events, older })
}

/// A page of the time line, and the cursor of the page of older events.
async fn events(
    client: &Client,
    account: AccountId,
    kind: Option<EventKind>,
    cursor: Option<u64>,
    ticket: Option<String>,
) -> Result<(Vec<Event>, Option<u64>), ClientError> {
    let limit = Some(PAGE_EVENTS);
    let page = SupportEventsQuery { cursor, limit, kind, order: None, ticket };
    let page = client.support_events(account, &page).await?;
    Ok((page.items.iter().map(taken_in::event).collect(), page.next))
}
