//! A daemon made of recorded answers on a real Unix socket. It keeps ventures and facts, can hold its
//! answers back, go away and come back, and remembers what it was asked.

use crate::sample;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

/// How long anything may take to happen.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) asked: Vec<Asked>,
    pub(crate) rows: BTreeMap<String, Value>,
    pub(crate) facts: Vec<Value>,
    /// Answers wait while this is set.
    pub(crate) silent: bool,
    pub(crate) starting: bool,
    pub(crate) tree: Option<(u16, Value)>,
    /// What is answered instead of its health.
    pub(crate) health: Option<(u16, Value)>,
    /// The next command is answered so.
    pub(crate) next_answer: Option<(u16, Value)>,
    /// The next command is recorded, and its answer lost.
    pub(crate) lose_next_answer: bool,
    /// The next command is recorded, and answered so.
    pub(crate) hide_next_answer: Option<(u16, Value)>,
    pub(crate) extra_desks: Vec<Value>,
    /// What answers to models say next; `None` ends the stream.
    said: VecDeque<Option<String>>,
    /// Answers whose connection the terminal closed.
    pub(crate) answers_left: usize,
    /// Idempotency keys and their first answers.
    receipts: BTreeMap<String, Value>,
    streams: Vec<UnixStream>,
    down: bool,
}

impl State {
    pub(crate) fn position(&self) -> u64 {
        self.facts.len() as u64
    }
}

#[derive(Clone)]
pub(crate) struct FakeDaemon {
    pub(crate) socket: PathBuf,
    pub(crate) state: Arc<(Mutex<State>, Condvar)>,
}

impl FakeDaemon {
    pub(crate) fn start(folder: &Path) -> Self {
        let daemon = Self::absent(folder);
        daemon.come_up();
        daemon
    }

    /// A daemon that does not listen yet.
    pub(crate) fn absent(folder: &Path) -> Self {
        Self { socket: folder.join("daemon.sock"), state: Arc::default() }
    }

    pub(crate) fn come_up(&self) {
        drop(std::fs::remove_file(&self.socket));
        let listener = UnixListener::bind(&self.socket).unwrap();
        self.state().down = false;
        let daemon = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if daemon.state().down {
                    return;
                }
                let daemon = daemon.clone();
                thread::spawn(move || daemon.serve(stream.unwrap()));
            }
        });
    }

    /// Breaks every connection off and listens no more, as a kill would.
    pub(crate) fn die(&self) {
        self.change(|state| {
            state.down = true;
            state.streams.drain(..).for_each(|stream| drop(stream.shutdown(std::net::Shutdown::Both)));
        });
        drop(UnixStream::connect(&self.socket));
        drop(std::fs::remove_file(&self.socket));
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap()
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.state.1.notify_all();
        result
    }

    /// Waits until `seen` holds.
    pub(crate) fn wait_for(&self, what: &str, mut seen: impl FnMut(&State) -> bool) {
        let until = Instant::now() + DEADLINE;
        let mut state = self.state();
        while !seen(&state) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the daemon never saw {what}: {:#?}", state.asked);
            state = self.state.1.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Sets a row and tells the fact of it.
    pub(crate) fn record(&self, row: Value) -> u64 {
        self.change(|state| record(state, row))
    }

    /// Says more of an answer, byte by byte as it is given.
    pub(crate) fn say(&self, bytes: impl Into<String>) {
        self.change(|state| state.said.push_back(Some(bytes.into())));
    }

    /// Says a chunk of an answer.
    pub(crate) fn say_chunk(&self, content: &str) {
        self.say(format!("data: {}\n\n", json!({"content": content, "done": false})));
    }

    /// Ends an answer well.
    pub(crate) fn say_done(&self) {
        self.say(sample::answer_done());
        self.change(|state| state.said.push_back(None));
    }

    /// Breaks an answer off.
    pub(crate) fn break_off(&self) {
        self.change(|state| state.said.push_back(None));
    }

    /// The questions to models so far.
    pub(crate) fn questions(&self) -> Vec<Value> {
        let state = self.state();
        state.asked.iter().filter(|it| it.path == "/api/llm/chat").map(|it| it.body.clone()).collect()
    }

    fn answer_a_question(&self, mut out: UnixStream) -> Option<()> {
        if let Some((status, body)) = self.change(|state| state.next_answer.take()) {
            return write_answer(out, status, &body);
        }
        let gone = self.watch_for_its_end(&out)?;
        out.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: waiting\n\n").ok()?;
        self.change(|state| state.streams.push(out.try_clone().unwrap()));
        loop {
            let mut state = self.state();
            while state.said.is_empty() && !state.down && !gone.load(SeqCst) {
                state = self.state.1.wait(state).ok()?;
            }
            if gone.load(SeqCst) {
                return None;
            }
            let Some(bytes) = state.said.pop_front().flatten() else {
                // Ended by the daemon: nobody has left.
                gone.store(true, SeqCst);
                return out.shutdown(std::net::Shutdown::Both).ok();
            };
            drop(state);
            out.write_all(bytes.as_bytes()).ok()?;
        }
    }

    /// Counts an answer as left when its connection is closed at the other end first.
    fn watch_for_its_end(&self, stream: &UnixStream) -> Option<Arc<AtomicBool>> {
        let gone = Arc::new(AtomicBool::new(false));
        let mut other_end = stream.try_clone().ok()?;
        let (daemon, left) = (self.clone(), Arc::clone(&gone));
        thread::spawn(move || {
            drop(other_end.read(&mut [0]));
            let first = !left.swap(true, SeqCst);
            daemon.change(|state| state.answers_left += usize::from(first));
        });
        Some(gone)
    }

    fn serve(&self, stream: UnixStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let asked = read_request(&mut reader)?;
        self.change(|state| state.asked.push(asked.clone()));
        let mut state = self.state();
        while state.silent {
            state = self.state.1.wait(state).ok()?;
        }
        drop(state);
        if asked.path.starts_with("/api/facts/stream") {
            return self.stream(stream, &asked);
        }
        if asked.path == "/api/llm/chat" {
            return self.answer_a_question(stream);
        }
        let (status, body) = self.change(|state| answer(state, &asked))?;
        write_answer(stream, status, &body)
    }

    fn stream(&self, mut out: UnixStream, asked: &Asked) -> Option<()> {
        let mut sent = asked.headers.get("last-event-id").map_or(0, |id| id.parse().unwrap());
        out.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: hello\n\n").ok()?;
        self.change(|state| state.streams.push(out.try_clone().unwrap()));
        let mut state = self.state();
        loop {
            let fresh: Vec<Value> = state
                .facts
                .iter()
                .filter(|fact| fact["position"].as_u64().unwrap() > sent)
                .cloned()
                .collect();
            drop(state);
            for fact in fresh {
                sent = fact["position"].as_u64().unwrap();
                // Two writes, so that a frame arrives in pieces.
                out.write_all(format!("id: {sent}\nevent: fact\nda").as_bytes()).ok()?;
                out.write_all(format!("ta: {fact}\n\n").as_bytes()).ok()?;
            }
            state = self.state();
            if state.down {
                return None;
            }
            if state.position() <= sent {
                state = self.state.1.wait(state).ok()?;
            }
        }
    }
}

fn record(state: &mut State, row: Value) -> u64 {
    let position = state.position() + 1;
    let id = row["venture_id"].as_str().unwrap().to_owned();
    state.facts.push(sample::fact(position, &id));
    state.rows.insert(id, row);
    position
}

fn read_request(reader: &mut BufReader<UnixStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |it| it.parse().unwrap());
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
    Some(Asked { method, path, headers, body })
}

