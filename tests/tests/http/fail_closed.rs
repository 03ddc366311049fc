//! AT-17: whatever fails, nobody is let in by it.

use std::collections::BTreeSet;

use countersign_core::mail::SendErrorClass;
use countersign_tests::app::{PASSWORD, Person, TestApp};
use countersign_tests::faulty_store::StoreFault;
use countersign_tests::faulty_vault::VaultFault;
use countersign_tests::post_office::PostFault;
use serde_json::json;

/// A recovery code by its form, and nobody's.
const NOBODYS: &str = "00000-00000-00000-00000-00000";

/// What is wrong.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    Vault(VaultFault),
    Store(StoreFault),
    Mail,
}

const TROUBLES: [Trouble; 7] = [
    Trouble::Vault(VaultFault::Down),
    Trouble::Vault(VaultFault::NoSecrets),
    Trouble::Vault(VaultFault::Damaged),
    Trouble::Store(StoreFault::Full),
    Trouble::Store(StoreFault::Gone),
    Trouble::Store(StoreFault::Lost { written: false, resolves: false }),
    Trouble::Mail,
];

impl Trouble {
    fn begins(self, app: &TestApp) {
        match self {
            Self::Vault(fault) => app.vault.fails(fault),
            Self::Store(fault) => app.store.fails(fault),
            Self::Mail => app.post.fails(PostFault::Refuses(SendErrorClass::Unreachable)),
        }
    }

    fn ends(app: &TestApp) {
        app.vault.works();
        app.store.works();
        app.post.works();
    }

    /// Whether a secret can still be compared and the outcome be recorded.
    fn leaves_verdicts(self) -> bool {
        matches!(self, Self::Mail)
    }
}

async fn sessions(app: &TestApp, person: &Person) -> usize {
    let listed = app.get("/v1/accounts/me/sessions").bearer(&person.token).await.is(200);
    listed.body["items"].as_array().unwrap().len()
}

/// Everything that could be taken for a yes while this lasts: the statuses of what needs the vault
/// and the log. What needs only one of them may be judged, and is wrong.
async fn tries(app: &TestApp, person: &Person, sign_in: &str, right: &str) -> BTreeSet<u16> {
    let wrong = app.wrong_code(person);
    for (method, code) in [("email_code", wrong.as_str()), ("recovery_code", NOBODYS)] {
        let status = app.answer(sign_in, method, code).await.status;
        assert!(status >= 400, "{method}: {status}");
    }
    let mut heard = BTreeSet::new();
    for code in [wrong.as_str(), right] {
        heard.insert(app.answer(sign_in, "totp", code).await.status);
        let body = json!({ "method": "totp", "code": code });
        let proven = app.post("/v1/session/proofs", &body).bearer(&person.token).await;
        heard.insert(proven.status);
    }
    for password in [PASSWORD, "another password"] {
        heard.insert(app.sign_in(&person.login, password).await.status);
        let body = json!({ "password": password });
        let proven = app.post("/v1/session/proofs", &body).bearer(&person.token).await;
        heard.insert(proven.status);
    }
    heard
}

/// AT-17, SR-098: a vault that is down, that has lost its secrets or has them damaged, and a log
/// that takes nothing, each while right and wrong codes and passwords come: no session, no yes of
/// any kind, and nothing is left of it. Only mail may fail without stopping a phone's code.
#[test]
fn at_17_nothing_that_fails_lets_anybody_in() {
    for trouble in TROUBLES {
        TestApp::run(async |app| {
            let marlene = app.person("marlene.trouble").await;
            let sign_in = app.begin(&marlene).await;
            app.settle().await;
            let (before, right) = (sessions(app, &marlene).await, app.code(&marlene));
            trouble.begins(app);
            if trouble.leaves_verdicts() {
                app.email_code(&sign_in).await.is(202);
                for code in ["000000", &app.wrong_code(&marlene)] {
                    app.answer(&sign_in, "email_code", code).await.is(401);
                }
            } else {
                let heard = tries(app, &marlene, &sign_in, &right).await;
                assert!(heard.iter().all(|status| *status >= 500), "{trouble:?}: {heard:?}");
            }
            Trouble::ends(app);
            assert_eq!(sessions(app, &marlene).await, before, "{trouble:?}");
            app.answer(&sign_in, "totp", &right).await.is(200);
            assert_eq!(sessions(app, &marlene).await, before + 1, "{trouble:?}");
        });
    }
}
