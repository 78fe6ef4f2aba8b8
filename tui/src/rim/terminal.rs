//! The terminal as we find it and as we leave it. Whatever happens, it is handed back as it was.

use crate::{
    core::Model,
    view::{self, theme::Theme},
};
use crossterm::{
    cursor,
    event::{DisableBracketedPaste, EnableBracketedPaste},
    queue,
    terminal::{
        BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
        LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{Terminal, backend::CrosstermBackend};
use std::{
    io::{self, BufWriter, Stdout, Write},
    sync::atomic::{AtomicBool, Ordering},
};

/// Bytes of one frame that are gathered before they are written.
const FRAME_BYTES: usize = 64 * 1024;

/// True while the terminal is ours, so that it is handed back exactly once.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The screen while it is ours.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    theme: Theme,
}

impl Screen {
    /// Takes the terminal.
    pub fn take(theme: Theme) -> io::Result<Self> {
        take()?;
        let terminal = blank().inspect_err(|_| give_back())?;
        Ok(Self { terminal, theme })
    }

    /// Cells in a row, and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Paints what changed since the last frame, as one update.
    pub fn paint(&mut self, model: &Model) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| view::draw(frame, model, &self.theme))?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        io::Write::flush(self.terminal.backend_mut())
    }

    /// Takes the terminal again from a shell that had it, and forgets what is on the screen, so that the
    /// next frame paints all of it.
    pub fn retake(&mut self) -> io::Result<()> {
        give_back();
        take()?;
        self.terminal = blank()?;
        Ok(())
    }

    /// Hands the terminal to the shell until the shell hands it back.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)?;
        self.retake()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// A screen on which nothing is known to stand. (`Terminal::clear` asks the terminal for its cursor and waits
/// for the answer, which the thread of the keys would take away from it.)
fn blank() -> io::Result<Terminal<CrosstermBackend<BufWriter<Stdout>>>> {
    let mut out = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
    queue!(out, Clear(ClearType::All))?;
    Terminal::new(CrosstermBackend::new(out))
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let mut out = io::stdout();
    queue!(out, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
    out.flush()
}

/// Hands the terminal back; harmless when it is not ours. What fails here fails on a terminal that is gone.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    drop(queue!(out, EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show));
    drop(out.flush());
    drop(disable_raw_mode());
}

/// Exit code of a panic, as Rust's own.
const PANIC_EXIT: i32 = 101;

/// Makes a panic on any thread hand the terminal back, say what it was, and end the process: a terminal
/// that lost one of its threads has nothing true to show.
pub fn give_back_on_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        give_back();
        tell(panic);
        std::process::exit(PANIC_EXIT);
    }));
}
