//! What the daemon shows, as short text for people.

use super::super::show::clean;
use super::table::{aligned, span};
use hecate_proto::debug::{ActorState, Deadlocks, Latency, OwnLoop, Top, TopBy, Waiting, Work};
use hecate_proto::debug_answers::{Begun, Crashes, Done, GroupList, OneActor, Present, Runtime};

/// The leaders by one measure.
pub(super) fn top(top: &Top) -> Vec<String> {
    let (measure, nobody) = match top.by {
        TopBy::Depth => ("DEPTH", "nobody has a message waiting"),
        TopBy::Busy => ("BUSY ‰", "nobody was busy"),
        TopBy::Messages => ("MESSAGES", "nobody handled a message"),
        TopBy::Restarts => ("RESTARTS", "nobody was restarted"),
        TopBy::Latency => ("LATENCY", "nobody handled a message"),
    };
    if top.rows.is_empty() {
        let within = (top.by != TopBy::Depth).then(|| format!(" in the last {}", word(&top.window)));
        return vec![format!("{nobody}{}", within.unwrap_or_default())];
    }
    let mut rows = vec![heading([measure, "PATH", "STATUS", "QUEUE", "AT WORK ON"])];
    rows.extend(top.rows.iter().map(|row| {
        let value = if top.by == TopBy::Latency { span(row.value) } else { row.value.to_string() };
        let current = row.current.as_ref().map(|it| format!("{} for {} ms", clean(&it.variant), it.for_ms));
        vec![value, clean(&row.path), clean(&row.status), row.depth.to_string(), current.unwrap_or_default()]
    }));
    aligned(&rows)
}

/// One actor.
pub(super) fn actor(OneActor { actor }: &OneActor) -> Vec<String> {
    let node = &actor.node;
    let mut rows = vec![
        pair("path", clean(&node.path)),
        pair("kind", clean(&node.kind)),
        pair("status", clean(&node.status)),
        pair("generation", node.generation),
    ];
    rows.extend(node.id.as_ref().map(|id| pair("id", clean(id))));
    rows.extend(actor.started_at.as_ref().map(|at| pair("started at", clean(at))));
    rows.extend(node.strategy.as_ref().map(|strategy| pair("strategy", clean(strategy))));
    rows.extend(
        node.intensity.as_ref().map(|it| {
            pair("restarts in window", format!("{} of {} in {} ms", it.used, it.max, it.period_ms))
        }),
    );
    rows.extend(node.restarts.last.as_ref().map(|last| {
        let says = format!("{}, last {} at {}", node.restarts.total, clean(&last.reason), clean(&last.at));
        pair("restarts", says)
    }));
    rows.extend(node.mailbox.as_ref().map(|it| {
        pair(
            "mailbox",
            format!("{} of {}, most {}, full: {}", it.depth, it.capacity, it.high_water, clean(&it.on_full)),
        )
    }));
    rows.extend(Some(pair("groups", clean(&node.groups.join(", ")))).filter(|_| !node.groups.is_empty()));
    rows.extend(actor.work.iter().flat_map(work));
    rows.push(pair("state", state(&actor.state)));
    let variants = actor.work.as_ref().map(variants).unwrap_or_default();
    aligned(&rows).into_iter().chain(variants).collect()
}

fn work(work: &Work) -> Vec<Vec<String>> {
    let busy = work.busy;
    let lost = work.dropped;
    let mut rows = vec![
        pair(
            "busy",
            format!("{} ‰ 1s, {} ‰ 10s, {} ‰ 60s", busy.permille_1s, busy.permille_10s, busy.permille_60s),
        ),
        pair("in the handler", latency(&work.handle)),
        pair("in the mailbox", latency(&work.queue)),
        pair("sent", work.sent),
        pair("lost", format!("{} full, {} shed, {} undelivered", lost.full, lost.shed, lost.undelivered)),
    ];
    rows.extend(
        work.current
            .as_ref()
            .map(|it| pair("at work on", format!("{} for {} ms", clean(&it.variant), it.for_ms))),
    );
    let beside = work.own_loop.map(|own| match own {
        OwnLoop::Counted => "its turns count as messages",
        OwnLoop::NotMeasured => "not measured: these figures are of its messages alone",
    });
    rows.extend(beside.map(|says| pair("a loop of its own", says)));
    rows.extend(work.waiting_on.iter().map(|it| pair("waits for", waiting(it))));
    rows.extend(work.resumes_in_ms.map(|ms| pair("goes on in", format!("{ms} ms"))));
    rows
}

fn variants(work: &Work) -> Vec<String> {
    let mut rows = vec![heading(["MESSAGE", "COUNT", "MEAN", "LONGEST"])];
    rows.extend(
        work.variants
            .iter()
            .map(|it| vec![clean(&it.name), it.count.to_string(), span(it.mean_ns), span(it.max_ns)]),
    );
    if rows.len() == 1 { Vec::new() } else { [vec![String::new()], aligned(&rows)].concat() }
}

fn latency(latency: &Latency) -> String {
    match latency.sum_ns.checked_div(latency.count) {
        None => "never".to_owned(),
        Some(mean_ns) => format!("{} times, {} on average", latency.count, span(mean_ns)),
    }
}

