//! From when on something is listed: people's time in, microseconds out.

use hecate_desk::{Refusal, Rule};
use hecate_proto::time::micros;
use hecate_read_model::QueryError;

/// The microseconds of an RFC 3339 time, where one is named.
pub(super) fn since_us(since: Option<&str>) -> Result<Option<i64>, QueryError> {
    let hint = "Write a time like 2026-08-22T10:00:00Z.";
    let read = |text| micros(text).ok_or_else(|| Refusal::rule("since", Rule::Pattern, hint).into());
    since.map(read).transpose()
}
