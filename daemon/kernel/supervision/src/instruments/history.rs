//! The tree's own past: a tree of long ago, and every change since. Any moment between is the former with the
//! changes up to it. Counters and a pool's children are not in it; they change too often.

use super::kind_meter::KindMeter;
use hecate_proto::tree::{Intensity, LastExit, Restarts, TreeNode};
use ractor::ActorId;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

/// Changes that are kept apart; the oldest of more become part of the past tree.
const CHANGES_MAX: usize = 16_384;
/// How long they are kept, µs.
const KEPT_US: i64 = 10 * 60 * 1_000_000;

/// What never changes about a place, and what does.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) path: Arc<str>,
    pub(crate) kind: Arc<KindMeter>,
    /// Paths, in start order.
    pub(crate) children: Vec<Arc<str>>,
    pub(crate) standing: PlaceStanding,
}

/// How it stands with a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PlaceStanding {
    pub(crate) restart: &'static str,
    /// Strategy, restarts and period of a supervisor.
    pub(crate) rules: Option<(&'static str, u32, u64)>,
    pub(crate) status: &'static str,
    pub(crate) generation: u64,
    pub(crate) actor: Option<ActorId>,
    pub(crate) last_exit: Option<Arc<LastExit>>,
    /// When the restarts of a supervisor's window were, µs since the epoch.
    pub(crate) restarts_us: Vec<i64>,
}

/// One change.
#[derive(Clone, Debug)]
enum Change {
    Standing(Arc<str>, PlaceStanding),
    /// One more child of a place, the last in order, and all below it.
    Added(Arc<str>, Vec<Place>),
    /// One child less, and all below it.
    Removed(Arc<str>, Arc<str>),
    /// The children of a place from here on, and the places among them that are new, with all below them.
    Children(Arc<str>, Vec<Arc<str>>, Vec<Place>),
}

/// A tree that was.
#[derive(Clone, Debug, Default)]
struct Past {
    root: Option<Arc<str>>,
    places: BTreeMap<Arc<str>, Place>,
}

/// The last ten minutes.
#[derive(Debug, Default)]
pub(crate) struct History {
    past: Past,
    /// From when on `past` and the changes tell the tree.
    since_us: i64,
    changes: VecDeque<(i64, Change)>,
}

impl History {
    /// The tree at its birth, the root first.
    pub(crate) fn begin(&mut self, now_us: i64, places: Vec<Place>) {
        let root = places.first().map(|place| Arc::clone(&place.path));
        let places = places.into_iter().map(|place| (Arc::clone(&place.path), place)).collect();
        *self = Self { past: Past { root, places }, since_us: now_us, changes: VecDeque::new() };
    }

    pub(crate) fn stand(&mut self, now_us: i64, path: &Arc<str>, standing: PlaceStanding) {
        self.note(now_us, Change::Standing(Arc::clone(path), standing));
    }

    /// `child`: itself, then all below it.
    pub(crate) fn add_child(&mut self, now_us: i64, path: &Arc<str>, child: Vec<Place>) {
        self.note(now_us, Change::Added(Arc::clone(path), child));
    }

    pub(crate) fn remove_child(&mut self, now_us: i64, path: &Arc<str>, child: &Arc<str>) {
        self.note(now_us, Change::Removed(Arc::clone(path), Arc::clone(child)));
    }

    pub(crate) fn set_children(
        &mut self,
        now_us: i64,
        path: &Arc<str>,
        children: Vec<Arc<str>>,
        new: Vec<Place>,
    ) {
        self.note(now_us, Change::Children(Arc::clone(path), children, new));
    }

    /// A clock that was set back does not bring the order into disorder.
    fn note(&mut self, now_us: i64, change: Change) {
        let newest_us = self.changes.back().map_or(self.since_us, |(at_us, _)| *at_us);
        let now_us = now_us.max(newest_us);
        self.changes.push_back((now_us, change));
        while self.changes.len() > CHANGES_MAX
            || self.oldest_us().is_some_and(|at_us| at_us < now_us - KEPT_US)
        {
            let Some((at_us, change)) = self.changes.pop_front() else { return };
            self.past.apply(change);
            self.since_us = at_us;
        }
    }

