//! Metadata made printable and checked, before anything of a chart is used (Helm `Metadata.Validate`).

use std::collections::BTreeSet;

use crate::template::quote::{quote, quote_rune};

use super::super::semver::Version;
use super::types::{Dependency, Metadata};

/// What is wrong with a `Chart.yaml`; the texts are Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("validation: {0}")]
pub struct ValidationError(String);

fn refuse<T>(why: impl Into<String>) -> Result<T, ValidationError> {
    Err(ValidationError(why.into()))
}

impl Metadata {
    /// Removes what cannot be printed, then checks name, version, type, maintainers and dependencies.
    pub fn validate(&mut self) -> Result<(), ValidationError> {
        self.sanitize();
        self.check_name()?;
        if self.version.is_empty() {
            return refuse("chart.metadata.version is required");
        }
        if Version::parse(&self.version).is_err() {
            return refuse(format!("chart.metadata.version {} is invalid", quote(self.version.as_bytes())));
        }
        if !matches!(&*self.kind, "" | "application" | "library") {
            return refuse("chart.metadata.type must be application or library");
        }
        if self.null_maintainer.is_some() {
            return refuse("maintainers must not contain empty or null nodes");
        }
        for maintainer in &mut self.maintainers {
            for text in [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url] {
                sanitize(text);
            }
        }
        self.check_dependencies()
    }

    fn sanitize(&mut self) {
        let texts = [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ];
        for text in texts.into_iter().chain(&mut self.sources).chain(&mut self.keywords) {
            sanitize(text);
        }
    }

    fn check_name(&self) -> Result<(), ValidationError> {
        let name = &self.name;
        if self.api_version.is_empty() {
            return refuse("chart.metadata.apiVersion is required");
        }
        if name.is_empty() {
            return refuse("chart.metadata.name is required");
        }
        if name == "." || name == ".." {
            return refuse(format!("chart.metadata.name {} is not allowed", quote(name.as_bytes())));
        }
        if name.contains('/') && name != "/" {
            return refuse(format!("chart.metadata.name {} is invalid", quote(name.as_bytes())));
        }
        Ok(())
    }

    fn check_dependencies(&mut self) -> Result<(), ValidationError> {
        let null = self.null_dependency;
        let mut names = BTreeSet::new();
        for (index, dependency) in self.dependencies.iter_mut().flatten().enumerate() {
            if null == Some(index) {
                break;
            }
            dependency.check()?;
            let key = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
            if !names.insert(key) {
                let key = quote(key.as_bytes());
                return refuse(format!("more than one dependency with name or alias {key}"));
            }
        }
        if null.is_some() {
            return refuse("dependencies must not contain empty or null nodes");
        }
        Ok(())
    }
}

impl Dependency {
    fn check(&mut self) -> Result<(), ValidationError> {
        let texts = [&mut self.name, &mut self.version, &mut self.repository, &mut self.condition];
        for text in texts.into_iter().chain(&mut self.tags) {
            sanitize(text);
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if self.alias.bytes().all(allowed) {
            return Ok(());
        }
        refuse(format!("dependency {} has disallowed characters in the alias", quote(self.name.as_bytes())))
    }
}

/// White space becomes a space, what is not printable goes.
fn sanitize(text: &mut String) {
    if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return;
    }
    let space = |char: char| if char.is_whitespace() { ' ' } else { char };
    *text = text.chars().map(space).filter(|char| is_printable(*char)).collect();
}

/// Go's `unicode.IsPrint`: what Go quotes without an escape.
fn is_printable(char: char) -> bool {
    matches!(char, '\'' | '\\') || !quote_rune(char, false).starts_with("'\\")
}
