//! From the text to a checked plan: read every entry, fill in what it leaves out, check every rule, report
//! every fault at once.

use super::assemble;
use super::source::{ConfigError, Source};
use super::table::Given;
use super::tables::{
    BackoffTable, ChildTable, DefaultsTable, FileTable, MailboxTable, PoolTable, SupervisorTable,
};
use super::{Plan, PoolSpec, Restart, Role, Shutdown, SupervisorSpec, WorkerSpec};
use crate::Kinds;
use crate::mailbox::MailboxSpec;
use crate::supervise::backoff::Backoff;
use crate::supervise::child::{Flags, PoolFlags};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use toml::de::DeTable;

/// One entry of the file with its defaults filled in, not yet placed.
pub(super) struct Entry {
    pub(super) at: Range<usize>,
    pub(super) path: Given<String>,
    pub(super) restart: Restart,
    pub(super) shutdown: Shutdown,
    pub(super) significant: bool,
    pub(super) backoff: Option<Backoff>,
    pub(super) role: Role,
    pub(super) marks: Marks,
}

/// Where the parts of an entry stand that are judged against other entries or the kinds compiled in.
#[derive(Default)]
pub(super) struct Marks {
    pub(super) kind: Option<Range<usize>>,
    pub(super) restart: Option<Range<usize>>,
    pub(super) shutdown: Option<Range<usize>>,
    pub(super) significant: Option<Range<usize>>,
    pub(super) intensity: Option<Range<usize>>,
    pub(super) auto_shutdown: Option<Range<usize>>,
    pub(super) backoff: Option<Range<usize>>,
    pub(super) groups: Vec<Range<usize>>,
}

impl Entry {
    /// Where that part of the entry stands, or the entry where it is left out.
    pub(super) fn place(&self, mark: impl FnOnce(&Marks) -> &Option<Range<usize>>) -> Range<usize> {
        mark(&self.marks).clone().unwrap_or_else(|| self.at.clone())
    }
}

#[derive(Clone, Copy)]
struct Defaults {
    shutdown: Shutdown,
    start_timeout: Duration,
    mailbox: MailboxSpec,
    backoff: Option<Backoff>,
}

pub(super) fn read(text: &str, file_name: &str, kinds: &Kinds) -> Result<Plan, Vec<ConfigError>> {
    let mut source = Source::new(file_name);
    let (document, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        let at = error.span().unwrap_or(0..0);
        let message = format!("not TOML: {}", error.message());
        source.fault(at, message, "mend the syntax; the rest is checked then");
    }
    let root = if syntax.is_empty() {
        let file = FileTable::of(&mut source, 0..0, document.get_ref());
        let entries = entries(&mut source, file);
        assemble::assemble(&mut source, entries, kinds)
    } else {
        None
    };
    let (faults, warnings) = source.sort_out(text);
    root.filter(|_| faults.is_empty()).map(|root| Plan { root, warnings: warnings.into() }).ok_or(faults)
}

/// All entries in file order, which is start order.
fn entries(source: &mut Source, file: FileTable) -> Vec<Entry> {
    let defaults = defaults(source, file.defaults);
    let mut entries: Vec<_> = all(file.supervisor).map(|table| supervisor(source, table)).collect();
    entries.extend(all(file.child).map(|table| child(source, table, defaults)));
    entries.extend(all(file.pool).map(|table| pool(source, table, defaults)));
    entries.sort_by_key(|entry| entry.at.start);
    entries
}

fn all<T>(list: Option<Given<Vec<Given<T>>>>) -> impl Iterator<Item = T> {
    list.into_iter().flat_map(|list| list.value).map(|item| item.value)
}

fn defaults(source: &mut Source, written: Option<Given<DefaultsTable>>) -> Defaults {
    let house = Defaults {
        shutdown: Shutdown::Drain(Duration::from_secs(5)),
        start_timeout: Duration::from_secs(10),
        mailbox: MailboxSpec::default(),
        backoff: None,
    };
    let Some(Given { value: written, .. }) = written else { return house };
    Defaults {
        shutdown: written.shutdown.map_or(house.shutdown, |given| given.value),
        start_timeout: written.start_timeout.map_or(house.start_timeout, |given| given.value.0),
        mailbox: mailbox(written.mailbox, house.mailbox),
        backoff: backoff(source, written.backoff),
    }
}

