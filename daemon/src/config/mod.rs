//! The daemon's settings: flags win over the environment, which wins over one optional file.
//!
//! Everything that is wrong is said at once, each with its place.

mod cluster_view;
mod fault;
mod file;
mod places;
mod processes;
mod providers;

use crate::arguments::Flags;
use crate::hecate_api::Operators;
use crate::serve_llm::ProviderSettings;
pub(crate) use fault::Fault;
use fault::{Origin, Said};
use file::FileSaid;
pub(crate) use processes::Policies;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A setting's key in the file and its variable in the environment.
struct Setting {
    key: &'static str,
    variable: &'static str,
}

const SETTINGS: &[Setting] = &[
    Setting { key: "socket", variable: "HECATE_SOCKET" },
    Setting { key: "data_dir", variable: "HECATE_DATA_DIR" },
    Setting { key: "supervision", variable: "HECATE_SUPERVISION" },
    Setting { key: "log", variable: "HECATE_LOG" },
    Setting { key: "log_format", variable: "HECATE_LOG_FORMAT" },
    Setting { key: "realm", variable: "HECATE_REALM" },
    Setting { key: "operators", variable: "HECATE_OPERATORS" },
    Setting { key: "workspace_root", variable: "HECATE_WORKSPACE_ROOT" },
    Setting { key: "unsafe_debug", variable: "HECATE_UNSAFE_DEBUG" },
    Setting { key: "tcp", variable: "HECATE_TCP" },
    Setting { key: "cluster", variable: "HECATE_CLUSTER" },
    Setting { key: "mesh_enabled", variable: "HECATE_MESH_ENABLED" },
];

/// What this release cannot do yet: asking for it is an error, not a silence.
const NOT_YET: &[(&str, &[&str])] =
    &[("tcp", &["off", ""]), ("cluster", &["off", ""]), ("mesh_enabled", &["false", "0", "off", ""])];

/// What is logged unless said otherwise; ractor's own spans say nothing that ours do not.
const LOG: &str = "info,ractor=warn,ractor_cluster=error";

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Json,
    Text,
    /// Text on a terminal, else JSON.
    ByTerminal,
}

/// The settings, checked.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) socket: PathBuf,
    pub(crate) data_dir: PathBuf,
    /// None: in the data folder.
    pub(crate) workspace_root: Option<PathBuf>,
    /// None: the embedded tree.
    pub(crate) supervision: Option<PathBuf>,
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
    pub(crate) realm: String,
    pub(crate) operators: Operators,
    /// Whether operators may do to the event store what puts the daemon at risk.
    pub(crate) unsafe_debug: bool,
    /// In the order of their priority.
    pub(crate) providers: Vec<ProviderSettings>,
    /// What the processes may do by themselves.
    pub(crate) policies: Policies,
    /// Whether health checks may run commands on this node.
    pub(crate) allow_commands: bool,
    /// None: this node looks at no other one. Not `cluster`, which is the replicated store's.
    pub(crate) cluster_view: Option<hecate_cluster::Settings>,
}

/// The environment as a value, so that tests need not change the process's own.
pub(crate) type Environment = BTreeMap<String, String>;

/// Reads and checks everything. What is wrong is replaced by its default, so that the caller can go on
/// looking for more faults before it gives up.
pub(crate) fn read(flags: &Flags, environment: &Environment) -> (Config, Vec<Fault>) {
    let mut faults = Vec::new();
    let FileSaid { settings: mut said, providers, processes, cluster_view } =
        file::read(flags.config.as_deref(), environment, &mut faults);
    said.extend(SETTINGS.iter().filter_map(|setting| {
        let text = environment.get(setting.variable)?.clone();
        Some((setting.key, Said { text, origin: Origin::Variable(setting.variable) }))
    }));
    said.extend(flagged(flags));
    let providers = providers::check(&providers, environment, &mut faults);
    let policies = processes::check(&processes, &mut faults);
    let allow_commands = processes::allows_commands(&processes, &mut faults);
    let cluster_view = cluster_view::check(cluster_view, environment, &mut faults);
    let config = Config {
        providers,
        policies,
        allow_commands,
        cluster_view,
        ..check(&said, environment, &mut faults)
    };
    (config, faults)
}

fn flagged(flags: &Flags) -> impl Iterator<Item = (&'static str, Said)> {
    let path = |key, flag, path: &Option<PathBuf>| {
        let text = path.as_ref()?.to_string_lossy().into_owned();
        Some((key, Said { text, origin: Origin::Flag(flag) }))
    };
    [
        path("socket", "--socket", &flags.socket),
        path("data_dir", "--data-dir", &flags.data_dir),
        path("supervision", "--supervision", &flags.supervision),
        flags.unsafe_debug.then(|| {
            ("unsafe_debug", Said { text: "true".to_owned(), origin: Origin::Flag("--unsafe-debug") })
        }),
    ]
    .into_iter()
    .flatten()
}

