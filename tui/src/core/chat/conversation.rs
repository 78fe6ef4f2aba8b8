//! The conversation: prompts go out, answers come in, and neither is lost when the other end is.

use super::{composer::Composer, models::Models, prompts::Prompts, transcript::Transcript};
use crate::core::{
    markdown::{self, Ink},
    message::Effect,
};
use hecate_proto::{
    answer::ErrorAnswer,
    llm::{
        ChatChunk, ChatDone, ChatFailure, ChatFrame, ChatMessage, ChatRequest, OpaquePart, Role, StopReason,
        Usage,
    },
};
use serde_json::{Map, Value};

/// Names one answer, so that what a cancelled one still brings is known as such.
pub type AnswerId = u64;

/// What a conversation holds at most; the daemon takes 16 MiB at once, and JSON needs some of it.
const CONVERSATION_BYTES_MAX: usize = 12 * 1024 * 1024;
/// What one answer may bring, thoughts included: more than any model writes, unless it runs away.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Lines of the composer that are shown at most.
const COMPOSER_LINES_MAX: usize = 8;
/// Rows of the screen around the chat: tabs, news, status.
const ROWS_AROUND: u16 = 3;
/// Columns of a frame or margin, left and right together.
const COLUMNS_AROUND: u16 = 4;

/// The chat screen.
#[derive(Clone, Debug, Default)]
pub struct Chat {
    /// What was said, as rows.
    pub transcript: Transcript,
    /// What is being written.
    pub composer: Composer,
    /// Whether keys go into the composer.
    pub inserting: bool,
    /// Which model is asked.
    pub models: Models,
    /// Personality and roles.
    pub prompts: Prompts,
    /// The role in play.
    pub role: Option<String>,
    /// Tokens of the last whole answer.
    pub usage: Option<Usage>,
    /// What was said, as the next question repeats it.
    messages: Vec<ChatMessage>,
    /// Whose the opaque parts in `messages` are: nobody else is to see them.
    parts_of: Option<String>,
    answer: Option<Answer>,
    answers: AnswerId,
    /// The draft as it was last handed out to be kept.
    kept_draft: String,
}

/// An answer under way.
#[derive(Clone, Debug)]
struct Answer {
    id: AnswerId,
    model: Option<String>,
    /// Whether the question went out; before, the prompt files are read again.
    asked: bool,
    content: String,
    thinking: String,
}

/// What became of a question.
#[derive(Clone, Debug)]
pub enum AnswerEvent {
    /// A frame of the stream.
    Frame(ChatFrame),
    /// The daemon said no.
    Refused(Box<ErrorAnswer>),
    /// The stream ended before the answer did, or never began.
    Broken(String),
    /// Something came that cannot be read; the stream goes on.
    Unreadable(String),
}

/// What an earlier terminal left behind.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// The prompt that was being written.
    pub draft: String,
    /// Prompts of before, oldest first.
    pub history: Vec<String>,
    /// The model that was asked last.
    pub model: Option<String>,
    /// What could not be read.
    pub troubles: Vec<String>,
}

/// How the rows of the screen are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Columns of text.
    pub columns: u16,
    /// Rows of the transcript.
    pub transcript_rows: u16,
    /// Rows of the composer, its frame included.
    pub composer_rows: u16,
}

/// Shares a screen of `columns` x `rows` out between what was said and what is written.
pub fn layout(chat: &Chat, columns: u16, rows: u16) -> Layout {
    let rows = rows.saturating_sub(ROWS_AROUND);
    let columns = columns.saturating_sub(COLUMNS_AROUND);
    // No more of the draft than can be seen, at four bytes a cell.
    let text = chat.composer.input.text();
    let seen = text.floor_char_boundary(COMPOSER_LINES_MAX * (usize::from(columns) + 1) * 4);
    let lines = markdown::cells_wrapped(&text[..seen], columns.into()).len();
    let lines = lines.min(COMPOSER_LINES_MAX).min(usize::from(rows / 3)).max(1);
    let composer_rows = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2);
    Layout { columns, transcript_rows: rows.saturating_sub(composer_rows), composer_rows }
}

impl Chat {
    /// Fits the transcript into a screen of this size.
    pub fn fit(&mut self, columns: u16, rows: u16) {
        let layout = layout(self, columns, rows);
        self.transcript.resize(layout.columns, layout.transcript_rows);
    }