/// The flags of a supervisor and of a pool are OTP's where the file says nothing.
fn supervisor(source: &mut Source, table: SupervisorTable) -> Entry {
    let otp = Flags::default();
    let marks = Marks {
        restart: at(&table.restart),
        shutdown: at(&table.shutdown),
        significant: at(&table.significant),
        intensity: at(&table.intensity),
        auto_shutdown: at(&table.auto_shutdown),
        backoff: at(&table.backoff),
        ..Marks::default()
    };
    let flags = Flags {
        strategy: table.strategy.map_or(otp.strategy, |given| given.value),
        intensity: table.intensity.map_or(otp.intensity, |given| given.value.0 as u32),
        period: table.period.map_or(otp.period, |given| given.value.0),
        auto_shutdown: table.auto_shutdown.map_or(otp.auto_shutdown, |given| given.value),
    };
    Entry {
        restart: table.restart.map_or(Restart::Permanent, |given| given.value),
        shutdown: table.shutdown.map_or(Shutdown::Infinity, |given| given.value),
        significant: table.significant.is_some_and(|given| given.value),
        backoff: backoff(source, table.backoff),
        role: Role::Supervisor(SupervisorSpec { flags, children: Vec::new() }),
        marks,
        path: table.path.unwrap_or_else(|| Given::missing(&table.at)),
        at: table.at,
    }
}

fn child(source: &mut Source, table: ChildTable, defaults: Defaults) -> Entry {
    let groups = table.groups.map(|given| given.value).unwrap_or_default();
    let marks = Marks {
        kind: at(&table.kind),
        restart: at(&table.restart),
        shutdown: at(&table.shutdown),
        significant: at(&table.significant),
        groups: groups.iter().map(|group| group.at.clone()).collect(),
        ..Marks::default()
    };
    let spec = WorkerSpec {
        kind: table.kind.map(|given| given.value).unwrap_or_default(),
        mailbox: mailbox(table.mailbox, defaults.mailbox),
        start_timeout: table.start_timeout.map_or(defaults.start_timeout, |given| given.value.0),
        groups: groups.into_iter().map(|group| group.value).collect(),
    };
    Entry {
        restart: table.restart.map_or(Restart::Permanent, |given| given.value),
        shutdown: table.shutdown.map_or(defaults.shutdown, |given| given.value),
        significant: table.significant.is_some_and(|given| given.value),
        backoff: backoff(source, table.backoff).or(defaults.backoff),
        role: Role::Worker(Arc::new(spec)),
        marks,
        path: table.path.unwrap_or_else(|| Given::missing(&table.at)),
        at: table.at,
    }
}

/// The pool itself is permanent and takes as long to end as its children do; what the file says is theirs.
fn pool(source: &mut Source, table: PoolTable, defaults: Defaults) -> Entry {
    let otp = PoolFlags::default();
    let marks = Marks {
        kind: at(&table.kind),
        restart: at(&table.restart),
        shutdown: at(&table.shutdown),
        intensity: at(&table.intensity),
        ..Marks::default()
    };
    let spec = PoolSpec {
        child: Arc::new(WorkerSpec {
            kind: table.kind.map(|given| given.value).unwrap_or_default(),
            mailbox: mailbox(table.mailbox, defaults.mailbox),
            start_timeout: table.start_timeout.map_or(defaults.start_timeout, |given| given.value.0),
            groups: Vec::new(),
        }),
        flags: PoolFlags {
            intensity: table.intensity.map_or(otp.intensity, |given| given.value.0 as u32),
            period: table.period.map_or(otp.period, |given| given.value.0),
            restart: table.restart.map_or(otp.restart, |given| given.value),
            shutdown: table.shutdown.map_or(defaults.shutdown, |given| given.value),
            children_max: table.max_children.map_or(otp.children_max, |given| given.value.0 as usize),
            backoff: backoff(source, table.backoff).or(defaults.backoff),
        },
    };
    Entry {
        restart: Restart::Permanent,
        shutdown: Shutdown::Infinity,
        significant: false,
        backoff: None,
        role: Role::Pool(spec),
        marks,
        path: table.path.unwrap_or_else(|| Given::missing(&table.at)),
        at: table.at,
    }
}

fn at<T>(given: &Option<Given<T>>) -> Option<Range<usize>> {
    given.as_ref().map(|given| given.at.clone())
}

fn mailbox(written: Option<Given<MailboxTable>>, default: MailboxSpec) -> MailboxSpec {
    let Some(Given { value: written, .. }) = written else { return default };
    MailboxSpec {
        capacity: written.capacity.map_or(default.capacity, |given| given.value.0 as usize),
        on_full: written.on_full.map_or(default.on_full, |given| given.value),
    }
}

fn backoff(source: &mut Source, written: Option<Given<BackoffTable>>) -> Option<Backoff> {
    let BackoffTable { min, max, jitter, .. } = written?.value;
    let (min, max) = (min?, max?);
    if max.value.0 < min.value.0 {
        source.fault(
            max.at,
            "`max` is less than `min`",
            "no wait is longer than `max`, so it is at least `min`",
        );
    }
    let jitter_permille = jitter.map_or(0, |given| given.value.0);
    Some(Backoff { min: min.value.0, max: max.value.0, jitter_permille })
}
