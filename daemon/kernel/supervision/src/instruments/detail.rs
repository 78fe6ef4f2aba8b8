//! What can be told of actors that run: one in detail, the leaders of a ranking, those that may be stuck.

use super::Meter;
use super::cycles::cycles;
use super::events::EventLog;
use super::pace::{Totals, permille};
use super::waiting::Edge;
use crate::clock;
use crate::mailbox::Gauge;
use crate::node::{Node, Occupant};
use hecate_proto::debug::{
    Busy, Current, Deadlocks, Stuck, Top, TopBy, TopRow, Waiter, Waiting, Window, Work,
};
use ractor::ActorId;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Stuck actors that are shown.
const STUCK_MAX: usize = 1_000;

pub(super) fn current(meter: &Meter, now_ns: u64) -> Option<Current> {
    let for_ms = meter.at_hand_ms(now_ns)?;
    let variant = meter.last().unwrap_or_default().to_owned();
    Some(Current { variant, for_ms, trace_id: meter.trace_id().map(|id| id.to_string()) })
}

/// Thousandths of a window, that at hand included.
fn busy(meter: &Meter, window: Window, now_ns: u64) -> u64 {
    let done = meter.over(window, now_ns / 1_000_000);
    permille(done.busy_ns, meter.at_hand_ms(now_ns).unwrap_or_default(), window)
}

pub(super) fn work(meter: &Meter) -> Work {
    let now_ns = clock::coarse_now_ns();
    Work {
        current: current(meter, now_ns),
        busy: Busy {
            permille_1s: busy(meter, Window::OneSecond, now_ns),
            permille_10s: busy(meter, Window::TenSeconds, now_ns),
            permille_60s: busy(meter, Window::OneMinute, now_ns),
        },
        sent: meter.traffic().sent,
        dropped: meter.dropped(),
        variants: meter.ledgers().flat_map(|ledger| ledger.variants.show()).collect(),
        recent: meter.recent().into_iter().map(str::to_owned).collect(),
        handle: meter.ledgers().last().map(|ledger| ledger.handle.latency()).unwrap_or_default(),
        queue: meter.ledgers().next().map(|ledger| ledger.queue.latency()).unwrap_or_default(),
        own_loop: meter.own_loop(),
        waiting_on: meter.waits.show(now_ns / 1_000_000),
        resumes_in_ms: meter.rests_for().map(|rest| rest.as_millis() as u64),
        traces: meter.tracers().len() as u64,
    }
}

pub(super) fn top(root: &Arc<Node>, events: &EventLog, by: TopBy, window: Window, rows_max: usize) -> Top {
    let restarts =
        if by == TopBy::Restarts { count(events.restarts_within(window.ms())) } else { HashMap::new() };
    let now_ns = clock::coarse_now_ns();
    let mut ranking: Vec<(u64, Arc<Node>)> = Vec::new();
    for node in root.everyone() {
        let value = match by {
            TopBy::Restarts => restarts.get(&node.path).copied().unwrap_or_default(),
            _ => node
                .occupant()
                .and_then(|it| Some(measure(it.gauge()?, by, window, now_ns)))
                .unwrap_or_default(),
        };
        if value > 0 {
            ranking.push((value, node));
        }
    }
    ranking.sort_unstable_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.path.cmp(&other.path)));
    ranking.truncate(rows_max);
    Top { by, window, rows: ranking.into_iter().map(|(value, node)| row(value, &node, now_ns)).collect() }
}

fn count(paths: Vec<Arc<str>>) -> HashMap<Arc<str>, u64> {
    let mut counts = HashMap::new();
    paths.into_iter().for_each(|path| *counts.entry(path).or_default() += 1);
    counts
}

fn measure(gauge: &Gauge, by: TopBy, window: Window, now_ns: u64) -> u64 {
    let meter = gauge.meter();
    match by {
        TopBy::Depth => gauge.depth(),
        TopBy::Busy => busy(meter, window, now_ns),
        TopBy::Messages => meter.over(window, now_ns / 1_000_000).handled,
        TopBy::Latency => mean_ns(meter.over(window, now_ns / 1_000_000), meter.at_hand_ms(now_ns)),
        TopBy::Restarts => 0,
    }
}

