//! The peers as processes, and llama.cpp asked directly, past the daemon.

use hecate_tests::patience::{DEADLINE, until};
use hecate_tests::program::{Process, Program};
use rustix::process::Signal;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc;

/// What the daemon calls the engine's model.
pub(crate) const MODEL: &str = "openai/tiny";
/// What the daemon calls the emulator's.
pub(crate) const CAMELLIA: &str = "ollama/camellia";
/// Where an answer ends that would end by itself.
const BRIEF_TOKENS: &str = "64";

/// A running peer; it ends with its stdin, so it also ends with a test that is killed.
struct Peer {
    process: Process,
    /// Host and port.
    address: String,
}

/// llama.cpp with a model of noise.
pub(crate) struct Engine {
    peer: Peer,
    key: Option<String>,
}

/// aimock, which speaks Ollama's dialect.
pub(crate) struct Emulator {
    peer: Peer,
}

/// How an engine answers.
#[derive(Clone, Copy)]
pub(crate) enum Answers {
    /// Noise, soon at an end.
    Brief,
    /// Hello after hello, until it is stopped.
    Endless,
}

/// The folder that `tests/peers/install` filled.
pub(crate) fn installed() -> PathBuf {
    let folder = std::env::var_os("HECATE_PEERS");
    PathBuf::from(folder.expect("HECATE_PEERS names no folder; `tests/peers/install FOLDER` fills one"))
}

fn script(name: &str) -> PathBuf {
    hecate_tests::binaries::workspace().join("tests/peers").join(name)
}

impl Peer {
    fn start(program: Program, log: &Path) -> Peer {
        let mut command = program.into_command();
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process(command.stderr(File::create(log).unwrap()).spawn().unwrap());
        let stdout = process.0.stdout.take().unwrap();
        let (tell, told) = mpsc::channel();
        // Reads on to the end, so that the peer never writes into a closed pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Nobody listens after the first line.
                let _ = tell.send(line);
            }
        });
        let line = told.recv_timeout(DEADLINE).unwrap_or_default();
        let address = line.strip_prefix("listening http://").map(str::to_owned);
        let said = || std::fs::read_to_string(log).unwrap_or_default();
        Peer { process, address: address.unwrap_or_else(|| panic!("no peer: {line:?}\n{}", said())) }
    }
}

impl Engine {
    /// Starts one; its log stands in the folder.
    pub(crate) fn start(folder: &Path, answers: Answers, key: Option<&str>) -> Engine {
        let peers = installed();
        let python = Program::new(&peers.join("python/bin/python"), folder);
        let (model, bound) = match answers {
            Answers::Brief => ("brief.gguf", Some(BRIEF_TOKENS)),
            Answers::Endless => ("endless.gguf", None),
        };
        let python = python.args([script("engine.py"), peers.join(model), "0".into()]).args(bound);
        let program = python.env("ENGINE_KEY", key.unwrap_or_default());
        Engine { peer: Peer::start(program, &folder.join("engine.log")), key: key.map(str::to_owned) }
    }

    /// For `OPENAI_BASE_URL`.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.peer.address)
    }

    /// Asks it for a chat directly.
    pub(crate) fn chat(&self, body: &Value) -> Value {
        let body = body.to_string();
        let headers = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        self.ask("POST /v1/chat/completions", &headers, &body)
    }

    /// Waits until it works on so many answers.
    pub(crate) fn wait_for_busy_slots(&self, count: usize) {
        let busy = || self.slots().iter().filter(|slot| slot["is_processing"] == true).count();
        until(&format!("{count} busy slots"), || (busy() == count).then_some(()));
    }

    /// Slots at rest that would have gone on.
    pub(crate) fn stopped_early(&self) -> usize {
        let early =
            |slot: &&Value| slot["is_processing"] == false && slot["next_token"][0]["has_next_token"] == true;
        self.slots().iter().filter(early).count()
    }

    /// Takes it away at once.
    pub(crate) fn kill(&mut self) {
        self.peer.process.signal(Signal::KILL);
        self.peer.process.wait(DEADLINE).expect("nothing survives SIGKILL");
    }

    fn slots(&self) -> Vec<Value> {
        self.ask("GET /slots", "", "").as_array().unwrap().clone()
    }

    fn ask(&self, what: &str, headers: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(&self.peer.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let key = self.key.as_ref().map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        let head = format!("{what} HTTP/1.1\r\nhost: engine\r\nconnection: close\r\n{key}{headers}\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error} in {answer}"))
    }
}

impl Emulator {
    /// Starts one.
    pub(crate) fn start(folder: &Path) -> Emulator {
        let peers = installed();
        let node = Program::new(&peers.join("node"), folder).env("NODE_PATH", peers.join("node_modules"));
        let program = node.args([script("emulator.mjs"), "0".into()]);
        Emulator { peer: Peer::start(program, &folder.join("emulator.log")) }
    }

    /// For `OLLAMA_HOST`.
    pub(crate) fn host(&self) -> String {
        self.peer.address.clone()
    }
}
