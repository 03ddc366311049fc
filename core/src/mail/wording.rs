//! The words of all mails, in one place.
//!
//! Every mail says what happened, when, and what to do if it was somebody else. Only the mail
//! that carries a code has a number of six digits; no mail has a link that signs anybody in.

use countersign_events::account::{Method, Notice, Purpose};
use countersign_events::actor::By;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ledger::{Addressee, CodeMail, LinkMail};
use super::letterhead::Letterhead;
use super::link::LinkKind;

/// What a mail says.
#[derive(Clone)]
pub struct Letter<'a> {
    pub(super) subject: String,
    pub(super) lead: Vec<String>,
    pub(super) code: Option<&'a str>,
    pub(super) link: Option<String>,
    pub(super) body: Vec<String>,
    pub(super) facts: Vec<(&'static str, String)>,
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
}

/// The mail with a code.
pub(super) fn code<'a>(
    head: &Letterhead,
    at: Timestamp,
    mail: &'a CodeMail,
    hint: Option<String>,
) -> Letter<'a> {
    let brand = head.brand();
    let purpose = match mail.purpose {
        Purpose::SignIn => format!("sign in to {brand}"),
        Purpose::Enable => format!("confirm an authenticator at {brand}"),
        Purpose::StepUp => format!("prove again that it is you at {brand}"),
        Purpose::ConfirmEmail => format!("confirm your address at {brand}"),
        Purpose::ChangeEmail => format!("use this address at {brand}"),
    };
    let mut facts = vec![("Asked for", moment(at))];
    facts.extend(hint.map(|hint| ("From", hint)));
    let not_me = match mail.purpose {
        Purpose::SignIn | Purpose::Enable | Purpose::StepUp => vec![
            "Do not pass this code on. Whoever asked for it has already proven something else, \
             most likely your password."
                .to_owned(),
            help(head, "If it was not you"),
        ],
        Purpose::ConfirmEmail | Purpose::ChangeEmail => vec![format!(
            "Somebody gave your address by mistake or on purpose. Do not pass this code on; \
             without it nothing happens. {}",
            help(head, "If it comes again")
        )],
    };
    Letter {
        subject: format!("Your code to {purpose}"),
        lead: vec![format!("This is your code to {purpose}:")],
        code: Some(mail.code.as_str()),
        link: None,
        body: vec![
            format!("It works once, until {}.", moment(mail.expires_at)),
            format!(
                "{brand} staff never ask for this code. Type it only where you asked for it, and \
                 tell it to nobody."
            ),
        ],
        facts,
        not_me,
    }
}

/// The mail that tells of an event.
pub(super) fn notice(
    head: &Letterhead,
    at: Timestamp,
    to: &Addressee,
    notice: Notice,
    facts: &NoticeFacts,
) -> Letter<'static> {
    let (subject, lead) = told(head.brand(), notice, facts);
    let mut told_facts = vec![("When", moment(at))];
    told_facts.extend(doer(facts.by).map(|doer| ("Done by", doer.to_owned())));
    if let (Notice::RecoveryCodeUsed, Some(left)) = (notice, facts.left) {
        told_facts.push(("Recovery codes left", left.to_string()));
    }
    Letter {
        subject,
        lead: vec![lead],
        code: None,
        link: None,
        body: vec!["If this was you, there is nothing to do.".to_owned()],
        facts: told_facts,
        not_me: [
            Some(format!("{} {}", remedy(head, notice), help(head, after(notice)))),
            objection(head, to),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}

/// How to say that it was somebody else. The link is good for a page that asks once more: what
/// follows links by itself changes nothing.
fn objection(head: &Letterhead, to: &Addressee) -> Option<String> {
    let token = to.not_me.as_ref()?;
    let url = url(head, LinkKind::NotMe, token);
    Some(format!(
        "Say so within seven days, and everybody is signed out, what can be undone is undone, and \
         the next sign-in asks for a new password: {url}"
    ))
}

fn url(head: &Letterhead, kind: LinkKind, token: &str) -> String {
    format!("{}{}#{token}", head.public_url(), kind.page())
}

/// The mail with a link to a new password.
pub(super) fn link(
    head: &Letterhead,
    at: Timestamp,
    mail: &LinkMail,
    hint: Option<String>,
) -> Letter<'static> {
    let brand = head.brand();
    let mut facts = vec![("Asked for", moment(at))];
    facts.extend(hint.map(|hint| ("From", hint)));
    Letter {
        subject: format!("A new password for your {brand} account"),
        lead: vec![format!("Open this page to choose a new password for your {brand} account:")],
        code: None,
        link: Some(url(head, LinkKind::NewPassword, &mail.token)),
        body: vec![
            format!("It works once, until {}.", moment(mail.expires_at)),
            "It signs nobody in. If a second factor protects your account, you will be asked for \
             it as ever; codes by e-mail are not offered for seven days, or until you have used \
             your authenticator app or a recovery code."
                .to_owned(),
        ],
        facts,
        not_me: vec![format!(
            "Do nothing: your password stays as it is. Whoever asked for this needs what is in \
             this mail. {}",
            help(head, "If it comes again")
        )],
    }
}

