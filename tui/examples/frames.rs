//! What a frame costs while an answer streams: at the beginning of a long one, at its end, and in storms.
//!
//! `cargo run --release -p hecate-tui --example frames [path of a release `hecate`]`

use hecate_proto::llm::{ChatChunk, ChatFrame};
use hecate_tui::{
    core::{
        Effect, Message, Model,
        chat::{AnswerEvent, AnswerId},
        key::Key,
        message::LinkEvent,
        update,
    },
    view::{self, theme::Theme},
};
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};
use rustix::time::{ClockId, clock_gettime};
use std::{
    cell::Cell,
    io::{self, Read, Write},
    rc::Rc,
};

const COLUMNS: u16 = 120;
const ROWS: u16 = 40;
/// A token has about four bytes.
const TOKEN_BYTES: usize = 4;
const TRANSCRIPT_BYTES: usize = 100_000 * TOKEN_BYTES;

/// A terminal that counts what is written to it.
#[derive(Clone, Default)]
struct Sink(Rc<Cell<usize>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Bench {
    model: Model,
    terminal: Terminal<CrosstermBackend<Sink>>,
    written: Sink,
    answer: AnswerId,
}

impl Bench {
    /// A chat in which a question was just asked.
    fn begin() -> io::Result<Self> {
        let mut model = Model::default();
        update(&mut model, Message::Resized { columns: COLUMNS, rows: ROWS });
        update(&mut model, Message::Link(LinkEvent::Following));
        for key in Key::parse_all("iTell me everything.<ret>").unwrap_or_default() {
            update(&mut model, Message::Key(key));
        }
        let asked = update(&mut model, Message::Prompts(Default::default()));
        let [Effect::Ask { id, .. }] = asked[..] else {
            return Err(io::Error::other("no question went out"));
        };
        let written = Sink::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, COLUMNS, ROWS));
        let terminal =
            Terminal::with_options(CrosstermBackend::new(written.clone()), TerminalOptions { viewport })?;
        Ok(Self { model, terminal, written, answer: id })
    }

    /// CPU time of taking a piece in and painting the frame, µs.
    fn frame(&mut self, piece: &str) -> io::Result<f64> {
        let chunk = ChatFrame::Chunk(ChatChunk { content: piece.to_owned(), ..ChatChunk::default() });
        self.timed(Message::Answer(self.answer, AnswerEvent::Frame(chunk)))
    }

    fn timed(&mut self, message: Message) -> io::Result<f64> {
        let began = cpu_us();
        update(&mut self.model, message);
        self.terminal.draw(|frame| view::draw(frame, &self.model, &Theme { colour: true, ascii: false }))?;
        Ok(cpu_us() - began)
    }

    fn stream(&mut self, text: &str, bytes: usize) -> io::Result<Vec<f64>> {
        let mut at = 0;
        let mut frames = Vec::new();
        while at < text.len() {
            let end = text.ceil_char_boundary((at + bytes).min(text.len()));
            frames.push(self.frame(&text[at..end])?);
            at = end;
        }
        Ok(frames)
    }
}

fn cpu_us() -> f64 {
    let at = clock_gettime(ClockId::ThreadCPUTime);
    at.tv_sec as f64 * 1e6 + at.tv_nsec as f64 / 1e3
}

/// p50, p99 and the longest.
fn spread(frames: &[f64]) -> (f64, f64, f64) {
    let mut sorted = frames.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |part: usize| sorted[(sorted.len() * part / 100).min(sorted.len() - 1)];
    (at(50), at(99), at(100))
}

fn rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|it| it.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

/// An answer with everything in it that models write.
fn answer(bytes: usize) -> String {
    let mut text = String::new();
    let mut section = 0;
    while text.len() < bytes {
        section += 1;
        text.push_str(&format!(
            "## Section {section}\n\nThe **event** store appends `venture_setup_v1` facts and the projection *consumes* \
             them in order, so that each read model stays consistent with a watermark of {section}.\n\n\
             - first point about correctness and the ordering of facts\n- second point with a [link](http://x/{section})\n\
             - third point\n\n```rust\nfn step_{section}(x: u64) -> u64 {{\n    let y = x.wrapping_mul({section});\n    \
             y ^ (y >> 7)\n}}\n```\n\n| a | b |\n|---|---|\n| {section} | two |\n\n"
        ));
    }
    text
}

