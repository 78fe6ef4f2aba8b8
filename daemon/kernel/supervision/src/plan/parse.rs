//! From the text to a checked plan: read every entry, check every rule, report every fault at once.

use super::assemble;
use super::source::{ConfigError, Source};
use super::value::{Fields, RESTARTS, STRATEGIES, Value, check_keys};
use super::{AutoShutdown, Plan, PoolSpec, Restart, Role, Shutdown, Strategy, SupervisorSpec, WorkerSpec};
use crate::Kinds;
use crate::mailbox::MailboxSpec;
use std::ops::Range;
use std::time::Duration;
use toml::de::DeTable;

const TOP: &[&str] = &["schema", "defaults", "supervisor", "child", "pool"];
const DEFAULTS: &[&str] = &["shutdown", "start_timeout", "mailbox"];
const SUPERVISOR: &[&str] = &["path", "strategy", "intensity", "period", "restart", "shutdown"];
const CHILD: &[&str] = &["path", "kind", "restart", "shutdown", "start_timeout", "mailbox"];
const POOL: &[&str] = &["path", "kind", "max_children", "shutdown", "start_timeout", "mailbox"];

/// OTP's defaults.
const INTENSITY: u64 = 1;
const PERIOD: Duration = Duration::from_secs(5);

/// One entry of the file, readable but not yet placed.
pub(super) struct Entry {
    pub(super) at: Range<usize>,
    pub(super) path: String,
    pub(super) path_at: Range<usize>,
    pub(super) kind_at: Range<usize>,
    pub(super) restart: Restart,
    pub(super) shutdown: Shutdown,
    pub(super) role: Role,
}

#[derive(Clone, Copy)]
struct Defaults {
    shutdown: Shutdown,
    start_timeout: Duration,
    mailbox: MailboxSpec,
}

pub(super) fn parse(text: &str, file_name: &str, kinds: &Kinds) -> Result<Plan, Vec<ConfigError>> {
    let mut source = Source::new(text, file_name);
    let (document, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        let at = error.span().unwrap_or(0..0);
        source.fault(
            at,
            format!("not TOML: {}", error.message()),
            "mend the syntax; the rest is checked then",
        );
    }
    if !syntax.is_empty() {
        return Err(source.into_faults());
    }
    let entries = read(&mut source, document.get_ref());
    let plan = assemble::assemble(&mut source, entries, kinds);
    let faults = source.into_faults();
    plan.filter(|_| faults.is_empty()).ok_or(faults)
}

/// All entries in file order, which is start order.
fn read(source: &mut Source<'_>, document: &DeTable<'_>) -> Vec<Entry> {
    check_keys(source, "supervision.toml", document, TOP);
    let top = Fields::of(document);
    if top.integer(source, "schema", 1..2).is_none() && top.get("schema").is_none() {
        source.fault(0..0, "`schema` is missing", "add schema = 1");
    }
    let defaults = defaults(source, &top);
    let mut entries = Vec::new();
    for (section, read) in [("supervisor", supervisor as ReadEntry), ("child", worker), ("pool", pool)] {
        for value in section_of(source, &top, section) {
            entries.extend(read(source, value, &defaults));
        }
    }
    entries.sort_by_key(|entry| entry.at.start);
    entries
}

type ReadEntry = fn(&mut Source<'_>, &Value<'_>, &Defaults) -> Option<Entry>;

fn section_of<'v, 'i>(source: &mut Source<'_>, top: &Fields<'v, 'i>, section: &str) -> Vec<&'v Value<'i>> {
    let Some(value) = top.get(section) else { return Vec::new() };
    match value.get_ref().as_array() {
        Some(entries) => entries.iter().collect(),
        None => {
            source.fault(value.span(), format!("`{section}` is not a list"), format!("write [[{section}]]"));
            Vec::new()
        }
    }
}

fn defaults(source: &mut Source<'_>, top: &Fields<'_, '_>) -> Defaults {
    let house = Defaults {
        shutdown: Shutdown::Drain(Duration::from_secs(5)),
        start_timeout: Duration::from_secs(10),
        mailbox: MailboxSpec::default(),
    };
    let Some(value) = top.get("defaults") else { return house };
    let Some(fields) = Fields::open(source, "defaults", value, DEFAULTS) else { return house };
    Defaults {
        shutdown: fields.shutdown(source).unwrap_or(house.shutdown),
        start_timeout: fields.duration(source, "start_timeout").unwrap_or(house.start_timeout),
        mailbox: fields.mailbox(source, house.mailbox),
    }
}

fn supervisor(source: &mut Source<'_>, value: &Value<'_>, _: &Defaults) -> Option<Entry> {
    let fields = Fields::open(source, "supervisor", value, SUPERVISOR)?;
    let spec = SupervisorSpec {
        strategy: fields.word(source, "strategy", STRATEGIES).unwrap_or(Strategy::OneForOne),
        restarts_max: fields.integer(source, "intensity", 0..1_001).unwrap_or(INTENSITY) as u32,
        period_ms: fields.duration(source, "period").unwrap_or(PERIOD).as_millis() as u64,
        auto_shutdown: AutoShutdown::Never,
        children: Vec::new(),
    };
    entry(source, &fields, Shutdown::Infinity, Role::Supervisor(spec))
}

fn worker(source: &mut Source<'_>, value: &Value<'_>, defaults: &Defaults) -> Option<Entry> {
    let fields = Fields::open(source, "child", value, CHILD)?;
    let spec = worker_spec(source, &fields, defaults);
    entry(source, &fields, defaults.shutdown, Role::Worker(spec))
}

fn pool(source: &mut Source<'_>, value: &Value<'_>, defaults: &Defaults) -> Option<Entry> {
    let fields = Fields::open(source, "pool", value, POOL)?;
    let spec = PoolSpec {
        child: worker_spec(source, &fields, defaults),
        child_shutdown: fields.shutdown(source).unwrap_or(defaults.shutdown),
        child_restart: Restart::Temporary,
        restarts_max: INTENSITY as u32,
        period_ms: PERIOD.as_millis() as u64,
        children_max: fields.integer(source, "max_children", 1..1_000_001).unwrap_or(10_000) as usize,
    };
    let entry = entry(source, &fields, Shutdown::Infinity, Role::Pool(spec))?;
    // The policy is its children's; the pool itself takes as long as they do.
    Some(Entry { shutdown: Shutdown::Infinity, ..entry })
}

fn worker_spec(source: &mut Source<'_>, fields: &Fields<'_, '_>, defaults: &Defaults) -> WorkerSpec {
    WorkerSpec {
        kind: fields.required_text(source, "kind").unwrap_or_default(),
        mailbox: fields.mailbox(source, defaults.mailbox),
        start_timeout: fields.duration(source, "start_timeout").unwrap_or(defaults.start_timeout),
    }
}

/// What all entries have.
fn entry(source: &mut Source<'_>, fields: &Fields<'_, '_>, shutdown: Shutdown, role: Role) -> Option<Entry> {
    let shutdown = match role {
        Role::Pool(_) => shutdown,
        Role::Supervisor(_) | Role::Worker(_) => fields.shutdown(source).unwrap_or(shutdown),
    };
    let restart = fields.word(source, "restart", RESTARTS).unwrap_or(Restart::Permanent);
    let path = fields.required_text(source, "path")?;
    Some(Entry {
        at: fields.at.clone(),
        path,
        path_at: fields.place("path"),
        kind_at: fields.place("kind"),
        restart,
        shutdown,
        role,
    })
}
