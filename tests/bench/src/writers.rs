//! Many writers at once, each on a thread of its own or each a task, and what they saw.

use crate::book::Rate;
use crate::contestant::{Contestant, Tasks};
use crate::machine::cpu_time;
use crate::sample::{STREAMS, Samples};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Not measured: connections, caches, plans.
const WARM_UP: usize = 20;
/// Worker threads under the tasks.
const TASK_THREADS: usize = 2;

/// Runs `work` on so many threads; answers what each returned.
pub(crate) fn at_once<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|number| scope.spawn(move || work(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Appends for so long, `writers` at once, each on its own thread and in its own streams.
pub(crate) fn threads(contestant: &dyn Contestant, writers: usize, seconds: Duration) -> Rate {
    let warm = Barrier::new(writers);
    let writer = |number: usize| {
        let (mut writer, mut streams) = (contestant.writer(), streams(number, writers));
        let mut samples = Samples::new(number as u64);
        for stream in streams.by_ref().take(WARM_UP) {
            writer.append(&samples.next(stream));
        }
        warm.wait();
        let (began, cpu, mut each) = (Instant::now(), cpu_time(), Vec::new());
        for stream in streams {
            let from = Instant::now();
            writer.append(&samples.next(stream));
            each.push(from.elapsed());
            if began.elapsed() >= seconds {
                break;
            }
        }
        Rate { took: began.elapsed(), each, cpu: cpu_time() - cpu }
    };
    Rate::of_all(at_once(writers, writer))
}

/// The same with a task per writer on two threads, as a daemon does it.
pub(crate) fn tasks(contestant: &dyn Tasks, writers: usize, seconds: Duration) -> Rate {
    let runtime = runtime();
    let writer = |number: usize| async move {
        let mut samples = Samples::new(number as u64);
        let (began, cpu, mut each) = (Instant::now(), cpu_time(), Vec::new());
        for stream in streams(number, writers) {
            let from = Instant::now();
            contestant.append(samples.next(stream)).await;
            each.push(from.elapsed());
            if began.elapsed() >= seconds {
                break;
            }
        }
        Rate { took: began.elapsed(), each, cpu: cpu_time() - cpu }
    };
    // Tasks that borrow are polled together; the store's thread and this one then share the two cores.
    let all = runtime.block_on(futures_util::future::join_all((0..writers).map(writer)));
    Rate::of_all(all)
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(TASK_THREADS).enable_all().build().unwrap()
}

/// The streams of one writer among `writers`, over and over.
fn streams(number: usize, writers: usize) -> impl Iterator<Item = usize> {
    (number..STREAMS).step_by(writers).cycle()
}
