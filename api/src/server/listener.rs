//! The three listeners, by name.

/// A listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// For people and client apps.
    Public,
    /// For operators: bearer only.
    Operator,
    /// For those who run the service: health, metrics, documentation.
    Ops,
}

impl Listener {
    /// Its name in log lines and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Operator => "operator",
            Self::Ops => "ops",
        }
    }
}
