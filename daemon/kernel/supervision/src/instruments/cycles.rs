//! Circles in a graph of who waits for whom.

use std::collections::{BTreeMap, BTreeSet};

/// Circles that are shown.
const CYCLES_MAX: usize = 100;

/// The circles that one walk finds, each in the order of its edges: at least one of every group of nodes that
/// reach each other.
pub(crate) fn cycles<N: Copy + Ord>(edges: &BTreeMap<N, Vec<N>>) -> Vec<Vec<N>> {
    let mut found = Vec::new();
    let mut done = BTreeSet::new();
    for start in edges.keys() {
        walk(edges, *start, &mut done, &mut found);
    }
    found
}

/// Depth first, without recursion: a chain may be long.
fn walk<N: Copy + Ord>(
    edges: &BTreeMap<N, Vec<N>>,
    start: N,
    done: &mut BTreeSet<N>,
    found: &mut Vec<Vec<N>>,
) {
    let mut path: Vec<(N, usize)> = Vec::from([(start, 0)]);
    let mut on_path = BTreeSet::from([start]);
    while let Some((node, taken)) = path.last_mut().filter(|(node, _)| !done.contains(node)) {
        let Some(next) = edges.get(node).and_then(|targets| targets.get(*taken)).copied() else {
            done.insert(*node);
            on_path.remove(node);
            path.pop();
            continue;
        };
        *taken += 1;
        if on_path.contains(&next) {
            let circle = path.iter().map(|(node, _)| *node).skip_while(|node| *node != next);
            if found.len() < CYCLES_MAX {
                found.push(circle.collect());
            }
        } else if !done.contains(&next) {
            on_path.insert(next);
            path.push((next, 0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(edges: &[(u8, &[u8])]) -> Vec<Vec<u8>> {
        cycles(&edges.iter().map(|(from, to)| (*from, to.to_vec())).collect())
    }

    #[test]
    fn who_waits_for_each_other_is_found_and_nobody_else() {
        assert_eq!(circles(&[(1, &[2]), (2, &[3]), (3, &[1]), (4, &[1]), (5, &[6])]), [[1, 2, 3]]);
        assert_eq!(circles(&[(1, &[2]), (2, &[3]), (3, &[])]), Vec::<Vec<u8>>::new());
        assert_eq!(circles(&[(7, &[7])]), [[7]]);
    }

    #[test]
    fn separate_circles_and_those_off_a_side_road_are_all_found() {
        assert_eq!(circles(&[(1, &[2]), (2, &[1]), (3, &[4]), (4, &[3])]), [[1, 2], [3, 4]]);
        assert_eq!(circles(&[(1, &[9, 2]), (2, &[3]), (3, &[2])]), [[2, 3]]);
        assert_eq!(circles(&[(1, &[2, 3]), (2, &[4]), (3, &[4]), (4, &[])]), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_chain_of_any_length_is_walked_and_the_circles_shown_are_bounded() {
        let chain: BTreeMap<u32, Vec<u32>> = (0..100_000).map(|node| (node, vec![node + 1])).collect();
        assert!(cycles(&chain).is_empty());
        let selfish: BTreeMap<u32, Vec<u32>> = (0..1_000).map(|node| (node, vec![node])).collect();
        assert_eq!(cycles(&selfish).len(), CYCLES_MAX);
    }
}
