//! From what the core answers to what goes over the wire, and from the wire's words to the core's.

pub(crate) mod events;
pub(crate) mod log;
pub(crate) mod look;
pub(crate) mod policy;
mod staff;
mod support;
pub(crate) mod webhooks;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use countersign_core::accounts::{answer as core, request};
use countersign_core::domain::account as domain;
use countersign_core::domain::command::Told;
use countersign_events::{account, actor, client, operator};
use serde::Serialize;

pub(crate) use staff::{
    client_added, client_app, core_new_client, core_new_key, core_redirects, key_added, operator,
    operator_added, operator_listed, redirects, span,
};
pub(crate) use support::{
    core_act, core_ask_address_change, core_ask_removal, removal, removal_acted,
};

use super::problem::ProblemAnswer;
use crate::contract::account::{Account, Lock, PasswordChange, Unresolved};
use crate::contract::device::Device;
use crate::contract::email::{EmailCodePromised, EmailCodeUnderWay, MailState};
use crate::contract::event::{By, Event};
use crate::contract::factor::{Activated, Factor, FactorOffered};
use crate::contract::id::{AccountId, ClientId, FactorId};
use crate::contract::kind::{
    Assurance, CodeMethod, FactorKind, Lane, Method, ResetScope, Role, Scope,
};
use crate::contract::page::Page;
use crate::contract::recovery::{About, Effect, Objection, Replacement};
use crate::contract::secret::Secret;
use crate::contract::session::{Session, SessionGiven};
use crate::contract::sign_in::{Answer as CodeAnswer, MethodOffered, SignInOutcome};
use crate::contract::support::SearchHit;

/// What a handler gives.
pub(crate) type Answer = Result<HttpResponse, ProblemAnswer>;

/// 200 with a body.
pub(crate) fn ok(body: &impl Serialize) -> Answer {
    Ok(HttpResponse::build(StatusCode::OK).json(body))
}

/// 201 with what was made.
pub(crate) fn created(body: &impl Serialize) -> Answer {
    Ok(HttpResponse::build(StatusCode::CREATED).json(body))
}

/// 202 with what was begun.
pub(crate) fn accepted(body: &impl Serialize) -> Answer {
    Ok(HttpResponse::build(StatusCode::ACCEPTED).json(body))
}

/// 204: done, and nothing to say.
pub(crate) fn no_content() -> Answer {
    Ok(HttpResponse::build(StatusCode::NO_CONTENT).finish())
}

/// A list that is always whole.
pub(crate) fn whole<T>(items: Vec<T>) -> Page<T> {
    Page { items, next: None }
}

pub(crate) fn page<T, U>(page: core::Page<T>, item: impl FnMut(T) -> U) -> Page<U> {
    Page { items: page.items.into_iter().map(item).collect(), next: page.next }
}

pub(crate) fn account_id(id: countersign_events::id::AccountId) -> AccountId {
    AccountId::new(id.uuid())
}

pub(crate) fn client_id(id: countersign_events::id::ClientId) -> ClientId {
    ClientId::new(id.uuid())
}

fn factor_id(id: countersign_events::id::FactorId) -> FactorId {
    FactorId::new(id.uuid())
}

pub(crate) fn method(method: account::Method) -> Method {
    match method {
        account::Method::Password => Method::Password,
        account::Method::Totp => Method::Totp,
        account::Method::EmailCode => Method::EmailCode,
        account::Method::RecoveryCode => Method::RecoveryCode,
    }
}

pub(crate) fn core_method(method: Method) -> account::Method {
    match method {
        Method::Password => account::Method::Password,
        Method::Totp => account::Method::Totp,
        Method::EmailCode => account::Method::EmailCode,
        Method::RecoveryCode => account::Method::RecoveryCode,
    }
}

fn core_code_method(method: CodeMethod) -> account::Method {
    match method {
        CodeMethod::Totp => account::Method::Totp,
        CodeMethod::EmailCode => account::Method::EmailCode,
        CodeMethod::RecoveryCode => account::Method::RecoveryCode,
    }
}

