//! PostgreSQL in a private cluster: made by `initdb` in the benchmark's own folder, run as an unprivileged user,
//! reached over a unix socket only. A cluster of the system is never touched.

use super::{Archive, Contestant, Known, POSTGRES, Size, Writer};
use crate::sample::{STREAMS, Sample, Samples};
use crate::writers::at_once;
use postgres::{Client, Config, NoTls, Statement};
use rustix::process::{Pid, Signal, geteuid, kill_process_group};
use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

const USER: &str = "bench";
const STARTED_WITHIN: Duration = Duration::from_secs(120);
const PAGE_ROWS: i64 = 1_000;
const LOAD_CLIENTS: usize = 64;

/// What the flush costs is the question, so nothing about it is left to defaults; all else is.
const SETTINGS: [&str; 5] = [
    "listen_addresses=",
    "synchronous_commit=on",
    "fsync=on",
    "wal_sync_method=fdatasync",
    "max_connections=200",
];
const TABLES: &str = "
    CREATE TABLE events (pos bigserial PRIMARY KEY, sid bigint NOT NULL, ver bigint NOT NULL, type int NOT NULL,
        at_us bigint NOT NULL, id uuid NOT NULL, meta bytea NOT NULL, data text NOT NULL, UNIQUE (sid, ver));
    CREATE TABLE event_tags (tag bigint NOT NULL, pos bigint NOT NULL, PRIMARY KEY (tag, pos));";
/// One round trip, one commit. The version that the client expects is checked by the unique index.
const APPEND: &str = "
    WITH e AS (INSERT INTO events (sid, ver, type, at_us, id, meta, data)
        VALUES ($1, $2, 1, $3, $4, $5, $6) RETURNING pos)
    INSERT INTO event_tags SELECT t, e.pos FROM e, unnest($7::bigint[]) t";
const FILL: &str = "
    WITH e AS (INSERT INTO events (sid, ver, type, at_us, id, meta, data)
        SELECT sid, ver, 1, at_us, id, meta, data FROM unnest($1::bigint[], $2::bigint[], $3::bigint[],
            $4::uuid[], $5::bytea[], $6::text[]) AS r(sid, ver, at_us, id, meta, data) RETURNING pos, sid)
    INSERT INTO event_tags SELECT t, e.pos FROM e, unnest(ARRAY[e.sid, 1000 + e.sid / 10]) t";
const PAGE: &str =
    "SELECT pos, sid, ver, type, at_us, id, meta, data FROM events WHERE pos > $1 ORDER BY pos LIMIT $2";
const SIZE: &str = "SELECT (pg_total_relation_size('events') + pg_total_relation_size('event_tags'))::bigint,
    (SELECT sum(size) FROM pg_ls_waldir())::bigint";

/// Streams that nobody wrote to: an append to one needs to know nothing.
static NEW_STREAM: AtomicI64 = AtomicI64::new(1_000_000);

struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    /// Whom to run as; none when we are unprivileged ourselves.
    user: Option<(u32, u32)>,
    server: Option<Child>,
}

