//! Moving out, as two admins do it at the machine.

use anyhow::Context as _;
use countersign_core::accounts::AdminProof;
use zeroize::Zeroizing;

use super::person::Person;
use super::{PASSWORD, TestApp, loudly};

impl TestApp {
    /// Has two admins take along the seeds of all who sign in here: how many there are.
    ///
    /// # Panics
    /// Where that is refused.
    pub async fn export_seeds(&self, admins: [&Person; 2]) -> usize {
        let accounts = &loudly(self.served()).accounts;
        let mut proven = vec![];
        for admin in admins {
            let login = admin.login.clone();
            let password = Zeroizing::new(PASSWORD.to_owned());
            let code = Zeroizing::new(self.code(admin));
            let proof = AdminProof { login, password, code };
            let call = loudly(self.core_call());
            let admin = accounts.prove_admin(&call, proof).await;
            proven.push(loudly(admin.context("the log").and_then(|it| it.context("an admin"))));
        }
        let proven = loudly(proven.try_into().map_err(|_| anyhow::anyhow!("two admins")));
        let call = loudly(self.core_call());
        let exported = accounts.export_seeds(&call, proven, None).await;
        let exported = exported.context("the log").and_then(|it| it.context("an export"));
        loudly(exported).uris.len()
    }
}
