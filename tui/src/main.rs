//! `hecate`: attaches, or does one thing and ends. The first frame comes before anything else.

use clap::Parser;
use hecate_tui::{
    rim::{
        args::{Args, Verb},
        ask, attach, daemon_process, doctor,
        exit::Exit,
        keep::Folders,
        print, socket, state_folder, verbs,
    },
    view::theme::Theme,
};
use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

fn main() -> ExitCode {
    let exit = match Args::try_parse() {
        Ok(args) => run(args),
        Err(wrong) if wrong.use_stderr() => wrong.exit(),
        Err(help) => {
            print::written(help.print().and_then(|()| std::io::stdout().flush()));
            Exit::Done
        }
    };
    print::exit(exit).into()
}

fn run(args: Args) -> Exit {
    let theme = Theme { colour: socket::env_path("NO_COLOR").is_none(), ascii: args.ascii };
    let explicit = args.socket.or_else(|| socket::env_path("HECATE_SOCKET"));
    let explicit = explicit.as_deref();
    let candidates = socket::candidates(explicit, socket::env_path);
    match args.command {
        None => attach_to(candidates, theme),
        Some(Verb::Up) => match daemon_process::up(explicit, &candidates) {
            Exit::Done if on_terminal() => attach_to(candidates, theme),
            exit => exit,
        },
        Some(Verb::Down) => daemon_process::down(&candidates),
        Some(Verb::Doctor { path: true, .. }) => doctor::name_socket(&candidates),
        Some(Verb::Doctor { json, .. }) => doctor::examine(&candidates, json),
        Some(Verb::Ask(question)) => ask::run(&question, &candidates),
        Some(Verb::Debug(debug)) => verbs::debug::run(&debug, &candidates),
        Some(Verb::Version) => {
            print::line(concat!("hecate ", env!("CARGO_PKG_VERSION")));
            Exit::Done
        }
        Some(Verb::Noun(words)) => verbs::run(&words, candidates),
    }
}

fn on_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

fn attach_to(candidates: Vec<PathBuf>, theme: Theme) -> Exit {
    if !on_terminal() {
        print::trouble(
            "hecate: this is no terminal to attach to; `hecate --help` lists what works without one",
        );
        return Exit::Usage;
    }
    let folders = Folders {
        state: state_folder::state(socket::env_path),
        config: state_folder::config(socket::env_path),
    };
    match attach::attach(candidates, folders, theme) {
        Ok(()) => Exit::Done,
        Err(error) => {
            print::trouble(&format!("hecate: the terminal is gone: {error}"));
            Exit::Refused
        }
    }
}