    /// Whether an answer is under way.
    pub fn is_answering(&self) -> bool {
        self.answer.is_some()
    }

    /// Sends what is written: the prompt files are read first, so that what they say now is what counts.
    pub fn send(&mut self) -> Vec<Effect> {
        let Some(text) = self.composer.take() else {
            return Vec::new();
        };
        self.transcript.to_end();
        self.transcript.speaker("You");
        self.transcript.plain(&text);
        self.messages.push(ChatMessage::text(Role::User, text.clone()));
        let mut effects = vec![Effect::KeepPrompt(text)];
        effects.extend(self.keep_draft());
        effects.extend(self.begin_answer());
        effects
    }

    /// Asks the last question once more; the answer that it had counts no longer.
    pub fn retry(&mut self) -> Vec<Effect> {
        if self.is_answering() {
            return Vec::new();
        }
        self.messages.pop_if(|message| message.role == Role::Assistant);
        if self.messages.is_empty() {
            return Vec::new();
        }
        self.transcript.to_end();
        self.begin_answer()
    }

    fn begin_answer(&mut self) -> Vec<Effect> {
        let model = self.models.current();
        let provider = model.as_ref().and_then(|id| self.models.find(id)).map(|it| it.provider.clone());
        self.keep_parts_of(provider);
        self.transcript.speaker(model.as_deref().unwrap_or("the daemon's choice"));
        self.answers += 1;
        let (content, thinking) = Default::default();
        self.answer =
            Some(Answer { id: self.answers, model: model.clone(), asked: false, content, thinking });
        let changed = model.filter(|_| self.models.last_used != self.models.current());
        self.models.last_used = changed.clone().or(self.models.last_used.take());
        changed.map(Effect::KeepModel).into_iter().chain([Effect::ReadPrompts]).collect()
    }

    /// The prompt files were read: a question that waited for them goes out.
    pub fn prompts_came(&mut self, prompts: Prompts) -> Option<Effect> {
        self.prompts = prompts;
        let answer = self.answer.as_mut().filter(|answer| !answer.asked)?;
        answer.asked = true;
        let mut messages = self.prompts.messages(self.role.as_deref());
        messages.extend_from_slice(&self.messages);
        let request =
            ChatRequest { model: answer.model.clone(), messages, stream: true, ..ChatRequest::default() };
        Some(Effect::Ask { id: answer.id, request: Box::new(request) })
    }

    /// Whether the conversation has grown beyond what can be sent.
    pub fn is_full(&self) -> bool {
        let opaque = |part: &OpaquePart| serde_json::to_string(part).map_or(0, |json| json.len());
        let weight = |it: &ChatMessage| {
            let thinking = it.thinking.as_ref().map_or(0, String::len);
            it.content.len() + thinking + it.parts.iter().map(opaque).sum::<usize>()
        };
        let bytes: usize = self.messages.iter().map(weight).sum();
        bytes + self.composer.input.text().len() > CONVERSATION_BYTES_MAX
    }

    /// Stops the answer under way; what came of it stays.
    pub fn cancel(&mut self) -> Option<Effect> {
        let answer = self.answer.as_ref()?;
        let cancel = answer.asked.then_some(Effect::CancelAnswer(answer.id));
        self.end_answer(Vec::new(), Some((Ink::QUIET, "stopped".to_owned())));
        cancel
    }

    /// Begins a new conversation.
    pub fn renew(&mut self) -> Option<Effect> {
        let cancel = self.cancel();
        self.transcript.clear();
        self.messages.clear();
        self.usage = None;
        cancel
    }

    /// Something came of a question; of one that was cancelled, nothing counts any more.
    pub fn answered(&mut self, id: AnswerId, event: AnswerEvent) -> Option<Effect> {
        if self.answer.as_ref().is_none_or(|answer| answer.id != id) {
            return None;
        }
        let bad = |says: String| Some((Ink::BAD, says));
        match event {
            AnswerEvent::Frame(ChatFrame::Chunk(chunk)) => return self.more(&chunk),
            AnswerEvent::Frame(ChatFrame::Done(done)) => self.done(done),
            AnswerEvent::Frame(ChatFrame::Failed(failure)) => {
                self.end_answer(Vec::new(), bad(failed(&failure)))
            }
            AnswerEvent::Refused(error) => {
                self.end_answer(Vec::new(), bad(refusal(&error.error, &error.message, &error.details)));
            }
            AnswerEvent::Broken(why) => {
                self.end_answer(Vec::new(), bad(format!("the answer broke off: {why} · r asks again")));
            }
            AnswerEvent::Unreadable(why) => {
                self.transcript.remark(Ink::BAD, &format!("a part of the answer cannot be read: {why}"));
            }
        }
        None
    }

