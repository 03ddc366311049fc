//! What can happen to the console: all that `update` is ever told.

use countersign_api::contract::id::{AccountId, FactorId};
use countersign_api::contract::kind::{Assurance, CodeMethod, Role};
use countersign_api::contract::problem::ProblemCode;
use countersign_api::contract::secret::Secret;
use crossterm::event::KeyEvent;
use jiff::Timestamp;

use crate::effect::CallNumber;
use crate::model::account::{Account, Event, Hit};
use crate::model::health::Health;
use crate::model::live::LiveLine;
use crate::model::operators::Listed;
use crate::model::removal::Removal;
use crate::model::statistics::Numbers;
use crate::model::travel::Moment;
use crate::printable::Printable;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// A text was pasted.
    Paste(String),
    /// The clock went on.
    Tick(Timestamp),
    /// What the model holds now is on the screen.
    Drawn,
    /// Something came of the log that is followed.
    Followed {
        /// The stream's number.
        number: CallNumber,
        /// What.
        what: Followed,
    },
    /// A call came back.
    Answered {
        /// Which one.
        number: CallNumber,
        /// With what.
        outcome: Result<Answer, Failure>,
    },
    /// The process was told to end.
    Stop,
}

/// What comes of following the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// The stream is open.
    Open,
    /// Entries, in the order of the log.
    Lines(Vec<LiveLine>),
    /// All up to this position was looked at.
    UpTo(u64),
    /// The stream ended.
    Lost(Failure),
}

/// What a call answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The first password is set.
    SetUp,
    /// There is a session.
    SignedIn(SessionGiven),
    /// A code is asked for.
    CodeWanted {
        /// What to go on with.
        sign_in: Secret,
        /// How it can be answered.
        ways: Vec<Way>,
    },
    /// An authenticator waits for its first code.
    FactorOffered {
        /// Which.
        factor: FactorId,
        /// Its secret, base32.
        secret: Secret,
        /// The `otpauth` URI.
        uri: Secret,
    },
    /// It is in use.
    Activated {
        /// Told once.
        recovery_codes: Vec<Secret>,
        /// The session, lifted to two factors.
        session: Option<SessionGiven>,
    },
    /// The sign-in asks for a new password first.
    PasswordWanted,
    /// The sign-in asks for an authenticator first.
    EnrolmentWanted,
    /// The proof was accepted.
    Proven(SessionGiven),
    /// Accounts.
    Found(Vec<Hit>),
    /// An account and the newest page of its time line.
    Opened {
        /// Its state.
        account: Box<Account>,
        /// The page, newest first.
        events: Vec<Event>,
        /// The cursor of the page of older events.
        older: Option<u64>,
    },
    /// A page of a time line.
    Events {
        /// Its own cursor.
        cursor: Option<u64>,
        /// The page, newest first.
        events: Vec<Event>,
        /// The cursor of the page of older events.
        older: Option<u64>,
    },
    /// An account as it was after a revision.
    Past(Moment),
    /// Removals that wait.
    Removals(Vec<Removal>),
    /// The numbers of a window of time.
    Statistics(Numbers),
    /// The log's health.
    LogHealth(Health),
    /// Who may act here.
    Operators(Vec<Listed>),
    /// Who is signed in.
    Me {
        /// In which role.
        role: Role,
        /// The operator's account.
        account: AccountId,
    },
    /// The act was done: the event that was written.
    Written(Event),
}

/// A session and its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionGiven {
    /// The token.
    pub token: Secret,
    /// How sure it is.
    pub assurance: Assurance,
}

/// One way to answer for the second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The way.
    pub method: CodeMethod,
    /// The authenticator.
    pub factor: Option<FactorId>,
    /// What its holder calls it.
    pub name: Option<Printable>,
}

impl Failure {
    /// Whether the server does not answer.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        matches!(self, Self::Offline { .. })
    }
}

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The server does not answer.
    Offline {
        /// What was in the way.
        why: Printable,
    },
    /// The server refused.
    Refused {
        /// The problem's code.
        code: ProblemCode,
        /// What it says, for people.
        says: Printable,
        /// Seconds to wait, where the server named them.
        wait_seconds: Option<u64>,
    },
    /// Something else answered.
    Unexpected {
        /// What did not fit.
        why: Printable,
    },
}
