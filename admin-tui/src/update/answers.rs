//! What the server answered, and what it did not.

use countersign_api::contract::kind::CodeMethod;
use countersign_api::contract::problem::ProblemCode;

use super::{account, accounts, acts, clock, screens, sign_in};
use crate::effect::{Call, CallNumber, Effect, Look};
use crate::message::{Answer, Failure, SessionGiven};
use crate::model::form::FieldName;
use crate::model::live::Live;
use crate::model::{Dialog, Enrol, Model, Screen, SignIn, Trouble, Unfinished, step_up_form};
use crate::text;

pub(super) fn answered(
    model: &mut Model,
    number: CallNumber,
    outcome: Result<Answer, Failure>,
) -> Vec<Effect> {
    if model.quiet.take_if(|quiet| quiet.number == number).is_some() {
        return quietly(model, outcome);
    }
    // An answer that nobody waits for any more would land on a screen that it is not for.
    let Some(waiting) = model.waiting.take_if(|waiting| waiting.number == number) else {
        return Vec::new();
    };
    match outcome {
        Ok(answer) => {
            model.trouble = None;
            came_back(model);
            succeeded(model, answer)
        }
        Err(failure) => failed(model, waiting.call, failure),
    }
}

/// A call came back that nobody waits for.
fn quietly(model: &mut Model, outcome: Result<Answer, Failure>) -> Vec<Effect> {
    match outcome {
        Ok(answer) => {
            came_back(model);
            succeeded(model, answer)
        }
        Err(Failure::Refused { code: ProblemCode::Unauthenticated, .. })
            if model.operator.is_some() =>
        {
            session_over(model)
        }
        Err(failure @ Failure::Offline { .. }) => {
            clock::went_away(model);
            // What somebody is being told already is not talked over.
            model.trouble.get_or_insert(Trouble { failure, retry: None });
            Vec::new()
        }
        // What is on the screen gets older, and says so.
        Err(_) => Vec::new(),
    }
}

/// The server answers: again, if it was away.
pub(super) fn came_back(model: &mut Model) {
    if model.away.take().is_some() {
        model.say_for_a_moment(text::say::CAME_BACK);
        let offline = |trouble: &Trouble| matches!(trouble.failure, Failure::Offline { .. });
        if model.trouble.as_ref().is_some_and(|it| offline(it) && it.retry.is_none()) {
            model.trouble = None;
        }
    }
}

fn succeeded(model: &mut Model, answer: Answer) -> Vec<Effect> {
    match answer {
        Answer::SetUp => sign_in::set_up(model),
        Answer::SignedIn(session) => sign_in::signed_in(model, session),
        Answer::CodeWanted { sign_in, ways } => sign_in::code_wanted(model, sign_in, ways),
        Answer::PasswordWanted => {
            sign_in::refuse(model, text::say::PASSWORD_WANTED);
            Vec::new()
        }
        Answer::EnrolmentWanted => {
            sign_in::refuse(model, text::say::ENROLMENT_WANTED);
            Vec::new()
        }
        Answer::FactorOffered { factor, secret, uri } => {
            if let Screen::Enrol(enrol) = &mut model.screen {
                let form = sign_in::first_code_form();
                *enrol = Enrol::Offered { factor, secret, uri, form };
            }
            Vec::new()
        }
        Answer::Activated { recovery_codes, session } => {
            if let Some(session) = session {
                renew(model, session);
            }
            model.screen = Screen::Enrol(Enrol::Done { recovery_codes });
            Vec::new()
        }
        Answer::Proven(session) => {
            renew(model, session);
            match model.dialogs.pop() {
                // The very same call, idempotency key included.
                Some(Dialog::StepUp { then, .. }) => model.send(then),
                _ => Vec::new(),
            }
        }
        Answer::Found(hits) if matches!(model.screen, Screen::Accounts(_)) => {
            accounts::found(model, hits)
        }
        Answer::Opened { .. } | Answer::Events { .. } => account::loaded(model, answer),
        Answer::Past(moment) => account::arrived(model, moment),
        Answer::Found(_)
        | Answer::Removals(_)
        | Answer::Statistics(_)
        | Answer::LogHealth(_)
        | Answer::Operators(_) => screens::came(model, answer),
        Answer::Me { role, account } => {
            if let Some(operator) = &mut model.operator {
                (operator.role, operator.account) = (Some(role), Some(account));
            }
            screens::begin_where_allowed(model)
        }
        Answer::Written(event) => acts::written(model, event),
    }
}

