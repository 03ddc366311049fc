//! A real browser: Debian's Chromium behind its own driver, with nothing kept between two of them.
//!
//! Everything waits for what it names to be there, as a person does, and never for a while.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, WindowHandle};

/// How long something may take to be there; far more than it ever needs.
const WAIT: Duration = Duration::from_secs(20);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(20);
/// What the driver says before its port.
const STARTED: &str = "started successfully on port ";
/// Where screenshots go, below the build's directory.
const SHOTS: &str = "portal-screenshots";

/// The accessibility rules, as they come.
const AXE: &str = include_str!("../vendor/axe-core/axe.min.js");
/// Runs them all, and keeps of each violation its rule and its elements.
const RUN_AXE: &str = "const done = arguments[arguments.length - 1];
    axe.run().then((found) => done(found.violations.map((one) => ({
        rule: one.id, help: one.help, elements: one.nodes.map((node) => node.html) }))));";

/// Moves the clock of a page, which goes on from there.
const SHIFTED_CLOCK: &str = "(() => {
    const Real = Date;
    const shift = NOW - Real.now();
    globalThis.Date = class extends Real {
        constructor(...given) { given.length ? super(...given) : super(Real.now() + shift); }
        static now() { return Real.now() + shift; }
    };
})()";

/// What a person looks through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    /// Whether it is a phone, held upright, touched with a finger.
    pub phone: bool,
    /// Whether the reader likes it dark.
    pub dark: bool,
    /// The language that is asked for.
    pub language: &'static str,
}

impl Looks {
    /// A desk, by day, in English.
    pub const DESK: Self = Self { phone: false, dark: false, language: "en" };
    /// A phone, by night, in English.
    pub const PHONE: Self = Self { phone: true, dark: true, language: "en" };

    /// What pictures of it are called.
    const fn name(self) -> &'static str {
        match (self.phone, self.dark) {
            (false, false) => "desk-by-day",
            (false, true) => "desk-by-night",
            (true, false) => "phone-by-day",
            (true, true) => "phone-by-night",
        }
    }
}

/// A browser with a fresh profile.
pub struct Browser {
    // Goes first, in the order of the fields: a test that fails does not wait for a good-bye.
    _process: DriverProcess,
    driver: WebDriver,
    base: String,
    looks: Looks,
}

struct DriverProcess(Child);

impl Drop for DriverProcess {
    fn drop(&mut self) {
        // The browser is of the same process group. All may have ended by themselves.
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        let _ = self.0.wait();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Where the test failed, nobody waits for a good-bye. Closed, it has said it already.
        let _ = self.driver.clone().leak();
    }
}

