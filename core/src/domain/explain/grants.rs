//! What client apps were told of who signed in, in sentences.

use countersign_events::account::{AccountEvent, GrantVoidedWhy};

/// The sentence of an event; none where it is not one of these.
pub(super) fn event(event: &AccountEvent) -> Option<String> {
    Some(match event {
        AccountEvent::GrantIssued(_) => {
            "a client app asked in the browser who is signed in".to_owned()
        }
        AccountEvent::GrantRedeemed(redeemed) if redeemed.passes => {
            "a host that asks here lets the browser in".to_owned()
        }
        AccountEvent::GrantRedeemed(_) => "a client app was told who signed in".to_owned(),
        AccountEvent::GrantVoided(voided) => match voided.why {
            GrantVoidedWhy::Reused => {
                "a client app asked again by what it had used: what that led to was ended"
            }
            GrantVoidedWhy::Mismatched => {
                "a client app asked by what does not belong together, and was told nothing"
            }
        }
        .to_owned(),
        _ => return None,
    })
}
