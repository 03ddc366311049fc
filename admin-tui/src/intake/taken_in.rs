//! Answers of the contract taken in: every text made printable on its way.

use countersign_api::client::ClientError;
use countersign_api::contract::account::Account as AccountAnswer;
use countersign_api::contract::act::Removal as RemovalAnswer;
use countersign_api::contract::event::{By, Event as EventAnswer};
use countersign_api::contract::id::AccountId;
use countersign_api::contract::log::{LogHealth, LogLine, StreamKind};
use countersign_api::contract::operator::OperatorListed;
use countersign_api::contract::session::SessionGiven as SessionAnswer;
use countersign_api::contract::sign_in::SignInOutcome;
use countersign_api::contract::statistics::Statistics;
use countersign_api::contract::support::SearchHit;
use serde_json::Value;

use crate::message::{Answer, Failure, SessionGiven, Way};
use crate::model::account::{Account, Event, Factor, Hit, Lock};
use crate::model::health::{Follower, Health};
use crate::model::live::LiveLine;
use crate::model::operators::Listed;
use crate::model::removal::Removal;
use crate::model::statistics::{Measure, Numbers};
use crate::printable::Printable;
use crate::text;

pub(super) fn signed_in(outcome: SignInOutcome) -> Answer {
    match outcome {
        SignInOutcome::Completed { session: given, .. } => Answer::SignedIn(session(given)),
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

pub(super) fn session(given: SessionAnswer) -> SessionGiven {
    SessionGiven { token: given.token, assurance: given.assurance }
}

pub(super) fn hit(hit: &SearchHit) -> Hit {
    Hit {
        id: hit.account_id,
        login_hint: Printable::new(&hit.login_hint),
        email_hint: hit.email_hint.as_deref().map(Printable::new),
        two_factor_enabled: hit.two_factor_enabled,
        locked: hit.locked,
        locked_until: hit.locked_until,
    }
}

pub(super) fn account(account: &AccountAnswer) -> Account {
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
                id: factor.factor_id,
                name: Printable::new(&factor.name),
                enabled_at: factor.enabled_at,
                last_used_at: factor.last_used_at,
                clock_offset_seconds: factor.clock_offset_seconds,
                clock_refused: factor.clock_refused,
                clock: factor.clock_explanation.as_deref().map(Printable::new),
                clock_is_off: text::clock_is_off(factor.clock_offset_seconds, factor.clock_refused),
            })
            .collect(),
        recovery_codes_left: account.recovery_codes_left,
        locks: account
            .locks
            .iter()
            .map(|lock| Lock {
                method: lock.method,
                lane: lock.lane,
                since: lock.since,
                until: lock.until,
                unresolved: lock.unresolved,
                rule: Printable::new(&lock.rule),
                explanation: Printable::new(&lock.explanation),
            })
            .collect(),
        unresolved: account.unresolved.iter().map(|one| (one.method, one.count)).collect(),
        sessions: account.sessions,
        created_at: account.created_at,
        suspended_at: account.suspended_at,
        password_change: account.change_demanded,
        held_until: account.held_until,
        removal: account.removal.as_ref().map(removal),
        revision: account.revision,
    }
}

pub(super) fn event(event: &EventAnswer) -> Event {
    let (by, by_whom) = by(&event.by);
    Event {
        revision: event.revision,
        at: event.at,
        event_type: Printable::new(&event.event_type),
        by,
        by_whom,
        explanation: Printable::new(&event.explanation),
        data: data(&event.data),
        looks: event.looks.map(|looks| (looks.count, looks.since)),
    }
}

/// Who, in a word and exactly.
fn by(by: &By) -> (&'static str, Printable) {
    match by {
        By::Holder => ("holder", "holder".into()),
        By::Client { id } => ("client app", format!("client app {id}").into()),
        By::Operator { id } => ("operator", format!("operator {id}").into()),
        By::Support => ("support", "support".into()),
        By::System => ("service", "service".into()),
        By::Console { user } => ("server", format!("user {user} on the server").into()),
    }
}

/// What of an event's data people look for first.
const FIRST: [&str; 2] = ["reason", "ticket"];

/// The data of an event, a line per line: why it was done comes first.
fn data(value: &Value) -> Vec<Printable> {
    let Value::Object(map) = value else { return lines(value) };
    if map.is_empty() {
        return lines(value);
    }
    let mut fields: Vec<_> = map.iter().collect();
    let place = |name: &str| FIRST.iter().position(|first| *first == name);
    fields.sort_by_key(|(name, _)| place(name).unwrap_or(FIRST.len()));
    let fields: Vec<String> = fields
        .into_iter()
        .map(|(name, value)| {
            let value = serde_json::to_string_pretty(value).unwrap_or_default();
            format!("  {}: {}", Value::from(name.as_str()), value.replace('\n', "\n  "))
        })
        .collect();
    format!("{{\n{}\n}}", fields.join(",\n")).lines().map(Printable::new).collect()
}

