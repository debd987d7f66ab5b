//! Settings that are well-formed one by one, asked whether they fit together and name what exists.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::chart::ChartError;
use super::delivery::Delivery;
use super::origin::{Origin, OriginError};
use super::place::is_special;
use super::remote::RemoteError;
use super::target::{self, TargetError};
use super::{Settings, Source};

const KUBECONFIG: &str = "cluster.kubeconfig";

/// Why settings that could be read cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum CheckError {
    #[error(transparent)]
    Origin(#[from] OriginError),
    #[error(transparent)]
    Chart(#[from] ChartError),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(
        "source.namespaces limits what is watched in a cluster, and source.from is {from:?}; \
         leave source.namespaces out, or set source.from to cluster"
    )]
    NamespacesOfFolder { from: String },
    #[error(
        "source.namespaces: {0:?} is no name of a namespace; write lower case letters, digits and dashes, at most 63"
    )]
    Namespace(String),
    #[error("source.namespaces names {0:?} twice; write it once")]
    Twice(String),
    #[error(
        "delivery.followHelm takes over what Helm's history says, and delivery.records is false: none is kept; \
         leave one of them out"
    )]
    NothingToFollow,
    #[error("{what} {path} does not exist; correct `{key}`")]
    Missing { what: &'static str, key: &'static str, path: PathBuf },
    #[error(
        "{what} {path} is a pipe or device, and it is read more than once; name a regular file as `{key}`"
    )]
    Special { what: &'static str, key: &'static str, path: PathBuf },
}

/// Reads nothing but whether files exist.
pub fn check(settings: &Settings) -> Result<(), CheckError> {
    let origin = settings.source.origin()?;
    namespaces(&settings.source, &origin)?;
    settings.chart.check()?;
    settings.remote.check()?;
    target::check(settings)?;
    delivery(&settings.delivery)?;
    files(settings, &origin)
}

/// `mode: External` and `drift: Ignore` go with `followHelm`: a resource may say otherwise of itself, which it cannot of `records`.
fn delivery(delivery: &Delivery) -> Result<(), CheckError> {
    match delivery.follow_helm && !delivery.records {
        true => Err(CheckError::NothingToFollow),
        false => Ok(()),
    }
}

fn namespaces(source: &Source, origin: &Origin) -> Result<(), CheckError> {
    if *origin != Origin::Cluster && !source.namespaces.is_empty() {
        return Err(CheckError::NamespacesOfFolder { from: source.from.clone() });
    }
    let mut seen = BTreeSet::new();
    for name in &source.namespaces {
        if !is_label(name) {
            return Err(CheckError::Namespace(name.clone()));
        }
        if !seen.insert(name) {
            return Err(CheckError::Twice(name.clone()));
        }
    }
    Ok(())
}

/// A DNS label (RFC 1123), as the API server wants it of a namespace.
fn is_label(name: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&name.len())
        && name.chars().all(inside)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn files(settings: &Settings, origin: &Origin) -> Result<(), CheckError> {
    // A folder needs no cluster: the same file of settings may be used where there is none.
    let kubeconfig = settings.cluster.kubeconfig.as_ref().filter(|_| *origin == Origin::Cluster);
    let files = [
        ("kubeconfig", KUBECONFIG, kubeconfig),
        ("commit message template", "templates.commit", settings.templates.commit.as_ref()),
        ("signing key", "signing.keyFile", settings.signing.key_file.as_ref()),
        ("passphrase", "signing.passphraseFile", settings.signing.passphrase_file.as_ref()),
        ("README template", "templates.readme", settings.templates.readme.as_ref()),
    ];
    for (what, key, path) in settings.chart.files().into_iter().chain(files).chain(settings.remote.files()) {
        let Some(path) = path.cloned() else { continue };
        match std::fs::metadata(&path) {
            Err(_) => return Err(CheckError::Missing { what, key, path }),
            // kubectl takes what a shell makes of `<(…)`
            Ok(found) if key != KUBECONFIG && is_special(&found) => {
                return Err(CheckError::Special { what, key, path });
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> Option<String> {
        check(&serde_yaml::from_str(text).unwrap()).err().map(|error| error.to_string())
    }

    #[test]
    fn settings_that_fit_together_pass() {
        let good = [
            "{}",
            "source: {from: cluster}",
            "source: {from: cluster, namespaces: [a, team-1]}",
            "delivery: {timeout: 1s, mode: External}",
            "delivery: {followHelm: true, mode: External, drift: Ignore}",
            "cluster: {kubeconfig: /nowhere}",
        ];
        for text in good {
            assert_eq!(reason(text), None, "{text}");
        }
    }

    #[test]
    fn settings_that_contradict_are_refused_with_the_way_out() {
        let long = format!("source: {{from: cluster, namespaces: [{}]}}", "a".repeat(64));
        let table = [
            ("source: {from: here}", "source.from \"here\" is not known; write cluster, or dir:PATH"),
            ("source: {namespaces: [a]}", "source.from is \"dir:examples\"; leave source.namespaces out"),
            ("source: {from: cluster, namespaces: [a, A]}", "\"A\" is no name of a namespace; write lower"),
            ("source: {from: cluster, namespaces: ['']}", "\"\" is no name of a namespace"),
            ("source: {from: cluster, namespaces: [a.b]}", "\"a.b\" is no name of a namespace"),
            ("source: {from: cluster, namespaces: [a-]}", "\"a-\" is no name of a namespace"),
            (long.as_str(), "is no name of a namespace"),
            ("source: {from: cluster, namespaces: [a, b, a]}", "names \"a\" twice"),
            (
                "{source: {from: cluster}, cluster: {kubeconfig: /nowhere}}",
                "kubeconfig /nowhere does not exist; correct `cluster.kubeconfig`",
            ),
            (
                "delivery: {followHelm: true, records: false}",
                "delivery.followHelm takes over what Helm's history says, and delivery.records is false",
            ),
            ("chart: {path: /nowhere}", "chart /nowhere does not exist; correct `chart.path`"),
            (
                "{remote: {url: /a, tokenFile: /dev/zero}}",
                "token of the remote /dev/zero is a pipe or device, and it is read more than once; name a regular file as `remote.tokenFile`",
            ),
            ("{signing: {keyFile: /dev/zero}}", "signing key /dev/zero is a pipe or device"),
            ("{templates: {commit: /dev/zero}}", "commit message template /dev/zero is a pipe or device"),
            (
                "{targets: [{namespaces: [a], repository: {path: a}, remote: {url: /a, sshKeyFile: /dev/zero}}]}",
                "targets[0]: SSH key /dev/zero is a pipe or device",
            ),
        ];
        for (text, expected) in table {
            let is = reason(text).unwrap_or_default();
            assert!(is.contains(expected), "{text}: {is}");
        }
    }
}
