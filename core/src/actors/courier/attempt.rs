//! One attempt at one mail, and what is said of it.

use std::sync::Arc;

use countersign_events::account::DeliveryFailure;
use countersign_events::id::{AccountId, EventId};
use jiff::Timestamp;
use metrics::counter;

use super::Post;
use super::pace::{NOTICE_PAUSE_MAX, PAUSE_FIRST, later, next_attempt, pause, useless_from};
use crate::accounts::Fault;
use crate::mail::ledger::MailOutcome;
use crate::mail::letterhead::RenderError;
use crate::mail::{Mail, SendErrorClass, Whose};
use crate::projections::mail_due::MailKind;
use crate::projections::outbox::DueMail;

/// How an attempt ended.
pub(super) enum Done {
    /// It is tried again later; the outbox says when.
    Postponed(EventId),
    /// It is tried again later, and only we know when.
    Unremembered(EventId, Timestamp),
    /// It is settled, and the account's stream says so.
    Recorded(EventId),
    /// It is settled, and that is still to be recorded.
    Unrecorded(Unrecorded),
}

/// A settled mail that is to be recorded.
pub(super) struct Unrecorded {
    account: AccountId,
    outcome: MailOutcome,
    failures: u32,
    /// When to try again.
    pub(super) next_at: Timestamp,
}

impl Unrecorded {
    /// The event that called for the mail.
    pub(super) const fn outcome_of(&self) -> EventId {
        match self.outcome {
            MailOutcome::CodeSent { request, .. } | MailOutcome::Failed { request, .. } => request,
            MailOutcome::NoticeSent { cause, .. } => cause,
        }
    }
}

/// What became of an attempt.
enum Outcome {
    Settled(MailOutcome),
    /// The mail server did not take it.
    NotTaken(DeliveryFailure),
    /// The account could not be asked: no attempt was made.
    NotAsked(Fault),
}

/// Makes one attempt at a mail.
pub(super) async fn deliver(post: Arc<Post>, mail: DueMail) -> Done {
    let (attempts, next_at) = match attempt(&post, &mail).await {
        Outcome::Settled(outcome) => return settle(post, &mail, outcome).await,
        Outcome::NotTaken(class) => {
            let attempts = mail.attempts.saturating_add(1);
            match next_attempt(&mail, attempts, post.clock.now()) {
                Some(next_at) => (attempts, next_at),
                None => return settle(post, &mail, failed(&mail, attempts, class)).await,
            }
        }
        Outcome::NotAsked(fault) => {
            tracing::warn!(mail = %mail.event, account = %mail.account, %fault,
                "the account of a mail cannot be asked");
            (mail.attempts, later(post.clock.now(), PAUSE_FIRST))
        }
    };
    if let Err(error) = post.model.postpone_mail(mail.event, attempts, next_at) {
        tracing::error!(mail = %mail.event, %error, "an attempt was not remembered");
        return Done::Unremembered(mail.event, next_at);
    }
    Done::Postponed(mail.event)
}

/// Records what became of a mail.
pub(super) async fn record(post: Arc<Post>, mut unrecorded: Unrecorded) -> Done {
    match post.ledger.record(unrecorded.account, unrecorded.outcome).await {
        Ok(()) => Done::Recorded(unrecorded.outcome_of()),
        Err(fault) => {
            // If we stop now, the mail is sent once more after the next start.
            counter!("countersign_mail_outcomes_unrecorded_total").increment(1);
            tracing::error!(mail = %unrecorded.outcome_of(), account = %unrecorded.account, %fault,
                "what became of a mail was not recorded");
            unrecorded.failures = unrecorded.failures.saturating_add(1);
            let wait = pause(unrecorded.failures).min(NOTICE_PAUSE_MAX);
            unrecorded.next_at = later(post.clock.now(), wait);
            Done::Unrecorded(unrecorded)
        }
    }
}

async fn settle(post: Arc<Post>, mail: &DueMail, outcome: MailOutcome) -> Done {
    match outcome {
        MailOutcome::CodeSent { attempts, .. } | MailOutcome::NoticeSent { attempts, .. } => {
            counter!("countersign_mails_sent_total", "kind" => kind(mail)).increment(1);
            tracing::info!(mail = %mail.event, account = %mail.account, attempts, "mail sent");
        }
        MailOutcome::Failed { attempts, class, .. } => {
            counter!("countersign_mails_given_up_total",
                "kind" => kind(mail), "class" => class_word(class))
            .increment(1);
            tracing::error!(mail = %mail.event, account = %mail.account, attempts,
                class = class_word(class), "mail given up");
        }
    }
    let next_at = post.clock.now();
    let unrecorded = Unrecorded { account: mail.account, outcome, failures: 0, next_at };
    record(post, unrecorded).await
}

