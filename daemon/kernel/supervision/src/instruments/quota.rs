//! How many lines of a trace get through, and how many do not, exactly.

use hecate_proto::debug::TraceLimits;

/// The count of one trace.
#[derive(Debug)]
pub(crate) struct Quota {
    limits: TraceLimits,
    begun_ms: u64,
    /// Which second of the trace it is, and how many lines it had.
    second: u64,
    in_second: u64,
    lines: u64,
    dropped: u64,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Write,
    /// It is counted.
    Drop,
    /// The trace is over: it is no line any more.
    Over,
}

impl Quota {
    pub(crate) fn new(limits: TraceLimits, now_ms: u64) -> Self {
        Self { limits, begun_ms: now_ms, second: 0, in_second: 0, lines: 0, dropped: 0 }
    }

    pub(crate) fn admit(&mut self, now_ms: u64) -> Verdict {
        let age_ms = now_ms.saturating_sub(self.begun_ms);
        if self.is_used_up() || age_ms >= self.limits.max_ms {
            return Verdict::Over;
        }
        let second = age_ms / 1_000;
        if second != self.second {
            (self.second, self.in_second) = (second, 0);
        }
        if self.in_second >= self.limits.rate_per_s {
            self.dropped += 1;
            return Verdict::Drop;
        }
        self.in_second += 1;
        self.lines += 1;
        Verdict::Write
    }

    /// A line that was let through had no place.
    pub(crate) fn take_back(&mut self) {
        self.lines -= 1;
        self.dropped += 1;
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.lines >= self.limits.max_lines
    }

    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hecate_proto::debug::TraceEvents;

    fn quota(max_lines: u64, rate_per_s: u64) -> Quota {
        Quota::new(TraceLimits { events: TraceEvents::Both, max_ms: 5_000, max_lines, rate_per_s }, 7_000)
    }

    #[test]
    fn what_goes_beyond_the_rate_is_dropped_until_the_next_second() {
        let mut quota = quota(100, 2);
        let verdicts = [7_000, 7_500, 7_999, 8_000].map(|now_ms| quota.admit(now_ms));
        assert_eq!(verdicts, [Verdict::Write, Verdict::Write, Verdict::Drop, Verdict::Write]);
        assert_eq!((quota.lines(), quota.dropped()), (3, 1));
    }

    #[test]
    fn a_trace_is_over_at_its_last_line_and_at_the_end_of_its_time() {
        let mut few = quota(1, 10);
        assert_eq!([few.admit(7_000), few.admit(7_000)], [Verdict::Write, Verdict::Over]);
        assert!(few.is_used_up());
        assert_eq!(quota(9, 10).admit(12_000), Verdict::Over);
        assert_eq!((few.lines(), few.dropped()), (1, 0));
    }

    #[test]
    fn a_line_without_a_place_counts_as_dropped() {
        let mut quota = quota(1, 10);
        assert_eq!(quota.admit(7_000), Verdict::Write);
        quota.take_back();
        assert_eq!((quota.lines(), quota.dropped(), quota.is_used_up()), (0, 1, false));
    }
}
