//! A cluster's folder at a commit turned into the hooks that it holds.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::cluster::object::Object;
use crate::ledger::folder::HOOKS;
use crate::ledger::stub::{self, STUBS, Secrets};
use crate::reconcile::delivery::folder::{Folder, ReleaseError};
use crate::reconcile::delivery::release;
use crate::release::hook::{Hook as Recorded, Run};
use crate::render::hook::{Event, Role, Terms, role};
use crate::render::order;
use crate::yaml::{convert, read};

/// One hook of a commit.
#[derive(Clone, Debug)]
pub struct Hook {
    pub object: Object,
    pub terms: Terms,
    /// The template that it comes from, or its file where nobody knows that any more.
    pub source: String,
    /// Exactly as rendered; of a Secret whose values are not in memory, its stub.
    pub text: String,
    /// Its values are neither in git nor in memory.
    pub is_withheld: bool,
}

impl Hook {
    /// As Helm's record names it: kind and name.
    pub fn id(&self) -> (String, String) {
        (self.object.kind.clone(), self.object.name.clone())
    }

    /// Whether the chart asks for it to be deleted then. One that says nothing goes before it is made again, as in Helm.
    pub fn goes(&self, policy: &str) -> bool {
        match self.terms.delete_policies.as_slice() {
            [] => policy == BEFORE,
            some => some.iter().any(|named| named == policy),
        }
    }

    /// As a record holds it that was not run.
    pub fn recorded(&self) -> Recorded {
        let Terms { events, weight, delete_policies, output_log_policies } = self.terms.clone();
        Recorded {
            name: self.object.name.clone(),
            kind: self.object.kind.clone(),
            path: self.source.clone(),
            manifest: self.text.clone(),
            events: events.iter().map(ToString::to_string).collect(),
            last_run: Run::default(),
            weight,
            delete_policies,
            output_log_policies,
        }
    }
}

/// Delete policies (Helm `pkg/release/v1/hook.go`).
pub const BEFORE: &str = "before-hook-creation";
pub const SUCCEEDED: &str = "hook-succeeded";
pub const FAILED: &str = "hook-failed";

/// All hooks of a commit in the order in which Helm records them: by kind. A Secret among them is a stub where its values are not in
/// memory.
pub fn read(folder: &Folder<'_>, secrets: &Secrets) -> Result<Vec<Hook>, ReleaseError> {
    let mut found = Vec::new();
    for path in folder.files().keys() {
        let Some((HOOKS | STUBS, name)) = path.split_once('/') else { continue };
        if name.contains('/') {
            continue;
        }
        let secret = secrets.get(path);
        let text = match secret {
            Some(secret) => secret.to_owned(),
            None => match folder.find(path)? {
                Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                None => continue,
            },
        };
        let is_withheld = release::is_stub(path) && secret.is_none();
        found.extend(hook(path, text, is_withheld));
    }
    found.sort_by(|a, b| order::compare(&a.object.kind, &b.object.kind));
    Ok(found)
}

/// One file. What somebody broke by hand, and what runs at no event, is no hook.
fn hook(path: &str, text: String, is_withheld: bool) -> Option<Hook> {
    let json = convert::to_json(&read::value(text.as_bytes()).ok()?);
    let json = if is_withheld { stub::as_secret(json) } else { json };
    let Role::Hook(terms) = role(&annotations(&json)) else { return None };
    let source = text.lines().next().and_then(|line| line.strip_prefix("# Source: "));
    let source = source.unwrap_or(path).to_owned();
    Some(Hook { object: release::object(json), terms, source, text, is_withheld })
}

fn annotations(json: &Json) -> BTreeMap<String, String> {
    let all = json["metadata"]["annotations"].as_object().into_iter().flatten();
    all.filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned()))).collect()
}

/// Those that run at an event, in the order in which they do: by weight, then by name, else by kind
/// (Helm `pkg/action/hooks.go`, `hookByWeight`).
pub fn at(hooks: &[Hook], event: Event) -> Vec<Hook> {
    let mut at: Vec<Hook> = hooks.iter().filter(|hook| hook.terms.events.contains(&event)).cloned().collect();
    at.sort_by(|a, b| (a.terms.weight, &a.object.name).cmp(&(b.terms.weight, &b.object.name)));
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(kind: &str, name: &str, annotations: &str) -> Hook {
        let text = format!(
            "apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}, annotations: {{{annotations}}}}}\n"
        );
        hook("hooks/x.yaml", text, false).unwrap()
    }

    #[test]
    fn hooks_run_by_weight_then_by_name_then_by_kind() {
        let hooks = [
            named("Secret", "same", "helm.sh/hook: pre-install"),
            named("ConfigMap", "same", "helm.sh/hook: pre-install"),
            named("ConfigMap", "b", "helm.sh/hook: 'pre-install,post-install', helm.sh/hook-weight: '-1'"),
            named("Pod", "a", "helm.sh/hook: pre-install, helm.sh/hook-weight: '2'"),
            named("Job", "a", "helm.sh/hook: pre-install"),
        ];
        let titles: Vec<String> =
            at(&hooks, Event::PreInstall).iter().map(|hook| hook.object.title()).collect();
        assert_eq!(titles, ["ConfigMap/b", "Job/a", "Secret/same", "ConfigMap/same", "Pod/a"]);
        assert_eq!(at(&hooks, Event::PostInstall).len(), 1);
    }

    #[test]
    fn a_hook_that_says_nothing_goes_before_it_is_made_again() {
        let silent = named("Job", "a", "helm.sh/hook: test");
        assert!(silent.goes(BEFORE) && !silent.goes(SUCCEEDED) && !silent.goes(FAILED));
        let said = named(
            "Job",
            "a",
            "helm.sh/hook: test, helm.sh/hook-delete-policy: 'hook-succeeded, Hook-Failed'",
        );
        assert!(!said.goes(BEFORE) && said.goes(SUCCEEDED) && said.goes(FAILED));
    }
}
