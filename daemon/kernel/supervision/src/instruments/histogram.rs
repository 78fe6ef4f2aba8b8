//! How long things took, in buckets that double: from a microsecond to half a minute.

use super::stats;
use hecate_proto::debug as proto;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The first bucket ends here, ns, as a power of two.
const FIRST_BITS: u32 = 10;
/// Buckets with an end; the last one ends at 34 s.
const BOUNDED: usize = 26;

/// Written by any number of threads, read by any other.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BOUNDED + 1],
    sum_ns: AtomicU64,
}

/// The bucket of a time: the first whose end is not before it.
fn bucket_of(ns: u64) -> usize {
    let bits = u64::BITS - ns.saturating_sub(1).leading_zeros();
    (bits.saturating_sub(FIRST_BITS) as usize).min(BOUNDED)
}

/// The end of a bucket, ns; the last one has none.
fn end_of(bucket: usize) -> Option<u64> {
    (bucket < BOUNDED).then(|| 1 << (FIRST_BITS as usize + bucket))
}

impl Histogram {
    /// So many took that long.
    pub(crate) fn add(&self, ns: u64, count: u64) {
        self.buckets[bucket_of(ns)].fetch_add(count, Relaxed);
        self.sum_ns.fetch_add(ns.saturating_mul(count), Relaxed);
    }

    pub(crate) fn latency(&self) -> proto::Latency {
        let counts = self.buckets.iter().enumerate();
        let bucket = |(index, count): (usize, &AtomicU64)| proto::Bucket {
            at_most_ns: end_of(index),
            count: count.load(Relaxed),
        };
        let buckets: Vec<_> = counts.map(bucket).filter(|bucket| bucket.count > 0).collect();
        let count = buckets.iter().map(|bucket| bucket.count).sum();
        proto::Latency { count, sum_ns: self.sum_ns.load(Relaxed), buckets }
    }

    /// As OpenMetrics has it: every bucket holds those before it, too.
    pub(crate) fn cumulative(&self) -> stats::Histogram {
        let mut count = 0;
        let mut buckets = Vec::with_capacity(BOUNDED);
        for (index, bucket) in self.buckets.iter().enumerate() {
            count += bucket.load(Relaxed);
            buckets.extend(end_of(index).map(|end| (end, count)));
        }
        stats::Histogram { buckets, count, sum_ns: self.sum_ns.load(Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_falls_into_the_first_bucket_whose_end_is_not_before_it() {
        let table = [(0, 0), (1, 0), (1_024, 0), (1_025, 1), (2_048, 1), (2_049, 2), (1 << 35, 25)];
        for (ns, bucket) in table {
            assert_eq!(bucket_of(ns), bucket, "{ns} ns");
        }
        for ns in [(1 << 35) + 1, u64::MAX] {
            assert_eq!(end_of(bucket_of(ns)), None, "{ns} ns");
        }
        assert!((0..BOUNDED).all(|bucket| bucket_of(end_of(bucket).unwrap()) == bucket));
    }

    #[test]
    fn both_views_agree_on_how_many_there_were() {
        let times = Histogram::default();
        times.add(500, 3);
        times.add(2_000, 1);
        times.add(u64::MAX, 1);
        let latency = times.latency();
        let shown: Vec<_> = latency.buckets.iter().map(|it| (it.at_most_ns, it.count)).collect();
        assert_eq!(shown, [(Some(1_024), 3), (Some(2_048), 1), (None, 1)]);
        let cumulative = times.cumulative();
        assert_eq!((latency.count, cumulative.count), (5, 5));
        assert_eq!(cumulative.buckets[..3], [(1_024, 3), (2_048, 4), (4_096, 4)]);
        assert_eq!(cumulative.buckets.last(), Some(&(1 << 35, 4)));
    }
}
