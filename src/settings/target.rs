//! Namespaces with a repository of their own, and which of them a namespace belongs to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::delivery::Delivery;
use super::place::{Place, is_special};
use super::remote::{Remote, RemoteError};
use super::{Agent, Repository, Settings, Signing, text};

/// At most so many: each has two threads and two references to its repository for every worker.
const MOST: usize = 1_000;

/// Where the clusters of some namespaces go. What is left out of `agent`, `signing` and `delivery` is as for all others; a remote is
/// never handed down, so that no namespace gets to a server with the credentials of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Target {
    /// Names, `*` for any letters and `?` for any one. The first target that one of them fits has the namespace.
    pub namespaces: Vec<String>,
    pub repository: Repository,
    #[serde(default)]
    pub remote: Remote,
    #[serde(default)]
    pub agent: Option<Agent>,
    #[serde(default)]
    pub signing: Option<Signing>,
    #[serde(default)]
    pub delivery: Option<OwnDelivery>,
}

/// What a target has of `delivery` for itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnDelivery {
    /// As that of [`Delivery`]. It has to be said: `null` gives the clusters of the target the rights of the agent.
    #[serde(deserialize_with = "text::optional_account")]
    pub service_account_name: Option<String>,
}

/// Why targets cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum TargetError {
    #[error("targets: {0} are too many; an agent has at most {MOST}, run another one for the rest")]
    TooMany(usize),
    #[error("targets[{0}].namespaces is empty; name the namespaces that belong to {path}", path = .1.display())]
    Empty(usize, PathBuf),
    #[error(
        "targets[{0}].namespaces: {1:?} fits no namespace; write lower case letters, digits, dashes, * and ?, at most 63"
    )]
    Pattern(usize, String),
    #[error(
        "{before} and {after} have the same repository.path, {one}{}; give each its own, or put their namespaces together",
        as_well(one, other)
    )]
    Same { before: String, after: String, one: PathBuf, other: PathBuf },
    #[error("targets[{0}]: {1}")]
    Remote(usize, RemoteError),
    #[error("targets[{at}]: {what} {path} does not exist; correct `{key}`")]
    Missing { at: usize, what: &'static str, key: &'static str, path: PathBuf },
    #[error(
        "targets[{at}]: {what} {path} is a pipe or device, and it is read more than once; name a regular file as `{key}`"
    )]
    Special { at: usize, what: &'static str, key: &'static str, path: PathBuf },
}

/// Which target a namespace belongs to. 0 is that of the settings themselves, which has what no other has.
#[derive(Clone, Debug, Default)]
pub struct Routes(Vec<Vec<String>>);

impl Routes {
    /// The place of its target among [`Settings::targets`].
    pub fn of(&self, namespace: &str) -> usize {
        let fits = |patterns: &Vec<String>| patterns.iter().any(|pattern| fits(pattern, namespace));
        self.0.iter().position(fits).map_or(0, |at| at + 1)
    }
}

/// Which ServiceAccount of a namespace its clusters are delivered as.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    routes: Routes,
    /// In the numbers of the routes.
    each: Vec<Option<String>>,
}

impl Accounts {
    /// None: as the agent itself.
    pub fn of(&self, namespace: &str) -> Option<&str> {
        self.each.get(self.routes.of(namespace))?.as_deref()
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.each.iter().all(Option::is_none)
    }
}

impl Settings {
    /// Who delivers the clusters of which namespace.
    pub fn accounts(&self) -> Accounts {
        let each = self.each().into_iter().map(|settings| settings.delivery.service_account_name);
        Accounts { routes: self.routes(), each: each.collect() }
    }

    /// How namespaces are shared out.
    pub fn routes(&self) -> Routes {
        Routes(self.targets.iter().map(|target| target.namespaces.clone()).collect())
    }

