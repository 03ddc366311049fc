//! What concerns getting back in, in sentences.

use countersign_events::account::{
    AccountEvent, EmailCodes, HoldPlaced, HoldWhy, PasswordChangeWhy,
};

use super::time;

/// The sentence of an event; none where it is not one of these.
pub(super) fn event(event: &AccountEvent) -> Option<String> {
    Some(match event {
        AccountEvent::PasswordResetRequested(requested) => match requested.link_until {
            Some(_) => "a link to a new password was asked for by mail".into(),
            None => "a link to a new password was asked for; there is no proven address to send \
                     it to"
                .into(),
        },
        AccountEvent::PasswordResetRenewed(renewed) => match renewed.link_until {
            Some(until) => format!(
                "a link to a new password was asked for again; no further mail was sent, and the \
                 last one's link works until {}",
                time(until)
            ),
            None => {
                "a link to a new password was asked for again; no mail with one was sent".into()
            }
        },
        AccountEvent::PasswordChangeDemanded(demanded) => {
            let why = match demanded.why {
                PasswordChangeWhy::Repudiated => {
                    "the holder said that something was somebody else's doing"
                }
                PasswordChangeWhy::Guessed => "whoever gave so many wrong codes knows this one",
                PasswordChangeWhy::Unlocked => {
                    "support forgave wrong codes, and whoever gave them knows this one"
                }
            };
            match demanded.ends_password {
                true => format!(
                    "the password is worth nothing any more, and a new one comes by mail: {why}"
                ),
                false => format!("the next sign-in asks for a new password: {why}"),
            }
        }
        AccountEvent::HoldPlaced(hold) => held(hold),
        AccountEvent::EmailChanged(changed) if changed.request.is_some() => {
            let back = match changed.unproven {
                true => "was never proven, and cannot be taken back".to_owned(),
                false => format!("can be taken back until {}", time(changed.undo_until)),
            };
            format!(
                "another e-mail address was taken, as support was asked: nobody has proven it; the \
                 earlier one {back}"
            )
        }
        AccountEvent::EmailChanged(changed) if changed.unproven => {
            "another e-mail address was taken; the earlier one was never proven, and cannot be \
             taken back"
                .into()
        }
        AccountEvent::EmailChanged(changed) => format!(
            "another e-mail address was taken; the earlier one can be taken back until {}",
            time(changed.undo_until)
        ),
        AccountEvent::EmailChangeUndone(_) => "the earlier e-mail address was taken back".into(),
        AccountEvent::ReplacementRequested(requested) => format!(
            "a replacement of the authenticator was asked for; it may be completed from {} on",
            time(requested.due_at)
        ),
        AccountEvent::ReplacementObjected(_) => {
            "the replacement of the authenticator was stopped".into()
        }
        AccountEvent::ReplacementCompleted(_) => {
            "a new authenticator took the place of the lost one".into()
        }
        AccountEvent::Repudiated(_) => {
            "the holder said by a link in a notice: this was not me".into()
        }
        _ => return None,
    })
}

fn held(hold: &HoldPlaced) -> String {
    let why = match hold.why {
        HoldWhy::PasswordReset => "the password was set anew by mail",
        HoldWhy::PasswordResetRepudiated => "the holder did not set the password anew",
        HoldWhy::Replacement => "the authenticator was replaced",
        HoldWhy::FactorRemoval => "support had something removed",
        HoldWhy::AddressChange => "support had the address changed",
    };
    let codes = match hold.email_codes {
        EmailCodes::Offered => String::new(),
        EmailCodes::WithheldUntil(until) => format!(
            "; codes by e-mail are not offered until {} or until another second factor is proven",
            time(until)
        ),
        EmailCodes::WithheldUntilProof => {
            "; codes by e-mail are not offered until another second factor is proven".into()
        }
    };
    let until = time(hold.until);
    format!(
        "{why}: address, authenticators and recovery codes stay as they are until {until}{codes}"
    )
}
