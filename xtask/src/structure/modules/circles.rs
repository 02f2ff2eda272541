//! Circles among arrows.
//!
//! In: who uses whom. Out: for every arrow on a circle the shortest circle through it, each circle
//! once. Invariant: nothing only where there is no circle at all.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Node -> nodes that it uses.
pub(super) type Uses<N> = BTreeMap<N, BTreeSet<N>>;

/// The circles, each from its smallest node on, without naming that one twice.
pub(super) fn find<N: Clone + Ord>(uses: &Uses<N>) -> BTreeSet<Vec<N>> {
    let arrows = uses
        .iter()
        .flat_map(|(from, targets)| targets.iter().map(move |to| (from, to)));
    arrows
        .filter_map(|(from, to)| shortest_way(uses, to, from))
        .map(from_smallest)
        .collect()
}

fn shortest_way<N: Clone + Ord>(uses: &Uses<N>, from: &N, to: &N) -> Option<Vec<N>> {
    let mut came_from: BTreeMap<&N, &N> = BTreeMap::new();
    let mut waiting = VecDeque::from([from]);
    while let Some(at) = waiting.pop_front() {
        if at == to {
            let mut way = vec![at.clone()];
            let mut step = at;
            while step != from {
                step = came_from[step];
                way.push(step.clone());
            }
            way.reverse();
            return Some(way);
        }
        for next in uses.get(at).into_iter().flatten() {
            if next != from && !came_from.contains_key(next) {
                came_from.insert(next, at);
                waiting.push_back(next);
            }
        }
    }
    None
}

fn from_smallest<N: Ord>(mut circle: Vec<N>) -> Vec<N> {
    let smallest = (0..circle.len()).min_by_key(|index| &circle[*index]);
    circle.rotate_left(smallest.unwrap_or(0));
    circle
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(arrows: &[(char, char)]) -> Vec<String> {
        let mut uses = Uses::new();
        for (from, to) in arrows {
            uses.entry(*from).or_insert_with(BTreeSet::new).insert(*to);
        }
        find(&uses)
            .into_iter()
            .map(|circle| circle.into_iter().collect())
            .collect()
    }

    #[test]
    fn finds_each_circle_once_and_none_in_a_tree() {
        assert!(circles(&[('a', 'b'), ('a', 'c'), ('b', 'd'), ('c', 'd')]).is_empty());
        assert_eq!(circles(&[('b', 'c'), ('c', 'a'), ('a', 'b')]), ["abc"]);
        assert_eq!(
            circles(&[('a', 'b'), ('b', 'a'), ('b', 'c'), ('c', 'b'), ('c', 'd')]),
            ["ab", "bc"]
        );
    }
}
