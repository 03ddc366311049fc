//! Where the keyboard is: which form it types into, and which keys hold.

use super::act::ActStage;
use super::form::{Entry, Form};
use super::{Dialog, Enrol, Model, Screen};
use crate::keymap::Context;

impl Model {
    /// The form that has the keyboard.
    pub fn form_mut(&mut self) -> Option<&mut Form> {
        if let Some(dialog) = self.dialogs.last_mut() {
            return dialog.form_mut();
        }
        match &mut self.screen {
            Screen::SignIn(sign_in) => Some(&mut sign_in.form),
            Screen::SetUp(form) | Screen::Enrol(Enrol::Offered { form, .. }) => Some(form),
            Screen::Accounts(accounts) if !accounts.in_list => Some(&mut accounts.form),
            _ => None,
        }
    }

    /// Where the keyboard is, for the keymap: the nearest first.
    #[must_use]
    pub fn contexts(&self) -> Vec<Context> {
        self.contexts_below(self.dialogs.len())
    }

    /// The same as if only so many dialogs were open.
    #[must_use]
    pub fn contexts_below(&self, dialogs: usize) -> Vec<Context> {
        let open = self.dialogs.get(..dialogs).unwrap_or_default();
        let mut contexts = match open.last() {
            // While it is being written there is nothing to say yes or no to.
            Some(Dialog::Act(_)) if self.is_writing() => Vec::new(),
            Some(dialog) => in_dialog(dialog),
            None => on_screen(&self.screen),
        };
        // A question must be answered or left before one goes elsewhere.
        if self.screen.place().is_some() && open.iter().all(Dialog::is_reading) {
            contexts.push(Context::Screens);
        }
        if self.archive.is_some() {
            contexts.push(Context::Archive);
        }
        contexts.push(Context::Everywhere);
        contexts
    }
}

impl Model {
    fn is_writing(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| waiting.call.is_act())
    }
}

fn in_dialog(dialog: &Dialog) -> Vec<Context> {
    match dialog {
        Dialog::Act(act) => match act.stage {
            ActStage::Filling { .. } => in_form(&act.form),
            ActStage::Confirming { .. } => vec![Context::Confirm],
            ActStage::Written { .. } => vec![Context::Reading],
        },
        Dialog::EventFilter(form)
        | Dialog::LiveFilter(form)
        | Dialog::Ticket(form)
        | Dialog::StepUp { form, .. } => in_form(form),
        Dialog::Travel(_) => vec![Context::Travel],
        Dialog::LiveLine(_) => vec![Context::LiveLine, Context::Reading],
        Dialog::Help { .. } | Dialog::Event { .. } | Dialog::Why { .. } | Dialog::Whole { .. } => {
            vec![Context::Reading]
        }
    }
}

fn on_screen(screen: &Screen) -> Vec<Context> {
    match screen {
        Screen::SignIn(sign_in) => {
            let mut contexts = in_form(&sign_in.form);
            if sign_in.question.is_none() {
                contexts.push(Context::SignIn);
            }
            contexts
        }
        Screen::SetUp(form) | Screen::Enrol(Enrol::Offered { form, .. }) => in_form(form),
        Screen::Enrol(Enrol::Asked { .. }) => vec![Context::Reading],
        Screen::Enrol(Enrol::Done { .. }) => vec![Context::RecoveryCodes],
        Screen::Accounts(accounts) if accounts.in_list => vec![Context::List, Context::Letters],
        Screen::Accounts(accounts) => {
            let mut contexts = vec![Context::Search];
            contexts.extend(in_form(&accounts.form));
            contexts
        }
        Screen::Account(_) => vec![Context::Account, Context::Letters],
        Screen::Lockouts(_) => vec![Context::Lockouts, Context::Letters],
        Screen::Removals(_) => vec![Context::Removals, Context::Letters],
        Screen::Live => vec![Context::Live, Context::Letters],
        Screen::Statistics(_) => vec![Context::Statistics, Context::Letters],
        Screen::Log(_) => vec![Context::Letters],
        Screen::Operators(_) => vec![Context::Operators, Context::Letters],
    }
}

fn in_form(form: &Form) -> Vec<Context> {
    match form.focused() {
        Some((_, Entry::Choice(_))) => vec![Context::Choice, Context::Form],
        _ => vec![Context::Form],
    }
}
