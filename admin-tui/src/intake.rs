//! Calls made, and their answers taken in: the border between the contract and the model.
//!
//! Every text of an answer becomes [`Printable`] here, on its way into a message. Nothing behind
//! this module ever holds a foreign text as it came.

use countersign_api::client::{AccountRef, Client, ClientError};
use countersign_api::contract::account::Account as AccountAnswer;
use countersign_api::contract::event::{By, Event as EventAnswer};
use countersign_api::contract::factor::{ActivateFactor, BeginFactor};
use countersign_api::contract::id::AccountId;
use countersign_api::contract::kind::FactorKind;
use countersign_api::contract::page::PageQuery;
use countersign_api::contract::session::{Proof, SessionGiven as SessionAnswer};
use countersign_api::contract::setup::SetUp;
use countersign_api::contract::sign_in::{PasswordSignIn, SignInOutcome, SignInRequest};
use countersign_api::contract::support::{
    LookQuery, Search, SearchByEmail, SearchByLogin, SearchHit, SupportEventsQuery,
};

use crate::effect::{Call, Lookup};
use crate::message::{Answer, Failure, SessionGiven, Way};
use crate::model::account::{Account, Event, Factor, Hit, Lock, PAGE_EVENTS};
use crate::printable::Printable;

/// Makes a call.
pub(crate) async fn perform(client: &Client, call: Call) -> Result<Answer, Failure> {
    perform_call(client, call).await.map_err(|error| failure(&error))
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
            Ok(signed_in(client.sign_in(&request).idempotency_key(&key).await?))
        }
        Call::AnswerCode { sign_in, answer, key } => {
            Ok(signed_in(client.answer(&sign_in, &answer).idempotency_key(&key).await?))
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
                session: activated.session.map(session),
            })
        }
        Call::Prove { answer, key } => {
            let proven = client.prove(&Proof::Code(answer)).idempotency_key(&key).await?;
            Ok(Answer::Proven(session(proven.session)))
        }
        Call::Search(lookup) => {
            let search = match lookup {
                Lookup::Login(login) => Search::Login(SearchByLogin { login, ticket: None }),
                Lookup::Email(email) => Search::Email(SearchByEmail { email, ticket: None }),
            };
            let found = client.search_accounts(&search).await?;
            Ok(Answer::Found(found.items.iter().map(hit).collect()))
        }
        Call::LockedNow => {
            let found = client.locked_accounts(PageQuery::default()).await?;
            Ok(Answer::Found(found.items.iter().map(hit).collect()))
        }
        Call::OpenAccount { account } => open(client, account).await,
        Call::Events { account, cursor } => {
            let (events, older) = events(client, account, cursor).await?;
            Ok(Answer::Events { cursor, events, older })
        }
        Call::ResetLockout { account, request, key } => {
            let ended = client.reset_lockout(account, &request).idempotency_key(&key).await?;
            Ok(Answer::LockoutEnded(event(&ended.event)))
        }
    }
}

async fn open(client: &Client, id: AccountId) -> Result<Answer, ClientError> {
    let account = account(&client.support_account(id, &LookQuery::default()).await?);
    let (events, older) = events(client, id, None).await?;
    Ok(Answer::Opened { account, events, older })
}

/// A page of the time line, and the cursor of the page of older events.
async fn events(
    client: &Client,
    account: AccountId,
    cursor: Option<u64>,
) -> Result<(Vec<Event>, Option<u64>), ClientError> {
    let page = SupportEventsQuery { cursor, limit: Some(PAGE_EVENTS), ..Default::default() };
    let page = client.support_events(account, &page).await?;
    Ok((page.items.iter().map(event).collect(), page.next))
}

fn signed_in(outcome: SignInOutcome) -> Answer {
    match outcome {
        SignInOutcome::Completed { session: given } => Answer::SignedIn(session(given)),
        SignInOutcome::SecondFactorRequired { id, methods, .. } => Answer::CodeWanted {
            sign_in: id,
            ways: methods
                .into_iter()
                .map(|offered| Way {
                    method: offered.method,
                    factor: offered.factor_id,
                    name: offered.name.map(Printable::from),
                })
                .collect(),
        },
        SignInOutcome::PasswordChangeRequired { .. } => Answer::PasswordWanted,
        SignInOutcome::EnrolmentRequired { .. } => Answer::EnrolmentWanted,
    }
}

fn session(given: SessionAnswer) -> SessionGiven {
    SessionGiven { token: given.token, assurance: given.assurance }
}

fn hit(hit: &SearchHit) -> Hit {
    Hit {
        id: hit.account_id,
        login_hint: Printable::new(&hit.login_hint),
        email_hint: hit.email_hint.as_deref().map(Printable::new),
        two_factor_enabled: hit.two_factor_enabled,
        locked: hit.locked,
        locked_until: hit.locked_until,
    }
}

