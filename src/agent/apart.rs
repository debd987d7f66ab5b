//! Targets turned into whether one would write, or fetch, what belongs to another.

use super::errors::OpenError;
use crate::ledger::branch::Branches;
use crate::reconcile::push::link;
use crate::remote::address::RemoteAddress;
use crate::remote::same::Repository;
use crate::settings::Settings;
use crate::settings::place::Place;

/// A target, as far as it could meet another.
struct One {
    /// How the settings name it.
    name: String,
    /// Its own repository.
    own: Option<Repository>,
    remote: Option<(RemoteAddress, Option<Repository>)>,
    /// What all of its branches begin with.
    prefix: String,
}

impl One {
    fn of(number: usize, settings: &Settings) -> Result<One, OpenError> {
        let remote = link::address(&settings.remote)?;
        Ok(One {
            name: name(number),
            own: Place::of(&settings.repository.path).map(Repository::Here),
            remote: remote.map(|address| {
                let repository = Repository::of(&address);
                (address, repository)
            }),
            prefix: Branches::compile(&settings.repository.branch)?.prefix().to_owned(),
        })
    }

    fn nests(&self, other: &One) -> bool {
        self.prefix.starts_with(&other.prefix) || other.prefix.starts_with(&self.prefix)
    }
}

/// In the numbers of the routes.
fn name(number: usize) -> String {
    number.checked_sub(1).map_or("the settings".to_owned(), |at| format!("targets[{at}]"))
}

/// Refuses a remote that is a target's own repository, and remotes on which two targets have the same branches.
pub fn check(each: &[Settings]) -> Result<(), OpenError> {
    let all = each.iter().enumerate().map(|(number, settings)| One::of(number, settings));
    let all = all.collect::<Result<Vec<One>, OpenError>>()?;
    for (index, one) in all.iter().enumerate() {
        let Some((address, Some(there))) = &one.remote else { continue };
        if let Some(owner) = all.iter().find(|other| other.own.as_ref() == Some(there)) {
            let (name, owner) = (one.name.clone(), owner.name.clone());
            return Err(OpenError::Own { name, url: address.to_string(), owner });
        }
        let is_same =
            |other: &&One| other.remote.as_ref().is_some_and(|(_, found)| found.as_ref() == Some(there));
        if let Some(other) = all[..index].iter().filter(is_same).find(|other| one.nests(other)) {
            let (before, after) = (other.name.clone(), one.name.clone());
            let (url, prefix) = (address.to_string(), one.prefix.clone());
            return Err(OpenError::Together { before, after, url, prefix });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<String> {
        let settings: Settings = serde_yaml::from_str(text).unwrap();
        check(&settings.each()).err().map(|error| error.to_string())
    }

    #[test]
    fn targets_that_meet_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::os::unix::fs::symlink(folder.path(), path("link")).unwrap();
        let own = |repository: &str, remote: &str| {
            format!("{{repository: {{path: {}}}, remote: {{url: {}}}}}", path(repository), path(remote))
        };
        let two = |one: &str, other: &str, branch: &str| {
            format!(
                "{{remote: {{url: '{one}'}}, targets: [{{namespaces: [a], repository: {{path: a, branch: '{branch}/{{{{ namespace }}}}'}}, remote: {{url: '{other}'}}}}]}}"
            )
        };
        let itself = "the settings: remote.url";
        let both = "the settings and targets[0] push branches that begin with \"deploy/\" to ";
        for (text, expected) in [
            (own("r.git", "r.git"), Some(itself)),
            (own("r.git", "link/./r.git/"), Some(itself)),
            (own("link/r.git", "r.git"), Some(itself)),
            (own("r.git", "s.git"), None),
            (two("https://h/r", "https://H:443/r.git/", "deploy"), Some(both)),
            (two("ssh://git@h/x", "git@h:x", "deploy"), Some(both)),
            (two("https://h/r", "https://h/r", "team"), None),
            (two("https://h/r", "https://h/s", "deploy"), None),
            (two(&path("deploy"), "/no", "deploy"), None),
            (
                two(
                    "/no",
                    &std::fs::canonicalize(".").unwrap().join("deploy.git").display().to_string(),
                    "x",
                ),
                Some("targets[0]: remote.url"),
            ),
            (
                two("/no", "https://me:hunter2@h/r", "x"),
                Some("remote.url: https://***@h/r: a user or password"),
            ),
            ("{remote: {url: 'https://me:hunter2@h/r'}}".to_owned(), Some("remote.url: https://***@h/r")),
        ] {
            let told = told(&text);
            let is_right =
                expected.map_or(told.is_none(), |words| told.as_deref().is_some_and(|is| is.contains(words)));
            assert!(is_right && !told.as_deref().unwrap_or_default().contains("hunter2"), "{text}: {told:?}");
        }
    }
}
