//! `GET /v1/accounts/me/devices`: the devices that the account knows.

use countersign_events::actor::By;

use crate::contract::device::Device;
use crate::contract::page::Page;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// List known devices
///
/// A browser in which everything was proven that the account asks for. It grants a lane of its own
/// for guesses, and nothing else.
#[utoipa::path(
    get, path = "/v1/accounts/me/devices", tag = "devices", operation_id = "listDevices",
    responses((status = 200, description = "All of them", body = Page<Device>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    let devices = ask.verdict(ask.accounts().devices(&ask.call(By::Holder), &token).await)?;
    answers::ok(&answers::whole(devices.into_iter().map(answers::device).collect()))
}