fn state(state: &ActorState) -> String {
    match state {
        ActorState::Offered { value } => clean(&value.to_string()),
        ActorState::NotOffered => "not offered".to_owned(),
        ActorState::Busy => "not known: its handler is at work".to_owned(),
        ActorState::TooLarge { bytes } => format!("too large to show: {bytes} bytes"),
    }
}

/// The last crashes.
pub(super) fn crashes(Crashes { crashes }: &Crashes) -> Vec<String> {
    let told = crashes.iter().flat_map(|crash| {
        let handling = crash.handling.as_ref().map(|variant| format!(" in {}", clean(variant)));
        let recent = clean(&crash.recent.join(", "));
        let lines = [
            format!("#{} {} {}", crash.seq, clean(&crash.at), clean(&crash.path)),
            format!(
                "   {}{}: {}",
                crash.reason.as_str(),
                handling.unwrap_or_default(),
                clean(&crash.message)
            ),
            format!(
                "   generation {} lived {} ms, {} waited, then {}",
                crash.generation,
                crash.uptime_ms,
                crash.depth,
                word(&crash.decision)
            ),
        ];
        lines.into_iter().chain(Some(format!("   before: {recent}")).filter(|_| !recent.is_empty()))
    });
    or_nothing(told.collect(), "no crash is on record")
}

/// Who may never answer.
pub(super) fn deadlocks(found: &Deadlocks) -> Vec<String> {
    let cycles = found.cycles.iter().map(|cycle| {
        let edge = |waiter: &hecate_proto::debug::Waiter| {
            format!("{} waits for {}", clean(&waiter.path), waiting(&waiter.waiting_on))
        };
        format!("cycle: {}", cycle.iter().map(edge).collect::<Vec<_>>().join("; "))
    });
    let stuck = found.stuck.iter().map(|it| {
        let (path, variant) = (clean(&it.path), clean(&it.current.variant));
        let waits: Vec<String> = it.waiting_on.iter().map(waiting).collect();
        let waits =
            if waits.is_empty() { String::new() } else { format!(", waits for {}", waits.join(", ")) };
        format!(
            "stuck: {path} is at work on {variant} for {} ms, {} wait{waits}",
            it.current.for_ms, it.depth
        )
    });
    or_nothing(cycles.chain(stuck).collect(), "nobody is suspect")
}

fn waiting(waiting: &Waiting) -> String {
    format!("{} for {} ms", clean(&waiting.target), waiting.for_ms)
}

/// Who hears and who tells.
pub(super) fn groups(GroupList { groups }: &GroupList) -> Vec<String> {
    let who = |all: &[Present]| {
        let name = |it: &Present| clean(it.path.as_ref().unwrap_or(&it.actor_id));
        all.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    let mut rows = vec![heading(["GROUP", "DELIVERIES", "MISSED", "TOLD BY", "HEARD BY"])];
    rows.extend(groups.iter().map(|it| {
        let (delivered, missed) = (it.deliveries.to_string(), it.missed.to_string());
        vec![clean(&it.group), delivered, missed, who(&it.publishers), who(&it.members)]
    }));
    if rows.len() == 1 { vec!["none".to_owned()] } else { aligned(&rows) }
}

/// The runtime and the process.
pub(super) fn runtime(runtime: &Runtime) -> Vec<String> {
    let process = &runtime.process;
    let mut rows = vec![
        pair("version", clean(&runtime.version)),
        pair("uptime", format!("{} s", runtime.uptime_seconds)),
        pair("pid", process.pid),
        pair(
            "tasks",
            format!("{} alive, {} queued", runtime.tokio.alive_tasks, runtime.tokio.global_queue_depth),
        ),
    ];
    rows.extend(process.rss_bytes.map(|bytes| pair("memory", mib(bytes))));
    rows.extend(process.rss_peak_bytes.map(|bytes| pair("most memory", mib(bytes))));
    rows.extend(process.threads.map(|threads| pair("threads", threads)));
    let most = process.open_fds_max.map(|max| format!(" of {max}")).unwrap_or_default();
    rows.extend(process.open_fds.map(|fds| pair("files", format!("{fds}{most}"))));
    rows.extend(runtime.tokio.workers.iter().enumerate().map(|(at, worker)| {
        pair(&format!("worker {at}"), format!("{} ms busy, parked {} times", worker.busy_ms, worker.parks))
    }));
    aligned(&rows)
}

/// What was done to an actor.
pub(super) fn done(done: &Done) -> Vec<String> {
    let until = done.resumes_in_ms.map(|ms| format!(", goes on by itself in {ms} ms")).unwrap_or_default();
    vec![format!("{}: done to {}{until}", clean(&done.operation), clean(&done.path))]
}

/// What goes on without us.
pub(super) fn begun(begun: &Begun) -> Vec<String> {
    let said = "the socket that it was asked by goes down with it, so the audit says how it ends";
    vec![format!("{}: begun; {said}", clean(&begun.begun))]
}

pub(super) fn heading<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

pub(super) fn pair(name: &str, value: impl ToString) -> Vec<String> {
    vec![name.to_owned(), value.to_string()]
}

/// As on the wire, with blanks.
fn word(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_value(value).ok();
    text.as_ref().and_then(|text| text.as_str()).unwrap_or_default().replace('_', " ")
}

fn or_nothing(lines: Vec<String>, nothing: &str) -> Vec<String> {
    if lines.is_empty() { vec![nothing.to_owned()] } else { lines }
}
pub(super) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}
