//! Signing in and setting up.

use countersign_api::contract::kind::{Assurance, CodeMethod};
use countersign_api::contract::secret::Secret;
use countersign_api::contract::sign_in::Answer as CodeAnswer;

use crate::effect::{Call, Effect, Look};
use crate::keymap::Action;
use crate::message::{Failure, SessionGiven, Way};
use crate::model::form::{CODE_CHARS_MAX, FieldName, Form, SECRET_CHARS_MAX};
use crate::model::{
    Accounts, Enrol, Model, Operator, Question, Screen, SignIn, Trouble, Unfinished,
};
use crate::printable::Printable;
use crate::text;
use crate::update::screens;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let key = model.new_key();
    let Screen::SignIn(sign_in) = &mut model.screen else { return Vec::new() };
    match action {
        Action::SetUp => {
            model.trouble = None;
            model.screen = Screen::SetUp(set_up_form());
            Vec::new()
        }
        Action::Back => {
            model.trouble = None;
            model.screen = Screen::SignIn(SignIn::new(&sign_in.login.clone()));
            Vec::new()
        }
        Action::Accept if !sign_in.form.at_end() => {
            sign_in.form.next();
            Vec::new()
        }
        Action::Accept => match accept(sign_in, key) {
            Some(call) => model.send(call),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The call that a filled-in form leads to.
fn accept(sign_in: &mut SignIn, key: String) -> Option<Call> {
    if let Some(question) = &sign_in.question {
        let way = question.ways.get(sign_in.form.chosen(FieldName::Way))?;
        let answer = CodeAnswer {
            method: way.method,
            factor_id: way.factor,
            code: code(&sign_in.form, way.method)?,
        };
        return Some(Call::AnswerCode { sign_in: question.sign_in.clone(), answer, key });
    }
    let login = sign_in.form.typed(FieldName::Login).trim().to_owned();
    let password = sign_in.form.secret(FieldName::Password);
    if login.is_empty() || password.reveal().is_empty() {
        return None;
    }
    sign_in.login.clone_from(&login);
    sign_in.password = password.clone();
    Some(Call::SignIn { login, password, key })
}

/// The code that was typed: digits may be grouped, as phones show them.
pub(super) fn code(form: &Form, method: CodeMethod) -> Option<Secret> {
    let typed = form.typed(FieldName::Code).trim();
    let code = match method {
        CodeMethod::Totp | CodeMethod::EmailCode => typed.replace(' ', ""),
        CodeMethod::RecoveryCode => typed.to_owned(),
    };
    (!code.is_empty()).then(|| Secret::new(code))
}

/// A code is asked for: the ways that this console can take.
pub(super) fn code_wanted(model: &mut Model, sign_in: Secret, ways: Vec<Way>) -> Vec<Effect> {
    let Screen::SignIn(screen) = &mut model.screen else { return Vec::new() };
    // Mailed codes are left out: a session by e-mail code may not act as an operator.
    let ways: Vec<Way> =
        ways.into_iter().filter(|way| way.method != CodeMethod::EmailCode).collect();
    if ways.is_empty() {
        refuse(model, text::say::NO_WAY);
        return Vec::new();
    }
    let names = ways.iter().map(way_name).collect();
    screen.form = Form::new().choice(FieldName::Way, names).masked(FieldName::Code, CODE_CHARS_MAX);
    screen.form.focus_on(FieldName::Code);
    screen.question = Some(Question { sign_in, ways });
    Vec::new()
}

fn way_name(way: &Way) -> Printable {
    match &way.name {
        Some(name) => Printable::new(&format!("{} ({name})", text::way(way.method))),
        None => text::way(way.method).into(),
    }
}

/// There is a session: on to the accounts, or to the first authenticator.
pub(super) fn signed_in(model: &mut Model, session: SessionGiven) -> Vec<Effect> {
    let Screen::SignIn(screen) = &model.screen else { return Vec::new() };
    let (login, password) = (Printable::new(&screen.login), screen.password.clone());
    // What somebody else was filling in is nobody's from now on.
    model.unfinished.take_if(|unfinished| !unfinished.is_of(login.as_str()));
    model.operator = Some(Operator { login, role: None, account: None, token: session.token });
    match session.assurance {
        // An operator without a second factor may do nothing yet: whoever was set up and never
        // finished comes through here as well.
        Assurance::Password => {
            model.screen = Screen::Enrol(Enrol::Asked { password: password.clone() });
            let key = model.new_key();
            let name = text::FIRST_AUTHENTICATOR.to_owned();
            model.send(Call::BeginFactor { name, password, key })
        }
        Assurance::EmailCode | Assurance::TwoFactor => to_work(model),
    }
}

/// On to the accounts, or back to what was being filled in when the session before ended. The role
/// is asked for meanwhile, since the bar shows it.
fn to_work(model: &mut Model) -> Vec<Effect> {
    let mut effects = model.send_quietly(Look::WhoAmI);
    match model.unfinished.take() {
        Some(unfinished) => effects.extend(go_on_with(model, *unfinished)),
        None => model.screen = Screen::Accounts(Accounts::new()),
    }
    effects
}

fn go_on_with(model: &mut Model, unfinished: Unfinished) -> Vec<Effect> {
    let may_be_done = unfinished.may_be_done();
    let Unfinished { ticket, ticket_account, screen, dialogs, .. } = unfinished;
    (model.ticket, model.ticket_account) = (ticket, ticket_account);
    (model.screen, model.dialogs) = (screen, dialogs);
    let effects = screens::fill(model);
    model.say(if may_be_done { text::say::MAY_BE_DONE } else { text::say::AS_YOU_LEFT_IT });
    effects
}

/// The form of the first password.
pub(super) fn set_up_form() -> Form {
    Form::new()
        .masked(FieldName::SetupToken, SECRET_CHARS_MAX)
        .masked(FieldName::Password, SECRET_CHARS_MAX)
        .masked(FieldName::PasswordAgain, SECRET_CHARS_MAX)
}

pub(super) fn act_set_up(model: &mut Model, action: Action) -> Vec<Effect> {
    let Screen::SetUp(form) = &mut model.screen else { return Vec::new() };
    match action {
        Action::Back => {
            model.trouble = None;
            model.screen = Screen::SignIn(SignIn::new(""));
            Vec::new()
        }
        Action::Accept if !form.at_end() => {
            form.next();
            Vec::new()
        }
        Action::Accept => {
            let token = Secret::new(form.typed(FieldName::SetupToken).trim());
            let password = form.secret(FieldName::Password);
            if password != form.secret(FieldName::PasswordAgain) {
                form.clear(FieldName::PasswordAgain);
                refuse(model, text::say::PASSWORDS_DIFFER);
                return Vec::new();
            }
            if token.reveal().is_empty() || password.reveal().is_empty() {
                return Vec::new();
            }
            let key = model.new_key();
            model.send(Call::SetUp { token, password, key })
        }
        _ => Vec::new(),
    }
}

/// The first password is set: what is left is to sign in with it.
pub(super) fn set_up(model: &mut Model) -> Vec<Effect> {
    if let Screen::SetUp(form) = &model.screen {
        let mut sign_in = SignIn::new("");
        sign_in.form.propose(FieldName::Password, form.typed(FieldName::Password));
        model.screen = Screen::SignIn(sign_in);
        model.say(text::say::PASSWORD_SET);
    }
    Vec::new()
}

pub(super) fn act_enrol(model: &mut Model, action: Action) -> Vec<Effect> {
    let Screen::Enrol(enrol) = &mut model.screen else { return Vec::new() };
    match (action, enrol) {
        (Action::Accept, Enrol::Done { .. }) => to_work(model),
        (Action::Accept, Enrol::Offered { factor, form, .. }) => {
            let (factor, code) = (*factor, code(form, CodeMethod::Totp));
            match code {
                Some(code) => {
                    let key = model.new_key();
                    model.send(Call::ActivateFactor { factor, code, key })
                }
                None => Vec::new(),
            }
        }
        // Without an authenticator there is nothing to go on to, and with the codes on the screen
        // nothing to go back to: only the sign-in is left, or none of the two.
        (Action::Back, Enrol::Asked { .. } | Enrol::Offered { .. }) => {
            model.trouble = None;
            model.operator = None;
            model.screen = Screen::SignIn(SignIn::new(""));
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// The form of the first code.
pub(super) fn first_code_form() -> Form {
    Form::new().line(FieldName::Code, CODE_CHARS_MAX)
}

/// Something that the console itself refuses.
pub(super) fn refuse(model: &mut Model, says: &str) {
    model.trouble = Some(Trouble {
        failure: Failure::Refused {
            code: countersign_api::contract::problem::ProblemCode::InvalidRequest,
            says: says.into(),
            wait_seconds: None,
        },
        retry: None,
    });
}
