//! The text of server-sent events, as the HTML standard writes it.

/// How long a client waits before it connects again, ms.
const RETRY_MS: u64 = 500;

/// The first bytes of every stream: how soon to come back, and with which id, should the connection break
/// before anything was told.
pub(super) fn opening(id: &str) -> String {
    format!("retry: {RETRY_MS}\nid: {id}\n\n")
}

/// A comment that shows that the connection lives. It carries nothing.
pub(super) const HEARTBEAT: &str = ":\n\n";

/// Appends one event. `id` and `name` are ours and hold no line break; `data` may.
pub(super) fn event(text: &mut String, id: &str, name: &str, data: &str) {
    text.push_str("id: ");
    text.push_str(id);
    text.push_str("\nevent: ");
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
        let mut text = opening("6");
        event(&mut text, "7", "fact", "{\"a\":1}");
        event(&mut text, "8", "fact", "a\nb");
        assert_eq!(
            text,
            "retry: 500\nid: 6\n\nid: 7\nevent: fact\ndata: {\"a\":1}\n\nid: 8\nevent: fact\ndata: a\ndata: b\n\n"
        );
    }
}
