//! The tags of a repository turned into the one that a version or range means (Helm `pkg/registry/{client,tag}.go`).

use std::cmp::Reverse;

use http::StatusCode;
use http::header::LINK;
use serde::Deserialize;

use super::super::address::Address;
use super::super::http::client::Answer;
use super::super::http::send::Limit;
use super::error::{RegistryError, json_reason, refusal};
use super::registry::Registry;
use crate::chart::semver::{Constraint, SemverError, Version};

/// A page of tags (oras-go `defaultMaxMetadataBytes`).
const MAX_PAGE: Limit = Limit { bytes: 4 << 20, what: "list of tags" };
/// A chart that is released every hour has as many after ten years.
const MAX_TAGS: usize = 100_000;
/// Registries send 100 to 1,000 tags a page.
const MAX_PAGES: usize = 1_000;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

/// All tags that are versions, highest first, with `+` for the `_` of tags.
pub async fn versions(registry: &Registry<'_>) -> Result<Vec<String>, RegistryError> {
    let mut address = registry.address("tags/list")?;
    let mut versions = Vec::new();
    for _ in 0..MAX_PAGES {
        let answer = registry.get(&address, "application/json", MAX_PAGE).await?;
        if answer.status != StatusCode::OK {
            return Err(refusal(&answer));
        }
        let page: Page = serde_json::from_slice(&answer.body).map_err(|error| RegistryError::Decode {
            address: answer.address.to_string(),
            reason: json_reason(&answer.body, &error),
        })?;
        let tags = page.tags.unwrap_or_default();
        versions.extend(tags.iter().filter_map(|tag| Version::parse_strict(&tag.replace('_', "+")).ok()));
        if versions.len() > MAX_TAGS {
            break;
        }
        match next(&answer)? {
            Some(next) => address = next,
            None => {
                versions.sort_by(|a, b| Reverse(a).cmp(&Reverse(b)));
                return Ok(versions.iter().map(ToString::to_string).collect());
            }
        }
    }
    Err(RegistryError::TooManyTags(registry.place.to_string(), MAX_TAGS))
}

/// Where the next page is: at the same server, or nowhere.
fn next(answer: &Answer) -> Result<Option<Address>, RegistryError> {
    let Some(link) = answer.headers.get(LINK).and_then(|link| link.to_str().ok()) else { return Ok(None) };
    let link = link.trim_start_matches('<').split('>').next().unwrap_or_default();
    let next = answer.address.join(link).map_err(super::super::http::fault::Fault::from)?;
    match next.same_origin(&answer.address) {
        true => Ok(Some(next)),
        false => Err(RegistryError::Link { link: next.to_string(), address: answer.address.to_string() }),
    }
}

/// The first tag that is the version, else the first that satisfies it (`GetTagMatchingVersionOrConstraint`).
pub fn matching(tags: &[String], version: &str) -> Result<String, RegistryError> {
    if !version.is_empty()
        && let Some(tag) = tags.iter().find(|tag| *tag == version)
    {
        return Ok(tag.clone());
    }
    let constraint = Constraint::parse(if version.is_empty() { "*" } else { version });
    let constraint = constraint.map_err(|error: SemverError| RegistryError::Constraint(error))?;
    let satisfies = |tag: &&String| Version::parse(tag).is_ok_and(|version| constraint.check(&version));
    tags.iter().find(satisfies).cloned().ok_or_else(|| RegistryError::NoVersion(version.to_owned()))
}
