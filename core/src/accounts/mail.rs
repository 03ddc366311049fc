//! What the courier asks of accounts, and tells them.

use countersign_events::account::{
    AccountEvent, EmailCodeSent, EmailDeliveryFailed, FactorRemovalRequested, LockRule, LockedOut,
    Method, NoticeSent,
};
use countersign_events::id::{AccountId, EventId, Revision, StreamId};
use countersign_events::store::{READ_LIMIT_MAX, Recorded};
use futures::future::BoxFuture;
use jiff::SignedDuration;

use super::identity::{Errand, Identity, open_net, open_pii};
use super::request::{Call, Net};
use super::{Accounts, Fault};
use crate::actors::account::{Entity, Halt, Request, Sealed, stamped};
use crate::domain::account::{Email, EmailCode};
use crate::domain::refusal::Refusal;
use crate::domain::{Command, StampedEvent};
use crate::mail::Whose;
use crate::mail::language::Language;
use crate::mail::ledger::{Addressee, CodeMail, LinkMail, MailLedger, MailOutcome};
use crate::mail::link::{LinkKind, LinkToken};

impl MailLedger for Accounts {
    fn addressees(
        &self,
        account: AccountId,
        cause: EventId,
    ) -> BoxFuture<'_, Result<Vec<Addressee>, Fault>> {
        Box::pin(async move {
            let found = self.ask(StreamId::Account(account), FindAddressees { cause }).await?;
            Ok(found.ok().unwrap_or_default())
        })
    }

    fn link(
        &self,
        account: AccountId,
        request: EventId,
    ) -> BoxFuture<'_, Result<Option<LinkMail>, Fault>> {
        Box::pin(async move {
            let found = self.ask(StreamId::Account(account), FindLink { request }).await?;
            Ok(found.ok().flatten())
        })
    }

    fn code(
        &self,
        account: AccountId,
        request: EventId,
    ) -> BoxFuture<'_, Result<Option<CodeMail>, Fault>> {
        Box::pin(async move {
            let found = self.ask(StreamId::Account(account), FindCode { request }).await?;
            Ok(found.ok().flatten())
        })
    }

    fn record(&self, account: AccountId, outcome: MailOutcome) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            let request = Record { call: Call::system(self.log())?, outcome };
            match self.ask(StreamId::Account(account), request).await? {
                Ok(()) => Ok(()),
                Err(refusal) => Err(Fault::Internal(refusal.to_string())),
            }
        })
    }
}

/// Finds the addresses that a notice goes to: the present one, and for some days those before.
struct FindAddressees {
    cause: EventId,
}

impl Request for FindAddressees {
    type Answer = Vec<Addressee>;

    async fn perform(&self, entity: &mut Entity) -> Result<Vec<Addressee>, Halt> {
        entity.load().await?;
        let (open, now) = (entity.open()?, entity.now());
        let (secrets, language) = (&entity.services.secrets, reader(entity, self.cause).await?.1);
        let account = entity.id()?;
        let token = |kind| LinkToken::new(secrets, kind, account, self.cause).reveal();
        let (not_me, unlock) = (token(LinkKind::NotMe), token(LinkKind::Unlock));
        let closes = closes_password(entity, self.cause).await?;
        let not_me = |email: &Email| email.confirmed.then(|| not_me.clone());
        let present = open.email.as_ref().map(|email| (Whose::Present, email, open.identity_at));
        let former = open.former_emails.iter().filter(|former| now < former.until);
        let former = (0..)
            .zip(former)
            .map(|(place, former)| (Whose::Former(place), &former.email, former.identity_at));
        let mut addressees: Vec<Addressee> = vec![];
        for (whose, email, identity_at) in present.into_iter().chain(former) {
            let found = addressee(entity, whose, identity_at, language).await?;
            // What grants something goes to the present address only, once it is proven (SR-027).
            let unlocks = closes && whose == Whose::Present && email.confirmed;
            let found = found.map(|found| Addressee {
                not_me: not_me(email),
                unlock: unlocks.then(|| unlock.clone()),
                ..found
            });
            // Who went back to an earlier address is told once.
            let is_new = |found: &Addressee| addressees.iter().all(|to| to.email != found.email);
            addressees.extend(found.filter(is_new));
        }
        addressees.extend(to_come(entity, self.cause, language).await?);
        Ok(addressees)
    }
}

/// The address that support was asked to put in the present one's place, where the event did that:
/// it is told, and has no link.
async fn to_come(
    entity: &Entity,
    cause: EventId,
    language: Language,
) -> Result<Option<Addressee>, Halt> {
    let Some(cause) = event_since(entity, cause).await? else { return Ok(None) };
    let asks = matches!(
        stamped(&cause)?.event,
        AccountEvent::FactorRemovalRequested(FactorRemovalRequested { address: true, .. })
    );
    if !asks {
        return Ok(None);
    }
    let errand: Option<Errand> = open_pii(&entity.services.secrets, entity.id()?, &cause).await?;
    let email = errand.and_then(|errand| errand.email);
    Ok(email.map(|email| Addressee { whose: Whose::New, language, ..Addressee::new(email) }))
}

