//! Reading an exported log: nobody signs in, nobody can act, and no look is recorded.
//!
//! Whoever has an export can read all of it with any tool. So the door is held by one token, made
//! for whoever opened the export and known to nobody else; what it opens names nobody, since the
//! keys to personal data are not there.

use std::sync::Arc;

use countersign_events::id::HandleHash;
use countersign_events::operator::Role;

use super::Accounts;
use super::answer::OperatorView;
use crate::actors::account::Services;
use crate::actors::directory::Directory;
use crate::domain::refusal::Refusal;
use crate::handle::SessionToken;
use crate::projections::ReadModel;

/// Why an act is refused.
pub(super) const READ_ONLY: &str = "an exported log is only read";

/// Whoever opened an export.
#[derive(Debug, Clone, Copy)]
pub(super) struct ArchiveReader {
    token: HandleHash,
}

impl ArchiveReader {
    /// The reader, as an auditor.
    pub(super) fn admit(self, token: &SessionToken) -> Result<OperatorView, Refusal> {
        if token.hash() != self.token {
            return Err(Refusal::NoSession);
        }
        let (account, role) = (token.account(), Role::Auditor);
        Ok(OperatorView { account, role, set_up: true, enabled: true })
    }
}

impl Accounts {
    /// The door before an exported log: open to whoever holds this token, for reading.
    #[must_use]
    pub fn of_archive(
        services: Arc<Services>,
        directory: Directory,
        read_model: ReadModel,
        reader: &SessionToken,
    ) -> Self {
        let reader = Some(ArchiveReader { token: reader.hash() });
        Self { reader, ..Self::new(services, directory, read_model) }
    }

    /// Whether this is an exported log: whoever may read it may read all of it, and do nothing.
    #[must_use]
    pub fn is_archive(&self) -> bool {
        self.log().is_archive()
    }
}
