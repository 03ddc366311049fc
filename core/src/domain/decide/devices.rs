//! Devices: remembered where all was proven that the account asks for, and forgotten again.
//!
//! A device holds a random number that is bound to the account and changes at every sign-in. It
//! grants a lane of its own for guesses and nothing else: what is asked for stays the same
//! (SR-133).

use countersign_events::account::{
    AccountEvent, Assurance, DeviceRemembered, DevicesForgotten, Method, SessionEndedWhy,
};
use countersign_events::id::HandleHash;
use jiff::Timestamp;

use super::Decision;
use super::sessions::{ended, session_of};
use super::sign_in::later;
use crate::domain::account::{Account, Open};
use crate::domain::command::{AtDevice, Context, WhichDevices};
use crate::domain::refusal::Refusal;

/// The device that asks, where the account knows it.
pub(super) fn known(open: &Open, context: &Context<'_>) -> Option<HandleHash> {
    known_at(open, context.device, context.now)
}

/// The same of a device at a time.
pub(super) fn known_at(
    open: &Open,
    device: Option<AtDevice>,
    now: Timestamp,
) -> Option<HandleHash> {
    let holds = device?.holds?;
    let known = open.devices.get(&holds)?;
    (now < known.expires_at).then_some(holds)
}

/// Who asks, as a guess of the password counts it: a known device, or the browser in which a link
/// of a mail was followed.
pub(super) fn counted_at(
    open: &Open,
    method: Method,
    device: Option<AtDevice>,
    now: Timestamp,
) -> Option<HandleHash> {
    known_at(open, device, now).or_else(|| {
        let (holds, admitted) = (device?.holds?, open.admitted?);
        let has_tries = admitted.device == holds && now < admitted.expires_at;
        (method == Method::Password && has_tries).then_some(holds)
    })
}

/// What a sign-in makes of the device where it was completed. A code by e-mail proves less than the
/// account asks for: the device stays what it was.
pub(super) fn remembered(
    open: &Open,
    assurance: Assurance,
    context: &Context<'_>,
) -> Option<DeviceRemembered> {
    let device = context.device?.next?;
    let expires_at = later(context, context.policy.device_ttl);
    let replaces = known(open, context);
    (assurance != Assurance::EmailCode).then_some(DeviceRemembered { device, expires_at, replaces })
}

/// Forgets devices. The sessions that began there end, but for the one that asks.
pub(super) fn forget(
    account: &Account,
    session: HandleHash,
    which: WhichDevices,
    context: &Context<'_>,
) -> Decision {
    let (open, found) = session_of(account, session, context)?;
    found.demand_more_than_recovery(context.policy)?;
    let devices: Vec<HandleHash> = match which {
        WhichDevices::One(device) if open.devices.contains_key(&device) => vec![device],
        WhichDevices::One(_) => return Err(Refusal::NotFound("device")),
        WhichDevices::All => open.devices.keys().copied().collect(),
    };
    if devices.is_empty() {
        return Ok(vec![]);
    }
    let began_there = open.sessions.iter().filter(|(hash, began)| {
        **hash != session && began.device.is_some_and(|device| devices.contains(&device))
    });
    let ended = ended(began_there.map(|(hash, _)| *hash).collect(), SessionEndedWhy::Revoked);
    let forgotten = AccountEvent::DevicesForgotten(DevicesForgotten { devices });
    Ok(std::iter::once(forgotten).chain(ended).collect())
}
