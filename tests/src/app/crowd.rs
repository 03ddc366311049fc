//! Many people at once, each with an authenticator: users of a client app, made through the core's
//! own door. What they go through afterwards goes over HTTP.

use std::collections::HashMap;

use anyhow::{Context as _, anyhow};
use countersign_core::accounts::answer::SignedIn;
use countersign_core::accounts::request::{
    AccountRef, Asker, BeginFactor, Call as CoreCall, NewClient, PasswordSignIn, Register,
    RegisterSubject,
};
use countersign_core::accounts::{Accounts, Verdict};
use countersign_core::clock::Clock as _;
use countersign_core::handle::SessionToken;
use countersign_events::actor::By;
use countersign_events::client::Scope;
use countersign_events::id::{AccountId, ClientId};
use data_encoding::BASE32_NOPAD;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use totp_rs::{Algorithm, Secret, Totp};
use zeroize::Zeroizing;

use super::{PASSWORD, TestApp, loudly};

/// Accounts that are made at once: enough to fill the log's batches.
const AT_ONCE: usize = 128;
/// Seconds of a time step.
const PERIOD_SECONDS: i64 = 30;

/// A client app, and users that it made.
pub struct Crowd {
    /// Its API key.
    pub key: String,
    /// Its users.
    pub people: Vec<Member>,
}

/// One of them.
pub struct Member {
    /// The app's name for the account.
    pub subject: String,
    /// The account.
    pub account: AccountId,
    /// The address, where there is one.
    pub email: Option<String>,
    /// The recovery codes.
    pub recovery_codes: Vec<String>,
    /// The step whose code confirmed the authenticator.
    pub step: i64,
    totp: Totp,
}

impl Member {
    /// What the phone shows in a time step.
    #[must_use]
    pub fn code(&self, step: i64) -> String {
        code(&self.totp, step)
    }
}

impl TestApp {
    /// So many people, with an address or without.
    ///
    /// # Panics
    /// Where one of them is refused.
    pub async fn crowd(&self, people: usize, with_address: bool) -> Crowd {
        loudly(self.make_crowd(people, with_address).await)
    }

    async fn make_crowd(&self, people: usize, with_address: bool) -> anyhow::Result<Crowd> {
        let accounts = &self.served()?.accounts;
        let call = self.core_call()?;
        let scopes = vec![Scope::AccountsWrite, Scope::SignInsVouch, Scope::HistoryRead];
        let added = yes(accounts
            .add_client(&call, NewClient::new("a crowd".to_owned(), scopes, None))
            .await)?;
        let step = self.clock.now().as_second() / PERIOD_SECONDS;
        let made = stream::iter(0..people).map(|number| {
            let maker = Maker { accounts, call: &call, client: added.client, step };
            maker.member(number, with_address)
        });
        let people = made.buffered(AT_ONCE).try_collect().await?;
        Ok(Crowd { key: added.api_key.reveal().to_string(), people })
    }
}

#[derive(Clone, Copy)]
struct Maker<'a> {
    accounts: &'a Accounts,
    call: &'a CoreCall,
    client: ClientId,
    step: i64,
}

impl Maker<'_> {
    async fn member(self, number: usize, with_address: bool) -> anyhow::Result<Member> {
        let Self { accounts, call, client, step } = self;
        let subject = format!("member-{number}-of-the-crowd");
        let email = with_address.then(|| format!("member{number}@example.com"));
        let ask = RegisterSubject {
            subject: subject.clone(),
            email: email.clone(),
            email_verified: with_address,
            display_name: None,
        };
        let account = yes(accounts.register_subject(call, client, ask).await)?;
        let asker = || Asker::Client { client, account: AccountRef::Id(account) };
        let begin = BeginFactor { name: "phone".to_owned(), password: None };
        let offered = yes(accounts.begin_factor(call, asker(), begin).await)?;
        let totp = totp_of(&offered.secret)?;
        let mut member = Member { subject, account, email, recovery_codes: Vec::new(), step, totp };
        let code = Zeroizing::new(member.code(step));
        let activated = yes(accounts.activate_factor(call, asker(), offered.factor, code).await)?;
        let codes = activated.recovery_codes.context("no recovery codes")?;
        member.recovery_codes = codes.iter().map(|code| code.to_string()).collect();
        Ok(member)
    }
}

