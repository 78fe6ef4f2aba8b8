//! The edge with models behind it and nothing else, in a small tree, and a client of it.

use super::super::{KeySource, Llm, ProviderSettings, Speaks};
use super::kit::within;
use super::upstream::Upstream;
use crate::hecate_api::{Edge, EdgeParts, Limits, Operators, Supervision, kinds};
use hecate_desk::{Clock, Node, SystemClock};
use hecate_event_store::{CurrentStore, EventStore, MemoryStore};
use hecate_proto::route;
use hecate_proto::tree::TreeNode;
use hecate_supervision::{Kinds, Plan, Tree};
use serde_json::Value;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

const PLAN: &str = r#"
schema = 1
[defaults]
shutdown = { drain = "2s" }
[[supervisor]]
path = "/voice"
strategy = "one_for_one"
intensity = 100
period = "10s"
[[pool]]
path = "/voice/providers"
kind = "llm.providers"
max_children = 10
[[child]]
path = "/voice/registry"
kind = "llm.registry"
[[child]]
path = "/voice/api"
kind = "api"
[[child]]
path = "/voice/socket"
kind = "socket"
"#;

/// The actor that keeps the registry.
pub(super) const KEEPER: &str = "/voice/registry";

pub(super) struct House {
    pub(super) llm: Llm,
    pub(super) dir: TempDir,
    tree: Arc<OnceLock<Tree>>,
}

/// A provider at that server, without a key.
pub(super) fn at(upstream: &Upstream, name: &str, speaks: Speaks) -> ProviderSettings {
    with_key(upstream, name, speaks, KeySource::None)
}

pub(super) fn with_key(upstream: &Upstream, name: &str, speaks: Speaks, key: KeySource) -> ProviderSettings {
    ProviderSettings::new(name, speaks, Some(&upstream.url()), key).unwrap()
}

impl House {
    pub(super) async fn open(providers: Vec<ProviderSettings>) -> House {
        House::open_with(providers, Limits::default()).await
    }

    /// Booted, every provider looked at.
    pub(super) async fn open_with(providers: Vec<ProviderSettings>, limits: Limits) -> House {
        let house = House::boot(providers, limits).await;
        within("every provider is looked at", house.llm.registry().refresh(false)).await;
        house
    }

    /// Booted; nobody has waited for anything.
    pub(super) async fn boot(providers: Vec<ProviderSettings>, limits: Limits) -> House {
        let dir = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let llm = Llm::new(providers, &clock);
        let store = CurrentStore::default();
        store.set(Some(Arc::new(MemoryStore::new()) as Arc<dyn EventStore>));
        let tree: Arc<OnceLock<Tree>> = Arc::default();
        let edge = Edge::new(EdgeParts {
            processes: Vec::new(),
            models: Vec::new(),
            routes: vec![llm.routes()],
            store,
            told: Vec::new(),
            hearings: Vec::new(),
            groups: hecate_facts::Groups::new("here"),
            cluster: None,
            node: Node { node_id: "here".into(), realm: "test".into(), clock },
            tree: Arc::clone(&tree),
            supervision: Supervision::Embedded(""),
            socket_path: dir.path().join("daemon.sock"),
            operators: Operators::default(),
            unsafe_debug: false,
            limits,
            version: "0.0.0",
            started: Instant::now(),
        });
        edge.claim_socket().unwrap();
        let mut own = Kinds::new();
        llm.register(&mut own);
        let kinds = kinds(own, &edge);
        let plan = Plan::parse(PLAN, "supervision.toml", &kinds).unwrap();
        let booted = Tree::boot(&plan, &kinds).await.unwrap();
        assert!(tree.set(booted).is_ok());
        House { llm, dir, tree }
    }

    pub(super) async fn connect(&self) -> Client {
        Client::connect(self).await
    }

    /// Asks for a chat on a connection of its own.
    pub(super) async fn ask(&self, body: &Value) -> Client {
        let mut client = self.connect().await;
        client.send("POST", route::LLM_CHAT, &body.to_string()).await;
        client
    }

    pub(super) async fn get(&self, path: &str) -> Answered {
        let mut client = self.connect().await;
        client.send("GET", path, "").await;
        client.answer().await
    }

