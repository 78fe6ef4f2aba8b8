//! OpenAI's list of models. It says little; some other servers say more in fields of their own.

use super::super::dialect::{ListedModel, text};
use super::super::error::LlmError;
use serde_json::Value;

pub(super) fn read(answer: &Value) -> Result<Vec<ListedModel>, LlmError> {
    let listed = answer["data"].as_array();
    let listed = listed.ok_or_else(|| LlmError::Malformed("the list of models has no `data`".to_owned()))?;
    Ok(listed.iter().filter_map(model).collect())
}

fn model(listed: &Value) -> Option<ListedModel> {
    let meta = &listed["meta"];
    // vLLM, OpenRouter, llama.cpp.
    let lengths = [&listed["max_model_len"], &listed["context_length"], &meta["n_ctx_train"]];
    Some(ListedModel {
        name: text(listed, "id")?,
        size: meta["size"].as_u64(),
        context_length: lengths.into_iter().find_map(Value::as_u64),
        ..ListedModel::default()
    })
}
