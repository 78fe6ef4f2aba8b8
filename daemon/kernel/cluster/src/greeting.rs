//! The first words on a stream: which program is at the other end, and whether both want this link. Said
//! before ractor_cluster sees a byte, because between two releases it has no protocol at all.

use crate::refused_key::RefusedKey;
use crate::stream::PeerStream;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What this code speaks above the stream. Raised with every change of [`Hello`] or of the wire's frames.
pub(crate) const PROTOCOL: u32 = 1;
/// The whole greeting, both ways.
const GREETING_MAX: Duration = Duration::from_secs(2);
/// A word of the greeting.
const WORD_BYTES_MAX: u32 = 4 * 1024;

/// One start of one node's cluster view. A peer that started anew has another.
pub(crate) type Boot = u64;

/// How far the sender of this has heard the one who reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// Of which start. Another one is another numbering.
    pub(crate) boot: Boot,
    /// The number of the next fact.
    pub(crate) next: u64,
}

/// What a node says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) protocol: u32,
    /// The program's version: one cluster runs one release.
    pub(crate) program: String,
    pub(crate) boot: Boot,
    pub(crate) heard: Heard,
}

/// Why a link is not wanted. Both ends learn it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// The peer speaks another protocol.
    #[error("other_protocol: one speaks {ours}, the other {theirs}")]
    OtherProtocol {
        /// Of the node that refuses.
        ours: u32,
        /// Of the node that is refused.
        theirs: u32,
    },
    /// The peer is another release.
    #[error("other_program: one runs {ours}, the other {theirs}")]
    OtherProgram {
        /// Of the node that refuses.
        ours: String,
        /// Of the node that is refused.
        theirs: String,
    },
    /// Another link to the same peer is preferred.
    #[error("duplicate_link: another link to this node is kept")]
    DuplicateLink,
    /// Nobody configured this peer.
    #[error("unknown_node: it is no peer of this node")]
    UnknownNode,
}

impl Refusal {
    /// The word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::OtherProtocol { .. } => "other_protocol",
            Refusal::OtherProgram { .. } => "other_program",
            Refusal::DuplicateLink => "duplicate_link",
            Refusal::UnknownNode => "unknown_node",
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Welcome,
    Refused(Refusal),
}

/// A greeting that came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GreetingError {
    #[error("refused the peer: {0}")]
    WeRefused(Refusal),
    #[error("refused by the peer: {0}")]
    TheyRefused(Refusal),
    #[error("no greeting within {} ms", GREETING_MAX.as_millis())]
    Late,
    #[error("the stream broke: {0}")]
    Broken(#[from] std::io::Error),
    #[error("not a greeting: {0}")]
    Garbled(String),
}

impl GreetingError {
    /// The refusal that one of the two pronounced.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match self {
            GreetingError::WeRefused(refusal) | GreetingError::TheyRefused(refusal) => Some(refusal),
            GreetingError::Late | GreetingError::Broken(_) | GreetingError::Garbled(_) => None,
        }
    }

    /// The key that ended the connection while they greeted each other.
    pub(crate) fn refused_key(&self) -> Option<RefusedKey> {
        match self {
            GreetingError::Broken(error) => RefusedKey::of_stream(error),
            _ => None,
        }
    }
}

/// Says `ours`, hears theirs, and exchanges verdicts: the peer's program, then what `judge` makes of it.
/// Bytes after the greeting stay in the stream.
pub(crate) async fn greet(
    stream: &mut PeerStream,
    ours: &Hello,
    judge: impl FnOnce(&Hello) -> Result<(), Refusal>,
) -> Result<Hello, GreetingError> {
    let greeting = tokio::time::timeout(GREETING_MAX, exchange(stream, ours, judge));
    greeting.await.map_err(|_| GreetingError::Late)?
}

async fn exchange(
    stream: &mut PeerStream,
    ours: &Hello,
    judge: impl FnOnce(&Hello) -> Result<(), Refusal>,
) -> Result<Hello, GreetingError> {
    say(stream, ours).await?;
    let theirs: Hello = hear(stream).await?;
    let judged = same_release(ours, &theirs).and_then(|()| judge(&theirs));
    let verdict = judged.clone().map_or_else(Verdict::Refused, |()| Verdict::Welcome);
    say(stream, &verdict).await?;
    if let Err(refusal) = judged {
        // Until the peer has it: whoever closes at once takes his last words along.
        stream.writer.shutdown().await?;
        return Err(GreetingError::WeRefused(refusal));
    }
    match hear(stream).await? {
        Verdict::Welcome => Ok(theirs),
        Verdict::Refused(refusal) => Err(GreetingError::TheyRefused(refusal)),
    }
}

