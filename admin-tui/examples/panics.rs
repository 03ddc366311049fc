//! A program that panics while it has the terminal: the console's own terminal, hook and frame, and
//! no more.
//!
//! The tests start it in a pseudo-terminal, since nothing that a person or a server sends makes the
//! console panic, and the product has no door for it. The argument says where it panics: `main`
//! or `task`.

#![allow(clippy::panic)]

use anyhow::bail;
use countersign_admin_tui::model::Model;
use countersign_admin_tui::terminal::Terminal;
use countersign_admin_tui::theme::Theme;
use jiff::Timestamp;

fn main() -> anyhow::Result<()> {
    let place = std::env::args().nth(1).unwrap_or_default();
    let model = Model::new(
        "http://127.0.0.1:9/",
        "0123456789abcdef0123456789abcdef",
        Timestamp::UNIX_EPOCH,
    );
    let mut terminal = Terminal::open()?;
    terminal.draw(&model, Theme::new(true))?;
    match place.as_str() {
        "main" => panic!("a panic of the main thread"),
        // As in a call to the server: the loop goes on, and would draw again.
        "task" => {
            let task = std::thread::spawn(|| panic!("a panic of another thread"));
            let _panicked = task.join();
            terminal.draw(&model, Theme::new(true))?;
            // A console that goes on waits for a key.
            std::io::stdin().read_line(&mut String::new())?;
            Ok(())
        }
        other => bail!("no such place: {other:?}"),
    }
}
