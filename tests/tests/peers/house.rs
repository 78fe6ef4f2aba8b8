//! A daemon that was told of its peers by the environment, as its users tell it.

use crate::peer::{Answers, CAMELLIA, Emulator, Engine, MODEL};
use hecate_proto::llm::{ChatFrame, ModelsAnswer, STREAM_END};
use hecate_proto::route;
use hecate_tests::daemon::{Daemon, Place};
use hecate_tests::http::Request;
use hecate_tests::patience::until;
use hecate_tests::sse::Frames;
use serde_json::Value;
use std::io::ErrorKind;
use tempfile::TempDir;

/// Nobody listens there.
const NOBODY: &str = "127.0.0.1:1";

/// One daemon, one engine and whoever speaks Ollama.
pub(crate) struct House {
    pub(crate) daemon: Daemon,
    pub(crate) engine: Engine,
    _emulator: Option<Emulator>,
    /// Goes last, when nobody writes into it any more.
    _folder: TempDir,
}

impl House {
    /// With an engine alone.
    pub(crate) fn with_engine(answers: Answers) -> House {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::start(folder.path(), answers, None);
        let place = Place::new(folder.path());
        House::furnish(folder, engine, None, place)
    }

    /// With an engine and an emulator.
    pub(crate) fn with_both() -> House {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::start(folder.path(), Answers::Brief, None);
        let emulator = Emulator::start(folder.path());
        let place = Place::new(folder.path());
        House::furnish(folder, engine, Some(emulator), place)
    }

    /// With a place that is like no other.
    pub(crate) fn furnish(
        folder: TempDir,
        engine: Engine,
        emulator: Option<Emulator>,
        mut place: Place,
    ) -> House {
        let ollama = emulator.as_ref().map_or_else(|| NOBODY.to_owned(), Emulator::host);
        place.environment.extend([("OPENAI_BASE_URL", engine.base_url()), ("OLLAMA_HOST", ollama)]);
        let house = House { daemon: place.start(), engine, _emulator: emulator, _folder: folder };
        // The first look at a provider happens after the daemon is ready.
        let emulated = house._emulator.is_some().then_some(CAMELLIA);
        for model in [MODEL].into_iter().chain(emulated) {
            until(model, || house.models().iter().any(|listed| listed == model).then_some(()));
        }
        house
    }

    /// `provider/name` of each.
    pub(crate) fn models(&self) -> Vec<String> {
        let answer = self.daemon.client().get(route::LLM_MODELS).expect(200);
        let models = answer.read::<ModelsAnswer>().models;
        models.iter().map(|model| format!("{}/{}", model.provider, model.name)).collect()
    }

    /// Opens a streamed answer.
    pub(crate) fn stream(&self, body: &Value) -> Streamed {
        let mut body = body.clone();
        body["stream"] = true.into();
        let request = Request::post(route::LLM_CHAT, &body);
        Streamed { frames: Frames::open(&self.daemon.place().socket(), &request).unwrap() }
    }
}

/// A streamed answer; dropped, its connection closes.
pub(crate) struct Streamed {
    frames: Frames,
}

impl Streamed {
    pub(crate) fn next(&mut self) -> ChatFrame {
        let frame = self.frames.next_frame().unwrap();
        serde_json::from_str(&frame.data).unwrap_or_else(|error| panic!("{error} in {frame:?}"))
    }

    /// Reads until text has come so many times.
    pub(crate) fn some_text(&mut self, times: usize) -> String {
        let mut text = String::new();
        let mut left = times;
        while left > 0 {
            let ChatFrame::Chunk(chunk) = self.next() else { panic!("it ended after {text:?}") };
            left -= usize::from(!chunk.content.is_empty());
            text.push_str(&chunk.content);
        }
        text
    }

    /// Reads to the end: the text and the frame that ends it. What must follow is checked.
    pub(crate) fn finish(mut self) -> (String, ChatFrame) {
        let mut text = String::new();
        let last = loop {
            match self.next() {
                ChatFrame::Chunk(chunk) => text.push_str(&chunk.content),
                last => break last,
            }
        };
        if matches!(last, ChatFrame::Done(_)) {
            assert_eq!(self.frames.next_frame().unwrap().data, STREAM_END);
        }
        assert_eq!(self.frames.next_frame().unwrap_err().kind(), ErrorKind::UnexpectedEof);
        (text, last)
    }
}
