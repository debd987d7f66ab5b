//! Which chart is rendered, where it comes from, and whether these settings fit together.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::duration::{self, Span};
use super::text;

/// What is rendered: a path, a chart of a repository, or (neither) the chart that promgit ships.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Chart {
    /// Folder or `.tgz`.
    #[serde(deserialize_with = "text::optional_path")]
    pub path: Option<PathBuf>,
    /// `https://…`, `http://…` or `oci://…`.
    #[serde(deserialize_with = "text::optional_line")]
    pub repository: Option<String>,
    #[serde(deserialize_with = "text::optional_line")]
    pub name: Option<String>,
    /// A version or a range; `None`: the newest release. In a registry a digest too.
    #[serde(deserialize_with = "text::optional_line")]
    pub version: Option<String>,
    /// `sha256:<hex>` of the archive.
    #[serde(deserialize_with = "text::optional_line")]
    pub digest: Option<String>,
    pub update: Update,
    #[serde(deserialize_with = "text::optional_path")]
    pub username_file: Option<PathBuf>,
    #[serde(deserialize_with = "text::optional_path")]
    pub password_file: Option<PathBuf>,
    /// Logins as `docker login` writes them.
    #[serde(deserialize_with = "text::optional_path")]
    pub credentials_file: Option<PathBuf>,
    #[serde(deserialize_with = "text::optional_path")]
    pub ca_file: Option<PathBuf>,
    #[serde(deserialize_with = "text::optional_path")]
    pub cert_file: Option<PathBuf>,
    #[serde(deserialize_with = "text::optional_path")]
    pub key_file: Option<PathBuf>,
    pub pass_credentials: bool,
    pub plain_http: bool,
    #[serde(deserialize_with = "duration::download")]
    pub timeout: Span,
    /// `None`: the user's cache.
    #[serde(deserialize_with = "text::optional_path")]
    pub cache: Option<PathBuf>,
    /// `None`: the mapping that promgit ships.
    #[serde(deserialize_with = "text::optional_path")]
    pub mapping: Option<PathBuf>,
    /// Helm values that win over everything else.
    pub override_values: serde_json::Map<String, serde_json::Value>,
}

/// When a range of versions is resolved anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Update {
    /// Not while `version` stays what it is.
    #[default]
    Never,
    /// At every start.
    Start,
}

impl Default for Chart {
    fn default() -> Self {
        Chart {
            path: None,
            repository: None,
            name: None,
            version: None,
            digest: None,
            update: Update::Never,
            username_file: None,
            password_file: None,
            credentials_file: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            pass_credentials: false,
            plain_http: false,
            timeout: Span::milliseconds(120_000),
            cache: None,
            mapping: None,
            override_values: serde_json::Map::new(),
        }
    }
}

/// Why the settings of the chart contradict each other.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ChartError {
    #[error("chart.path and chart.repository are both set; leave one of them out")]
    Both,
    #[error("chart.repository is set and chart.name is not; write the name that the chart has there")]
    NoName,
    #[error("chart.{0} is for a chart of a repository; set chart.repository, or leave chart.{0} out")]
    NoRepository(&'static str),
    #[error("chart.repository is no address of a repository; write https://…, http://… or oci://…")]
    Address,
    #[error(
        "chart.repository holds a user or password; put them into files and name these in chart.usernameFile and \
         chart.passwordFile"
    )]
    Credentials,
    #[error("chart.digest {0:?} is no digest; write sha256: and 64 hexadecimal digits in lower case")]
    Digest(String),
    #[error("chart.{0} is set and chart.{1} is not; set both or none")]
    Half(&'static str, &'static str),
    #[error("chart.{0} is for a registry (oci://…); leave it out")]
    OnlyRegistry(&'static str),
    #[error(
        "chart.name {0:?} is no name of a chart; write it as the repository lists it, without version and digest"
    )]
    Name(String),
}

impl Chart {
    /// Reads nothing.
    pub fn check(&self) -> Result<(), ChartError> {
        let Some(repository) = &self.repository else { return self.check_local() };
        if self.path.is_some() {
            return Err(ChartError::Both);
        }
        let (scheme, rest) = repository.split_once("://").ok_or(ChartError::Address)?;
        let host = rest.split('/').next().unwrap_or_default();
        if !matches!(scheme, "https" | "http" | "oci") || host.is_empty() || repository.contains(' ') {
            return Err(ChartError::Address);
        }
        if host.contains('@') {
            return Err(ChartError::Credentials);
        }
        let name = self.name.as_deref().ok_or(ChartError::NoName)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if !name.chars().all(plain) || name.starts_with('/') || name.split('/').any(|part| part == "..") {
            return Err(ChartError::Name(name.to_owned()));
        }
        if let Some(digest) = self.digest.as_deref().filter(|digest| !is_digest(digest)) {
            return Err(ChartError::Digest(digest.to_owned()));
        }
        self.check_pairs()?;
        let registry = [("credentialsFile", self.credentials_file.is_some()), ("plainHttp", self.plain_http)];
        let wrong = registry.into_iter().find(|(_, set)| *set && scheme != "oci");
        wrong.map_or(Ok(()), |(key, _)| Err(ChartError::OnlyRegistry(key)))
    }