/// JSON, a line per line. It came as JSON, hence it goes back into JSON.
pub(super) fn lines(value: &Value) -> Vec<Printable> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.lines().map(Printable::new).collect()
}

pub(super) fn removal(removal: &RemovalAnswer) -> Removal {
    // An exported log has nobody's name: who it was is said by the id, and what is sealed says so.
    let who = |login: &Option<String>, id: String| match login.as_deref() {
        None | Some("") => Printable::from(id),
        Some(login) => Printable::new(login),
    };
    let or_sealed =
        |words: &str| Printable::new(if words.is_empty() { text::SEALED } else { words });
    Removal {
        id: removal.removal_id,
        account: removal.account_id,
        login_hint: Printable::new(&removal.login_hint),
        about: removal.about,
        factor: removal.factor.as_ref().map(|of| who(&Some(of.name.clone()), of.id.to_string())),
        email_hint: removal.email_hint.as_deref().map(Printable::new),
        asked_by: who(&removal.asked_by_login, removal.asked_by.to_string()),
        asked_at: removal.asked_at,
        ticket: or_sealed(&removal.ticket),
        reason: or_sealed(&removal.reason),
        proof: removal.proof,
        in_person: removal.in_person,
        needs_approval: removal.needs_approval,
        approved_by: removal.approved_by.map(|id| who(&removal.approved_by_login, id.to_string())),
        runs_at: removal.runs_at,
        notice: removal.notice,
        can_object: removal.can_object,
        state: removal.state,
    }
}

pub(super) fn numbers(statistics: &Statistics) -> Numbers {
    Numbers {
        window: statistics.window,
        from: statistics.from,
        to: statistics.to,
        bucket_seconds: statistics.bucket_seconds,
        series: statistics
            .series
            .iter()
            .filter_map(|one| Some((Measure::parse(&one.name)?, one.counts.clone())))
            .collect(),
        totals: statistics.totals,
        reasons: statistics
            .failures_by_reason
            .iter()
            .map(|one| (Printable::from(text::failed(&one.reason)), one.count))
            .collect(),
        now: statistics.now,
    }
}

pub(super) fn health(health: &LogHealth) -> Health {
    Health {
        head: health.head,
        read_models: health
            .read_models
            .iter()
            .map(|model| Follower {
                name: Printable::new(&model.name),
                position: model.position,
                lag_entries: model.lag_entries,
                lag_seconds: model.lag_seconds,
                not_understood: model.not_understood,
            })
            .collect(),
        checkpoint: health.last_checkpoint.map(|last| (last.size, last.at)),
        mails_waiting: health.mail.waiting,
        oldest_mail_seconds: health.mail.oldest_seconds,
    }
}

pub(super) fn live_line(line: &LogLine) -> LiveLine {
    // A server masks the id; an exported log, which names nobody, has it whole.
    let whole = line.hint.as_deref().filter(|_| line.stream == StreamKind::Account);
    LiveLine {
        account: whole.and_then(|id| AccountId::parse(id).ok()),
        position: line.position,
        at: line.at,
        stream: line.stream,
        hint: Printable::new(line.hint.as_deref().unwrap_or_default()),
        revision: line.revision,
        event_type: Printable::new(&line.event_type),
        by: by(&line.by).0,
        explanation: Printable::new(&line.explanation),
    }
}

/// Who may act here; whoever gave a role goes by the login, where he is one of them.
pub(super) fn operators(listed: &[OperatorListed]) -> Vec<Listed> {
    let login = |id: AccountId| listed.iter().find(|one| one.account_id == id);
    let whom = |giver: &By| match giver {
        By::Operator { id } => match login(*id) {
            Some(giver) => Printable::new(&format!("operator {}", giver.login)),
            None => by(giver).1,
        },
        other => by(other).1,
    };
    let taken_in = |one: &OperatorListed| Listed {
        id: one.account_id,
        login: Printable::new(&one.login),
        role: one.role,
        role_since: one.role_since,
        given_by: one.added_by.as_ref().map(whom),
        added_at: one.added_at,
        last_used_at: one.last_used_at,
        set_up: one.set_up,
        enabled: one.enabled,
    };
    listed.iter().map(taken_in).collect()
}

pub(super) fn failure(error: &ClientError) -> Failure {
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
    let words = cause.to_string();
    // The number of the system's error helps nobody at the desk.
    Printable::from(words.split(" (os error").next().unwrap_or(&words).to_owned())
}

#[cfg(test)]
mod tests {
    use super::{event, failure, hit};
    use crate::message::Failure;
    use countersign_api::client::ClientError;
    use countersign_api::contract::operator::OperatorListed;
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

