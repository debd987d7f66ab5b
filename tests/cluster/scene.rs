//! A namespace of its own with an agent of its own, and what kubectl, git and the audit log say of both.
#![allow(dead_code)] // each test uses what it needs

use std::path::Path;
use std::process::Output;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::agent::{self, Agent};
use crate::bed::audit::{Mark, Request};
use crate::bed::{Bed, wait};
use crate::support;

/// What `kubectl wait` may take at most; far more than anything needs.
const PATIENCE: &str = "--timeout=120s";

/// A namespace and the agent that is limited to it.
pub struct Scene {
    pub bed: &'static Bed,
    pub namespace: String,
    pub agent: Agent,
}

impl Scene {
    pub fn new(stem: &str) -> Scene {
        Scene::with(stem, "")
    }

    /// `settings`: more of the agent's file.
    pub fn with(stem: &str, settings: &str) -> Scene {
        let bed = agent::bed();
        let namespace = bed.namespace(stem);
        let agent = Agent::start(bed, &[&namespace], settings);
        Scene { bed, namespace, agent }
    }

    /// What kubectl printed; it must have succeeded.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        self.bed.kubectl(&[arguments, &["--namespace", &self.namespace]].concat())
    }

    /// kubectl with this on its standard input.
    pub fn ask(&self, arguments: &[&str], input: &str) -> Output {
        let arguments = [arguments, &["--namespace", &self.namespace]].concat();
        self.bed.ask(self.bed.kubeconfig(), &arguments, input)
    }

    /// What a helm printed; it must have succeeded. Paths count from the root of the project.
    pub fn helm(&self, program: &Path, arguments: &[&str]) -> String {
        let mut command = self.bed.command(program, self.bed.kubeconfig());
        command.args(arguments).args(["--namespace", &self.namespace]).current_dir(support::root());
        support::stdout(command.output().expect("helm"))
    }

    /// Waits until the records of all releases are these: `1 superseded`.
    pub fn wait_for_history(&self, expected: &[&str]) {
        wait("the history", || {
            let found = self.get(&["secrets", "--selector=owner=helm"]);
            let newest = found["items"].as_array().into_iter().flatten().filter_map(|secret| {
                let labels = &secret["metadata"]["labels"];
                Some(format!("{} {}", labels["version"].as_str()?, labels["status"].as_str()?))
            });
            let mut found: Vec<String> = newest.collect();
            found.sort();
            if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
        });
    }

    /// Waits until an event about the cluster begins so and holds all these words; returns it.
    pub fn told(&self, name: &str, begin: &str, words: &[&str]) -> String {
        wait(begin, || {
            let events = self.events(name);
            let is_it =
                |event: &&String| event.starts_with(begin) && words.iter().all(|word| event.contains(word));
            events.iter().find(is_it).cloned().ok_or_else(|| format!("{words:?}: {events:#?}"))
        })
    }

    /// `kubectl apply` of these manifests.
    pub fn apply(&self, manifests: &str) -> String {
        support::stdout(self.ask(&["apply", "--filename=-"], manifests))
    }

    /// `kubectl apply` of a cluster with this spec, in YAML's flow style or as an indented block.
    pub fn put(&self, name: &str, spec: &str) {
        self.apply(&manifest(name, "", spec));
    }

    /// As a user waits for it: `kubectl wait` looks at the generation of the condition.
    pub fn ready(&self, name: &str) {
        let resource = format!("proms/{name}");
        let output = self.ask(&["wait", "--for=condition=Ready", &resource, PATIENCE], "");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}\n{:#}", self.cluster(name)["status"]);
    }

    /// An object, or a list of them; null when there is none.
    pub fn get(&self, arguments: &[&str]) -> Value {
        self.bed.get(&[arguments, &["--namespace", &self.namespace]].concat())
    }

    pub fn wait_until(&self, what: &str, arguments: &[&str], good: impl Fn(&Value) -> bool) -> Value {
        self.bed.wait_until(what, &[arguments, &["--namespace", &self.namespace]].concat(), good)
    }

    pub fn cluster(&self, name: &str) -> Value {
        self.get(&[&format!("proms/{name}")])
    }

    /// `Ready=True Succeeded @1: 1 of 1 replica ready`, each as [`Scene::masked`].
    pub fn conditions(&self, name: &str) -> Vec<String> {
        self.shown(&self.cluster(name))
    }

    fn shown(&self, cluster: &Value) -> Vec<String> {
        let conditions = cluster["status"]["conditions"].as_array().into_iter().flatten();
        let text = |condition: &Value, key: &str| condition[key].as_str().unwrap_or_default().to_owned();
        let line = |condition: &Value| {
            let [kind, status, reason, message] =
                ["type", "status", "reason", "message"].map(|key| text(condition, key));
            self.masked(&format!("{kind}={status} {reason} @{}: {message}", condition["observedGeneration"]))
        };
        conditions.map(line).collect()
    }

    /// Waits until a condition of the newest generation begins so, and holds that text (`""`: any); returns all of them.
    pub fn wait_for(&self, name: &str, condition: &str, text: &str) -> Vec<String> {
        let what = format!("{name}: {condition} … {text}");
        wait(&what, || {
            let cluster = self.cluster(name);
            let shown = self.shown(&cluster);
            let begin = format!("{condition} @{}: ", cluster["metadata"]["generation"]);
            let good = shown.iter().any(|line| line.starts_with(&begin) && line.contains(text));
            if good { Ok(shown) } else { Err(format!("{shown:#?}")) }
        })
    }

    /// `Warning InvalidConfig: …` about a cluster, in the order in which they were told.
    pub fn events(&self, name: &str) -> Vec<String> {
        let about =
            format!("--field-selector=involvedObject.kind=PrometheusCluster,involvedObject.name={name}");
        let events = self.get(&["events", &about]);
        let mut events = events["items"].as_array().cloned().unwrap_or_default();
        events.sort_by_key(|event| event["eventTime"].as_str().unwrap_or_default().to_owned());
        let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let line = |event: &Value| {
            let [tone, reason, note] = ["type", "reason", "message"].map(|key| text(event, key));
            self.masked(&format!("{tone} {reason}: {note}"))
        };
        events.iter().map(line).collect()
    }

    /// The commits of the namespace, oldest first: `simple: replicas 1 → 3`.
    pub fn subjects(&self) -> Vec<String> {
        let begin = format!("{}/", self.namespace);
        let subjects = self.agent.subjects(&self.namespace);
        subjects.iter().map(|subject| subject.strip_prefix(&begin).unwrap_or(subject).to_owned()).collect()
    }

    /// The whole message of the newest commit.
    pub fn message(&self) -> String {
        self.agent.git(&["log", "-1", "--format=%B", &self.branch()])
    }

    pub fn branch(&self) -> String {
        format!("deploy/{}", self.namespace)
    }

    /// The branch's tree, checked out.
    pub fn checkout(&self) -> tempfile::TempDir {
        checkout(&self.agent, &self.branch())
    }

    /// The cluster holds what the branch says, field by field: asked as a user of kustomize would.
    pub fn holds_branch(&self) {
        let tree = self.checkout();
        let folder = tree.path().to_str().expect("UTF-8");
        let arguments = ["diff", "--server-side", "--force-conflicts", "--kustomize", folder];
        let output = self.ask(&arguments, "");
        let difference = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the cluster is not what the branch says:\n{difference}{error}");
    }

    /// Now, in the log of requests. None on a cluster that is not ours: it has a log that nobody can read.
    pub fn mark(&self) -> Option<Mark> {
        self.bed.supervisor().map(|_| self.bed.mark())
    }

    /// What the agent asked to be changed in this namespace since then: `patch services simple 200`.
    pub fn writes(&self, since: Option<Mark>) -> Option<Vec<String>> {
        let requests = self.bed.audit_since(since?).into_iter();
        let own = requests.filter(|request| {
            request.user == agent::ACCOUNT && request.namespace == self.namespace && request.writes()
        });
        Some(own.map(|request| shown(&request)).collect())
    }

    /// Checks that the agent asked for these changes since then, and for no others.
    pub fn wrote(&self, since: Option<Mark>, expected: &[&str]) {
        if let Some(writes) = self.writes(since) {
            assert_eq!(writes, expected);
        }
    }

    /// Without what differs from run to run: the namespace and ids of commits.
    pub fn masked(&self, text: &str) -> String {
        static COMMIT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[0-9a-f]{10}\b").expect("good"));
        COMMIT.replace_all(&text.replace(&self.namespace, "NS"), "COMMIT").into_owned()
    }
}

