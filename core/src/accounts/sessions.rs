//! Sessions: who am I, which are there, ending them.

use countersign_events::id::{HandleHash, StreamId};

use super::answer::SessionView;
use super::request::Call;
use super::{Accounts, Verdict};
use crate::actors::account::{Entity, Halt, Request, Sealed};
use crate::domain::Command;
use crate::domain::command::WhichSessions;
use crate::domain::refusal::Refusal;
use crate::handle::SessionToken;

impl Accounts {
    /// The session that a token holds.
    ///
    /// # Errors
    /// [`Refusal::NoSession`]; a [`Fault`](super::Fault).
    pub async fn session(&self, call: &Call, token: &SessionToken) -> Verdict<SessionView> {
        let request = List { call: call.clone(), session: token.hash(), which: Listed::Own };
        let verdict = self.ask(StreamId::Account(token.account()), request).await?;
        Ok(verdict.and_then(|sessions| sessions.into_iter().next().ok_or(Refusal::NoSession)))
    }

    /// The sessions of the holder, the newest first.
    ///
    /// # Errors
    /// [`Refusal::NoSession`]; a [`Fault`](super::Fault).
    pub async fn sessions(&self, call: &Call, token: &SessionToken) -> Verdict<Vec<SessionView>> {
        let request = List { call: call.clone(), session: token.hash(), which: Listed::All };
        self.ask(StreamId::Account(token.account()), request).await
    }

    /// Ends the session of the token.
    ///
    /// # Errors
    /// [`Refusal::NoSession`]; a [`Fault`](super::Fault).
    pub async fn sign_out(&self, call: &Call, token: &SessionToken) -> Verdict<()> {
        self.end(call, token, WhichSessions::Own).await
    }

    /// Ends one session of the holder.
    ///
    /// # Errors
    /// [`Refusal::NoSession`], [`Refusal::NotFound`]; a [`Fault`](super::Fault).
    pub async fn end_session(
        &self,
        call: &Call,
        token: &SessionToken,
        session: HandleHash,
    ) -> Verdict<()> {
        self.end(call, token, WhichSessions::One(session)).await
    }

    /// Ends every session of the holder but the one that asks.
    ///
    /// # Errors
    /// [`Refusal::NoSession`]; a [`Fault`](super::Fault).
    pub async fn end_other_sessions(&self, call: &Call, token: &SessionToken) -> Verdict<()> {
        self.end(call, token, WhichSessions::Others).await
    }

    async fn end(&self, call: &Call, token: &SessionToken, which: WhichSessions) -> Verdict<()> {
        let request = End { call: call.clone(), session: token.hash(), which };
        self.ask(StreamId::Account(token.account()), request).await
    }
}

struct List {
    call: Call,
    session: HandleHash,
    which: Listed,
}

#[derive(PartialEq, Eq)]
enum Listed {
    Own,
    All,
}

impl Request for List {
    type Answer = Vec<SessionView>;

    async fn perform(&self, entity: &mut Entity) -> Result<Vec<SessionView>, Halt> {
        entity.load().await?;
        entity.session(&self.call, self.session).await?;
        let account = entity.id()?;
        let now = entity.now();
        let listed = entity.open()?.sessions.iter().filter(|(id, session)| {
            now < session.expires_at && (self.which == Listed::All || **id == self.session)
        });
        let mut sessions = vec![];
        for (id, session) in listed {
            sessions.push(SessionView {
                id: *id,
                account,
                started_at: session.started_at,
                expires_at: session.expires_at,
                last_used_at: session.used_at,
                assurance: session.assurance,
                amr: session.amr.clone(),
                auth_time: session.auth_time,
                net: entity.net_of(session.opened_in).await?,
                current: *id == self.session,
            });
        }
        sessions.sort_by_key(|session| std::cmp::Reverse(session.started_at));
        Ok(sessions)
    }
}

struct End {
    call: Call,
    session: HandleHash,
    which: WhichSessions,
}

impl Request for End {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        if entity.begin(&self.call).await?.repeated.is_some() {
            return Ok(());
        }
        entity.session(&self.call, self.session).await?;
        let command = Command::EndSessions { session: self.session, which: self.which };
        entity.decide(&self.call, &command, Sealed::default(), None).await?;
        Ok(())
    }
}