async fn attempt(post: &Post, due: &DueMail) -> Outcome {
    if post.clock.now() >= useless_from(due) {
        return given_up(due, DeliveryFailure::Expired);
    }
    let mails = match write(post, due).await {
        Ok(Written::Mails(mails)) => mails,
        Ok(Written::NoAddress) => return given_up(due, DeliveryFailure::NoAddress),
        Ok(Written::OfNoUse) => return given_up(due, DeliveryFailure::Expired),
        Err(fault) => return Outcome::NotAsked(fault),
    };
    // The present address first. What comes after a failure is sent again with what failed: at
    // least once, under the same name.
    let mut outcome = sent(due);
    for mail in mails {
        let is_present = mail.message_id.to() == Whose::Present;
        match send(post, due, mail).await {
            // The others are told all the same: where the present one is none any more, they are
            // the only ones who can be.
            Outcome::Settled(refused @ MailOutcome::Failed { .. }) if is_present => {
                outcome = refused;
            }
            // One that was given up, or is yet to come, may be none: the present one has it.
            Outcome::Settled(_) => {}
            other => return other,
        }
    }
    Outcome::Settled(outcome)
}

async fn send(post: &Post, due: &DueMail, mail: Mail) -> Outcome {
    match post.mailer.send(mail).await {
        Ok(()) => Outcome::Settled(sent(due)),
        Err(error) => {
            counter!("countersign_mail_attempts_failed_total",
                "class" => send_class_word(error.class))
            .increment(1);
            tracing::warn!(mail = %due.event, account = %due.account, attempts = due.attempts,
                %error, "mail not taken");
            match error.class {
                SendErrorClass::Permanent => Outcome::Settled(failed(
                    due,
                    due.attempts.saturating_add(1),
                    DeliveryFailure::Refused,
                )),
                SendErrorClass::Temporary => Outcome::NotTaken(DeliveryFailure::Deferred),
                SendErrorClass::Unreachable => Outcome::NotTaken(DeliveryFailure::Unreachable),
            }
        }
    }
}

/// What an attempt has in hand.
enum Written {
    Mails(Vec<Mail>),
    NoAddress,
    /// The code or the link has died.
    OfNoUse,
}

async fn write(post: &Post, due: &DueMail) -> Result<Written, Fault> {
    let (event, at, now) = (due.event, due.due_at, post.clock.now());
    let rendered: Result<Vec<Mail>, RenderError> = match &due.kind {
        MailKind::Code => match post.ledger.code(due.account, event).await? {
            Some(code) if now < code.expires_at => {
                post.head.code_mail(event, at, &code).map(|mail| vec![mail])
            }
            _ => return without(post, due).await,
        },
        MailKind::ResetLink => match post.ledger.link(due.account, event).await? {
            Some(link) if now < link.expires_at => {
                post.head.link_mail(event, at, &link).map(|mail| vec![mail])
            }
            _ => return without(post, due).await,
        },
        MailKind::Notice { notice, facts } => {
            let to = post.ledger.addressees(due.account, event).await?;
            if to.is_empty() {
                return Ok(Written::NoAddress);
            }
            to.iter().map(|to| post.head.notice_mail(event, at, to, *notice, facts)).collect()
        }
    };
    rendered.map(Written::Mails).map_err(|error| Fault::Internal(error.to_string()))
}

/// There is nothing to send: nobody to send it to, or no use in sending it.
async fn without(post: &Post, due: &DueMail) -> Result<Written, Fault> {
    let to = post.ledger.addressees(due.account, due.event).await?;
    Ok(if to.is_empty() { Written::NoAddress } else { Written::OfNoUse })
}

const fn sent(due: &DueMail) -> MailOutcome {
    let attempts = due.attempts.saturating_add(1);
    match due.kind {
        MailKind::Code | MailKind::ResetLink => {
            MailOutcome::CodeSent { request: due.event, attempts }
        }
        MailKind::Notice { notice, .. } => {
            MailOutcome::NoticeSent { notice, cause: due.event, attempts }
        }
    }
}

const fn failed(due: &DueMail, attempts: u32, class: DeliveryFailure) -> MailOutcome {
    MailOutcome::Failed { request: due.event, attempts, class }
}

const fn given_up(due: &DueMail, class: DeliveryFailure) -> Outcome {
    Outcome::Settled(failed(due, due.attempts, class))
}

const fn kind(mail: &DueMail) -> &'static str {
    match mail.kind {
        MailKind::Code => "code",
        MailKind::ResetLink => "reset_link",
        MailKind::Notice { .. } => "notice",
    }
}

const fn class_word(class: DeliveryFailure) -> &'static str {
    match class {
        DeliveryFailure::Refused => "refused",
        DeliveryFailure::Deferred => "deferred",
        DeliveryFailure::Unreachable => "unreachable",
        DeliveryFailure::Expired => "expired",
        DeliveryFailure::NoAddress => "no_address",
    }
}

const fn send_class_word(class: SendErrorClass) -> &'static str {
    match class {
        SendErrorClass::Temporary => "temporary",
        SendErrorClass::Permanent => "permanent",
        SendErrorClass::Unreachable => "unreachable",
    }
}
