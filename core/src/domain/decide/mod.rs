//! Decides: a command against a state gives events or a refusal.
//!
//! `decide` dispatches; each part of an account's life has its own file of straight functions.

mod code;
mod devices;
pub(in crate::domain) use code::{counts_as_guess, counts_to_limit, is_of_no_mail};
pub use factor::confirmable;
pub use guesses::{guess_at, lane_of, refusal_of};
mod factor;
mod grants;
mod guesses;
mod password;
mod recovery;
mod registration;
mod removal;
pub use registration::named_by;
mod resync;
pub use resync::resynchronisable;
mod sessions;
mod sign_in;
mod support;
mod unlock;

use countersign_events::account::AccountEvent;

use super::account::{Account, Open};
use super::command::{Command, Context};
use super::refusal::Refusal;

/// What a command leads to.
pub type Decision = Result<Vec<AccountEvent>, Refusal>;

/// Decides a command.
///
/// # Errors
/// A [`Refusal`] where nothing is to be recorded: the request was not evaluated.
pub fn decide(account: &Account, command: &Command, context: &Context<'_>) -> Decision {
    match command {
        Command::Register(register) => registration::register(account, register, context),
        Command::Abandon => registration::abandon(account),
        Command::SetPassword { version, why } => registration::password(account, *version, *why),
        Command::SignIn(command) => sign_in::begin(account, command, context),
        Command::SendEmailCode(send) => sign_in::send_email_code(account, send, context),
        Command::VerifyCode(verify) => sign_in::verify_code(account, verify, context),
        Command::Prove(prove) => sessions::prove(account, prove, context),
        Command::ConfirmEmail { session, right } => {
            sessions::confirm_email(account, *session, *right, context)
        }
        Command::RequestEnable(request) => factor::request_enable(account, request, context),
        Command::Activate(activate) => factor::activate(account, activate, context),
        Command::RenameFactor { session, factor } => {
            factor::rename(account, *session, *factor, context)
        }
        Command::RemoveFactor { session, factor } => {
            factor::remove(account, *session, *factor, context)
        }
        Command::ResyncFactor { session, compared } => {
            resync::resync(account, *session, compared, context)
        }
        Command::ReplaceRecoveryCodes { session, minted } => {
            factor::replace_recovery_codes(account, *session, minted, context)
        }
        Command::ChangePassword(change) => password::change(account, change, context),
        Command::RequestPasswordReset => password::request_reset(account, context),
        Command::ResetPassword { version } => password::reset(account, *version, context),
        Command::UnlockPassword { cause } => unlock::unlock(account, *cause, context),
        Command::SetDemandedPassword(set) => password::set_demanded(account, set, context),
        Command::ChangeEmail { session, right } => {
            recovery::change_email(account, *session, *right, context)
        }
        Command::RequestReplacement { session } => {
            recovery::request_replacement(account, *session, context)
        }
        Command::CancelReplacement { session } => {
            recovery::cancel_replacement(account, *session, context)
        }
        Command::Repudiate(repudiate) => recovery::repudiate(account, *repudiate, context),
        Command::IssueGrant(issue) => grants::issue(account, issue, context),
        Command::RedeemGrant(redeem) => grants::redeem(account, redeem, context),
        Command::UseSession(session) => sessions::record_use(account, *session, context),
        Command::EndSessions { session, which } => {
            sessions::end(account, *session, *which, context)
        }
        Command::ForgetDevices { session, which } => {
            devices::forget(account, *session, *which, context)
        }
        Command::ResetLockout { scope, method } => {
            support::reset_lockout(account, *scope, *method, context)
        }
        Command::Suspend => support::suspend(account),
        Command::Resume => support::resume(account),
        Command::EndAllSessions => support::end_all_sessions(account),
        Command::MailPassword => support::mail_password(account, context),
        Command::AskRemoval(ask) => removal::ask(account, *ask, context),
        Command::ApproveRemoval { request, address, by } => {
            removal::approve(account, (*request, *address), *by)
        }
        Command::CancelRemoval { request, address } => {
            removal::cancel(account, (*request, *address))
        }
        Command::CompleteRemoval { request } => removal::complete(account, *request, context),
        Command::EndForRole => support::end_for_role(account),
        Command::BreakGlass => support::break_glass(account, context),
        Command::View(what) => support::view(account, *what),
        Command::RecordMail(event) => support::record_mail(event),
    }
}

/// The account, where there must be one.
fn existing(account: &Account) -> Result<&Open, Refusal> {
    account.open().ok_or(Refusal::NotFound("account"))
}

#[cfg(test)]
mod tests;
