//! The journey of one person, from registration to an account without a second factor again.

use countersign_core::accounts::request::{Asker, PageRequest};
use countersign_core::domain::refusal::Refusal;
use countersign_events::account::{Assurance, Method};
use data_encoding::BASE32_NOPAD;
use jiff::SignedDuration;

use super::house::{House, PASSWORD, STEP, asked, completed, no, run, yes};

const ALL: PageRequest = PageRequest { cursor: None, limit: 200 };

/// SR-012: the code that activated the authenticator does not enter; the next one does.
#[test]
fn one_person_goes_the_whole_way() {
    run(async {
        let house = House::new().await;
        let account = house.register("mike").await;
        let session = house.session("mike").await;
        assert_eq!((session.assurance, session.amr), (Assurance::Password, vec!["pwd".to_owned()]));

        let token = session.token;
        let offered = house.offer(&token).await;
        assert!(offered.otpauth_uri.starts_with("otpauth://totp/Example:mike?secret="));
        assert!(offered.qr_svg.starts_with("<svg") || offered.qr_svg.starts_with("<?xml"));
        let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).unwrap();
        assert_eq!(secret.len(), 20);
        let first_code = house.code(&secret);
        let activated = yes(house.activate(&token, offered.factor, &first_code).await);
        assert_eq!(activated.factor.name, "Pixel");
        let recovery_codes = activated.recovery_codes.unwrap();
        assert_eq!(recovery_codes.len(), 10);
        let lifted = activated.session.unwrap();
        assert_eq!((lifted.token, lifted.assurance), (token.clone(), Assurance::TwoFactor));

        yes(house.accounts.sign_out(&house.call(), &token).await);
        assert_eq!(no(house.accounts.session(&house.call(), &token).await), Refusal::NoSession);

        let step = house.second_step("mike").await;
        let methods: Vec<Method> = step.methods.iter().map(|offered| offered.method).collect();
        assert_eq!(methods, [Method::Totp, Method::EmailCode, Method::RecoveryCode]);
        assert_eq!(step.methods[0].name.as_deref(), Some("Pixel"));
        assert_eq!(step.methods[1].hint.as_deref(), Some("m•••@e•••.com"));
        let refused = no(house.answer(&step.id, Method::Totp, &first_code).await);
        assert_eq!(refused, Refusal::AuthenticationFailed);
        house.pass(STEP);
        let session = yes(house.answer(&step.id, Method::Totp, &house.code(&secret)).await);
        assert_eq!(session.assurance, Assurance::TwoFactor);
        assert_eq!(session.amr, ["pwd", "otp", "mfa"]);

        let step = house.second_step("mike").await;
        let code = house.mailed_code(account, &step.id).await;
        let by_mail = yes(house.answer(&step.id, Method::EmailCode, &code).await);
        assert_eq!(by_mail.assurance, Assurance::EmailCode);
        assert_eq!(by_mail.amr, ["pwd", "urn:countersign:amr:email"]);

        let step = house.second_step("mike").await;
        let by_recovery =
            yes(house.answer(&step.id, Method::RecoveryCode, &recovery_codes[3]).await);
        assert_eq!(by_recovery.assurance, Assurance::TwoFactor);
        assert_eq!(by_recovery.amr, ["pwd", "urn:countersign:amr:recovery_code", "mfa"]);
        let step = house.second_step("mike").await;
        let used = no(house.answer(&step.id, Method::RecoveryCode, &recovery_codes[3]).await);
        assert_eq!(used, Refusal::AuthenticationFailed);

        let asker = || Asker::Session(by_recovery.token.clone());
        let view = yes(house.accounts.account(&house.call(), asker()).await);
        assert_eq!((view.login.as_deref(), view.recovery_codes_left), (Some("mike"), 9));
        assert!(view.two_factor_enabled && view.email_confirmed);
        let history = yes(house.accounts.history(&house.call(), asker(), ALL).await);
        assert_eq!(history.items[0].event_type, "account.code_rejected");
        let oldest = history.items.last().unwrap();
        assert_eq!(oldest.event_type, "account.registered");
        assert!(history.items.iter().all(|event| !event.explanation.is_empty()));

        let (call, name) = (house.call(), "New phone".to_owned());
        let renamed = house.accounts.rename_factor(&call, asker(), offered.factor, name).await;
        assert_eq!(yes(renamed).name, "New phone");
        yes(house.accounts.remove_factor(&house.call(), asker(), offered.factor).await);
        completed(yes(house.sign_in("mike", PASSWORD).await));
        let view = yes(house.accounts.account(&house.call(), asker()).await);
        assert!(!view.two_factor_enabled);
        assert_eq!((view.factors.len(), view.recovery_codes_left), (0, 0));
    });
}

