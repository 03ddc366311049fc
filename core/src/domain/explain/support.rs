//! What support did, in sentences.

use countersign_events::account::{AccountEvent, FactorRemovalRequested, IdentityProof};

use super::time;

/// The sentence of an event; none where it is not one of these.
pub(super) fn event(event: &AccountEvent) -> Option<String> {
    Some(match event {
        AccountEvent::Suspended(_) => {
            "support suspended the account: nobody signs in, and all sessions ended".into()
        }
        AccountEvent::Resumed(_) => "support ended the suspension".into(),
        AccountEvent::PasswordMailAsked(_) => {
            "support had a link to a new password sent to the address on record".into()
        }
        AccountEvent::FactorRemovalRequested(requested) => asked(requested),
        AccountEvent::FactorRemovalApproved(_) => {
            "another person of support approved what was asked for".into()
        }
        AccountEvent::FactorRemovalCancelled(_) => "support gave up what was asked for".into(),
        AccountEvent::FactorRemovalObjected(_) => {
            "the holder stopped what support was asked for".into()
        }
        AccountEvent::FactorRemovalCompleted(_) => {
            "the removal that support had asked for was done; the recovery codes are dead".into()
        }
        _ => return None,
    })
}

fn asked(requested: &FactorRemovalRequested) -> String {
    let what = match requested.factor {
        _ if requested.address => "another e-mail address",
        Some(_) => "the removal of an authenticator",
        None => "the removal of the recovery codes",
    };
    let waits = match (requested.needs_approval, requested.awaits_notice) {
        (true, true) => ", once another person has approved it and the holder is told",
        (true, false) => ", once another person has approved it",
        (false, true) => ", once the holder is told",
        (false, false) => "",
    };
    let (proof, from) = (proof(requested.proof), time(requested.runs_at));
    format!("support asked for {what} ({proof}): it is done from {from} on{waits}")
}

/// How it was made sure that this is the holder, as people say it.
const fn proof(proof: IdentityProof) -> &'static str {
    match proof {
        IdentityProof::CallBack => "the holder was called back",
        IdentityProof::InPerson => "the holder came in person",
        IdentityProof::VideoCall => "the holder was seen in a video call",
        IdentityProof::KnownColleague => "a colleague spoke for the holder",
        IdentityProof::Superior => "the superior spoke for the holder",
        IdentityProof::IdentifiedAnew => "the holder was identified anew",
    }
}