    /// The settings of each target, in the numbers of [`Routes::of`]; the first is these settings without the others.
    pub fn each(&self) -> Vec<Settings> {
        let own = Settings { targets: Vec::new(), ..self.clone() };
        let other = |target: &Target| Settings {
            repository: target.repository.clone(),
            remote: target.remote.clone(),
            agent: target.agent.clone().unwrap_or_else(|| self.agent.clone()),
            signing: target.signing.clone().unwrap_or_else(|| self.signing.clone()),
            delivery: self.delivery_of(target),
            ..own.clone()
        };
        let others: Vec<Settings> = self.targets.iter().map(other).collect();
        [own].into_iter().chain(others).collect()
    }

    fn delivery_of(&self, target: &Target) -> Delivery {
        let own = target.delivery.as_ref().map(|own| own.service_account_name.clone());
        let service_account_name = own.unwrap_or_else(|| self.delivery.service_account_name.clone());
        Delivery { service_account_name, ..self.delivery.clone() }
    }

    /// The settings of the target that a namespace belongs to.
    pub fn of(&self, namespace: &str) -> Settings {
        let at = self.routes().of(namespace);
        self.each().swap_remove(at)
    }
}

/// Reads nothing but whether files exist.
pub fn check(settings: &Settings) -> Result<(), TargetError> {
    if settings.targets.len() > MOST {
        return Err(TargetError::TooMany(settings.targets.len()));
    }
    let mut places = BTreeMap::new();
    keep("the settings".to_owned(), &settings.repository.path, &mut places)?;
    for (at, target) in settings.targets.iter().enumerate() {
        if target.namespaces.is_empty() {
            return Err(TargetError::Empty(at, target.repository.path.clone()));
        }
        if let Some(wrong) = target.namespaces.iter().find(|pattern| !is_pattern(pattern)) {
            return Err(TargetError::Pattern(at, wrong.clone()));
        }
        keep(format!("targets[{at}]"), &target.repository.path, &mut places)?;
        target.remote.check().map_err(|error| TargetError::Remote(at, error))?;
        files(at, target)?;
    }
    Ok(())
}

/// Refuses a repository that another target has, however its path is written.
fn keep<'a>(
    name: String,
    path: &'a PathBuf,
    places: &mut BTreeMap<Place, (String, &'a PathBuf)>,
) -> Result<(), TargetError> {
    let Some(place) = Place::of(path) else { return Ok(()) };
    match places.insert(place, (name.clone(), path)) {
        None => Ok(()),
        Some((before, one)) => {
            Err(TargetError::Same { before, after: name, one: one.clone(), other: path.clone() })
        }
    }
}

/// The other spelling of a path, where there is one.
fn as_well(one: &Path, other: &Path) -> String {
    if one == other { String::new() } else { format!(", which is {} as well", other.display()) }
}

fn files(at: usize, target: &Target) -> Result<(), TargetError> {
    let signing = target.signing.as_ref();
    let own = [
        ("signing key", "signing.keyFile", signing.and_then(|signing| signing.key_file.as_ref())),
        (
            "passphrase",
            "signing.passphraseFile",
            signing.and_then(|signing| signing.passphrase_file.as_ref()),
        ),
    ];
    for (what, key, path) in own.into_iter().chain(target.remote.files()) {
        let Some(path) = path.cloned() else { continue };
        match std::fs::metadata(&path) {
            Err(_) => return Err(TargetError::Missing { at, what, key, path }),
            Ok(found) if is_special(&found) => return Err(TargetError::Special { at, what, key, path }),
            Ok(_) => {}
        }
    }
    Ok(())
}

fn is_pattern(pattern: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-*?".contains(c);
    (1..=63).contains(&pattern.len()) && pattern.chars().all(inside)
}