/// SR-004: a colon separates issuer and name in a label; a login may have one all the same.
#[test]
fn sr_004_a_login_with_a_colon_can_enrol() {
    run(async {
        let house = House::new().await;
        house.register("a:b:c").await;
        let token = house.session("a:b:c").await.token;
        let offered = house.offer(&token).await;
        let label = offered.otpauth_uri.split('?').next().unwrap();
        assert_eq!(label, "otpauth://totp/Example:a%20b%20c");
    });
}

/// SR-102: after a restart on the same files nothing that was acknowledged is missing.
#[test]
fn sr_102_a_restart_forgets_nothing() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        let step = house.second_step("mike").await;
        house.pass(STEP);
        let code = house.code(&mike.secret);
        let session = yes(house.answer(&step.id, Method::Totp, &code).await);
        let open_step = house.second_step("mike").await;
        let wrong = house.wrong_code(&mike.secret);
        for _ in 0..4 {
            no(house.answer(&open_step.id, Method::Totp, &wrong).await);
        }
        let view = |house: &House| {
            let asker = Asker::Session(session.token.clone());
            let (accounts, call) = (house.accounts.clone(), house.call());
            async move { yes(accounts.account(&call, asker).await) }
        };
        let before = view(&house).await;
        house.accounts.directory().drain().await;
        let house = House::open(house.dir.clone(), house.clock.clone()).await;
        assert_eq!(view(&house).await, before);
        // The accepted code stays dead, and the fifth wrong one ends what four began.
        let step = house.second_step("mike").await;
        assert_eq!(
            no(house.answer(&step.id, Method::Totp, &code).await),
            Refusal::AuthenticationFailed
        );
        house.pass(SignedDuration::from_secs(1));
        no(house.answer(&open_step.id, Method::Totp, &wrong).await);
        let step = house.second_step("mike").await;
        let refused = no(house.answer(&step.id, Method::Totp, &wrong).await);
        assert!(matches!(refused, Refusal::TooManyRequests { .. }), "{refused:?}");
    });
}

/// SR-051, SR-090, AT-38: an unknown login is refused like a wrong password, at the same cost.
#[test]
fn sr_090_six_wrong_passwords_look_the_same_on_a_known_and_an_unknown_login() {
    run(async {
        let house = House::new().await;
        house.register("mike").await;
        for attempt in 0..7 {
            let mut seen = vec![];
            for login in ["mike", "nobody"] {
                let (runs, head) =
                    (house.services.passwords.runs(), house.store().head().await.unwrap());
                let refusal = no(house.sign_in(login, "wrong horse battery").await);
                let appended =
                    house.store().head().await.unwrap().unwrap().get() - head.unwrap().get();
                seen.push((refusal, house.services.passwords.runs() - runs, appended));
            }
            assert_eq!(seen[0], seen[1], "attempt {attempt}");
            let is_locked = matches!(seen[0].0, Refusal::TooManyRequests { .. });
            assert_eq!(is_locked, attempt >= 5, "attempt {attempt}");
        }
        // Also for whoever knows the right one, and after a restart.
        assert!(matches!(
            no(house.sign_in("mike", PASSWORD).await),
            Refusal::TooManyRequests { .. }
        ));
        house.accounts.directory().drain().await;
        let house = House::open(house.dir.clone(), house.clock.clone()).await;
        let mike = no(house.sign_in("mike", "wrong horse battery").await);
        let nobody = no(house.sign_in("nobody", "wrong horse battery").await);
        assert_eq!(mike, nobody);
        house.pass(STEP * 30);
        completed(yes(house.sign_in("mike", PASSWORD).await));
        assert_eq!(no(house.sign_in("nobody", PASSWORD).await), Refusal::AuthenticationFailed);
    });
}

/// SR-061: a right password does not forgive wrong codes.
#[test]
fn sr_061_a_right_password_resolves_no_failed_codes() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        let wrong = house.wrong_code(&mike.secret);
        for _ in 0..2 {
            let step = house.second_step("mike").await;
            no(house.answer(&step.id, Method::Totp, &wrong).await);
            no(house.answer(&step.id, Method::Totp, &wrong).await);
        }
        let step = asked(yes(house.sign_in("mike", PASSWORD).await));
        no(house.answer(&step.id, Method::Totp, &wrong).await);
        let step = house.second_step("mike").await;
        house.pass(STEP);
        let refused = no(house.answer(&step.id, Method::Totp, &house.code(&mike.secret)).await);
        assert!(matches!(refused, Refusal::TooManyRequests { .. }));
        let by_mail = house.mailed_code(mike.account, &step.id).await;
        yes(house.answer(&step.id, Method::EmailCode, &by_mail).await);
    });
}
