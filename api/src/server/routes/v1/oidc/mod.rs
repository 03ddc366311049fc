//! OpenID Connect. One call, one file.

pub(crate) mod authorize;
pub(crate) mod configuration;
pub(crate) mod end_session;
pub(crate) mod keys;
pub(crate) mod redeem;
pub(crate) mod userinfo;
pub(crate) mod userinfo_by_post;
