//! What mails say: which text belongs to which notice or fact. The words are in [`super::texts`].
//!
//! Every mail says what happened, when, and what to do if it was somebody else, in the language of
//! its reader. Only the mail that carries a code has a number of six digits; no mail has a link
//! that signs anybody in.

use countersign_events::account::{Method, Notice, Purpose};
use countersign_events::actor::By;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Whose;
use super::client_hint;
use super::language::Language;
use super::ledger::{Addressee, CodeMail, LinkMail};
use super::letterhead::Letterhead;
use super::link::LinkKind;
use super::texts;
use super::to_admins;
use crate::accounts::request::Net;

/// The keys of the months' names.
const MONTHS: [&str; 12] = [
    "date.january",
    "date.february",
    "date.march",
    "date.april",
    "date.may",
    "date.june",
    "date.july",
    "date.august",
    "date.september",
    "date.october",
    "date.november",
    "date.december",
];

/// What a mail says.
#[derive(Clone)]
pub struct Letter<'a> {
    pub(super) language: Language,
    pub(super) subject: String,
    pub(super) greeting: String,
    pub(super) lead: Vec<String>,
    pub(super) code: Option<&'a str>,
    pub(super) link: Option<String>,
    pub(super) body: Vec<String>,
    /// What each is called, and what it is.
    pub(super) facts: Vec<(String, String)>,
    /// The heading over what to do if it was somebody else.
    pub(super) not_me_heading: String,
    pub(super) not_me: Vec<String>,
}

/// Who did what a notice tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doer {
    /// Whoever holds, or claims to hold, the account.
    Holder,
    /// A client app.
    Client,
    /// A member of staff.
    Staff,
    /// The service itself.
    Service,
}

impl From<&By> for Doer {
    fn from(by: &By) -> Self {
        match by {
            By::Holder => Self::Holder,
            By::Client { .. } => Self::Client,
            By::Operator { .. } | By::Console { .. } => Self::Staff,
            By::System => Self::Service,
        }
    }
}

/// What a notice knows beside its kind and time. Nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeFacts {
    /// Who did it.
    pub by: Doer,
    /// The way of proving that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Until when something must wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Recovery codes left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<u32>,
    /// What staff did, where admins are told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffAct>,
}

impl NoticeFacts {
    /// Only who did it.
    #[must_use]
    pub const fn of(by: Doer) -> Self {
        Self { by, method: None, until: None, left: None, staff: None }
    }
}

pub use to_admins::{StaffAct, Told};

/// Who writes, and in whose language.
#[derive(Clone, Copy)]
pub(super) struct Pen<'a> {
    head: &'a Letterhead,
    language: Language,
}

impl Pen<'_> {
    pub(super) fn say(self, key: &str) -> String {
        self.say_with(key, &[])
    }

    /// The text of a key, with more to fill in than what every text may name.
    pub(super) fn say_with(self, key: &str, more: &[(&str, &str)]) -> String {
        let ours = [
            ("brand", self.head.brand()),
            ("url", self.head.public_url()),
            ("contact", self.head.contact().unwrap_or_default()),
        ];
        texts::say(self.language, key, &[&ours, more].concat())
    }

    /// `24 November 2026, 05:23 UTC`, as the language has it.
    pub(super) fn moment(self, at: Timestamp) -> String {
        let at = at.to_zoned(TimeZone::UTC);
        let month = usize::try_from(at.month() - 1).ok().and_then(|month| MONTHS.get(month));
        let month = self.say(month.copied().unwrap_or_default());
        let [day, year, time] = ["%-d", "%Y", "%H:%M"].map(|part| at.strftime(part).to_string());
        let filled = [("day", &*day), ("month", &*month), ("year", &*year), ("time", &*time)];
        self.say_with("date.moment", &filled)
    }

    /// How people reach the staff, and when they are to: `help.…`.
    fn help(self, when: &str) -> String {
        match self.head.contact() {
            None => self.say(when),
            Some(_) => self.say(&format!("{when}_contact")),
        }
    }

    /// What to do, and whom to ask.
    fn remedy(self, key: &str, help: &str) -> String {
        format!("{} {}", self.say(key), self.help(help))
    }

    pub(super) fn fact(self, key: &str, value: String) -> (String, String) {
        (self.say(key), value)
    }

    /// A letter that says nothing yet, to somebody with this name.
    pub(super) fn letter<'a>(
        self,
        name: Option<&str>,
        subject: String,
        lead: String,
    ) -> Letter<'a> {
        Letter {
            language: self.language,
            subject,
            greeting: match name {
                None => self.say("letter.greeting"),
                Some(name) => self.say_with("letter.greeting_name", &[("name", name)]),
            },
            lead: vec![lead],
            code: None,
            link: None,
            body: vec![],
            facts: vec![],
            not_me_heading: self.say("letter.not_me"),
            not_me: vec![],
        }
    }
}

