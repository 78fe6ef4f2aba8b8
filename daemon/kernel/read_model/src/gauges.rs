//! How far a read model is drawn, and how fast: what queries wait for and what operators look at.

use crate::file::Parking;
use hecate_event_store::Spread;
use std::collections::VecDeque;
use std::time::Duration;

/// Batches that the figures rest on.
const BATCHES_MAX: usize = 128;

/// How a read model is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelGauges {
    /// The position up to which the file that answers is drawn; none while there is none.
    pub position: Option<u64>,
    /// The position up to which a file in the making is drawn; none while none is made.
    pub making: Option<u64>,
    /// Events that do not draw, each at the head of its stream.
    pub parked: u64,
    /// Events that are parked behind those.
    pub parked_behind: u64,
    /// Why it is not written now, while it waits for that to pass.
    pub waiting: Option<String>,
    /// Events drawn per second, while there was something to draw.
    pub events_per_second: f64,
    /// Microseconds that it took to draw one batch.
    pub batch_us: Spread,
}

impl ModelGauges {
    /// What its projection is at: a file that is made, also beside one that answers, or the log's news.
    pub(crate) fn phase(&self) -> &'static str {
        match (&self.waiting, self.position, self.making) {
            (Some(_), ..) => "waiting",
            (None, Some(_), None) => "following",
            _ => "making",
        }
    }
}

/// What the projection says of itself after each step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Drawn {
    /// The position of the file that answers.
    pub(crate) position: Option<u64>,
    /// The position of the file in the making.
    pub(crate) making: Option<u64>,
    /// What is parked in the file that answers, or else in the one in the making.
    pub(crate) parking: Parking,
}

/// The most recent batches.
#[derive(Debug, Default)]
pub(crate) struct Batches(VecDeque<(usize, Duration)>);

impl Batches {
    pub(crate) fn note(&mut self, events: usize, took: Duration) {
        if self.0.len() == BATCHES_MAX {
            self.0.pop_front();
        }
        self.0.push_back((events, took));
    }

    pub(crate) fn gauges(&self, drawn: Drawn) -> ModelGauges {
        let events: usize = self.0.iter().map(|(events, _)| events).sum();
        let busy: Duration = self.0.iter().map(|(_, took)| *took).sum();
        ModelGauges {
            position: drawn.position,
            making: drawn.making,
            parked: drawn.parking.culprits,
            parked_behind: drawn.parking.events - drawn.parking.culprits,
            waiting: None,
            events_per_second: if busy.is_zero() { 0.0 } else { events as f64 / busy.as_secs_f64() },
            batch_us: spread(self.0.iter().map(|(_, took)| took.as_micros() as u64).collect()),
        }
    }
}

fn spread(mut samples: Vec<u64>) -> Spread {
    samples.sort_unstable();
    let at = |percent: usize| {
        let rank = (samples.len() * percent).div_ceil(100).max(1);
        samples.get(rank - 1).copied().unwrap_or(0)
    };
    Spread { samples: samples.len(), p50: at(50), p99: at(99), max: at(100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_until_one_answers_alone() {
        let phase = |position, making, waiting: Option<&str>| {
            let waiting = waiting.map(str::to_owned);
            ModelGauges { position, making, waiting, ..ModelGauges::default() }.phase()
        };
        assert_eq!((phase(None, None, None), phase(None, Some(0), None)), ("making", "making"));
        assert_eq!((phase(Some(9), Some(0), None), phase(Some(9), None, None)), ("making", "following"));
        assert_eq!(phase(Some(9), None, Some("the disk is full")), "waiting");
    }

    #[test]
    fn the_last_batches_give_the_figures() {
        let mut batches = Batches::default();
        assert_eq!(batches.gauges(Drawn::default()), ModelGauges::default());
        batches.note(1, Duration::from_secs(1_000));
        (1..=BATCHES_MAX as u64).for_each(|n| batches.note(10, Duration::from_micros(n)));
        let gauges = batches.gauges(Drawn::default());
        let spread = Spread { samples: 128, p50: 64, p99: 127, max: 128 };
        assert_eq!(gauges.batch_us, spread, "the slow one is forgotten");
        assert!((gauges.events_per_second - 1_280.0 / 0.008_256).abs() < 1.0, "{gauges:?}");
    }
}
