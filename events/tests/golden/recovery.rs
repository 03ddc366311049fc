//! What the golden payloads of getting back in must decode to.

use countersign_events::account::{
    AccountEvent as Of, CodeVerified, EmailChangeUndone, EmailChanged, EmailCodeRequested,
    EmailCodes, HoldPlaced, HoldWhy, Method, Need, Notice, NoticeSent, PasswordChangeDemanded,
    PasswordChangeWhy, PasswordResetRenewed, PasswordResetRequested, PasswordSet, PasswordSetWhy,
    Purpose, ReplacementCompleted, ReplacementObjected, ReplacementRequested, Repudiated,
    SessionEndedWhy, SessionsEnded, SignInOpened,
};
use countersign_events::id::{Nonce, SecretVersion};

use crate::account::{EVENT, FACTOR, SESSION, SIGN_IN, at, late, password_session, sign_in};

pub(crate) fn goldens() -> Vec<(&'static str, Of)> {
    [passwords(), holds(), addresses(), replacements(), notices()].concat()
}

fn passwords() -> Vec<(&'static str, Of)> {
    let needs = |needs| SignInOpened { needs, ..sign_in() };
    let version = SecretVersion::new(7);
    let demanded = PasswordSet {
        sign_in: Some(SIGN_IN),
        session: Some(password_session()),
        ..PasswordSet::new(version, PasswordSetWhy::Demanded)
    };
    let enrols = PasswordSet {
        sign_in: Some(SIGN_IN),
        next: Some(needs(Need::Enrolment)),
        ..PasswordSet::new(version, PasswordSetWhy::Demanded)
    };
    let whole = PasswordSet {
        sign_in: Some(SIGN_IN),
        next: Some(needs(Need::Enrolment)),
        session: Some(password_session()),
        ..PasswordSet::new(version, PasswordSetWhy::Demanded)
    };
    let verified = CodeVerified {
        method: Method::RecoveryCode,
        factor: None,
        step: None,
        offset: None,
        request: None,
        purpose: Purpose::SignIn,
        sign_in: Some(SIGN_IN),
        in_session: None,
        next: Some(needs(Need::NewPassword)),
        session: None,
        device: None,
    };
    vec![
        ("reset", Of::PasswordSet(PasswordSet::new(version, PasswordSetWhy::Reset))),
        ("demanded", Of::PasswordSet(demanded)),
        ("enrols", Of::PasswordSet(enrols)),
        ("whole", Of::PasswordSet(whole)),
        ("new_password", Of::CodeVerified(verified.clone())),
        ("whole", Of::CodeVerified(whole_code(verified))),
        ("full", Of::PasswordResetRequested(PasswordResetRequested { link_until: Some(late()) })),
        ("minimal", Of::PasswordResetRequested(PasswordResetRequested { link_until: None })),
        ("full", Of::PasswordResetRenewed(PasswordResetRenewed { link_until: Some(late()) })),
        ("minimal", Of::PasswordResetRenewed(PasswordResetRenewed { link_until: None })),
        (
            "full",
            Of::PasswordChangeDemanded(PasswordChangeDemanded {
                why: PasswordChangeWhy::Repudiated,
                ends_password: false,
            }),
        ),
        (
            "whole",
            Of::PasswordChangeDemanded(PasswordChangeDemanded {
                why: PasswordChangeWhy::Repudiated,
                ends_password: true,
            }),
        ),
    ]
}

fn whole_code(verified: CodeVerified) -> CodeVerified {
    CodeVerified {
        method: Method::Totp,
        factor: Some(FACTOR),
        step: Some(59_856_840),
        offset: Some(-1),
        request: Some(EVENT),
        in_session: Some(SESSION),
        session: Some(password_session()),
        ..verified
    }
}

fn holds() -> Vec<(&'static str, Of)> {
    let held = |why, email_codes| {
        let until = at("2026-11-25T05:00:00Z");
        Of::HoldPlaced(HoldPlaced { why, until, email_codes })
    };
    let days = at("2026-12-01T05:00:00Z");
    vec![
        ("full", held(HoldWhy::PasswordReset, EmailCodes::WithheldUntil(days))),
        ("repudiated", held(HoldWhy::PasswordResetRepudiated, EmailCodes::WithheldUntilProof)),
        ("replacement", held(HoldWhy::Replacement, EmailCodes::Offered)),
    ]
}

fn addresses() -> Vec<(&'static str, Of)> {
    let requested = EmailCodeRequested {
        purpose: Purpose::ChangeEmail,
        bound_to: SESSION,
        nonce: Nonce::parse("0123456789abcdeffedcba9876543210").unwrap(),
        expires_at: late(),
        digits: Some(8),
    };
    let undo_until = at("2026-12-01T05:00:00Z");
    vec![
        ("whole", Of::EmailCodeRequested(requested)),
        ("full", Of::EmailChanged(EmailChanged { undo_until, unproven: false, request: None })),
        ("whole", Of::EmailChanged(EmailChanged { undo_until, unproven: true, request: None })),
        (
            "support",
            Of::EmailChanged(EmailChanged { undo_until, unproven: false, request: Some(EVENT) }),
        ),
        (
            "whole_2",
            Of::EmailChanged(EmailChanged { undo_until, unproven: true, request: Some(EVENT) }),
        ),
        ("full", Of::EmailChangeUndone(EmailChangeUndone { change: None })),
        ("whole", Of::EmailChangeUndone(EmailChangeUndone { change: Some(EVENT) })),
    ]
}

fn replacements() -> Vec<(&'static str, Of)> {
    let requested = ReplacementRequested {
        due_at: at("2026-11-25T05:00:00Z"),
        expires_at: at("2026-12-02T05:00:00Z"),
    };
    vec![
        ("full", Of::ReplacementRequested(requested)),
        ("full", Of::ReplacementObjected(ReplacementObjected {})),
        ("full", Of::ReplacementCompleted(ReplacementCompleted {})),
        ("full", Of::Repudiated(Repudiated { cause: EVENT })),
    ]
}

fn notices() -> Vec<(&'static str, Of)> {
    let notice = |notice| Of::NoticeSent(NoticeSent { notice, cause: EVENT, attempts: 1 });
    let ended = |why| Of::SessionsEnded(SessionsEnded::new(vec![SESSION], why));
    vec![
        ("password_reset", notice(Notice::PasswordReset)),
        ("password_changed", notice(Notice::PasswordChanged)),
        ("email_changed", notice(Notice::EmailChanged)),
        ("email_change_undone", notice(Notice::EmailChangeUndone)),
        ("replacement_requested", notice(Notice::ReplacementRequested)),
        ("replacement_stopped", notice(Notice::ReplacementStopped)),
        ("replacement_completed", notice(Notice::ReplacementCompleted)),
        ("repudiated", notice(Notice::Repudiated)),
        ("password_changed", ended(SessionEndedWhy::PasswordChanged)),
        ("repudiated", ended(SessionEndedWhy::Repudiated)),
    ]
}
