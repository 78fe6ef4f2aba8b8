//! The oracle's words for what our kernel answers.

use hecate_supervision::{
    AdminError, ChildCounts, ChildInfo, ChildSpecInfo, ChildType, ExitReason, Restart, Shutdown, Standing,
};

pub(crate) fn letter(why: &ExitReason) -> &'static str {
    match why {
        ExitReason::Normal => "n",
        ExitReason::Shutdown => "s",
        ExitReason::ShutdownWith(_) => "d",
        ExitReason::Killed => "k",
        _ => "e",
    }
}

/// Of a reason as the record of a place tells it.
pub(crate) fn letter_of(reason: &str) -> &'static str {
    match reason {
        "normal" => "n",
        "shutdown" => "s",
        "killed" => "k",
        other if other.starts_with("shutdown: ") => "d",
        _ => "e",
    }
}

/// Which child of which child it was.
pub(crate) fn failed_at(why: &ExitReason) -> String {
    match why {
        ExitReason::ChildFailed { path, reason } => {
            let (_, id) = path.rsplit_once('/').unwrap();
            format!(":{id}{}", failed_at(reason))
        }
        why => {
            assert_eq!(*why, ExitReason::error("moody"), "nothing else fails");
            String::new()
        }
    }
}

pub(crate) fn started<T>(actor: Option<T>) -> String {
    if actor.is_some() { "ok:pid" } else { "ok:none" }.into()
}

pub(crate) fn refusal(why: &AdminError) -> String {
    match why {
        AdminError::AlreadyStarted(_) => "already_started",
        AdminError::AlreadyPresent => "already_present",
        AdminError::Running => "running",
        AdminError::Restarting => "restarting",
        AdminError::NotFound => "not_found",
        AdminError::SimpleOneForOne => "simple_one_for_one",
        AdminError::InvalidSpec(_) => "invalid",
        AdminError::StartFailed(why) => return format!("failed{}", failed_at(why)),
        AdminError::NoSupervisor(_) | AdminError::NotRunning => "nosup",
        AdminError::Busy | AdminError::Timeout(_) => panic!("{why}"),
    }
    .into()
}

/// All of it but the id.
pub(crate) fn spec(spec: &ChildSpecInfo) -> String {
    let restart = match spec.restart {
        Restart::Permanent => "p",
        Restart::Transient | Restart::Temporary => "t",
    };
    let significant = if spec.significant { "t" } else { "f" };
    format!("{restart}:{significant}:{}:{}", policy(spec.shutdown), child_type(spec.child_type))
}

fn policy(policy: Shutdown) -> String {
    match policy {
        Shutdown::Within(limit) | Shutdown::Drain(limit) => limit.as_millis().to_string(),
        Shutdown::BrutalKill => "brutal_kill".into(),
        Shutdown::Infinity => "infinity".into(),
    }
}

/// A pool's have no ids of their own in OTP, and no order.
pub(crate) fn rows(is_pool: bool, rows: &[ChildInfo]) -> String {
    let row = |row: &ChildInfo| {
        let standing = match row.standing {
            Standing::Undefined => "-",
            Standing::Restarting => "~",
            Standing::Running(_) => "+",
        };
        let id = if is_pool { "*" } else { &row.id };
        format!("{id}:{standing}{}", child_type(row.child_type))
    };
    let mut rows: Vec<_> = rows.iter().map(row).collect();
    if is_pool {
        rows.sort();
    }
    format!("[{}]", rows.join(","))
}

pub(crate) fn counts(counts: ChildCounts) -> String {
    format!("{}/{}/{}/{}", counts.specs, counts.active, counts.supervisors, counts.workers)
}

fn child_type(of: ChildType) -> &'static str {
    match of {
        ChildType::Worker => "w",
        ChildType::Supervisor => "s",
    }
}
