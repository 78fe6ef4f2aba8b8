//! `hecate` in a real terminal, its screen read back by a second terminal emulator.

use crate::binaries;
use crate::patience::{DEADLINE, a_moment, until};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const ROWS: u16 = 30;
const COLUMNS: u16 = 100;
/// A key that has a meaning shows within this.
const KEY_WITHIN: Duration = Duration::from_secs(2);

/// A terminal with `hecate` in it.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    // The terminal is there for as long as its master is.
    _master: Box<dyn MasterPty + Send>,
    shown: Arc<Shown>,
}

struct Shown {
    screen: Mutex<Screen>,
    changed: Condvar,
}

struct Screen {
    emulator: vt100::Parser,
    ended: bool,
}

impl Terminal {
    /// Opens a terminal and runs `hecate` with these arguments, `home` as HOME and nothing of our own
    /// environment.
    pub fn open(home: &Path, args: &[&str]) -> Terminal {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(binaries::hecate());
        command.env_clear();
        command.env("HOME", home);
        command.env("TERM", "xterm-256color");
        command.cwd(home);
        command.args(args);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let cells = |count| NonZero::new(count).unwrap();
        let emulator = vt100::Parser::new(cells(ROWS), cells(COLUMNS), 0);
        let shown = Arc::new(Shown {
            screen: Mutex::new(Screen { emulator, ended: false }),
            changed: Condvar::new(),
        });
        let (output, sink) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&shown));
        thread::spawn(move || sink.draw(output));
        let keyboard = pair.master.take_writer().unwrap();
        Terminal { child, keyboard, _master: pair.master, shown }
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Presses a key that may not have its meaning yet, until it shows.
    pub fn press_until(&mut self, key: &str, text: &str) {
        let shown = Arc::clone(&self.shown);
        let shows = || shown.text().contains(text);
        until(text, || {
            self.press(key);
            let soon = Instant::now() + KEY_WITHIN;
            while !shows() && Instant::now() < soon {
                a_moment();
            }
            shows().then_some(())
        });
    }

    /// Waits until a text is on the screen, and answers the screen.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until the screen is as it should be, and answers it.
    ///
    /// # Panics
    /// When it never is, with what it shows instead.
    pub fn wait_until(&self, what: &str, seen: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + DEADLINE;
        let mut screen = self.shown.screen.lock().unwrap();
        loop {
            let text = screen.emulator.screen().contents();
            if seen(&text) {
                return text;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !screen.ended, "never shown: {what}; instead:\n{text}");
            screen = self.shown.changed.wait_timeout(screen, left).unwrap().0;
        }
    }

    /// Waits for the end of `hecate`; answers its exit code.
    pub fn exit_code(mut self) -> u32 {
        let until = Instant::now() + DEADLINE;
        let mut screen = self.shown.screen.lock().unwrap();
        while !screen.ended {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "hecate does not end:\n{}", screen.emulator.screen().contents());
            screen = self.shown.changed.wait_timeout(screen, left).unwrap().0;
        }
        drop(screen);
        self.child.wait().unwrap().exit_code()
    }
}

impl Shown {
    fn text(&self) -> String {
        self.screen.lock().unwrap().emulator.screen().contents()
    }

    fn draw(&self, mut output: impl Read) {
        let mut bytes = [0; 4096];
        loop {
            let count = output.read(&mut bytes).unwrap_or(0);
            let mut screen = self.screen.lock().unwrap();
            screen.emulator.process(&bytes[..count]);
            screen.ended = count == 0;
            self.changed.notify_all();
            if count == 0 {
                return;
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended before; either way it is gone after this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