/// The subject and the first sentence.
fn told(brand: &str, notice: Notice, facts: &NoticeFacts) -> (String, String) {
    let method = method(facts.method);
    match notice {
        Notice::FactorEnabled => (
            format!("An authenticator was added to your {brand} account"),
            format!(
                "An authenticator app was added to your {brand} account. A code of it is asked \
                 for when you sign in."
            ),
        ),
        Notice::FactorRemoved => (
            format!("An authenticator was removed from your {brand} account"),
            format!(
                "An authenticator app was removed from your {brand} account. Its codes are no \
                 longer accepted."
            ),
        ),
        Notice::RecoveryCodeUsed => (
            format!("A recovery code of your {brand} account was used"),
            format!(
                "One of the recovery codes of your {brand} account was used instead of a code of \
                 your authenticator app. It does not work a second time."
            ),
        ),
        Notice::Locked => (
            format!("Sign-in to your {brand} account is paused"),
            match facts.until {
                Some(until) => format!(
                    "Too many wrong attempts were made on your {brand} account. {method} must \
                     wait until {}; other ways to sign in still work.",
                    moment(until)
                ),
                None => format!(
                    "Too many wrong attempts were made on your {brand} account. {method} must \
                     wait; other ways to sign in still work."
                ),
            },
        ),
        Notice::Unlocked => (
            format!("Sign-in to your {brand} account works again"),
            format!("The pause after too many wrong attempts on your {brand} account was ended."),
        ),
        Notice::SignedInByEmail => (
            format!("Somebody signed in to {brand} with a code sent by e-mail"),
            format!(
                "Your {brand} account was entered with its password and a code that was sent to \
                 this address, instead of a code of your authenticator app."
            ),
        ),
        other => told_of_recovery(brand, other, facts),
    }
}

/// The same for what concerns getting back in.
fn told_of_recovery(brand: &str, notice: Notice, facts: &NoticeFacts) -> (String, String) {
    match notice {
        Notice::PasswordReset => (
            format!("The password of your {brand} account was set anew"),
            format!(
                "A link that was sent to this address was used to set a new password for your \
                 {brand} account. Everybody was signed out."
            ),
        ),
        Notice::PasswordChanged => (
            format!("The password of your {brand} account was changed"),
            format!(
                "The password of your {brand} account was changed. All other devices were \
                     signed out."
            ),
        ),
        Notice::EmailChanged => (
            format!("Another e-mail address for your {brand} account"),
            another_address(brand, facts.until),
        ),
        Notice::EmailChangeUndone => (
            format!("The earlier e-mail address of your {brand} account is back"),
            format!("The change of the e-mail address of your {brand} account was undone."),
        ),
        Notice::ReplacementRequested => (
            format!("Your authenticator at {brand} is to be replaced"),
            match facts.until {
                Some(until) => format!(
                    "Somebody who signed in to your {brand} account with its password and a code \
                     sent by e-mail says that the phone with your authenticator app is lost. From \
                     {} on they can set up a new one; the old one and your recovery codes then \
                     stop working.",
                    moment(until)
                ),
                None => format!("A new authenticator is to be set up for your {brand} account."),
            },
        ),
        Notice::ReplacementStopped => (
            format!("Your authenticator at {brand} stays"),
            format!("The replacement of the authenticator of your {brand} account was stopped."),
        ),
        Notice::ReplacementCompleted => (
            format!("Your authenticator at {brand} was replaced"),
            format!(
                "A new authenticator app was set up for your {brand} account. The old one and the \
                 recovery codes that you had no longer work."
            ),
        ),
        Notice::Repudiated => (
            format!("Everybody was signed out of your {brand} account"),
            format!(
                "A link in one of our mails was used to say that something in your {brand} \
                 account was somebody else's doing. Everybody was signed out, and the next \
                 sign-in asks for a new password."
            ),
        ),
        _ => (
            format!("New recovery codes for your {brand} account"),
            format!(
                "New recovery codes were made for your {brand} account. The older ones no longer \
                 work."
            ),
        ),
    }
}

