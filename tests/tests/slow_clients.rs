//! Clients that never finish what they began cost the others nothing, and are cut.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_tests::daemon::Daemon;
use hecate_tests::http::{Connection, Request};
use hecate_tests::patience::{DEADLINE, a_moment};
use hecate_tests::ventures;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

const MB: u64 = 1_000_000;
/// More than this the daemon may not take for what it throws away.
const GROWTH_BYTES_MAX: u64 = 20 * MB;

const CLIENTS: usize = 200;
/// The daemon gives a header 10 s; more than that and a slow machine's share.
const CUT_WITHIN: Duration = Duration::from_secs(40);

#[test]
fn two_hundred_dribbling_clients_are_cut_while_others_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let head = b"GET /api/ventures HTTP/1.1\r\nhost: hecate\r\nx-slow: ";
    let mut slow: Vec<Connection> = (0..CLIENTS).map(|_| client.connect().unwrap()).collect();
    let (mut sent, mut served) = (0, 0);
    let until = Instant::now() + CUT_WITHIN;
    while !slow.is_empty() {
        assert!(Instant::now() < until, "{} clients were never cut", slow.len());
        let byte = head.get(sent).copied().unwrap_or(b'x');
        // Who was cut finds the pipe broken.
        slow.retain_mut(|connection| connection.send(&[byte]).is_ok());
        sent += 1;
        ventures::set_up(&client, &format!("Served {sent}"));
        served += 1;
        a_moment();
    }
    assert!(served > 10, "{served}");
}

#[test]
fn a_body_that_never_comes_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let whole = Request::post(ventures::VENTURES, &serde_json::json!({"name": "Never"})).bytes();
    let half: Vec<Connection> = (0..CLIENTS)
        .map(|_| {
            let mut connection = client.connect().unwrap();
            connection.send(&whole[..whole.len() - 5]).unwrap();
            connection
        })
        .collect();
    for turn in 0..20 {
        ventures::set_up(&client, &format!("Served {turn}"));
    }
    drop(half);
    assert_eq!(ventures::head(&client), 20, "half a command is no command");
}

#[test]
fn a_body_of_two_gib_is_refused_without_being_kept() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    ventures::set_up(&client, "Warm");
    let before = resident_bytes(daemon.pid());
    let head = "POST /api/ventures HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2147483648\r\n\r\n";
    let piece = vec![b' '; 64 * 1024];
    for _ in 0..4 {
        let mut connection = client.connect().unwrap();
        connection.send(head.as_bytes()).unwrap();
        let sent =
            (0..2 * 1024 * 16).take_while(|_| connection.send(&piece).is_ok()).count() as u64 * 64 * 1024;
        assert!(sent < 64 * MB, "{sent} bytes were taken");
        if let Ok(answer) = connection.answer() {
            assert_eq!(answer.status, 413, "{}", answer.text());
        }
    }
    let grown = resident_bytes(daemon.pid()).saturating_sub(before);
    assert!(grown < GROWTH_BYTES_MAX, "grown by {grown} bytes");
    ventures::set_up(&client, "The daemon still answers");
}

/// Memory of a process that is really there.
fn resident_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn a_client_that_has_said_everything_may_close_its_half() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let request = Request::post("/api/ventures", &serde_json::json!({"name": "Half"})).bytes();
    for _ in 0..20 {
        let mut stream = UnixStream::connect(daemon.place().socket()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(&request).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 201");
    }
}
