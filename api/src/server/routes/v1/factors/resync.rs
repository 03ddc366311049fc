//! `POST /v1/accounts/{account}/factors/{factor}/resync`: where the clock of its phone is.

use countersign_core::accounts::TwoCodes;
use countersign_events::id::FactorId;

use crate::contract::factor::{Factor, ResyncFactor};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::json;
use crate::server::problem::ProblemAnswer;

/// Find out where an authenticator's clock is
///
/// For a phone whose clock is too far off, up to ten minutes: two codes that it showed one right
/// after the other. The session must have proven its second factor within five minutes by something
/// else: another authenticator or a recovery code. Both codes are used up, and from then on the
/// codes around that time are accepted, as many as before.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/factors/{factor}/resync", tag = "factors",
    operation_id = "resyncFactor",
    params(
        ("account" = String, Path, description = "`me`"),
        ("factor" = String, Path, description = "the authenticator's id"),
    ),
    request_body = ResyncFactor,
    responses((status = 200, description = "Its clock is known", body = Factor))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let (asker, call) = ask.asker().await?;
    let factor = ask.named("factor", FactorId::parse)?;
    let two_codes = |body: &ResyncFactor| match body.codes.as_slice() {
        [first, second] => json::six_digits(first).and_then(|()| json::six_digits(second)),
        _ => Err(ProblemAnswer::invalid("`codes` must be two codes")),
    };
    let body = ask.code(ask.with_session(), two_codes).await?;
    let mut codes = body.codes.into_iter().map(crate::contract::secret::Secret::into_inner);
    let (Some(first), Some(second)) = (codes.next(), codes.next()) else {
        return Err(ProblemAnswer::invalid("`codes` must be two codes"));
    };
    let codes = TwoCodes { first, second };
    let resynced = ask.verdict(ask.accounts().resync_factor(&call, asker, factor, codes).await)?;
    answers::ok(&answers::factor(resynced))
}
