//! How sign-ins, sessions and the devices that they begin at come and go.

use countersign_events::account::{
    DeviceRemembered, FirstFactorVouched, Method, SessionOpened, SignInOpened,
};
use countersign_events::id::{FactorId, HandleHash};
use jiff::Timestamp;

use super::StampedEvent;
use crate::domain::account::{Device, Open, Session, SignIn};
use crate::domain::policy::{DEVICES_MAX, SIGN_INS_LIVE_MAX, SIGN_INS_PER_DEVICE_MAX};

impl Open {
    pub(super) fn begin(&mut self, opened: Option<&SignInOpened>, stamped: &StampedEvent) {
        let Some(opened) = opened else { return };
        self.make_room(opened.device);
        let sign_in = SignIn {
            started_at: stamped.at,
            opened_in: stamped.revision,
            device: opened.device,
            expires_at: opened.expires_at,
            needs: opened.needs,
            proven: None,
            guesses: 0,
            reused: 0,
            guessed_at: None,
            ended: false,
            vouched: None,
        };
        self.sign_ins.insert(opened.sign_in, sign_in);
    }

    /// Drops what a new sign-in is one too many for (SR-059): the oldest at its own device, then
    /// the oldest at a device that is not known, before any other. So nobody from elsewhere drops
    /// what the holder began.
    fn make_room(&mut self, device: Option<HandleHash>) {
        let at_it = |sign_in: &SignIn| device.is_some() && sign_in.device == device;
        while self.sign_ins.values().filter(|sign_in| at_it(sign_in)).count()
            >= SIGN_INS_PER_DEVICE_MAX
        {
            self.drop_oldest(at_it);
        }
        while self.sign_ins.len() >= SIGN_INS_LIVE_MAX {
            if self.sign_ins.values().any(|sign_in| sign_in.device.is_none()) {
                self.drop_oldest(|sign_in| sign_in.device.is_none());
            } else {
                self.drop_oldest(|_| true);
            }
        }
    }

    fn drop_oldest(&mut self, which: impl Fn(&SignIn) -> bool) {
        let those = self.sign_ins.iter().filter(|(_, sign_in)| which(sign_in));
        let oldest = those.min_by_key(|(_, sign_in)| sign_in.started_at).map(|(hash, _)| *hash);
        oldest.map(|oldest| self.sign_ins.remove(&oldest));
    }

    /// The same on the word of a client app, which may name the device. Its word opens the session
    /// and is no password that the holder has just given: what asks for one stays closed.
    pub(super) fn vouched(&mut self, vouched: &FirstFactorVouched, stamped: &StampedEvent) {
        self.begin(vouched.sign_in.as_ref(), stamped);
        self.start(vouched.session.as_ref(), (Method::Password, None), stamped);
        let sign_in = vouched.sign_in.as_ref().map(|opened| opened.sign_in);
        if let Some(sign_in) = sign_in.and_then(|hash| self.sign_ins.get_mut(&hash)) {
            sign_in.vouched = vouched.device;
        }
        let session = vouched.session.as_ref().map(|opened| opened.session);
        if let Some(session) = session.and_then(|hash| self.sessions.get_mut(&hash)) {
            (session.vouched, session.password_at) = (vouched.device, None);
        }
    }

    /// Whoever guessed too often from elsewhere goes on nowhere (SR-060).
    pub(super) fn end_unknown_sign_ins(&mut self) {
        let unknown = self.sign_ins.values_mut().filter(|sign_in| sign_in.device.is_none());
        unknown.for_each(|sign_in| sign_in.ended = true);
    }

    /// A sign-in goes on under another id: what was proven goes along.
    pub(super) fn go_on(
        &mut self,
        next: Option<&SignInOpened>,
        earlier: Option<SignIn>,
        stamped: &StampedEvent,
    ) {
        let (Some(next), Some(earlier)) = (next, earlier) else { return };
        self.begin(Some(next), stamped);
        if let Some(sign_in) = self.sign_ins.get_mut(&next.sign_in) {
            let SignIn { started_at, opened_in, proven, vouched, .. } = earlier;
            *sign_in = SignIn { started_at, opened_in, proven, vouched, ..sign_in.clone() };
        }
    }

    /// What a sign-in has proven goes over to the session that it led to.
    pub(super) fn carry_over(&mut self, session: HandleHash, sign_in: &SignIn) {
        let Some(session) = self.sessions.get_mut(&session) else { return };
        session.password_at = session.password_at.or(Some(sign_in.started_at));
        if let Some((Method::Totp | Method::RecoveryCode, by, at)) = sign_in.proven {
            (session.second_factor_at, session.second_factor_by) = (Some(at), by);
        }
        // The code's own entry does not say where from.
        session.opened_in = sign_in.opened_in;
        session.device = session.device.or(sign_in.device);
        session.vouched = sign_in.vouched;
        if let Some(device) = session.device.and_then(|device| self.devices.get_mut(&device)) {
            device.seen_in = sign_in.opened_in;
        }
    }

