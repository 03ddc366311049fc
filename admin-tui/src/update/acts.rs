//! An act: filled in, shown as the event that it will become, sent, and shown as the one it became.

use crate::effect::{Call, Effect};
use crate::keymap::Action;
use crate::model::account::Event;
use crate::model::act::ActStage;
use crate::model::{Dialog, Model};
use crate::text;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(Dialog::Act(dialog)) = model.dialogs.last_mut() else { return Vec::new() };
    match (&dialog.stage, action) {
        (ActStage::Filling { .. }, Action::Accept) if dialog.missing_here().is_some() => {
            dialog.stage = ActStage::Filling { tried: true };
            Vec::new()
        }
        (ActStage::Filling { .. }, Action::Accept) if !dialog.form.at_end() => {
            dialog.form.next();
            Vec::new()
        }
        (ActStage::Filling { .. }, Action::Accept) => {
            dialog.stage = match dialog.lack() {
                Some((name, _)) => {
                    dialog.form.focus_on(name);
                    ActStage::Filling { tried: true }
                }
                None => ActStage::Confirming { drawn: false, scrolled: 0 },
            };
            Vec::new()
        }
        // A yes that came before the question was on the screen is no yes.
        (ActStage::Confirming { drawn: true, .. }, Action::Accept) => send(model),
        (ActStage::Confirming { .. }, Action::Back) => {
            dialog.stage = ActStage::Filling { tried: false };
            // A refusal is of the event as it was; that the server is away stays true.
            model.trouble.take_if(|trouble| !trouble.failure.is_offline());
            Vec::new()
        }
        (ActStage::Filling { .. }, Action::Back) if dialog.is_begun() && !dialog.dropping => {
            dialog.dropping = true;
            Vec::new()
        }
        (ActStage::Filling { .. }, Action::Back) => {
            model.trouble = None;
            model.dialogs.pop();
            Vec::new()
        }
        // What was written changes what the screen below shows.
        (ActStage::Written { .. }, Action::Back) => {
            let says = text::acts::written(dialog.kind);
            model.dialogs.pop();
            let effects = super::load_anew(model);
            model.say(says);
            effects
        }
        _ => Vec::new(),
    }
}

fn send(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Act(dialog)) = model.dialogs.last() else { return Vec::new() };
    let account = dialog.account;
    let Some(act) = dialog.act() else { return Vec::new() };
    // A call that failed and is confirmed anew is the same act with the same key: it may have had
    // its effect, and must not have it twice.
    let failed = model.trouble.iter().filter_map(|trouble| trouble.retry.as_ref());
    let same = failed.chain(dialog.unanswered.as_deref()).find_map(|call| match call {
        Call::Act { account: of, act: same, key } if *of == account && *same == act => Some(key),
        _ => None,
    });
    let key = same.cloned().unwrap_or_else(|| model.new_key());
    model.send(Call::Act { account, act, key })
}

/// The act was done.
pub(super) fn written(model: &mut Model, mut event: Event) -> Vec<Effect> {
    // It is one's own: who it was is said as before the yes.
    if let Some(operator) = &model.operator {
        event.by_whom = text::operator(&operator.login);
    }
    if let Some(Dialog::Act(dialog)) = model.dialogs.last_mut() {
        dialog.stage = ActStage::Written { event, scrolled: 0 };
    }
    Vec::new()
}
