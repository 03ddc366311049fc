//! Devices: called known only after a sign-in there, and until what forgets them.

use countersign_events::account::{
    AccountEvent, PasswordSet, PasswordSetWhy, SessionOpened, SignInOpened,
};
use countersign_events::id::HandleHash;
use jiff::Timestamp;

use super::few::Few;
use super::{Act, Breach, Rule};

/// The devices that are known, and until when.
#[derive(Debug, Clone, Default)]
pub(super) struct Devices(Few<HandleHash, Timestamp>);

/// Whether a new password makes every device a stranger: one that was set with more than a mailbox
/// or the password before it.
fn forgets_all(set: &PasswordSet) -> bool {
    match set.why {
        PasswordSetWhy::Changed | PasswordSetWhy::LetInAnew => true,
        PasswordSetWhy::Demanded => set.forgives_codes,
        PasswordSetWhy::Initial | PasswordSetWhy::Rehashed | PasswordSetWhy::Reset => false,
    }
}

impl Devices {
    /// Takes what happened next.
    pub(super) fn take(&mut self, act: &Act<'_>, breaches: &mut Vec<Breach>) {
        self.0.retain(|_, until| act.at < *until);
        match act.event {
            AccountEvent::PasswordVerified(verified) => {
                self.opened(verified.sign_in.as_ref(), verified.session.as_ref(), breaches);
            }
            AccountEvent::FirstFactorVouched(vouched) => {
                self.opened(vouched.sign_in.as_ref(), vouched.session.as_ref(), breaches);
            }
            AccountEvent::CodeVerified(verified) => {
                self.opened(verified.next.as_ref(), verified.session.as_ref(), breaches);
            }
            AccountEvent::PasswordSet(set) => {
                // What the device held before the new password was known up to here.
                self.opened(set.next.as_ref(), None, breaches);
                let session = set.session.as_ref();
                self.replaced(session, breaches);
                if forgets_all(set) {
                    self.0.clear();
                }
                self.remember(session);
            }
            AccountEvent::Enabled(_) | AccountEvent::FactorRemoved(_) => self.0.clear(),
            AccountEvent::DevicesForgotten(forgotten) => {
                self.0.retain(|device, _| !forgotten.devices.contains(device));
            }
            _ => {}
        }
    }

    fn opened(
        &mut self,
        sign_in: Option<&SignInOpened>,
        session: Option<&SessionOpened>,
        breaches: &mut Vec<Breach>,
    ) {
        if let Some(device) = sign_in.and_then(|opened| opened.device) {
            self.must_know(device, breaches);
        }
        self.replaced(session, breaches);
        self.remember(session);
    }

    /// What gives way to another was known.
    fn replaced(&mut self, session: Option<&SessionOpened>, breaches: &mut Vec<Breach>) {
        let replaced = session.and_then(|opened| opened.device.as_ref()?.replaces);
        if let Some(replaced) = replaced {
            self.must_know(replaced, breaches);
            self.0.remove(&replaced);
        }
    }

    fn remember(&mut self, session: Option<&SessionOpened>) {
        if let Some(remembered) = session.and_then(|opened| opened.device.as_ref()) {
            self.0.insert(remembered.device, remembered.expires_at);
        }
    }

    /// Whether a device is known at a time.
    pub(super) fn knows(&self, device: HandleHash, at: Timestamp) -> bool {
        self.0.get(&device).is_some_and(|until| at < *until)
    }

    fn must_know(&self, device: HandleHash, breaches: &mut Vec<Breach>) {
        if !self.0.contains_key(&device) {
            breaches.push((Rule::DeviceNotKnown, format!("device {device} is not known")));
        }
    }
}
