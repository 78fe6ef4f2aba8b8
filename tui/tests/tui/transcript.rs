//! The transcript under everything that can happen to it at once: text, windows that change, reading, folding.

use hecate_tui::core::{chat::Transcript, markdown::Ink};
use proptest::prelude::*;

/// Something that happens to a transcript.
#[derive(Clone, Debug)]
enum Happening {
    Speaker,
    Say(String),
    Think(String),
    Remark,
    End,
    Resize(u16, u16),
    Slice,
    Scroll(isize),
    Top,
    Bottom,
    Fold,
}

fn happening() -> impl Strategy<Value = Happening> {
    let text = prop_oneof![
        "[a-z ]{1,40}",
        "(word ){1,90}",
        Just("\n\n".to_owned()),
        Just("\n- item\n".to_owned()),
        Just("\n```\ncode\n".to_owned()),
        Just("\n```\n".to_owned()),
        Just("\n\n| a | b |\n|---|---|\n| c | d |\n".to_owned()),
        Just("\n\n".to_owned() + &"paragraph of many words\n\n".repeat(40)),
    ];
    prop_oneof![
        1 => Just(Happening::Speaker),
        8 => text.clone().prop_map(Happening::Say),
        2 => text.prop_map(Happening::Think),
        1 => Just(Happening::Remark),
        1 => Just(Happening::End),
        2 => (8..100_u16, 1..30_u16).prop_map(|(width, height)| Happening::Resize(width, height)),
        1 => Just(Happening::Slice),
        3 => (-30..30_isize).prop_map(Happening::Scroll),
        1 => Just(Happening::Top),
        1 => Just(Happening::Bottom),
        1 => Just(Happening::Fold),
    ]
}

fn happen(transcript: &mut Transcript, happening: &Happening) {
    match happening {
        Happening::Speaker => transcript.speaker("somebody"),
        Happening::Say(text) => transcript.say(text),
        Happening::Think(text) => transcript.think(text),
        Happening::Remark => transcript.remark(Ink::BAD, "a remark"),
        Happening::End => transcript.end(),
        Happening::Resize(width, height) => transcript.resize(*width, *height),
        Happening::Slice => transcript.measure_slice(),
        Happening::Scroll(rows) => transcript.scroll(*rows),
        Happening::Top => transcript.to_top(),
        Happening::Bottom => transcript.to_end(),
        Happening::Fold => transcript.toggle_thoughts(),
    }
}

fn is_text(happening: &Happening) -> bool {
    use Happening::{End, Remark, Say, Speaker, Think};
    matches!(happening, Speaker | Say(_) | Think(_) | Remark | End)
}

fn lines(transcript: &Transcript) -> Vec<String> {
    transcript.visible().map(|line| line.text.to_string()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happened_the_text_stands_as_if_it_had_come_at_once(
        happenings in proptest::collection::vec(happening(), 1..60),
        (width, height) in (8..100_u16, 1..30_u16),
    ) {
        let mut lived = Transcript::default();
        lived.resize(width, height);
        let mut size = (width, height);
        for happening in &happenings {
            happen(&mut lived, happening);
            if let Happening::Resize(width, height) = happening {
                size = (*width, *height);
            }
            let above = lived.rows_above();
            let seen = lines(&lived).len();
            prop_assert!(seen <= usize::from(size.1));
            prop_assert!(lived.is_unmeasured() || above + seen <= lived.rows(), "{} + {} > {}", above, seen, lived.rows());
            if lived.is_following() && !lived.is_unmeasured() {
                prop_assert_eq!(above + seen, lived.rows(), "the end is in sight");
            }
        }
        while lived.is_unmeasured() {
            lived.measure_slice();
        }
        lived.to_end();
        let mut fresh = Transcript::default();
        fresh.resize(size.0, size.1);
        if lived.is_unfolded() {
            fresh.toggle_thoughts();
        }
        happenings.iter().filter(|it| is_text(it)).for_each(|it| happen(&mut fresh, it));
        prop_assert_eq!(lived.rows(), fresh.rows());
        prop_assert_eq!(lines(&lived), lines(&fresh));
    }

    #[test]
    fn what_is_read_does_not_move_while_text_comes(
        before in proptest::collection::vec(happening(), 20..40),
        after in proptest::collection::vec(happening(), 1..20),
        up in 1..60_isize,
    ) {
        let mut transcript = Transcript::default();
        transcript.resize(60, 10);
        transcript.say(&"a paragraph\n\n".repeat(30));
        before.iter().filter(|it| is_text(it)).for_each(|it| happen(&mut transcript, it));
        transcript.say("\n\nthe last block");
        transcript.remark(Ink::QUIET, "a remark");
        transcript.scroll(-up);
        let read = lines(&transcript);
        after.iter().filter(|it| is_text(it)).for_each(|it| happen(&mut transcript, it));
        prop_assert_eq!(lines(&transcript), read);
    }
}

#[test]
fn lines_that_nobody_sees_are_let_go_of_and_drawn_again_when_somebody_looks() {
    let mut transcript = Transcript::default();
    transcript.resize(100, 20);
    // More lines than are kept.
    for number in 0..2_500 {
        transcript.say(&format!("{number} {}\n\n", "word ".repeat(400)));
    }
    transcript.to_top();
    assert!(lines(&transcript)[0].starts_with("0 word"));
    transcript.to_end();
    assert!(lines(&transcript).last().is_some_and(|line| line.contains("word")));
    let rows = transcript.rows();
    transcript.scroll(-isize::try_from(rows / 2).unwrap());
    assert!(lines(&transcript).iter().all(|line| line.is_empty() || line.contains("word")));
    assert_eq!(transcript.rows(), rows);
}
