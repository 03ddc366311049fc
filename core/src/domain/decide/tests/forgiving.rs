//! What forgives a wrong guess, what does not, and what opens a lane that was closed (SR-084,
//! SR-085).

use countersign_events::account::{
    AccountEvent, CodeRejected, CodeVerified, DevicesForgotten, EmailCodes, EmailConfirmed, Method,
    PasswordChangeDemanded, PasswordChangeWhy, PasswordSet, PasswordSetWhy, Purpose, RejectedWhy,
};
use jiff::SignedDuration;

use super::harness::{
    Given, RIGHT, begin, device, email_code, enrolled, event_id, given, hours, mins, prove, secs,
    send, session, sign_in, sign_in_opened, start, verify, version,
};
use crate::domain::command::{
    Command, Evidence, FirstFactor, Proven, Repudiate, SetDemandedPassword, Told,
};
use crate::domain::policy::LANE_OPENED_BY_MAIL_EVERY;
use crate::domain::refusal::Refusal;

const PASSWORD: Proven = Proven::Password { right: true };

impl Given {
    fn guesses(mut self, count: usize, number: u8) -> Self {
        for _ in 0..count {
            let wrong = verify(number, self.totp(&[]));
            self = self.play(wrong);
        }
        self
    }

    /// Somebody who has the password guesses so many codes from elsewhere, as fast as is allowed.
    fn guessed_at(mut self, count: usize) -> Self {
        let at = self.device;
        for _ in 0..count {
            self = self.after(hours(13)).elsewhere().play(begin(RIGHT, 2)).guesses(1, 2);
        }
        self.device = at;
        self
    }

    fn devices(&self) -> Vec<countersign_events::id::HandleHash> {
        self.account.open().unwrap().devices.keys().copied().collect()
    }

    fn resets(self, number: u64) -> Self {
        let reset = Command::ResetPassword { version: version(number) };
        self.play(Command::RequestPasswordReset).play(reset)
    }

    fn demands(&self) -> Option<PasswordChangeWhy> {
        self.account.open().unwrap().password_change
    }
}

/// A person with an authenticator and a proven address, signed in at device 1 in session 61.
fn at_home() -> Given {
    let confirmed = AccountEvent::EmailConfirmed(EmailConfirmed {});
    let begun = given(enrolled()).and([confirmed]).at_device(None, 1).after(secs(30));
    let begun = begun.play(begin(RIGHT, 11));
    let code = begun.totp(&[0]);
    begun.play(verify(11, code))
}

/// Three wrong codes and a wrong password at the known device 1, in the sign-in 12 of somebody
/// else.
fn wrong_at_home() -> Given {
    let wrong = begin(FirstFactor::PasswordWrong, 9);
    at_home().after(mins(1)).at_device(Some(1), 2).play(begin(RIGHT, 12)).guesses(3, 12).play(wrong)
}

fn counts(given: &Given) -> (u32, u32) {
    (given.unresolved(Method::Totp), given.unresolved(Method::Password))
}

fn forgives(events: &[AccountEvent]) -> bool {
    events.iter().any(|event| matches!(event, AccountEvent::PasswordSet(set) if set.forgives_codes))
}

fn demanded(why: PasswordChangeWhy) -> AccountEvent {
    AccountEvent::PasswordChangeDemanded(PasswordChangeDemanded { why, ends_password: false })
}

/// SR-084: what was wrong at a known device is forgiven exactly when that gets another handle, and
/// then of every method.
#[test]
fn sr_084_a_new_handle_forgives_what_was_wrong_at_the_device() {
    let given = wrong_at_home();
    assert_eq!(counts(&given), (3, 1));
    let signed_in = given.clone().play(begin(RIGHT, 13));
    assert_eq!(counts(&signed_in), (3, 1), "not by the password alone");
    let code = signed_in.totp(&[0]);
    let signed_in = signed_in.play(verify(13, code));
    assert_eq!((counts(&signed_in), signed_in.devices()), ((0, 0), vec![device(2)]));
    let code = Proven::Code(given.totp(&[0]));
    let proven = given.clone().play(prove(61, code, 71));
    assert_eq!((counts(&proven), proven.devices()), ((0, 0), vec![device(2)]));
    let recovered = Proven::Code(Evidence::RecoveryCode { index: Some(0) });
    let proven = given.play(prove(61, recovered, 71));
    assert_eq!((counts(&proven), proven.devices()), ((0, 0), vec![device(2)]));
}

