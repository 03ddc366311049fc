//! Which devices may be known, told from the events alone (SR-133).

use std::collections::BTreeMap;

use countersign_events::account::{
    AccountEvent, Assurance, Method, PasswordSetWhy, SessionOpened, SignInOpened,
};
use countersign_events::id::HandleHash;
use jiff::{SignedDuration, Timestamp};

use crate::domain::account::Open;

const DAYS_KNOWN: i64 = 90;
const KNOWN_AT_ONCE: usize = 20;

/// The devices that are known, and until when.
#[derive(Debug, Default)]
pub(super) struct Known {
    now: BTreeMap<HandleHash, Timestamp>,
    /// The one that just gave way to another.
    gave_way: Option<HandleHash>,
    /// The one that was just made known.
    made: Option<HandleHash>,
    /// The browser that has tries of its own at the password, and until when.
    admitted: Option<(HandleHash, Timestamp)>,
    /// The devices that a client app named, by the sign-ins and sessions that it began.
    named: BTreeMap<HandleHash, HandleHash>,
}

impl Known {
    pub(super) fn event(&mut self, now: Timestamp, event: &AccountEvent) {
        self.now.retain(|_, until| now < *until);
        (self.gave_way, self.made) = (None, None);
        self.admitted = self.admitted.filter(|(_, until)| now < *until);
        match event {
            AccountEvent::PasswordVerified(verified) => {
                let session = verified.session.as_ref();
                self.goes_on(None, verified.sign_in.as_ref(), session);
                self.opened(now, verified.sign_in.as_ref(), session);
            }
            AccountEvent::FirstFactorVouched(vouched) => {
                let (sign_in, session) = (vouched.sign_in.as_ref(), vouched.session.as_ref());
                let begun = sign_in.map(|it| it.sign_in).or(session.map(|it| it.session));
                self.named.extend(begun.zip(vouched.device));
                self.opened(now, sign_in, session);
            }
            AccountEvent::CodeVerified(verified) => {
                let (next, session) = (verified.next.as_ref(), verified.session.as_ref());
                self.goes_on(verified.sign_in, next, session);
                self.opened(now, next, session);
            }
            AccountEvent::PasswordSet(set) => {
                self.goes_on(set.sign_in, set.next.as_ref(), set.session.as_ref());
                self.opened(now, set.next.as_ref(), set.session.as_ref());
                let begun = set.session.as_ref().and_then(|opened| opened.device.as_ref());
                let is_new = match set.why {
                    PasswordSetWhy::Changed => true,
                    PasswordSetWhy::Demanded => set.forgives_codes,
                    _ => false,
                };
                let stays = [PasswordSetWhy::Initial, PasswordSetWhy::Rehashed].contains(&set.why);
                self.admitted = self.admitted.filter(|_| stays);
                self.now
                    .retain(|device, _| !is_new || begun.is_some_and(|it| it.device == *device));
            }
            AccountEvent::Enabled(_) | AccountEvent::FactorRemoved(_) => self.now.clear(),
            AccountEvent::Repudiated(_) => self.admitted = None,
            AccountEvent::PasswordUnlocked(unlocked) => {
                let browser = unlocked.browser;
                self.admitted = browser.map(|browser| (browser.device, browser.expires_at));
                let half_an_hour = now + SignedDuration::from_mins(30);
                assert!(self.admitted.is_none_or(|(_, until)| until == half_an_hour));
            }
            AccountEvent::DevicesForgotten(forgotten) => {
                for device in &forgotten.devices {
                    assert!(self.now.remove(device).is_some(), "it was known");
                }
            }
            _ => {}
        }
    }

    /// What a client app named is named of what goes on from there.
    fn goes_on(
        &mut self,
        from: Option<HandleHash>,
        sign_in: Option<&SignInOpened>,
        session: Option<&SessionOpened>,
    ) {
        let from = from.or(session.and_then(|opened| opened.replaces));
        let named = from.and_then(|from| self.named.get(&from).copied());
        let to = sign_in.map(|it| it.sign_in).or(session.map(|it| it.session));
        self.named.extend(to.zip(named));
    }

    /// Whether a guess of a method was to be counted as one of this device, before the present
    /// event.
    pub(super) fn was(&self, method: Method, device: HandleHash) -> bool {
        let made = self.made == Some(device);
        let admitted = self.admitted.is_some_and(|(admitted, _)| admitted == device);
        (self.now.contains_key(&device) && !made)
            || self.gave_way == Some(device)
            || (method == Method::Password && admitted)
    }

    /// The device that a client app named where this was begun.
    pub(super) fn named(&self, within: Option<HandleHash>) -> Option<HandleHash> {
        self.named.get(&within?).copied()
    }

    fn opened(
        &mut self,
        now: Timestamp,
        sign_in: Option<&SignInOpened>,
        session: Option<&SessionOpened>,
    ) {
        if let Some(device) = sign_in.and_then(|opened| opened.device) {
            assert!(self.now.contains_key(&device), "a sign-in at a device that is not known");
        }
        let Some(opened) = session else { return };
        let Some(remembered) = &opened.device else { return };
        assert_ne!(opened.assurance, Assurance::EmailCode, "less than the account asks for");
        let is_sign_in = opened.replaces.is_none();
        assert!(is_sign_in || remembered.replaces.is_some(), "made known within a session");
        assert_eq!(remembered.expires_at, now + SignedDuration::from_hours(24 * DAYS_KNOWN));
        if let Some(replaced) = remembered.replaces {
            assert!(self.now.remove(&replaced).is_some(), "what gives way was known");
            self.gave_way = Some(replaced);
        }
        while self.now.len() >= KNOWN_AT_ONCE {
            // All are known for equally long after they were last seen.
            let unseen = self.now.iter().min_by_key(|(_, until)| **until).map(|(hash, _)| *hash);
            self.now.remove(&unseen.unwrap());
        }
        assert!(self.now.insert(remembered.device, remembered.expires_at).is_none(), "a new one");
        self.made = Some(remembered.device);
    }

    /// The state knows no device that the books do not.
    pub(super) fn covers(&self, open: &Open) {
        assert!(open.devices.len() <= KNOWN_AT_ONCE);
        for (hash, device) in &open.devices {
            assert_eq!(self.now.get(hash), Some(&device.expires_at), "known too long");
        }
        assert_eq!(open.devices.len(), self.now.len(), "a device was lost");
    }
}
