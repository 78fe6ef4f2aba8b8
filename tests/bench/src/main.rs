//! The event store beside what the disk can do, a raw log, PostgreSQL and UmaDB, in one interleaved run; then
//! the daemon over its socket beside the same peers.
//!
//! The figures belong to one machine and one moment: compare within a table, not between tables.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

mod arguments;
mod book;
mod contestant;
mod daemon;
mod goals;
mod machine;
mod part;
mod sample;
mod writers;

use arguments::{Arguments, Part};
use book::Book;
use contestant::Contestant;
use contestant::{disk::Disk, raw_log::RawLog, store};
use mimalloc::MiMalloc;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    exit_when_a_thread_panics();
    let words: Vec<String> = std::env::args().collect();
    match words.get(1).map(String::as_str) {
        // This program is also the processes that it kills.
        Some("--load-store") => store::load_until_killed(Path::new(&words[2])),
        Some(part::actors::HOLD) => part::actors::hold(&words[2]),
        #[cfg(feature = "umadb")]
        Some(contestant::umadb::SERVE) => contestant::umadb::serve(&words[2..]),
        _ => match Arguments::read(words.into_iter().skip(1)) {
            Ok(arguments) => run(&arguments),
            Err(complaint) => {
                eprintln!("{complaint}\n{}", arguments::USAGE);
                std::process::exit(64);
            }
        },
    }
}

/// The others would wait for it at the next barrier for ever.
fn exit_when_a_thread_panics() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        told(panic);
        std::process::exit(70);
    }));
}

fn run(arguments: &Arguments) {
    machine::check_sqlite_flags();
    std::fs::create_dir_all(&arguments.folder).unwrap();
    // Others than we must be able to pass through: PostgreSQL does not run as root.
    let open = std::fs::Permissions::from_mode(0o711);
    let place = tempfile::Builder::new().permissions(open).tempdir_in(&arguments.folder).unwrap();
    let folder = |name: &str| {
        let folder = place.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    };
    say_who_is_left_out();
    let before = machine::describe();
    let mut book = Book::default();
    let program = arguments.needs_daemon().then(|| arguments.daemon.clone().unwrap_or_else(daemon::build));
    if let Some(program) = program.as_deref().filter(|_| arguments.has(Part::Boot)) {
        part::boot::run(&mut book, program, &folder("boot"), Duration::from_secs(arguments.seconds));
    }
    if arguments.has(Part::Appends) || arguments.has(Part::Socket) {
        rounds(&mut book, arguments, program.as_deref(), &folder("appends"));
    }
    if arguments.needs_archives() {
        part::archive::run(&mut book, arguments, &folder("archives"));
    }
    if let Some(program) = program.as_deref().filter(|_| arguments.has(Part::Rebuild)) {
        part::rebuild::run(&mut book, program, &folder("rebuild"), arguments.rounds, arguments.events);
    }
    let (rounds, turn) = (arguments.rounds, Duration::from_secs(arguments.seconds));
    let extent = part::circle::Extent { rounds, turn, events: arguments.events };
    if let Some(program) = program.as_deref().filter(|_| arguments.has(Part::Circle)) {
        part::circle::run(&mut book, program, &folder("circle"), &extent);
    }
    if let Some(program) = program.as_deref().filter(|_| arguments.has(Part::RebuildAll)) {
        part::circle::rebuild_all(&mut book, program, &folder("rebuild_all"), &extent);
    }
    if let Some(program) = program.as_deref().filter(|_| arguments.has(Part::Actors)) {
        part::actors::run(&mut book, arguments, program, &folder("actors"));
    }
    println!("\n{before}; at the end {}", machine::load_average());
    println!("{} rounds, turns of {} s", arguments.rounds, arguments.seconds);
    book.print();
}

/// A peer whose client was not compiled in is no mistake, but nobody should miss it unawares.
fn say_who_is_left_out() {
    for (peer, compiled) in [("postgres", cfg!(feature = "postgres")), ("umadb", cfg!(feature = "umadb"))] {
        if !compiled {
            eprintln!("{peer} is left out: built without --features {peer}");
        }
    }
}

/// Appends in process and commands over sockets, interleaved: the peers are the same in both.
fn rounds(book: &mut Book, arguments: &Arguments, program: Option<&Path>, folder: &Path) {
    let contestants = contestants(arguments, folder);
    let seconds = Duration::from_secs(arguments.seconds);
    for round in 0..arguments.rounds {
        eprintln!("round {round}, load average {}", machine::load_average());
        if arguments.has(Part::Appends) {
            part::appends::round(book, round, &contestants, &arguments.writers, seconds);
        }
        if let Some(program) = program.filter(|_| arguments.has(Part::Socket)) {
            part::socket::round(book, round, program, folder, &contestants, seconds);
        }
    }
}

/// Everybody who is wanted and installed.
fn contestants(arguments: &Arguments, folder: &Path) -> Vec<Box<dyn Contestant>> {
    let path: PathBuf = folder.join("events.sqlite");
    let mut all: Vec<Box<dyn Contestant>> = Vec::new();
    if arguments.wants(contestant::DISK) {
        all.push(Box::new(Disk::create(folder)));
    }
    if arguments.wants(contestant::RAW_LOG) {
        all.push(Box::new(RawLog::create(folder)));
    }
    if arguments.wants(contestant::STORE) {
        all.push(Box::new(store::Store::open(&path, store::Receipts::Kept)));
    }
    #[cfg(feature = "postgres")]
    if arguments.wants(contestant::POSTGRES)
        && let Some(peer) = contestant::postgres::Postgres::start(&folder.join("postgres"))
    {
        all.push(Box::new(peer));
    }
    #[cfg(feature = "umadb")]
    if arguments.wants(contestant::UMADB) {
        all.push(Box::new(contestant::umadb::Umadb::start(&folder.join("umadb"))));
    }
    all
}