fn account(account: &AccountAnswer) -> Account {
    Account {
        id: account.account_id,
        login: account.login.as_deref().map(Printable::new),
        email_hint: account.email_hint.as_deref().map(Printable::new),
        email_confirmed: account.email_confirmed,
        two_factor_enabled: account.two_factor_enabled,
        factors: account
            .factors
            .iter()
            .map(|factor| Factor {
                name: Printable::new(&factor.name),
                enabled_at: factor.enabled_at,
                last_used_at: factor.last_used_at,
                clock_offset_seconds: factor.clock_offset_seconds,
                clock_refused: factor.clock_refused,
            })
            .collect(),
        recovery_codes_left: account.recovery_codes_left,
        locks: account
            .locks
            .iter()
            .map(|lock| Lock {
                method: lock.method,
                until: lock.until,
                explanation: Printable::new(&lock.explanation),
            })
            .collect(),
        unresolved: account.unresolved.iter().map(|one| (one.method, one.count)).collect(),
        sessions: account.sessions,
        created_at: account.created_at,
        revision: account.revision,
    }
}

fn event(event: &EventAnswer) -> Event {
    let (by, by_whom) = match &event.by {
        By::Holder => ("holder", "holder".to_owned()),
        By::Client { id } => ("client app", format!("client app {id}")),
        By::Operator { id } => ("operator", format!("operator {id}")),
        By::System => ("service", "service".to_owned()),
        By::Console { user } => ("server", format!("user {user} on the server")),
    };
    // The data came as JSON, hence it goes back into JSON.
    let data = serde_json::to_string_pretty(&event.data).unwrap_or_default();
    Event {
        revision: event.revision,
        at: event.at,
        event_type: Printable::new(&event.event_type),
        by,
        by_whom: Printable::from(by_whom),
        explanation: Printable::new(&event.explanation),
        data: data.lines().map(Printable::new).collect(),
    }
}

fn failure(error: &ClientError) -> Failure {
    match error {
        ClientError::Problem { problem, retry_after } => Failure::Refused {
            code: problem.code,
            says: Printable::new(problem.detail.as_ref().unwrap_or(&problem.title)),
            wait_seconds: retry_after.map(|wait| wait.as_secs()),
        },
        ClientError::Unreachable(cause) if cause.is_timeout() => {
            Failure::Offline { why: "no answer in time".into() }
        }
        ClientError::Unreachable(cause) => Failure::Offline { why: innermost(cause) },
        ClientError::Unexpected { .. } | ClientError::BaseUrl(_) => {
            Failure::Unexpected { why: Printable::from(error.to_string()) }
        }
    }
}

/// The cause behind all causes: "connection refused" rather than "error sending request".
fn innermost(error: &dyn std::error::Error) -> Printable {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    Printable::from(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::{event, failure, hit};
    use crate::message::Failure;
    use countersign_api::client::ClientError;
    use countersign_api::contract::problem::{Problem, ProblemCode};
    use std::time::Duration;

    const ESCAPE: &str = "\u{1b}]2;owned\u{7}";

    #[test]
    fn every_text_of_an_answer_is_made_printable() {
        let answer = serde_json::json!({
            "revision": 1, "at": "2026-11-24T13:50:00Z", "type": ESCAPE,
            "by": { "kind": "console", "user": ESCAPE },
            "data": { "name": ESCAPE, "turned": "\u{202e}" }, "explanation": ESCAPE,
        });
        let taken_in = event(&serde_json::from_value(answer).unwrap());
        let mut texts = vec![taken_in.event_type, taken_in.by_whom, taken_in.explanation];
        texts.extend(taken_in.data);
        for text in &texts {
            let deceptive = |c: char| c.is_control() || c == '\u{202e}';
            assert!(!text.as_str().contains(deceptive), "{text}");
        }
        let answer = serde_json::json!({
            "account_id": "6f1c2a9e-0c1d-4a57-9d0e-3c5b7a1f2e48", "login_hint": ESCAPE,
            "email_hint": ESCAPE, "two_factor_enabled": true, "locked": false,
        });
        let taken_in = hit(&serde_json::from_value(answer).unwrap());
        assert_eq!(taken_in.login_hint.as_str(), "␛]2;owned␇");
        assert_eq!(taken_in.email_hint.unwrap().as_str(), "␛]2;owned␇");
    }

    #[test]
    fn a_problem_says_its_detail_and_how_long_to_wait() {
        let problem = Problem::new(ProblemCode::TooManyRequests).with_detail(ESCAPE);
        let error = ClientError::Problem {
            problem: Box::new(problem),
            retry_after: Some(Duration::from_secs(90)),
        };
        let says = "␛]2;owned␇".into();
        let code = ProblemCode::TooManyRequests;
        assert_eq!(failure(&error), Failure::Refused { code, says, wait_seconds: Some(90) });
    }
}