    /// Shows more of the answer; one that does not end is stopped.
    fn more(&mut self, chunk: &ChatChunk) -> Option<Effect> {
        let answer = self.answer.as_mut()?;
        let thinking = chunk.thinking.as_deref().unwrap_or_default();
        answer.thinking.push_str(thinking);
        answer.content.push_str(&chunk.content);
        self.transcript.think(thinking);
        self.transcript.say(&chunk.content);
        for call in &chunk.tool_calls {
            let says = format!("the model asks for the tool {}, which it was not offered", call.name);
            self.transcript.remark(Ink::BAD, &says);
        }
        let &mut Answer { id, ref content, ref thinking, .. } = self.answer.as_mut()?;
        if content.len() + thinking.len() <= ANSWER_BYTES_MAX {
            return None;
        }
        let says = format!("stopped: the answer is longer than {ANSWER_BYTES_MAX} bytes");
        self.end_answer(Vec::new(), Some((Ink::BAD, says)));
        Some(Effect::CancelAnswer(id))
    }

    /// Drops opaque parts unless they are this provider's. Of a provider that is not known, none are.
    fn keep_parts_of(&mut self, provider: Option<String>) {
        if self.parts_of != provider {
            self.messages.iter_mut().for_each(|message| message.parts.clear());
            self.parts_of = provider;
        }
    }

    fn done(&mut self, done: ChatDone) {
        self.keep_parts_of(Some(done.provider));
        self.usage = Some(done.usage);
        let remark = match done.stop_reason {
            StopReason::Length => Some("cut off: the answer met the bound on tokens".to_owned()),
            StopReason::ContentFilter => Some("the provider withholds the rest".to_owned()),
            StopReason::Other(reason) => Some(format!("stopped: {reason}")),
            StopReason::Stop | StopReason::ToolCalls => None,
        };
        self.end_answer(done.parts, remark.map(|says| (Ink::BAD, says)));
    }

    fn end_answer(&mut self, parts: Vec<OpaquePart>, remark: Option<(Ink, String)>) {
        let Some(Answer { content, thinking, .. }) = self.answer.take() else {
            return;
        };
        self.transcript.end();
        if let Some((ink, says)) = remark {
            self.transcript.remark(ink, &says);
        }
        if !content.is_empty() || !parts.is_empty() {
            let thinking = (!thinking.is_empty()).then_some(thinking);
            let message = ChatMessage::text(Role::Assistant, content);
            self.messages.push(ChatMessage { thinking, parts, ..message });
        }
    }

    /// The draft, if it changed since it was last handed out.
    pub fn keep_draft(&mut self) -> Option<Effect> {
        let draft = self.composer.unsent();
        if draft == self.kept_draft {
            return None;
        }
        self.kept_draft = draft.into_owned();
        Some(Effect::KeepDraft(self.kept_draft.clone()))
    }

    /// What an earlier terminal left behind.
    pub fn restore(&mut self, kept: Kept) -> Option<Effect> {
        self.kept_draft = kept.draft.clone();
        self.composer.restore(&kept.draft, kept.history);
        self.models.last_used = self.models.last_used.take().or(kept.model);
        self.keep_draft()
    }
}

fn failed(failure: &ChatFailure) -> String {
    let says = refusal(&failure.error, &failure.message, &failure.details);
    if failure.retryable { format!("{says} · r asks again") } else { says }
}

fn refusal(code: &str, message: &str, details: &Map<String, Value>) -> String {
    let detail = |key: &str| details.get(key).and_then(Value::as_str);
    let reason = detail("reason").map(|reason| format!(", {reason}")).unwrap_or_default();
    let hint = detail("hint").map(|hint| format!(" {hint}")).unwrap_or_default();
    format!("{message} ({code}{reason}){hint}")
}
