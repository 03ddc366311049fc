//! What an update wants done: values that the runtime performs.
//!
//! `update` never does anything itself. What it wants done it says in these values, which tests
//! compare. A [`Call`] holds all that its repetition needs, so that "try again" and the second go
//! after a step-up send the very same request, idempotency key included.

use countersign_api::contract::id::{AccountId, FactorId};
use countersign_api::contract::secret::Secret;
use countersign_api::contract::sign_in::Answer as CodeAnswer;
use countersign_api::contract::support::ResetLockout;

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
    /// Accounts by login or address.
    Search(Lookup),
    /// Accounts with something locked now.
    LockedNow,
    /// An account's state and the newest page of its time line.
    OpenAccount {
        /// Which one.
        account: AccountId,
    },
    /// A page of an account's time line.
    Events {
        /// Which account.
        account: AccountId,
        /// The cursor of the page: none for the newest.
        cursor: Option<u64>,
    },
    /// The end of a lockout.
    ResetLockout {
        /// Which account.
        account: AccountId,
        /// What, why, for which ticket.
        request: ResetLockout,
        /// The idempotency key.
        key: String,
    },
}

impl Call {
    /// Whether the call changes something, so that it must not be given up silently.
    #[must_use]
    pub fn is_act(&self) -> bool {
        match self {
            Self::SetUp { .. }
            | Self::BeginFactor { .. }
            | Self::ActivateFactor { .. }
            | Self::ResetLockout { .. } => true,
            Self::SignIn { .. }
            | Self::AnswerCode { .. }
            | Self::Prove { .. }
            | Self::Search(_)
            | Self::LockedNow
            | Self::OpenAccount { .. }
            | Self::Events { .. } => false,
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