    /// Starts a session, or lifts the one of the same hash, or puts it in another's place.
    pub(super) fn start(
        &mut self,
        opened: Option<&SessionOpened>,
        (method, by): (Method, Option<FactorId>),
        stamped: &StampedEvent,
    ) {
        let Some(opened) = opened else { return };
        let at = stamped.at;
        self.last_used_at = Some(at);
        if let Some(remembered) = &opened.device {
            self.remember(remembered, stamped);
        }
        let replaced = opened.replaces.unwrap_or(opened.session);
        let earlier = self.sessions.remove(&replaced);
        // Proving again changes the token and not the session: its offer goes along (SR-113), and
        // so does its code by e-mail.
        if let Some(offer) = self.offer.as_mut().filter(|offer| offer.session == Some(replaced)) {
            offer.session = Some(opened.session);
        }
        if let Some(code) = self.email_codes.remove(&replaced) {
            self.email_codes.insert(opened.session, code);
        }
        let granted = self.grants.values_mut().filter(|grant| grant.session == replaced);
        granted.for_each(|grant| grant.session = opened.session);
        let started_at = earlier.as_ref().map_or(at, |session| session.started_at);
        let mut session = Session {
            started_at,
            opened_in: earlier.as_ref().map_or(stamped.revision, |session| session.opened_in),
            device: opened.device.as_ref().map(|remembered| remembered.device),
            expires_at: opened.expires_at,
            used_at: at,
            assurance: opened.assurance,
            amr: opened.amr.clone(),
            // A session that a code starts comes minutes after its password.
            password_at: earlier.as_ref().and_then(|session| session.password_at),
            second_factor_at: earlier.as_ref().and_then(|session| session.second_factor_at),
            second_factor_by: earlier.as_ref().and_then(|session| session.second_factor_by),
            auth_time: at,
            // A new token is no new session.
            reused: earlier.as_ref().map_or(0, |session| session.reused),
            guessed_at: earlier.as_ref().and_then(|session| session.guessed_at),
            vouched: earlier.as_ref().and_then(|session| session.vouched),
            grants: earlier.as_ref().and_then(|session| session.grants),
        };
        session.device = session.device.or(earlier.and_then(|session| session.device));
        match method {
            Method::Password => session.password_at = Some(at),
            Method::Totp | Method::RecoveryCode => {
                (session.second_factor_at, session.second_factor_by) = (Some(at), by);
            }
            Method::EmailCode => {}
        }
        self.sessions.insert(opened.session, session);
    }

    pub(super) fn session_used(&mut self, session: HandleHash, at: Timestamp) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.used_at = at;
        }
        self.last_used_at = Some(at);
    }

    pub(super) fn end(&mut self, session: HandleHash) {
        self.sessions.remove(&session);
        self.email_codes.remove(&session);
        // An offer is bound to the session that began it (SR-113).
        self.offer.take_if(|offer| offer.session == Some(session));
    }

    pub(super) fn forget(&mut self, devices: &[HandleHash]) {
        self.devices.retain(|device, _| !devices.contains(device));
    }

    /// A device is known from now on, and by nothing that it held before; what began there stays
    /// tied to it.
    fn remember(&mut self, remembered: &DeviceRemembered, stamped: &StampedEvent) {
        let DeviceRemembered { device, expires_at, replaces } = *remembered;
        let earlier = replaces.and_then(|replaced| self.devices.remove(&replaced));
        let sign_ins = self.sign_ins.values_mut().map(|sign_in| &mut sign_in.device);
        let sessions = self.sessions.values_mut().map(|session| &mut session.device);
        let tied = sign_ins.chain(sessions).filter(|at| at.is_some() && **at == replaces);
        tied.for_each(|at| *at = Some(device));
        while self.devices.len() >= DEVICES_MAX {
            let oldest = self.devices.iter().min_by_key(|(_, device)| device.last_seen_at);
            let Some(oldest) = oldest.map(|(hash, _)| *hash) else { break };
            self.devices.remove(&oldest);
        }
        let seen = Device {
            first_seen_at: earlier.map_or(stamped.at, |earlier| earlier.first_seen_at),
            last_seen_at: stamped.at,
            seen_in: stamped.revision,
            expires_at,
        };
        self.devices.insert(device, seen);
    }
}