/// A proof gave a new token: the old one is dead.
fn renew(model: &mut Model, session: SessionGiven) {
    if let Some(operator) = &mut model.operator {
        operator.token = session.token;
    }
}

fn failed(model: &mut Model, call: Call, failure: Failure) -> Vec<Effect> {
    if let Failure::Refused { code, .. } = &failure {
        match code {
            ProblemCode::StepUpRequired if !matches!(call, Call::Prove { .. }) => {
                model.trouble = None;
                model.dialogs.push(Dialog::StepUp { form: step_up_form(), then: call });
                return Vec::new();
            }
            ProblemCode::Unauthenticated if model.operator.is_some() => {
                return session_over(model);
            }
            _ => {}
        }
    }
    if matches!(failure, Failure::Offline { .. }) {
        clock::went_away(model);
    } else {
        model.away = None;
    }
    clear_proof(model, &call, &failure);
    if let (true, Some(Dialog::Act(dialog))) = (may_be_done(&failure), model.dialogs.last_mut())
        && matches!(call, Call::Act { .. })
    {
        dialog.unanswered = Some(Box::new(call.clone()));
    }
    let failure = in_words_of(&call, failure);
    let retry = may_succeed_later(&failure).then_some(call);
    model.trouble = Some(Trouble { failure, retry });
    Vec::new()
}

/// A refusal by what was asked for, where the server's words are those of all such refusals.
fn in_words_of(call: &Call, failure: Failure) -> Failure {
    let says = match (call, &failure) {
        (Call::SignIn { .. }, Failure::Refused { code: ProblemCode::AuthenticationFailed, .. }) => {
            text::say::SIGN_IN_FAILED
        }
        (call, Failure::Refused { code: ProblemCode::InvalidRequest, .. }) if call.is_proof() => {
            match call.code_method() {
                Some(CodeMethod::RecoveryCode) => text::say::NO_RECOVERY_CODE,
                Some(CodeMethod::Totp | CodeMethod::EmailCode) => text::say::SIX_DIGITS,
                None => return failure,
            }
        }
        (Call::Act { .. }, Failure::Refused { code: ProblemCode::TooManyRequests, .. }) => {
            text::say::AS_OFTEN_AS_IN_A_DAY
        }
        (
            Call::Look(Look::Search { .. }),
            Failure::Refused { code: ProblemCode::TooManyRequests, .. },
        ) => text::say::AS_OFTEN_AS_IN_AN_HOUR,
        _ => return failure,
    };
    match failure {
        Failure::Refused { code, wait_seconds, .. } => {
            Failure::Refused { code, says: says.into(), wait_seconds }
        }
        other => other,
    }
}

/// Whether the same call may have another outcome later.
fn may_succeed_later(failure: &Failure) -> bool {
    match failure {
        Failure::Offline { .. } | Failure::Unexpected { .. } => true,
        Failure::Refused { code, .. } => matches!(
            code,
            ProblemCode::Unavailable | ProblemCode::Internal | ProblemCode::TooManyRequests
        ),
    }
}

/// Whether nobody knows what became of the call.
fn may_be_done(failure: &Failure) -> bool {
    match failure {
        Failure::Offline { .. } | Failure::Unexpected { .. } => true,
        Failure::Refused { code, .. } => {
            matches!(code, ProblemCode::Unavailable | ProblemCode::Internal)
        }
    }
}

/// A proof that was refused is typed anew; one whose answer was lost stays for trying again.
fn clear_proof(model: &mut Model, call: &Call, failure: &Failure) {
    if !call.is_proof() || may_succeed_later(failure) {
        return;
    }
    if let Some(form) = model.form_mut() {
        form.clear(FieldName::Code);
        if matches!(call, Call::SignIn { .. }) {
            form.clear(FieldName::Password);
            form.focus_on(FieldName::Password);
        }
    }
}

/// The session is over: nothing of what it showed stays. What was being filled in waits for the
/// same operator to sign in again.
pub(super) fn session_over(model: &mut Model) -> Vec<Effect> {
    model.unfinished = Unfinished::of(model).map(Box::new);
    let login = model.operator.take().map(|operator| operator.login.to_string());
    model.dialogs.clear();
    (model.waiting, model.quiet, model.desk) = (None, None, None);
    (model.live, model.away) = (Live::default(), None);
    model.ticket.clear();
    model.ticket_account = None;
    model.screen = Screen::SignIn(SignIn::new(&login.unwrap_or_default()));
    let says = match model.unfinished {
        Some(_) => text::say::SESSION_OVER_UNFINISHED,
        None => text::say::SESSION_OVER,
    };
    sign_in::refuse(model, says);
    vec![Effect::Leave]
}