fn storms() -> [(&'static str, String); 8] {
    [
        ("one paragraph of 1 MB", "word *and* `code` ".repeat(58_000)),
        ("one word of 1 MB", "x".repeat(1 << 20)),
        ("one fence of 1 MB", format!("```rust\n{}", "let x = y.wrapping_mul(3);\n".repeat(40_000))),
        ("one line of code of 1 MB", format!("```\n{}", "x".repeat(1 << 20))),
        ("a table of 50,000 rows", format!("| a | b |\n|---|---|\n{}", "| one | **two** |\n".repeat(50_000))),
        ("10,000 nested items", "- ".repeat(10_000)),
        ("1 MB of combining marks", "e\u{301}\u{301}".repeat(200_000)),
        ("raw escape bytes", "\x1b[2J\x1b]0;x\x07".repeat(80_000)),
    ]
}

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let start_mb = rss_mb();
    let mut bench = Bench::begin()?;
    let text = answer(TRANSCRIPT_BYTES);
    let frames = bench.stream(&text, TOKEN_BYTES)?;
    let (first, last) = (spread(&frames[..1_000]), spread(&frames[frames.len() - 1_000..]));
    writeln!(out, "{} frames of one token; CPU of a frame, µs: p50 / p99 / longest", frames.len())?;
    writeln!(
        out,
        "  all          {:>7.1} {:>7.1} {:>7.1}",
        spread(&frames).0,
        spread(&frames).1,
        spread(&frames).2
    )?;
    writeln!(out, "  first 1,000  {:>7.1} {:>7.1} {:>7.1}", first.0, first.1, first.2)?;
    writeln!(out, "  last 1,000   {:>7.1} {:>7.1} {:>7.1}", last.0, last.1, last.2)?;
    writeln!(out, "  last : first {:>7.2} (p50; goal 1.1 at most)", last.0 / first.0)?;
    writeln!(out, "  bytes to the terminal, a frame: {}", bench.written.0.get() / frames.len())?;
    writeln!(
        out,
        "RSS {:.1} MB, {start_mb:.1} MB of it at the start, the text itself held twice here",
        rss_mb()
    )?;
    let resize = bench.timed(Message::Resized { columns: 100, rows: ROWS })?;
    let mut slices = Vec::new();
    while bench.model.chat.transcript.is_unmeasured() {
        slices.push(bench.timed(Message::GoOn)?);
    }
    writeln!(
        out,
        "resize: first frame {resize:.0} µs, then {} slices of {:.0} µs",
        slices.len(),
        spread(&slices).0
    )?;
    for (what, text) in storms() {
        let (p50, p99, longest) = spread(&Bench::begin()?.stream(&text, 256)?);
        writeln!(out, "storm: {what:<26} {p50:>7.1} {p99:>7.1} {longest:>7.1}")?;
    }
    if let Some(binary) = std::env::args().nth(1) {
        first_paint(&binary, &mut out)?;
    }
    Ok(())
}

/// CPU time of a fresh process until its first bytes are on the terminal, and its memory then.
fn first_paint(binary: &str, out: &mut impl Write) -> io::Result<()> {
    let mut cpu_ms = Vec::new();
    let mut rss = Vec::new();
    for _ in 0..21 {
        let size = portable_pty::PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = portable_pty::native_pty_system().openpty(size).map_err(io::Error::other)?;
        let mut command = portable_pty::CommandBuilder::new(binary);
        command.args(["--socket", "/nowhere/daemon.sock"]);
        command.env("XDG_STATE_HOME", std::env::temp_dir());
        let mut child = pair.slave.spawn_command(command).map_err(io::Error::other)?;
        let mut reader = pair.master.try_clone_reader().map_err(io::Error::other)?;
        let mut seen = Vec::new();
        let mut chunk = [0; 4_096];
        while !String::from_utf8_lossy(&seen).contains("connecting") {
            let count = reader.read(&mut chunk)?;
            seen.extend_from_slice(&chunk[..count]);
        }
        let pid = child.process_id().unwrap_or_default();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/schedstat"))?;
        cpu_ms.push(stat.split(' ').next().and_then(|it| it.parse::<f64>().ok()).unwrap_or_default() / 1e6);
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default().trim();
        rss.push(line.trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0);
        child.kill()?;
        child.wait()?;
    }
    let (p50, _, longest) = spread(&cpu_ms);
    writeln!(
        out,
        "first paint: CPU p50 {p50:.2} ms, longest {longest:.2} ms; RSS then {:.1} MB",
        spread(&rss).0
    )
}
