//! `hecate ask`: one question as a pipe. The answer streams to stdout; an interrupt closes the connection, and
//! with it the answer.

use super::{
    answer::{AnswerStream, Unasked},
    client::{self, Call},
    exit::Exit,
    print, socket, state_folder,
    verbs::show,
};
use crate::core::{chat::AnswerEvent, chat::Models, letters::spelt_out, markdown::Sanitiser};
use clap::Args;
use hecate_proto::{
    answer::ErrorAnswer,
    llm::{
        ChatAnswer, ChatChunk, ChatDone, ChatFailure, ChatFrame, ChatMessage, ChatRequest, LlmHealth,
        ModelsAnswer, Role, StopReason,
    },
    route,
};
use serde::de::DeserializeOwned;
use std::{
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// What is read from stdin at most, bytes: the daemon takes 16 MiB at once, and JSON needs some of it.
const INPUT_BYTES_MAX: u64 = 12 * 1024 * 1024;

/// Bytes of an answer that is kept whole, as much as the daemon keeps of one.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// `hecate ask …`
#[derive(Debug, Args)]
pub struct Question {
    /// What to ask; what comes on stdin follows it.
    #[arg(value_name = "TEXT")]
    pub words: Vec<String>,
    /// The model, `provider/name` or a name; else the one asked last, else the first healthy local one.
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Instructions that come before the question.
    #[arg(long, value_name = "TEXT")]
    pub system: Option<String>,
    /// Print one JSON object when the answer is whole, instead of its text as it comes.
    #[arg(long)]
    pub json: bool,
}

/// Asks, and ends when the answer does.
pub fn run(question: &Question, candidates: &[PathBuf]) -> Exit {
    let text = match text(question) {
        Ok(text) if text.trim().is_empty() => {
            return failed(Exit::Usage, "there is nothing to ask: `hecate ask \"…\" < FILE`");
        }
        Ok(text) => text,
        Err(error) => return failed(Exit::Usage, &format!("stdin cannot be read: {error}")),
    };
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(ask_while_read(question, text, candidates)),
        Err(error) => failed(Exit::Unreachable, &format!("no runtime for the network: {error}")),
    }
}

fn failed(exit: Exit, says: &str) -> Exit {
    print::trouble(&format!("hecate: {says}"));
    exit
}

/// The question, and below it what comes on stdin.
fn text(question: &Question) -> io::Result<String> {
    let mut parts = vec![question.words.join(" ")];
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        let mut input = String::new();
        let read = stdin.take(INPUT_BYTES_MAX + 1).read_to_string(&mut input)?;
        if read as u64 > INPUT_BYTES_MAX {
            return Err(io::Error::other(format!("it is more than {INPUT_BYTES_MAX} bytes")));
        }
        parts.push(input);
    }
    parts.retain(|part| !part.trim().is_empty());
    Ok(parts.join("\n\n"))
}

/// Asks as long as somebody reads: nobody wants the rest of an answer that `head` has had enough of. What is
/// dropped here closes the connection.
async fn ask_while_read(question: &Question, text: String, candidates: &[PathBuf]) -> Exit {
    tokio::select! {
        biased;
        exit = ask(question, text, candidates) => exit,
        () = print::reader_left() => Exit::Done,
    }
}

async fn ask(question: &Question, text: String, candidates: &[PathBuf]) -> Exit {
    let socket = match client::find(candidates).await {
        Ok(found) => found.socket,
        Err(errors) => {
            let why = client::nobody(&errors);
            return failed(Exit::Unreachable, &format!("no daemon answers: {why}; try `hecate doctor`"));
        }
    };
    let model = match &question.model {
        Some(model) => Some(model.clone()),
        None => usual_model(&socket).await,
    };
    let system = question.system.iter().map(|system| ChatMessage::text(Role::System, system.as_str()));
    let messages = system.chain([ChatMessage::text(Role::User, text)]).collect();
    let request = ChatRequest { model, messages, stream: true, ..ChatRequest::default() };
    match AnswerStream::open(&socket, &request).await {
        Ok(stream) => Answer::new(question.json, stream.correlation_id()).read(stream).await,
        Err(Unasked::Refused(error)) => refused(&error, question.json),
        Err(Unasked::Failed(error)) => failed(Exit::Unreachable, &error.to_string()),
        Err(Unasked::Speechless(status)) => {
            failed(Exit::Refused, &format!("the daemon answered {status} without a reason"))
        }
    }
}

/// The model that the terminal would ask, as far as that can be known; else the daemon chooses.
async fn usual_model(socket: &Path) -> Option<String> {
    let folder = state_folder::state(socket::env_path);
    let last_used = folder.and_then(|folder| std::fs::read_to_string(folder.join("model")).ok());
    let list = answer::<ModelsAnswer>(socket, route::LLM_MODELS).await?.models;
    let providers =
        answer::<LlmHealth>(socket, route::LLM_HEALTH).await.map(|it| it.providers).unwrap_or_default();
    let mut models = Models::default();
    (models.list, models.providers, models.last_used) = (list, providers, last_used);
    models.current_offered()
}

async fn answer<T: DeserializeOwned>(socket: &Path, path: &str) -> Option<T> {
    let answer = client::ask(socket, &Call::get(path)).await.ok()?;
    serde_json::from_value(answer.body).ok()
}

