//! `GET /debug/crashes`: the records of the last crashes, with what led to them.

use super::super::{answer::Answer, connection::Asking, edge::Edge, headers};
use super::look::{look, shown};
use axum::extract::Request;
use hecate_desk::{Refusal, Refused, Rule};
use hecate_proto::debug_answers::Crashes;
use hecate_proto::time::micros;
use std::sync::Arc;

/// Which records are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    /// Those behind this one.
    Seq(u64),
    /// Those of this moment, µs since the epoch, and later.
    At(i64),
}

/// The records behind `?since=`, a record's `seq` or a time.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let wanted = look(&edge, &asking, &request, &["since"])?;
    let since = wanted.text("since").map_or(Ok(Since::Seq(0)), since)?;
    let tree = edge.tree()?;
    let crashes = match since {
        Since::Seq(seq) => tree.crashes(seq),
        Since::At(at_us) => {
            let is_later = |at: &str| micros(at).is_none_or(|crashed_us| crashed_us >= at_us);
            tree.crashes(0).into_iter().filter(|crash| is_later(&crash.at)).collect()
        }
    };
    shown(&edge, Crashes { crashes })
}

fn since(text: &str) -> Result<Since, Refused> {
    let hint = "The `seq` of the last record seen, or a time as RFC 3339 says it.";
    let read = headers::digits(text).map(Since::Seq).or_else(|| micros(text).map(Since::At));
    read.ok_or_else(|| Refusal::rule("since", Rule::Pattern, hint))
}

#[cfg(test)]
#[test]
fn records_are_wanted_since_another_one_or_since_a_time() {
    assert_eq!(since("7"), Ok(Since::Seq(7)));
    assert_eq!(since("1970-01-01T00:00:01Z"), Ok(Since::At(1_000_000)));
    for text in ["", "-1", "yesterday", "99999999999999999999999"] {
        assert_eq!(since(text).unwrap_err().details["rule"], "pattern", "{text}");
    }
}
