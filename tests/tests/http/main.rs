//! The whole server over HTTP, in this process, on a clock that is moved by hand, with a store, a
//! vault and a post office that can be made to fail.
//!
//! After every test the log verifies and folds, and no secret of the test lies in a file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod acts;
mod address_changes;
mod addresses;
mod app_words;
mod at_once;
mod attackers;
mod authenticators;
mod back_in;
mod bad_input;
mod bearers;
mod behind;
mod blind;
mod caps;
mod client_keys;
mod clock_moves;
mod clock_starts;
mod clocks;
mod cookie_tricks;
mod cookies;
mod declared;
mod desk;
mod devices;
mod documented;
mod email_codes;
mod ending;
mod events;
mod every_verifier;
mod facts;
mod fail_closed;
mod hammering;
mod holdings;
mod identities;
mod languages;
mod limits_held;
mod links;
mod log_tiles;
mod looks;
mod mail_faults;
mod model;
mod notices;
mod numbers;
mod offered;
mod oidc;
mod one_answer;
mod origins;
mod other_paths;
mod own_account;
mod pace;
mod pending;
mod policy;
mod proofs;
mod recipients;
mod recovery;
mod removals;
mod repeated;
mod roles;
mod sessions;
mod sources;
mod staff;
mod staff_schemas;
mod staff_sessions;
mod starving;
mod step_up;
mod store_faults;
mod tail;
mod taken_back;
mod taking;
mod told_admins;
mod typed_client;
mod unlock;
mod urls;
mod used_codes;
mod vault_faults;
mod vouched;
mod weak_passwords;
mod webhook_acts;
mod webhooks;