/// Whether an event closed the password to devices that are not known.
async fn closes_password(entity: &Entity, cause: EventId) -> Result<bool, Halt> {
    let Some(cause) = event_since(entity, cause).await? else { return Ok(false) };
    Ok(matches!(
        stamped(&cause)?.event,
        AccountEvent::LockedOut(LockedOut {
            method: Method::Password,
            rule: LockRule::LaneCap,
            ..
        })
    ))
}

/// Whom the entry of this revision names.
async fn addressee(
    entity: &Entity,
    whose: Whose,
    identity_at: Revision,
    language: Language,
) -> Result<Option<Addressee>, Halt> {
    let recorded = entity.entry_at(identity_at).await?;
    let identity: Option<Identity> =
        open_pii(&entity.services.secrets, entity.id()?, &recorded).await?;
    let of_app = entity.open()?.client.is_some();
    Ok(identity.and_then(|Identity { email, display_name, .. }| {
        email.map(|email| Addressee {
            email,
            whose,
            display_name,
            of_app,
            language,
            not_me: None,
            unlock: None,
        })
    }))
}

/// Makes a link again, while it is the one that is out.
struct FindLink {
    request: EventId,
}

impl Request for FindLink {
    type Answer = Option<LinkMail>;

    async fn perform(&self, entity: &mut Entity) -> Result<Option<LinkMail>, Halt> {
        entity.load().await?;
        let open = entity.open()?;
        let live = open.reset.as_ref().filter(|link| link.request == self.request);
        // What its mail says, at every attempt, whatever was asked for since (SR-024).
        let Some(expires_at) = live.map(|link| link.said_until) else { return Ok(None) };
        // What grants something goes to a proven address only (SR-027).
        if !open.has_proven_address() {
            return Ok(None);
        }
        let has_ended = open.password.is_none();
        let (net, language) = reader(entity, self.request).await?;
        let to = addressee(entity, Whose::Present, open.identity_at, language).await?;
        let secrets = &entity.services.secrets;
        let token = LinkToken::new(secrets, LinkKind::NewPassword, entity.id()?, self.request);
        let token = token.reveal();
        Ok(to.map(|to| LinkMail { to, token, expires_at, has_ended, net }))
    }
}

/// Where the request came from that called for a mail, and the language that its reader reads: that
/// of the request, or of the newest entry before it that says one, or the first.
///
/// No later entry has a say, and none ever changes: every attempt at a mail speaks the same
/// language (SR-024). Sessions and known devices are left aside for that reason, since any of them
/// may end between two attempts; what they began with stands in these entries.
async fn reader(entity: &Entity, cause: EventId) -> Result<(Option<Net>, Language), Halt> {
    let Some(cause) = event_since(entity, cause).await? else {
        return Ok((None, Language::default()));
    };
    let net = origin(entity, &cause).await?;
    // A wrong password calls for a mail to somebody else.
    let is_guess = matches!(stamped(&cause)?.event, AccountEvent::PasswordRejected(_));
    let own = net.as_ref().filter(|_| !is_guess).and_then(|net| net.language);
    let language = match own {
        Some(language) => language,
        None => language_before(entity, cause.revision).await?.unwrap_or_default(),
    };
    Ok((net, language))
}

/// Entries that are searched for a language at most: a sign-in is seldom far.
const LANGUAGE_LOOK_BACK_MAX: u64 = 1024;

/// The language of the newest entry before a revision that says one and that not everybody can
/// cause: whoever types a login and guesses does not choose how its holder is warned.
async fn language_before(entity: &Entity, revision: Revision) -> Result<Option<Language>, Halt> {
    let mut end = revision.get();
    let earliest = end.saturating_sub(LANGUAGE_LOOK_BACK_MAX);
    while end > earliest {
        let (from, page) = page_before(entity, end).await?;
        for recorded in page.into_iter().rev().filter(|recorded| recorded.sealed.is_some()) {
            if is_anybodys(&stamped(&recorded)?.event) {
                continue;
            }
            let net = origin(entity, &recorded).await?;
            if let Some(language) = net.and_then(|net| net.language) {
                return Ok(Some(language));
            }
        }
        end = from;
    }
    Ok(None)
}

/// Where an entry came from, as far as it can be read: no mail is kept back for what is damaged.
async fn origin(entity: &Entity, recorded: &Recorded) -> Result<Option<Net>, Halt> {
    match open_net(&entity.services.secrets, entity.stream, recorded).await {
        Err(Fault::FailsClosed(reason)) => {
            tracing::error!(stream = %entity.stream, revision = %recorded.revision, reason,
                "where an entry came from cannot be read");
            Ok(None)
        }
        opened => Ok(opened?),
    }
}

