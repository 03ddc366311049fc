//! Dialogs: what is read in one, and the small forms. Acts are in `acts`.

use countersign_api::contract::kind::CodeMethod;
use countersign_api::contract::sign_in::Answer as CodeAnswer;

use super::sign_in::code;
use super::{account, acts, live};
use crate::effect::{Call, Effect};
use crate::keymap::{Action, Context, KEYMAP};
use crate::model::act::{ActDialog, ActStage};
use crate::model::dialog::ticket_form;
use crate::model::form::FieldName;
use crate::model::{Dialog, Model, Screen};
use crate::update::PAGE_LINES;

/// The ways of a step-up, in the order of its choice.
const STEP_UP_WAYS: [CodeMethod; 2] = [CodeMethod::Totp, CodeMethod::RecoveryCode];
/// Lines that the longest explanation or state may take.
const LINES_MAX: usize = 400;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if model.dialogs.last_mut().is_some_and(|dialog| scroll(dialog, action)) {
        return Vec::new();
    }
    match (model.dialogs.last_mut(), action) {
        (Some(Dialog::Act(_)), _) => acts::act(model, action),
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
        (
            Some(Dialog::Ticket(form) | Dialog::EventFilter(form) | Dialog::LiveFilter(form)),
            Action::Accept,
        ) => {
            if !form.at_end() {
                form.next();
                return Vec::new();
            }
            accept(model)
        }
        (Some(_), Action::Back) => {
            model.trouble = None;
            model.dialogs.pop();
            Vec::new()
        }
        (Some(Dialog::Travel(_)), _) => account::act_travel(model, action),
        _ => Vec::new(),
    }
}

/// Takes over what a small form says.
fn accept(model: &mut Model) -> Vec<Effect> {
    match model.dialogs.pop() {
        Some(Dialog::Ticket(form)) => {
            let typed = form.typed(FieldName::Ticket).trim().to_owned();
            if typed != model.ticket {
                (model.ticket, model.ticket_account) = (typed, None);
            }
            Vec::new()
        }
        Some(Dialog::EventFilter(form)) => account::filter(model, &form),
        Some(Dialog::LiveFilter(form)) => live::filter(model, &form),
        _ => Vec::new(),
    }
}

/// Scrolls, where the dialog is something to read; says whether it did.
fn scroll(dialog: &mut Dialog, action: Action) -> bool {
    let by = match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -PAGE_LINES,
        Action::PageDown => PAGE_LINES,
        Action::First if !matches!(dialog, Dialog::Travel(_)) => isize::MIN,
        Action::Last if !matches!(dialog, Dialog::Travel(_)) => isize::MAX,
        _ => return false,
    };
    let (scrolled, count) = match dialog {
        Dialog::Help { scrolled } => (scrolled, KEYMAP.len() + Context::ALL.len()),
        Dialog::Event { event, scrolled } => (scrolled, event.data.len()),
        Dialog::Act(ActDialog { stage: ActStage::Written { event, scrolled }, .. }) => {
            (scrolled, event.data.len())
        }
        Dialog::Act(dialog) if matches!(dialog.stage, ActStage::Confirming { .. }) => {
            let count = dialog.lines_max();
            match &mut dialog.stage {
                ActStage::Confirming { scrolled, .. } => (scrolled, count),
                _ => return false,
            }
        }
        Dialog::Why { scrolled } | Dialog::Whole { scrolled } => (scrolled, LINES_MAX),
        Dialog::Travel(travel) => {
            let count = travel.lines();
            (&mut travel.scrolled, count)
        }
        _ => return false,
    };
    *scrolled = scrolled.saturating_add_signed(by).min(count.saturating_sub(1));
    true
}

/// Asks which ticket everything is for, over whatever is on the screen.
pub(super) fn ask_ticket(model: &mut Model) -> Vec<Effect> {
    if model.dialogs.iter().all(Dialog::is_reading) && !matches!(model.screen, Screen::SignIn(_)) {
        model.dialogs.push(Dialog::Ticket(ticket_form(&model.ticket)));
    }
    Vec::new()
}
