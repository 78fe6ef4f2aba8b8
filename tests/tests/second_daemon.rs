//! The daemon as an operator meets it: who may start, what is refused at the door, how it ends, and what it
//! leaves open to others.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_tests::daemon::{Daemon, Place};
use hecate_tests::http::Request;
use hecate_tests::patience::{DEADLINE, a_moment, until};
use hecate_tests::program::{Ended, Process, Program};
use hecate_tests::ventures::{self, VENTURES, head, keyed};
use rustix::process::Signal;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const STOP_WITHIN: Duration = Duration::from_secs(5);

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Runs a daemon that is expected to end by itself.
fn run(place: &Place, args: &[&str]) -> Ended {
    place.program().args(args).run()
}

#[test]
fn a_second_daemon_on_the_socket_or_the_data_ends_with_75_and_disturbs_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Daemon::start(folder.path());
    let client = first.client();
    ventures::set_up(&client, "Before");
    let mut facts = first.facts_after(1);
    let place = first.place().clone();
    let (other_data, other_socket) = (folder.path().join("other"), folder.path().join("other/daemon.sock"));
    for (socket, data) in
        [(place.socket(), place.data()), (place.socket(), other_data), (other_socket.clone(), place.data())]
    {
        let flags = ["--socket".as_ref(), socket.as_os_str(), "--data-dir".as_ref(), data.as_os_str()];
        let ended = Program::new(&place.program, &place.home).args(flags).run();
        assert_eq!(ended.code, Some(75), "{flags:?}: {ended:?}");
        assert!(ended.stderr.contains("another daemon"), "{flags:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "only a daemon that serves says ready");
    }
    assert!(first.is_running() && !other_socket.exists());
    ventures::set_up(&client, "After");
    assert_eq!(facts.next_frame().unwrap().fact().position, 2, "a stream of the first went on");
}

#[test]
fn a_daemon_starts_on_a_machine_without_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let mut place = Place::new(folder.path());
    let none = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| (name, "/nonexistent/certificates".to_owned()));
    place.environment.extend(none);
    ventures::set_up(&place.start().client(), "Alone");
}

#[test]
fn of_daemons_that_start_at_once_one_serves() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let codes: Vec<Option<i32>> = thread::scope(|scope| {
        let winner = scope.spawn(|| until("one of them", || place.socket().exists().then_some(())));
        let start =
            |_| place.program().into_command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let daemons: Vec<_> = (0..6).map(start).collect();
        winner.join().unwrap();
        let mut daemons: Vec<_> = daemons.into_iter().map(hecate_tests::program::Process).collect();
        until("all but one have ended", || {
            let running = daemons
                .iter_mut()
                .filter_map(|one| one.0.try_wait().unwrap().is_none().then_some(()))
                .count();
            (running <= 1).then_some(())
        });
        until("the winner serves", || {
            let answer = hecate_tests::http::Client::new(&place.socket()).try_ask(&Request::get("/ready"));
            answer.is_ok_and(|answer| answer.status == 200).then_some(())
        });
        daemons.iter().for_each(|one| one.signal(Signal::TERM));
        daemons.iter_mut().map(|one| one.wait(STOP_WITHIN * 2).unwrap().code()).collect()
    });
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == Some(75)).count(), 5, "{codes:?}");
}

#[test]
fn a_stale_socket_is_replaced_and_a_file_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    fs::create_dir(place.socket().parent().unwrap()).unwrap();
    drop(UnixListener::bind(place.socket()).unwrap());
    let daemon = place.start();
    ventures::set_up(&daemon.client(), "Shop");
    let place = daemon.kill();
    assert!(place.socket().exists(), "a killed daemon leaves its socket behind");
    let daemon = place.start();
    assert_eq!(head(&daemon.client()), 1);
    assert_eq!(daemon.terminate().0, Some(0));
    assert!(!place.socket().exists(), "a daemon that ends in order takes its socket along");

    fs::write(place.socket(), "precious").unwrap();
    let ended = run(&place, &[]);
    assert_eq!(ended.code, Some(78), "{ended:?}");
    assert_eq!(fs::read_to_string(place.socket()).unwrap(), "precious");
}