    fn oldest_us(&self) -> Option<i64> {
        self.changes.front().map(|(at_us, _)| *at_us)
    }

    /// The first moment that is known.
    pub(crate) fn since_us(&self) -> i64 {
        self.since_us
    }

    /// The tree at that moment, which is known; `None` before there was one.
    pub(crate) fn at(&self, when_us: i64) -> Option<TreeNode> {
        let mut past = self.past.clone();
        let until = self.changes.iter().take_while(|(at_us, _)| *at_us <= when_us);
        until.for_each(|(_, change)| past.apply(change.clone()));
        past.show(past.root.as_ref()?, when_us)
    }
}

impl Past {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Standing(path, standing) => {
                if let Some(place) = self.places.get_mut(&path) {
                    place.standing = standing;
                }
            }
            Change::Added(path, child) => {
                let Some(place) = self.places.get_mut(&path) else { return };
                place.children.extend(child.first().map(|child| Arc::clone(&child.path)));
                self.plant(child);
            }
            Change::Removed(path, child) => {
                let Some(place) = self.places.get_mut(&path) else { return };
                place.children.retain(|other| *other != child);
                self.uproot(&child);
            }
            Change::Children(path, children, new) => {
                let Some(place) = self.places.get_mut(&path) else { return };
                let staying: HashSet<_> = children.iter().cloned().collect();
                let before = std::mem::replace(&mut place.children, children);
                before.iter().filter(|child| !staying.contains(*child)).for_each(|child| self.uproot(child));
                self.plant(new);
            }
        }
    }

    fn plant(&mut self, places: Vec<Place>) {
        self.places.extend(places.into_iter().map(|place| (Arc::clone(&place.path), place)));
    }

    fn uproot(&mut self, path: &Arc<str>) {
        let Some(place) = self.places.remove(path) else { return };
        place.children.iter().for_each(|child| self.uproot(child));
    }

    fn show(&self, path: &Arc<str>, when_us: i64) -> Option<TreeNode> {
        let place = self.places.get(path)?;
        let standing = &place.standing;
        Some(TreeNode {
            path: path.to_string(),
            kind: place.kind.name.to_string(),
            id: standing.actor.map(|id| id.to_string()),
            generation: standing.generation,
            status: standing.status.into(),
            restart: standing.restart.into(),
            strategy: standing.rules.map(|(strategy, ..)| strategy.into()),
            intensity: standing.rules.map(|(_, max, period_ms)| standing.intensity(max, period_ms, when_us)),
            mailbox: None,
            messages: None,
            restarts: Restarts {
                total: standing.generation.saturating_sub(1),
                last: standing.last_exit.as_deref().cloned(),
            },
            groups: Vec::new(),
            children: place.children.iter().filter_map(|child| self.show(child, when_us)).collect(),
        })
    }
}

