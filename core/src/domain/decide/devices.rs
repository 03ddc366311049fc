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
use crate::domain::account::{Account, Device, Open};
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

/// All that are known. One that has lapsed is there until the next event.
fn all_known<'a>(
    open: &'a Open,
    context: &Context<'_>,
) -> impl Iterator<Item = (&'a HandleHash, &'a Device)> {
    let now = context.now;
    open.devices.iter().filter(move |(_, device)| now < device.expires_at)
}

/// Where something is asked within a sign-in or session: one that a client app began is at the
/// device that it named, whoever brings its calls along.
pub(super) fn at(
    open: &Open,
    within: Option<HandleHash>,
    caller: Option<AtDevice>,
) -> Option<AtDevice> {
    let within = within.as_ref();
    let sign_in = within.and_then(|hash| open.sign_ins.get(hash)?.vouched);
    let session = within.and_then(|hash| open.sessions.get(hash)?.vouched);
    sign_in.or(session).map(AtDevice::vouched).or(caller)
}

/// The same as circumstances.
pub(super) fn within<'a>(open: &Open, within: HandleHash, context: &Context<'a>) -> Context<'a> {
    Context { device: at(open, Some(within), context.device), ..*context }
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

/// What a second factor that was proven again within a session makes of a known device: it holds
/// another handle, so that a copy of the earlier one is worth nothing. No other becomes known.
pub(super) fn renewed(open: &Open, context: &Context<'_>) -> Option<DeviceRemembered> {
    let replaces = Some(known(open, context)?);
    let device = context.device?.next?;
    let expires_at = later(context, context.policy.device_ttl);
    Some(DeviceRemembered { device, expires_at, replaces })
}

/// Forgets every device.
pub(super) fn all_forgotten(open: &Open, context: &Context<'_>) -> Option<AccountEvent> {
    let devices: Vec<HandleHash> = all_known(open, context).map(|(hash, _)| *hash).collect();
    (!devices.is_empty()).then_some(AccountEvent::DevicesForgotten(DevicesForgotten { devices }))
}

/// Forgets the devices where somebody first signed in since then: what the holder objects to may
/// have been done at one of them. Those known before stay. They are the way in that nobody else can
/// use up, and the holder must not lose it by defending himself.
pub(super) fn forgotten_since(
    open: &Open,
    at: Timestamp,
    context: &Context<'_>,
) -> Option<AccountEvent> {
    let since = all_known(open, context).filter(|(_, device)| device.first_seen_at >= at);
    let devices: Vec<HandleHash> = since.map(|(hash, _)| *hash).collect();
    (!devices.is_empty()).then_some(AccountEvent::DevicesForgotten(DevicesForgotten { devices }))
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
        WhichDevices::One(device) if all_known(open, context).any(|(it, _)| *it == device) => {
            vec![device]
        }
        WhichDevices::One(_) => return Err(Refusal::NotFound("device")),
        WhichDevices::All => all_known(open, context).map(|(hash, _)| *hash).collect(),
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
