//! What to type to look at the result, and what to edit to see the next commit: lines for someone who begins.

use std::path::PathBuf;

use crate::ledger::branch::Branches;
use crate::settings::{Repository, Settings};
use crate::source::event::Observed;

/// Clusters that are looked at for the smallest one.
const LOOKED_AT: usize = 100;

/// Where the agent works, and how it was called.
pub struct Place {
    /// As typed: what works when it is typed again.
    pub program: String,
    pub config: Option<PathBuf>,
    /// `source.from`
    pub source: String,
    pub settings: Settings,
}

/// The lines, about the smallest of these clusters; none where there is no cluster.
pub fn lines<'a>(place: &Place, clusters: impl Iterator<Item = &'a Observed>) -> Vec<String> {
    let size = |observed: &&Observed| {
        serde_json::to_string(&observed.cluster.spec).map_or(usize::MAX, |spec| spec.len())
    };
    let Some(example) = clusters.take(LOOKED_AT).min_by_key(size) else { return Vec::new() };
    let Repository { path, branch } = place.settings.of(&example.key.namespace).repository;
    let branch = Branches::compile(&branch).and_then(|branches| branches.of(&example.key.namespace));
    let Ok(branch) = branch else { return Vec::new() };
    let repository = quoted(&path.display().to_string());
    let config = place.config.as_ref();
    let config =
        config.map_or(String::new(), |path| format!(" --config {}", quoted(&path.display().to_string())));
    let replicas = example.cluster.spec.replicas + 1;
    vec![
        format!("  look at it:  git --git-dir {repository} log --stat {}", quoted(&branch)),
        format!(
            "               {} history {} --repo {repository}{config}",
            quoted(&place.program),
            example.key
        ),
        match example.origin.path.as_os_str().is_empty() {
            false => format!(
                "  next commit: set spec.replicas to {replicas} in {} and save",
                example.origin.path.display()
            ),
            true => format!(
                "  next commit: kubectl scale proms/{} --namespace {} --replicas {replicas}",
                example.key.name, example.key.namespace
            ),
        },
    ]
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%=,".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_string(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        for (text, expected) in
            [("deploy.git", "deploy.git"), ("my repo", "'my repo'"), ("it's", r"'it'\''s'"), ("", "''")]
        {
            assert_eq!(quoted(text), expected);
        }
    }
}
