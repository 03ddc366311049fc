//! Imports: accounts as another system had them, with their authenticators and password hashes.
//!
//! ```text
//!   a line ─▶ checked ─▶ is it there? ── the same ──▶ skipped
//!                            │     └──── another ───▶ refused
//!                            ▼ free
//!                claim ─▶ data key ─▶ seed, hash ─▶ Registered … Enabled in one append
//! ```
//!
//! Only whoever owns the data directory imports: nobody else asks anything of it meanwhile, so no
//! actor stands between, and hundreds of accounts share each durable write. The order of writes is
//! that of every registration. If we crash between any two, there is a claim whose stream is empty,
//! and the next import goes on with that account: nothing is made twice, and what the vault holds
//! of the first time the sweeper removes. What a line says is told apart from what is there by the
//! account alone, so an import that is run again skips what it did, without a record of its own.
//!
//! No recovery codes are made: nobody is there to be shown them.

mod books;
mod checks;

use std::collections::HashMap;
use std::sync::Arc;

use countersign_events::account::{AccountEvent, Origin};
use countersign_events::entry::SealedPart;
use countersign_events::id::{AccountId, ClientId, FactorId, HandleHash, Hash32, StreamId};
use countersign_events::store::EventStore;
use futures::future::{join_all, try_join, try_join_all};

use self::books::{Books, Found, Place};
use self::checks::Checked;
use super::identity::{FactorName, seal_pii};
use super::request::Call;
use super::{Accounts, Fault};
use crate::actors::log::{Log, Planned, Stamp, Wrote};
use crate::domain::command::{Context, Imported, Register};
use crate::domain::policy::Policy;
use crate::domain::{Account, Command, decide};
use crate::entropy;
use crate::migration::{Line, Row, Seed, Why};
use crate::vault::{Claim, SecretKind, Secrets};

/// Accounts that share a durable write: enough to be quick, few enough for the vault's queue.
pub const ROWS_AT_ONCE: usize = 256;

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The account is there now, or would be.
    Imported,
    /// It was there, and is what the line says.
    There,
    /// The line was not taken.
    Refused(Why),
}

/// A line, by its number and, where it holds several accounts, by which of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// From 1 on.
    pub number: u64,
    /// From 1 on.
    pub part: Option<u32>,
    /// What became of it.
    pub outcome: Outcome,
}

/// Takes lines, one batch after the other.
pub struct Importer {
    books: Books,
    client: Option<ClientId>,
    /// What is written with; nothing where it is only tried.
    pen: Option<Pen>,
    /// Names that came before, with a keyed hash of what came with them, and why that was refused.
    seen: HashMap<Hash32, (HandleHash, Option<Why>)>,
}

struct Pen {
    log: Log,
    call: Call,
    policy: Policy,
}

/// A line whose account is to be looked for.
struct Wanted {
    place: (u64, Option<u32>),
    checked: Checked,
    row: Row,
    print: HandleHash,
}

/// An account whose secrets are durable, and which no event tells of yet.
struct Ready {
    account: AccountId,
    planned: Vec<Planned>,
}

impl Importer {
    /// Imports, in the name of whoever calls. Subjects are a client app's.
    #[must_use]
    pub fn new(accounts: &Accounts, call: Call, client: Option<ClientId>) -> Self {
        let log = accounts.log().clone();
        let books = Books::new(Arc::clone(log.store()), accounts.secrets().clone());
        let policy = Policy::clone(&accounts.policy());
        Self { books, client, pen: Some(Pen { log, call, policy }), seen: HashMap::new() }
    }

    /// Tries what an import would do, and writes nothing.
    #[must_use]
    pub fn rehearsing(
        store: Arc<dyn EventStore>,
        secrets: Secrets,
        client: Option<ClientId>,
    ) -> Self {
        Self { books: Books::new(store, secrets), client, pen: None, seen: HashMap::new() }
    }

    /// Takes lines: what is told of them is durable, and in their order.
    ///
    /// # Errors
    /// A [`Fault`]: some of the lines may have been taken, and all may be given again.
    pub async fn take(&mut self, lines: Vec<Line>) -> Result<Vec<Told>, Fault> {
        let (mut told, mut batch): (Vec<Told>, Vec<Wanted>) = (vec![], vec![]);
        for line in lines {
            let place = (line.number, line.part);
            let checked = line.read.and_then(|row| Ok((self.check(&row)?, row)));
            let (checked, row) = match checked {
                Ok(checked) => checked,
                Err(why) => {
                    told.push(tell(place, Outcome::Refused(why)));
                    continue;
                }
            };
            let print = self.books.fingerprint(&row);
            if batch.len() >= ROWS_AT_ONCE || batch.iter().any(|it| it.checked.name == checked.name)
            {
                told.extend(self.take_batch(std::mem::take(&mut batch)).await?);
            }
            if let Some(outcome) = self.came_before(checked.name, print) {
                told.push(tell(place, outcome));
                continue;
            }
            batch.push(Wanted { place, checked, row, print });
        }
        told.extend(self.take_batch(batch).await?);
        told.sort_by_key(|told| (told.number, told.part));
        Ok(told)
    }

    fn check(&self, row: &Row) -> Result<Checked, Why> {
        Checked::of(row, self.client, self.books.secrets())
    }

    /// What is to be said of a name that stood in an earlier line.
    fn came_before(&self, name: Hash32, print: HandleHash) -> Option<Outcome> {
        let (earlier, refused) = self.seen.get(&name)?;
        Some(match refused {
            _ if *earlier != print => Outcome::Refused(Why::Conflict(
                "an earlier line of the file has this name, with something else",
            )),
            Some(why) => Outcome::Refused(why.clone()),
            None => Outcome::There,
        })
    }

