//! The log as it grows: followed while its screen is looked at.

use countersign_api::contract::problem::ProblemCode;

use super::{PAGE_LINES, account, answers, clock, sign_in};
use crate::effect::{CallNumber, Effect};
use crate::keymap::{Action, Place};
use crate::message::{Failure, Followed};
use crate::model::dialog::live_filter_form;
use crate::model::form::{FieldName, Form};
use crate::model::live::{Link, LiveFilter};
use crate::model::{Dialog, Model, Trouble};
use crate::text;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let live = &mut model.live;
    match action {
        Action::Pause if live.held.is_some() => live.go_on(),
        Action::Pause => live.hold(),
        Action::Clear => live.clear(),
        // Who reads a line does not want it to run away.
        Action::Up | Action::Down | Action::PageUp | Action::PageDown => {
            live.hold();
            live.select(match action {
                Action::Up => -1,
                Action::Down => 1,
                Action::PageUp => -PAGE_LINES,
                _ => PAGE_LINES,
            });
        }
        Action::Filter => {
            let form = live_filter_form(&live.filter);
            model.dialogs.push(Dialog::LiveFilter(form));
        }
        Action::Accept => {
            if let Some(line) = live.selected().cloned() {
                live.hold();
                model.dialogs.push(Dialog::LiveLine(line));
            }
        }
        _ => {}
    }
    Vec::new()
}

/// Opens the account of the line before the operator. A server names none in its lines.
pub(super) fn open_account(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.live_account() else {
        let says = match model.archive {
            Some(_) => text::say::NOT_ABOUT_AN_ACCOUNT,
            None if model.may_see(Place::Accounts) => text::say::LINES_NAME_NOBODY,
            None => text::say::ROLE_MAY_NOT,
        };
        sign_in::refuse(model, says);
        return Vec::new();
    };
    // The line stays where it is, for coming back to it.
    model.live.hold();
    model.dialogs.clear();
    let mut effects = leave(model);
    effects.extend(account::open(model, id));
    effects
}

/// Follows the log no more.
pub(super) fn leave(model: &mut Model) -> Vec<Effect> {
    model.live.link = Link::Off;
    vec![Effect::Leave]
}

/// Shows only the chosen lines.
pub(super) fn filter(model: &mut Model, form: &Form) -> Vec<Effect> {
    let about = text::STREAMS.get(form.chosen(FieldName::About));
    model.live.filter = LiveFilter {
        stream: about.and_then(|(stream, _)| *stream),
        words: form.typed(FieldName::Words).trim().to_lowercase(),
    };
    model.live.selected = 0;
    Vec::new()
}

/// Something came of the stream.
pub(super) fn followed(model: &mut Model, number: CallNumber, what: Followed) -> Vec<Effect> {
    // What a stream says that was left already is for nobody.
    if number != model.live.number || model.live.link == Link::Off {
        return Vec::new();
    }
    match what {
        Followed::Open => {
            model.live.link = Link::Open;
            model.live.losses = 0;
            answers::came_back(model);
        }
        Followed::Lines(lines) => model.live.take_in(lines),
        Followed::UpTo(position) => {
            let last = model.live.last.map_or(position, |last| last.max(position));
            model.live.last = Some(last);
        }
        Followed::Lost(failure) => return lost(model, failure),
    }
    Vec::new()
}

fn lost(model: &mut Model, failure: Failure) -> Vec<Effect> {
    if matches!(failure, Failure::Refused { code: ProblemCode::Unauthenticated, .. }) {
        return answers::session_over(model);
    }
    let again_at = match &failure {
        Failure::Offline { .. } => {
            clock::went_away(model);
            clock::again_at(model.now, model.live.losses)
        }
        Failure::Refused { .. } | Failure::Unexpected { .. } => {
            clock::again_at(model.now, model.live.losses)
        }
    };
    let why = text::reason(&failure);
    model.live.losses = model.live.losses.saturating_add(1);
    model.live.link = Link::Lost { why, again_at };
    let offline = matches!(failure, Failure::Offline { .. });
    model.trouble = (!offline).then_some(Trouble { failure, retry: None });
    Vec::new()
}