    /// Reason and ticket are seen without scrolling, and nothing else of the data is moved or lost.
    #[test]
    fn why_an_act_was_done_stands_before_the_rest_of_its_data() {
        let data = serde_json::json!({
            "proof": { "kind": "call_back" }, "reason": "called\nback", "ticket": "4711",
        });
        let shown: Vec<String> = super::data(&data).iter().map(ToString::to_string).collect();
        let expected = [
            "{",
            r#"  "reason": "called\nback","#,
            r#"  "ticket": "4711","#,
            r#"  "proof": {"#,
            r#"    "kind": "call_back""#,
            "  }",
            "}",
        ];
        assert_eq!(shown, expected);
        assert_eq!(super::data(&serde_json::json!({})).len(), 1);
    }

    /// SR-124: an exported log has no names and no keys to what is sealed: nothing of what waits is
    /// a blank, and an address is never taken for the recovery codes.
    #[test]
    fn sr_124_what_waits_in_an_exported_log_has_no_blanks() {
        let id = "6f1c2a9e-0c1d-4a57-9d0e-3c5b7a1f2e48";
        let answer = |about: &str, factor: serde_json::Value| {
            let mut answer = serde_json::json!({
                "removal_id": id, "account_id": id, "login_hint": "", "about": about,
                "asked_by": id, "asked_at": "2026-11-24T13:50:00Z", "ticket": "", "reason": "",
                "proof": "call_back", "in_person": false, "needs_approval": true,
                "approved_by": id, "approved_by_login": "", "can_object": true,
                "runs_at": "2026-11-25T13:50:00Z", "notice": "sent", "state": "pending",
            });
            answer["factor"] = factor;
            super::removal(&serde_json::from_value(answer).unwrap())
        };
        let address = answer("address", serde_json::Value::Null);
        assert_eq!(address.what(), "another address: sealed");
        let texts = [&address.asked_by, &address.ticket, &address.reason];
        assert_eq!(texts.map(ToString::to_string), [id, "sealed", "sealed"]);
        assert_eq!(address.approved_by.unwrap().as_str(), id);
        assert_eq!(answer("factor", serde_json::json!({ "id": id, "name": "" })).what(), id);
        let codes = answer("recovery_codes", serde_json::Value::Null);
        assert_eq!(codes.what(), crate::text::RECOVERY_CODES_ALONE);
    }

    #[test]
    fn who_gave_a_role_goes_by_the_login_where_it_is_an_operator_of_the_list() {
        let one = |digit: u8, login: &str, by: serde_json::Value| {
            serde_json::json!({
                "account_id": format!("6f1c2a9e-0c1d-4a57-9d0e-3c5b7a1f2e4{digit}"),
                "login": login, "role": "support", "added_by": by,
                "added_at": "2026-11-24T13:50:00Z", "set_up": true, "enabled": true,
            })
        };
        let by = |digit: u8| {
            let id = format!("6f1c2a9e-0c1d-4a57-9d0e-3c5b7a1f2e4{digit}");
            serde_json::json!({ "kind": "operator", "id": id })
        };
        let root = serde_json::json!({ "kind": "console", "user": ESCAPE });
        let answer = [one(1, ESCAPE, root), one(2, "nina", by(1)), one(3, "tom", by(9))];
        let listed = serde_json::from_value(answer.into()).unwrap();
        let listed: Vec<OperatorListed> = listed;
        let taken_in = super::operators(&listed);
        assert_eq!(taken_in[0].login.as_str(), "␛]2;owned␇");
        let givers = taken_in.iter().map(|one| one.given_by.as_ref().unwrap().to_string());
        let expected = [
            "user ␛]2;owned␇ on the server",
            "operator ␛]2;owned␇",
            "operator 6f1c2a9e-0c1d-4a57-9d0e-3c5b7a1f2e49",
        ];
        assert_eq!(givers.collect::<Vec<_>>(), expected);
    }

    /// A masked id is none: only an exported log has the whole one, and only accounts are opened.
    #[test]
    fn a_line_names_its_account_where_the_id_is_whole() {
        let whole = "6f1c2a9e-0c1d-4a57-9d0e-3c5b7a1f2e48";
        for (stream, hint, named) in
            [("account", "6f1c•••", false), ("account", whole, true), ("operator", whole, false)]
        {
            let answer = serde_json::json!({
                "position": 7, "at": "2026-11-24T13:50:00Z", "stream": stream, "hint": hint,
                "revision": 1, "type": "account.enabled", "by": { "kind": "holder" },
                "explanation": "enabled",
            });
            let line = super::live_line(&serde_json::from_value(answer).unwrap());
            assert_eq!(line.account.is_some(), named, "{stream} {hint}");
        }
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
