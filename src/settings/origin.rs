//! `source.from` as people write it (`cluster`, `dir:PATH`) turned into the place that it names.

use std::path::PathBuf;

/// Where PrometheusClusters come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The API server that `cluster` in the settings leads to.
    Cluster,
    /// A folder of YAML and JSON files.
    Folder(PathBuf),
}

/// A `source.from` that names neither.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "source.from {0:?} is not known; write cluster, or dir:PATH with the folder that holds the resources (--source)"
)]
pub struct OriginError(String);

impl std::str::FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        match text.strip_prefix("dir:") {
            Some(path) if !path.is_empty() => Ok(Origin::Folder(path.into())),
            None if text == "cluster" => Ok(Origin::Cluster),
            _ => Err(OriginError(text.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_the_cluster_or_a_folder() {
        assert_eq!("cluster".parse(), Ok(Origin::Cluster));
        assert_eq!("dir:a/b".parse(), Ok(Origin::Folder("a/b".into())));
        assert_eq!("dir:cluster".parse(), Ok(Origin::Folder("cluster".into())));
        for wrong in ["", "dir:", "Cluster", "examples", "cluster:x"] {
            let text = wrong.parse::<Origin>().unwrap_err().to_string();
            assert!(text.contains("write cluster, or dir:PATH"), "{wrong}: {text}");
        }
    }
}
