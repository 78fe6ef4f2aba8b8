//! What can go wrong between the daemon and a provider, and what its caller is told.

use super::stream::FramingError;
use hecate_desk::{Refusal, Refused};
use hecate_proto::llm::{ChatFailure, code};
use std::fmt;

const MODEL_NOT_FOUND: Refusal = Refusal::new(404, code::MODEL_NOT_FOUND, "No provider offers this model.");
const NO_MODEL: Refusal =
    Refusal::new(404, code::MODEL_NOT_FOUND, "No provider that answers offers a model to chat with.");
const PROVIDER_ERROR: Refusal = Refusal::new(502, code::PROVIDER_ERROR, "The provider fails.");
const RATE_LIMITED: Refusal = Refusal::new(429, code::RATE_LIMITED, "The provider takes no more for now.");
const TIMEOUT: Refusal = Refusal::new(504, code::TIMEOUT, "The provider took too long.");

/// Why a provider brought no answer, or not the whole of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LlmError {
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    #[error("it took too long: {0}")]
    Timeout(Phase),
    /// It says that the request is at fault.
    #[error("it refuses with {status}: {says}")]
    Rejected { status: u16, says: String },
    /// It does not take the key.
    #[error("it does not take the key ({status}): {says}")]
    Unauthorized { status: u16, says: String },
    /// `lasting`: waiting does not help, as when money has run out.
    #[error("it takes no more for now: {says}")]
    RateLimited { says: String, retry_after_ms: Option<u64>, lasting: bool },
    #[error("it fails: {says}")]
    Failed { status: Option<u16>, says: String },
    #[error("it does not speak its protocol: {0}")]
    Malformed(String),
    #[error("it stopped before the end of its answer")]
    Truncated,
    #[error("it is not set up: {0}")]
    NotConfigured(String),
}

/// What was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Connect,
    Headers,
    FirstToken,
    BetweenChunks,
    Total,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Connect => "connect",
            Phase::Headers => "headers",
            Phase::FirstToken => "first_token",
            Phase::BetweenChunks => "between_chunks",
            Phase::Total => "total",
        })
    }
}

impl From<FramingError> for LlmError {
    fn from(error: FramingError) -> LlmError {
        LlmError::Malformed(error.to_string())
    }
}

impl LlmError {
    /// True when asking again may help.
    pub(super) fn is_retryable(&self) -> bool {
        match self {
            LlmError::Unreachable(_) | LlmError::Timeout(_) | LlmError::Truncated => true,
            LlmError::Failed { status, .. } => status.is_none_or(|status| status == 408 || status >= 500),
            LlmError::RateLimited { lasting, .. } => !lasting,
            LlmError::Rejected { .. }
            | LlmError::Unauthorized { .. }
            | LlmError::Malformed(_)
            | LlmError::NotConfigured(_) => false,
        }
    }

    /// As the caller is told.
    pub(super) fn refused(&self, provider: &str) -> Refused {
        let refused = match self {
            LlmError::Rejected { status, .. } => {
                let rejected = Refusal::new(*status, code::PROVIDER_REJECTED, "");
                rejected.about("provider_status", *status)
            }
            LlmError::Unauthorized { status, .. } => {
                PROVIDER_ERROR.about("reason", "unauthorized").about("provider_status", *status)
            }
            LlmError::RateLimited { retry_after_ms: Some(ms), .. } => {
                RATE_LIMITED.about("retry_after_ms", *ms)
            }
            LlmError::RateLimited { .. } => RATE_LIMITED.into(),
            LlmError::Timeout(phase) => TIMEOUT.about("phase", phase.to_string()),
            LlmError::Failed { status: Some(status), .. } => {
                PROVIDER_ERROR.about("reason", "failed").about("provider_status", *status)
            }
            LlmError::Failed { .. } => PROVIDER_ERROR.about("reason", "failed"),
            LlmError::Unreachable(_) => PROVIDER_ERROR.about("reason", "unreachable"),
            LlmError::Malformed(_) => PROVIDER_ERROR.about("reason", "malformed"),
            LlmError::Truncated => PROVIDER_ERROR.about("reason", "truncated"),
            LlmError::NotConfigured(_) => PROVIDER_ERROR.about("reason", "not_configured"),
        };
        Refused {
            says: format!("Provider `{provider}`: {self}.").into(),
            ..refused.about("provider", provider)
        }
    }

    /// As the caller of a stream is told, in band.
    pub(super) fn failure(&self, provider: &str) -> ChatFailure {
        let Refused { code, says, details, .. } = self.refused(provider);
        ChatFailure {
            error: code.into_owned(),
            message: says.into_owned(),
            details: *details,
            retryable: self.is_retryable(),
            done: true,
        }
    }
}

/// Nobody offers this model; some that are offered are called like it. Where none was named, there is none at all.
pub(super) fn model_not_found(model: &str, near: Vec<String>) -> Refused {
    let (refusal, hint) = match model {
        "" => (
            NO_MODEL,
            "Start Ollama, or give the daemon OPENAI_API_KEY or OPENAI_BASE_URL; GET /api/llm/health says how each provider does.",
        ),
        _ => (MODEL_NOT_FOUND, "GET /api/llm/models lists what there is."),
    };
    let refused = refusal.about("field", "model").about("model", model).about("near", near);
    refused.about("hint", hint)
}
