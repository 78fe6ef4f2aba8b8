//! Clients that write, and one that looks whether it sees what it wrote.

use super::connection::Connection;
use crate::book::Rate;
use crate::writers::at_once;
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

const VENTURES: &str = "/api/ventures";
const BODY: &str = r#"{"name":"Tea shop"}"#;
/// Not measured: connections, caches and the log's first pages.
const WARM_UP: usize = 20;
/// Makes the event that is recorded about as long as the one that the peers record.
const BRIEF_BYTES: usize = 160;
/// Births of one load. Every venture keeps an actor for a while, and the daemon bounds their number.
const BIRTHS_MAX: usize = 6_000;

/// What the clients do, each on a connection of its own, one command after the other.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Every command sets a venture up.
    Births,
    /// Every client refines the vision of one venture of its own.
    Refinements,
}

/// Commands for so long, or until [`BIRTHS_MAX`].
pub(crate) fn commands(socket: &Path, kind: Kind, clients: usize, seconds: Duration) -> Rate {
    let warm = Barrier::new(clients);
    let turns_max = match kind {
        Kind::Births => BIRTHS_MAX / clients,
        Kind::Refinements => usize::MAX,
    };
    let client = || {
        let mut writer = Writer::new(socket, kind);
        (0..WARM_UP).for_each(|turn| writer.write(turn));
        warm.wait();
        let (began, mut each) = (Instant::now(), Vec::new());
        while began.elapsed() < seconds && each.len() < turns_max {
            let from = Instant::now();
            writer.write(WARM_UP + each.len());
            each.push(from.elapsed());
        }
        Rate { took: began.elapsed(), each, cpu: Duration::ZERO }
    };
    Rate::of_all(at_once(clients, |_| client()))
}

/// One birth and one refinement; answers the id.
pub(crate) fn venture_with_one_refinement(socket: &Path) -> String {
    let mut writer = Writer::new(socket, Kind::Refinements);
    writer.write(0);
    writer.venture_id
}

struct Writer {
    connection: Connection,
    venture_id: String,
    /// Where refinements go; births go to the list.
    refine: Option<String>,
}

impl Writer {
    fn new(socket: &Path, kind: Kind) -> Writer {
        let mut connection = Connection::open(socket);
        if let Kind::Births = kind {
            return Writer { connection, venture_id: String::new(), refine: None };
        }
        let venture_id = id_of(&set_up(&mut connection));
        let refine = Some(format!("{VENTURES}/{venture_id}/vision/refine"));
        Writer { connection, venture_id, refine }
    }

    fn write(&mut self, turn: usize) {
        let Some(path) = &self.refine else { return drop(set_up(&mut self.connection)) };
        let (status, body) = self.connection.post(path, &format!(r#"{{"brief":"{turn:0BRIEF_BYTES$}"}}"#));
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    }
}

fn id_of(told: &[u8]) -> String {
    let told: serde_json::Value = serde_json::from_slice(told).unwrap();
    told["venture_id"].as_str().unwrap().to_owned()
}

/// From the answer of a command to the answer of a query that has seen it.
pub(crate) fn ack_to_visible(socket: &Path, times: usize) -> Vec<Duration> {
    let mut connection = Connection::open(socket);
    let measure = |_| {
        let told: serde_json::Value = serde_json::from_slice(&set_up(&mut connection)).unwrap();
        let from = Instant::now();
        let path = format!("{VENTURES}/{}", told["venture_id"].as_str().unwrap());
        let header = format!("hecate-min-position: {}\r\n", told["position"]);
        let (status, body) = connection.get(&path, &header);
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        from.elapsed()
    };
    (0..times).map(measure).collect()
}

fn set_up(connection: &mut Connection) -> Vec<u8> {
    let (status, body) = connection.post(VENTURES, BODY);
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
    body
}
