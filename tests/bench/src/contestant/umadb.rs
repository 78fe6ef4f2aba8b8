//! UmaDB: its released server with its defaults, run by this very program as a process of its own, and its own
//! gRPC client over loopback; and its core in process.

use super::{Archive, Contestant, Known, Size, UMADB, Writer};
use crate::part::UMADB_EMBEDDED;
use crate::sample::{STREAMS, Sample, Samples, TYPE};
use crate::writers::{at_once, runtime};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use umadb_client::{SyncUmaDbClient, UmaDbClient};
use umadb_core::db::UmaDb;
use umadb_core::mvcc::{Mvcc, StorageOptions};
use umadb_dcb::{
    DcbAppendCondition, DcbEvent, DcbEventStoreSync, DcbQuery, DcbQueryItem, DcbReadResponseSync,
};

/// The word by which this program becomes the server.
pub(crate) const SERVE: &str = "--serve-umadb";
const STARTED_WITHIN: Duration = Duration::from_secs(60);
const PAGE_EVENTS: u32 = 1_000;
const FILL_BATCH: usize = 1_000;
const LOAD_CLIENTS: usize = 64;

/// What the released program's `main` does.
pub(crate) fn serve(words: &[String]) {
    let program = std::iter::once("umadb".to_owned());
    let options = umadb::parse_cli_options(program.chain(words.iter().cloned())).unwrap();
    umadb::start_server_with_cli_options(options).unwrap();
}

struct Server {
    process: Child,
    url: String,
    runtime: Runtime,
}

impl Server {
    fn start(path: &Path) -> Server {
        // The port is free once this listener is gone.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([SERVE, "--listen", &address, "--db-path"]).arg(path).stdout(Stdio::null());
        let server = Server {
            process: command.spawn().unwrap(),
            url: format!("http://{address}"),
            runtime: runtime(),
        };
        drop(server.connect());
        server
    }

    /// A connection of its own; all share one runtime.
    fn connect(&self) -> SyncUmaDbClient {
        let _inside = self.runtime.enter();
        let began = Instant::now();
        loop {
            match UmaDbClient::new(self.url.clone()).connect() {
                Ok(client) => return client,
                Err(error) => assert!(began.elapsed() < STARTED_WITHIN, "UmaDB does not answer: {error}"),
            }
        }
    }

    fn kill(&mut self) {
        // It may have been killed before.
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Two tags, as everybody's event has; the first is the stream's.
fn event(sample: &Sample) -> DcbEvent {
    let mut data = sample.metadata();
    data.extend_from_slice(sample.payload().as_bytes());
    DcbEvent::new().event_type(TYPE).tags(sample.tags().clone()).data(data).uuid(sample.id)
}

/// The expected version in UmaDB's words: nothing with the stream's tag behind what the client has seen.
fn condition(sample: &Sample, known: u64) -> DcbAppendCondition {
    let stream = DcbQuery::new().item(DcbQueryItem::new().tags([sample.tags()[0].clone()]));
    DcbAppendCondition::new(stream).after((known > 0).then_some(known))
}

/// The peer of the appends.
pub(crate) struct Umadb {
    server: Server,
    known: Known,
}

impl Umadb {
    pub(crate) fn start(folder: &Path) -> Umadb {
        fs::create_dir(folder).unwrap();
        Umadb { server: Server::start(&folder.join("uma.db")), known: Known::new() }
    }
}

impl Contestant for Umadb {
    fn name(&self) -> &'static str {
        UMADB
    }

    fn writer(&self) -> Box<dyn Writer + '_> {
        Box::new(Session { client: self.server.connect(), known: &self.known })
    }
}

struct Session<'a> {
    client: SyncUmaDbClient,
    known: &'a Known,
}

impl Writer for Session<'_> {
    fn append(&mut self, sample: &Sample) {
        let condition = condition(sample, self.known.get(sample.stream));
        let position = self.client.append(vec![event(sample)], Some(condition), None).unwrap();
        self.known.set(sample.stream, position);
    }
}