/// The mail with a code.
pub(super) fn code<'a>(head: &Letterhead, at: Timestamp, mail: &'a CodeMail) -> Letter<'a> {
    let pen = Pen { head, language: mail.to.language };
    let purpose = purpose(mail.purpose);
    let not_me = match mail.purpose {
        Purpose::SignIn | Purpose::Enable | Purpose::StepUp | Purpose::Resync => {
            vec![pen.say("code.remedy_proven"), pen.help("help.not_you")]
        }
        Purpose::ConfirmEmail | Purpose::ChangeEmail => {
            vec![pen.remedy("code.remedy_address", "help.again")]
        }
    };
    let subject = pen.say(&format!("{purpose}_subject"));
    Letter {
        code: Some(mail.code.as_str()),
        body: vec![works_once(pen, mail.expires_at), pen.say("code.never_asked_for")],
        facts: asked_for(pen, at, mail.net.as_ref()),
        not_me,
        ..pen.letter(mail.to.greeted(), subject, pen.say(purpose))
    }
}

const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::SignIn => "code.sign_in",
        Purpose::Enable => "code.enable",
        Purpose::StepUp | Purpose::Resync => "code.step_up",
        Purpose::ConfirmEmail => "code.confirm_email",
        Purpose::ChangeEmail => "code.change_email",
    }
}

fn works_once(pen: Pen<'_>, expires_at: Timestamp) -> String {
    pen.say_with("letter.works_once", &[("until", &pen.moment(expires_at))])
}

/// The mail with a link to a new password.
pub(super) fn link(head: &Letterhead, at: Timestamp, mail: &LinkMail) -> Letter<'static> {
    let pen = Pen { head, language: mail.to.language };
    let (subject, lead) = (pen.say("new_password.subject"), pen.say("new_password.lead"));
    let remedy = match mail.has_ended {
        true => "new_password.remedy_ended",
        false => "new_password.remedy",
    };
    Letter {
        link: Some(url(head, LinkKind::NewPassword, &mail.token)),
        body: vec![
            works_once(pen, mail.expires_at),
            pen.say("new_password.again"),
            pen.say("new_password.signs_nobody_in"),
        ],
        facts: asked_for(pen, at, mail.net.as_ref()),
        not_me: vec![pen.remedy(remedy, "help.again")],
        ..pen.letter(mail.to.greeted(), subject, lead)
    }
}

/// When something was asked for, and roughly where.
fn asked_for(pen: Pen<'_>, at: Timestamp, net: Option<&Net>) -> Vec<(String, String)> {
    let hint = net.and_then(|net| client_hint::coarse(net, pen.language));
    let mut facts = vec![pen.fact("fact.asked_for", pen.moment(at))];
    facts.extend(hint.map(|hint| pen.fact("fact.from", hint)));
    facts
}