#[test]
fn a_damaged_store_ends_it_with_74_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let store = place.data().join("events.sqlite");
    fs::create_dir(place.data()).unwrap();
    let damaged = b"this was a log once ".repeat(1_000);
    fs::write(&store, &damaged).unwrap();
    let ended = run(&place, &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(74), ""), "{ended:?}");
    assert!(ended.stderr.contains("events.sqlite"), "{}", ended.stderr);
    assert_eq!(fs::read(&store).unwrap(), damaged);
    assert!(!place.socket().exists(), "its socket goes with it");
}

#[test]
fn every_fault_of_a_supervision_file_is_said_at_once_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let file = folder.path().join("broken.toml");
    let text = "schema = 1\n[[supervisor]]\npath = \"/hecate\"\nstrategy = \"one_for_nobody\"\n[[child]]\n\
                path = \"/hecate/ghost\"\nkind = \"ghost\"\ncolour = \"red\"\n";
    fs::write(&file, text).unwrap();
    for args in [
        vec!["--supervision", file.to_str().unwrap()],
        vec!["--supervision", file.to_str().unwrap(), "tree", "--check"],
    ] {
        let ended = run(&place, &args);
        assert_eq!(ended.code, Some(78), "{ended:?}");
        for wanted in [":4:12: ", ":7:8: ", ":8:1: ", "event_store"] {
            assert!(ended.stderr.contains(wanted), "{wanted} is missing in\n{}", ended.stderr);
        }
        let places = ended.stderr.lines().filter(|line| line.contains("broken.toml:")).count();
        assert!(places >= 4, "every fault has its place:\n{}", ended.stderr);
    }
    assert!(!place.socket().exists() && !place.data().exists(), "nothing was claimed");
    let missing = run(&place, &["--supervision", "/nowhere/supervision.toml"]);
    assert_eq!(missing.code, Some(78), "{missing:?}");
}

/// Nothing of it is done before somebody applies it.
#[test]
fn a_hangup_asks_what_a_changed_file_of_the_tree_would_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supervision.toml");
    let embedded = include_str!("../../supervision.toml");
    fs::write(&file, embedded).unwrap();
    let place = Place { supervision: Some(file.clone()), ..Place::new(folder.path()) };
    let daemon = place.start();
    let in_the_log = |text: &str| until(text, || place.log().contains(text).then_some(()));
    fs::write(&file, embedded.replacen("intensity = 3", "intensity = 4", 1)).unwrap();
    daemon.signal(Signal::HUP);
    in_the_log("a plan was made");
    assert!(
        place.log().contains(r#""key":"intensity","from":"3","to":"4","takes_effect":"at_once""#),
        "{}",
        place.log()
    );
    fs::write(&file, "schema = 2").unwrap();
    daemon.signal(Signal::HUP);
    in_the_log("no plan can be made of the file");
    fs::remove_file(&file).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .unwrap();
    daemon.signal(Signal::HUP);
    ventures::set_up(&daemon.client(), "Shop");
    assert_eq!(daemon.terminate().0, Some(0));
}

/// Its store above all: one that crashes once would be gone, and nobody would say so.
#[test]
fn nobody_in_the_tree_of_a_daemon_may_end_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let file = folder.path().join("mortal.toml");
    let embedded = include_str!("../../supervision.toml");
    for mortal in ["kind = \"event_store\"", "path = \"/hecate/kernel\""] {
        let text = embedded.replacen(mortal, &format!("{mortal}\nrestart = \"temporary\""), 1);
        fs::write(&file, text).unwrap();
        let ended = run(&place, &["--supervision", file.to_str().unwrap()]);
        assert_eq!(ended.code, Some(78), "{ended:?}");
        assert!(ended.stderr.contains("nobody would notice that /hecate/kernel"), "{ended:?}");
    }
}