/// Somebody with a password, a proven address and an authenticator.
pub struct Resident {
    /// The login.
    pub login: String,
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The account.
    pub account: AccountId,
    totp: Totp,
}

impl Resident {
    /// What the phone shows in a time step.
    #[must_use]
    pub fn code(&self, step: i64) -> String {
        code(&self.totp, step)
    }
}

impl TestApp {
    /// So many people with a password, a proven address and an authenticator.
    ///
    /// # Panics
    /// Where one of them is refused.
    pub async fn residents(&self, people: usize) -> Vec<Resident> {
        loudly(self.make_residents(people).await)
    }

    async fn make_residents(&self, people: usize) -> anyhow::Result<Vec<Resident>> {
        let accounts = &self.served()?.accounts;
        let call = CoreCall { by: By::Holder, ..self.core_call()? };
        let step = self.clock.now().as_second() / PERIOD_SECONDS;
        let made = stream::iter(0..people).map(|number| registered(accounts, &call, number));
        let made: Vec<_> = made.buffered(AT_ONCE).try_collect().await?;
        self.settle().await;
        let mut codes: HashMap<String, String> = self
            .post
            .codes_after(0)
            .into_iter()
            .filter_map(|(to, code)| Some((to, code?)))
            .collect();
        let made = made.into_iter().map(|registered| {
            let code = codes.remove(&registered.email);
            enrolled(accounts, &call, registered, code, step)
        });
        stream::iter(made).buffered(AT_ONCE).try_collect().await
    }
}

/// Somebody who has asked for the code that confirms the address.
struct Registered {
    login: String,
    email: String,
    account: AccountId,
    token: SessionToken,
}

async fn registered(
    accounts: &Accounts,
    call: &CoreCall,
    number: usize,
) -> anyhow::Result<Registered> {
    let (login, email) = (format!("resident.{number}"), format!("resident{number}@example.com"));
    let typed = || Zeroizing::new(PASSWORD.to_owned());
    let ask = Register { login: login.clone(), email: email.clone(), password: typed() };
    let account = yes(accounts.register(call, ask).await)?;
    let ask = PasswordSignIn { login: login.clone(), password: typed() };
    let SignedIn::Completed(session) = yes(accounts.sign_in(call, ask).await)? else {
        return Err(anyhow!("a second factor is asked for"));
    };
    yes(accounts.send_confirmation(call, &session.token).await)?;
    Ok(Registered { login, email, account, token: session.token })
}

async fn enrolled(
    accounts: &Accounts,
    call: &CoreCall,
    registered: Registered,
    mailed: Option<String>,
    step: i64,
) -> anyhow::Result<Resident> {
    let Registered { login, email, account, token } = registered;
    let mailed = Zeroizing::new(mailed.context("no code came")?);
    yes(accounts.confirm_email(call, &token, mailed).await)?;
    let asker = || Asker::Session(token.clone());
    let begin = BeginFactor { name: "phone".to_owned(), password: None };
    let offered = yes(accounts.begin_factor(call, asker(), begin).await)?;
    let totp = totp_of(&offered.secret)?;
    let first = Zeroizing::new(code(&totp, step));
    yes(accounts.activate_factor(call, asker(), offered.factor, first).await)?;
    Ok(Resident { login, email, password: PASSWORD.to_owned(), account, totp })
}

fn totp_of(secret: &str) -> anyhow::Result<Totp> {
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).context("base32")?;
    let totp = totp_rs::Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_secret(Secret::from(secret))
        .build();
    totp.map_err(|error| anyhow!("{error}"))
}

/// RFC 6238 by another hand than the server's own code.
fn code(totp: &Totp, step: i64) -> String {
    let second = step.saturating_mul(PERIOD_SECONDS);
    totp.generate(u64::try_from(second).unwrap_or(0)).to_string()
}

fn yes<T>(verdict: Verdict<T>) -> anyhow::Result<T> {
    verdict?.map_err(|refusal| anyhow!(refusal))
}