    /// What an actor offers of its state.
    pub(super) async fn offered(&self, actor: &str) -> Value {
        let path = route::of_actor(route::DEBUG_ACTOR, actor);
        let look = async {
            loop {
                let mut state = self.get(&path).await.body["actor"]["state"].take();
                match state["kind"].as_str() {
                    Some("offered") => return state["value"].take(),
                    kind => assert_eq!(kind, Some("busy"), "{actor}"),
                }
            }
        };
        within("the state is offered", look).await
    }

    /// The actors whose paths begin like this, by path, with their ids.
    pub(super) fn actors(&self, begins: &str) -> Vec<(String, String)> {
        fn walk(node: &TreeNode, begins: &str, found: &mut Vec<(String, String)>) {
            if let Some(id) = node.id.as_ref().filter(|_| node.path.starts_with(begins)) {
                found.push((node.path.clone(), id.clone()));
            }
            node.children.iter().for_each(|child| walk(child, begins, found));
        }
        let mut found = Vec::new();
        walk(&self.tree.get().unwrap().snapshot(), begins, &mut found);
        found
    }

    pub(super) async fn stop(&self) -> bool {
        self.tree.get().unwrap().stop(std::time::Duration::from_secs(5)).await
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Value,
}

impl Answered {
    /// Status, code, and one detail.
    pub(super) fn refusal(&self, detail: &str) -> (u16, String, Value) {
        assert_eq!(self.body["ok"], false, "{self:?}");
        (self.status, self.body["error"].as_str().unwrap().to_owned(), self.body["details"][detail].clone())
    }
}

/// A client that reads what it wants, when it wants.
pub(super) struct Client {
    stream: BufReader<UnixStream>,
    text: String,
}

impl Client {
    async fn connect(house: &House) -> Client {
        let stream = UnixStream::connect(house.dir.path().join("daemon.sock")).await.unwrap();
        Client { stream: BufReader::new(stream), text: String::new() }
    }

    pub(super) async fn send(&mut self, method: &str, path: &str, body: &str) {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        within("the request is taken", self.stream.write_all(request.as_bytes())).await.unwrap();
    }

    /// Says that nothing more will be asked, as pipes do.
    pub(super) async fn close_half(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// An answer with a length.
    pub(super) async fn answer(&mut self) -> Answered {
        let (status, head) = self.head().await;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        let mut body = vec![0; length.parse().unwrap()];
        within("the body comes", self.stream.read_exact(&mut body)).await.unwrap();
        Answered { status, head, body: serde_json::from_slice(&body).unwrap_or_default() }
    }

    /// The head of a stream.
    pub(super) async fn follow(&mut self) {
        let (status, head) = self.head().await;
        assert!(status == 200 && head.contains("text/event-stream"), "{head}");
    }

    async fn head(&mut self) -> (u16, String) {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = within("the head comes", self.stream.read_line(&mut head)).await.unwrap();
            assert_ne!(read, 0, "hung up after {head:?}");
        }
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head)
    }

    /// The next event of a stream, comments included; none at its end.
    pub(super) async fn event(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(event);
            }
            let more = self.chunk().await;
            if more.is_empty() {
                assert_eq!(self.text, "", "the stream ends inside an event");
                return None;
            }
            self.text.push_str(&more);
        }
    }

    async fn chunk(&mut self) -> String {
        let mut size = String::new();
        within("a chunk comes", self.stream.read_line(&mut size)).await.unwrap();
        let size = usize::from_str_radix(size.trim_end(), 16).unwrap_or_else(|_| panic!("no size: {size:?}"));
        let mut bytes = vec![0; size + 2];
        within("the chunk comes", self.stream.read_exact(&mut bytes)).await.unwrap();
        bytes.truncate(size);
        String::from_utf8(bytes).unwrap()
    }

    /// The next frame.
    pub(super) async fn frame(&mut self) -> Value {
        let event = self.event().await.expect("the stream has ended");
        let data = event.strip_prefix("data: ").unwrap_or_else(|| panic!("no data: {event:?}"));
        serde_json::from_str(data).unwrap_or_else(|_| Value::from(data))
    }

    /// Every frame that is left.
    pub(super) async fn frames(&mut self) -> Vec<Value> {
        let mut frames = Vec::new();
        while let Some(event) = self.event().await {
            let data = event.strip_prefix("data: ").unwrap_or_else(|| panic!("no data: {event:?}"));
            frames.push(serde_json::from_str(data).unwrap_or_else(|_| Value::from(data)));
        }
        frames
    }
}
