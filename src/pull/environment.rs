//! Variables of the process turned into where Helm and promgit keep things, and through which proxies they go.
#![allow(clippy::disallowed_methods)] // reads the environment, for its callers

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::http::proxy::Proxies;

/// The variables, as one value: whoever wants other ones passes other ones.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process; those that are no text are passed over.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os().map(|(name, text)| (name.into_string(), text.into_string()));
        Environment(variables.filter_map(|(name, text)| Some((name.ok()?, text.ok()?))).collect())
    }

    pub fn proxies(&self) -> Proxies {
        Proxies::of(&self.0)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(name).filter(|text| !text.is_empty()).map(PathBuf::from)
    }

    fn home(&self) -> PathBuf {
        self.path("HOME").unwrap_or_else(|| PathBuf::from("/"))
    }

    /// `$HELM_CONFIG_HOME`, `$XDG_CONFIG_HOME/helm` or the platform's place (Helm `pkg/helmpath`).
    fn helm_config(&self) -> PathBuf {
        let platform = if cfg!(target_os = "macos") { "Library/Preferences" } else { ".config" };
        let xdg = || self.path("XDG_CONFIG_HOME").unwrap_or_else(|| self.home().join(platform)).join("helm");
        self.path("HELM_CONFIG_HOME").unwrap_or_else(xdg)
    }

    fn helm_cache(&self) -> PathBuf {
        self.path("HELM_CACHE_HOME").unwrap_or_else(|| self.caches().join("helm"))
    }

    fn caches(&self) -> PathBuf {
        let platform = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
        self.path("XDG_CACHE_HOME").unwrap_or_else(|| self.home().join(platform))
    }

    /// Helm's list of repositories (`--repository-config`).
    pub fn repository_config(&self) -> PathBuf {
        self.path("HELM_REPOSITORY_CONFIG").unwrap_or_else(|| self.helm_config().join("repositories.yaml"))
    }

    /// Helm's copies of indexes (`--repository-cache`).
    pub fn repository_cache(&self) -> PathBuf {
        self.path("HELM_REPOSITORY_CACHE").unwrap_or_else(|| self.helm_cache().join("repository"))
    }

    /// Helm's logins at registries (`--registry-config`).
    pub fn registry_config(&self) -> PathBuf {
        self.path("HELM_REGISTRY_CONFIG").unwrap_or_else(|| self.helm_config().join("registry/config.json"))
    }

    /// Docker's logins at registries, which Helm uses where it has none of its own.
    pub fn docker_config(&self) -> PathBuf {
        let folder = self.path("DOCKER_CONFIG").unwrap_or_else(|| self.home().join(".docker"));
        folder.join("config.json")
    }

    /// Our copies of archives, where the settings name no other place.
    pub fn chart_cache(&self) -> PathBuf {
        self.caches().join("promgit/charts")
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Environment(variables.into_iter().collect())
    }
}
