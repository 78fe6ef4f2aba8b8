//! An event type wears its version: `venture_setup_v2` is the second version of `venture_setup`.

/// Bytes of the stem, and the number of the version.
pub(crate) struct Version {
    stem_bytes: usize,
    number: u64,
}

/// Reads `stem_vN`; none where the name wears no version. N counts from 1, without leading zeros.
pub(crate) const fn version_of(event_type: &str) -> Option<Version> {
    let bytes = event_type.as_bytes();
    let mut digits_at = bytes.len();
    while digits_at > 0 && bytes[digits_at - 1].is_ascii_digit() {
        digits_at -= 1;
    }
    let is_marked = digits_at > 2 && bytes[digits_at - 2] == b'_' && bytes[digits_at - 1] == b'v';
    if !is_marked || digits_at == bytes.len() || bytes[digits_at] == b'0' {
        return None;
    }
    let (mut at, mut number) = (digits_at, 0);
    while at < bytes.len() {
        number = number * 10 + (bytes[at] - b'0') as u64;
        at += 1;
    }
    Some(Version { stem_bytes: digits_at - 2, number })
}

/// True when `newer` is a later version of the very event that `older` names.
pub(crate) const fn follows(older: &str, newer: &str) -> bool {
    let (Some(before), Some(after)) = (version_of(older), version_of(newer)) else { return false };
    let (older, newer) = (older.as_bytes(), newer.as_bytes());
    let mut same = before.stem_bytes == after.stem_bytes;
    let mut at = 0;
    while same && at < before.stem_bytes {
        same = older[at] == newer[at];
        at += 1;
    }
    same && after.number > before.number
}

#[cfg(test)]
mod tests {
    use super::{follows, version_of};

    #[test]
    fn a_type_name_wears_its_version() {
        for good in ["venture_setup_v1", "a_v12"] {
            assert!(version_of(good).is_some(), "{good}");
        }
        for bad in ["venture_setup", "venture_setup_v", "venture_setup_v0", "venture_setup_1", "_v1", "v1"] {
            assert!(version_of(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_a_later_version_of_the_same_event_follows() {
        for (older, newer) in [("jar_opened_v1", "jar_opened_v2"), ("a_v9", "a_v10"), ("a_v1", "a_v3")] {
            assert!(follows(older, newer), "{older} {newer}");
        }
        for (older, newer) in
            [("a_v1", "a_v1"), ("a_v2", "a_v1"), ("a_v1", "b_v2"), ("a_v1", "ab_v2"), ("a", "a_v2")]
        {
            assert!(!follows(older, newer), "{older} {newer}");
        }
    }
}
