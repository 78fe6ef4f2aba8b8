//! Markdown as it is drawn, and what must hold however it arrives.

use hecate_tui::core::{
    letters::is_deceptive,
    markdown::{Block, Line, Sanitiser, Scanner},
};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

/// The blocks of a text that arrives in pieces: those that are sealed, then what is still open.
fn blocks<'p>(pieces: impl IntoIterator<Item = &'p str>) -> (Vec<Block>, Vec<Block>) {
    let (mut sanitiser, mut scanner) = (Sanitiser::default(), Scanner::default());
    let (mut sealed, mut open) = (Vec::new(), Vec::new());
    for piece in pieces {
        let mut clean = String::new();
        sanitiser.push(piece, &mut clean);
        scanner.push(&clean, &mut sealed);
    }
    scanner.finish(&mut open);
    (sealed, open)
}

fn drawn(blocks: &[Block], width: usize) -> Vec<Line> {
    blocks.iter().flat_map(|block| block.lines(width)).collect()
}

fn picture(text: &str, width: usize) -> String {
    let (mut all, open) = blocks([text]);
    all.extend(open);
    let mut rows = Vec::new();
    for block in &all {
        rows.extend(block.gap.then(String::new));
        rows.extend(block.lines(width).iter().map(|line| line.text.trim_end().to_owned()));
    }
    rows.join("\n")
}

const SAMPLE: &str = "\
# A heading ##

A paragraph with **strong**, *soft*, `code` and ~~old~~ words
that goes on here.  
A hard break.

Setext
---

- one
- two
  goes on
  - nested
    1. deeper
    2. and so on
- [ ] to do
- [x] done

1. first

   a second paragraph
2. second
   ```rust
   fn main() {
       let indented = true;
   }
   ```

> a quote
lazily continued
> - with a list

| name | count | what it is for |
|:-----|------:|:--------------:|
| tea  |     1 | drinking |
| a | b \\| c | [link](http://example.org) |

***

~~~
plain code
~~~
    indented code
    goes on

The end [x](y), <http://example.org>, a&amp;b and \\*stars\\*.
";

#[test]
fn every_kind_of_block_has_its_picture() {
    insta::assert_snapshot!("markdown_60", picture(SAMPLE, 60));
    insta::assert_snapshot!("markdown_30", picture(SAMPLE, 30));
}

#[test]
fn blocks_begin_and_end_where_the_standard_says() {
    for (text, rows) in [
        ("a\n# b\nc", "a\n\nb\n\nc"),
        ("a\n- b", "a\n• b"),
        ("a\n2. b", "a 2. b"),
        ("a\n1. b", "a\n1. b"),
        ("- a\n\n- b", "• a\n\n• b"),
        ("- a\nlazy", "• a lazy"),
        ("- a\n\nnot lazy", "• a\n\nnot lazy"),
        ("* a\n  ***\n", "• a\n  ──────────────────"),
        ("```\na\n\n  b\n", "  a\n\n    b"),
        ("```\na\n````\nb", "  a\n\nb"),
        ("> a\n\nb", "▎ a\n\nb"),
        ("> > a\n> b", "▎ ▎ a b"),
        ("a | b\n--|--\nc | d", "a │ b\n──┼──\nc │ d"),
        ("x\na | b\n--|--\n", "x\n\na │ b\n──┼──"),
        ("not a table\n---|---", "not a table ---|---"),
        ("-\n  a", "• a"),
        ("1) one\n2) two", "1) one\n2) two"),
        ("    code", "  code"),
        ("#not a heading", "#not a heading"),
        ("\n\n\na", "a"),
        ("", ""),
    ] {
        assert_eq!(picture(text, 20), rows, "{text:?}");
    }
}

/// Lines out of which markdown is made, and bytes that must not matter.
fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just(""),
        Just("# head"),
        Just("```rust"),
        Just("```"),
        Just("~~~"),
        Just("- item"),
        Just("  - nested"),
        Just("1. one"),
        Just("   more"),
        Just("> quote"),
        Just("| a | b |"),
        Just("|---|:-:|"),
        Just("| 日本 | `x` |"),
        Just("---"),
        Just("==="),
        Just("    code"),
        Just("**bold *and* `code`"),
        Just("- [x] done"),
        Just("\tтекст"),
        Just("a\u{1b}[31m\u{202e}b"),
        Just("e\u{301}\u{301}"),
        Just("end\r"),
        Just("👩\u{200d}👩 word"),
        Just("[a](b) <c>"),
        Just("&#27;&#x9b; &lt;"),
        Just("\\"),
        Just("two  "),
    ];
    let long = prop_oneof![
        Just("word ".repeat(600)),
        Just("x".repeat(5_000)),
        Just("| a |".repeat(900)),
        Just("- ".repeat(2_000))
    ];
    let part = prop_oneof![20 => line.prop_map(str::to_owned), 1 => long];
    proptest::collection::vec(part, 0..30).prop_map(|lines| lines.join("\n"))
}