/// The mail that tells of an event.
pub(super) fn notice(
    head: &Letterhead,
    at: Timestamp,
    to: &Addressee,
    notice: Notice,
    facts: &NoticeFacts,
) -> Letter<'static> {
    let pen = Pen { head, language: to.language };
    let about = section(notice, facts);
    if let Some(staff) = &facts.staff {
        return to_admins::letter(pen, at, to, about, staff);
    }
    let subject = pen.say(&format!("{about}.subject"));
    let unlock = to.unlock.as_ref().filter(|_| about == CLOSED);
    let unlock = unlock.map(|token| url(head, LinkKind::Unlock, token));
    let mut told_facts = vec![pen.fact("fact.when", pen.moment(at))];
    told_facts.extend(doer(facts.by).map(|doer| pen.fact("fact.done_by", pen.say(doer))));
    if let (Notice::RecoveryCodeUsed, Some(left)) = (notice, facts.left) {
        told_facts.push(pen.fact("fact.recovery_codes_left", left.to_string()));
    }
    let remedy = remedy(pen, to, &format!("{about}.remedy"), help(notice));
    let told = match notice {
        Notice::Repudiated if to.of_app => pen.say("of_app.repudiated"),
        _ => told(pen, notice, facts),
    };
    let leads_on = unlock.as_ref().map(|_| pen.say("password_closed.unlock"));
    Letter {
        lead: [Some(told), leads_on].into_iter().flatten().collect(),
        link: unlock,
        body: vec![if_it_was_you(pen, to, about)],
        facts: told_facts,
        not_me: [Some(remedy), objection(pen, to).or_else(|| no_link(pen, to, notice))]
            .into_iter()
            .flatten()
            .collect(),
        ..pen.letter(to.greeted(), subject, String::new())
    }
}

/// What to do. Whose account a client app made is sent to no page of ours: none serves it.
fn remedy(pen: Pen<'_>, to: &Addressee, key: &str, help: &str) -> String {
    let leads_here = pen.say(key).contains(pen.head.public_url());
    pen.remedy(if to.of_app && leads_here { "of_app.remedy" } else { key }, help)
}

/// What is left to do for who did it: what is shut is shut for the holder, too.
fn if_it_was_you(pen: Pen<'_>, to: &Addressee, about: &str) -> String {
    let unproven = to.whose == Whose::Present && to.not_me.is_none() && to.unlock.is_none();
    match about {
        CLOSED if unproven => pen.remedy("password_closed.unproven", "help.needed"),
        CLOSED => pen.say("password_closed.if_you"),
        DEAD => pen.remedy("password_dead.if_you", "help.needed"),
        LOCKED => pen.say("locked.if_you"),
        _ => pen.say("letter.nothing_to_do"),
    }
}

/// How to say that it was somebody else. The link is good for a page that asks once more: what
/// follows links by itself changes nothing.
fn objection(pen: Pen<'_>, to: &Addressee) -> Option<String> {
    let link = url(pen.head, LinkKind::NotMe, to.not_me.as_ref()?);
    let key = if to.of_app { "of_app.object" } else { "letter.object" };
    Some(pen.say_with(key, &[("link", &link)]))
}

/// Why there is no link to what only a link stops: whoever never proved the address may be somebody
/// else.
fn no_link(pen: Pen<'_>, to: &Addressee, notice: Notice) -> Option<String> {
    let stops = matches!(notice, Notice::RemovalRequested | Notice::AddressChangeRequested);
    (stops && to.whose == Whose::Present).then(|| pen.say("letter.no_link"))
}

fn url(head: &Letterhead, kind: LinkKind, token: &str) -> String {
    format!("{}{}#{token}", head.public_url(), kind.page())
}

/// What happened.
fn told(pen: Pen<'_>, notice: Notice, facts: &NoticeFacts) -> String {
    let about = section(notice, facts);
    let method = pen.say(method(facts.method));
    let until = match notice {
        Notice::Locked
        | Notice::EmailChanged
        | Notice::ReplacementRequested
        | Notice::RemovalRequested
        | Notice::AddressChangeRequested => facts.until,
        _ => None,
    };
    match until {
        Some(until) => pen.say_with(
            &format!("{about}.told_until"),
            &[("method", &method), ("until", &pen.moment(until))],
        ),
        None => pen.say_with(&format!("{about}.told"), &[("method", &method)]),
    }
}