/// One file, read in process and through the server.
pub(crate) fn archives(folder: &Path) -> Vec<Box<dyn Archive>> {
    fs::create_dir(folder).unwrap();
    let path = folder.join("uma.db");
    vec![Box::new(Embedded { path: path.clone() }), Box::new(Served { path })]
}

struct Embedded {
    path: PathBuf,
}

struct Served {
    path: PathBuf,
}

impl Archive for Embedded {
    fn name(&self) -> &'static str {
        UMADB_EMBEDDED
    }

    fn fill(&mut self, events: u64) -> bool {
        let store = open(&self.path);
        let (mut samples, mut left) = (Samples::new(1), usize::try_from(events).unwrap());
        while left > 0 {
            let batch = left.min(FILL_BATCH);
            let events = (0..batch).map(|stream| event(&samples.next(stream % STREAMS))).collect();
            store.append(events, None, None).unwrap();
            left -= batch;
        }
        true
    }

    fn catch_up(&mut self, readers: usize, events: u64) -> Duration {
        let store = open(&self.path);
        let began = Instant::now();
        at_once(readers, |_| read_pages(&store, events));
        began.elapsed()
    }

    fn size(&mut self) -> Size {
        Size::default()
    }

    fn crash(&mut self, _: Duration) -> Option<Duration> {
        None
    }
}

impl Archive for Served {
    fn name(&self) -> &'static str {
        UMADB
    }

    /// The other one did it.
    fn fill(&mut self, _: u64) -> bool {
        false
    }

    fn catch_up(&mut self, readers: usize, events: u64) -> Duration {
        let server = Server::start(&self.path);
        let clients: Vec<_> = (0..readers).map(|_| server.connect()).collect();
        let began = Instant::now();
        at_once(readers, |reader| {
            count(clients[reader].read(None, None, false, None).unwrap().as_mut(), events);
        });
        began.elapsed()
    }

    fn size(&mut self) -> Size {
        Size { data: fs::metadata(&self.path).unwrap().len(), log: 0 }
    }

    fn crash(&mut self, load: Duration) -> Option<Duration> {
        let mut server = Server::start(&self.path);
        std::thread::scope(|scope| {
            for number in 0..LOAD_CLIENTS {
                let client = server.connect();
                scope.spawn(move || load_until_killed(&client, number as u64));
            }
            std::thread::park_timeout(load);
            server.kill();
        });
        let began = Instant::now();
        let server = Server::start(&self.path);
        server.connect().append(vec![event(&Samples::new(0).next(0))], None, None).unwrap();
        Some(began.elapsed())
    }
}

fn open(path: &Path) -> UmaDb {
    let options = StorageOptions::default().db_path(path);
    UmaDb::from_arc(Arc::new(Mvcc::new(false, options).unwrap()))
}

/// In process a read answers with everything at once, so pages are asked for.
fn read_pages(store: &UmaDb, events: u64) {
    let (mut from, mut seen) = (None, 0);
    while seen < events {
        let mut page = store.read(None, from, false, Some(PAGE_EVENTS)).unwrap();
        let page = page.next_batch().unwrap();
        seen += page.len() as u64;
        from = Some(page.last().expect("UmaDB has fewer events").position + 1);
        std::hint::black_box(page);
    }
}

/// Counts until there were as many as were filled in; a crash before may have left more.
fn count(response: &mut (dyn DcbReadResponseSync + Send), events: u64) {
    let mut seen = 0;
    while seen < events {
        let batch = response.next_batch().unwrap();
        assert!(!batch.is_empty(), "UmaDB has {seen} events of {events}");
        seen += std::hint::black_box(batch).len() as u64;
    }
}

fn load_until_killed(client: &SyncUmaDbClient, seed: u64) {
    let mut samples = Samples::new(seed);
    let mut one = |stream| client.append(vec![event(&samples.next(stream))], None, None).map(drop);
    let _ = (0..STREAMS).cycle().try_for_each(&mut one);
}
