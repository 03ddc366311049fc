//! What is left of a server that is killed now: another one on a copy of its files.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use countersign_api::server::listener::Listener;
use countersign_core::clock::{Clock as _, ManualClock};
use jiff::SignedDuration;

use super::calls::Call;
use super::{TestApp, loudly};

/// How long it takes until a server is back.
const RESTARTS_IN: SignedDuration = SignedDuration::from_mins(2);

/// A server that began with the files of another one, as they were while that was running: nothing
/// was closed, folded or told to stop, as after `kill -9`. It sends its mails and deliveries to
/// doubles of its own, and begins two minutes later.
pub struct Survivor(TestApp);

impl TestApp {
    /// A server on what a `kill -9` would leave of this one two minutes from now, where nothing is
    /// under way any more.
    ///
    /// # Panics
    /// Where the files cannot be copied, or no server starts on them.
    pub async fn killed(&self) -> Survivor {
        loudly(self.survive().await.context("a server on what was left"))
    }

    async fn survive(&self) -> anyhow::Result<Survivor> {
        self.settled().await?;
        let public_url = format!("http://{}", self.address(Listener::Public));
        let later = self.clock.now().checked_add(RESTARTS_IN)?;
        let mut app = Self::at_rest(self.config.clone(), ManualClock::new(later))?;
        app.config.public_url.get_or_insert(public_url);
        copy(self.data(), app.data())?;
        app.serve().await?;
        Ok(Survivor(app))
    }
}

impl Survivor {
    /// The same call, to this one.
    pub fn again<'a>(&'a self, call: &Call<'a>) -> Call<'a> {
        call.clone().to(&self.0)
    }

    /// Has nobody serve any more.
    ///
    /// # Panics
    /// Where it does not stop.
    pub async fn stop(mut self) {
        loudly(self.0.stop().await.context("the server on what was left"));
    }
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let (entry, to) = (entry?.path(), to);
        let to = to.join(entry.file_name().context("a name")?);
        if entry.is_dir() {
            copy(&entry, &to)?;
        } else if entry.is_file() {
            fs::copy(&entry, &to)?;
        }
    }
    Ok(())
}
