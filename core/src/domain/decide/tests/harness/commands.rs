//! The commands that most tests decide.

use countersign_events::account::{Origin, Purpose};
use countersign_events::id::HandleHash;

use super::{factor, key, minted, nonce, session, sign_in, version};
use crate::domain::command::{
    Activate, Command, Enroller, Evidence, FirstFactor, Prove, Proven, Register, RequestEnable,
    SendEmailCode, SignIn, VerifyCode,
};
use crate::domain::totp::Compared;

pub(in crate::domain::decide::tests) fn register() -> Register {
    Register {
        origin: Origin::Holder,
        client: None,
        has_email: true,
        email_confirmed: false,
        imported: None,
        key: key(),
        password: Some(version(1)),
    }
}

pub(in crate::domain::decide::tests) fn begin(first: FirstFactor, number: u8) -> Command {
    Command::SignIn(SignIn { first, sign_in: sign_in(number), session: session(number) })
}

pub(in crate::domain::decide::tests) const RIGHT: FirstFactor =
    FirstFactor::PasswordRight { rehashed: None };

pub(in crate::domain::decide::tests) fn verify(number: u8, evidence: Evidence) -> Command {
    let session = session(50 + number);
    let next = sign_in(50 + number);
    Command::VerifyCode(VerifyCode { sign_in: sign_in(number), evidence, session, next })
}

pub(in crate::domain::decide::tests) fn send(
    purpose: Purpose,
    bound_to: HandleHash,
    number: u8,
) -> Command {
    Command::SendEmailCode(SendEmailCode { purpose, bound_to, nonce: nonce(number) })
}

pub(in crate::domain::decide::tests) fn prove(number: u8, proven: Proven, next: u8) -> Command {
    Command::Prove(Prove { session: session(number), proven, next: session(next) })
}

pub(in crate::domain::decide::tests) fn request_enable(
    in_session: Option<u8>,
    number: u128,
) -> Command {
    Command::RequestEnable(RequestEnable {
        enroller: enroller(in_session),
        factor: factor(number),
        secret: version(u64::try_from(number).unwrap()),
    })
}

pub(in crate::domain::decide::tests) fn activate(
    in_session: Option<u8>,
    compared: Compared,
) -> Command {
    let enroller = enroller(in_session);
    Command::Activate(Activate { enroller, session: session(99), compared, minted: minted() })
}

pub(in crate::domain::decide::tests) fn enroller(in_session: Option<u8>) -> Enroller {
    in_session.map_or(Enroller::Client, |number| Enroller::Session(session(number)))
}

pub(in crate::domain::decide::tests) fn remove(in_session: u8, number: u128) -> Command {
    Command::RemoveFactor { session: session(in_session), factor: factor(number) }
}

pub(in crate::domain::decide::tests) fn rename(in_session: u8, number: u128) -> Command {
    Command::RenameFactor { session: session(in_session), factor: factor(number) }
}

pub(in crate::domain::decide::tests) fn replace_codes(in_session: u8) -> Command {
    Command::ReplaceRecoveryCodes { session: session(in_session), minted: minted() }
}
