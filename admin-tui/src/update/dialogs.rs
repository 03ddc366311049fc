//! Dialogs: help, one event, the unlock, the step-up.

use countersign_api::contract::kind::CodeMethod;
use countersign_api::contract::sign_in::Answer as CodeAnswer;
use countersign_api::contract::support::ResetLockout;

use super::accounts::{METHODS, SCOPES};
use super::sign_in::code;
use crate::effect::{Call, Effect};
use crate::keymap::{Action, Context, KEYMAP};
use crate::model::account::Event;
use crate::model::form::{FieldName, Form};
use crate::model::{Dialog, Model, Screen, UnlockStage};
use crate::update::PAGE_LINES;

/// The ways of a step-up, in the order of its choice.
const STEP_UP_WAYS: [CodeMethod; 2] = [CodeMethod::Totp, CodeMethod::RecoveryCode];

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match (model.dialogs.last_mut(), action) {
        (Some(Dialog::Unlock(_)), _) => act_unlock(model, action),
        (Some(Dialog::StepUp { form, .. }), Action::Accept) => {
            if !form.at_end() {
                form.next();
                return Vec::new();
            }
            let way = form.chosen(FieldName::Way);
            let method = STEP_UP_WAYS.get(way).copied().unwrap_or(CodeMethod::Totp);
            match code(form, method) {
                Some(code) => {
                    let answer = CodeAnswer { method, factor_id: None, code };
                    let key = model.new_key();
                    model.send(Call::Prove { answer, key })
                }
                None => Vec::new(),
            }
        }
        (Some(Dialog::Help { scrolled }), _) if lines(action).is_some() => {
            scroll(scrolled, action, KEYMAP.len() + Context::ALL.len())
        }
        (Some(Dialog::Event { event, scrolled }), _) if lines(action).is_some() => {
            scroll(scrolled, action, event.data.len())
        }
        (Some(_), Action::Back) => {
            model.trouble = None;
            model.dialogs.pop();
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// How far an action scrolls.
fn lines(action: Action) -> Option<isize> {
    match action {
        Action::Up => Some(-1),
        Action::Down => Some(1),
        Action::PageUp => Some(-PAGE_LINES),
        Action::PageDown => Some(PAGE_LINES),
        _ => None,
    }
}

fn scroll(scrolled: &mut usize, action: Action, last: usize) -> Vec<Effect> {
    let by = lines(action).unwrap_or(0);
    *scrolled = scrolled.saturating_add_signed(by).min(last.saturating_sub(1));
    Vec::new()
}

fn act_unlock(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(Dialog::Unlock(unlock)) = model.dialogs.last_mut() else { return Vec::new() };
    match (&unlock.stage, action) {
        (UnlockStage::Filling { .. }, Action::Accept) if !unlock.form.at_end() => {
            unlock.form.next();
            Vec::new()
        }
        (UnlockStage::Filling { .. }, Action::Accept) => {
            let missing = [FieldName::Reason, FieldName::Ticket]
                .into_iter()
                .find(|name| unlock.form.typed(*name).trim().is_empty());
            match missing {
                Some(name) => {
                    unlock.form.focus_on(name);
                    unlock.stage = UnlockStage::Filling { missing };
                }
                None => unlock.stage = UnlockStage::Confirming,
            }
            Vec::new()
        }
        (UnlockStage::Confirming, Action::Accept) => {
            let request = request(&unlock.form);
            let Screen::Account(screen) = &model.screen else { return Vec::new() };
            let account = screen.id;
            // A call that failed and is confirmed anew is the same act with the same key: it may
            // have had its effect, and must not have it twice.
            let failed = model.trouble.as_ref().and_then(|trouble| trouble.retry.clone());
            match failed {
                Some(Call::ResetLockout { account: other, request: same, key })
                    if other == account && same == request =>
                {
                    model.send(Call::ResetLockout { account, request, key })
                }
                _ => {
                    let key = model.new_key();
                    model.send(Call::ResetLockout { account, request, key })
                }
            }
        }
        (UnlockStage::Confirming, Action::Back) => {
            unlock.stage = UnlockStage::Filling { missing: None };
            Vec::new()
        }
        (UnlockStage::Filling { .. }, Action::Back) => {
            model.trouble = None;
            model.dialogs.pop();
            Vec::new()
        }
        // What was written changes what the screen below shows.
        (UnlockStage::Written(_), Action::Back) => {
            model.dialogs.pop();
            super::retry(model)
        }
        _ => Vec::new(),
    }
}

/// What the form asks for.
pub(crate) fn request(form: &Form) -> ResetLockout {
    let scope = SCOPES.get(form.chosen(FieldName::Scope)).copied();
    ResetLockout {
        scope: scope.unwrap_or(countersign_api::contract::kind::ResetScope::CoolDown),
        method: METHODS.get(form.chosen(FieldName::Method)).copied().flatten(),
        reason: form.typed(FieldName::Reason).trim().to_owned(),
        ticket: form.typed(FieldName::Ticket).trim().to_owned(),
    }
}

/// The lockout is over.
pub(super) fn written(model: &mut Model, event: Event) -> Vec<Effect> {
    if let Some(Dialog::Unlock(unlock)) = model.dialogs.last_mut() {
        unlock.stage = UnlockStage::Written(event);
    }
    Vec::new()
}
