//! The text of server-sent events, as the HTML standard writes it.

/// How long a client waits before it connects again, ms.
const RETRY_MS: u64 = 500;

/// The first bytes of every stream: how soon to come back, and with which id where there is one, should the
/// connection break before anything was told.
pub(in crate::hecate_api) fn opening(id: Option<&str>) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("retry: {RETRY_MS}\n{id}\n")
}

/// A comment that shows that the connection lives. It carries nothing.
pub(in crate::hecate_api) const HEARTBEAT: &str = ":\n\n";

/// Appends one event. `id` and `name` are ours and hold no line break; `data` may. Without an id, the client keeps
/// the one that it saw last.
pub(in crate::hecate_api) fn event(text: &mut String, id: Option<&str>, name: &str, data: &str) {
    if let Some(id) = id {
        text.extend(["id: ", id, "\n"]);
    }
    text.push_str("event: ");
    text.push_str(name);
    for line in data.split('\n') {
        text.push_str("\ndata: ");
        text.push_str(line);
    }
    text.push_str("\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_ends_in_a_blank_line_and_keeps_its_lines() {
        let mut text = opening(Some("6"));
        event(&mut text, Some("7"), "fact", "{\"a\":1}");
        event(&mut text, Some("8"), "fact", "a\nb");
        event(&mut text, None, "end", "c");
        assert_eq!(
            text,
            "retry: 500\nid: 6\n\nid: 7\nevent: fact\ndata: {\"a\":1}\n\nid: 8\nevent: fact\ndata: a\ndata: b\n\nevent: end\ndata: c\n\n"
        );
        assert_eq!(opening(None), "retry: 500\n\n");
    }
}
