//! Many people at once, each with an authenticator: users of a client app, made through the core's
//! own door. What they go through afterwards goes over HTTP.

use anyhow::{Context as _, anyhow};
use countersign_core::accounts::request::{
    AccountRef, Asker, BeginFactor, Call as CoreCall, RegisterSubject,
};
use countersign_core::accounts::{Accounts, Verdict};
use countersign_core::clock::Clock as _;
use countersign_events::client::Scope;
use countersign_events::id::{AccountId, ClientId};
use data_encoding::BASE32_NOPAD;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use totp_rs::{Algorithm, Secret, Totp};
use zeroize::Zeroizing;

use super::{TestApp, loudly};

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
    /// What the phone shows in a time step: RFC 6238 by another hand than the server's own code.
    #[must_use]
    pub fn code(&self, step: i64) -> String {
        let second = step.saturating_mul(PERIOD_SECONDS);
        self.totp.generate(u64::try_from(second).unwrap_or(0)).to_string()
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
        let added = yes(accounts.add_client(&call, "a crowd".to_owned(), scopes).await)?;
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
        let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).context("base32")?;
        let totp = totp_rs::Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_secret(Secret::from(secret))
            .build()
            .map_err(|error| anyhow!("{error}"))?;
        let mut member = Member { subject, account, email, recovery_codes: Vec::new(), step, totp };
        let code = Zeroizing::new(member.code(step));
        let activated = yes(accounts.activate_factor(call, asker(), offered.factor, code).await)?;
        let codes = activated.recovery_codes.context("no recovery codes")?;
        member.recovery_codes = codes.iter().map(|code| code.to_string()).collect();
        Ok(member)
    }
}

fn yes<T>(verdict: Verdict<T>) -> anyhow::Result<T> {
    verdict?.map_err(|refusal| anyhow!(refusal))
}
