//! The support console in a real pseudo-terminal, as a person at a keyboard has it.
//!
//! A thread reads what the program writes and feeds a terminal emulator; whoever waits for a text
//! sleeps on a condition variable that the thread wakes. Nothing here waits for time: there is
//! only a deadline, after which the wait fails and shows the screen. A frame is looked at when it
//! is whole: the console draws each one as a synchronised update.
//!
//! A lone escape is told from the start of a key sequence by what follows it, so wait for its
//! effect before pressing on.

mod key;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system};

pub use key::Key;

/// How long a text may take to come, or the program to end.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// The terminal's width.
pub const COLUMNS: u16 = 80;
/// The terminal's height.
pub const ROWS: u16 = 24;

/// What a program did to the terminal beyond drawing on it.
#[derive(Debug, Default)]
struct Marks {
    title: Option<String>,
    /// A frame is half drawn (a synchronised update, mode 2026): nobody may judge it yet.
    drawing: bool,
}

impl vt100::Callbacks for Marks {
    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.title = Some(String::from_utf8_lossy(title).into_owned());
    }

    fn unhandled_csi(
        &mut self,
        _: &mut vt100::Screen,
        first: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        command: char,
    ) {
        if first == Some(b'?') && parameters == [[2026]] {
            self.drawing = command == 'h';
        }
    }
}

struct State {
    parser: vt100::Parser<Marks>,
    written: Vec<u8>,
    exit: Option<ExitStatus>,
    /// The terminal is being closed: nobody reads any more.
    closed: bool,
}

