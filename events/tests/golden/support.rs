//! What the golden payloads of what support does must decode to.

use countersign_events::account::{
    AccountEvent as Of, Counted, EmailCodes, FactorRemovalApproved, FactorRemovalCancelled,
    FactorRemovalCompleted, FactorRemovalObjected, FactorRemovalRequested, HoldPlaced, HoldWhy,
    IdentityProof, Lane, Notice, NoticeSent, PasswordMailAsked, PasswordRejected, Purpose, Resumed,
    SessionEndedWhy, SessionsEnded, Suspended,
};

use crate::account::{DEVICE, EVENT, FACTOR, SESSION, at};

pub(crate) fn goldens() -> Vec<(&'static str, Of)> {
    [requests(), acts(), notices()].concat()
}

fn requests() -> Vec<(&'static str, Of)> {
    let asked = FactorRemovalRequested {
        factor: Some(FACTOR),
        address: false,
        proof: IdentityProof::InPerson,
        in_person: true,
        needs_approval: true,
        runs_at: at("2026-11-24T05:00:00Z"),
        awaits_notice: false,
    };
    let proven = |proof| {
        let (in_person, runs_at) = (false, at("2026-11-25T05:00:00Z"));
        let asked = FactorRemovalRequested { proof, in_person, runs_at, ..asked.clone() };
        Of::FactorRemovalRequested(asked)
    };
    let minimal = FactorRemovalRequested {
        factor: None,
        address: false,
        proof: IdentityProof::CallBack,
        in_person: false,
        needs_approval: false,
        runs_at: at("2026-11-25T05:00:00Z"),
        awaits_notice: false,
    };
    let whole = FactorRemovalRequested { address: true, ..asked.clone() };
    let address = FactorRemovalRequested { address: true, ..minimal.clone() };
    let whole_2 = FactorRemovalRequested { awaits_notice: true, ..whole.clone() };
    let request = EVENT;
    vec![
        ("full", Of::FactorRemovalRequested(asked.clone())),
        ("address", Of::FactorRemovalRequested(address)),
        ("whole", Of::FactorRemovalRequested(whole)),
        ("minimal", Of::FactorRemovalRequested(minimal)),
        ("whole_2", Of::FactorRemovalRequested(whole_2)),
        ("video_call", proven(IdentityProof::VideoCall)),
        ("known_colleague", proven(IdentityProof::KnownColleague)),
        ("superior", proven(IdentityProof::Superior)),
        ("identified_anew", proven(IdentityProof::IdentifiedAnew)),
        ("full", Of::FactorRemovalApproved(FactorRemovalApproved { request })),
        ("full", Of::FactorRemovalCancelled(FactorRemovalCancelled { request })),
        ("full", Of::FactorRemovalObjected(FactorRemovalObjected { request })),
        ("full", Of::FactorRemovalCompleted(FactorRemovalCompleted { request })),
    ]
}

fn acts() -> Vec<(&'static str, Of)> {
    let held = |why| {
        let (until, email_codes) = (at("2026-11-25T05:00:00Z"), EmailCodes::Offered);
        Of::HoldPlaced(HoldPlaced { why, until, email_codes })
    };
    let ended = |why| Of::SessionsEnded(SessionsEnded::new(vec![SESSION], why));
    let rejected = PasswordRejected {
        purpose: Purpose::StepUp,
        in_session: Some(SESSION),
        unresolved: 5,
        counted: Counted { lane: Lane::Known, device: Some(DEVICE), tells_holder: true },
        suspended: true,
    };
    vec![
        ("full", Of::Suspended(Suspended {})),
        ("full", Of::Resumed(Resumed {})),
        ("full", Of::PasswordMailAsked(PasswordMailAsked {})),
        ("support", ended(SessionEndedWhy::Support)),
        ("role_changed", ended(SessionEndedWhy::RoleChanged)),
        ("address_changed", ended(SessionEndedWhy::AddressChanged)),
        ("address_change", held(HoldWhy::AddressChange)),
        ("factor_removal", held(HoldWhy::FactorRemoval)),
        ("whole_2", Of::PasswordRejected(rejected)),
    ]
}

fn notices() -> Vec<(&'static str, Of)> {
    let notice = |notice| Of::NoticeSent(NoticeSent { notice, cause: EVENT, attempts: 1 });
    vec![
        ("suspended", notice(Notice::Suspended)),
        ("resumed", notice(Notice::Resumed)),
        ("sessions_ended", notice(Notice::SessionsEnded)),
        ("password_mailed", notice(Notice::PasswordMailed)),
        ("removal_requested", notice(Notice::RemovalRequested)),
        ("removal_stopped", notice(Notice::RemovalStopped)),
        ("removal_completed", notice(Notice::RemovalCompleted)),
        ("address_change_requested", notice(Notice::AddressChangeRequested)),
        ("address_change_stopped", notice(Notice::AddressChangeStopped)),
        ("cap_reached", notice(Notice::CapReached)),
        ("admin_acted", notice(Notice::AdminActed)),
    ]
}