/// SR-084: a session that proves the password again, or a sign-in by a code by e-mail, leaves the
/// device its handle, and forgives nothing there.
#[test]
fn sr_084_what_leaves_a_device_its_handle_forgives_nothing_there() {
    let given = wrong_at_home();
    let proven = given.clone().play(prove(61, PASSWORD, 71));
    assert_eq!((counts(&proven), proven.devices()), ((3, 1), vec![device(1)]));
    let sent = email_code(Purpose::SignIn, sign_in(13), 1, mins(20));
    let by_mail = given.play(begin(RIGHT, 13)).and([sent]);
    let by_mail = by_mail.play(verify(13, Evidence::EmailCode { right: true }));
    assert_eq!((counts(&by_mail), by_mail.devices()), ((3, 1), vec![device(1)]));
}

/// SR-133: a proof within a session gives a known device another handle and makes no other known.
#[test]
fn sr_133_a_proof_within_a_session_makes_no_device_known() {
    let stranger = at_home().after(mins(1)).at_device(None, 5);
    let code = Proven::Code(stranger.totp(&[0]));
    let proven = stranger.play(prove(61, code, 71));
    assert_eq!(proven.devices(), [device(1)]);
    let program = at_home().after(mins(1)).elsewhere();
    let code = Proven::Code(program.totp(&[0]));
    assert_eq!(program.play(prove(61, code, 71)).devices(), [device(1)]);
}

/// SR-084: the password in its dialog keeps the session its token, so that a copy of that lives on:
/// it forgives nothing.
#[test]
fn sr_084_a_password_that_leaves_the_session_its_token_forgives_nothing() {
    let wrong = prove(61, Proven::Password { right: false }, 61);
    let given = at_home().elsewhere().play(wrong.clone()).play(wrong);
    assert_eq!(given.unresolved(Method::Password), 2);
    let in_place = given.clone().play(prove(61, PASSWORD, 61));
    assert_eq!(in_place.unresolved(Method::Password), 2);
    assert_eq!(given.play(prove(61, PASSWORD, 71)).unresolved(Method::Password), 0);
}

/// SR-084: a code that proves an address proves nothing else: a code to one's own would forgive
/// guesses at a foreign one.
#[test]
fn sr_084_a_proven_address_forgives_nothing() {
    let purposes = [Purpose::ConfirmEmail, Purpose::ChangeEmail];
    for purpose in purposes {
        let typed = |right| match purpose {
            Purpose::ChangeEmail => Command::ChangeEmail { session: session(1), right },
            _ => Command::ConfirmEmail { session: session(1), right },
        };
        let given = given(enrolled()).play(send(purpose, session(1), 1));
        let given = (0..3).fold(given, |given, _| given.play(typed(false)));
        assert_eq!(given.unresolved(Method::EmailCode), 3, "{purpose:?}");
        let events = given.when(typed(true)).events();
        assert!(matches!(events[0], AccountEvent::CodeVerified(CodeVerified { .. })));
        assert_eq!(given.and(events).unresolved(Method::EmailCode), 3, "{purpose:?}");
    }
}

/// SR-087, SR-026: a code by e-mail where none was sent is no guess. It counts to the five of its
/// sign-in, and never closes the holder's way by e-mail.
#[test]
fn sr_026_codes_where_none_was_sent_close_nothing() {
    let mut given = given(enrolled());
    for _ in 0..100 {
        given = given.after(mins(1)).play(begin(RIGHT, 2));
        for count in 1..=5 {
            let events = given.when(verify(2, Evidence::EmailCode { right: false })).events();
            let [AccountEvent::CodeRejected(rejected)] = &events[..] else { panic!("{events:?}") };
            assert_eq!(
                (rejected.why, rejected.in_sign_in, rejected.unresolved),
                (RejectedWhy::NoneIssued, count, 0)
            );
            given = given.and(events);
        }
        let sixth = given.when(verify(2, Evidence::EmailCode { right: false }));
        sixth.refused(Refusal::AuthenticationFailed);
    }
    assert_eq!(given.unresolved(Method::EmailCode), 0);
    assert_eq!(given.demands(), None);
    let given = given.play(begin(RIGHT, 3)).play(send(Purpose::SignIn, sign_in(3), 1));
    let events = given.when(verify(3, Evidence::EmailCode { right: true })).events();
    assert!(matches!(events[0], AccountEvent::CodeVerified(_)), "{events:?}");
}

