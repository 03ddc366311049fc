//! The webhooks of client apps, for admins.

pub(crate) mod add;
pub(crate) mod add_secret;
pub(crate) mod dead_letters;
pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod redeliver;
pub(crate) mod replay;
