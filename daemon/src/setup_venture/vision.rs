//! What a venture is about: as people ask for it, as it is kept, and what changed in between.

use hecate_desk::prelude::*;
use serde_json::{Map, Value};

type Brief = Text<4000>;
type Line = Text<500>;

/// How far the facts of a venture travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Visibility {
    /// Nothing leaves the node.
    Private,
    /// The members of the realm hear of it.
    #[default]
    Realm,
    /// Anyone may hear of it.
    Public,
}

impl Visibility {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Visibility::Private => "private",
            Visibility::Realm => "realm",
            Visibility::Public => "public",
        }
    }
}

/// What a venture is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Vision {
    pub(crate) brief: Option<String>,
    pub(crate) repos: Vec<String>,
    pub(crate) skills: Vec<String>,
    pub(crate) context_map: Map<String, Value>,
    pub(crate) visibility: Visibility,
}

/// The part of a request that tells of a vision; what is left out stays as it is.
#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct VisionAsked {
    /// What it is about, in a few sentences.
    brief: Option<Brief>,
    /// Repositories it lives in.
    #[schemars(length(max = 100))]
    repos: Option<Vec<Line>>,
    /// What it takes to build it.
    #[schemars(length(max = 100))]
    skills: Option<Vec<Line>>,
    /// Named contexts around it, free form.
    #[schemars(extend("maxProperties" = 100))]
    context_map: Option<Map<String, Value>>,
    /// How far its facts travel; `realm` unless said otherwise.
    visibility: Option<Visibility>,
}

/// The fields of a vision that changed.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct VisionChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) brief: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repos: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) skills: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context_map: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) visibility: Option<Visibility>,
}

/// A whole vision travels in one event when it is submitted, whoever wrote which part when.
const VISION_BYTES_MAX: usize = 128 * 1024;

pub(super) const VISION_TOO_LARGE: Refusal =
    Refusal::new(422, "vision_too_large", "All that a vision says has to fit into 128 KiB.");

impl VisionAsked {
    /// What is asked otherwise than it is, if all of it together still fits.
    pub(super) fn against(self, vision: &Vision) -> Result<VisionChange, Refused> {
        let change = self.otherwise_than(vision);
        let mut whole = vision.clone();
        change.clone().write(&mut whole);
        let bytes = serde_json::to_vec(&whole).map_or(usize::MAX, |text| text.len());
        if bytes > VISION_BYTES_MAX {
            return Err(VISION_TOO_LARGE.about("bytes", bytes).about("bytes_max", VISION_BYTES_MAX));
        }
        Ok(change)
    }

    fn otherwise_than(self, vision: &Vision) -> VisionChange {
        let texts = |lines: Vec<Line>| lines.into_iter().map(String::from).collect::<Vec<_>>();
        VisionChange {
            brief: self.brief.map(String::from).filter(|brief| vision.brief.as_ref() != Some(brief)),
            repos: self.repos.map(texts).filter(|repos| *repos != vision.repos),
            skills: self.skills.map(texts).filter(|skills| *skills != vision.skills),
            context_map: self.context_map.filter(|map| *map != vision.context_map),
            visibility: self.visibility.filter(|visibility| *visibility != vision.visibility),
        }
    }
}

impl VisionChange {
    pub(super) fn is_empty(&self) -> bool {
        *self == VisionChange::default()
    }

    /// Writes the changed fields over the old ones.
    pub(crate) fn write(self, vision: &mut Vision) {
        vision.brief = self.brief.or(vision.brief.take());
        vision.repos = self.repos.unwrap_or(std::mem::take(&mut vision.repos));
        vision.skills = self.skills.unwrap_or(std::mem::take(&mut vision.skills));
        vision.context_map = self.context_map.unwrap_or(std::mem::take(&mut vision.context_map));
        vision.visibility = self.visibility.unwrap_or(vision.visibility);
    }
}