fn shown(request: &Request) -> String {
    let Request { verb, resource, subresource, name, code, .. } = request;
    match (resource.as_str(), subresource.as_str()) {
        // Their names are of no interest.
        ("events", _) => format!("{verb} {resource} {code}"),
        (_, "") => format!("{verb} {resource} {name} {code}"),
        _ => format!("{verb} {resource}/{subresource} {name} {code}"),
    }
}

/// A cluster as a user writes it.
pub fn manifest(name: &str, metadata: &str, spec: &str) -> String {
    format!(
        "apiVersion: promgit.dev/v1alpha1\nkind: PrometheusCluster\n\
         metadata:\n  name: {name}\n{metadata}spec: {spec}\n---\n"
    )
}

/// The spec of a cluster that brings a ConfigMap along, with these fields in YAML's flow style.
pub fn bringing(name: &str, fields: &str) -> String {
    format!(
        "{{values: {{extraObjects: [{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}, {fields}}}]}}}}"
    )
}

/// A branch's tree, checked out.
pub fn checkout(agent: &Agent, branch: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("tree.tar");
    let tree = folder.path();
    agent.git(&["archive", "--output", archive.to_str().expect("UTF-8"), branch]);
    unpack(&archive, tree);
    std::fs::remove_file(archive).expect("removed");
    folder
}

fn unpack(archive: &Path, into: &Path) {
    let mut tar = std::process::Command::new("tar");
    support::stdout(tar.arg("-xf").arg(archive).arg("-C").arg(into).output().expect("tar"));
}
