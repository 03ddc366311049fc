//! What is left of a server that is killed now: another one on a copy of its files.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use countersign_api::server::listener::Listener;

use super::calls::Call;
use super::{TestApp, loudly};

/// A server that began with the files of another one, as they were while that was running: nothing
/// was closed, folded or told to stop, as after `kill -9`. What it does, nobody else sees.
pub struct Survivor(TestApp);

impl TestApp {
    /// A server on what a `kill -9` would leave of this one now, once nothing is under way.
    ///
    /// # Panics
    /// Where the files cannot be copied, or no server starts on them.
    pub async fn killed(&self) -> Survivor {
        loudly(self.survive().await.context("a server on what was left"))
    }

    async fn survive(&self) -> anyhow::Result<Survivor> {
        self.settled().await?;
        let public_url = format!("http://{}", self.address(Listener::Public));
        let mut app = Self::at_rest(self.config.clone(), self.clock.clone())?;
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
