//! `POST /v1/unlocks/{token}`: the password is asked for again.

use countersign_events::actor::By;

use crate::contract::recovery::Unlocked;
use crate::server::answers::Answer;
use crate::server::ask::Ask;

/// Have the password asked for again by the link of a mail
///
/// Where wrong passwords have closed an account to devices that are not known. Signs nobody in and
/// forgives no wrong code. A link does this once, and only while that lasts. A browser that asks by
/// a page of ours has tries of its own for a while.
#[utoipa::path(
    post, path = "/v1/unlocks/{token}", tag = "recovery", operation_id = "unlock",
    params(("token" = String, Path, description = "what the link carried behind its `#`")),
    responses((status = 200, description = "It is asked for again", body = Unlocked))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let link = ask.mail_link()?;
    ask.nothing()?;
    let call = ask.call(By::Holder);
    let browser = ask.verdict(ask.accounts().unlock_password(&call, link).await)?;
    ask.give_to_browser(&Unlocked {}, browser.as_ref())
}
