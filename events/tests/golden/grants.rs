//! What the golden payloads about grants must decode to.

use countersign_events::account::{
    AccountEvent as Of, Assurance, CodeVerified, GrantIssued, GrantRedeemed, GrantVoided,
    GrantVoidedWhy, Method, Purpose, SessionOpened,
};
use countersign_events::id::{Digest, HandleHash, Revision};

use crate::account::{CLIENT, FACTOR, SESSION, SIGN_IN, at, early, hash, late, two_factor_session};

const GRANT: HandleHash = Digest::new([0xb1; 16]);
const TOKEN: HandleHash = Digest::new([0xb2; 16]);

pub(crate) fn goldens() -> Vec<(&'static str, Of)> {
    let issued = GrantIssued {
        grant: GRANT,
        client: CLIENT,
        session: SESSION,
        challenge: hash(0xd1),
        expires_at: at("2026-11-24T05:01:00Z"),
    };
    let redeemed = GrantRedeemed {
        grant: GRANT,
        token: TOKEN,
        expires_at: late(),
        assurance: Assurance::TwoFactor,
        amr: ["pwd", "otp", "mfa"].map(str::to_owned).to_vec(),
        auth_time: early(),
        passes: false,
    };
    let passing = GrantRedeemed { passes: true, ..redeemed.clone() };
    let voided = |why| Of::GrantVoided(GrantVoided { grant: GRANT, why });
    vec![
        ("full", Of::GrantIssued(issued)),
        ("full", Of::GrantRedeemed(redeemed)),
        ("whole", Of::GrantRedeemed(passing)),
        ("full", voided(GrantVoidedWhy::Reused)),
        ("mismatched", voided(GrantVoidedWhy::Mismatched)),
        ("vouched", Of::CodeVerified(vouched())),
    ]
}

fn vouched() -> CodeVerified {
    let session = SessionOpened {
        amr: ["pwd", "otp", "mfa"].map(str::to_owned).to_vec(),
        replaces: None,
        vouched_in: Some(Revision::new(7)),
        ..two_factor_session()
    };
    CodeVerified {
        method: Method::Totp,
        factor: Some(FACTOR),
        step: Some(59_856_840),
        offset: Some(0),
        request: None,
        purpose: Purpose::SignIn,
        sign_in: Some(SIGN_IN),
        in_session: None,
        next: None,
        session: Some(session),
        device: None,
    }
}
