//! Where a guess comes from, and how it ended: what the limits per source are asked and told.
//!
//! Whose word counts: for an account that a client app made, the context that the app gave when
//! the sign-in began, since every call comes from the app's own server, behind which are all its
//! users. Without a context no limit of a source applies. For everybody else it is the caller. What
//! an app says counts for its own users alone: nobody else is kept out by its word.
//!
//! **Architecture Invariant:** a guess is admitted by [`Entity::admit_guess`] and told of by
//! [`Entity::judged`] alone, so that a route that verifies a secret cannot be forgotten: whatever
//! compares one wants a [`Leave`], and this module alone gives them (SR-082). What nobody can guess
//! (links of mails, setup tokens, handles) passes by: a block must not take a victim's way back.

use countersign_events::account::{AccountEvent, Method, Need, Origin, RejectedWhy};
use countersign_events::id::{HandleHash, StreamId};

use super::request::Call;
use super::{Accounts, Fault, Verdict};
use crate::actors::account::{Entity, Halt, Request, Services};
use crate::domain::account::{Offer, SignIn};
use crate::domain::refusal::Refusal;
use crate::handle::{SessionToken, SignInHandle};
use crate::sources::{Outcome, Source, Sources};

/// With what somebody comes to guess.
#[derive(Debug, Clone)]
pub enum With {
    /// With a sign-in.
    SignIn(SignInHandle),
    /// With a session.
    Session(SessionToken),
}

/// Leave to compare what was given with a secret; it says what counts the comparing.
#[derive(Debug)]
#[must_use = "a guess that is admitted is one that is made"]
pub(super) struct Leave(CountedBy);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CountedBy {
    /// The limits of a method.
    Limits(Method),
    /// The authenticator on offer that the code is for.
    Offer,
    /// Nothing: whoever asks has proven this very secret to get here.
    Nothing,
}

impl Leave {
    /// For the password, in a sign-in that has proven it.
    pub(super) const fn proven(sign_in: &SignIn) -> Option<Self> {
        match sign_in.needs {
            Need::NewPassword => Some(Self(CountedBy::Nothing)),
            Need::SecondFactor | Need::Enrolment => None,
        }
    }

    /// Demands that it is leave for this method.
    ///
    /// # Errors
    /// [`Fault::Internal`]: leave for one method is none for another.
    pub(super) fn demand(&self, method: Method) -> Result<(), Fault> {
        match self.0 {
            CountedBy::Limits(admitted) if admitted == method => Ok(()),
            CountedBy::Offer if method == Method::Totp => Ok(()),
            CountedBy::Nothing if method == Method::Password => Ok(()),
            other => Err(Fault::Internal(format!("{method:?} under leave for {other:?}"))),
        }
    }
}

impl Accounts {
    /// What came was no code at all. Nothing is evaluated, and no account counts it; the source
    /// does (SR-010).
    ///
    /// # Errors
    /// A [`Fault`].
    pub async fn malformed(&self, call: &Call, with: With) -> Verdict<()> {
        let (account, at) = match &with {
            With::SignIn(sign_in) => (sign_in.account(), sign_in.hash()),
            With::Session(token) => (token.account(), token.hash()),
        };
        let request = NoCode { call: call.clone(), at };
        self.ask(StreamId::Account(account), request).await
    }

    /// Notices an idempotency key that came with something else before, unless the caller's source
    /// is blocked: nothing is kept then. What was asked before is answered as it was all the same,
    /// and all else is refused, by the account.
    pub(super) async fn same_guess(&self, call: &Call) -> Verdict<()> {
        let source = Source::parse(&call.net.ip);
        match sources(&self.services, call.staff_only).admits(source) {
            true => self.same_request(call).await,
            false => Ok(Ok(())),
        }
    }

    /// Admits a request for a mail that goes to whoever has a login, if anybody.
    pub(super) fn admit_mail_to_anybody(&self, call: &Call) -> Result<(), Refusal> {
        sources(&self.services, call.staff_only).admit_mail(Source::parse(&call.net.ip))
    }
}

impl Entity {
    /// Admits a guess, given with a sign-in or session, or neither. Asked before anything is
    /// compared or hashed: what is refused here costs no hash and tells nothing.
    ///
    /// # Errors
    /// [`Refusal::TooManyRequests`] for a source that is blocked, and for a method that must wait.
    pub(super) async fn admit_guess(
        &mut self,
        call: &Call,
        method: Method,
        with: Option<HandleHash>,
    ) -> Result<Leave, Halt> {
        self.admit_source(call, with).await?;
        self.admit(call, method, with)?;
        Ok(Leave(CountedBy::Limits(method)))
    }

    /// Admits what is no guess to the account, and one like any other to its source: a code for an
    /// authenticator on offer, which counts it.
    ///
    /// # Errors
    /// [`Refusal::TooManyRequests`] for a source that is blocked.
    pub(super) async fn admit_for_offer(
        &self,
        call: &Call,
        _offer: &Offer,
        with: Option<HandleHash>,
    ) -> Result<Leave, Halt> {
        self.admit_source(call, with).await?;
        Ok(Leave(CountedBy::Offer))
    }

    async fn admit_source(&self, call: &Call, with: Option<HandleHash>) -> Result<(), Halt> {
        let source = self.source(call, with).await;
        Ok(sources(&self.services, self.is_of_staff(call)).admit(source)?)
    }

