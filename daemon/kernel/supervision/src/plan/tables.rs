//! The tables of `supervision.toml`, as they may be written. What each key is good for is said here and
//! published in the JSON Schema, where an editor shows it.

use super::source::Source;
use super::table::{Fields, Given, Properties, Term, Value, table, wrong_type};
use super::terms::{Kill, Part, Span, Whole};
use super::{AutoShutdown, Restart, Shutdown, Strategy};
use crate::mailbox::OnFull;
use std::ops::Range;
use std::time::Duration;
use toml::de::DeTable;

table! {
    /// Who supervises whom. The order of the entries is the order of starting; stopping goes the other way.
    FileTable, "supervision.toml" {
        /// The version of this format.
        required schema: Whole<1, 1>,
        /// What holds for every child that does not say otherwise.
        optional defaults: DefaultsTable,
        /// Supervisors. Exactly one has a path of one segment: the root.
        optional supervisor: Vec<Given<SupervisorTable>>,
        /// Single actors.
        optional child: Vec<Given<ChildTable>>,
        /// Pools: supervisors of children that come and go, all of one kind.
        optional pool: Vec<Given<PoolTable>>,
    }
}

table! {
    /// What holds for every child that does not say otherwise.
    DefaultsTable, "defaults" {
        /// How an actor is ended. Without a default of its own the file says { drain = "5s" }.
        optional shutdown: Shutdown,
        /// How long an actor may take to start. Without a default of its own the file says "10s".
        optional start_timeout: Span,
        /// The bound of an actor's mailbox. Without a default of its own the file says 1024 places, wait.
        optional mailbox: MailboxTable,
        /// How long to wait between restarts that fail. Without it a restart is tried again at once.
        optional backoff: BackoffTable,
    }
}

table! {
    /// A supervisor.
    SupervisorTable, "supervisor" {
        /// Its place, such as "/hecate/apps".
        required path: String,
        /// Whom a failing child takes along: nobody, those started after it, or all. "one_for_one" unless said.
        optional strategy: Strategy,
        /// Restarts that are forgiven inside `period`; one more, and the supervisor gives up. 1 unless said.
        optional intensity: Whole<0, 1000>,
        /// The window in which restarts are counted. "5s" unless said.
        optional period: Span,
        /// When it ends because its significant children are done. "never" unless said.
        optional auto_shutdown: AutoShutdown,
        /// When it is started again. "permanent" unless said.
        optional restart: Restart,
        /// How it is ended. "infinity" unless said: its children have their own limits.
        optional shutdown: Shutdown,
        /// Whether its end may end its supervisor.
        optional significant: bool,
        /// How long to wait between restarts that fail.
        optional backoff: BackoffTable,
    }
}

table! {
    /// A single actor.
    ChildTable, "child" {
        /// Its place, such as "/hecate/edge/api".
        required path: String,
        /// Which of the actors that are compiled in.
        required kind: String,
        /// When it is started again: always, after an abnormal end, or never. "permanent" unless said.
        optional restart: Restart,
        /// Whether its end may end its supervisor.
        optional significant: bool,
        /// How it is ended.
        optional shutdown: Shutdown,
        /// How long it may take to start.
        optional start_timeout: Span,
        /// Process groups that it joins when it starts; it leaves them when it ends.
        optional groups: Vec<Given<String>>,
        /// The bound of its mailbox.
        optional mailbox: MailboxTable,
        /// How long to wait between restarts that fail.
        optional backoff: BackoffTable,
    }
}

table! {
    /// A pool: a supervisor of children that come and go, all of one kind.
    PoolTable, "pool" {
        /// Its place; its children stand below it by their ids.
        required path: String,
        /// Which of the pools that are compiled in.
        required kind: String,
        /// How many children there may be at once. 10000 unless said.
        optional max_children: Whole<1, 1_000_000>,
        /// When a child is started again. "temporary" unless said: who needs it starts it again.
        optional restart: Restart,
        /// How a child is ended; all of them at once when the pool ends, with one limit for the whole set.
        optional shutdown: Shutdown,
        /// Restarts that are forgiven inside `period`. 1 unless said.
        optional intensity: Whole<0, 1000>,
        /// The window in which restarts are counted. "5s" unless said.
        optional period: Span,
        /// How long a child may take to start.
        optional start_timeout: Span,
        /// The bound of each child's mailbox.
        optional mailbox: MailboxTable,
        /// How long to wait between restarts of one child that fail.
        optional backoff: BackoffTable,
    }
}

table! {
    /// The bound of a mailbox and what happens at the bound.
    MailboxTable, "mailbox" {
        /// Messages that may wait, the one being handled included.
        optional capacity: Whole<1, 1_000_000>,
        /// What a full mailbox does: let senders wait within their time limit, refuse, or drop the oldest.
        optional on_full: OnFull,
    }
}

table! {
    /// How long to wait before a restart that failed is tried again. Every try counts in the window.
    BackoffTable, "backoff" {
        /// The first wait; each one after is twice as long.
        required min: Span,
        /// No wait is longer.
        required max: Span,
        /// How much of a wait chance may take away, from 0.0 to 1.0. 0.0 unless said.
        optional jitter: Part,
    }
}

table! {
    /// Everything that is queued is handled first.
    DrainTable, "shutdown" {
        /// How long that may take.
        required drain: Duration,
        /// What happens then.
        optional then: Kill,
    }
}
