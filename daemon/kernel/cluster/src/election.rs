//! Which of two links to one peer is kept. Pure, and the same at both ends, so that they never disagree.

use crate::greeting::Boot;
use crate::identity::NodeId;

/// A link as the election sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Which start of the peer is at the other end.
    pub(crate) boot: Boot,
    /// Opened by the node whose name sorts last: of two that crossed, this one is kept.
    pub(crate) preferred: bool,
}

impl Candidate {
    pub(crate) fn new(ours: &NodeId, peer: &NodeId, opened: bool, boot: Boot) -> Candidate {
        Candidate { boot, preferred: opened == (ours > peer) }
    }

    /// Whether this one takes the place of the link that is held. The newest does: nobody opens a second link
    /// while its first lives. Only where both opened one at the same time has the preferred one precedence.
    pub(crate) fn replaces(&self, held: Option<&Candidate>) -> bool {
        held.is_none_or(|held| held.boot != self.boot || self.preferred || !held.preferred)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ends hear of the same two links, in any order, and keep the same one.
    #[test]
    fn two_links_that_crossed_end_as_the_same_one_at_both_ends() {
        let (low, high) = {
            let (one, other) = (NodeId::of_key(&[1; 32]), NodeId::of_key(&[2; 32]));
            if one < other { (one, other) } else { (other, one) }
        };
        let kept = |ours: &NodeId, peer: &NodeId, order: [bool; 2]| {
            let mut held = None;
            for opened in order {
                let next = Candidate::new(ours, peer, opened, 1);
                if next.replaces(held.as_ref()) {
                    held = Some(next);
                }
            }
            held.unwrap().preferred
        };
        for order in [[true, false], [false, true]] {
            assert!(kept(&low, &high, order) && kept(&high, &low, order));
        }
    }

    #[test]
    fn a_peer_that_began_anew_is_never_a_duplicate() {
        let held = Candidate { boot: 1, preferred: true };
        assert!(Candidate { boot: 2, preferred: false }.replaces(Some(&held)));
        assert!(!Candidate { boot: 1, preferred: false }.replaces(Some(&held)));
        assert!(Candidate { boot: 1, preferred: true }.replaces(Some(&held)));
        assert!(Candidate { boot: 1, preferred: false }.replaces(None));
    }
}