fn write_answer(mut out: UnixStream, status: u16, body: &Value) -> Option<()> {
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    out.write_all((head + &body).as_bytes()).ok()
}

/// `None` closes the connection without a word.
fn answer(state: &mut State, asked: &Asked) -> Option<(u16, Value)> {
    let path = asked.path.split('?').next().unwrap_or_default();
    if path == "/api/health" {
        let health = || (200, sample::health(!state.starting, std::process::id()));
        return Some(state.health.clone().unwrap_or_else(health));
    }
    if state.starting {
        return Some((503, sample::refusal("starting", "The daemon is starting.", json!({}))));
    }
    if asked.method == "POST" {
        return command(state, asked);
    }
    let found = match path {
        "/api/desks" => {
            let mut catalogue = sample::catalogue();
            catalogue["desks"].as_array_mut().unwrap().extend(state.extra_desks.clone());
            catalogue
        }
        "/api/ventures" => {
            let rows: Vec<&Value> = state.rows.values().collect();
            json!({"ok": true, "ventures": rows, "next_cursor": null, "as_of_position": state.position()})
        }
        "/api/llm/models" => sample::models(),
        "/api/llm/health" => sample::llm_health(),
        "/debug/tree" => return Some(state.tree.clone().unwrap_or_else(|| (200, sample::tree()))),
        _ => match path.strip_prefix("/api/ventures/").and_then(|id| state.rows.get(id)) {
            Some(row) => json!({"ok": true, "venture": row, "as_of_position": state.position()}),
            None => return Some((404, sample::refusal("venture_not_found", "No such venture.", json!({})))),
        },
    };
    Some((200, found))
}

fn command(state: &mut State, asked: &Asked) -> Option<(u16, Value)> {
    if let Some(answer) = state.next_answer.take() {
        return Some(answer);
    }
    let key = asked.headers.get("idempotency-key").cloned();
    if let Some(first) = key.as_ref().and_then(|key| state.receipts.get(key)) {
        return Some((200, first.clone()));
    }
    let (id, row) = match asked.path.strip_prefix("/api/ventures/").and_then(|rest| rest.split('/').next()) {
        None => {
            let id = format!("v-{:026}", state.rows.len() + 1);
            let name = asked.body["name"].as_str().unwrap_or("unnamed").to_owned();
            (id.clone(), sample::row(&id, &name, 0, 0))
        }
        Some(id) => {
            let Some(row) = state.rows.get(id) else {
                return Some((404, sample::refusal("venture_not_found", "No such venture.", json!({}))));
            };
            let version = row["version"].as_u64().unwrap() + 1;
            let mut row = row.clone();
            row["version"] = json!(version);
            row["revision"] = json!(version);
            (id.to_owned(), row)
        }
    };
    let version = row["version"].as_u64().unwrap();
    let position = record(state, row);
    let event_type = if version == 0 { "venture_setup_v1" } else { "venture_vision_refined_v1" };
    let answer = sample::recorded(&id, event_type, version, position);
    state.receipts.extend(key.map(|key| (key, answer.clone())));
    let lost = std::mem::take(&mut state.lose_next_answer);
    (!lost).then(|| state.hide_next_answer.take().unwrap_or((201, answer)))
}