fn check(said: &BTreeMap<&'static str, Said>, environment: &Environment, faults: &mut Vec<Fault>) -> Config {
    for (key, off) in NOT_YET {
        if let Some(said) = said.get(key).filter(|said| !off.contains(&said.text.as_str())) {
            faults.push(
                said.fault(format!("`{key}` is not part of this release"), "leave it out, or set it off"),
            );
        }
    }
    let text = |key: &str| said.get(key).filter(|said| !said.text.is_empty());
    let path = |key: &str| text(key).map(|said| PathBuf::from(&said.text));
    Config {
        socket: path("socket").unwrap_or_else(|| places::socket(environment)),
        data_dir: path("data_dir").unwrap_or_else(|| places::data_dir(environment)),
        workspace_root: path("workspace_root"),
        supervision: path("supervision"),
        log: text("log").map_or(LOG.to_owned(), |said| check_log(said, faults)),
        log_format: text("log_format").map_or(LogFormat::ByTerminal, |said| check_format(said, faults)),
        realm: text("realm").map_or("io.hecate.public".to_owned(), |said| said.text.clone()),
        operators: text("operators").map_or_else(Operators::default, |said| check_operators(said, faults)),
        unsafe_debug: text("unsafe_debug").is_some_and(|said| check_switch("unsafe_debug", said, faults)),
        providers: Vec::new(),
        policies: Policies::new(),
        allow_commands: false,
        cluster_view: None,
    }
}

fn check_log(said: &Said, faults: &mut Vec<Fault>) -> String {
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&said.text) {
        faults.push(
            said.fault(format!("`log` is no filter: {error}"), "for example \"info,hecate_api=debug\""),
        );
    }
    said.text.clone()
}

fn check_format(said: &Said, faults: &mut Vec<Fault>) -> LogFormat {
    match said.text.as_str() {
        "json" => LogFormat::Json,
        "text" => LogFormat::Text,
        other => {
            faults.push(said.fault(format!("`log_format` cannot be \"{other}\""), "one of json, text"));
            LogFormat::Text
        }
    }
}

fn check_switch(key: &str, said: &Said, faults: &mut Vec<Fault>) -> bool {
    if !["true", "false"].contains(&said.text.as_str()) {
        faults.push(said.fault(format!("`{key}` cannot be \"{}\"", said.text), "true or false"));
    }
    said.text == "true"
}

fn check_operators(said: &Said, faults: &mut Vec<Fault>) -> Operators {
    let mut operators = Operators::default();
    for word in said.text.split([',', ' ']).filter(|word| !word.is_empty()) {
        match word.split_once(':').and_then(|(kind, number)| Some((kind, number.parse::<u32>().ok()?))) {
            Some(("uid", uid)) => operators.uids.push(uid),
            Some(("gid", gid)) => operators.gids.push(gid),
            _ => faults.push(said.fault(format!("`{word}` is no operator"), "uid:NUMBER or gid:NUMBER")),
        }
    }
    operators
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(said: &[(&str, &str)]) -> Environment {
        said.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hecate.toml");
        std::fs::write(&file, "socket = \"/file\"\ndata_dir = \"/file\"\nrealm = \"file\"\n").unwrap();
        let flags = Flags { config: Some(file), socket: Some("/flag".into()), ..Flags::default() };
        let variables = environment(&[
            ("HECATE_SOCKET", "/variable"),
            ("HECATE_DATA_DIR", "/variable"),
            ("HECATE_WORKSPACE_ROOT", "/work"),
        ]);
        let (config, faults) = read(&flags, &variables);
        assert_eq!(faults, []);
        assert_eq!(config.socket, PathBuf::from("/flag"));
        assert_eq!(config.data_dir, PathBuf::from("/variable"));
        assert_eq!(config.realm, "file");
        assert_eq!(config.workspace_root, Some(PathBuf::from("/work")));
    }

    #[test]
    fn a_switch_is_off_until_somebody_says_true() {
        let read = |flags: &Flags, said: &[(&str, &str)]| {
            let (config, faults) = read(flags, &environment(said));
            (config.unsafe_debug, faults.len())
        };
        let flag = Flags { unsafe_debug: true, ..Flags::default() };
        assert_eq!(read(&Flags::default(), &[]), (false, 0));
        assert_eq!(read(&flag, &[("HECATE_UNSAFE_DEBUG", "false")]), (true, 0));
        assert_eq!(read(&Flags::default(), &[("HECATE_UNSAFE_DEBUG", "true")]), (true, 0));
        assert_eq!(read(&Flags::default(), &[("HECATE_UNSAFE_DEBUG", "yes")]), (false, 1));
    }

    #[test]
    fn everything_wrong_is_said_at_once_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hecate.toml");
        std::fs::write(&file, "sokcet = \"x\"\nlog_format = \"xml\"\nrealm = 7\noperators = [\"bob\"]\n")
            .unwrap();
        let flags = Flags { config: Some(file.clone()), ..Flags::default() };
        let (_, faults) = read(&flags, &environment(&[("HECATE_CLUSTER", "a,b,c"), ("HECATE_LOG", "=,=")]));
        let text = faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n");
        for wanted in [
            ":1:1: unknown key `sokcet`",
            ":2:14: ",
            ":3:9: ",
            ":4:13: `bob`",
            "HECATE_CLUSTER: ",
            "HECATE_LOG: ",
        ] {
            assert!(text.contains(wanted), "{wanted} is missing in\n{text}");
        }
    }

    #[test]
    fn a_file_that_is_named_must_be_there() {
        let flags = Flags { config: Some("/nowhere/hecate.toml".into()), ..Flags::default() };
        assert_eq!(read(&flags, &Environment::new()).1.len(), 1);
    }
}