#[test]
fn a_tree_is_checked_by_name_and_against_the_time_that_a_pod_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let tree = |args: &[&str]| Program::new(&place.program, &place.home).args(["tree"]).args(args).run();
    let enough = tree(&["--check", "--grace", "30s"]);
    assert_eq!(enough.code, Some(0), "{enough:?}");
    assert!(enough.stdout.contains("supervision.toml is right: "), "{enough:?}");
    assert!(enough.stdout.contains("a grace of 30s is enough"), "{enough:?}");
    let short = tree(&["--check", "--grace", "3s"]);
    assert_eq!((short.code, short.stdout.as_str()), (Some(1), ""), "{short:?}");
    assert!(short.stderr.contains("a grace of 3s is too short: the tree may take 4.5s"), "{short:?}");
    let (file, drawn) = (folder.path().join("patient.toml"), tree(&[]).stdout);
    assert!(drawn.starts_with("/hecate ") && drawn.contains("└─ socket"), "{drawn}");
    let embedded = include_str!("../../supervision.toml");
    fs::write(&file, embedded.replacen("kind = \"socket\"", "kind = \"socket\"\nshutdown = \"1m\"", 1))
        .unwrap();
    let patient = tree(&["--check", "--grace", "30s", file.to_str().unwrap()]);
    assert_eq!(patient.code, Some(1), "{patient:?}");
    assert!(patient.stderr.contains("/hecate/edge/socket may take 60s"), "{patient:?}");
    let past = tree(&["--check", "--grace", "-5s"]);
    assert_eq!(past.code, Some(64), "{past:?}");
    assert!(past.stderr.contains("write it as 100ms, 30s or 2m"), "{past:?}");
    for wrong in [&["--grace", "30s"][..], &["--check", "--grace", "30"], &["--schema", "--check"]] {
        assert_eq!(tree(wrong).code, Some(64), "{wrong:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let gone = || std::io::pipe().unwrap().1;
    for (args, code) in [(&["--dot"][..], 0), (&["--check", "--grace", "3s"], 1)] {
        let mut command = Program::new(&place.program, &place.home).args(["tree"]).args(args).into_command();
        let child = command.stdout(gone()).stderr(gone()).spawn().unwrap();
        let ended = Process(child).wait(DEADLINE).unwrap();
        assert_eq!(ended.code(), Some(code), "{args:?}: a refusal that nobody reads is one all the same");
    }
}

#[test]
fn every_fault_of_file_and_environment_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let file = folder.path().join("hecate.toml");
    fs::write(&file, "sokcet = \"x\"\nlog_format = \"xml\"\nrealm = 7\noperators = [\"bob\"]\n").unwrap();
    let ended = Program::new(&place.program, &place.home)
        .args(["--config".as_ref(), file.as_os_str()])
        .args(["--socket".as_ref(), place.socket().as_os_str()])
        .env("HECATE_LOG", "=,=")
        .env("HECATE_CLUSTER", "a,b,c")
        .env("HECATE_TCP", "0.0.0.0:80")
        .run();
    assert_eq!(ended.code, Some(78), "{ended:?}");
    let file = file.display();
    for wanted in
        [format!("{file}:1:1: "), format!("{file}:2:14: "), format!("{file}:3:9: "), format!("{file}:4:13: ")]
    {
        assert!(ended.stderr.contains(&wanted), "{wanted} is missing in\n{}", ended.stderr);
    }
    for wanted in ["HECATE_LOG: ", "HECATE_CLUSTER: ", "HECATE_TCP: "] {
        assert!(ended.stderr.contains(wanted), "{wanted} is missing in\n{}", ended.stderr);
    }
}

#[test]
fn the_command_line_is_read_strictly() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    for args in [&["--sokcet", "x"][..], &["dance"], &["--socket"], &["tree", "--dot", "--check"]] {
        let ended = Program::new(&place.program, &place.home).args(args).run();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""), "{args:?}: {ended:?}");
        assert!(!ended.stderr.is_empty(), "{args:?}");
    }
    for args in [&["--help"][..], &["--version"], &["tree", "--check"], &["tree", "--dot"]] {
        let ended = Program::new(&place.program, &place.home).args(args).run();
        assert_eq!((ended.code, ended.stdout.is_empty()), (Some(0), false), "{args:?}: {ended:?}");
    }
}

#[test]
fn probes_tell_life_from_death() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    assert_eq!(run(&place, &["health", "--live"]).code, Some(1));
    let daemon = place.start();
    for probe in ["--live", "--ready"] {
        let ended = run(&place, &["health", probe]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("\"ready\":true"), "{}", ended.stdout);
    }
    drop(daemon);
}

