//! `GET /debug/runtime`: the runtime under the actors, and the process as the kernel counts it.

use super::super::{answer::Answer, connection::Asking, edge::Edge};
use super::look::{look, shown};
use axum::extract::Request;
use hecate_desk::Refusal;
use hecate_proto::debug_answers::{ProcessState, Runtime, TokioState, WorkerState};
use std::sync::Arc;
use tokio::runtime::{Handle, RuntimeMetrics};

/// How both are doing.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    look(&edge, &asking, &request, &[])?;
    let process = process().await?;
    let tokio = tokio_state(&Handle::current().metrics());
    let uptime_seconds = edge.parts.started.elapsed().as_secs();
    shown(&edge, Runtime { version: edge.parts.version.to_owned(), uptime_seconds, tokio, process })
}

fn tokio_state(metrics: &RuntimeMetrics) -> TokioState {
    let worker = |at| WorkerState {
        busy_ms: metrics.worker_total_busy_duration(at).as_millis() as u64,
        parks: metrics.worker_park_count(at),
    };
    TokioState {
        alive_tasks: metrics.num_alive_tasks() as u64,
        global_queue_depth: metrics.global_queue_depth() as u64,
        workers: (0..metrics.num_workers()).map(worker).collect(),
    }
}

/// What the kernel counts, read beside the workers: to list the descriptors takes as long as there are many.
async fn process() -> Result<ProcessState, Refusal> {
    tokio::task::spawn_blocking(read_process).await.map_err(|_| Refusal::INTERNAL)
}

fn read_process() -> ProcessState {
    // Where there is no `/proc`, nothing is said.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = |name| number(&status, name).map(|kib| kib * 1_024);
    ProcessState {
        pid: std::process::id(),
        threads: number(&status, "Threads:"),
        rss_bytes: kib("VmRSS:"),
        rss_peak_bytes: kib("VmHWM:"),
        // The one that lists them is open too.
        open_fds: std::fs::read_dir("/proc/self/fd").ok().map(|fds| fds.count().saturating_sub(1) as u64),
        open_fds_max: rustix::process::getrlimit(rustix::process::Resource::Nofile).current,
    }
}

/// The number behind a name, in the lines of `/proc/self/status`.
fn number(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
#[test]
fn a_status_is_read_by_the_names_of_its_lines() {
    let status = "Name:\thecate\nVmHWM:\t   12 kB\nVmRSS:\t    7 kB\nThreads:\t3\n";
    let read = |name| number(status, name);
    assert_eq!((read("VmRSS:"), read("Threads:"), read("VmSwap:")), (Some(7), Some(3), None));
    if cfg!(target_os = "linux") {
        let process = read_process();
        assert!(process.threads > Some(0) && process.rss_bytes > Some(0) && process.open_fds > Some(0));
    }
}