fn mean_ns(done: Totals, at_hand_ms: Option<u64>) -> u64 {
    let busy_ns = done.busy_ns + at_hand_ms.unwrap_or_default() * 1_000_000;
    busy_ns.checked_div(done.handled + u64::from(at_hand_ms.is_some())).unwrap_or_default()
}

fn row(value: u64, node: &Node, now_ns: u64) -> TopRow {
    let occupant = node.occupant();
    let gauge = occupant.as_ref().and_then(Occupant::gauge);
    TopRow {
        value,
        path: node.path.to_string(),
        kind: node.kind().name.to_string(),
        id: occupant.as_ref().map(|occupant| occupant.id.to_string()),
        status: node.status().as_str().into(),
        depth: gauge.map(|gauge| gauge.depth()).unwrap_or_default(),
        current: gauge.and_then(|gauge| current(gauge.meter(), now_ns)),
    }
}

/// Cycles of waiting, and handlers that have been at it for at least so long.
pub(super) fn deadlocks(root: &Arc<Node>, older_ms: u64) -> Deadlocks {
    let now_ns = clock::coarse_now_ns();
    let mut waiters: BTreeMap<u64, (Arc<str>, ActorId, Vec<Edge>)> = BTreeMap::new();
    let mut stuck = Vec::new();
    root.visit(&mut |node| {
        let Some(occupant) = node.occupant() else { return };
        let Some(gauge) = occupant.gauge() else { return };
        let (id, edges) = (occupant.id, gauge.meter().waits.edges());
        stuck.extend(stuck_at(node, id, gauge, now_ns).filter(|it| it.current.for_ms >= older_ms));
        if !edges.is_empty() {
            waiters.insert(id.pid(), (Arc::clone(&node.path), id, edges));
        }
    });
    stuck.sort_by_key(|it| std::cmp::Reverse(it.current.for_ms));
    stuck.truncate(STUCK_MAX);
    let targets = |edges: &[Edge]| edges.iter().map(|edge| edge.target_id.pid()).collect();
    let graph: BTreeMap<u64, Vec<u64>> =
        waiters.iter().map(|(id, (.., edges))| (*id, targets(edges))).collect();
    let show = |cycle: Vec<u64>| {
        let next = cycle.iter().cycle().skip(1);
        cycle.iter().zip(next).filter_map(|(id, next)| waiter(waiters.get(id)?, *next, now_ns)).collect()
    };
    Deadlocks { cycles: cycles(&graph).into_iter().map(show).collect(), stuck }
}

fn stuck_at(node: &Node, id: ActorId, gauge: &Gauge, now_ns: u64) -> Option<Stuck> {
    let (current, waiting_on) =
        (current(gauge.meter(), now_ns)?, gauge.meter().waits.show(now_ns / 1_000_000));
    Some(Stuck { path: node.path.to_string(), id: id.to_string(), current, depth: gauge.depth(), waiting_on })
}

fn waiter((path, id, edges): &(Arc<str>, ActorId, Vec<Edge>), next: u64, now_ns: u64) -> Option<Waiter> {
    let edge = edges.iter().find(|edge| edge.target_id.pid() == next)?;
    let waiting_on: Waiting = edge.show(now_ns / 1_000_000);
    Some(Waiter { path: path.to_string(), id: id.to_string(), waiting_on })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_counts_the_message_at_hand_and_is_nothing_for_who_did_nothing() {
        let done = Totals { busy_ns: 6_000_000, handled: 2 };
        assert_eq!(mean_ns(done, None), 3_000_000);
        assert_eq!(mean_ns(done, Some(9)), 5_000_000);
        assert_eq!(mean_ns(Totals::default(), Some(4)), 4_000_000);
        assert_eq!(mean_ns(Totals::default(), None), 0);
    }
}