fn code_method(method: account::Method) -> Option<CodeMethod> {
    match method {
        account::Method::Password => None,
        account::Method::Totp => Some(CodeMethod::Totp),
        account::Method::EmailCode => Some(CodeMethod::EmailCode),
        account::Method::RecoveryCode => Some(CodeMethod::RecoveryCode),
    }
}

fn assurance(assurance: account::Assurance) -> Assurance {
    match assurance {
        account::Assurance::Password => Assurance::Password,
        account::Assurance::EmailCode => Assurance::EmailCode,
        account::Assurance::TwoFactor => Assurance::TwoFactor,
    }
}

pub(crate) fn role(role: operator::Role) -> Role {
    match role {
        operator::Role::Support => Role::Support,
        operator::Role::Supervisor => Role::Supervisor,
        operator::Role::Auditor => Role::Auditor,
        operator::Role::Admin => Role::Admin,
    }
}

fn password_change(why: account::PasswordChangeWhy) -> PasswordChange {
    match why {
        account::PasswordChangeWhy::Repudiated => PasswordChange::Repudiated,
        account::PasswordChangeWhy::Guessed => PasswordChange::Guessed,
        account::PasswordChangeWhy::Unlocked => PasswordChange::Unlocked,
    }
}

pub(crate) fn core_role(role: Role) -> operator::Role {
    match role {
        Role::Support => operator::Role::Support,
        Role::Supervisor => operator::Role::Supervisor,
        Role::Auditor => operator::Role::Auditor,
        Role::Admin => operator::Role::Admin,
    }
}

pub(crate) fn scope(scope: client::Scope) -> Scope {
    match scope {
        client::Scope::AccountsWrite => Scope::AccountsWrite,
        client::Scope::SignInsVouch => Scope::SignInsVouch,
        client::Scope::FactorsWrite => Scope::FactorsWrite,
        client::Scope::HistoryRead => Scope::HistoryRead,
        client::Scope::EventsRead => Scope::EventsRead,
        client::Scope::LogRead => Scope::LogRead,
    }
}

pub(crate) fn core_scope(scope: Scope) -> client::Scope {
    match scope {
        Scope::AccountsWrite => client::Scope::AccountsWrite,
        Scope::SignInsVouch => client::Scope::SignInsVouch,
        Scope::FactorsWrite => client::Scope::FactorsWrite,
        Scope::HistoryRead => client::Scope::HistoryRead,
        Scope::EventsRead => client::Scope::EventsRead,
        Scope::LogRead => client::Scope::LogRead,
    }
}

pub(crate) fn core_reset_scope(scope: ResetScope) -> account::ResetScope {
    match scope {
        ResetScope::CoolDown => account::ResetScope::CoolDown,
        ResetScope::Counters => account::ResetScope::Counters,
    }
}

/// A code of the wire as the core takes it.
pub(crate) fn core_answer(answer: CodeAnswer) -> request::CodeAnswer {
    request::CodeAnswer {
        method: core_code_method(answer.method),
        factor: answer.factor_id.map(|id| countersign_events::id::FactorId::new(id.uuid())),
        code: answer.code.into_inner(),
    }
}

pub(crate) fn signed_in(outcome: core::SignedIn) -> SignInOutcome {
    match outcome {
        core::SignedIn::Completed(session) => {
            let assertion = session.assertion.as_deref().map(Secret::new);
            SignInOutcome::Completed { session: session_given(&session), assertion }
        }
        core::SignedIn::SecondFactorRequired(asked) => SignInOutcome::SecondFactorRequired {
            id: Secret::from(asked.id.reveal()),
            methods: asked.methods.into_iter().filter_map(method_offered).collect(),
            expires_at: asked.expires_at,
        },
        core::SignedIn::PasswordChangeRequired(asked) => SignInOutcome::PasswordChangeRequired {
            id: Secret::from(asked.id.reveal()),
            expires_at: asked.expires_at,
        },
        core::SignedIn::EnrolmentRequired(asked) => SignInOutcome::EnrolmentRequired {
            id: Secret::from(asked.id.reveal()),
            expires_at: asked.expires_at,
        },
    }
}

