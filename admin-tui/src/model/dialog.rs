//! What lies over a screen.

use super::account::Event;
use super::act::ActDialog;
use super::form::{FieldName, Form, LINE_CHARS_MAX, TICKET_CHARS_MAX};
use super::live::LiveFilter;
use super::travel::Travel;
use crate::effect::Call;
use crate::text;

/// What lies over the screen.
#[derive(Debug, Clone)]
pub enum Dialog {
    /// The keys.
    Help {
        /// Lines scrolled past.
        scrolled: usize,
    },
    /// One event, whole.
    Event {
        /// The event.
        event: Event,
        /// Lines scrolled past.
        scrolled: usize,
    },
    /// One line of the log as it grows, whole.
    LiveLine(super::live::LiveLine),
    /// Why the account on the screen is locked.
    Why {
        /// Lines scrolled past.
        scrolled: usize,
    },
    /// The whole state of the account on the screen.
    Whole {
        /// Lines scrolled past.
        scrolled: usize,
    },
    /// The past of the account on the screen.
    Travel(Travel),
    /// An act.
    Act(ActDialog),
    /// Which events of a time line are shown.
    EventFilter(Form),
    /// Which live events are shown.
    LiveFilter(Form),
    /// The ticket that everything is for.
    Ticket(Form),
    /// A fresh code is asked for, then a call is sent again.
    StepUp {
        /// Way and code.
        form: Form,
        /// The call.
        then: Call,
    },
}

impl Dialog {
    /// The form, where it has one that can be typed in now.
    pub fn form_mut(&mut self) -> Option<&mut Form> {
        match self {
            Self::Act(act) => act.form_mut(),
            Self::EventFilter(form)
            | Self::LiveFilter(form)
            | Self::Ticket(form)
            | Self::StepUp { form, .. } => Some(form),
            Self::Help { .. }
            | Self::Event { .. }
            | Self::LiveLine(_)
            | Self::Why { .. }
            | Self::Whole { .. }
            | Self::Travel(_) => None,
        }
    }

    /// Whether it is only to be read, and may be left for another screen.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        match self {
            Self::Help { .. }
            | Self::Event { .. }
            | Self::LiveLine(_)
            | Self::Why { .. }
            | Self::Whole { .. }
            | Self::Travel(_) => true,
            Self::Act(_)
            | Self::EventFilter(_)
            | Self::LiveFilter(_)
            | Self::Ticket(_)
            | Self::StepUp { .. } => false,
        }
    }
}

/// The form that asks which events of a time line are shown.
#[must_use]
pub fn event_filter_form(chosen: usize) -> Form {
    let kinds = text::KINDS.iter().map(|(_, words)| (*words).into()).collect();
    let mut form = Form::new().choice(FieldName::Kind, kinds);
    form.choose(FieldName::Kind, chosen);
    form
}

/// The form that asks which live events are shown.
#[must_use]
pub fn live_filter_form(filter: &LiveFilter) -> Form {
    let streams = text::STREAMS.iter().map(|(_, words)| (*words).into()).collect();
    let mut form =
        Form::new().choice(FieldName::About, streams).line(FieldName::Words, LINE_CHARS_MAX);
    let chosen = text::STREAMS.iter().position(|(stream, _)| *stream == filter.stream);
    form.choose(FieldName::About, chosen.unwrap_or(0));
    form.propose(FieldName::Words, &filter.words);
    form
}

/// The form that asks for the ticket.
#[must_use]
pub fn ticket_form(ticket: &str) -> Form {
    let mut form = Form::new().line(FieldName::Ticket, TICKET_CHARS_MAX);
    form.propose(FieldName::Ticket, ticket);
    form
}