impl Cluster {
    /// Makes and starts one, or says why not.
    fn start(folder: &Path) -> Option<Cluster> {
        let Some(programs) = programs() else {
            eprintln!("PostgreSQL is left out: initdb was not found (apt-get install postgresql-15)");
            return None;
        };
        let user = geteuid().is_root().then(unprivileged);
        fs::create_dir(folder).unwrap();
        if let Some((uid, gid)) = user {
            chown(folder, Some(uid), Some(gid)).unwrap();
        }
        let mut cluster = Cluster { folder: folder.to_owned(), programs, user, server: None };
        let mut initdb = cluster.command("initdb");
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--username", USER, "--pgdata"]);
        let made = initdb.arg(folder.join("data")).stdout(Stdio::null()).status().unwrap();
        assert!(made.success(), "initdb failed: can its user enter {}?", folder.display());
        cluster.run();
        cluster.connect().batch_execute(TABLES).unwrap();
        Some(cluster)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.folder).env_clear().process_group(0);
        if let Some((uid, gid)) = self.user {
            command.gid(gid).uid(uid);
        }
        command
    }

    /// Starts the server and waits until it takes connections.
    fn run(&mut self) {
        let log = File::options().create(true).append(true).open(self.folder.with_extension("log")).unwrap();
        let mut server = self.command("postgres");
        server.arg("-D").arg(self.folder.join("data")).arg("-k").arg(&self.folder);
        server.args(SETTINGS.iter().flat_map(|setting| ["-c", *setting]));
        self.server = Some(server.stderr(log).spawn().unwrap());
        drop(self.connect());
    }

    fn connect(&self) -> Client {
        let mut config = Config::new();
        config.host_path(&self.folder).user(USER).dbname("postgres");
        let began = Instant::now();
        loop {
            match config.connect(NoTls) {
                Ok(client) => return client,
                Err(error) => {
                    assert!(began.elapsed() < STARTED_WITHIN, "PostgreSQL does not answer: {error}")
                }
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    fn prepare(&self) -> (Client, Statement) {
        let mut client = self.connect();
        let append = client.prepare(APPEND).unwrap();
        (client, append)
    }

    /// SIGKILL for the server and all its processes.
    fn kill(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let group = Pid::from_child(&server);
        // The group is the server's own; a server that has ended has none.
        let _ = kill_process_group(group, Signal::KILL);
        server.wait().unwrap();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where Debian keeps the programs, else the PATH.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.into_iter().chain(std::env::split_paths(&path)).find(|folder| folder.join("initdb").is_file())
}

/// Uid and gid of `postgres`, else of `nobody`: the server refuses to run as root.
fn unprivileged() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    find("postgres").or_else(|| find("nobody")).unwrap_or((65_534, 65_534))
}

fn append(
    client: &mut Client,
    statement: &Statement,
    sample: &Sample,
    (stream, version): (i64, i64),
) -> Result<(), postgres::Error> {
    let stream_tag = i64::try_from(sample.stream).unwrap();
    let tags = [stream_tag, 1_000 + stream_tag / 10];
    let (at_us, metadata, data) = (sample.at_us(), sample.metadata(), sample.payload());
    let values: [&(dyn postgres::types::ToSql + Sync); 7] =
        [&stream, &version, &at_us, &sample.id, &metadata, &data, &tags.as_slice()];
    client.execute(statement, &values).map(drop)
}

/// The peer of the appends.
pub(crate) struct Postgres {
    cluster: Cluster,
    known: Known,
}

impl Postgres {
    pub(crate) fn start(folder: &Path) -> Option<Postgres> {
        Some(Postgres { cluster: Cluster::start(folder)?, known: Known::new() })
    }
}

impl Contestant for Postgres {
    fn name(&self) -> &'static str {
        POSTGRES
    }

    fn writer(&self) -> Box<dyn Writer + '_> {
        let (client, append) = self.cluster.prepare();
        Box::new(Session { client, append, known: &self.known })
    }
}

struct Session<'a> {
    client: Client,
    append: Statement,
    known: &'a Known,
}

impl Writer for Session<'_> {
    fn append(&mut self, sample: &Sample) {
        let version = self.known.get(sample.stream);
        let place = (i64::try_from(sample.stream).unwrap(), i64::try_from(version).unwrap());
        append(&mut self.client, &self.append, sample, place).unwrap();
        self.known.set(sample.stream, version + 1);
    }
}

/// The peer that holds a million events.
pub(crate) struct Archived {
    cluster: Cluster,
}

impl Archived {
    pub(crate) fn start(folder: &Path) -> Option<Archived> {
        Some(Archived { cluster: Cluster::start(folder)? })
    }
}