pub(crate) const fn replacement(view: core::ReplacementView) -> Replacement {
    let core::ReplacementView { requested_at, due_at, expires_at, due } = view;
    Replacement { requested_at, due_at, expires_at, due }
}

pub(crate) fn objection(view: core::ObjectionView) -> Objection {
    let about = match view.told {
        Told::Replacement => About::Replacement,
        Told::Removal => About::Removal,
        Told::EmailChange => About::EmailChange,
        Told::PasswordReset => About::PasswordReset,
        Told::Guesses => About::Guesses,
        Told::Other => About::Other,
    };
    let effects = view.effects.into_iter().map(effect).collect();
    Objection { about, at: view.at, until: view.until, effects }
}

const fn effect(effect: core::Effect) -> Effect {
    match effect {
        core::Effect::ReplacementStopped => Effect::ReplacementStopped,
        core::Effect::RemovalStopped => Effect::RemovalStopped,
        core::Effect::AddressRestored => Effect::AddressRestored,
        core::Effect::SessionsEnded => Effect::SessionsEnded,
        core::Effect::PasswordEnded => Effect::PasswordEnded,
        core::Effect::PasswordAsked => Effect::PasswordAsked,
        core::Effect::Held => Effect::Held,
        core::Effect::LinkSent => Effect::LinkSent,
    }
}

fn method_offered(offered: core::MethodOffered) -> Option<MethodOffered> {
    Some(MethodOffered {
        method: code_method(offered.method)?,
        factor_id: offered.factor.map(factor_id),
        name: offered.name,
        hint: offered.hint,
    })
}

pub(crate) fn session_given(given: &core::SessionGiven) -> SessionGiven {
    SessionGiven {
        token: Secret::from(given.token.reveal()),
        expires_at: given.expires_at,
        assurance: assurance(given.assurance),
        amr: given.amr.clone(),
    }
}

/// Address and user agent, where they are still kept.
fn from_where(net: Option<request::Net>) -> (Option<String>, Option<String>) {
    net.map_or((None, None), |net| (Some(net.ip), net.user_agent))
}

pub(crate) fn session(view: core::SessionView) -> Session {
    let (ip, user_agent) = from_where(view.net);
    Session {
        session_id: view.id.to_string(),
        account_id: account_id(view.account),
        started_at: view.started_at,
        expires_at: view.expires_at,
        last_used_at: view.last_used_at,
        assurance: assurance(view.assurance),
        amr: view.amr,
        auth_time: view.auth_time,
        ip,
        user_agent,
        current: view.current,
    }
}

pub(crate) fn device(view: core::DeviceView) -> Device {
    let (ip, user_agent) = from_where(view.net);
    Device {
        id: view.id.to_string(),
        first_seen_at: view.first_seen_at,
        last_seen_at: view.last_seen_at,
        expires_at: view.expires_at,
        ip,
        user_agent,
        current: view.current,
    }
}

pub(crate) fn email_code_promised(promised: core::EmailCodePromised) -> EmailCodePromised {
    EmailCodePromised {
        hint: promised.hint,
        resend_at: promised.resend_at,
        expires_at: promised.expires_at,
    }
}

pub(crate) fn email_code_under_way(found: core::EmailCodeUnderWay) -> EmailCodeUnderWay {
    let EmailCodePromised { hint, resend_at, expires_at } = email_code_promised(found.promised);
    let mail = match found.mail {
        domain::MailState::Waiting => MailState::Waiting,
        domain::MailState::Sent => MailState::Sent,
        domain::MailState::Undeliverable => MailState::Undeliverable,
    };
    EmailCodeUnderWay { hint, resend_at, expires_at, mail }
}

