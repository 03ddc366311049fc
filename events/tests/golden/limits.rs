//! What the golden payloads of guess limits must decode to.

use countersign_events::account::{
    AccountEvent as Of, AttemptsRefused, BrowserAdmitted, CodeRejected, CodeVerified, CooledDown,
    Counted, Lane, LockRule, LockedOut, Method, Need, Notice, NoticeSent, PasswordChangeDemanded,
    PasswordChangeWhy, PasswordRejected, PasswordSet, PasswordSetWhy, PasswordUnlocked,
    PasswordVerified, Purpose, RejectedWhy, SignInOpened,
};
use countersign_events::id::SecretVersion;

use crate::account::{
    DEVICE, EVENT, FACTOR, SESSION, SIGN_IN, at, early, late, password_session, sign_in,
    two_factor_session,
};

pub(crate) fn goldens() -> Vec<(&'static str, Of)> {
    [guesses(), successes(), locks()].concat()
}

const COUNTED: Counted = Counted { lane: Lane::Known, device: Some(DEVICE), tells_holder: true };

fn guesses() -> Vec<(&'static str, Of)> {
    let code = CodeRejected {
        method: Method::Totp,
        factor: Some(FACTOR),
        why: RejectedWhy::Wrong,
        off_by_steps: Some(-10),
        purpose: Purpose::SignIn,
        sign_in: Some(SIGN_IN),
        in_session: Some(SESSION),
        in_sign_in: 5,
        unresolved: 4,
        counted: COUNTED,
    };
    let password = PasswordRejected {
        suspended: false,
        purpose: Purpose::StepUp,
        in_session: Some(SESSION),
        unresolved: 5,
        counted: COUNTED,
    };
    let told = PasswordRejected {
        suspended: false,
        purpose: Purpose::SignIn,
        in_session: None,
        unresolved: 10,
        counted: Counted { tells_holder: true, ..Counted::default() },
    };
    let refused = AttemptsRefused {
        method: Method::Password,
        lane: Lane::Known,
        count: 1_000_000_007,
        first: early(),
        last: late(),
        rule: String::new(),
    };
    let ruled = AttemptsRefused {
        method: Method::Totp,
        count: 3,
        rule: "guarded".to_owned(),
        ..refused.clone()
    };
    let too_soon = AttemptsRefused { rule: "pace".to_owned(), ..ruled.clone() };
    vec![
        ("whole", Of::CodeRejected(code)),
        ("whole", Of::PasswordRejected(password)),
        ("told", Of::PasswordRejected(told)),
        ("whole_2", Of::AttemptsRefused(ruled)),
        ("pace", Of::AttemptsRefused(too_soon)),
        ("whole", Of::AttemptsRefused(refused)),
    ]
}

fn successes() -> Vec<(&'static str, Of)> {
    let code = CodeVerified {
        method: Method::Totp,
        factor: Some(FACTOR),
        step: Some(59_856_840),
        offset: Some(-1),
        request: Some(EVENT),
        purpose: Purpose::SignIn,
        sign_in: Some(SIGN_IN),
        in_session: Some(SESSION),
        next: Some(SignInOpened { needs: Need::NewPassword, ..sign_in() }),
        session: Some(password_session()),
        device: Some(DEVICE),
    };
    let password = PasswordVerified {
        purpose: Purpose::SignIn,
        sign_in: Some(sign_in()),
        session: Some(two_factor_session()),
        device: Some(DEVICE),
    };
    let set = PasswordSet {
        sign_in: Some(SIGN_IN),
        next: Some(SignInOpened { needs: Need::Enrolment, ..sign_in() }),
        session: Some(password_session()),
        forgives_codes: true,
        ..PasswordSet::new(SecretVersion::new(7), PasswordSetWhy::Demanded)
    };
    let by_mail = PasswordSet {
        forgives_codes: true,
        ..PasswordSet::new(SecretVersion::new(7), PasswordSetWhy::Reset)
    };
    vec![
        ("whole_2", Of::CodeVerified(code)),
        ("whole", Of::PasswordVerified(password)),
        ("whole_2", Of::PasswordSet(set)),
        ("opens_lane", Of::PasswordSet(by_mail)),
    ]
}

fn locks() -> Vec<(&'static str, Of)> {
    let cooled = CooledDown {
        method: Method::Totp,
        lane: Lane::Known,
        until: late(),
        unresolved: 5,
        rule: "wait".into(),
        ends_sign_ins: true,
    };
    let full = LockedOut {
        method: Method::Totp,
        lane: Lane::Unknown,
        rule: LockRule::LaneCap,
        unresolved: 16,
        until: Some(at("2027-11-24T05:00:00Z")),
        ends_sign_ins: true,
    };
    let whole = LockedOut { lane: Lane::Known, unresolved: 10, ..full.clone() };
    let hard_cap =
        LockedOut { rule: LockRule::HardCap, unresolved: 26, until: None, ..full.clone() };
    let minimal = LockedOut {
        method: Method::RecoveryCode,
        unresolved: 50,
        ends_sign_ins: false,
        ..hard_cap.clone()
    };
    let demanded = |why| {
        let ends_password = false;
        Of::PasswordChangeDemanded(PasswordChangeDemanded { why, ends_password })
    };
    let browser = BrowserAdmitted { device: DEVICE, expires_at: late() };
    let notice = |notice| Of::NoticeSent(NoticeSent { notice, cause: EVENT, attempts: 1 });
    vec![
        ("whole", Of::CooledDown(cooled)),
        ("full", Of::LockedOut(full)),
        ("whole", Of::LockedOut(whole)),
        ("hard_cap", Of::LockedOut(hard_cap)),
        ("minimal", Of::LockedOut(minimal)),
        ("full", Of::PasswordUnlocked(PasswordUnlocked { cause: EVENT, browser: Some(browser) })),
        ("minimal", Of::PasswordUnlocked(PasswordUnlocked { cause: EVENT, browser: None })),
        ("guessed", demanded(PasswordChangeWhy::Guessed)),
        ("unlocked", demanded(PasswordChangeWhy::Unlocked)),
        ("codes_guessed", notice(Notice::CodesGuessed)),
        ("password_guessed", notice(Notice::PasswordGuessed)),
    ]
}