impl Browser {
    /// Opens one on a site.
    ///
    /// # Errors
    /// Where Chromium or its driver cannot be started.
    pub async fn open(base: &str, looks: Looks) -> anyhow::Result<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver (Debian: chromium-driver)")?;
        let stdout = process.stdout.take().context("no output of chromedriver")?;
        let process = DriverProcess(process);
        let port = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split(STARTED).nth(1)?.trim_end_matches('.').to_owned()))
            .context("chromedriver told no port")?;
        let driver =
            WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities(looks)?).await?;
        if !looks.phone {
            driver.set_window_rect(0, 0, 1280, 1000).await?;
        }
        Ok(Self { _process: process, driver, base: base.to_owned(), looks })
    }

    /// Goes to a page of the site.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn go(&self, path: &str) -> anyhow::Result<()> {
        Ok(self.driver.goto(format!("{}{path}", self.base)).await?)
    }

    /// The path that is open.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn path(&self) -> anyhow::Result<String> {
        Ok(self.driver.current_url().await?.path().to_owned())
    }

    /// Waits until what this selects can be seen.
    ///
    /// # Errors
    /// Where it does not come.
    pub async fn see(&self, css: &str) -> anyhow::Result<WebElement> {
        self.wait_for(css, "").await
    }

    /// Waits until what this selects can be seen and says this, among other things.
    ///
    /// # Errors
    /// Where it does not come to say so; tells what is to be seen instead.
    pub async fn reads(&self, css: &str, text: &str) -> anyhow::Result<()> {
        self.wait_for(css, text).await.map(|_| ())
    }

    /// Waits until nothing that this selects can be seen.
    ///
    /// # Errors
    /// Where it stays.
    pub async fn gone(&self, css: &str) -> anyhow::Result<()> {
        let mut look = tokio::time::interval(LOOK);
        let begun = look.tick().await;
        while !matches!(self.displayed(css, "").await, Ok(None)) {
            let waited = look.tick().await.duration_since(begun);
            anyhow::ensure!(waited <= WAIT, "{css} stays on {:?}", self.path().await);
        }
        Ok(())
    }

    /// A page that is just being left answers with errors: they count as not there yet.
    async fn wait_for(&self, css: &str, text: &str) -> anyhow::Result<WebElement> {
        let mut look = tokio::time::interval(LOOK);
        let begun = look.tick().await;
        loop {
            if let Ok(Some(element)) = self.displayed(css, text).await {
                return Ok(element);
            }
            if look.tick().await.duration_since(begun) > WAIT {
                let page = self.driver.find(By::Css("body")).await?.text().await?;
                anyhow::bail!("no {css} says {text:?} on {:?}:\n{page}", self.path().await);
            }
        }
    }

    async fn displayed(&self, css: &str, text: &str) -> WebDriverResult<Option<WebElement>> {
        for element in self.driver.find_all(By::Css(css)).await? {
            if element.is_displayed().await? && element.text().await?.contains(text) {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }

    /// What it says.
    ///
    /// # Errors
    /// Where it is not to be seen.
    pub async fn text(&self, css: &str) -> anyhow::Result<String> {
        Ok(self.see(css).await?.text().await?)
    }

    /// Clicks it.
    ///
    /// # Errors
    /// Where it is not to be seen or something lies over it.
    pub async fn click(&self, css: &str) -> anyhow::Result<()> {
        self.see(css).await?.click().await.with_context(|| format!("cannot click {css}"))
    }

    /// Types into it, in place of what stood there.
    ///
    /// # Errors
    /// Where it is not to be seen.
    pub async fn fill(&self, css: &str, text: &str) -> anyhow::Result<()> {
        let field = self.see(css).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Presses keys wherever the focus is.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn press(&self, keys: impl Into<TypingData>) -> anyhow::Result<()> {
        Ok(self.driver.action_chain().send_keys(keys).perform().await?)
    }

    /// Runs a script in the page and gives what it returns.
    ///
    /// # Errors
    /// Where the script fails.
    pub async fn script(&self, script: &str) -> anyhow::Result<Value> {
        Ok(self.driver.execute(script, Vec::new()).await?.json().clone())
    }

    /// Sets the clock that this page and every one from now on sees.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn at(&self, now: Timestamp) -> anyhow::Result<()> {
        let script = SHIFTED_CLOCK.replace("NOW", &now.as_millisecond().to_string());
        self.driver.execute(&script, Vec::new()).await?;
        self.driver.cdp().page().add_script_to_evaluate_on_new_document(script).await?;
        Ok(())
    }

    /// Makes what is seen of a page this large.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn resize(&self, width: u32, height: u32) -> anyhow::Result<()> {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false
        });
        let command = "Emulation.setDeviceMetricsOverride";
        self.driver.cdp().send_raw(command, size).await?;
        Ok(())
    }

    /// Loads the page anew.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn reload(&self) -> anyhow::Result<()> {
        Ok(self.driver.refresh().await?)
    }

    /// Opens one more tab and goes there; gives the one before and the new one.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn another_tab(&self) -> anyhow::Result<(WindowHandle, WindowHandle)> {
        let before = self.driver.window().await?;
        let tab = self.driver.new_tab().await?;
        self.to_tab(&tab).await?;
        Ok((before, tab))
    }

    /// Goes to a tab.
    ///
    /// # Errors
    /// Where there is no such tab any more.
    pub async fn to_tab(&self, tab: &WindowHandle) -> anyhow::Result<()> {
        Ok(self.driver.switch_to_window(tab.clone()).await?)
    }

    /// The values of every cookie, as the browser keeps them.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn cookies(&self) -> anyhow::Result<Vec<String>> {
        let cookies = self.driver.get_all_cookies().await?;
        Ok(cookies.into_iter().map(|cookie| cookie.value).collect())
    }

    /// What axe-core finds in what is open now, rule by rule, with the elements.
    ///
    /// # Errors
    /// Where it cannot be run.
    pub async fn violations(&self) -> anyhow::Result<Vec<String>> {
        self.driver.execute(AXE, Vec::new()).await?;
        let found = self.driver.execute_async(RUN_AXE, Vec::new()).await?;
        let found = found.json().as_array().context("axe-core gave no list")?;
        Ok(found.iter().map(Value::to_string).collect())
    }

    /// Takes a picture of what is to be seen (PNG), and keeps it for people: tests that take one of
    /// the same name at once keep that of the last.
    ///
    /// # Errors
    /// Where the picture cannot be taken or written.
    pub async fn shot(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        let directory = target_directory()?.join(SHOTS);
        std::fs::create_dir_all(&directory)?;
        let path = directory.join(format!("{name}.{}.png", self.looks.name()));
        let picture = self.driver.screenshot_as_png().await?;
        std::fs::write(&path, &picture)?;
        Ok(picture)
    }

    /// Closes it.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn close(self) -> anyhow::Result<()> {
        Ok(self.driver.clone().quit().await?)
    }
}

fn capabilities(looks: Looks) -> anyhow::Result<ChromeCapabilities> {
    let mut wanted = DesiredCapabilities::chrome();
    for argument in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] {
        wanted.add_arg(argument)?;
    }
    let scheme = if looks.dark { 0 } else { 1 };
    wanted.add_arg(&format!("--blink-settings=preferredColorScheme={scheme}"))?;
    let prefs =
        json!({ "intl.accept_languages": looks.language, "credentials_enable_service": false });
    wanted.add_experimental_option("prefs", prefs)?;
    if looks.phone {
        let metrics = json!({ "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true });
        wanted.add_experimental_option("mobileEmulation", json!({ "deviceMetrics": metrics }))?;
    }
    Ok(wanted)
}

/// The build's directory: the test's program lies in `PROFILE/deps` below it.
pub(crate) fn target_directory() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(3).context("no build directory above the test")?;
    Ok(target.to_owned())
}
