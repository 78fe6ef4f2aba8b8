//! How many rows stand above a given one, in O(log n): a Fenwick tree that grows at its end.

/// Heights in rows, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Heights {
    /// `sums[i]` holds the sum of the `lowest_bit(i + 1)` heights that end with the one at `i`.
    sums: Vec<usize>,
    total: usize,
}

fn lowest_bit(at: usize) -> usize {
    at & at.wrapping_neg()
}

impl Heights {
    /// The sum of all.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// Appends a height.
    pub(super) fn push(&mut self, rows: usize) {
        let end = self.sums.len() + 1;
        let mut sum = rows;
        let mut child = end - 1;
        while child > end - lowest_bit(end) {
            sum += self.sums[child - 1];
            child -= lowest_bit(child);
        }
        self.sums.push(sum);
        self.total += rows;
    }

    /// Replaces a height that was `before`.
    pub(super) fn replace(&mut self, at: usize, before: usize, rows: usize) {
        let mut end = at + 1;
        while end <= self.sums.len() {
            self.sums[end - 1] = self.sums[end - 1] + rows - before;
            end += lowest_bit(end);
        }
        self.total = self.total + rows - before;
    }

    /// Where a row is: the first of them with which the sum exceeds `row`, or their number when none is.
    pub(super) fn unit_at(&self, row: usize) -> usize {
        let (mut end, mut left) = (0, row);
        let mut step = self.sums.len().checked_ilog2().map_or(0, |bits| 1 << bits);
        while step > 0 {
            if let Some(sum) = self.sums.get(end + step - 1).filter(|sum| **sum <= left) {
                left -= sum;
                end += step;
            }
            step /= 2;
        }
        end
    }

    /// The sum of the heights before `at`.
    pub(super) fn before(&self, at: usize) -> usize {
        let mut end = at.min(self.sums.len());
        let mut sum = 0;
        while end > 0 {
            sum += self.sums[end - 1];
            end -= lowest_bit(end);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_agrees_with_a_plain_list(
            heights in proptest::collection::vec(0..9_usize, 1..80),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), 0..9_usize), 0..20),
        ) {
            let mut tree = Heights::default();
            let mut list = Vec::new();
            for rows in heights {
                tree.push(rows);
                list.push(rows);
            }
            for (at, rows) in changes {
                let at = at.index(list.len());
                tree.replace(at, list[at], rows);
                list[at] = rows;
            }
            for at in 0..=list.len() {
                prop_assert_eq!(tree.before(at), list[..at].iter().sum::<usize>());
            }
            let rows = list.iter().enumerate().flat_map(|(at, rows)| std::iter::repeat_n(at, *rows));
            for (row, at) in rows.chain([list.len()]).enumerate() {
                prop_assert_eq!(tree.unit_at(row), at);
            }
            prop_assert_eq!(tree.total(), list.iter().sum::<usize>());
        }
    }
}