/// Within a session they have an end, too: each is an entry of the log.
#[test]
fn codes_where_none_was_sent_have_an_end_within_a_session() {
    let typed = || Command::ConfirmEmail { session: session(1), right: false };
    let ten = (0..10).fold(given(enrolled()), |given, _| given.play(typed()));
    assert_eq!(ten.unresolved(Method::EmailCode), 0);
    ten.when(typed()).refused(Refusal::AuthenticationFailed);
    let sent = ten.play(send(Purpose::ConfirmEmail, session(1), 1));
    assert_eq!(sent.when(typed()).events().len(), 1, "where one was sent it is read");
}

/// SR-085, SR-088: with ten wrong codes from elsewhere, or a closed lane, a new password by mail
/// opens it; whoever guessed had the one that ends.
#[test]
fn sr_088_a_new_password_by_mail_opens_the_lane_of_unknown_devices() {
    let reset = || Command::ResetPassword { version: version(7) };
    let after = |guesses| at_home().guessed_at(guesses).play(Command::RequestPasswordReset);
    assert!(!forgives(&after(9).when(reset()).events()), "nothing to open");
    assert!(forgives(&after(10).when(reset()).events()));
    let closed = after(16);
    let shut = closed.clone().elsewhere().play(begin(RIGHT, 3));
    assert!(shut.when(verify(3, shut.totp(&[0]))).0.is_err(), "closed");
    let opened = closed.elsewhere().play(reset()).play(begin(RIGHT, 3));
    assert_eq!(opened.unresolved(Method::Totp), 0);
    let events = opened.when(verify(3, opened.totp(&[0]))).events();
    assert!(matches!(events[0], AccountEvent::CodeVerified(_)), "at once, from anywhere");
    // Under a lower cap it is closed before ten.
    let mut tight = at_home();
    tight.policy.limits.totp.unknown_cap = 3;
    let tight = tight.guessed_at(3).play(Command::RequestPasswordReset);
    assert!(forgives(&tight.when(reset()).events()));
}

/// SR-085: not twice in 365 days, to the second: the mailbox is worth one lane of guesses more.
#[test]
fn sr_085_a_password_by_mail_opens_the_lane_once_in_a_year() {
    let first = at_home().guessed_at(16).resets(7);
    assert_eq!(first.unresolved(Method::Totp), 0);
    let opened_at = first.now;
    let again = first.guessed_at(16);
    let reset = |mut given: Given, at| {
        given.now = opened_at + at;
        let given = given.play(Command::RequestPasswordReset);
        given.when(Command::ResetPassword { version: version(8) }).events()
    };
    let last = LANE_OPENED_BY_MAIL_EVERY - secs(1);
    assert!(!forgives(&reset(again.clone(), last)));
    assert!(forgives(&reset(again.clone(), LANE_OPENED_BY_MAIL_EVERY)));
    // The second did not forgive, and did not begin a new year either.
    let second = again.after(hours(1)).resets(8);
    assert_eq!(second.unresolved(Method::Totp), 16);
    assert!(forgives(&reset(second, LANE_OPENED_BY_MAIL_EVERY)));
}

/// SR-133: a password set by mail, or with no more than the one that ends, leaves devices known:
/// the holder keeps the way in that nobody else can use up. One set with a second factor does not.
#[test]
fn sr_133_devices_outlive_a_password_by_mail_and_not_one_with_a_second_factor() {
    let home = at_home().resets(7);
    assert_eq!(home.devices(), [device(1)]);
    let by = |evidence: fn(&Given) -> Evidence| {
        let asked = at_home().and([demanded(PasswordChangeWhy::Guessed)]).after(mins(1));
        let sent = email_code(Purpose::SignIn, sign_in(12), 1, hours(1));
        let asked = asked.elsewhere().play(begin(RIGHT, 12)).and([sent]);
        let code = evidence(&asked);
        let (sign_in, next) = (sign_in(62), sign_in(90));
        let (version, session) = (version(7), session(90));
        let set = SetDemandedPassword { sign_in, version, next, session };
        asked.play(verify(12, code)).play(Command::SetDemandedPassword(set)).devices()
    };
    assert_eq!(by(|_| Evidence::EmailCode { right: true }), [device(1)]);
    assert_eq!(by(|given| given.totp(&[0])), []);
}

