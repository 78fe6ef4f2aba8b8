//! The sources as text: who is a process, who a query app, and which lines are code outside of tests.

use hecate_tests::binaries::workspace;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// Folders that hold no source of ours.
const SKIPPED: &[&str] = &["target", ".git", "goldens"];

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// From the root of the workspace.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every file that a rule may want to see.
#[derive(Default)]
pub(crate) struct House {
    pub(crate) sources: Vec<Source>,
    pub(crate) manifests: Vec<Source>,
    pub(crate) supervision: String,
    /// Folders of `daemon/src` that hold an aggregate.
    pub(crate) processes: BTreeSet<String>,
    /// Folders of `daemon/src` that hold a read model.
    pub(crate) query_apps: BTreeSet<String>,
}

impl fmt::Debug for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} sources, processes {:?}, query apps {:?}",
            self.sources.len(),
            self.processes,
            self.query_apps
        )
    }
}

/// One line that breaks a rule.
#[derive(Debug)]
pub(crate) struct Complaint {
    path: String,
    line: usize,
    text: String,
    remedy: String,
}

impl Complaint {
    /// About a line, counted from 1.
    pub(crate) fn new(source: &Source, line: usize, remedy: impl Into<String>) -> Complaint {
        let text = source.text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim().to_owned();
        Complaint { path: source.path.clone(), line, text, remedy: remedy.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n    remedy: {}", self.path, self.line, self.text, self.remedy)
    }
}

impl House {
    pub(crate) fn read() -> House {
        let mut house = House::default();
        house.gather(&workspace());
        house.supervision = std::fs::read_to_string(workspace().join("supervision.toml")).unwrap();
        house.name_apps();
        house
    }

    /// Which desk is open in which state, and how the others refuse.
    pub(crate) fn table_of_states(&self) -> String {
        std::fs::read_to_string(workspace().join("daemon/src/tests/desk_states.txt")).unwrap()
    }

    /// A house of a few files, for showing that a rule can fail.
    pub(crate) fn of(files: &[(&str, &str)]) -> House {
        let source =
            |(path, text): &(&str, &str)| Source { path: (*path).to_owned(), text: (*text).to_owned() };
        let (manifests, sources) = files.iter().map(source).partition(|file| file.path.ends_with(".toml"));
        let mut house = House { sources, manifests, ..House::default() };
        house.name_apps();
        house
    }

    fn gather(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            if path.is_dir() && !SKIPPED.contains(&name.as_str()) {
                self.gather(&path);
            }
            let into = match path.extension().and_then(|extension| extension.to_str()) {
                Some("rs") => &mut self.sources,
                _ if name == "Cargo.toml" => &mut self.manifests,
                _ => continue,
            };
            let from_root = path.strip_prefix(workspace()).unwrap().to_str().unwrap().to_owned();
            into.push(Source { path: from_root, text: std::fs::read_to_string(&path).unwrap() });
        }
    }

    fn name_apps(&mut self) {
        let holding = |what: &[&str]| -> BTreeSet<String> {
            let says = |source: &&Source| {
                source.code().any(|(_, line)| what.iter().any(|what| line.starts_with(what)))
            };
            let with = self.sources.iter().filter(|source| !source.is_test()).filter(says);
            with.filter_map(Source::app).map(str::to_owned).collect()
        };
        self.processes = holding(&["impl Aggregate for ", "impl LongLived for "]);
        self.query_apps = holding(&["impl ReadModel for "]);
    }
}

impl Source {
    /// The folder of `daemon/src` that it lies in.
    pub(crate) fn app(&self) -> Option<&str> {
        Some(self.path.strip_prefix("daemon/src/")?.split_once('/')?.0)
    }

    /// The name without folder and ending.
    pub(crate) fn stem(&self) -> &str {
        Path::new(&self.path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
    }

    /// True for files that only tests are made of.
    pub(crate) fn is_test(&self) -> bool {
        let folders =
            self.path.split('/').any(|part| matches!(part, "tests" | "examples" | "benches" | "fuzz"));
        folders || self.stem() == "tests" || self.stem().ends_with("_tests")
    }

    /// What of it only tests are made of.
    pub(crate) fn tests(&self) -> &str {
        if self.is_test() {
            return &self.text;
        }
        self.text.find("#[cfg(test)]").map_or("", |at| &self.text[at..])
    }

    /// Lines of code outside of tests and comments, counted from 1. Tests stand at the end of a file.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let inline_tests = |at: &usize| {
            let next = lines.get(at + 1).copied().unwrap_or_default();
            lines[*at].trim() == "#[cfg(test)]" && !next.trim_end().ends_with(';')
        };
        let end = (0..lines.len()).find(inline_tests).unwrap_or(lines.len());
        let numbered = (1..).zip(lines).take(end);
        numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}
