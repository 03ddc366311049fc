//! Links that mails carry: to a new password, "this was not me", and to a password that guesses
//! have closed.
//!
//! What follows the `#` of a link is `account id ‖ event id ‖ keyed hash of both`, 48 bytes in
//! letters: nothing is stored for it, the courier can make it again at every attempt, and it is of
//! one kind, for one account and one event (SR-054). Letters alone, because no mail but that with a
//! code may have six digits in a row.

use countersign_events::id::{AccountId, EventId};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::handle::InvalidHandle;
use crate::vault::Secrets;

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// To set a new password.
    NewPassword,
    /// To say that something was somebody else's doing.
    NotMe,
    /// To have the password asked for again where guesses have closed it.
    Unlock,
}

/// What is behind the `#` of a link.
#[derive(Clone)]
pub struct LinkToken {
    account: AccountId,
    event: EventId,
    mac: [u8; PART_BYTES],
}

const PART_BYTES: usize = 16;
/// The letters of sixteen half bytes.
const LETTERS: &[u8; 16] = b"abcdefghijklmnop";

impl LinkKind {
    const fn domain(self) -> &'static str {
        match self {
            Self::NewPassword => "link to a new password",
            Self::NotMe => "link to object",
            Self::Unlock => "link to unlock the password",
        }
    }

    /// The page that it leads to.
    #[must_use]
    pub const fn page(self) -> &'static str {
        match self {
            Self::NewPassword => "/reset-password",
            Self::NotMe => "/not-me",
            Self::Unlock => "/unlock",
        }
    }
}

impl LinkToken {
    /// The token of an event of an account.
    #[must_use]
    pub fn new(secrets: &Secrets, kind: LinkKind, account: AccountId, event: EventId) -> Self {
        let (of, about) = (account.uuid(), event.uuid());
        let mac = *secrets.fingerprint(kind.domain(), &[of.as_bytes(), about.as_bytes()]).bytes();
        Self { account, event, mac }
    }

    /// Reads what a caller sent. Whether it is genuine, [`LinkToken::is_genuine`] tells.
    ///
    /// # Errors
    /// [`InvalidHandle`] for anything that is not 96 letters from `a` to `p`.
    pub fn parse(text: &str) -> Result<Self, InvalidHandle> {
        let half =
            |letter: u8| letter.checked_sub(b'a').filter(|half| usize::from(*half) < LETTERS.len());
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let bytes: Option<Vec<u8>> =
            pairs.iter().map(|[high, low]| Some(half(*high)? << 4 | half(*low)?)).collect();
        let bytes = bytes.filter(|_| rest.is_empty()).ok_or(InvalidHandle)?;
        let (parts, rest) = bytes.as_chunks::<PART_BYTES>();
        match (parts, rest) {
            ([account, event, mac], []) => Ok(Self {
                account: AccountId::new(Uuid::from_bytes(*account)),
                event: EventId::new(Uuid::from_bytes(*event)),
                mac: *mac,
            }),
            _ => Err(InvalidHandle),
        }
    }

    /// Whether we made it, for this.
    #[must_use]
    pub fn is_genuine(&self, secrets: &Secrets, kind: LinkKind) -> bool {
        let made = Self::new(secrets, kind, self.account, self.event);
        self.mac.ct_eq(&made.mac).into()
    }

    /// Whose it is.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The event that the mail was about.
    #[must_use]
    pub const fn event(&self) -> EventId {
        self.event
    }

    /// Its text.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let (account, event) = (self.account.uuid(), self.event.uuid());
        let parts: [&[u8]; 3] = [account.as_bytes(), event.as_bytes(), &self.mac];
        let halves = parts.concat().into_iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
        let letter = |half: u8| LETTERS.get(usize::from(half)).copied().map_or('a', char::from);
        Zeroizing::new(halves.map(letter).collect())
    }
}

impl std::fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LinkToken({}, …)", self.account)
    }
}