fn same_release(ours: &Hello, theirs: &Hello) -> Result<(), Refusal> {
    if ours.protocol != theirs.protocol {
        return Err(Refusal::OtherProtocol { ours: ours.protocol, theirs: theirs.protocol });
    }
    if ours.program != theirs.program {
        let (ours, theirs) = (ours.program.clone(), theirs.program.clone());
        return Err(Refusal::OtherProgram { ours, theirs });
    }
    Ok(())
}

async fn say(stream: &mut PeerStream, word: &impl Serialize) -> Result<(), GreetingError> {
    let word = serde_json::to_vec(word).map_err(|error| GreetingError::Garbled(error.to_string()))?;
    let length = u32::try_from(word.len()).unwrap_or(u32::MAX);
    stream.writer.write_u32(length).await?;
    stream.writer.write_all(&word).await?;
    Ok(stream.writer.flush().await?)
}

async fn hear<W: for<'de> Deserialize<'de>>(stream: &mut PeerStream) -> Result<W, GreetingError> {
    let length = stream.reader.read_u32().await?;
    if length > WORD_BYTES_MAX {
        return Err(GreetingError::Garbled(format!("{length} bytes; at most {WORD_BYTES_MAX}")));
    }
    let mut word = vec![0; length as usize];
    stream.reader.read_exact(&mut word).await?;
    serde_json::from_slice(&word).map_err(|error| GreetingError::Garbled(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::NodeId;
    use crate::stream::Closing;

    fn pair() -> (PeerStream, PeerStream) {
        let (one, other) = tokio::io::duplex(64 * 1024);
        let stream = |io: tokio::io::DuplexStream, opened| {
            let (reader, writer) = tokio::io::split(io);
            PeerStream {
                peer: NodeId::of_key(&[u8::from(opened); 32]),
                address: "memory".into(),
                opened,
                secret: [7; 32],
                reader: Box::new(reader),
                writer: Box::new(writer),
                close: Closing::new(|| ()),
            }
        };
        (stream(one, true), stream(other, false))
    }

    fn hello(protocol: u32, program: &str) -> Hello {
        Hello { protocol, program: program.into(), boot: 1, heard: Heard::default() }
    }

    async fn meet(one: Hello, other: Hello) -> (Result<Hello, GreetingError>, Result<Hello, GreetingError>) {
        let (mut left, mut right) = pair();
        tokio::join!(greet(&mut left, &one, |_| Ok(())), greet(&mut right, &other, |_| Ok(())))
    }

    #[tokio::test]
    async fn two_of_one_release_learn_each_others_hello() {
        let (left, right) = meet(hello(1, "1.0.0"), hello(1, "1.0.0")).await;
        assert_eq!((left.unwrap().boot, right.unwrap().boot), (1, 1));
    }

    #[tokio::test]
    async fn both_ends_see_why_another_release_is_refused() {
        let (left, right) = meet(hello(1, "1.0.0"), hello(1, "1.0.1")).await;
        for seen in [left, right] {
            assert_eq!(seen.unwrap_err().refusal().unwrap().code(), "other_program");
        }
        let (left, right) = meet(hello(1, "1.0.0"), hello(2, "1.0.0")).await;
        for seen in [left, right] {
            assert_eq!(seen.unwrap_err().refusal().unwrap().code(), "other_protocol");
        }
    }

    #[tokio::test]
    async fn a_refusal_of_one_reaches_the_other() {
        let (mut left, mut right) = pair();
        let ours = hello(1, "1.0.0");
        let (left, right) = tokio::join!(
            greet(&mut left, &ours, |_| Err(Refusal::DuplicateLink)),
            greet(&mut right, &ours, |_| Ok(()))
        );
        assert!(matches!(left, Err(GreetingError::WeRefused(Refusal::DuplicateLink))));
        assert!(matches!(right, Err(GreetingError::TheyRefused(Refusal::DuplicateLink))));
    }

    #[tokio::test(start_paused = true)]
    async fn noise_and_silence_are_no_greeting() {
        for noise in [&b"\xff\xff\xff\xff"[..], b"\0\0\0\x02{]", b"\0\0\0\x05null?"] {
            let (mut left, mut right) = pair();
            right.writer.write_all(noise).await.unwrap();
            let met = greet(&mut left, &hello(1, "1"), |_| Ok(())).await;
            assert!(matches!(met, Err(GreetingError::Garbled(_))), "{met:?}");
        }
        let (mut left, _right) = pair();
        assert!(matches!(greet(&mut left, &hello(1, "1"), |_| Ok(())).await, Err(GreetingError::Late)));
        let (mut left, right) = pair();
        drop(right);
        assert!(matches!(greet(&mut left, &hello(1, "1"), |_| Ok(())).await, Err(GreetingError::Broken(_))));
    }
}
