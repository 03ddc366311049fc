//! What the courier asks of accounts, and tells them.

use countersign_events::account::{AccountEvent, EmailCodeSent, EmailDeliveryFailed, NoticeSent};
use countersign_events::id::{AccountId, EventId, Revision, StreamId};
use countersign_events::store::{READ_LIMIT_MAX, Recorded};
use futures::future::BoxFuture;
use jiff::SignedDuration;

use super::identity::open_net;
use super::request::Call;
use super::{Accounts, Fault};
use crate::actors::account::{Entity, Halt, Request, Sealed, stamped};
use crate::domain::account::EmailCode;
use crate::domain::refusal::Refusal;
use crate::domain::{Command, StampedEvent};
use crate::mail::ledger::{Addressee, CodeMail, MailLedger, MailOutcome};

impl MailLedger for Accounts {
    fn addressee(&self, account: AccountId) -> BoxFuture<'_, Result<Option<Addressee>, Fault>> {
        Box::pin(async move {
            let found = self.ask(StreamId::Account(account), FindAddressee).await?;
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

struct FindAddressee;

impl Request for FindAddressee {
    type Answer = Option<Addressee>;

    async fn perform(&self, entity: &mut Entity) -> Result<Option<Addressee>, Halt> {
        entity.load().await?;
        let identity = entity.identity().await?;
        let display_name = identity.display_name;
        Ok(identity.email.map(|email| Addressee { email, display_name }))
    }
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
        let live = open.email_codes.iter().find(|(_, code)| code.request == self.request);
        let (Some((bound_to, code)), Some(email)) = (live, &open.email) else { return Ok(None) };
        let EmailCode { purpose, nonce, expires_at, .. } = code.clone();
        let secrets = &entity.services.secrets;
        let code = secrets.email_code(entity.id()?, *bound_to, purpose, email.commit, nonce);
        let asked = newest_since(entity, self.request, |event| event.id == self.request).await?;
        let net = match asked {
            Some(asked) => open_net(&entity.services.secrets, entity.stream, &asked).await?,
            None => None,
        };
        Ok(Some(CodeMail { code, purpose, expires_at, net }))
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
        let from = end.saturating_sub(LOOK_BACK_PAGE);
        let limit = usize::try_from(end - from).unwrap_or(READ_LIMIT_MAX);
        let store = entity.services.log.store();
        let page = store.read_stream(entity.stream, Revision::new(from), limit).await?;
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
