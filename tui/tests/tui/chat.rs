//! The chat by key strings: what is pressed and what comes, what goes out, and how it looks.

use crate::{
    keys::{live, press},
    sample,
    screens::{painted, picture},
};
use hecate_proto::llm::{ChatFrame, ChatRequest, Role};
use hecate_tui::core::{
    Effect, Message, Model,
    chat::{AnswerEvent, AnswerId, Kept, Prompts, RolePrompt},
    message::{Down, LinkEvent},
    update,
};
use hecate_tui::view::theme::Theme;
use serde_json::{Value, json};

/// A model on the chat screen of a terminal of this size.
fn chatting(columns: u16, rows: u16) -> Model {
    let mut model = live(&[]);
    press(&mut model, "1");
    update(&mut model, Message::Resized { columns, rows });
    model
}

fn prompts() -> Prompts {
    let role = |name: &str, text: &str| RolePrompt { name: name.to_owned(), text: text.to_owned() };
    Prompts {
        folder: "~/.config/hecate".to_owned(),
        personality: Some("You are brief and kind.".to_owned()),
        roles: vec![role("architect", &"Design. ".repeat(100)), role("tester", "Break it.")],
        troubles: Vec::new(),
    }
}

/// Sends what is written: the question that goes out once the prompt files are read.
fn question(model: &mut Model, keys: &str) -> (AnswerId, ChatRequest) {
    let effects = press(model, keys);
    assert!(effects.contains(&Effect::ReadPrompts), "{effects:?}");
    let files = model.chat.prompts.clone();
    match &update(model, Message::Prompts(files))[..] {
        [Effect::Ask { id, request }] => (*id, ChatRequest::clone(request)),
        other => panic!("no question but {other:?}"),
    }
}

fn frame(model: &mut Model, id: AnswerId, frame: Value) -> Vec<Effect> {
    let frame: ChatFrame = serde_json::from_value(frame).unwrap();
    update(model, Message::Answer(id, AnswerEvent::Frame(frame)))
}

fn chunk(model: &mut Model, id: AnswerId, content: &str) {
    frame(model, id, json!({"content": content, "done": false}));
}

fn done(model: &mut Model, id: AnswerId) {
    let line = sample::answer_done();
    let done = line.lines().next().unwrap().strip_prefix("data: ").unwrap();
    frame(model, id, serde_json::from_str(done).unwrap());
}

fn said(request: &ChatRequest) -> Vec<(Role, &str)> {
    request.messages.iter().map(|it| (it.role, it.content.as_str())).collect()
}

fn shown(model: &Model) -> String {
    let lines: Vec<String> = model.chat.transcript.visible().map(|line| line.text.to_string()).collect();
    lines.join("\n")
}

#[test]
fn a_question_carries_personality_role_and_everything_said_before() {
    let mut model = chatting(80, 24);
    update(&mut model, Message::Prompts(prompts()));
    press(&mut model, ":role tester<ret>");
    let (id, request) = question(&mut model, "iWhat is tea?<ret>");
    assert_eq!(request.model.as_deref(), Some("ollama/camellia"));
    assert!(request.stream);
    assert_eq!(
        said(&request),
        [
            (Role::System, "You are brief and kind."),
            (Role::System, "Break it."),
            (Role::User, "What is tea?")
        ]
    );
    chunk(&mut model, id, "Leaves ");
    chunk(&mut model, id, "in water.");
    done(&mut model, id);
    let (_, request) = question(&mut model, "And coffee?<ret>");
    assert_eq!(
        said(&request)[2..],
        [(Role::User, "What is tea?"), (Role::Assistant, "Leaves in water."), (Role::User, "And coffee?")]
    );
}

#[test]
fn an_answer_that_does_not_end_is_stopped() {
    let mut model = chatting(80, 24);
    let (id, _) = question(&mut model, "iHello<ret>");
    let more = json!({"content": "text\n".repeat(20_000), "thinking": "hm\n".repeat(20_000), "done": false});
    let mut effects = Vec::new();
    let chunks = (1..).find(|_| {
        effects = frame(&mut model, id, more.clone());
        !effects.is_empty()
    });
    assert_eq!((chunks, effects), (Some(27), vec![Effect::CancelAnswer(id)]), "after 4 MiB");
    assert!(shown(&model).contains("stopped: the answer is longer than 4194304 bytes"));
    assert!(!model.chat.is_answering());
    assert_eq!(frame(&mut model, id, more), [], "what still comes of it counts no more");
}

