//! What is measured, how often and where.

use std::path::PathBuf;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Boot,
    Appends,
    Socket,
    CatchUp,
    Recovery,
    Size,
    Rebuild,
    Circle,
    RebuildAll,
    Actors,
}

const PARTS: [(&str, Part); 10] = [
    ("boot", Part::Boot),
    ("appends", Part::Appends),
    ("socket", Part::Socket),
    ("catch_up", Part::CatchUp),
    ("recovery", Part::Recovery),
    ("size", Part::Size),
    ("rebuild", Part::Rebuild),
    ("circle", Part::Circle),
    ("rebuild_all", Part::RebuildAll),
    ("actors", Part::Actors),
];

pub(crate) const USAGE: &str = "\
  --only PART,…      of boot, appends, socket, catch_up, recovery, size, rebuild, circle, rebuild_all, actors
  --without NAME,…   of bare, raw, store, postgres, umadb; of hecate, otp, tokio, ractor, kameo
  --writers N,…      of 1, 8, 64
  --rounds N         default 5
  --seconds N        per turn, default 3
  --events N         in the archives and under the read models, default 1000000
  --folder FOLDER    whose disk is measured, default the folder for temporary files
  --daemon PROGRAM   instead of building the release daemon";

pub(crate) struct Arguments {
    only: Vec<Part>,
    without: Vec<String>,
    pub(crate) writers: Vec<usize>,
    pub(crate) rounds: usize,
    pub(crate) seconds: u64,
    pub(crate) events: u64,
    pub(crate) folder: PathBuf,
    pub(crate) daemon: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut read = Arguments {
            only: PARTS.iter().map(|(_, part)| *part).collect(),
            without: Vec::new(),
            writers: vec![1, 8, 64],
            rounds: 5,
            seconds: 3,
            events: 1_000_000,
            folder: std::env::temp_dir(),
            daemon: None,
        };
        while let Some(flag) = words.next() {
            let value = words.next().ok_or_else(|| format!("{flag} needs a value"))?;
            match flag.as_str() {
                "--only" => read.only = list(&value, part)?,
                "--without" => read.without = list(&value, |name| Ok(name.to_owned()))?,
                "--writers" => read.writers = list(&value, number)?,
                "--rounds" => read.rounds = number(&value)?.max(1),
                "--seconds" => read.seconds = number(&value)? as u64,
                "--events" => read.events = number(&value)? as u64,
                "--folder" => read.folder = value.into(),
                "--daemon" => read.daemon = Some(value.into()),
                other => return Err(format!("{other} is not known")),
            }
        }
        Ok(read)
    }

    pub(crate) fn has(&self, part: Part) -> bool {
        self.only.contains(&part)
    }

    pub(crate) fn needs_daemon(&self) -> bool {
        [Part::Boot, Part::Socket, Part::Rebuild, Part::Circle, Part::RebuildAll, Part::Actors]
            .iter()
            .any(|part| self.has(*part))
    }

    pub(crate) fn needs_archives(&self) -> bool {
        [Part::CatchUp, Part::Recovery, Part::Size].iter().any(|part| self.has(*part))
    }

    /// Whether somebody of this name takes part; `--without` names them by their first word or so.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        !self.without.iter().any(|left_out| name.split(' ').any(|word| word.contains(left_out.as_str())))
    }
}

fn list<T>(value: &str, one: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    value.split(',').map(one).collect()
}

fn part(name: &str) -> Result<Part, String> {
    let found = PARTS.iter().find(|(known, _)| *known == name);
    found.map(|(_, part)| *part).ok_or_else(|| format!("{name} is not a part"))
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}