/// Whether `*` and `?` of a pattern can be filled so that the name comes out. One star is gone back to at a time, so it takes no
/// longer than both lengths together, multiplied.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut left, mut star) = (0, 0, None);
    while left < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, left));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[left] => (at, left) = (at + 1, left + 1),
            _ => match star {
                Some((behind, taken)) => {
                    (at, left) = (behind + 1, taken + 1);
                    star = Some((behind, taken + 1));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        serde_yaml::from_str(text).unwrap()
    }

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("team-a", "team-a", true),
            ("team-a", "team-ab", false),
            ("team-*", "team-", true),
            ("team-*", "team", false),
            ("*-prod", "a-prod-prod", true),
            ("*a*b*c", "xxaxxbxxc", true),
            ("*a*b*c", "xxaxxcxxb", false),
            ("team-?", "team-a", true),
            ("team-?", "team-", false),
            ("*", "any", true),
            ("**", "any", true),
            ("?*", "a", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn the_first_target_that_fits_has_a_namespace() {
        let settings = settings(
            "{agent: {name: all}, remote: {url: /common}, targets: [
               {namespaces: [team-a, 'a-*'], repository: {path: a.git}, agent: {name: us, email: us@a}},
               {namespaces: ['*a'], repository: {path: b.git, branch: '{{ namespace }}'}, remote: {url: /b}}]}",
        );
        let of = |namespace: &str| settings.of(namespace);
        assert_eq!(of("team-a").repository.path, PathBuf::from("a.git"));
        assert_eq!(of("a-1").agent.name, "us");
        assert_eq!(of("a-1").repository.branch, "deploy/{{ namespace }}");
        assert_eq!(of("a-1").remote.url, None, "a remote is not handed down");
        assert_eq!((of("b-a").agent.name, of("b-a").remote.url), ("all".to_owned(), Some("/b".to_owned())));
        assert_eq!(of("other").repository.path, PathBuf::from("deploy.git"));
        assert_eq!(of("other").remote.url.as_deref(), Some("/common"));
    }

    #[test]
    fn an_account_is_handed_down_unless_a_target_says_otherwise() {
        let accounts = |own: &str| {
            let text = format!(
                "{{{own}targets: [
                   {{namespaces: [a], repository: {{path: a.git}}, delivery: {{serviceAccountName: deployer}}}},
                   {{namespaces: [b], repository: {{path: b.git}}, delivery: {{serviceAccountName: null}}}},
                   {{namespaces: [c], repository: {{path: c.git}}}}]}}"
            );
            let accounts = settings(&text).accounts();
            ["a", "b", "c", "d"].map(|namespace| accounts.of(namespace).map(str::to_owned))
        };
        let [deployer, common] = ["deployer", "common"].map(|name| Some(name.to_owned()));
        assert_eq!(accounts(""), [deployer.clone(), None, None, None]);
        let all = "delivery: {serviceAccountName: common}, ";
        assert_eq!(accounts(all), [deployer, None, common.clone(), common]);
        assert!(Settings::default().accounts().is_empty());
        for (delivery, expected) in [("{}", "missing field"), ("{serviceAccountName: A}", "name of a Serv")] {
            let text =
                format!("targets: [{{namespaces: [a], repository: {{path: a}}, delivery: {delivery}}}]");
            let error = serde_yaml::from_str::<Settings>(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{delivery}: {error}");
        }
    }

    #[test]
    fn targets_that_contradict_are_refused_with_the_way_out() {
        for (text, expected) in [
            (
                "{namespaces: [], repository: {path: a}}",
                "targets[0].namespaces is empty; name the namespaces",
            ),
            ("{namespaces: [A], repository: {path: a}}", "targets[0].namespaces: \"A\" fits no namespace"),
            (
                "{namespaces: [a], repository: {path: deploy.git}}",
                "the settings and targets[0] have the same repository.path, deploy.git; give each",
            ),
            (
                "{namespaces: [a], repository: {path: ./x/../deploy.git/}}",
                "the settings and targets[0] have the same repository.path, deploy.git, which is ./x/../deploy.git/ as well;",
            ),
            (
                "{namespaces: [a], repository: {path: a.git}}, {namespaces: [b], repository: {path: ./a.git}}",
                "targets[0] and targets[1] have the same repository.path, a.git, which is ./a.git as well",
            ),
            (
                "{namespaces: [a], repository: {path: a}, remote: {tokenFile: /t}}",
                "targets[0]: remote.tokenFile is",
            ),
            (
                "{namespaces: [a], repository: {path: a}, signing: {keyFile: /nowhere}}",
                "targets[0]: signing key /nowhere does not exist; correct `signing.keyFile`",
            ),
        ] {
            let error = check(&settings(&format!("targets: [{text}]"))).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
