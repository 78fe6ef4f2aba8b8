//! What a process costs, as the kernel counts it: time on a processor, not time on the wall, which other people's
//! work lengthens.

use std::time::Duration;

/// Time that all threads of a process have been on a processor.
///
/// # Panics
/// Where there is no `/proc`.
pub fn cpu_of(pid: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let on_cpu_ns = |path: std::path::PathBuf| -> u64 {
        // A thread may end meanwhile.
        let text = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        text.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
    };
    Duration::from_nanos(threads.filter_map(Result::ok).map(|thread| on_cpu_ns(thread.path())).sum())
}

#[cfg(test)]
#[test]
fn whoever_works_is_counted() {
    let before = cpu_of(std::process::id());
    let mut sum = 0_u64;
    while cpu_of(std::process::id()) < before + Duration::from_millis(5) {
        sum = (0..100_000).fold(sum, u64::wrapping_add);
    }
    assert!(std::hint::black_box(sum) < u64::MAX);
}
