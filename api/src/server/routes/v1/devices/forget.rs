//! `DELETE /v1/accounts/me/devices/{device}`: forgets one device.

use countersign_core::domain::command::WhichDevices;
use countersign_events::actor::By;
use countersign_events::id::HandleHash;

use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Forget a device
///
/// The sessions that began there end; the one that asks goes on.
#[utoipa::path(
    delete, path = "/v1/accounts/me/devices/{device}", tag = "devices",
    operation_id = "forgetDevice",
    params(("device" = String, Path, description = "its `id`")),
    responses((status = 204, description = "It is not known any more"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    let device = WhichDevices::One(ask.named("device", HandleHash::parse)?);
    ask.nothing()?;
    ask.verdict(ask.accounts().forget_devices(&ask.call(By::Holder), &token, device).await)?;
    answers::no_content()
}
