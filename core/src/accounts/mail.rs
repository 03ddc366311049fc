//! What the courier asks of accounts, and tells them.

use countersign_events::account::{AccountEvent, EmailCodeSent, EmailDeliveryFailed, NoticeSent};
use countersign_events::id::{AccountId, EventId, Revision, StreamId};
use futures::future::BoxFuture;

use super::identity::open_net;
use super::request::Call;
use super::{Accounts, Fault};
use crate::actors::account::{Entity, Halt, Request, Sealed, stamped};
use crate::domain::Command;
use crate::domain::account::EmailCode;
use crate::domain::refusal::Refusal;
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
        let net = self.asked_from(entity).await?;
        Ok(Some(CodeMail { code, purpose, expires_at, net }))
    }
}

impl FindCode {
    /// Where the code was asked for, from the entry of the request.
    async fn asked_from(&self, entity: &Entity) -> Result<Option<super::request::Net>, Halt> {
        let from = entity.account().last.map_or(0, |(revision, _)| revision.get());
        let from = Revision::new(from.saturating_sub(LOOK_BACK));
        for recorded in entity.services.log.read_from(entity.stream, from).await? {
            if stamped(&recorded)?.id == self.request {
                return Ok(open_net(&entity.services.secrets, entity.stream, &recorded).await?);
            }
        }
        Ok(None)
    }
}

/// Entries at the end of a stream among which a request for a code is looked for.
const LOOK_BACK: u64 = 64;

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
        let from = entity.account().last.map_or(0, |(revision, _)| revision.get());
        let from = Revision::new(from.saturating_sub(LOOK_BACK));
        for recorded in entity.services.log.read_from(entity.stream, from).await? {
            let closes = match stamped(&recorded)?.event {
                AccountEvent::EmailCodeSent(sent) => sent.request == cause,
                AccountEvent::EmailDeliveryFailed(failed) => failed.request == cause,
                AccountEvent::NoticeSent(sent) => sent.cause == cause,
                _ => false,
            };
            if closes {
                return Ok(true);
            }
        }
        Ok(false)
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
