//! Registration: a login or a subject is claimed, then the account is created.
//!
//! The order of writes: claim → data key → password → `Registered`. A crash between any two leaves
//! a claim whose stream is empty; after ten minutes whoever appends `RegistrationAbandoned` to
//! that stream at revision 0 may take it over, so no login is ever lost.

use countersign_events::account::Origin;
use countersign_events::entry::Idempotency;
use countersign_events::id::{AccountId, ClientId, Hash32, StreamId};
use uuid::Builder;

use super::identity::{Identity, seal_pii};
use super::passwords::{judge, put_password};
use super::request::{Call, Register, RegisterSubject};
use super::{Accounts, Fault, Verdict};
use crate::actors::account::{Entity, Halt, Request, Sealed};
use crate::domain::command::Register as RegisterCommand;
use crate::domain::decide::named_by;
use crate::domain::policy::CLAIM_TTL;
use crate::domain::refusal::Refusal;
use crate::domain::{Command, account::Standing};
use crate::entropy;
use crate::vault::Claim;
use crate::vault::names::is_invisible;

/// Characters of a login.
const LOGIN_CHARS: std::ops::RangeInclusive<usize> = 3..=64;
/// Characters of an address (RFC 5321, 4.5.3.1: 64 + 1 + 255 octets, less what nobody has).
const EMAIL_CHARS: std::ops::RangeInclusive<usize> = 3..=254;
/// Characters of a client app's name for an account, and of a display name.
pub(super) const SUBJECT_CHARS: std::ops::RangeInclusive<usize> = 1..=128;

impl Accounts {
    /// A person registers.
    ///
    /// # Errors
    /// [`Refusal::Invalid`], [`Refusal::WeakPassword`], [`Refusal::Taken`]; a [`Fault`].
    pub async fn register(&self, call: &Call, ask: Register) -> Verdict<AccountId> {
        let refused = check_login(&ask.login)
            .and_then(|()| check_email(&ask.email))
            .and_then(|()| check_own_address(&ask.login, &ask.email));
        if let Err(refusal) = refused {
            return Ok(Err(refusal));
        }
        let name = self.secrets().login_hash(&ask.login);
        let identity =
            Identity { login: Some(ask.login), email: Some(ask.email), ..Identity::default() };
        // Before the claim: what is said of a password must not depend on who else is there.
        if let Err(refusal) = judge(&self.services, &ask.password, &identity, false).await? {
            return Ok(Err(refusal));
        }
        let create = Create {
            call: call.clone(),
            origin: Origin::Holder,
            client: None,
            email_verified: false,
            identity,
            password: Some(ask.password),
        };
        self.claim_and_create(call, name, create).await
    }

    /// A client app makes an account for one of its users.
    ///
    /// # Errors
    /// [`Refusal::Invalid`], [`Refusal::Taken`]; a [`Fault`].
    pub async fn register_subject(
        &self,
        call: &Call,
        client: ClientId,
        ask: RegisterSubject,
    ) -> Verdict<AccountId> {
        let refused = check_text("subject", &ask.subject, SUBJECT_CHARS)
            .and_then(|()| ask.email.as_deref().map_or(Ok(()), check_email))
            .and_then(|()| {
                let name = ask.display_name.as_deref();
                name.map_or(Ok(()), |name| check_text("display_name", name, SUBJECT_CHARS))
            });
        if let Err(refusal) = refused {
            return Ok(Err(refusal));
        }
        let name = self.secrets().subject_hash(client, &ask.subject);
        let create = Create {
            call: call.clone(),
            origin: Origin::Client,
            client: Some(client),
            email_verified: ask.email_verified,
            identity: Identity {
                login: None,
                email: ask.email,
                subject: Some(ask.subject),
                display_name: ask.display_name,
            },
            password: None,
        };
        self.claim_and_create(call, name, create).await
    }

    /// Makes the account of an operator, without a password yet.
    pub(super) async fn register_operator(&self, call: &Call, login: String) -> Verdict<AccountId> {
        if let Err(refusal) = check_login(&login) {
            return Ok(Err(refusal));
        }
        let name = self.secrets().login_hash(&login);
        let create = Create {
            call: call.clone(),
            origin: Origin::Operator,
            client: None,
            email_verified: false,
            identity: Identity { login: Some(login), ..Identity::default() },
            password: None,
        };
        self.claim_and_create(call, name, create).await
    }

    async fn claim_and_create(
        &self,
        call: &Call,
        name: Hash32,
        create: Create,
    ) -> Verdict<AccountId> {
        // Before the claim: a key reused with another login must not claim that one too.
        if let Err(refusal) = self.same_request(call).await? {
            return Ok(Err(refusal));
        }
        let account = self.new_account_id(call)?;
        let now = self.log().now();
        match self.secrets().claim(name, account, now).await? {
            Claim::Claimed => {}
            Claim::Held { account: holder, .. } if holder == account => {}
            Claim::Held { account: holder, claimed_at } => {
                let is_old = now.duration_since(claimed_at) >= CLAIM_TTL;
                if !is_old || !self.abandon(call, holder).await? {
                    return Ok(Err(Refusal::Taken(named_by(create.origin))));
                }
                // If we crash here, the abandoned stream lets the next one take the claim over.
                if !self.secrets().take_over(name, holder, account, now).await? {
                    return Ok(Err(Refusal::Taken(named_by(create.origin))));
                }
            }
        }
        self.ask(StreamId::Account(account), create).await
    }

