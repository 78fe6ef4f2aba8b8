//! The tasks, once for every library in process. Each task has a runtime of its own, with a worker per core, and what
//! it leaves behind goes with it. The driver is a task among others, as an actor that sends to actors is.

use super::library::{Births, Counter, Crowd, Fragile, Library, Nursery, Tally};
use super::{Contestant, PooledTimes, WINDOWS};
use crate::contestant::store;
use crate::machine;
use crate::sample::Samples;
use std::marker::PhantomData;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) struct InProcess<L>(pub(super) PhantomData<L>);

impl<L: Library> Contestant for InProcess<L> {
    fn name(&self) -> &'static str {
        L::NAME
    }

    fn casts(&mut self, bounded: bool, messages: usize) -> Vec<Duration> {
        on_a_runtime(async move {
            match L::counter(bounded).await {
                Some(counter) => casts(&counter, messages).await,
                None => Vec::new(),
            }
        })
    }

    fn calls(&mut self, count: usize) -> Vec<Duration> {
        on_a_runtime(async move {
            let counter = L::counter(false).await.unwrap();
            let mut each = Vec::with_capacity(count);
            for _ in 0..count {
                let from = Instant::now();
                counter.call().await;
                each.push(from.elapsed());
            }
            each
        })
    }

    fn broadcasts(&mut self, members: usize, facts: usize) -> Vec<Duration> {
        on_a_runtime(async move {
            let tally = Tally::new(members, facts);
            let crowd = L::crowd(members, Arc::clone(&tally)).await;
            let fact = store::recorded(&Samples::new(0).next(0));
            let mut windows = Vec::with_capacity(WINDOWS);
            for _ in 0..WINDOWS {
                let began = Instant::now();
                (0..facts).for_each(|_| crowd.tell(&fact));
                tally.all_heard().await;
                windows.push(began.elapsed());
            }
            windows
        })
    }

    fn restarts(&mut self, children: usize, count: usize) -> Vec<Duration> {
        on_a_runtime(async move {
            let (births, mut times) = Births::new(children);
            let fragile = L::fragile(children, births).await;
            let _boot = times.recv().await;
            let mut each = Vec::with_capacity(count);
            for _ in 0..count {
                fragile.crash().await;
                each.push(times.recv().await.unwrap());
            }
            each
        })
    }

    fn pool(&mut self, children: usize, window: usize) -> PooledTimes {
        on_a_runtime(async move {
            let mut nursery = L::nursery().await;
            let mut starts = Vec::with_capacity(children / window);
            for first in (0..children).step_by(window) {
                let began = Instant::now();
                for number in first..first + window {
                    nursery.start(number).await;
                }
                starts.push(began.elapsed());
            }
            let began = Instant::now();
            nursery.stop().await;
            PooledTimes { starts, stop: began.elapsed() }
        })
    }

    /// In a process of its own: what this one has freed would be taken again unseen.
    fn bytes_per_actor(&mut self, _: usize) -> f64 {
        let bench = std::env::current_exe().unwrap();
        let told = Command::new(bench).args([super::HOLD, L::NAME]).output().unwrap();
        String::from_utf8(told.stdout).unwrap().trim().parse().unwrap()
    }
}

/// Bytes of memory that each of so many idle children takes.
pub(super) fn hold<L: Library>(children: usize) -> f64 {
    on_a_runtime(async move {
        let mut nursery = L::nursery().await;
        nursery.start(children).await;
        let before = machine::resident_bytes("self");
        for number in 0..children {
            nursery.start(number).await;
        }
        let took = machine::resident_bytes("self") - before;
        std::mem::forget(nursery);
        took / children as f64
    })
}

async fn casts(counter: &impl Counter, messages: usize) -> Vec<Duration> {
    let mut windows = Vec::with_capacity(WINDOWS);
    for window in 1..=WINDOWS {
        let began = Instant::now();
        for _ in 0..messages {
            counter.cast().await;
        }
        let heard = counter.call().await;
        windows.push(began.elapsed());
        assert_eq!(heard, (window * messages) as u64);
    }
    windows
}

fn on_a_runtime<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    runtime.block_on(async { tokio::spawn(task).await.unwrap() })
}