#[test]
fn a_signal_ends_it_in_order_though_streams_are_open_and_requests_in_flight() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let daemon = Daemon::start(folder.path());
        let place = daemon.place().clone();
        let client = daemon.client();
        ventures::set_up(&client, "First");
        let mut facts = daemon.facts_after(0);
        facts.next_frame().unwrap();
        let mut idle = client.connect().unwrap();
        idle.ask(&Request::get("/health")).unwrap();
        let mut half = client.connect().unwrap();
        half.send(b"POST /api/ventures HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{").unwrap();
        let over = AtomicBool::new(false);
        let (acknowledged, code, took) = thread::scope(|scope| {
            let writers: Vec<_> = (0..4).map(|_| scope.spawn(|| write_until(&client, &over))).collect();
            until("writes in flight", || (head(&client) > 20).then_some(()));
            let (code, took) = daemon.end_with(signal);
            over.store(true, Ordering::Release);
            (writers.into_iter().map(|writer| writer.join().unwrap()).sum::<u64>(), code, took)
        });
        assert_eq!(code, Some(0), "{signal:?}: {}", place.log_tail());
        assert!(took <= STOP_WITHIN, "{signal:?}: {took:?}");
        let daemon = place.start();
        assert!(head(&daemon.client()) > acknowledged, "acknowledged, then lost");
    }
}

/// Writes until told to stop; counts what was acknowledged.
fn write_until(client: &hecate_tests::http::Client, over: &AtomicBool) -> u64 {
    let mut acknowledged = 0;
    while !over.load(Ordering::Acquire) {
        let request = keyed(VENTURES, &json!({"name": "Shop"}), &ventures::fresh_key());
        match client.try_ask(&request) {
            Ok(answer) if answer.status == 201 => acknowledged += 1,
            _ => a_moment(),
        }
    }
    acknowledged
}

#[test]
fn what_it_makes_is_for_its_own_user_and_the_socket_for_its_group() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    ventures::set_up(&daemon.client(), "Shop");
    let place = daemon.place();
    assert!(fs::metadata(place.socket()).unwrap().file_type().is_socket());
    assert_eq!(mode(&place.socket()), 0o660);
    assert_eq!(mode(place.socket().parent().unwrap()), 0o750);
    assert_eq!(mode(&place.data()), 0o700);
    let mut files = 0;
    let mut folders = vec![place.data()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, is_folder) = (entry.path(), entry.file_type().unwrap().is_dir());
            assert_eq!(mode(&path), if is_folder { 0o700 } else { 0o600 }, "{}", path.display());
            files += usize::from(!is_folder);
            folders.extend(is_folder.then_some(path));
        }
    }
    assert!(files >= 4, "lock, identity, log, read model: {files}");
}

#[test]
fn it_listens_on_its_socket_alone() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let own = sockets_of(daemon.pid());
    let table =
        |name: &str| fs::read_to_string(format!("/proc/{}/net/{name}", daemon.pid())).unwrap_or_default();
    for (name, inode_column) in [("tcp", 9), ("tcp6", 9), ("udp", 9), ("udp6", 9)] {
        for line in table(name).lines().skip(1) {
            let inode = line.split_whitespace().nth(inode_column).unwrap();
            assert!(!own.contains(inode), "it listens on {name}: {line}");
        }
    }
    let unix = table("unix");
    let mine: Vec<_> =
        unix.lines().skip(1).filter(|line| own.contains(line.split_whitespace().nth(6).unwrap())).collect();
    assert!(!mine.is_empty(), "its own socket is there:\n{unix}");
    let abstract_sockets: Vec<_> = mine.iter().filter(|line| line.contains('@')).collect();
    assert!(abstract_sockets.is_empty(), "{abstract_sockets:?}");
}

/// The inodes of the sockets that a process holds.
fn sockets_of(pid: u32) -> BTreeSet<String> {
    let handles = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().filter_map(Result::ok);
    let targets = handles.filter_map(|handle| fs::read_link(handle.path()).ok());
    let inode =
        |target: &Path| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned());
    targets.filter_map(|target| inode(&target)).collect()
}
