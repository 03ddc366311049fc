//! Devices: which are known, forgetting them.

use countersign_events::id::{HandleHash, StreamId};

use super::answer::DeviceView;
use super::request::Call;
use super::{Accounts, Verdict};
use crate::actors::account::{Entity, Halt, Request, Sealed};
use crate::domain::Command;
use crate::domain::command::WhichDevices;
use crate::handle::SessionToken;

impl Accounts {
    /// The devices that the account knows, the one last seen first.
    ///
    /// # Errors
    /// [`NoSession`](crate::domain::refusal::Refusal::NoSession); a [`Fault`](super::Fault).
    pub async fn devices(&self, call: &Call, token: &SessionToken) -> Verdict<Vec<DeviceView>> {
        let request = List { call: call.clone(), session: token.hash() };
        self.ask(StreamId::Account(token.account()), request).await
    }

    /// Forgets devices, and ends the sessions that began there; the one that asks goes on.
    ///
    /// # Errors
    /// [`NoSession`](crate::domain::refusal::Refusal::NoSession),
    /// [`NotFound`](crate::domain::refusal::Refusal::NotFound); a [`Fault`](super::Fault).
    pub async fn forget_devices(
        &self,
        call: &Call,
        token: &SessionToken,
        which: WhichDevices,
    ) -> Verdict<()> {
        let request = Forget { call: call.clone(), session: token.hash(), which };
        self.ask(StreamId::Account(token.account()), request).await
    }
}

struct List {
    call: Call,
    session: HandleHash,
}

impl Request for List {
    type Answer = Vec<DeviceView>;

    async fn perform(&self, entity: &mut Entity) -> Result<Vec<DeviceView>, Halt> {
        entity.load().await?;
        entity.session(&self.call, self.session).await?;
        let (open, now) = (entity.open()?, entity.now());
        let here = open.sessions.get(&self.session).and_then(|session| session.device);
        let mut devices = vec![];
        for (id, device) in open.devices.iter().filter(|(_, device)| now < device.expires_at) {
            devices.push(DeviceView {
                id: *id,
                first_seen_at: device.first_seen_at,
                last_seen_at: device.last_seen_at,
                expires_at: device.expires_at,
                net: entity.net_of(device.seen_in).await?,
                current: here == Some(*id),
            });
        }
        devices.sort_by_key(|device| std::cmp::Reverse(device.last_seen_at));
        Ok(devices)
    }
}

struct Forget {
    call: Call,
    session: HandleHash,
    which: WhichDevices,
}

impl Request for Forget {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        entity.load().await?;
        entity.session(&self.call, self.session).await?;
        let command = Command::ForgetDevices { session: self.session, which: self.which };
        entity.decide(&self.call, &command, Sealed::default(), None).await?;
        Ok(())
    }
}
