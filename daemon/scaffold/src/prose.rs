//! What people wrote, as lines of a comment or of a README: no word of it can end the comment, be code, be an order to
//! a tool, or be anything but text where it is shown as Markdown.

/// Lines hold no more, so that they stand well behind any comment sign.
const LINE_CHARS_MAX: usize = 76;

/// The text as one paragraph.
pub(crate) fn paragraph(text: &str) -> Vec<String> {
    let plain: String = text.chars().map(harmless).collect();
    let plain = plain.replace("*/", "* /").replace("\"\"\"", "'''").replace("'''", "'").replace("```", "'");
    let plain = without_tags(&plain);
    wrapped(plain.split_whitespace().map(without_sign).filter(|word| !word.is_empty()))
}

/// A paragraph with a heading, or nothing where there are no items.
pub(crate) fn list(heading: &str, items: &[String]) -> Vec<String> {
    match items {
        [] => Vec::new(),
        items => paragraph(&format!("{heading}: {}.", items.join(", "))),
    }
}

/// A sign of less begins a tag, or a comment that hides what follows, where something stands right behind it.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let begins = out.ends_with('<') && (c.is_ascii_alphabetic() || "/!?".contains(c));
        out.extend(begins.then_some(' '));
        out.push(c);
    }
    out
}

/// Invisible characters, some of which turn a line around, would show the reader another text than the compiler; the
/// others are signs that templates, escapes, interpolation and links are made of.
fn harmless(c: char) -> char {
    match c {
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{e0000}'..='\u{e0fff}' => ' ',
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => ' ',
        '«' | '»' | '‹' | '›' | '¦' | '\u{2028}' | '\u{2029}' => ' ',
        '\\' => '/',
        '~' => '-',
        '{' | '[' => '(',
        '}' | ']' => ')',
        c if c.is_control() => ' ',
        c => c,
    }
}

/// A word at the start of a line could be a heading, a list, a quotation, or a directive.
fn without_sign(word: &str) -> &str {
    word.trim_start_matches(['#', '-', '*', '+', '>', '@', '=', '|', '!', '%', '/'])
}

fn wrapped<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE_CHARS_MAX => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_ends_the_comment_or_is_an_order() {
        let text = "Ends */ here \"\"\" and ```rust\n//go:build x\n@ts-ignore # title \\ #{x} {{y}} \u{202e}";
        let lines = paragraph(text).join("\n");
        for sign in ["*/", "\"\"\"", "```", "//go", "@ts", "# ", "\\", "{", "\u{202e}"] {
            assert!(!lines.contains(sign), "{sign}: {lines}");
        }
        assert!(paragraph(" \n\t").is_empty());
    }

    #[test]
    fn no_word_is_more_than_text_where_it_is_shown_as_markdown() {
        let text = "Shows <!-- all, <script>x</script>, [a](b) ![c](d) [e]: f <?php Vec<Tea> a < b\u{e0041}\u{ad}\u{61c}c";
        let lines = paragraph(text).join(" ");
        let is_tag = |(at, _): (usize, &str)| lines[at + 1..].starts_with(|c: char| c != ' ');
        assert!(!lines.match_indices('<').any(is_tag), "{lines}");
        assert!(!lines.contains(['[', ']', '\u{e0041}', '\u{ad}', '\u{61c}']), "{lines}");
        assert!(lines.contains("Vec< Tea> a < b"), "{lines}");
    }

    #[test]
    fn long_texts_are_wrapped_and_lists_have_a_heading() {
        assert!(paragraph(&"word ".repeat(100)).iter().all(|line| line.len() <= LINE_CHARS_MAX));
        assert_eq!(list("Hears", &["a_v1".to_owned(), "b_v1".to_owned()]), ["Hears: a_v1, b_v1."]);
        assert!(list("Hears", &[]).is_empty());
    }
}
