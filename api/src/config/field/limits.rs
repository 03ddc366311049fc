//! The settings of the policy. What is fixed may be written down, and is then held to be so.

use super::{Field, Kind, fields};

/// Every setting of the policy, in the order of the reference.
pub(super) const LIMITS: &[Field] = fields! {
    "profile" Text None, "\"standard\"",
        "What stands where nothing is set: `standard`, or `strict` with `email.mode` \
         \"recovery_only\", `password.min_alone` 15 and `password.on_cap` \"disable\".",
        "`strict` lets a stranger disable a password with a hundred wrong ones, until its holder \
         sets a new one by mail.";
    "totp.algorithm" Text None, "\"SHA1\"",
        "How codes of authenticators are derived: what every authenticator app can do.",
        "Fixed: another value is refused.";
    "totp.digits" Number None, "6", "Digits of such a code.", "Fixed: another value is refused.";
    "totp.period" Number None, "30",
        "Seconds of a time step.",
        "Fixed: another value is refused.";
    "totp.skew" Value None, "[-1, 0, 1]",
        "The time steps around the server's own that a code is accepted for: `[-1, 0, 1]`, \
         `[-1, 0]` or `[0]`. Fewer make each guess worth less.",
        "Narrower, people whose phone's clock is off must be quicker; wider is refused.";
    "totp.secret_bytes" Number None, "20",
        "Bytes of an authenticator's secret.",
        "Fixed: another value is refused.";
    "totp.limit.per_txn" Number None, "5",
        "Wrong codes in one sign-in, of all methods together; with them it is over.",
        "Too few make people begin again after a typing error; 1 to 10.";
    "totp.limit.ladder" Value None, "[[5, \"15m\"], [10, \"1h\"], [13, \"12h\"]]",
        "After how many unresolved wrong codes from unknown devices these wait, and how long.",
        "Shorter waits let a guesser have his allowance sooner; longer ones let him keep a new \
         device of the holder out for longer. At most 16 steps, each to 7 days.";
    "totp.limit.untrusted_cap" Number None, "16",
        "Unresolved wrong codes from unknown devices in a year; with them these are closed out.",
        "Too many are a chance to guess right; too few close out holders who mistype. 1 to 50.";
    "totp.limit.trusted_cap" Number None, "10",
        "The same from all known devices together; with them these are like any other. 0 gives \
         known devices no guesses of their own.",
        "Too many are a chance for who copied a cookie; 0 to 50.";
    "totp.limit.trusted_per_device" Number None, "5",
        "The same from one known device.",
        "Too many are a chance for who copied its cookie; 0 to 10.";
    "totp.limit.hard_cap" Number None, "26",
        "The same in all; with them the authenticator must be bound anew. More than \
         `untrusted_cap`, so that guesses from unknown devices alone never do that.",
        "Each one more is a chance of 3 in a million for who knows the password; 1 to 100.";
    "totp.limit.window" Text None, "\"365d\"",
        "How long a wrong code counts, unless it is forgiven.",
        "Fixed: another value is refused.";
    "email.mode" Text None, "\"sign_in\"",
        "What a code by e-mail is good for at the sign-in: `sign_in` completes it, with a session \
         that may change no factor; `recovery_only` leads to one that can replace a lost \
         authenticator and little else; `off` is none.",
        "`sign_in` is as safe as password and mailbox together; `off` leaves who lost the phone \
         with recovery codes and support.";
    "email.single_channel_ack" Switch None, "false",
        "With `recovery_only`: whether the code may also go to the only address an account has.",
        "Without it nobody can recover by mail; with it, who holds the mailbox alone gets the \
         warning as well.";
    "email.digits" Number None, "6",
        "Digits of a code by e-mail; with `recovery_only` eight at the sign-in.",
        "Fixed: another value is refused.";
    "email.ttl" Text None, "\"10m\"",
        "How long such a code lives.",
        "Too short, slow mails come too late; too long, a mailbox left open is worth more. `1m` to \
         `30m`.";
    "email.guesses_per_code" Number None, "5",
        "Wrong codes in one sign-in, of all methods together, after which no code by e-mail is \
         looked at.",
        "Too few make people begin again after a typing error; 1 to 10.";
    "email.min_resend" Text None, "\"60s\"",
        "The least time between two codes by e-mail to one account.",
        "Too short, a mailbox can be flooded; too long, people wait for a mail that was lost. \
         `10s` to `10m`.";
    "email.sends_15m" Number None, "3",
        "Codes by e-mail to one account in 15 minutes.",
        "Too few keep people out whose mails are slow; 1 to 10.";
    "email.sends_24h" Number None, "5",
        "Codes by e-mail to one account in 24 hours, two of them kept for known devices.",
        "Too few keep holders out who need them; 3 to 20.";
    "email.ladder" Value None, "[[5, \"15m\"], [10, \"1h\"], [15, \"12h\"]]",
        "As of authenticators.",
        "As of authenticators.";
    "email.cap" Number None, "20",
        "Unresolved wrong codes by e-mail in a year; with them these are closed out.",
        "Each one more is a chance of one in a million for who knows the password; 1 to 50.";
    "recovery.count" Number None, "10",
        "Recovery codes of a set.",
        "Fixed: another value is refused.";
    "recovery.chars" Number None, "25",
        "Characters of a recovery code, of five bits each.",
        "Fixed: another value is refused.";
    "recovery.per_txn" Number None, "5",
        "Wrong codes in one sign-in, of all methods together, after which no recovery code is \
         looked at.",
        "Too few make people begin again after a typing error; 1 to 10.";
    "recovery.ladder" Value None, "[[10, \"1h\"], [20, \"24h\"]]",
        "As of authenticators.",
        "As of authenticators.";
    "recovery.cap" Number None, "50",
        "Unresolved wrong recovery codes in a year; with them the set must be made anew.",
        "Too few let whoever knows the password spoil the set; 1 to 100.";
    "password.min_with_mfa" Number None, "8",
        "Characters that a new password must have at least, where there is a second factor.",
        "Below 8 start-up is refused; above 64 people cannot choose what they are used to.";
    "password.min_alone" Number None, "8",
        "Characters that a new password must have at least, while it is all that an account has. \
         Pages say this one; a change shows there after the next start.",
        "Below 8 start-up is refused; above 64 people cannot choose what they are used to.";
    "password.max_bytes" Number None, "1024",
        "Bytes that a password may have.",
        "Fixed: another value is refused.";
    "password.min_score" Number None, "2",
        "How hard a new password must be to guess at least, as zxcvbn rates it: 2 is a million \
         guesses, 3 a hundred million, 4 ten thousand million. Whatever it is, a password that is \
         little more than a listed one, or than a word of its account, is refused.",
        "Below 2 start-up is refused; 3 refuses every password of eight characters, also a random \
         one.";
    "password.free" Number None, "4",
        "Wrong passwords from unknown devices without a wait.",
        "Too few make people wait for a typing error; 0 to 10.";
    "password.base" Text None, "\"30s\"",
        "The first wait after them; each further one is twice as long.",
        "Too short, guesses come fast; too long, a stranger keeps new devices of the holder out. \
         `1s` to `1h`.";
    "password.factor" Number None, "2",
        "How many times as long the next wait is.",
        "Fixed: another value is refused.";
    "password.max" Text None, "\"1h\"",
        "The longest of these waits.",
        "Shorter lets guesses come faster; longer is refused, since a stranger could keep new \
         devices of the holder out with it. `1m` to `1h`.";
    "password.trusted_per_device" Number None, "10",
        "Unresolved wrong passwords of one known device; then it is like any other.",
        "Too many are a chance for who copied its cookie; 1 to 10.";
    "password.cap" Number None, "100",
        "Unresolved wrong passwords from unknown devices in a month, at which `on_cap` happens.",
        "Too few let a stranger get there soon; 10 to 100.";
    "password.window" Text None, "\"30d\"",
        "How long a wrong password counts, unless it is forgiven.",
        "Fixed: another value is refused.";
    "password.on_cap" Text None, "\"email_unlock\"",
        "What happens at the cap: `email_unlock` closes out unknown devices until the holder \
         follows a link; `disable` disables the password everywhere, until a new one is set by \
         mail, or support brings it back.",
        "`disable` lets any stranger keep everybody from signing in, at a hundred wrong passwords \
         each.";
    "txn.ttl" Text None, "\"10m\"",
        "How long a sign-in waits for its second factor.",
        "Too short, codes by e-mail come too late; `1m` to `1h`.";
    "txn.guesses_apart" Text None, "\"1s\"",
        "How long after a code was refused the next one is looked at, in one sign-in or session. \
         Sooner it is refused and counts for nothing.",
        "Too long, people who mistype a code are told to wait; `0s` to `10s`.";
    "txn.live_per_device" Number None, "3",
        "Sign-ins that wait at one known device at once; the oldest is dropped.",
        "Fixed: another value is refused.";
    "txn.live_per_account" Number None, "10",
        "Sign-ins that wait of one account at once; the oldest is dropped.",
        "Fixed: another value is refused.";
    "sign_in.blind" Switch None, "false",
        "Whether a wrong password is answered like a right one, with the question for a second \
         factor, so that nobody learns by guessing that a password is right.",
        "People who mistype it learn so only after a code, and are not told when to try again; of \
         several authenticators the one used last is meant. An account without a second factor \
         still shows that its password is right: demand one of everybody.";
    "two_factor.required_from" Text None, "",
        "From when everybody must have a second factor: a time such as `2027-01-31T00:00:00Z`. \
         Pages count down to it; from then on a sign-in without one leads to its set-up.",
        "Too soon, people are met by it unprepared; the set-up needs an authenticator app.";
    "device.ttl" Text None, "\"90d\"",
        "How long a device is known after somebody last signed in there.",
        "Too short, holders have no device that guesses from elsewhere leave alone; `1d` to \
         `180d`.";
    "device.grants" Text None, "\"throttle_lane_only\"",
        "What being known grants a device: guesses of its own, and nothing else.",
        "Fixed: another value is refused.";
    "session.overall" Text None, "\"12h\"",
        "How long a session lives at the most.",
        "Too long, a stolen token is worth more; `5m` to `24h`.";
    "session.idle" Text None, "\"30m\"",
        "How long it lives unused.",
        "Too short, people sign in all day; `1m` to `1h`.";
    "session.step_up_max_age" Text None, "\"5m\"",
        "How old a fresh proof may be.",
        "Too short, people prove themselves twice in one errand; `30s` to `15m`.";
    "session.max_per_account" Number None, "10",
        "Sessions of an account at once; the oldest ends.",
        "Too few end the sessions of people with many devices; 1 to 50.";
    "breaker.enforce" Switch None, "false",
        "Whether, while the alarm over all accounts sounds, second steps from unknown devices are \
         limited to `guarded_allowance_24h`. The alarm is told in any case.",
        "On, who causes the alarm makes new devices of everybody wait; off, many accounts can be \
         guessed at at once, each within its own limits.";
    "breaker.mfa_fail_1h_min" Number None, "200",
        "Wrong codes of all accounts in an hour that are never an alarm.",
        "Too few are false alarms; 1 to 100000.";
    "breaker.factor_over_median" Number None, "5",
        "So many times the usual number of an hour is an alarm.",
        "Too few are false alarms; 1 to 100.";
    "breaker.share" Value None, "0.3",
        "The share of wrong codes in an hour of at least 200 that is an alarm.",
        "Too small is false alarms; 0.01 to 0.9, in whole hundredths.";
    "breaker.guarded_allowance_24h" Number None, "3",
        "Unresolved wrong codes from unknown devices in 24 hours at an account that is guarded.",
        "Too few keep holders out who mistype; 1 to 16.";
    "support.lockout_resets_30d" Number None, "2",
        "Lockouts of one account that support may end in 30 days.",
        "Too many let whoever talks to support guess on; 0 to 10.";
    "support.step_up" Text None, "\"5m\"",
        "How old the second factor of an operator may be who acts on others.",
        "Too short, operators prove themselves twice in one errand; `30s` to `15m`.";
    "support.session_overall" Text None, "\"8h\"",
        "How long a session of an operator lives at the most, where `session.overall` is not less.",
        "Too long, an operator's stolen token is worth more; `5m` to `24h`.";
    "support.session_idle" Text None, "\"15m\"",
        "How long it lives unused, where `session.idle` is not less.",
        "Too short, operators sign in for every call; too long, a desk that was left is open; \
         `1m` to `1h`.";
    "support.two_person" Text None, "\"required\"",
        "Who lets support remove an authenticator: `required`, a supervisor other than who asked, \
         or `delay`, nobody, so that the delay and the notice to the holder are all there is. \
         That is for a desk of one.",
        "With `delay`, one operator who is fooled or bought is enough, unless the holder objects \
         in time.";
    "support.removal_hold" Text None, "\"24h\"",
        "How long the holder can object before support's removal of an authenticator is done. Only \
         for who stands there in person, as another operator approves, it falls away.",
        "Too short, he hears of it too late; `1h` to `7d`.";
    "support.address_hold" Text None, "\"72h\"",
        "How long the holder can object before the address that support was asked for takes the \
         present one's place; for nobody it falls away.",
        "Too short, a holder who reads mail twice a week hears of it too late; `1d` to `14d`.";
    "support.searches_1h" Number None, "300",
        "Searches of one operator in an hour, found or not.",
        "Too many let an operator find out who has an account; 0 to 3000.";
    "support.looks_1h" Number None, "600",
        "Looks of one operator at accounts in an hour; reading on is no further look.",
        "Too many let an operator copy everybody's history; 0 to 3000.";
    "support.resets_24h" Number None, "20",
        "Lockouts ended, and links to a new password sent, by one operator in 24 hours.",
        "Too few and a busy day stops; 0 to 200.";
    "support.factor_removals_24h" Number None, "5",
        "Removals of authenticators that one operator asks for in 24 hours; as many are approved.",
        "Too many, and a bought operator takes over many accounts at once; 0 to 50.";
    "support.suspensions_24h" Number None, "20",
        "Suspensions, their ends, and ends of sessions, by one operator in 24 hours.",
        "Too many, and an operator shuts many people out; 0 to 200.";
    "hold.after_recovery" Text None, "\"24h\"",
        "How long address, authenticators and recovery codes stay as they are after a way around a \
         proof was used, so that the holder can object.",
        "Too short, he hears of it too late; `1h` to `30d`.";
};