#[test]
fn a_question_waits_for_the_prompt_files_so_that_an_edit_counts_at_once() {
    let mut model = chatting(80, 24);
    update(&mut model, Message::Prompts(prompts()));
    press(&mut model, "iHello<ret>");
    let edited = Prompts { personality: Some("You are a pirate.".to_owned()), ..prompts() };
    let effects = update(&mut model, Message::Prompts(edited));
    let [Effect::Ask { request, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(said(request)[0], (Role::System, "You are a pirate."));
    assert_eq!(update(&mut model, Message::Prompts(prompts())), [], "the question goes out once");
}

#[test]
fn keys_write_in_the_composer_and_nowhere_else() {
    let mut model = chatting(80, 24);
    for (keys, inserting, text) in [
        ("jk", false, ""),
        ("i", true, ""),
        ("quit 123:?", true, "quit 123:?"),
        ("<a-ret>two<c-j>three", true, "quit 123:?\ntwo\nthree"),
        ("<bs><bs>", true, "quit 123:?\ntwo\nthr"),
        ("<esc>", false, "quit 123:?\ntwo\nthr"),
        ("2", false, "quit 123:?\ntwo\nthr"),
        ("1i!", true, "quit 123:?\ntwo\nthr!"),
        ("<c-c>", false, "quit 123:?\ntwo\nthr!"),
    ] {
        press(&mut model, keys);
        assert_eq!(
            (model.chat.inserting, model.chat.composer.input.text()),
            (inserting, text),
            "after {keys}"
        );
    }
    assert_eq!(press(&mut model, "<c-c>"), [Effect::Quit]);
    update(&mut model, Message::Paste(" and\nmore".to_owned()));
    assert_eq!(model.chat.composer.input.text(), "quit 123:?\ntwo\nthr! and\nmore");
}

#[test]
fn every_change_of_the_draft_is_kept_and_a_sent_one_is_forgotten() {
    let mut model = chatting(80, 24);
    let draft = |text: &str| Effect::KeepDraft(text.to_owned());
    assert_eq!(press(&mut model, "ihi"), [draft("h"), draft("hi")]);
    assert_eq!(press(&mut model, "<left><esc>i"), []);
    let effects = press(&mut model, "<ret>");
    assert_eq!(
        effects,
        [
            Effect::KeepPrompt("hi".to_owned()),
            draft(""),
            Effect::KeepModel("ollama/camellia".to_owned()),
            Effect::ReadPrompts
        ]
    );
}

#[test]
fn what_an_earlier_terminal_left_behind_comes_back_before_what_was_typed_meanwhile() {
    let mut model = chatting(80, 24);
    press(&mut model, "i later");
    let kept = Kept {
        draft: "earlier".to_owned(),
        history: vec!["one".to_owned(), "two".to_owned()],
        model: Some("ollama/oolong".to_owned()),
        troubles: Vec::new(),
    };
    let effects = update(&mut model, Message::Kept(kept));
    assert_eq!(effects, [Effect::KeepDraft("earlier later".to_owned())]);
    for (keys, text) in [
        ("<up>", "two"),
        ("<up>", "one"),
        ("<up>", "one"),
        ("<down>", "two"),
        ("<down>", "earlier later"),
        ("<down>", "earlier later"),
    ] {
        press(&mut model, keys);
        assert_eq!(model.chat.composer.input.text(), text, "after {keys}");
    }
    let (_, request) = question(&mut model, "<ret>");
    assert_eq!(request.model.as_deref(), Some("ollama/oolong"));
}

#[test]
fn a_draft_waits_while_prompts_of_before_are_shown_edited_and_sent() {
    let mut model = chatting(80, 24);
    let (id, _) = question(&mut model, "ione<ret>");
    done(&mut model, id);
    let draft = |text: &str| Effect::KeepDraft(text.to_owned());
    press(&mut model, "unsent");
    for (keys, shown, effects) in [
        ("<up>", "one", vec![]),
        ("!", "one!", vec![draft("unsent\n\none!")]),
        ("<down>", "unsent", vec![draft("unsent")]),
        ("<up><up>", "one", vec![]),
        ("<bs>", "on", vec![draft("unsent\n\non")]),
        ("<c-u>", "", vec![draft("unsent")]),
        ("<down>", "unsent", vec![]),
    ] {
        assert_eq!(press(&mut model, keys), effects, "after {keys}");
        assert_eq!(model.chat.composer.input.text(), shown, "after {keys}");
    }
    let (_, request) = question(&mut model, "<up>!<ret>");
    assert_eq!(said(&request).last(), Some(&(Role::User, "one!")));
    assert_eq!(model.chat.composer.input.text(), "unsent", "it was not what was sent");
    press(&mut model, "<c-u>");
    assert_eq!(press(&mut model, "<up>?"), [draft("one!?")], "a cleared draft waits no more");
}

/// An answer with an opaque part of so many bytes, from the provider `ollama`.
fn done_with_a_part(model: &mut Model, id: AnswerId, bytes: usize) {
    let part = json!({"provider": "ollama", "part": {"sealed": "x".repeat(bytes)}});
    let done = json!({"content": "", "done": true, "model": "camellia", "provider": "ollama", "stop_reason": "stop",
                      "usage": {"prompt_tokens": 1, "completion_tokens": 1, "source": "reported"}, "parts": [part]});
    chunk(model, id, "Tea.");
    frame(model, id, done);
}

#[test]
fn opaque_parts_go_back_to_their_provider_and_to_nobody_else() {
    let mut model = chatting(80, 24);
    let (id, _) = question(&mut model, "iOne<ret>");
    done_with_a_part(&mut model, id, 9);
    press(&mut model, "<esc>:model oolong<ret>");
    let (id, request) = question(&mut model, "iTwo<ret>");
    assert_eq!(request.messages[1].parts.len(), 1, "another model of the same provider");
    done_with_a_part(&mut model, id, 9);
    press(&mut model, "<esc>:model cloud/great<ret>");
    let (id, request) = question(&mut model, "iThree<ret>");
    assert!(request.messages.iter().all(|it| it.parts.is_empty()), "{request:?}");
    done_with_a_part(&mut model, id, 13 * 1024 * 1024);
    assert!(model.chat.is_full(), "they count");
}

#[test]
fn a_stopped_answer_stays_and_what_it_still_brings_does_not_count() {
    for keys in ["<esc><esc>", "<c-c>"] {
        let mut model = chatting(80, 24);
        let (id, _) = question(&mut model, "iTell me<ret>");
        chunk(&mut model, id, "Once upon");
        assert_eq!(press(&mut model, keys), [Effect::CancelAnswer(id)], "{keys}");
        chunk(&mut model, id, " a time");
        let shown = shown(&model);
        assert!(
            shown.contains("Once upon") && shown.contains("stopped") && !shown.contains("a time"),
            "{shown}"
        );
        model.chat.inserting = true;
        let (_, request) = question(&mut model, "go on<ret>");
        assert_eq!(said(&request)[1], (Role::Assistant, "Once upon"));
    }
}

#[test]
fn a_question_stopped_before_it_went_out_never_does() {
    let mut model = chatting(80, 24);
    press(&mut model, "iTell me<ret>");
    assert_eq!(press(&mut model, "<c-c>"), []);
    assert_eq!(update(&mut model, Message::Prompts(prompts())), []);
}

#[test]
fn nothing_is_sent_while_no_daemon_answers_or_another_answer_comes() {
    let mut model = chatting(80, 24);
    let (_, _) = question(&mut model, "iOne<ret>");
    assert_eq!(press(&mut model, "Two<ret>").last(), Some(&Effect::KeepDraft("Two".to_owned())));
    assert_eq!(model.chat.composer.input.text(), "Two");
    press(&mut model, "<c-c>");
    let down =
        LinkEvent::Down { at: "10:00:00 UTC".to_owned(), why: Down::Broken, reason: "gone".to_owned() };
    update(&mut model, Message::Link(down));
    assert_eq!(press(&mut model, "<ret>"), []);
    assert_eq!(model.chat.composer.input.text(), "Two");
    assert!(model.notice.as_ref().unwrap().says.contains("no daemon answers"));
}

#[test]
fn failures_are_shown_below_what_came_and_can_be_retried() {
    let failed = json!({"error": "provider_error", "message": "The model fell over.", "retryable": true, "done": true,
                        "details": {"reason": "truncated"}});
    let refused = serde_json::from_value(sample::refusal(
        "model_not_found",
        "No such model.",
        json!({"hint": "Try camellia."}),
    ));
    for (event, says) in [
        (
            AnswerEvent::Frame(serde_json::from_value(failed).unwrap()),
            "The model fell over. (provider_error, truncated) · r asks again",
        ),
        (AnswerEvent::Refused(Box::new(refused.unwrap())), "No such model. (model_not_found) Try camellia."),
        (AnswerEvent::Broken("gone".to_owned()), "the answer broke off: gone · r asks again"),
    ] {
        let mut model = chatting(80, 24);
        let (id, first) = question(&mut model, "iTell me<ret>");
        chunk(&mut model, id, "Once upon");
        update(&mut model, Message::Answer(id, AnswerEvent::Unreadable("not JSON".to_owned())));
        chunk(&mut model, id, " a time");
        update(&mut model, Message::Answer(id, event));
        let shown = shown(&model);
        for part in ["Once upon", "a part of the answer cannot be read: not JSON", "a time", says] {
            assert!(shown.contains(part), "{part:?} is missing in {shown}");
        }
        press(&mut model, "<esc>");
        let (again, second) = question(&mut model, "r");
        assert!(again > id);
        assert_eq!(said(&first), said(&second));
    }
}

#[test]
fn reading_back_is_not_disturbed_and_the_end_is_followed_again() {
    let mut model = chatting(80, 24);
    let (id, _) = question(&mut model, "iCount<ret>");
    for number in 0..60 {
        chunk(&mut model, id, &format!("line {number}\n\n"));
    }
    press(&mut model, "<esc>kkk");
    let before = shown(&model);
    for number in 60..70 {
        chunk(&mut model, id, &format!("line {number}\n\n"));
    }
    assert_eq!(shown(&model), before, "what is read moved");
    assert_eq!(model.chat.transcript.new_rows(), 20);
    assert!(picture(&model, 80, 24).contains("20 new lines ↓"));
    press(&mut model, "gj");
    assert!(shown(&model).starts_with("Count"), "{}", shown(&model));
    press(&mut model, "<c-d><c-u>");
    assert!(shown(&model).starts_with("Count"), "{}", shown(&model));
    press(&mut model, "G");
    assert!(shown(&model).ends_with("line 69"), "{}", shown(&model));
    chunk(&mut model, id, "line 70\n\n");
    assert!(shown(&model).ends_with("line 70"), "the end is followed");
    press(&mut model, "kk");
    chunk(&mut model, id, "line 71\n\n");
    press(&mut model, "jjjj");
    assert!(model.chat.transcript.is_following());
}

#[test]
fn a_change_of_width_keeps_the_text_that_is_read() {
    let mut model = chatting(120, 30);
    let (id, _) = question(&mut model, "iCount<ret>");
    for number in 0..400 {
        let words = "many words that have to be wrapped at one width and at another ".repeat(3);
        chunk(&mut model, id, &format!("## Part {number}\n\nsaid{number} {words}\n\n- point {number}\n\n"));
    }
    press(&mut model, "<esc>g");
    (0..40).for_each(|_| drop(press(&mut model, "<c-d>")));
    let first = |model: &Model| {
        let line = model.chat.transcript.visible().find(|line| line.text.contains("said"));
        line.map(|line| line.text.split(' ').next().unwrap().to_owned()).unwrap()
    };
    let read = first(&model);
    for (columns, rows) in [(61, 24), (200, 50), (80, 24), (120, 30)] {
        let mut effects = update(&mut model, Message::Resized { columns, rows });
        assert_eq!(first(&model), read, "at {columns}x{rows}");
        while effects.contains(&Effect::GoOnLater) {
            effects = update(&mut model, Message::GoOn);
            assert_eq!(first(&model), read, "at {columns}x{rows}, while the rest is measured");
        }
        assert!(!model.chat.transcript.is_following());
    }
    let rows = model.chat.transcript.rows();
    let mut fresh = chatting(120, 30);
    let (id, _) = question(&mut fresh, "iCount<ret>");
    for number in 0..400 {
        let words = "many words that have to be wrapped at one width and at another ".repeat(3);
        chunk(&mut fresh, id, &format!("## Part {number}\n\nsaid{number} {words}\n\n- point {number}\n\n"));
    }
    assert_eq!(rows, fresh.chat.transcript.rows(), "every height is right in the end");
}

#[test]
fn models_and_roles_are_chosen_by_name_and_in_turn() {
    let mut model = chatting(80, 24);
    update(&mut model, Message::Prompts(prompts()));
    let current = |model: &Model| model.chat.models.current().unwrap();
    for (keys, id) in [
        ("", "ollama/camellia"),
        ("<tab>", "ollama/oolong"),
        ("<tab>", "cloud/great"),
        ("<s-tab>", "ollama/oolong"),
        (":model camellia<ret>", "ollama/camellia"),
        (":model cloud/great<ret>", "cloud/great"),
        (":model nothing<ret>", "cloud/great"),
    ] {
        press(&mut model, keys);
        assert_eq!(current(&model), id, "after {keys}");
    }
    for (keys, role) in [
        (":role tester<ret>", Some("tester")),
        (":role nobody<ret>", Some("tester")),
        (":role arch<ret>", Some("architect")),
        (":role none<ret>", None),
    ] {
        press(&mut model, keys);
        assert_eq!(model.chat.role.as_deref(), role, "after {keys}");
    }
}

#[test]
fn a_new_conversation_forgets_the_old_one() {
    let mut model = chatting(80, 24);
    let (id, _) = question(&mut model, "iOne<ret>");
    chunk(&mut model, id, "Two");
    press(&mut model, "<esc>");
    assert_eq!(press(&mut model, ":new<ret>"), [Effect::CancelAnswer(id)]);
    assert!(model.chat.transcript.is_empty());
    let (_, request) = question(&mut model, "iThree<ret>");
    assert_eq!(said(&request), [(Role::User, "Three")]);
}

/// A conversation with everything in it.
fn conversation(columns: u16, rows: u16) -> (Model, AnswerId) {
    let mut model = chatting(columns, rows);
    update(&mut model, Message::Prompts(prompts()));
    let (id, _) = question(&mut model, "iHow do I brew **green** tea?<a-ret>Two cups.<ret>");
    frame(
        &mut model,
        id,
        json!({"content": "", "thinking": "The person wants *tea*.\nTwo cups.", "done": false}),
    );
    chunk(&mut model, id, "## Green tea\n\nHeat the water to **80 °C**, never more:\n\n1. warm the `pot`\n");
    chunk(
        &mut model,
        id,
        "2. add the leaves\n   - two spoons\n   - no more\n\n| cups | leaves |\n|-----:|:-------|\n| 2 ",
    );
    chunk(&mut model, id, "| 4 g |\n\n```sh\nkettle --celsius 80\n```\n\nThen wa");
    (model, id)
}

#[test]
fn the_chat_at_two_sizes() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let (mut model, id) = conversation(columns, rows);
        insta::assert_snapshot!(format!("chat_streaming_{columns}x{rows}"), picture(&model, columns, rows));
        chunk(&mut model, id, "it *two* minutes.");
        done(&mut model, id);
        press(&mut model, "<esc>");
        insta::assert_snapshot!(format!("chat_{columns}x{rows}"), picture(&model, columns, rows));
        press(&mut model, "tg");
        insta::assert_snapshot!(format!("chat_thoughts_{columns}x{rows}"), picture(&model, columns, rows));
        press(&mut model, "tGiAnd black tea?<a-ret>For three.");
        insta::assert_snapshot!(format!("chat_writing_{columns}x{rows}"), picture(&model, columns, rows));
    }
}

