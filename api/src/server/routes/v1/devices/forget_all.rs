//! `DELETE /v1/accounts/me/devices`: forgets every device.

use countersign_core::domain::command::WhichDevices;
use countersign_events::actor::By;

use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Forget all devices
///
/// The sessions that began there end; the one that asks goes on.
#[utoipa::path(
    delete, path = "/v1/accounts/me/devices", tag = "devices", operation_id = "forgetDevices",
    responses((status = 204, description = "None is known any more"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    ask.nothing()?;
    let all = WhichDevices::All;
    ask.verdict(ask.accounts().forget_devices(&ask.call(By::Holder), &token, all).await)?;
    answers::no_content()
}
