//! The catalogue: which type string and version stands for which payload.
//!
//! Type strings are permanent. An event type or version that this program does not know is never
//! skipped: decoding it is an error, and whoever decides on it fails closed.

use crate::account::AccountEvent;
use crate::client::ClientEvent;
use crate::log_event::LogEvent;
use crate::operator::OperatorEvent;
use crate::policy::PolicyEvent;

/// Why the data of an entry could not be read as an event.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// A type or version that this program does not know.
    #[error("unknown event type {event_type} v{version}")]
    Unknown {
        /// The type string.
        event_type: String,
        /// The version.
        version: u16,
    },
    /// A known type whose data has another shape.
    #[error("data of {event_type} v{version} has another shape")]
    Shape {
        /// The type string.
        event_type: String,
        /// The version.
        version: u16,
        /// What serde said.
        #[source]
        source: serde_json::Error,
    },
}

/// One row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogueRow {
    /// The permanent type string.
    pub event_type: &'static str,
    /// The current version of its shape.
    pub version: u16,
}

/// Declares an enum of events and binds each variant to its type string and version.
macro_rules! events {
    (
        $(#[$doc:meta])*
        $name:ident {
            $( $variant:ident($payload:ty) = $event_type:literal v $version:literal, )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant is documented at its payload")]
        pub enum $name {
            $( $variant($payload), )*
        }

        impl $name {
            /// The rows of the catalogue that this enum covers.
            pub const CATALOGUE: &'static [$crate::catalogue::CatalogueRow] = &[
                $( $crate::catalogue::CatalogueRow {
                    event_type: $event_type,
                    version: $version,
                }, )*
            ];

            /// The permanent type string.
            #[must_use]
            pub const fn event_type(&self) -> &'static str {
                match self { $( Self::$variant(_) => $event_type, )* }
            }

            /// The version of the payload's shape.
            #[must_use]
            pub const fn version(&self) -> u16 {
                match self { $( Self::$variant(_) => $version, )* }
            }

            /// The payload as compact JSON.
            ///
            /// # Errors
            /// What serde says; a payload of this catalogue has no shape that JSON lacks.
            pub fn to_json(&self) -> Result<String, serde_json::Error> {
                match self { $( Self::$variant(payload) => serde_json::to_string(payload), )* }
            }

            /// Reads the data of an entry, after upcasting it to the current version.
            ///
            /// # Errors
            /// [`DecodeError`](crate::catalogue::DecodeError) for a type or version that this
            /// program does not know, and for data of another shape.
            pub fn decode(
                event_type: &str,
                version: u16,
                data: &str,
            ) -> Result<Self, $crate::catalogue::DecodeError> {
                let (version, data) = $crate::upcast::upcast(event_type, version, data);
                match (event_type, version) {
                    $(
                        ($event_type, $version) => serde_json::from_str(&data)
                            .map(Self::$variant)
                            .map_err(|source| $crate::catalogue::DecodeError::Shape {
                                event_type: event_type.to_owned(),
                                version,
                                source,
                            }),
                    )*
                    _ => Err($crate::catalogue::DecodeError::Unknown {
                        event_type: event_type.to_owned(),
                        version,
                    }),
                }
            }
        }
    };
}
pub(crate) use events;

/// Every row of the catalogue, by stream kind.
#[must_use]
pub fn rows() -> Vec<CatalogueRow> {
    [
        AccountEvent::CATALOGUE,
        OperatorEvent::CATALOGUE,
        ClientEvent::CATALOGUE,
        PolicyEvent::CATALOGUE,
        LogEvent::CATALOGUE,
    ]
    .concat()
}