    /// Takes lines of which no two have a name.
    async fn take_batch(&mut self, batch: Vec<Wanted>) -> Result<Vec<Told>, Fault> {
        let looks = batch.iter().map(|wanted| self.books.find(wanted.checked.name, &wanted.row));
        let found: Vec<Found> = try_join_all(looks).await?;
        let mut outcomes: Vec<Outcome> = found.iter().map(Found::outcome).collect();
        if let Some(pen) = &self.pen {
            let free = batch.iter().zip(&found).filter_map(|(wanted, found)| match found {
                Found::Free(place) => Some(self.prepare(pen, wanted, *place)),
                Found::Same | Found::Conflict(_) => None,
            });
            let mut ready = vec![];
            for prepared in join_all(free).await {
                ready.push(prepared?);
            }
            let mut wrote = self.write(pen, ready).await?.into_iter();
            let written = outcomes.iter_mut().filter(|outcome| **outcome == Outcome::Imported);
            for outcome in written {
                if !matches!(wrote.next(), Some(Some(Wrote::Placed(..)))) {
                    *outcome = Outcome::Refused(Why::Conflict("somebody else just took the name"));
                }
            }
        }
        let mut told = vec![];
        for (wanted, outcome) in batch.into_iter().zip(outcomes) {
            let refused = match &outcome {
                Outcome::Refused(why) => Some(why.clone()),
                Outcome::Imported | Outcome::There => None,
            };
            self.seen.insert(wanted.checked.name, (wanted.print, refused));
            told.push(tell(wanted.place, outcome));
        }
        Ok(told)
    }

    /// Makes all that must be durable before an event names it; nothing, where another claims the
    /// name in between.
    async fn prepare(
        &self,
        pen: &Pen,
        wanted: &Wanted,
        place: Place,
    ) -> Result<Option<Ready>, Fault> {
        let (secrets, now) = (self.books.secrets(), pen.log.now());
        let Wanted { checked, row, .. } = wanted;
        let account = match place {
            Place::Claimed(account) => account,
            Place::New | Place::Abandoned(_) => {
                AccountId::new(entropy::uuid_v4(pen.log.entropy())?)
            }
        };
        let is_ours = match place {
            Place::Abandoned(holder) => {
                secrets.take_over(checked.name, holder, account, now).await?
            }
            Place::New | Place::Claimed(_) => {
                secrets.claim(checked.name, account, now).await? == Claim::Claimed
            }
        };
        if !is_ours {
            return Ok(None);
        }
        let key = secrets.create_key(account).await?;
        let put = async |kind, secret: Option<&[u8]>| match secret {
            Some(secret) => secrets.put(account, kind, secret, now).await.map(Some),
            None => Ok(None),
        };
        let hash = row.password_hash.as_ref().map(|hash| hash.as_bytes());
        let seed = row.seed.as_ref().map(Seed::bytes);
        // Both at once: they share a durable write.
        let (password, seed) =
            try_join(put(SecretKind::Password, hash), put(SecretKind::Totp, seed)).await?;
        let authenticator = match seed {
            Some(version) => Some((FactorId::new(entropy::uuid_v4(pen.log.entropy())?), version)),
            None => None,
        };
        let identity = seal_pii(secrets, account, &checked.identity).await?;
        let name = FactorName { name: row.authenticator.clone() };
        let name = seal_pii(secrets, account, &name).await?;
        let command = Command::Register(Register {
            origin: self.client.map_or(Origin::Holder, |_| Origin::Client),
            client: self.client,
            has_email: checked.identity.email.is_some(),
            email_confirmed: row.email_verified,
            key,
            password,
            imported: Some(Imported { authenticator }),
        });
        let planned = pen.plan(&command, identity, name)?;
        Ok(Some(Ready { account, planned }))
    }

    async fn write(
        &self,
        pen: &Pen,
        ready: Vec<Option<Ready>>,
    ) -> Result<Vec<Option<Wrote>>, Fault> {
        let stamp = Stamp {
            by: pen.call.by.clone(),
            correlation: pen.call.correlation,
            idempotency: None,
            policy: pen.policy.version,
            at: pen.log.now(),
        };
        let are_ready: Vec<bool> = ready.iter().map(Option::is_some).collect();
        let begun = ready.into_iter().flatten();
        let begun = begun.map(|ready| (StreamId::Account(ready.account), ready.planned)).collect();
        let mut wrote = pen.log.begin_many(&stamp, begun).await?.into_iter();
        Ok(are_ready.into_iter().map(|is_ready| is_ready.then(|| wrote.next()).flatten()).collect())
    }
}

impl Pen {
    /// Decides, and puts the sealed parts beside the events that take them.
    fn plan(
        &self,
        command: &Command,
        identity: SealedPart,
        name: SealedPart,
    ) -> Result<Vec<Planned>, Fault> {
        let (now, policy) = (self.log.now(), &self.policy);
        let context = Context { now, policy, refused: &[].into(), device: None };
        let events = decide(&Account::default(), command, &context)
            .map_err(|refusal| Fault::Internal(refusal.to_string()))?;
        let (mut identity, mut name) = (Some(identity), Some(name));
        let planned = events.into_iter().map(|event| {
            let sealed = match &event {
                AccountEvent::Registered(_) => identity.take(),
                AccountEvent::EnableRequested(_) => name.take(),
                _ => None,
            };
            Ok(Planned {
                id: self.log.event_id()?,
                event_type: event.event_type(),
                version: event.version(),
                data: event.to_json().map_err(|error| Fault::Internal(error.to_string()))?,
                sealed: sealed.into_iter().collect(),
            })
        });
        planned.collect()
    }
}

const fn tell((number, part): (u64, Option<u32>), outcome: Outcome) -> Told {
    Told { number, part, outcome }
}
