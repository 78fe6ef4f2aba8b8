//! What has to be there first: which desk comes before which, and whether sprints keep to that.

use super::parts::{DependencyType, PlannedDependency, Sprint};
use std::collections::{BTreeMap, BTreeSet};

/// Sprints by their number; each lists its desks in order, each desk is in one at most.
pub(super) type Sprints = BTreeMap<u32, Vec<String>>;

impl PlannedDependency {
    /// The desk that has to be there first, and the one that builds on it.
    pub(super) fn before_and_after(&self) -> (&str, &str) {
        let (from, to) = (self.from_desk.as_str(), self.to_desk.as_str());
        match self.dependency_type {
            DependencyType::Triggers => (from, to),
            DependencyType::Requires | DependencyType::Reads => (to, from),
        }
    }
}

/// True when one desk has to be there before the other, directly or through others; also when they are the same.
pub(super) fn leads_to<'d>(
    dependencies: impl IntoIterator<Item = &'d PlannedDependency>,
    from: &str,
    to: &str,
) -> bool {
    let mut after: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (first, then) in dependencies.into_iter().map(PlannedDependency::before_and_after) {
        after.entry(first).or_default().push(then);
    }
    let (mut seen, mut next) = (BTreeSet::from([from]), vec![from]);
    while let Some(desk) = next.pop() {
        next.extend(after.get(desk).into_iter().flatten().copied().filter(|then| seen.insert(then)));
    }
    seen.contains(to)
}

/// The first dependency that these sprints violate. A desk that is in none of them violates nothing.
pub(super) fn violated<'d>(
    sprints: &Sprints,
    dependencies: impl IntoIterator<Item = &'d PlannedDependency>,
) -> Option<&'d PlannedDependency> {
    let in_order = sprints.values().flatten().enumerate();
    let places: BTreeMap<&str, usize> = in_order.map(|(place, desk)| (desk.as_str(), place)).collect();
    dependencies.into_iter().find(|dependency| {
        let (first, then) = dependency.before_and_after();
        places.get(first).zip(places.get(then)).is_some_and(|(first, then)| first > then)
    })
}

/// The sprints once these desks, in this order, are all that one of them holds.
pub(super) fn sequenced(mut sprints: Sprints, sprint_number: u32, desk_ids: Vec<String>) -> Sprints {
    for desks in sprints.values_mut() {
        desks.retain(|desk| !desk_ids.contains(desk));
    }
    sprints.insert(sprint_number, desk_ids);
    sprints.retain(|_, desks| !desks.is_empty());
    sprints
}

/// The sprints as they are handed over.
pub(super) fn listed(sprints: &Sprints) -> Vec<Sprint> {
    let sprint =
        |(number, desks): (&u32, &Vec<String>)| Sprint { sprint_number: *number, desk_ids: desks.clone() };
    sprints.iter().map(sprint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use DependencyType::{Reads, Requires, Triggers};

    fn dependency((from, how, to): (&str, DependencyType, &str)) -> PlannedDependency {
        let (from_desk, to_desk) = (from.to_owned(), to.to_owned());
        PlannedDependency { dependency_id: String::new(), from_desk, to_desk, dependency_type: how }
    }

    fn sprints(desks: &[&[&str]]) -> Sprints {
        let owned = |desks: &&[&str]| desks.iter().map(|desk| (*desk).to_owned()).collect();
        (0..).zip(desks.iter().map(owned)).collect()
    }

    #[test]
    fn what_triggers_comes_first_and_so_does_what_is_required_or_read() {
        for (kind, order) in [(Triggers, ("a", "b")), (Requires, ("b", "a")), (Reads, ("b", "a"))] {
            assert_eq!(dependency(("a", kind, "b")).before_and_after(), order, "{kind:?}");
        }
    }

    #[test]
    fn one_desk_leads_to_another_through_a_third_but_not_back() {
        let all = [("a", Triggers, "b"), ("c", Requires, "b"), ("d", Reads, "a")].map(dependency);
        for (from, to, leads) in
            [("a", "b", true), ("a", "c", true), ("c", "a", false), ("d", "c", false), ("x", "x", true)]
        {
            assert_eq!(leads_to(all.iter(), from, to), leads, "{from} {to}");
        }
    }

    #[test]
    fn a_desk_may_not_come_before_what_it_builds_on_in_its_sprint_or_an_earlier_one() {
        let all = [dependency(("b", Requires, "a"))];
        for (desks, fits) in [
            (sprints(&[&["a", "b"]]), true),
            (sprints(&[&["b", "a"]]), false),
            (sprints(&[&["a"], &["b"]]), true),
            (sprints(&[&["b", "c"], &["a"]]), false),
            (sprints(&[&["b"]]), true),
        ] {
            assert_eq!(violated(&desks, all.iter()).is_none(), fits, "{desks:?}");
        }
    }

    #[test]
    fn a_desk_is_in_one_sprint_and_a_sprint_without_desks_is_none() {
        let desks = |desks: &[&str]| desks.iter().map(|desk| (*desk).to_owned()).collect::<Vec<_>>();
        let moved = sequenced(sprints(&[&["a", "b"], &["c"]]), 0, desks(&["b", "c"]));
        assert_eq!(moved, sprints(&[&["b", "c"]]));
        assert_eq!(
            sequenced(moved, 2, desks(&["a"])),
            BTreeMap::from([(0, desks(&["b", "c"])), (2, desks(&["a"]))])
        );
    }
}
