//! What an update wants done: values that the runtime performs.
//!
//! `update` never does anything itself. What it wants done it says in these values, which tests
//! compare. A [`Call`] holds all that its repetition needs, so that "try again" and the second go
//! after a step-up send the very same request, idempotency key included.

use countersign_api::contract::id::{AccountId, FactorId};
use countersign_api::contract::kind::CodeMethod;
use countersign_api::contract::look::EventKind;
use countersign_api::contract::secret::Secret;
use countersign_api::contract::sign_in::Answer as CodeAnswer;
use countersign_api::contract::statistics::Window;

use crate::model::act::Act;

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Call the server; the outcome comes back as a message with this number.
    Send {
        /// The call's number.
        number: CallNumber,
        /// The session token, where the call needs one.
        bearer: Option<Secret>,
        /// The call.
        call: Call,
    },
    /// Follow the log from here on; what comes of it is told with this number. Whatever was
    /// followed before is left.
    Follow {
        /// The stream's number.
        number: CallNumber,
        /// The session token.
        bearer: Option<Secret>,
        /// The position that comes first. Without one, what is new.
        from: Option<u64>,
    },
    /// Leave what is followed.
    Leave,
    /// End the session and the program.
    Quit {
        /// The session to end.
        bearer: Option<Secret>,
    },
}

/// Which call an outcome belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct CallNumber(pub u64);

/// A call of the HTTP contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// The first password of a new operator.
    SetUp {
        /// The one-time token.
        token: Secret,
        /// The password.
        password: Secret,
        /// The idempotency key.
        key: String,
    },
    /// A sign-in.
    SignIn {
        /// The login.
        login: String,
        /// The password.
        password: Secret,
        /// The idempotency key.
        key: String,
    },
    /// The answer to the second question.
    AnswerCode {
        /// Which sign-in.
        sign_in: Secret,
        /// The answer.
        answer: CodeAnswer,
        /// The idempotency key: a right code whose answer was lost is worth its session still.
        key: String,
    },
    /// An authenticator for the operator.
    BeginFactor {
        /// What it is called.
        name: String,
        /// The password, in case the session's own proof is no longer fresh.
        password: Secret,
        /// The idempotency key.
        key: String,
    },
    /// The first code of that authenticator.
    ActivateFactor {
        /// Which one.
        factor: FactorId,
        /// The code.
        code: Secret,
        /// The idempotency key: an activation whose answer was lost is repeated and still tells
        /// the recovery codes.
        key: String,
    },
    /// A proof within the session.
    Prove {
        /// The answer.
        answer: CodeAnswer,
        /// The idempotency key: a right code whose answer was lost is worth its session still.
        key: String,
    },
    /// Something that is only read.
    Look(Look),
    /// An act of support.
    Act {
        /// On which account.
        account: AccountId,
        /// What, why, for which ticket.
        act: Act,
        /// The idempotency key.
        key: String,
    },
}

/// A call that only reads: the console may repeat it by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Who is signed in, and in what role.
    WhoAmI,
    /// Accounts by login or address.
    Search {
        /// Which.
        lookup: Lookup,
        /// The ticket that it is for.
        ticket: Option<String>,
    },
    /// Accounts with something locked now.
    LockedNow,
    /// Accounts that somebody looked at lately.
    Recent,
    /// An account's state and the newest page of its time line.
    OpenAccount {
        /// Which one.
        account: AccountId,
        /// What its events shall be about: anything without it.
        kind: Option<EventKind>,
        /// The ticket that it is for.
        ticket: Option<String>,
    },
    /// A page of an account's time line.
    Events {
        /// Which account.
        account: AccountId,
        /// What its events shall be about: anything without it.
        kind: Option<EventKind>,
        /// The cursor of the page: none for the newest.
        cursor: Option<u64>,
        /// The ticket that it is for.
        ticket: Option<String>,
    },
    /// An account as it was after a revision.
    Travel {
        /// Which account.
        account: AccountId,
        /// After which revision.
        revision: u64,
        /// The ticket that it is for.
        ticket: Option<String>,
    },
    /// Removals of authenticators that wait.
    Removals,
    /// The numbers of a window of time.
    Statistics {
        /// Which window.
        window: Window,
    },
    /// The log's health.
    LogHealth,
    /// Who may act here.
    Operators,
}

impl From<Look> for Call {
    fn from(look: Look) -> Self {
        Self::Look(look)
    }
}

impl Call {
    /// Whether the call changes something, so that it must not be given up silently.
    #[must_use]
    pub fn is_act(&self) -> bool {
        match self {
            Self::SetUp { .. }
            | Self::BeginFactor { .. }
            | Self::ActivateFactor { .. }
            | Self::Act { .. } => true,
            Self::SignIn { .. } | Self::AnswerCode { .. } | Self::Prove { .. } | Self::Look(_) => {
                false
            }
        }
    }

    /// How the code that it gives was made, where it gives one.
    #[must_use]
    pub fn code_method(&self) -> Option<CodeMethod> {
        match self {
            Self::AnswerCode { answer, .. } | Self::Prove { answer, .. } => Some(answer.method),
            Self::ActivateFactor { .. } => Some(CodeMethod::Totp),
            _ => None,
        }
    }

    /// Whether the call proves who the operator is: then a 401 means a wrong proof.
    #[must_use]
    pub fn is_proof(&self) -> bool {
        matches!(
            self,
            Self::SetUp { .. }
                | Self::SignIn { .. }
                | Self::AnswerCode { .. }
                | Self::BeginFactor { .. }
                | Self::ActivateFactor { .. }
                | Self::Prove { .. }
        )
    }
}

/// What an account is looked for by: exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// A login.
    Login(String),
    /// An e-mail address.
    Email(String),
}
