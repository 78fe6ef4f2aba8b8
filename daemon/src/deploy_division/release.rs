//! A release: one version in one environment, what it is made of, where it answers, how far it is rolled out.

use hecate_desk::prelude::*;

/// A release as decisions need it.
#[derive(Serialize, Deserialize)]
pub(super) struct Release {
    pub(super) release_id: String,
    pub(super) release_version: String,
    pub(super) target_env: TargetEnv,
    pub(super) endpoints: Vec<String>,
    pub(super) rollout: Vec<Stage>,
    pub(super) rolled_back: bool,
}

impl Release {
    /// A release that nobody has staged or rolled back yet.
    pub(super) fn new(
        release_id: String,
        release_version: String,
        target_env: TargetEnv,
        endpoints: Vec<String>,
    ) -> Release {
        let (rollout, rolled_back) = (Vec::new(), false);
        Release { release_id, release_version, target_env, endpoints, rollout, rolled_back }
    }

    /// How far it is rolled out, percent; none while nobody staged it.
    pub(super) fn reaches(&self) -> Option<u8> {
        self.rollout.last().map(|stage| stage.stage_percentage)
    }
}

/// The release that stands in an environment after another one was rolled back there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Standing {
    pub(crate) release_id: String,
    pub(crate) release_version: String,
    pub(crate) target_env: TargetEnv,
    pub(crate) endpoints: Vec<String>,
}

impl From<&Release> for Standing {
    fn from(release: &Release) -> Standing {
        Standing {
            release_id: release.release_id.clone(),
            release_version: release.release_version.clone(),
            target_env: release.target_env,
            endpoints: release.endpoints.clone(),
        }
    }
}

/// Where a release runs, the more public the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum TargetEnv {
    /// For its developers.
    Test,
    /// For a last look.
    Staging,
    /// For its users.
    Prod,
}

/// One stage of a rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Stage {
    pub(crate) stage_name: String,
    pub(crate) stage_percentage: u8,
}

/// Something that was deployed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Artifact {
    /// What it is called.
    pub(crate) name: Text<200>,
    /// Where it lies.
    pub(crate) uri: Text<1000>,
    /// What it is known by: `sha256:…`.
    pub(crate) digest: Text<200>,
}

/// True for a version as Semantic Versioning 2.0.0 has them: `1.4.0-rc.1+build.7`.
pub(super) fn is_semver(version: &str) -> bool {
    let (version, build) =
        version.split_once('+').map_or((version, None), |(rest, build)| (rest, Some(build)));
    let (core, pre) = version.split_once('-').map_or((version, None), |(core, pre)| (core, Some(pre)));
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_digits = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let is_number = |word: &str| is_digits(word) && (word == "0" || !word.starts_with('0'));
    core.split('.').count() == 3
        && core.split('.').all(is_number)
        && pre.is_none_or(|pre| {
            pre.split('.').all(|word| is_word(word) && (!is_digits(word) || is_number(word)))
        })
        && build.is_none_or(|build| build.split('.').all(is_word))
}

/// Where a release answers: an address with its scheme, `https://shop.example/health`.
pub(super) type Endpoint = hecate_desk::Word<EndpointForm>;

/// See [`Endpoint`].
#[derive(Debug)]
pub(super) struct EndpointForm;

impl hecate_desk::Form for EndpointForm {
    const NAME: &'static str = "Endpoint";
    const PATTERN: &'static str = "^[a-z][a-z0-9+.-]*://[!-~]+$";
    const CHARS_MAX: usize = 500;

    fn fits(endpoint: &str) -> bool {
        let is_scheme = |scheme: &str| {
            let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-".contains(&b);
            scheme.starts_with(|first: char| first.is_ascii_lowercase()) && scheme.bytes().all(is_letter)
        };
        endpoint.split_once("://").is_some_and(|(scheme, rest)| {
            is_scheme(scheme) && !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_one_of_semantic_versioning() {
        for good in [
            "0.0.0",
            "1.2.3",
            "10.20.30",
            "1.0.0-alpha.1",
            "1.0.0-0.3.7",
            "1.0.0-x-y.z",
            "1.0.0+001",
            "1.0.0-rc+b.1-2",
        ] {
            assert!(is_semver(good), "{good}");
        }
        for bad in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "v1.2.3",
            "01.2.3",
            "1.2.03",
            "1.2.x",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3-a..b",
            "1.2.3+",
            "1.2.3+a+b",
            "1.2.3-ä",
            " 1.2.3",
            "+1.2.3",
            "1.-2.3",
        ] {
            assert!(!is_semver(bad), "{bad}");
        }
    }

    #[test]
    fn an_endpoint_has_a_scheme_and_a_place() {
        for (endpoint, fits) in [
            ("https://shop.example/health", true),
            ("tcp://10.0.0.1:5432", true),
            ("shop.example", false),
            ("https://", false),
            ("https://a b", false),
            ("9p://a", false),
        ] {
            assert_eq!(Endpoint::try_from(endpoint.to_owned()).is_ok(), fits, "{endpoint}");
        }
    }
}