#[derive(Clone)]
struct Shared(Arc<(Mutex<State>, Condvar)>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.0.1.notify_all();
    }

    /// Waits until something holds, at most until the deadline; says whether it did.
    fn wait(&self, mut holds: impl FnMut(&State) -> bool) -> bool {
        let end = Instant::now() + DEADLINE;
        let mut state = self.lock();
        loop {
            let whole = state.exit.is_some() || !state.parser.callbacks().drawing;
            if whole && holds(&state) {
                return true;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.0.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A running console.
pub struct Console {
    shared: Shared,
    keyboard: Box<dyn Write + Send>,
    /// The terminal's own end, until it is closed.
    master: Option<Box<dyn MasterPty + Send>>,
    /// Kept open, so that the terminal outlives the program and can be looked at.
    slave: Option<Box<dyn SlavePty + Send>>,
    process: u32,
    settings_before: String,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("process", &self.process).finish_non_exhaustive()
    }
}

impl Console {
    /// Starts the program at a path with `--server URL`, in a terminal of 80 columns and 24 rows.
    ///
    /// # Errors
    /// If there is no pseudo-terminal or no such program.
    pub fn start(program: &Path, url: &str) -> anyhow::Result<Self> {
        Self::start_with(program, url, &[])
    }

    /// The same with further environment variables.
    ///
    /// # Errors
    /// If there is no pseudo-terminal or no such program.
    pub fn start_with(
        program: &Path,
        url: &str,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        Self::start_sized(program, url, environment, (COLUMNS, ROWS))
    }

    /// The same in a terminal of so many columns and rows.
    ///
    /// # Errors
    /// If there is no pseudo-terminal or no such program.
    pub fn start_sized(
        program: &Path,
        url: &str,
        environment: &[(&str, &str)],
        size: (u16, u16),
    ) -> anyhow::Result<Self> {
        Self::start_on(program, &["--server", url], environment, size)
    }

    /// The same with any arguments.
    ///
    /// # Errors
    /// If there is no pseudo-terminal or no such program.
    pub fn start_on(
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        (columns, rows): (u16, u16),
    ) -> anyhow::Result<Self> {
        let mut command = command(program, arguments);
        for (name, value) in environment {
            command.env(name, value);
        }
        Self::run(command, (columns, rows))
    }

    /// Starts another program with its arguments, in a terminal of 80 columns and 24 rows.
    ///
    /// # Errors
    /// If there is no pseudo-terminal or no such program.
    pub fn start_program(program: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        Self::start_on(program, arguments, &[], (COLUMNS, ROWS))
    }

    fn run(command: CommandBuilder, (columns, rows): (u16, u16)) -> anyhow::Result<Self> {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let settings_before = settings(pair.master.as_ref())?;
        let mut child = pair.slave.spawn_command(command).context("starting a program")?;
        let process = child.process_id().context("the program has no process id")?;
        let state = State {
            parser: vt100::Parser::new_with_callbacks(rows, columns, 0, Marks::default()),
            written: Vec::new(),
            exit: None,
            closed: false,
        };
        let shared = Shared(Arc::new((Mutex::new(state), Condvar::new())));
        let output = pair.master.try_clone_reader()?;
        let reading = shared.clone();
        std::thread::spawn(move || read(output, &reading));
        let waiting = shared.clone();
        std::thread::spawn(move || {
            let status = child.wait().unwrap_or_else(|_| ExitStatus::with_exit_code(u32::MAX));
            waiting.change(|state| state.exit = Some(status));
        });
        let keyboard = pair.master.take_writer()?;
        let (master, slave) = (Some(pair.master), Some(pair.slave));
        Ok(Self { shared, keyboard, master, slave, process, settings_before })
    }

    /// Starts the program at a path in a terminal that is its input and output and no more: when
    /// it is closed, no signal says so.
    ///
    /// # Errors
    /// If there is no pseudo-terminal or no such program.
    pub fn start_uncontrolled(program: &Path, url: &str) -> anyhow::Result<Self> {
        let mut command = command(program, &["--server", url]);
        command.set_controlling_tty(false);
        Self::run(command, (COLUMNS, ROWS))
    }

    /// Closes the terminal, as with its window: with the next frame it is gone for the program.
    pub fn close_terminal(&mut self) {
        self.shared.change(|state| state.closed = true);
        self.keyboard = Box::new(std::io::sink());
        (self.master, self.slave) = (None, None);
    }

    /// Types a text.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn type_text(&mut self, text: &str) -> anyhow::Result<()> {
        self.keyboard.write_all(text.as_bytes())?;
        Ok(self.keyboard.flush()?)
    }

    /// Presses a key.
    ///
    /// # Errors
    /// If the terminal is gone, or the key has no bytes.
    pub fn press(&mut self, key: Key) -> anyhow::Result<()> {
        self.keyboard.write_all(&key.bytes()?)?;
        Ok(self.keyboard.flush()?)
    }

    /// Waits until the screen shows a text; gives the screen.
    ///
    /// # Errors
    /// If it does not come before the deadline, or the program ends: with the screen.
    pub fn wait_for_text(&self, text: &str) -> anyhow::Result<String> {
        self.wait_for_screen(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// Waits until the screen no longer shows a text; gives the screen.
    ///
    /// # Errors
    /// If it stays until the deadline, or the program ends: with the screen.
    pub fn wait_until_gone(&self, text: &str) -> anyhow::Result<String> {
        self.wait_for_screen(&format!("no {text:?}"), |screen| !screen.contains(text))
    }

    fn wait_for_screen(&self, what: &str, holds: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        let mut found = None;
        self.shared.wait(|state| {
            let screen = state.parser.screen().contents();
            if holds(&screen) {
                found = Some(screen);
            }
            found.is_some() || state.exit.is_some()
        });
        let state = self.shared.lock();
        let end = state.exit.as_ref().map_or("deadline".to_owned(), |exit| format!("{exit:?}"));
        let screen = || state.parser.screen().contents();
        found.with_context(|| format!("waited for {what}, {end}; the screen:\n{}", screen()))
    }

    /// Waits until a program that has ended has left a text on the screen; gives the screen.
    ///
    /// # Errors
    /// If it does not come before the deadline: with the screen.
    pub fn wait_for_last_text(&self, text: &str) -> anyhow::Result<String> {
        let there = self.shared.wait(|state| state.parser.screen().contents().contains(text));
        let screen = self.screen();
        ensure!(there, "waited for {text:?}; the screen:\n{screen}");
        Ok(screen)
    }

    /// What the screen shows now: a whole frame.
    #[must_use]
    pub fn screen(&self) -> String {
        self.shared.wait(|_| true);
        self.shared.lock().parser.screen().contents()
    }

    /// All that the terminal was given since the start, echoes of the keyboard included. A text
    /// that was drawn at once stands there whole; what was typed character by character need not.
    #[must_use]
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.shared.lock().written).into_owned()
    }

    /// Whether any cell of the screen has a colour of its own.
    #[must_use]
    pub fn has_colours(&self) -> bool {
        let state = self.shared.lock();
        let screen = state.parser.screen();
        (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (row, column))).any(
            |(row, column)| {
                screen.cell(row, column).is_some_and(|cell| {
                    cell.fgcolor() != vt100::Color::Default
                        || cell.bgcolor() != vt100::Color::Default
                })
            },
        )
    }

    /// The window title that the program has set, if any.
    #[must_use]
    pub fn window_title(&self) -> Option<String> {
        self.shared.lock().parser.callbacks().title.clone()
    }

    /// The most memory that the program has had at once, in KiB, and its threads' stacks with it.
    ///
    /// # Errors
    /// If the program is gone.
    pub fn peak_memory_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.context("no peak")?.trim().trim_end_matches("kB").trim();
        Ok(peak.parse()?)
    }

    /// Sends a signal by its name, like `TERM`.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let script = format!("kill -{name} {}", self.process);
        let status = std::process::Command::new("sh").args(["-c", &script]).status()?;
        ensure!(status.success(), "{script}: {status}");
        Ok(())
    }

    /// Waits until the program has ended; gives its exit code.
    ///
    /// # Errors
    /// If it does not end before the deadline: with the screen.
    pub fn wait_for_exit(&self) -> anyhow::Result<u32> {
        self.shared.wait(|state| state.exit.is_some());
        let state = self.shared.lock();
        let screen = || state.parser.screen().contents();
        let exit = state.exit.as_ref().with_context(|| format!("it still runs:\n{}", screen()))?;
        Ok(exit.exit_code())
    }

    /// Checks that the terminal is as it was before the program: its own screen, a visible
    /// cursor, no bracketed paste, and the same settings.
    ///
    /// # Errors
    /// With what is not as it was.
    pub fn terminal_is_restored(&self) -> anyhow::Result<()> {
        // The program's last bytes may still be on their way when it has ended already.
        let restored = self.shared.wait(|state| {
            let screen = state.parser.screen();
            let drawing = state.parser.callbacks().drawing;
            !drawing
                && !screen.alternate_screen()
                && !screen.hide_cursor()
                && !screen.bracketed_paste()
        });
        ensure!(restored, "alternate screen, cursor or paste mode are left behind");
        let master = self.master.as_ref().context("the terminal is closed")?;
        let after = settings(master.as_ref())?;
        ensure!(after == self.settings_before, "{after}\nwas\n{}", self.settings_before);
        Ok(())
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        if self.shared.lock().exit.is_none() {
            let _ = self.signal("KILL");
        }
    }
}

/// A program as a person starts it.
fn command(program: &Path, arguments: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.args(arguments);
    command.env("TERM", "xterm-256color");
    command.env_remove("NO_COLOR");
    command
}

/// The settings of the terminal line: echo, line mode, signals.
fn settings(master: &dyn MasterPty) -> anyhow::Result<String> {
    let settings = master.get_termios().context("the terminal has no settings")?;
    Ok(format!("{settings:?}"))
}

/// Feeds what the program writes to the emulator until the terminal is gone.
fn read(mut output: Box<dyn Read + Send>, shared: &Shared) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = output.read(&mut buffer) {
        let bytes = buffer.get(..count).unwrap_or_default();
        shared.change(|state| {
            state.written.extend_from_slice(bytes);
            state.parser.process(bytes);
        });
        if shared.lock().closed {
            return;
        }
    }
}

/// The path of a program of this workspace: beside whoever asks, or one above, as for a test.
///
/// # Errors
/// If it is not built: a test of the whole workspace builds it.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let asking = std::env::current_exe()?;
    let mut places = asking.ancestors().skip(1).take(2).map(|place| place.join(name));
    let program = places.find(|program| program.is_file());
    program.with_context(|| format!("{name} is not built: build the workspace"))
}