impl Archive for Archived {
    fn name(&self) -> &'static str {
        POSTGRES
    }

    fn fill(&mut self, events: u64) -> bool {
        let mut client = self.cluster.connect();
        let fill = client.prepare(FILL).unwrap();
        let mut samples = Samples::new(1);
        for version in 0..events.div_ceil(STREAMS as u64) {
            let streams = (events - version * STREAMS as u64).min(STREAMS as u64);
            fill_batch(&mut client, &fill, &mut samples, streams, version);
        }
        true
    }

    fn catch_up(&mut self, readers: usize, events: u64) -> Duration {
        let began = Instant::now();
        at_once(readers, |_| assert_eq!(read_all(&mut self.cluster.connect()), events));
        began.elapsed()
    }

    fn size(&mut self) -> Size {
        let row = self.cluster.connect().query_one(SIZE, &[]).unwrap();
        let bytes = |column: usize| u64::try_from(row.get::<_, i64>(column)).unwrap();
        Size { data: bytes(0), log: bytes(1) }
    }

    /// Only the load is left to be recovered: everything before it is checkpointed first.
    fn crash(&mut self, load: Duration) -> Option<Duration> {
        self.cluster.connect().batch_execute("CHECKPOINT").unwrap();
        std::thread::scope(|scope| {
            let cluster = &self.cluster;
            for client in 0..LOAD_CLIENTS {
                let prepared = cluster.prepare();
                scope.spawn(move || load_until_killed(prepared, client as u64));
            }
            std::thread::park_timeout(load);
            let group = Pid::from_child(cluster.server.as_ref().unwrap());
            kill_process_group(group, Signal::KILL).unwrap();
        });
        self.cluster.kill();
        let began = Instant::now();
        self.cluster.run();
        let (mut client, statement) = self.cluster.prepare();
        append(&mut client, &statement, &Samples::new(0).next(0), new_stream()).unwrap();
        Some(began.elapsed())
    }
}

fn new_stream() -> (i64, i64) {
    (NEW_STREAM.fetch_add(1, Ordering::Relaxed), 0)
}

fn load_until_killed((mut client, statement): (Client, Statement), seed: u64) {
    let mut samples = Samples::new(seed);
    let mut one = |stream| append(&mut client, &statement, &samples.next(stream), new_stream());
    let _ = (0..STREAMS).cycle().try_for_each(&mut one);
}

/// One event for each of the first `streams`.
fn fill_batch(client: &mut Client, fill: &Statement, samples: &mut Samples, streams: u64, version: u64) {
    let batch: Vec<Sample> =
        (0..usize::try_from(streams).unwrap()).map(|stream| samples.next(stream)).collect();
    let sids: Vec<i64> = batch.iter().map(|sample| i64::try_from(sample.stream).unwrap()).collect();
    let versions = vec![i64::try_from(version).unwrap(); batch.len()];
    let times: Vec<i64> = batch.iter().map(Sample::at_us).collect();
    let ids: Vec<_> = batch.iter().map(|sample| sample.id).collect();
    let metadata: Vec<Vec<u8>> = batch.iter().map(Sample::metadata).collect();
    let data: Vec<&str> = batch.iter().map(Sample::payload).collect();
    client.execute(fill, &[&sids, &versions, &times, &ids, &metadata, &data]).unwrap();
}

/// Pages by key, every column decoded.
fn read_all(client: &mut Client) -> u64 {
    let page = client.prepare(PAGE).unwrap();
    let (mut after, mut seen) = (0_i64, 0);
    loop {
        let rows = client.query(&page, &[&after, &PAGE_ROWS]).unwrap();
        let Some(last) = rows.last() else { return seen };
        after = last.get(0);
        seen += rows.len() as u64;
        for row in &rows {
            let numbers: (i64, i64, i64, i32, i64) =
                (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4));
            let texts: (uuid::Uuid, Vec<u8>, String) = (row.get(5), row.get(6), row.get(7));
            std::hint::black_box((numbers, texts));
        }
    }
}
