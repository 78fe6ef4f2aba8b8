//! The real binary in a real pty, its screen read back by a second terminal emulator.

use crate::fake_daemon::DEADLINE;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::{
    io::{Read, Write},
    num::NonZero,
    path::Path,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Instant,
};
use tempfile::TempDir;

pub(crate) struct Pty {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    output: Arc<(Mutex<Output>, Condvar)>,
    _no_home: TempDir,
}

struct Output {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    ended: bool,
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_hecate")
}

impl Pty {
    pub(crate) fn attach(socket: &Path) -> Self {
        Self::run(&["--socket", socket.to_str().unwrap()], &[])
    }

    pub(crate) fn run(args: &[&str], env: &[(&str, &str)]) -> Self {
        Self::start(binary(), args, env)
    }

    pub(crate) fn start(program: &str, args: &[&str], env: &[(&str, &str)]) -> Self {
        let no_home = tempfile::tempdir().unwrap();
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        command.env_remove("HECATE_SOCKET");
        // Nobody's own drafts, prompts and roles come into a test, and none of a test's into them.
        command.env("XDG_STATE_HOME", no_home.path());
        command.env("XDG_CONFIG_HOME", no_home.path());
        env.iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let output = Arc::new((
            Mutex::new(Output {
                parser: vt100::Parser::new(cells(24), cells(80), 0),
                bytes: Vec::new(),
                ended: false,
            }),
            Condvar::new(),
        ));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let sink = Arc::clone(&output);
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            loop {
                let count = reader.read(&mut chunk).unwrap_or(0);
                let mut output = sink.0.lock().unwrap();
                output.parser.process(&chunk[..count]);
                output.bytes.extend(&chunk[..count]);
                output.ended = count == 0;
                sink.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { child, writer, master: pair.master, output, _no_home: no_home }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.output.0.lock().unwrap().parser.screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.output.0.lock().unwrap().bytes.clone()
    }

    /// Waits until the screen is as it should be, and answers it.
    pub(crate) fn wait_for(&self, what: &str, mut seen: impl FnMut(&str) -> bool) -> String {
        let until = Instant::now() + DEADLINE;
        let mut output = self.output.0.lock().unwrap();
        loop {
            let screen = output.parser.screen().contents();
            if seen(&screen) {
                return screen;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !output.ended, "never seen: {what}\n{screen}");
            output = self.output.1.wait_timeout(output, left).unwrap().0;
        }
    }

    pub(crate) fn wait_for_text(&self, text: &str) -> String {
        self.wait_for(text, |screen| screen.contains(text))
    }

    /// Ends it as only the kernel can.
    pub(crate) fn kill(&self) {
        let pid = rustix::process::Pid::from_raw(self.pid() as i32).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }

    /// Waits for the end; answers the exit code, and whether the terminal was handed back.
    pub(crate) fn end(mut self) -> (u32, bool) {
        let code = self.child.wait().unwrap().exit_code();
        let mut output = self.output.0.lock().unwrap();
        while !output.ended {
            output = self.output.1.wait_timeout(output, DEADLINE).unwrap().0;
        }
        let screen = output.parser.screen();
        let restored = !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste();
        (code, restored)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