    fn check_pairs(&self) -> Result<(), ChartError> {
        let Chart { username_file, password_file, cert_file, key_file, .. } = self;
        for (a, one, b, other) in [
            ("usernameFile", username_file, "passwordFile", password_file),
            ("certFile", cert_file, "keyFile", key_file),
        ] {
            match (one, other) {
                (Some(_), None) => return Err(ChartError::Half(a, b)),
                (None, Some(_)) => return Err(ChartError::Half(b, a)),
                _ => {}
            }
        }
        Ok(())
    }

    /// What is set and would do nothing is a mistake.
    fn check_local(&self) -> Result<(), ChartError> {
        let remote = [
            ("name", self.name.is_some()),
            ("version", self.version.is_some()),
            ("digest", self.digest.is_some()),
            ("usernameFile", self.username_file.is_some()),
            ("passwordFile", self.password_file.is_some()),
            ("credentialsFile", self.credentials_file.is_some()),
            ("caFile", self.ca_file.is_some()),
            ("certFile", self.cert_file.is_some()),
            ("keyFile", self.key_file.is_some()),
            ("passCredentials", self.pass_credentials),
            ("plainHttp", self.plain_http),
        ];
        let idle = remote.into_iter().find(|(_, set)| *set);
        idle.map_or(Ok(()), |(key, _)| Err(ChartError::NoRepository(key)))
    }

    /// The files that these settings name, by key.
    pub fn files(&self) -> [(&'static str, &'static str, Option<&PathBuf>); 8] {
        [
            ("chart", "chart.path", self.path.as_ref()),
            ("mapping", "chart.mapping", self.mapping.as_ref()),
            ("file of the user", "chart.usernameFile", self.username_file.as_ref()),
            ("file of the password", "chart.passwordFile", self.password_file.as_ref()),
            ("file of logins", "chart.credentialsFile", self.credentials_file.as_ref()),
            ("file of authorities", "chart.caFile", self.ca_file.as_ref()),
            ("certificate", "chart.certFile", self.cert_file.as_ref()),
            ("key", "chart.keyFile", self.key_file.as_ref()),
        ]
    }
}

fn is_digest(text: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.strip_prefix("sha256:").is_some_and(|rest| rest.len() == 64 && rest.bytes().all(hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> String {
        let chart: Chart = serde_yaml::from_str(text).unwrap();
        chart.check().err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn settings_of_a_chart_fit_together_or_say_why_not() {
        let digest = format!("{{repository: 'https://h', name: a, digest: 'sha256:{}'}}", "0".repeat(64));
        let good = [
            "{}",
            "path: a",
            "{repository: 'https://h/charts', name: a}",
            "{repository: 'oci://h:5000', name: team/a, version: ^1, plainHttp: true, credentialsFile: f}",
            "{repository: 'http://h', name: a, usernameFile: u, passwordFile: p, passCredentials: true}",
            &digest,
        ];
        for text in good {
            assert_eq!(reason(text), "", "{text}");
        }
        for (text, expected) in [
            ("{path: a, repository: 'https://h', name: a}", "are both set; leave one"),
            ("{repository: 'https://h'}", "write the name that the chart has there"),
            ("{name: a}", "chart.name is for a chart of a repository; set chart.repository"),
            ("{path: a, plainHttp: true}", "chart.plainHttp is for a chart of a repository"),
            ("{repository: 'h/charts', name: a}", "write https://…, http://… or oci://…"),
            ("{repository: 'ftp://h/charts', name: a}", "write https://…, http://… or oci://…"),
            ("{repository: 'https://', name: a}", "write https://…, http://… or oci://…"),
            ("{repository: 'https://u:secret@h', name: a}", "holds a user or password; put them into files"),
            (
                "{repository: 'https://h', name: a, digest: 'sha256:0'}",
                "write sha256: and 64 hexadecimal digits",
            ),
            (
                "{repository: 'https://h', name: a, usernameFile: u}",
                "chart.passwordFile is not; set both or none",
            ),
            (
                "{repository: 'https://h', name: a, keyFile: k}",
                "chart.keyFile is set and chart.certFile is not",
            ),
            ("{repository: 'https://h', name: a, plainHttp: true}", "chart.plainHttp is for a registry"),
            ("{repository: 'oci://h', name: 'a:1.0.0'}", "\"a:1.0.0\" is no name of a chart"),
            ("{repository: 'oci://h', name: ../a}", "\"../a\" is no name of a chart"),
        ] {
            let is = reason(text);
            assert!(is.contains(expected) && !is.contains("secret"), "{text}: {is}");
        }
    }
}