    /// Admits a request for a mail, and counts it (AT-50), whether a mail goes out or not: what is
    /// counted must not tell whether there is anybody to send it to (SR-030, SR-064).
    ///
    /// # Errors
    /// As of [`Entity::admit_guess`].
    pub(super) async fn admit_mail(
        &mut self,
        call: &Call,
        with: Option<HandleHash>,
    ) -> Result<(), Halt> {
        self.load().await?;
        let source = self.source(call, with).await;
        Ok(sources(&self.services, self.is_of_staff(call)).admit_mail(source)?)
    }

    /// How a guess ended, if these events say so. Asked before they are evolved, while the sign-in
    /// or session that it was given in is there; noted after they were appended.
    pub(crate) async fn judged(&self, call: &Call, events: &[AccountEvent]) -> Option<Judged> {
        let (with, outcome) = events.iter().find_map(verdict)?;
        let blind = self.policy().blind_sign_in && events.iter().any(is_at_sign_in);
        let source = match outcome {
            Outcome::CodeAccepted => None,
            // Its source is told by `note_blind`.
            Outcome::CodeRejected if blind => None,
            _ => self.source(call, with).await,
        };
        Some(Judged { source, outcome, of_staff: self.is_of_staff(call) })
    }

    /// Takes note of how a guess ended.
    pub(crate) fn note(&self, judged: Option<Judged>) {
        if let Some(Judged { source, outcome, of_staff }) = judged {
            sources(&self.services, of_staff).note(source, self.stream, outcome);
        }
    }

    /// Takes note of a password that was not judged, since none is worth anything: it cost a hash,
    /// and is a wrong one to its source.
    pub(super) async fn note_worthless_password(&self, call: &Call) {
        let source = self.source(call, None).await;
        let outcome = Outcome::PasswordRejected;
        self.note(Some(Judged { source, outcome, of_staff: self.is_of_staff(call) }));
    }

    /// Takes note of an answer that failed, where the sign-in is blind: each counts once for its
    /// source, judged or not, repeated or not, whether there is such a sign-in or not. Else who
    /// guesses passwords would learn by his own block that there was something to answer (SR-064).
    pub(super) async fn note_blind<T>(
        &self,
        call: &Call,
        sign_in: HandleHash,
        answered: &Result<T, Halt>,
    ) {
        let refused = matches!(
            answered,
            Err(Halt::Refusal(Refusal::AuthenticationFailed | Refusal::TooManyRequests { .. }))
        );
        if refused && self.policy().blind_sign_in {
            let source = self.source(call, Some(sign_in)).await;
            let outcome = Outcome::CodeUnjudged;
            self.note(Some(Judged { source, outcome, of_staff: self.is_of_staff(call) }));
        }
    }

    /// Whether a guess counts among those of operators: by whose account it is, and where it is
    /// nobody's by where it was made.
    fn is_of_staff(&self, call: &Call) -> bool {
        let open = self.account().open();
        open.map_or(call.staff_only, |open| open.origin == Origin::Operator)
    }

    async fn source(&self, call: &Call, with: Option<HandleHash>) -> Option<Source> {
        if !sources(&self.services, self.is_of_staff(call)).are_limited() {
            return None;
        }
        match self.account().open() {
            Some(open) if open.client.is_some() => {
                let sign_in = with.and_then(|hash| open.sign_ins.get(&hash));
                let session = with.and_then(|hash| open.sessions.get(&hash));
                let opened_in = sign_in
                    .map(|sign_in| sign_in.opened_in)
                    .or(session.map(|session| session.opened_in))?;
                match self.net_of(opened_in).await {
                    Ok(net) => Source::parse(&net?.ip).map(|source| source.told_by(open.client)),
                    Err(halt) => {
                        // One layer less; the account's own limits hold.
                        tracing::warn!(stream = %self.stream, ?halt, "a source cannot be read");
                        None
                    }
                }
            }
            _ => Source::parse(&call.net.ip),
        }
    }
}

/// The limits of operators are their own.
fn sources(services: &Services, of_staff: bool) -> &Sources {
    if of_staff { &services.staff_sources } else { &services.sources }
}

/// A guess that was judged, and where it came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged {
    source: Option<Source>,
    outcome: Outcome,
    of_staff: bool,
}

/// What an event says of a guess. A retype of an accepted code is none (SR-009).
const fn verdict(event: &AccountEvent) -> Option<(Option<HandleHash>, Outcome)> {
    match event {
        AccountEvent::PasswordRejected(rejected) => {
            Some((rejected.in_session, Outcome::PasswordRejected))
        }
        AccountEvent::CodeRejected(rejected) => match (rejected.why, rejected.sign_in) {
            (RejectedWhy::Reused, _) => None,
            (_, Some(sign_in)) => Some((Some(sign_in), Outcome::CodeRejected)),
            (_, None) => Some((rejected.in_session, Outcome::CodeRejected)),
        },
        AccountEvent::CodeVerified(_) => Some((None, Outcome::CodeAccepted)),
        _ => None,
    }
}

const fn is_at_sign_in(event: &AccountEvent) -> bool {
    matches!(event, AccountEvent::CodeRejected(rejected) if rejected.sign_in.is_some())
}

struct NoCode {
    call: Call,
    at: HandleHash,
}

impl Request for NoCode {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        entity.load().await?;
        let source = entity.source(&self.call, Some(self.at)).await;
        let (outcome, of_staff) = (Outcome::CodeMalformed, entity.is_of_staff(&self.call));
        entity.note(Some(Judged { source, outcome, of_staff }));
        Ok(())
    }
}
