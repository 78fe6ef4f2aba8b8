//! Ollama's list of what is on its disk.

use super::super::dialect::{ListedModel, text};
use super::super::error::LlmError;
use serde_json::Value;

pub(super) fn read(answer: &Value) -> Result<Vec<ListedModel>, LlmError> {
    let listed = answer["models"].as_array();
    let listed =
        listed.ok_or_else(|| LlmError::Malformed("the list of models has no `models`".to_owned()))?;
    Ok(listed.iter().filter_map(model).collect())
}

/// A model; none where it has no name, since nobody could ask for it.
fn model(listed: &Value) -> Option<ListedModel> {
    let details = &listed["details"];
    let capabilities = listed["capabilities"].as_array().into_iter().flatten();
    Some(ListedModel {
        name: text(listed, "name").or_else(|| text(listed, "model"))?,
        size: listed["size"].as_u64(),
        context_length: details["context_length"].as_u64(),
        family: text(details, "family"),
        parameter_size: text(details, "parameter_size"),
        format: text(details, "format"),
        quantization_level: text(details, "quantization_level"),
        modified_at: text(listed, "modified_at"),
        digest: text(listed, "digest"),
        capabilities: capabilities.filter_map(Value::as_str).map(str::to_owned).collect(),
    })
}