fn another_address(brand: &str, taken_back_until: Option<Timestamp>) -> String {
    match taken_back_until {
        Some(until) => format!(
            "Your {brand} account now has another e-mail address. Until {} the earlier one is told \
             what happens, too, and can be taken back.",
            moment(until)
        ),
        None => format!(
            "Your {brand} account now has another e-mail address. The earlier one was never \
             confirmed: it is told what happens for seven days, and cannot be taken back."
        ),
    }
}

/// What to do if it was somebody else: only what there is a way to do.
fn remedy(head: &Letterhead, notice: Notice) -> String {
    let url = head.public_url();
    match notice {
        Notice::FactorEnabled => format!(
            "Somebody has your password and is about to take the account over. Sign in at {url} \
             now, remove the authenticator you do not know and make new recovery codes."
        ),
        Notice::FactorRemoved => format!(
            "Somebody has your password and a code. Sign in at {url} now and add your \
             authenticator app again."
        ),
        Notice::RecoveryCodeUsed => format!(
            "Somebody has your password and your recovery codes. Sign in at {url} now and make \
             new recovery codes."
        ),
        Notice::Locked => "Somebody is guessing. Your account is still closed to them. If it was \
                           not the password that had to wait, they know it."
            .to_owned(),
        Notice::Unlocked => {
            "Our staff ended the pause because somebody asked them to in your name.".to_owned()
        }
        Notice::SignedInByEmail => "Somebody has your password and reads your mail. Change the \
                                    password of your mailbox first."
            .to_owned(),
        Notice::PasswordReset => "Somebody reads your mail. Change the password of your mailbox \
                                  first."
            .to_owned(),
        Notice::PasswordChanged => "Somebody knew your password.".to_owned(),
        Notice::EmailChanged => "Somebody is in your account and wants to keep you out.".to_owned(),
        Notice::EmailChangeUndone | Notice::Repudiated => {
            "Somebody reads your mail. Change the password of your mailbox first.".to_owned()
        }
        Notice::ReplacementRequested => "Somebody has your password and reads your mail. Stop \
                                         them now."
            .to_owned(),
        Notice::ReplacementStopped => {
            format!("If you have lost your phone, sign in at {url} and ask again.")
        }
        Notice::ReplacementCompleted => {
            "Somebody has your password and reads your mail, and is in your account now.".to_owned()
        }
        Notice::RecoveryCodesReplaced => format!(
            "Somebody is in your account and now has its recovery codes. Sign in at {url} now and \
             make new recovery codes."
        ),
    }
}

/// When people are to be asked for help.
const fn after(notice: Notice) -> &'static str {
    match notice {
        Notice::FactorEnabled
        | Notice::FactorRemoved
        | Notice::RecoveryCodeUsed
        | Notice::RecoveryCodesReplaced => "If you cannot do that",
        Notice::Locked | Notice::Unlocked => "In that case",
        Notice::SignedInByEmail
        | Notice::PasswordReset
        | Notice::EmailChangeUndone
        | Notice::Repudiated => "After that",
        Notice::PasswordChanged
        | Notice::EmailChanged
        | Notice::ReplacementRequested
        | Notice::ReplacementStopped
        | Notice::ReplacementCompleted => "If you need help",
    }
}

fn method(method: Option<Method>) -> &'static str {
    match method {
        Some(Method::Password) => "The password",
        Some(Method::Totp) => "Codes of your authenticator app",
        Some(Method::EmailCode) => "Codes sent by e-mail",
        Some(Method::RecoveryCode) => "Recovery codes",
        None => "What was tried",
    }
}

const fn doer(by: Doer) -> Option<&'static str> {
    match by {
        Doer::Holder | Doer::Service => None,
        Doer::Client => Some("an app that you use, on your behalf"),
        Doer::Staff => Some("our staff"),
    }
}

fn help(head: &Letterhead, when: &str) -> String {
    head.contact().map_or_else(
        || format!("{when}, contact the people who run {}.", head.brand()),
        |contact| format!("{when}, contact us: {contact}."),
    )
}

/// `24 November 2026, 05:23 UTC`.
fn moment(at: Timestamp) -> String {
    at.strftime("%-d %B %Y, %H:%M UTC").to_string()
}
