//! Which dependency brings another one in.
//!
//! In: a graph of names, the names that ask for themselves. Out: name -> the one before it on a
//! shortest way. Invariant: equal graphs give equal answers: among ways of one length, that through
//! the first names is taken.

use std::collections::{BTreeMap, BTreeSet};

/// name -> the names that it asks for.
pub(super) type Edges<Name> = BTreeMap<Name, BTreeSet<Name>>;

/// For everything that can be reached from `start`, the one that brings it in; none for what
/// `start` itself asks for.
pub(super) fn requirers<Name: Copy + Ord>(
    edges: &Edges<Name>,
    start: impl IntoIterator<Item = Name>,
) -> BTreeMap<Name, Option<Name>> {
    let start: BTreeSet<Name> = start.into_iter().collect();
    let mut found: BTreeMap<Name, Option<Name>> = BTreeMap::new();
    let mut level = start.clone();
    while !level.is_empty() {
        let mut next = BTreeSet::new();
        for name in &level {
            let requirer = (!start.contains(name)).then_some(*name);
            for asked in edges.get(name).into_iter().flatten() {
                if !start.contains(asked) && !found.contains_key(asked) {
                    found.insert(*asked, requirer);
                    next.insert(*asked);
                }
            }
        }
        level = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(list: &[(&'static str, &[&'static str])]) -> Edges<&'static str> {
        list.iter()
            .map(|(name, asked)| (*name, asked.iter().copied().collect()))
            .collect()
    }

    #[test]
    fn the_shortest_way_from_the_component_counts() {
        let edges = edges(&[
            ("component", &["a", "far"]),
            ("a", &["deep", "b"]),
            ("b", &["far", "deep"]),
            ("far", &["component"]),
        ]);
        let found = requirers(&edges, ["component"]);
        let wanted = [
            ("a", None),
            ("b", Some("a")),
            ("deep", Some("a")),
            ("far", None),
        ];
        assert_eq!(found, wanted.into());
    }

    #[test]
    fn among_ways_of_one_length_the_first_name_counts_whatever_the_order_of_the_list() {
        let one = edges(&[("c", &["y", "x"]), ("y", &["z"]), ("x", &["z"])]);
        let other = edges(&[("x", &["z"]), ("y", &["z"]), ("c", &["x", "y"])]);
        assert_eq!(requirers(&one, ["c"])["z"], Some("x"));
        assert_eq!(requirers(&one, ["c"]), requirers(&other, ["c"]));
    }

    #[test]
    fn what_a_wrapper_asks_for_beside_its_component_is_not_brought_in() {
        let edges = edges(&[
            ("wrapper", &["component", "sdk"]),
            ("component", &["sdk", "used"]),
            ("sdk", &["deep"]),
        ]);
        let found = requirers(&edges, ["wrapper", "component"]);
        assert_eq!(found["sdk"], None);
        assert_eq!(found["used"], None);
        assert_eq!(found["deep"], Some("sdk"));
        assert!(!found.contains_key("component"));
    }
}