/// The code stands first on stderr, for programs.
fn refused(error: &ErrorAnswer, as_json: bool) -> Exit {
    if as_json {
        print::json(&serde_json::to_string(error).unwrap_or_default());
    }
    show::refusal(error, &[]).iter().for_each(|line| print::trouble(line));
    Exit::Refused
}

/// The answer as far as it came.
struct Answer {
    as_json: bool,
    /// Set when somebody looks at it: then nothing may steer the terminal.
    sanitiser: Option<Sanitiser>,
    content: String,
    thinking: String,
    tool_calls: Vec<hecate_proto::llm::ToolCall>,
    kept_bytes: usize,
    ends_in_newline: bool,
    correlation_id: Uuid,
}

impl Answer {
    fn new(as_json: bool, correlation_id: Uuid) -> Self {
        let sanitiser = io::stdout().is_terminal().then(Sanitiser::default);
        let (content, thinking, tool_calls) = Default::default();
        let (kept_bytes, ends_in_newline) = (0, true);
        Self {
            as_json,
            sanitiser,
            content,
            thinking,
            tool_calls,
            kept_bytes,
            ends_in_newline,
            correlation_id,
        }
    }

    async fn read(mut self, mut stream: AnswerStream) -> Exit {
        let mut exit = Exit::Done;
        while let Some(event) = stream.next().await {
            match event {
                AnswerEvent::Frame(ChatFrame::Chunk(chunk)) if self.as_json => {
                    if self.keep(chunk) > ANSWER_BYTES_MAX {
                        return self.fail(cut_off(format!("it is longer than {ANSWER_BYTES_MAX} bytes")));
                    }
                }
                AnswerEvent::Frame(ChatFrame::Chunk(chunk)) => self.show(&chunk.content),
                AnswerEvent::Frame(ChatFrame::Done(done)) => self.done(done),
                AnswerEvent::Frame(ChatFrame::Failed(failure)) => return self.fail(failure),
                AnswerEvent::Refused(error) => return refused(&error, self.as_json),
                AnswerEvent::Broken(why) => return self.fail(cut_off(why)),
                AnswerEvent::Unreadable(why) => {
                    exit = failed(Exit::Refused, &format!("a part of the answer cannot be read: {why}"));
                }
            }
            // Nobody wants the rest of an answer that cannot be written.
            if print::is_unheard() {
                return exit;
            }
        }
        exit
    }

    /// Answers how many bytes are kept by now.
    fn keep(&mut self, chunk: ChatChunk) -> usize {
        let ChatChunk { content, thinking, tool_calls, .. } = chunk;
        let thinking = thinking.unwrap_or_default();
        let calls = tool_calls.iter().map(|call| call.name.len() + call.arguments.to_string().len());
        self.kept_bytes += content.len() + thinking.len() + calls.sum::<usize>();
        self.content.push_str(&content);
        self.thinking.push_str(&thinking);
        self.tool_calls.extend(tool_calls);
        self.kept_bytes
    }

    fn show(&mut self, content: &str) {
        let mut clean = String::new();
        let shown = match &mut self.sanitiser {
            Some(sanitiser) => {
                sanitiser.push(content, &mut clean);
                &clean
            }
            None => content,
        };
        if !shown.is_empty() {
            self.ends_in_newline = shown.ends_with('\n');
            print::piece(shown);
        }
    }

    fn done(&mut self, done: ChatDone) {
        if !self.as_json {
            return self.end_text(&done.stop_reason);
        }
        let answer = ChatAnswer {
            ok: true,
            content: std::mem::take(&mut self.content),
            thinking: Some(std::mem::take(&mut self.thinking)).filter(|it| !it.is_empty()),
            tool_calls: std::mem::take(&mut self.tool_calls),
            parts: done.parts,
            model: done.model,
            provider: done.provider,
            stop_reason: done.stop_reason,
            usage: done.usage,
        };
        print::json(&serde_json::to_string(&answer).unwrap_or_default());
    }

    /// Whoever reads a pipe sees no other sign that this is not all.
    fn end_text(&self, reason: &StopReason) {
        self.end_line();
        let says = match reason {
            StopReason::Stop => return,
            StopReason::Length => "the answer is cut off: it met the bound on tokens".to_owned(),
            StopReason::ContentFilter => "the provider withholds the rest of the answer".to_owned(),
            StopReason::ToolCalls => "the model asks for tools, which it was not offered".to_owned(),
            StopReason::Other(reason) => format!("the answer stopped: {reason}"),
        };
        print::trouble(&format!("hecate: {}", spelt_out(&says)));
    }

    fn end_line(&self) {
        if !self.ends_in_newline {
            print::piece("\n");
        }
    }

    /// What came stays on stdout; why there is no more stands on stderr.
    fn fail(self, failure: ChatFailure) -> Exit {
        self.end_line();
        let ChatFailure { error, message, details, .. } = failure;
        let error = ErrorAnswer { ok: false, error, message, details, correlation_id: self.correlation_id };
        refused(&error, self.as_json)
    }
}

fn cut_off(why: String) -> ChatFailure {
    let (error, details) = ("truncated".to_owned(), Default::default());
    ChatFailure {
        error,
        message: format!("The answer broke off: {why}."),
        details,
        retryable: true,
        done: true,
    }
}