/// The section for a password that is closed to devices which are not known.
const CLOSED: &str = "password_closed";
/// The section for one that is worth nothing any more.
const DEAD: &str = "password_dead";
/// The section for every other method that waits, is closed or must be bound anew.
const LOCKED: &str = "locked";

/// The section with the texts of a notice.
const fn section(notice: Notice, facts: &NoticeFacts) -> &'static str {
    match notice {
        // Of a password waits are not told.
        Notice::Locked => match (facts.method, facts.until) {
            (Some(Method::Password), Some(_)) => CLOSED,
            (Some(Method::Password), None) => DEAD,
            _ => LOCKED,
        },
        Notice::FactorEnabled => "factor_enabled",
        Notice::FactorRemoved => "factor_removed",
        Notice::RecoveryCodeUsed => "recovery_code_used",
        Notice::CodesGuessed => "codes_guessed",
        Notice::PasswordGuessed => "password_guessed",
        Notice::Unlocked => "unlocked",
        Notice::SignedInByEmail => "signed_in_by_email",
        Notice::RecoveryCodesReplaced => "recovery_codes_replaced",
        Notice::PasswordReset => "password_reset",
        Notice::PasswordChanged => "password_changed",
        Notice::EmailChanged => "email_changed",
        Notice::EmailChangeUndone => "email_change_undone",
        Notice::ReplacementRequested => "replacement_requested",
        Notice::ReplacementStopped => "replacement_stopped",
        Notice::ReplacementCompleted => "replacement_completed",
        Notice::Repudiated => "repudiated",
        Notice::CodeReplayed => "code_replayed",
        Notice::SessionMadeRoom => "session_made_room",
        Notice::Suspended => "suspended",
        Notice::Resumed => "resumed",
        Notice::SessionsEnded => "sessions_ended",
        Notice::PasswordMailed => "password_mailed",
        Notice::RemovalRequested => "removal_requested",
        Notice::RemovalStopped => "removal_stopped",
        Notice::RemovalCompleted => "removal_completed",
        Notice::AddressChangeRequested => "address_change_requested",
        Notice::AddressChangeStopped => "address_change_stopped",
        Notice::CapReached => "cap_reached",
        Notice::AdminActed => "admin_acted",
    }
}

/// When people are to be asked for help.
const fn help(notice: Notice) -> &'static str {
    match notice {
        Notice::FactorEnabled
        | Notice::FactorRemoved
        | Notice::RecoveryCodeUsed
        | Notice::RecoveryCodesReplaced => "help.cannot",
        Notice::Locked
        | Notice::CodesGuessed
        | Notice::PasswordGuessed
        | Notice::Unlocked
        | Notice::CodeReplayed => "help.in_that_case",
        Notice::SignedInByEmail
        | Notice::PasswordReset
        | Notice::EmailChangeUndone
        | Notice::Repudiated => "help.after_that",
        Notice::PasswordChanged
        | Notice::EmailChanged
        | Notice::ReplacementRequested
        | Notice::ReplacementStopped
        | Notice::ReplacementCompleted
        | Notice::SessionMadeRoom
        | Notice::Suspended
        | Notice::Resumed
        | Notice::SessionsEnded
        | Notice::PasswordMailed
        | Notice::RemovalRequested
        | Notice::RemovalStopped
        | Notice::RemovalCompleted
        | Notice::AddressChangeRequested
        | Notice::AddressChangeStopped
        | Notice::CapReached
        | Notice::AdminActed => "help.needed",
    }
}

const fn method(method: Option<Method>) -> &'static str {
    match method {
        Some(Method::Password) => "method.password",
        Some(Method::Totp) => "method.totp",
        Some(Method::EmailCode) => "method.email_code",
        Some(Method::RecoveryCode) => "method.recovery_code",
        None => "method.unknown",
    }
}

const fn doer(by: Doer) -> Option<&'static str> {
    match by {
        Doer::Holder | Doer::Service => None,
        Doer::Client => Some("doer.client"),
        Doer::Staff => Some("doer.staff"),
    }
}
