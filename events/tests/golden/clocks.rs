//! What the golden payloads of clocks, used codes and sessions that made room must decode to.

use countersign_events::account::{
    AccountEvent as Of, CodeVerified, FactorResynced, Method, Notice, NoticeSent, Purpose,
    SessionEndedWhy, SessionsEnded,
};

use crate::account::{EVENT, FACTOR, SESSION};

pub(crate) fn goldens() -> Vec<(&'static str, Of)> {
    let verified = CodeVerified {
        method: Method::Totp,
        factor: Some(FACTOR),
        step: Some(59_856_840),
        offset: Some(-20),
        request: None,
        purpose: Purpose::Resync,
        sign_in: None,
        in_session: Some(SESSION),
        next: None,
        session: None,
        device: None,
    };
    let ended = SessionsEnded::new(vec![SESSION], SessionEndedWhy::TooMany);
    let notice = |notice| Of::NoticeSent(NoticeSent { notice, cause: EVENT, attempts: 1 });
    vec![
        ("full", Of::FactorResynced(FactorResynced { factor: FACTOR, offset: -20 })),
        ("resync", Of::CodeVerified(verified)),
        ("whole", Of::SessionsEnded(SessionsEnded { tells_holder: true, ..ended })),
        ("code_replayed", notice(Notice::CodeReplayed)),
        ("session_made_room", notice(Notice::SessionMadeRoom)),
    ]
}