/// The text in pieces, cut at these letters.
fn pieces<'t>(text: &'t str, cuts: &[prop::sample::Index]) -> Vec<&'t str> {
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| ends[cut.index(ends.len())]).collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_chunking_is_drawn_as_the_whole(
        text in text(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
        width in 8..120_usize,
    ) {
        let pieces = pieces(&text, &cuts);
        let (sealed, open) = blocks(pieces.iter().copied());
        let whole = blocks([text.as_str()]);
        prop_assert_eq!((drawn(&sealed, width), drawn(&open, width)), (drawn(&whole.0, width), drawn(&whole.1, width)));
    }

    #[test]
    fn what_is_sealed_never_changes(text in text(), cut: prop::sample::Index) {
        let at = pieces(&text, &[cut])[0];
        let (before, _) = blocks([at]);
        let (after, _) = blocks([text.as_str()]);
        prop_assert!(before.len() <= after.len());
        prop_assert_eq!(&before[..], &after[..before.len()]);
    }

    #[test]
    fn every_line_is_printable_and_fits(text in text(), width in 8..100_usize) {
        let (mut all, open) = blocks([text.as_str()]);
        all.extend(open);
        for line in drawn(&all, width) {
            prop_assert!(!line.text.chars().any(|it| it.is_control() || is_deceptive(it)), "{:?}", line.text);
            prop_assert!(line.text.width() <= width, "{:?} in {}", line.text, width);
            prop_assert_eq!(line.runs.iter().map(|run| run.bytes as usize).sum::<usize>(), line.text.len());
        }
    }
}

/// Texts that no model should write and some will.
fn storms() -> Vec<(&'static str, String)> {
    let table = format!("| a | b | c |\n|---|---|---|\n{}", "| one | `two` | **three** |\n".repeat(50_000));
    let nested: String = (0..10_000).map(|depth| format!("{}- deep\n", "  ".repeat(depth % 400))).collect();
    vec![
        ("one paragraph of a megabyte", "word *and* `code` ".repeat(60_000)),
        ("one word of a megabyte", "x".repeat(1 << 20)),
        ("one paragraph of short lines", "a line **of** it\n".repeat(60_000)),
        ("one fence of a megabyte", format!("```rust\n{}", "let x = y.wrapping_mul(3);\n".repeat(40_000))),
        ("one line of code of a megabyte", format!("```\n{}", "x".repeat(1 << 20))),
        ("a table of 50,000 rows", table),
        ("a list nested 10,000 times on a line", "- ".repeat(10_000)),
        ("a list of 10,000 items, nested without end", nested),
        ("quotes in quotes", "> ".repeat(10_000)),
        ("open brackets", "[".repeat(200_000)),
        ("open emphasis", "*a _b ".repeat(50_000)),
        ("a storm of combining marks", "e\u{301}".repeat(2) + &"\u{301}".repeat(1 << 19)),
        ("raw escape bytes", "\x1b[2J\x1b]0;x\x07".repeat(50_000)),
    ]
}

#[test]
fn a_storm_leaves_only_a_little_open_at_any_time() {
    const OPEN_BYTES_MAX: usize = 3 * 4_096;
    for (what, text) in storms() {
        let (mut sanitiser, mut scanner) = (Sanitiser::default(), Scanner::default());
        let mut sealed = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let end = text.floor_char_boundary((at + 16_384).min(text.len()));
            let mut clean = String::new();
            sanitiser.push(&text[at..end], &mut clean);
            scanner.push(&clean, &mut sealed);
            let mut open = Vec::new();
            scanner.clone().finish(&mut open);
            let bytes: usize = open.iter().map(|block| block.source.len()).sum();
            assert!(bytes <= OPEN_BYTES_MAX, "{what}: {bytes} bytes are open");
            let longest = sealed.drain(..).map(|block| block.source.len()).max().unwrap_or_default();
            assert!(longest <= OPEN_BYTES_MAX, "{what}: a block of {longest} bytes");
            at = end;
        }
    }
}