/// SR-116, SR-133: "this was not me" forgets the devices first seen since then, as the log says,
/// and no other.
#[test]
fn sr_133_not_me_forgets_the_devices_first_seen_since_then() {
    let later = at_home().after(hours(1)).at_device(None, 2).play(begin(RIGHT, 12));
    let code = later.totp(&[0]);
    let two = later.play(verify(12, code));
    assert_eq!(two.devices(), [device(1), device(2)]);
    let seen = two.now;
    let objects = |given: &Given, at| {
        let (cause, told) = (event_id(3), Told::Other);
        given.when(Command::Repudiate(Repudiate { cause, at, told })).events()
    };
    let forgotten = AccountEvent::DevicesForgotten(DevicesForgotten { devices: vec![device(2)] });
    for at in [seen, start() + mins(31)] {
        let events = objects(&two, at);
        assert!(events.contains(&forgotten), "{events:?}");
        assert_eq!(two.clone().and(events).devices(), [device(1)]);
    }
    let events = objects(&two, seen + secs(1));
    assert_eq!(two.clone().and(events).devices(), [device(1), device(2)]);
    // A device that holds another handle since is the one that it was.
    let renewed = two.after(mins(1)).at_device(Some(1), 3);
    let code = Proven::Code(renewed.totp(&[0]));
    let renewed = renewed.play(prove(62, code, 72));
    let events = objects(&renewed, seen);
    assert_eq!(renewed.and(events).devices(), [device(3)]);
}

/// SR-088: sixteen wrong codes and the holder's own "this was not me" shut him out of nothing.
#[test]
fn sr_088_defending_himself_shuts_the_holder_out_of_no_device() {
    let guessed = at_home().guessed_at(16).at_device(Some(1), 2);
    let (cause, at, told) = (event_id(3), guessed.now, Told::Other);
    let objected = guessed.play(Command::Repudiate(Repudiate { cause, at, told }));
    let begun = objected.after(mins(1)).play(begin(RIGHT, 12));
    let events = begun.when(verify(12, begun.totp(&[0]))).events();
    assert!(matches!(events[0], AccountEvent::CodeVerified(_)), "{events:?}");
}

/// SR-053, SR-116: after the holder said that a password by mail was not his, another one by mail
/// does not take the place of the one that his next sign-in sets: whoever reads the mailbox would
/// choose it.
#[test]
fn sr_053_a_mailbox_that_was_objected_to_drops_no_demand() {
    let by_mail = at_home().resets(7);
    let (cause, at, told) = (event_id(9), by_mail.now, Told::PasswordReset);
    let objected = by_mail.play(Command::Repudiate(Repudiate { cause, at, told }));
    let offered = objected.account.open().unwrap().email_codes_offered;
    assert_eq!(offered, EmailCodes::WithheldUntilProof);
    let again = objected.clone().after(hours(1)).resets(8);
    assert_eq!(again.demands(), Some(PasswordChangeWhy::Repudiated));
    let begun = again.play(begin(RIGHT, 12));
    let code = begun.totp(&[0]);
    let proven = begun.play(verify(12, code));
    let (sign_in, next) = (sign_in(62), sign_in(90));
    let (version, session) = (version(9), session(90));
    let set = SetDemandedPassword { sign_in, version, next, session };
    assert_eq!(proven.play(Command::SetDemandedPassword(set)).demands(), None);
    // One that nobody objected to is enough.
    let asked = at_home().and([demanded(PasswordChangeWhy::Guessed)]).resets(7);
    assert_eq!(asked.demands(), None);
}

/// A password set by mail whose log says that it opened the lane; or not.
#[test]
fn what_opens_a_lane_is_what_the_log_says() {
    let closed = at_home().guessed_at(16);
    let set = |forgives_codes| {
        let set = PasswordSet::new(version(7), PasswordSetWhy::Reset);
        AccountEvent::PasswordSet(PasswordSet { forgives_codes, ..set })
    };
    assert_eq!(closed.clone().and([set(false)]).unresolved(Method::Totp), 16);
    assert_eq!(closed.and([set(true)]).unresolved(Method::Totp), 0);
}

/// A code that was refused in the lane of all is tied to no device, wherever it was given.
#[test]
fn sr_084_the_lane_of_all_ties_a_guess_to_no_device() {
    let guess = |given: &Given| {
        let events = given.when(verify(12, given.totp(&[]))).events();
        let AccountEvent::CodeRejected(CodeRejected { counted, .. }) = &events[0] else {
            panic!("{events:?}")
        };
        counted.device
    };
    let begun = at_home().after(mins(1)).at_device(Some(1), 2).play(begin(RIGHT, 12));
    assert_eq!(guess(&begun), Some(device(1)));
    let five = begun.guesses(5, 12).and([sign_in_opened(12, SignedDuration::from_hours(9))]);
    assert_eq!(guess(&five), None, "its own lane is used up");
}
