//! Clients that write, and one that looks whether it sees what it wrote.

use crate::connection::Connection;
use crate::figures::Rate;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

const VENTURES: &str = "/api/ventures";
const BODY: &str = r#"{"name":"Tea shop"}"#;
/// Not measured: connections, caches and the log's first pages.
const WARM_UP: usize = 20;

/// Every client sets ventures up, one after the other, on a connection of its own.
pub(crate) fn commands(socket: &Path, clients: usize, seconds: Duration) -> Rate {
    let warm = Barrier::new(clients);
    let client = || {
        let mut connection = Connection::open(socket);
        (0..WARM_UP).for_each(|_| drop(set_up(&mut connection)));
        warm.wait();
        let (began, mut each) = (Instant::now(), Vec::new());
        while began.elapsed() < seconds {
            let from = Instant::now();
            set_up(&mut connection);
            each.push(from.elapsed());
        }
        Rate { took: began.elapsed(), each }
    };
    let rates: Vec<Rate> = thread::scope(|scope| {
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let took = rates.iter().map(|rate| rate.took).max().unwrap_or_default();
    Rate { took, each: rates.into_iter().flat_map(|rate| rate.each).collect() }
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
