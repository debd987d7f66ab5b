//! The branch of a namespace, from a template over its name.

use minijinja::{Environment, context};

use super::template;

/// Why a namespace has no branch.
#[derive(Debug, thiserror::Error)]
pub enum BranchError {
    #[error("repository.branch {template:?} cannot be rendered: {reason}; write a template over `namespace`")]
    Template { template: String, reason: String },
    #[error(
        "repository.branch {0:?} gives every namespace the same branch; let it contain {{{{ namespace }}}}"
    )]
    Same(String),
    #[error(
        "repository.branch {template:?} gives branch {branch:?} for namespace {namespace:?}, which git does not take \
         or which nests below another; keep the same number of `/` and no special characters"
    )]
    Name { template: String, namespace: String, branch: String },
}

/// Namespace → branch, checked once.
pub struct Branches {
    template: String,
    environment: Environment<'static>,
    /// What all branches start with, up to where the namespace begins.
    prefix: String,
    /// Number of `/`: a branch `a` and a branch `a/b` cannot live side by side in git.
    depth: usize,
}

const NAME: &str = "repository.branch";

impl Branches {
    /// Compiles `repository.branch` and tries it on two namespaces.
    pub fn compile(text: &str) -> Result<Self, BranchError> {
        let failed = |error: minijinja::Error| BranchError::Template {
            template: text.into(),
            reason: format!("{error:#}"),
        };
        let environment = template::compile(NAME, text, false).map_err(failed)?;
        let mut branches =
            Branches { template: text.to_string(), environment, prefix: String::new(), depth: 0 };
        let [first, second] = [branches.render("one")?, branches.render("two")?];
        if first == second {
            return Err(BranchError::Same(text.to_string()));
        }
        branches.depth = first.matches('/').count();
        branches.of("one")?;
        let [first, second] = [branches.render("a")?, branches.render("b")?];
        let shared = first.chars().zip(second.chars()).take_while(|(a, b)| a == b);
        branches.prefix = shared.map(|(c, _)| c).collect();
        Ok(branches)
    }

    /// The branch of `namespace`, without `refs/heads/`.
    pub fn of(&self, namespace: &str) -> Result<String, BranchError> {
        let branch = self.render(namespace)?;
        if branch.matches('/').count() != self.depth || !is_branch_name(&branch) {
            let [template, namespace] = [&self.template, namespace].map(str::to_string);
            return Err(BranchError::Name { template, namespace, branch });
        }
        Ok(branch)
    }

    /// What all branches start with, up to where the namespace begins.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether a branch of this name could be one of a namespace's: those of others may stand beside them on a remote.
    pub fn could_give(&self, branch: &str) -> bool {
        branch.matches('/').count() == self.depth && branch.starts_with(&self.prefix)
    }

    /// Whether this is the branch of `namespace`.
    pub fn is_of(&self, branch: &str, namespace: &str) -> bool {
        self.of(namespace).is_ok_and(|name| name == branch)
    }

    fn render(&self, namespace: &str) -> Result<String, BranchError> {
        let failed = |error: minijinja::Error| BranchError::Template {
            template: self.template.clone(),
            reason: format!("{error:#}"),
        };
        let template = self.environment.get_template(NAME).map_err(failed)?;
        template.render(context! { namespace }).map_err(failed)
    }
}

/// The rules of `git check-ref-format --branch`, without the ones that other rules imply.
fn is_branch_name(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let forbidden = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    name.split('/').all(part)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.starts_with('-')
        && name != "HEAD"
        && !name.starts_with("refs/")
        && !name.chars().any(forbidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Branches::compile(text).err().map_or("accepted".into(), |error| error.to_string())
    }

    #[test]
    fn a_namespace_has_its_branch() {
        let branches = Branches::compile("deploy/{{ namespace }}").unwrap();
        assert_eq!(branches.of("example").unwrap(), "deploy/example");
        assert_eq!(branches.prefix(), "deploy/");
        let table = [("deploy/example", true), ("deploy/a/b", false), ("deploy", false), ("main", false)];
        for (branch, expected) in table {
            assert_eq!(branches.could_give(branch), expected, "{branch}");
        }
    }

    #[test]
    fn templates_that_cannot_work_are_refused_at_the_start() {
        assert!(refused("deploy").contains("same branch"));
        assert!(refused("deploy/{{ name }}").contains("cannot be rendered"));
        assert!(refused("deploy/{{ namespace").contains("cannot be rendered"));
        assert!(refused("a b/{{ namespace }}").contains("does not take"));
        assert!(refused("{{ namespace }}.lock").contains("does not take"));
        assert!(refused("refs/notes/{{ namespace }}").contains("does not take"));
    }

    #[test]
    fn no_branch_nests_below_another() {
        let branches = Branches::compile("deploy/{{ namespace | replace('-', '/') }}").unwrap();
        assert!(branches.of("team-a").unwrap_err().to_string().contains("same number of `/`"));
    }
}