    /// A random id; with an idempotency key the same one again, so that a repeated registration
    /// meets the account that the first one made. What is asked goes into it: whatever becomes of
    /// the key, no two logins can lead to one account.
    fn new_account_id(&self, call: &Call) -> Result<AccountId, Fault> {
        let bytes = match &call.idempotency {
            None => *entropy::bytes::<16>(self.log().entropy())?,
            Some(asked) => {
                let Idempotency { key, body } = asked.hashed(self.secrets());
                *self.secrets().fingerprint("account id", &[key.bytes(), body.bytes()]).bytes()
            }
        };
        Ok(AccountId::new(Builder::from_random_bytes(bytes).into_uuid()))
    }

    /// Gives up an old claim; false where its registration came after all.
    async fn abandon(&self, call: &Call, holder: AccountId) -> Result<bool, Fault> {
        let call = Call { idempotency: None, ..call.clone() };
        Ok(self.ask(StreamId::Account(holder), Abandon { call }).await?.is_ok())
    }
}

/// Creates the account on its empty stream.
struct Create {
    call: Call,
    origin: Origin,
    client: Option<ClientId>,
    email_verified: bool,
    identity: Identity,
    password: Option<zeroize::Zeroizing<String>>,
}

impl Request for Create {
    type Answer = AccountId;

    async fn perform(&self, entity: &mut Entity) -> Result<AccountId, Halt> {
        let begun = entity.begin(&self.call).await?;
        let account = entity.id()?;
        if begun.repeated.is_some() {
            return Ok(account);
        }
        if !entity.account().is_empty() {
            return Err(Refusal::Taken(named_by(self.origin)).into());
        }
        let services = std::sync::Arc::clone(&entity.services);
        let key = services.secrets.create_key(account).await?;
        let password = match &self.password {
            None => None,
            Some(password) => Some(put_password(entity, password).await?),
        };
        let pii = seal_pii(&services.secrets, account, &self.identity).await?;
        let command = Command::Register(RegisterCommand {
            origin: self.origin,
            client: self.client,
            has_email: self.identity.email.is_some(),
            email_confirmed: self.email_verified,
            imported: None,
            key,
            password,
        });
        let sealed = Sealed { pii: Some(pii), net: None };
        entity.decide(&self.call, &command, sealed, Some(&begun.mint)).await?;
        Ok(account)
    }
}

/// Gives up a claim whose registration never came.
struct Abandon {
    call: Call,
}

impl Request for Abandon {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        entity.load().await?;
        if entity.account().standing == Standing::Abandoned {
            return Ok(());
        }
        entity.decide(&self.call, &Command::Abandon, Sealed::default(), None).await?;
        Ok(())
    }
}

/// A text that people type: of a length, without control characters or white space around it.
pub(super) fn check_text(
    field: &'static str,
    text: &str,
    chars: std::ops::RangeInclusive<usize>,
) -> Result<(), Refusal> {
    let invalid = |reason: String| Err(Refusal::Invalid { field, reason });
    if !chars.contains(&text.chars().count()) {
        return invalid(format!("{} to {} characters", chars.start(), chars.end()));
    }
    if text.chars().any(char::is_control) || text.trim() != text {
        return invalid("no control characters, no white space around it".to_owned());
    }
    Ok(())
}

/// A login: a text in which every character shows, so that it is read as it is.
pub(super) fn check_login(login: &str) -> Result<(), Refusal> {
    check_text("login", login, LOGIN_CHARS)?;
    check_visible("login", login)
}

/// A login that reads like an address is the account's own: nobody is to be taken for somebody
/// else by it (SR-089).
pub(super) fn check_own_address(login: &str, email: &str) -> Result<(), Refusal> {
    if !login.contains('@') || login == email {
        return Ok(());
    }
    let reason = "a login with an @ must be your own address".to_owned();
    Err(Refusal::Invalid { field: "login", reason })
}

/// An address that a mail server can be given: one `@`, something on both sides, no space, and no
/// two dots or a dot at an end of its domain.
pub(super) fn check_email(email: &str) -> Result<(), Refusal> {
    check_text("email", email, EMAIL_CHARS)?;
    check_visible("email", email)?;
    let invalid = |reason: &str| Refusal::Invalid { field: "email", reason: reason.to_owned() };
    let sides = email.split_once('@').filter(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !email.contains([' ', ',', ';', '<', '>', '"', '(', ')'])
    });
    let (_, domain) = sides.ok_or_else(|| invalid("not an e-mail address"))?;
    if domain.split('.').any(str::is_empty) {
        return Err(invalid("an empty part in the domain: look at its dots"));
    }
    // What the mailer could not write a mail to is no address here.
    let written: Result<lettre::Address, _> = email.parse();
    written.map(drop).map_err(|_| invalid("not an e-mail address"))
}

/// No character that shows nothing or turns the direction of the others.
pub(super) fn check_visible(field: &'static str, text: &str) -> Result<(), Refusal> {
    if text.chars().any(is_unseen) {
        let reason = "no invisible and no formatting characters".to_owned();
        return Err(Refusal::Invalid { field, reason });
    }
    Ok(())
}

/// No character that turns the direction of the others, hides lines or fills a place with nothing;
/// what joins letters and pictures may stand there.
pub(super) fn check_readable(field: &'static str, text: &str) -> Result<(), Refusal> {
    let joins = |c: char| matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}');
    if text.chars().any(|c| is_unseen(c) && !joins(c)) {
        let reason = "no invisible and no formatting characters".to_owned();
        return Err(Refusal::Invalid { field, reason });
    }
    Ok(())
}

/// The invisible ones, separators of lines and paragraphs, and the marks of annotations.
fn is_unseen(c: char) -> bool {
    is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}')
}