pub(crate) fn account(view: core::AccountView) -> Account {
    Account {
        account_id: account_id(view.account),
        login: view.login,
        email_hint: view.email_hint,
        email_confirmed: view.email_confirmed,
        two_factor_enabled: view.two_factor_enabled,
        factors: view.factors.into_iter().map(factor).collect(),
        recovery_codes_left: view.recovery_codes_left,
        locks: view.locks.into_iter().map(lock).collect(),
        unresolved: view
            .unresolved
            .into_iter()
            .map(|(of, count)| Unresolved { method: method(of), count })
            .collect(),
        sessions: view.sessions,
        created_at: view.created_at,
        replacement: view.replacement.map(replacement),
        held_until: view.held_until,
        two_factor_required_from: view.two_factor_required_from,
        suspended_at: view.suspended_at,
        change_demanded: view.password_change.map(password_change),
        removal: view.removal.map(removal),
        revision: view.revision.get(),
    }
}

const fn lane(lane: countersign_events::account::Lane) -> Lane {
    match lane {
        countersign_events::account::Lane::Unknown => Lane::Unknown,
        countersign_events::account::Lane::Known => Lane::Known,
    }
}

fn lock(view: core::LockView) -> Lock {
    Lock {
        method: method(view.method),
        lane: lane(view.lane),
        since: view.since,
        until: view.until,
        unresolved: view.unresolved,
        rule: view.rule,
        explanation: view.explanation,
    }
}

pub(crate) fn factor(view: core::FactorView) -> Factor {
    Factor {
        factor_id: factor_id(view.factor),
        kind: FactorKind::Totp,
        name: view.name,
        enabled_at: view.enabled_at,
        last_used_at: view.last_used_at,
        clock_offset_seconds: view.clock.as_ref().map(|clock| clock.offset_seconds),
        clock_refused: view.clock.as_ref().is_some_and(|clock| clock.refused),
        clock_explanation: view.clock.and_then(|clock| clock.explanation),
    }
}

pub(crate) fn factor_offered(offered: core::FactorOffered) -> FactorOffered {
    FactorOffered {
        factor_id: factor_id(offered.factor),
        secret: Secret::from(offered.secret),
        otpauth_uri: Secret::from(offered.otpauth_uri),
        qr_svg: Secret::from(offered.qr_svg),
        expires_at: offered.expires_at,
    }
}

pub(crate) fn activated(activated: core::Activated) -> Activated {
    let session = activated.session.as_ref();
    Activated {
        assertion: session.and_then(|session| session.assertion.as_deref()).map(Secret::new),
        factor: factor(activated.factor),
        recovery_codes: activated.recovery_codes.map(secrets),
        session: session.map(session_given),
    }
}

pub(crate) fn secrets(codes: core::RecoveryCodes) -> Vec<Secret> {
    codes.into_iter().map(Secret::from).collect()
}

/// An event as the holder, or the holder's client app, is told of it: support has no name (SR-126).
pub(crate) fn own_event(view: core::EventView) -> Event {
    let by = match view.by {
        actor::By::Operator { .. } => By::Support,
        ref other => by(other.clone()),
    };
    Event { by, ..event(view) }
}

pub(crate) fn event(view: core::EventView) -> Event {
    Event {
        revision: view.revision.get(),
        at: view.at,
        event_type: view.event_type,
        by: by(view.by),
        data: view.data,
        explanation: view.explanation,
        looks: view.looks.map(look::looks),
    }
}

pub(crate) fn by(by: actor::By) -> By {
    match by {
        actor::By::Holder => By::Holder,
        actor::By::Client { id } => By::Client { id: client_id(id) },
        actor::By::Operator { id } => By::Operator { id: account_id(id) },
        actor::By::System => By::System,
        actor::By::Console { user } => By::Console { user },
    }
}

pub(crate) fn search_hit(hit: core::SearchHit) -> SearchHit {
    SearchHit {
        account_id: account_id(hit.account),
        login_hint: hit.login_hint,
        email_hint: hit.email_hint,
        two_factor_enabled: hit.two_factor_enabled,
        locked: hit.locked,
        locked_until: hit.locked_until,
    }
}
