//! The blind sign-in: a wrong password and a right one look the same up to the second factor
//! (SR-064).
//!
//! Whoever has not given the password gets the name of a sign-in that is none: every answer to it
//! fails as a wrong code does. So that nothing else tells the two apart, every way is offered to
//! everybody, a code by e-mail is promised to everybody and no limit is told after the password.

use countersign_events::account::Method;
use countersign_events::id::{AccountId, StreamId};
use uuid::Builder;

use super::Accounts;
use super::answer::{EmailCodePromised, MethodOffered, SecondFactorRequired, SignedIn};
use crate::actors::account::{Batch, Entity, Halt, Mint};
use crate::domain::refusal::Refusal;

/// What the password led to when it was asked, as everybody is told it, then and ever again.
pub(super) fn blinded(
    entity: &Entity,
    mint: &Mint,
    batch: &Batch,
    step: Result<SignedIn, Halt>,
) -> Result<SignedIn, Halt> {
    let policy = entity.policy();
    match step {
        step if !policy.blind_sign_in => step,
        Ok(SignedIn::SecondFactorRequired(asked)) => {
            let methods = every_way();
            Ok(SignedIn::SecondFactorRequired(SecondFactorRequired { methods, ..asked }))
        }
        Err(Halt::Refusal(Refusal::AuthenticationFailed)) => {
            let asked_at = batch.began_at().unwrap_or_else(|| entity.now());
            Ok(SignedIn::SecondFactorRequired(SecondFactorRequired {
                id: mint.sign_in(somebody(entity)),
                methods: every_way(),
                expires_at: asked_at.saturating_add(policy.sign_in_ttl).unwrap_or(asked_at),
            }))
        }
        other => other,
    }
}

/// Whose sign-in it seems to be: the account's, or for a login that nobody has always the same id.
fn somebody(entity: &Entity) -> AccountId {
    match entity.stream {
        StreamId::Account(account) => account,
        other => {
            let name = other.to_string();
            let secrets = &entity.services.secrets;
            let id = secrets.fingerprint("nobody's account id", &[name.as_bytes()]);
            AccountId::new(Builder::from_random_bytes(*id.bytes()).into_uuid())
        }
    }
}

fn every_way() -> Vec<MethodOffered> {
    let ways = [Method::Totp, Method::EmailCode, Method::RecoveryCode];
    let offered = |method| MethodOffered { method, factor: None, name: None, hint: None };
    ways.into_iter().map(offered).collect()
}

impl Accounts {
    /// An answer to the second question, as everybody is told it: no limit shows that there was
    /// something to guess.
    pub(super) fn blinded_answer<T>(&self, verdict: Result<T, Refusal>) -> Result<T, Refusal> {
        match verdict {
            Err(Refusal::TooManyRequests { .. }) if self.policy().blind_sign_in => {
                Err(Refusal::AuthenticationFailed)
            }
            verdict => verdict,
        }
    }

    /// What is said of a code that was asked for, as everybody is told it.
    pub(super) fn blinded_promise(
        &self,
        promised: Result<EmailCodePromised, Refusal>,
    ) -> Result<EmailCodePromised, Refusal> {
        let (now, policy) = (self.log().now(), self.policy());
        match promised {
            Err(Refusal::IdempotencyKeyReused) => promised,
            _ if policy.blind_sign_in => Ok(EmailCodePromised {
                hint: String::new(),
                resend_at: now.saturating_add(policy.email_resend).unwrap_or(now),
                expires_at: now.saturating_add(policy.email_code_ttl).unwrap_or(now),
            }),
            promised => promised,
        }
    }
}
