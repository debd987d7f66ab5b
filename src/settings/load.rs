//! Settings file, environment and flags turned into one checked tree; the later wins.
#![allow(clippy::disallowed_methods)] // the one place where the settings file is read

use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};

use super::Settings;
use super::address::Address;
use super::chart::{Chart, Update};
use super::check::{self, CheckError};
use super::environment::{self, EnvironmentError};
use super::origin::Origin;
use super::text;

/// A settings file is a page; anything bigger is the wrong file.
const LARGEST: u64 = 1 << 20;

/// What the command line sets.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub source: Option<String>,
    pub kubeconfig: Option<PathBuf>,
    pub context: Option<String>,
    pub repository: Option<PathBuf>,
    pub remote: Option<String>,
    pub chart: Option<PathBuf>,
    pub chart_repository: Option<String>,
    pub chart_name: Option<String>,
    pub chart_version: Option<String>,
    /// Resolve a range of versions anew.
    pub update_chart: bool,
    pub mapping: Option<PathBuf>,
    pub listen: Option<Address>,
    pub log_level: Option<String>,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(
        "settings file {path}: {reason}; correct --config or PROMGIT_CONFIG, or leave both out for the defaults"
    )]
    Read { path: PathBuf, reason: String },
    #[error("settings file {path}: {reason}; config/promgit.yaml shows every key")]
    Content { path: PathBuf, reason: String },
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    #[error("settings: {0}; config/promgit.yaml shows every key")]
    Merged(String),
    #[error("{flag} is {shown}; give {expected}")]
    Flag { flag: &'static str, shown: String, expected: &'static str },
    #[error(
        "{flag} is for the cluster source, and source.from is {from:?}; add --source cluster, or leave {flag} out"
    )]
    OnlyCluster { flag: &'static str, from: String },
    #[error(transparent)]
    Check(#[from] CheckError),
}

/// Reads and checks everything. `file`: none means defaults.
pub fn load(
    file: Option<&Path>,
    variables: impl Iterator<Item = (String, String)>,
    flags: &Flags,
) -> Result<Settings, LoadError> {
    check_flags(flags)?;
    let mut tree = file.map_or_else(|| Ok(Mapping::new()), read)?;
    lay_over(&mut tree, environment::overlay(variables)?);
    let mut settings: Settings =
        serde_yaml::from_value(Value::Mapping(tree)).map_err(|error| LoadError::Merged(reason(&error)))?;
    apply(&mut settings, flags.clone());
    check::check(&settings)?;
    check_fit(&settings, flags)?;
    Ok(settings)
}

fn read(path: &Path) -> Result<Mapping, LoadError> {
    let unreadable = |reason: String| LoadError::Read { path: path.into(), reason };
    let size = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if size > LARGEST {
        return Err(unreadable(format!("{size} bytes are too many for settings")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    parse(&text).map_err(|reason| LoadError::Content { path: path.into(), reason })
}

/// It quotes what is wrong, which may be an address with a password in a place for something else.
fn reason(error: &serde_yaml::Error) -> String {
    text::without_login(&error.to_string())
}

/// Deserialised twice: once alone, so that an error has the file's line, once as a tree to lay others over.
fn parse(text: &str) -> Result<Mapping, String> {
    let tree: Value = serde_yaml::from_str(text).map_err(|error| reason(&error))?;
    match tree {
        Value::Null => Ok(Mapping::new()),
        Value::Mapping(tree) => {
            serde_yaml::from_str::<Settings>(text).map_err(|error| reason(&error))?;
            Ok(tree)
        }
        _ => Err("the file is not a map of settings".into()),
    }
}

/// Sections are merged, fields replaced.
fn lay_over(tree: &mut Mapping, over: Mapping) {
    for (section, fields) in over {
        match (tree.get_mut(&section), fields) {
            (Some(Value::Mapping(below)), Value::Mapping(fields)) => below.extend(fields),
            (_, fields) => {
                tree.insert(section, fields);
            }
        }
    }
}

/// The bounds that the same texts have in a file.
fn check_flags(flags: &Flags) -> Result<(), LoadError> {
    let Flags { source, kubeconfig, context, repository, remote, mapping, log_level, .. } = flags;
    let Flags { chart, chart_repository, chart_name, chart_version, .. } = flags;
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
    let all = [
        ("--source", source.clone(), &text::LINE),
        ("--kubeconfig", path(kubeconfig), &text::PATH),
        ("--context", context.clone(), &text::LINE),
        ("--repo", path(repository), &text::PATH),
        ("--remote", remote.clone(), &text::LINE),
        ("--chart", path(chart), &text::PATH),
        ("--chart-repository", chart_repository.clone(), &text::LINE),
        ("--chart-name", chart_name.clone(), &text::LINE),
        ("--chart-version", chart_version.clone(), &text::LINE),
        ("--mapping", path(mapping), &text::PATH),
        ("--log-level", log_level.clone(), &text::LINE),
    ];
    for (flag, text, rule) in all {
        if let Some(text) = text.filter(|text| !rule.allows(text)) {
            return Err(LoadError::Flag { flag, shown: rule.shown(&text), expected: rule.expected });
        }
    }
    Ok(())
}

fn apply(settings: &mut Settings, flags: Flags) {
    let Flags { source, kubeconfig, context, repository, remote, mapping, listen, log_level, .. } =
        flags.clone();
    apply_chart(&mut settings.chart, flags);
    settings.source.from = source.unwrap_or_else(|| std::mem::take(&mut settings.source.from));
    settings.repository.path = repository.unwrap_or_else(|| std::mem::take(&mut settings.repository.path));
    settings.remote.url = remote.or(settings.remote.url.take());
    settings.log.level = log_level.unwrap_or_else(|| std::mem::take(&mut settings.log.level));
    settings.cluster.kubeconfig = kubeconfig.or(settings.cluster.kubeconfig.take());
    settings.cluster.context = context.or(settings.cluster.context.take());
    settings.chart.mapping = mapping.or(settings.chart.mapping.take());
    settings.server.listen = listen.or(settings.server.listen);
}

/// A flag that says where the chart is replaces all that the settings say of that.
fn apply_chart(settings: &mut Chart, flags: Flags) {
    let Flags { chart, chart_repository, chart_name, chart_version, update_chart, .. } = flags;
    if let Some(path) = chart {
        let Chart { timeout, cache, mapping, override_values, .. } = std::mem::take(settings);
        *settings = Chart { path: Some(path), timeout, cache, mapping, override_values, ..Chart::default() };
    }
    if chart_repository.is_some() {
        settings.path = None;
    }
    settings.repository = chart_repository.or(settings.repository.take());
    settings.name = chart_name.or(settings.name.take());
    settings.version = chart_version.or(settings.version.take());
    if update_chart {
        settings.update = Update::Start;
    }
}

/// A flag that would change nothing is a mistake; a settings file may be meant for both sources.
fn check_fit(settings: &Settings, flags: &Flags) -> Result<(), LoadError> {
    let given = [("--kubeconfig", flags.kubeconfig.is_some()), ("--context", flags.context.is_some())];
    let of_cluster = settings.source.origin().is_ok_and(|origin| origin == Origin::Cluster);
    match given.into_iter().find(|(_, given)| *given && !of_cluster) {
        Some((flag, _)) => Err(LoadError::OnlyCluster { flag, from: settings.source.from.clone() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../config/promgit.yaml");

    fn load_text(text: &str) -> Result<Settings, LoadError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("promgit.yaml");
        std::fs::write(&file, text).unwrap();
        load(Some(&file), std::iter::empty(), &Flags::default())
    }

    #[test]
    fn the_shipped_file_says_the_defaults() {
        assert_eq!(load_text(SHIPPED).unwrap(), Settings::default());
    }

    #[test]
    fn the_shipped_file_shows_every_key() {
        let keys = |text: &str| {
            let tree: Mapping = serde_yaml::from_str(text).unwrap();
            let fields = |(section, fields): (&Value, &Value)| {
                let section = section.as_str().unwrap().to_string();
                let Some(fields) = fields.as_mapping() else { return vec![section] };
                let names = fields.keys().map(|key| key.as_str().unwrap().to_string());
                names.map(|name| format!("{section}.{name}")).collect::<Vec<_>>()
            };
            tree.iter().flat_map(fields).collect::<Vec<_>>()
        };
        assert_eq!(keys(SHIPPED), keys(&serde_yaml::to_string(&Settings::default()).unwrap()));
    }

    #[test]
    fn an_empty_file_is_the_defaults() {
        assert_eq!(load_text("# nothing\n").unwrap(), Settings::default());
    }

    #[test]
    fn wrong_files_are_refused_with_place_and_way_out() {
        let table = [
            (
                "repository: {pth: x}",
                "repository: unknown field `pth`, expected `path` or `branch` at line 1",
            ),
            ("reposytory: {}", "unknown field `reposytory`"),
            (
                "render: {workers: many}",
                "render.workers: invalid type: string \"many\", expected a whole number from 0 to 1024 at line 1",
            ),
            (
                "commit: {window: 20}",
                "commit.window: invalid value: string \"20\", expected a length of time from 0s to 1m, such as",
            ),
            ("commit: {window: soon}", "commit.window: invalid value: string \"soon\""),
            (
                "source: {rescan: 0s}",
                "source.rescan: invalid value: string \"0s\", expected a length of time from 1s",
            ),
            ("source: {debounce: 0s}", "source.debounce: invalid value: string \"0s\", expected a length"),
            (
                "render: {workers: 99999}",
                "render.workers: invalid value: a larger one, expected a whole number",
            ),
            ("agent: {name: ''}", "agent.name: invalid value: \"\", expected a name of at most 100 bytes"),
            ("agent: {name: \"a\\nb\"}", "agent.name: invalid value: \"a\\nb\", expected a name"),
            ("agent: {name: \"a\\x07\"}", "agent.name: invalid value: \"a\\u{7}\", expected a name"),
            ("agent: {name: ' a'}", "agent.name: invalid value: \" a\", expected a name"),
            ("agent: {email: ''}", "agent.email: invalid value: \"\", expected an address"),
            ("agent: {email: 'a<b'}", "agent.email: invalid value: \"a<b\", expected an address"),
            ("agent: {email: 'a>b'}", "agent.email: invalid value: \"a>b\", expected an address"),
            ("agent: {email: \"a\\nb\"}", "agent.email: invalid value: \"a\\nb\", expected an address"),
            ("repository: {path: ''}", "repository.path: invalid value: \"\", expected a path"),
            (
                "remote: {push: always}",
                "remote.push: unknown variant `always`, expected one of `required`, `async`, `never`",
            ),
            ("chart: {path: ''}", "chart.path: invalid value: \"\", expected a path"),
            (
                "server: {listen: ':8080'}",
                "server.listen: invalid value: string \":8080\", expected an IP address and a port such as",
            ),
            (
                "delivery: {mode: apply}",
                "delivery.mode: unknown variant `apply`, expected `Apply` or `External`",
            ),
            (
                "delivery: {concurrency: 0}",
                "delivery.concurrency: invalid value: integer `0`, expected a whole number from 1 to 64 at line 1",
            ),
            (
                "delivery: {timeout: 999ms}",
                "delivery.timeout: invalid value: string \"999ms\", expected a length",
            ),
            (
                "delivery: {clusterScoped: [clusterroles]}",
                "delivery.clusterScoped: \"clusterroles\" is no kind with its group; write it as in ClusterRole.",
            ),
            ("source: {namespaces: a}", "source.namespaces: invalid type: string \"a\", expected a sequence"),
            ("[]", "not a map of settings"),
            ("a: [", "while parsing a flow node"),
        ];
        for (text, expected) in table {
            let error = load_text(text).unwrap_err().to_string();
            assert!(
                error.contains(expected) && error.contains("config/promgit.yaml shows"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn no_error_shows_the_password_of_an_address() {
        let url = "https://me:hunter2@example.com/a.git";
        for text in [
            format!("remote: {url}"),
            format!("remote: {{url: [{url}]}}"),
            format!("remote: {{url: \"{url}\\n\"}}"),
            format!("remote: {{push: \"{url}\"}}"),
            format!("remote: {{timeout: \"{url}\"}}"),
            format!("targets: [\"{url}\"]"),
            format!("chart: {{repository: \"{url}\\n\"}}"),
        ] {
            let error = load_text(&text).unwrap_err();
            assert!(
                !error.to_string().contains("hunter2") && !format!("{error:?}").contains("hunter2"),
                "{error}"
            );
        }
        for name in ["PROMGIT_REMOTE_URL", "PROMGIT_REMOTE_PUSH", "PROMGIT_REMOTE_TIMEOUT"] {
            let variable = (name.to_owned(), format!("{url}\n"));
            let error = load(None, [variable].into_iter(), &Flags::default()).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
        let flags = Flags { remote: Some(format!("{url}\n")), ..Flags::default() };
        let error = load(None, std::iter::empty(), &flags).unwrap_err().to_string();
        assert!(error.contains("--remote is \"https://***@example.com/a.git\\n\""), "{error}");
    }

    #[test]
    fn what_is_much_too_long_is_refused_in_few_words() {
        let long = "x".repeat(200_000);
        for (section, key) in [
            ("agent", "name"),
            ("agent", "email"),
            ("source", "from"),
            ("source", "rescan"),
            ("repository", "path"),
            ("repository", "branch"),
            ("chart", "mapping"),
            ("chart", "repository"),
            ("templates", "readme"),
            ("capabilities", "kubeVersion"),
            ("log", "level"),
        ] {
            let error = load_text(&format!("{section}: {{{key}: {long}}}")).unwrap_err().to_string();
            assert!(error.contains(&format!("{section}.{key}: ")) && error.len() < 400, "{error:.400}");
        }
        let variable = (String::from("PROMGIT_AGENT_NAME"), String::new());
        let error = load(None, [variable].into_iter(), &Flags::default()).unwrap_err().to_string();
        assert!(error.starts_with("environment variable PROMGIT_AGENT_NAME: "), "{error}");
        let flags = Flags { repository: Some("".into()), ..Flags::default() };
        let error = load(None, std::iter::empty(), &flags).unwrap_err().to_string();
        assert_eq!(error, "--repo is \"\"; give a path of at most 4095 bytes");
        let flags = Flags { source: Some(long), ..Flags::default() };
        let error = load(None, std::iter::empty(), &flags).unwrap_err().to_string();
        assert_eq!(error, "--source is 200000 bytes; give a text of one line, at most 4096 bytes");
    }

    #[test]
    fn flags_win_over_environment_and_environment_over_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("promgit.yaml");
        std::fs::write(&file, "repository: {path: a, branch: 'x/{{ namespace }}'}\nagent: {name: file}")
            .unwrap();
        let variables = [("PROMGIT_REPOSITORY_PATH", "b"), ("PROMGIT_AGENT_NAME", "env")];
        let variables = variables.map(|(name, text)| (name.to_string(), text.to_string()));
        let flags = Flags { repository: Some("c".into()), ..Flags::default() };
        let settings = load(Some(&file), variables.into_iter(), &flags).unwrap();
        assert_eq!(
            (settings.repository.path.as_path(), settings.agent.name.as_str()),
            (Path::new("c"), "env")
        );
        assert_eq!(settings.repository.branch, "x/{{ namespace }}");
    }

    #[test]
    fn flags_of_the_cluster_want_the_cluster() {
        let load = |source: Option<&str>| {
            let source = source.map(str::to_string);
            let flags = Flags { source, context: Some("kind".into()), ..Flags::default() };
            load(None, std::iter::empty(), &flags)
        };
        assert_eq!(load(Some("cluster")).unwrap().cluster.context.as_deref(), Some("kind"));
        let text = load(None).unwrap_err().to_string();
        assert!(
            text.contains("--context is for the cluster source") && text.contains("add --source cluster")
        );
    }

    #[test]
    fn a_chart_that_is_not_there_is_named() {
        let text = load_text("chart: {path: /nowhere}").unwrap_err().to_string();
        assert_eq!(text, "chart /nowhere does not exist; correct `chart.path`");
        let missing = load(Some(Path::new("/nowhere.yaml")), std::iter::empty(), &Flags::default());
        assert!(missing.unwrap_err().to_string().contains("correct --config"));
    }
}