#[test]
fn a_failed_answer_and_the_pages_have_their_pictures() {
    let (mut model, id) = conversation(80, 24);
    update(
        &mut model,
        Message::Answer(id, AnswerEvent::Broken("the stream ended before the answer did".to_owned())),
    );
    press(&mut model, "<esc>");
    insta::assert_snapshot!("chat_error_80x24", picture(&model, 80, 24));
    press(&mut model, ":role tester<ret>:roles<ret>");
    insta::assert_snapshot!("chat_roles_80x24", picture(&model, 80, 24));
    press(&mut model, "<esc>:models<ret>");
    insta::assert_snapshot!("chat_models_80x24", picture(&model, 80, 24));
    press(&mut model, "<esc>:personality<ret>");
    insta::assert_snapshot!("chat_personality_80x24", picture(&model, 80, 24));
}

#[test]
fn a_chat_in_ascii_is_ascii_and_no_size_breaks_it() {
    let (mut model, _) = conversation(80, 24);
    press(&mut model, "<esc>t");
    let ascii = painted(&model, 80, 24, Theme { colour: false, ascii: true });
    assert!(ascii.is_ascii(), "{ascii}");
    for (columns, rows) in [(1, 1), (20, 5), (59, 16), (60, 15), (60, 16), (61, 17), (400, 100), (80, 24)] {
        update(&mut model, Message::Resized { columns, rows });
        for keys in ["", "i日本<a-ret>", "<esc>gjk<c-d><c-u>Gt", ":models<ret>j<esc>"] {
            press(&mut model, keys);
            let text = picture(&model, columns, rows);
            assert!(text.lines().count() <= usize::from(rows), "{columns}x{rows}");
        }
    }
}

#[test]
fn a_huge_draft_is_shown_around_its_cursor() {
    let mut model = chatting(80, 24);
    update(&mut model, Message::Paste("a line of it\n".repeat(15_000)));
    press(&mut model, "the end");
    let shown = picture(&model, 80, 24);
    assert!(shown.contains("│ the end"), "{shown}");
    update(&mut model, Message::Paste("x".repeat(100_000)));
    assert!(model.notice.as_ref().is_some_and(|it| it.says.contains("more than a prompt holds")));
}