const fn is_anybodys(event: &AccountEvent) -> bool {
    matches!(
        event,
        AccountEvent::PasswordRejected(_)
            | AccountEvent::PasswordResetRequested(_)
            | AccountEvent::PasswordResetRenewed(_)
    )
}

/// The entries before a revision, as many as are read at once, and where they begin.
async fn page_before(entity: &Entity, end: u64) -> Result<(u64, Vec<Recorded>), Halt> {
    let from = end.saturating_sub(LOOK_BACK_PAGE);
    let limit = usize::try_from(end - from).unwrap_or(READ_LIMIT_MAX);
    let store = entity.services.log.store();
    Ok((from, store.read_stream(entity.stream, Revision::new(from), limit).await?))
}

/// The entry of an event of this account.
pub(super) async fn event_since(entity: &Entity, event: EventId) -> Result<Option<Recorded>, Halt> {
    newest_since(entity, event, |found| found.id == event).await
}

/// Makes a code again from its nonce, while it is the live one.
struct FindCode {
    request: EventId,
}

impl Request for FindCode {
    type Answer = Option<CodeMail>;

    async fn perform(&self, entity: &mut Entity) -> Result<Option<CodeMail>, Halt> {
        entity.load().await?;
        let open = entity.open()?;
        let live = open.email_codes.values().find(|code| code.request == self.request);
        let Some(code) = live else { return Ok(None) };
        let EmailCode { bound_to, purpose, address, address_at, nonce, digits, expires_at, .. } =
            code.clone();
        let secrets = &entity.services.secrets;
        let code = secrets.email_code(entity.id()?, bound_to, purpose, address, nonce, digits);
        let (net, language) = reader(entity, self.request).await?;
        let to = addressee(entity, Whose::Present, address_at, language).await?;
        Ok(to.map(|to| CodeMail { to, code, purpose, expires_at, net }))
    }
}

/// Entries that are read at once while looking back.
const LOOK_BACK_PAGE: u64 = 64;
/// How much earlier than the time in its id an event may stand in its stream: ids are made a
/// moment after the time of the decision, a password's hash later at most.
const ID_AHEAD_MAX: SignedDuration = SignedDuration::from_mins(1);

/// The newest event that `is_it`, looking back from the stream's end to the event of this id.
///
/// However far back that is: a busy account writes any number of events while a mail waits for its
/// server. The bound is the event itself or, should the stream not hold it, its time: times never
/// run backwards in a stream.
async fn newest_since(
    entity: &Entity,
    since: EventId,
    is_it: impl Fn(&StampedEvent) -> bool,
) -> Result<Option<Recorded>, Halt> {
    let earliest = since.time().and_then(|time| time.checked_sub(ID_AHEAD_MAX).ok());
    let mut end = entity.account().last.map_or(0, |(revision, _)| revision.get() + 1);
    while end > 0 {
        let (from, page) = page_before(entity, end).await?;
        for recorded in page.into_iter().rev() {
            let event = stamped(&recorded)?;
            if is_it(&event) {
                return Ok(Some(recorded));
            }
            if event.id == since || earliest.is_some_and(|earliest| event.at < earliest) {
                return Ok(None);
            }
        }
        end = from;
    }
    Ok(None)
}

/// Puts on record what became of a mail; a second record of the same mail leaves no event.
struct Record {
    call: Call,
    outcome: MailOutcome,
}

impl Request for Record {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        entity.load().await?;
        entity.account().open().ok_or(Halt::Refusal(Refusal::NotFound("account")))?;
        let event = event_of(self.outcome);
        if self.is_recorded(entity).await? {
            return Ok(());
        }
        let command = Command::RecordMail(event);
        entity.decide(&self.call, &command, Sealed::default(), None).await?;
        Ok(())
    }
}

impl Record {
    async fn is_recorded(&self, entity: &Entity) -> Result<bool, Halt> {
        let cause = match self.outcome {
            MailOutcome::CodeSent { request, .. } | MailOutcome::Failed { request, .. } => request,
            MailOutcome::NoticeSent { cause, .. } => cause,
        };
        let closes = |event: &StampedEvent| match &event.event {
            AccountEvent::EmailCodeSent(sent) => sent.request == cause,
            AccountEvent::EmailDeliveryFailed(failed) => failed.request == cause,
            AccountEvent::NoticeSent(sent) => sent.cause == cause,
            _ => false,
        };
        Ok(newest_since(entity, cause, closes).await?.is_some())
    }
}

const fn event_of(outcome: MailOutcome) -> AccountEvent {
    match outcome {
        MailOutcome::CodeSent { request, attempts } => {
            AccountEvent::EmailCodeSent(EmailCodeSent { request, attempts })
        }
        MailOutcome::NoticeSent { notice, cause, attempts } => {
            AccountEvent::NoticeSent(NoticeSent { notice, cause, attempts })
        }
        MailOutcome::Failed { request, attempts, class } => {
            AccountEvent::EmailDeliveryFailed(EmailDeliveryFailed { request, attempts, class })
        }
    }
}