impl PlaceStanding {
    fn intensity(&self, max: u32, period_ms: u64, when_us: i64) -> Intensity {
        let horizon_us = when_us.saturating_sub_unsigned(period_ms.saturating_mul(1_000));
        let used = self.restarts_us.iter().filter(|at_us| **at_us >= horizon_us).count();
        Intensity { used: used as u32, max, period_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kind_meter::KindMeters;
    use super::*;

    const SECOND: i64 = 1_000_000;
    const RULES: (&str, u32, u64) = ("one_for_one", 3, 5_000);

    fn place(path: &str, children: &[&str]) -> Place {
        Place {
            path: path.into(),
            kind: KindMeters::default().of("k"),
            children: children.iter().map(|child| Arc::from(*child)).collect(),
            standing: PlaceStanding { rules: (path == "/r").then_some(RULES), ..running(1) },
        }
    }

    fn running(generation: u64) -> PlaceStanding {
        PlaceStanding { status: "running", generation, ..PlaceStanding::default() }
    }

    fn history() -> History {
        let mut history = History::default();
        history.begin(
            0,
            vec![
                place("/r", &["/r/a", "/r/b"]),
                place("/r/a", &[]),
                place("/r/b", &["/r/b/c"]),
                place("/r/b/c", &[]),
            ],
        );
        history
    }

    fn paths(node: &TreeNode) -> Vec<String> {
        let below = node.children.iter().flat_map(paths);
        std::iter::once(node.path.clone()).chain(below).collect()
    }

    #[test]
    fn every_moment_shows_the_changes_up_to_it() {
        let mut history = history();
        history.stand(2 * SECOND, &"/r/a".into(), running(2));
        history.stand(4 * SECOND, &"/r/a".into(), running(3));
        let generation = |at_us| history.at(at_us).unwrap().children[0].generation;
        let seen = [0, 2 * SECOND - 1, 2 * SECOND, 3 * SECOND, 4 * SECOND, 99 * SECOND].map(generation);
        assert_eq!(seen, [1, 1, 2, 2, 3, 3]);
        assert_eq!(history.at(3 * SECOND).unwrap().children[0].restarts.total, 1);
    }

    #[test]
    fn a_place_given_up_is_there_before_and_gone_after_with_all_below_it() {
        let mut history = history();
        history.set_children(
            SECOND,
            &"/r".into(),
            vec!["/r/a".into(), "/r/d".into()],
            vec![place("/r/d", &[])],
        );
        assert_eq!(paths(&history.at(0).unwrap()), ["/r", "/r/a", "/r/b", "/r/b/c"]);
        assert_eq!(paths(&history.at(SECOND).unwrap()), ["/r", "/r/a", "/r/d"]);
        history.stand(2 * SECOND, &"/r/b/c".into(), running(9));
        history.set_children(2 * SECOND, &"/r/b".into(), vec![], vec![]);
        assert_eq!(paths(&history.at(3 * SECOND).unwrap()), ["/r", "/r/a", "/r/d"], "late news of the gone");
    }

    #[test]
    fn one_more_and_one_less_is_told_as_such() {
        let mut history = history();
        history.add_child(SECOND, &"/r".into(), vec![place("/r/d", &["/r/d/e"]), place("/r/d/e", &[])]);
        history.remove_child(2 * SECOND, &"/r".into(), &"/r/b".into());
        history.remove_child(3 * SECOND, &"/r".into(), &"/r/d".into());
        let at = |second| paths(&history.at(second * SECOND).unwrap());
        assert_eq!(at(1), ["/r", "/r/a", "/r/b", "/r/b/c", "/r/d", "/r/d/e"]);
        assert_eq!(at(2), ["/r", "/r/a", "/r/d", "/r/d/e"]);
        assert_eq!(at(3), ["/r", "/r/a"]);
    }

    #[test]
    fn a_window_is_counted_as_of_that_moment() {
        let mut history = history();
        let standing =
            PlaceStanding { rules: Some(RULES), restarts_us: vec![SECOND, 4 * SECOND], ..running(1) };
        history.stand(4 * SECOND, &"/r".into(), standing);
        let used = |at_us| history.at(at_us).unwrap().intensity.unwrap().used;
        assert_eq!([used(3 * SECOND), used(4 * SECOND), used(7 * SECOND), used(10 * SECOND)], [0, 2, 1, 0]);
    }

    #[test]
    fn what_is_too_old_or_too_much_becomes_part_of_the_past() {
        let mut history = history();
        history.stand(SECOND, &"/r/a".into(), running(2));
        history.stand(SECOND + KEPT_US + 1, &"/r/a".into(), running(3));
        assert_eq!((history.since_us(), history.changes.len()), (SECOND, 1));
        assert_eq!(history.at(SECOND).unwrap().children[0].generation, 2);
        for generation in 0..=CHANGES_MAX as u64 {
            history.stand(SECOND + KEPT_US + 2, &"/r/a".into(), running(generation));
        }
        assert_eq!(history.changes.len(), CHANGES_MAX);
        assert_eq!(history.since_us(), SECOND + KEPT_US + 2);
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_the_order_and_no_tree_is_no_answer() {
        let mut history = history();
        history.stand(9 * SECOND, &"/r/a".into(), running(2));
        history.stand(3 * SECOND, &"/r/a".into(), running(3));
        assert_eq!(history.at(9 * SECOND).unwrap().children[0].generation, 3);
        assert_eq!(history.at(8 * SECOND).unwrap().children[0].generation, 1);
        assert!(History::default().at(0).is_none());
    }
}
