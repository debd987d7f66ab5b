//! A namespace of a bed with clusters in it, and the questions that tests ask about them.

use serde_json::Value;

use crate::agent::{ACCOUNT, Agent};
use crate::bed::audit::Request;
use crate::bed::{Bed, audit};
use crate::support;

/// Where the clusters of one test live.
pub struct Place<'a> {
    pub bed: &'a Bed,
    pub namespace: String,
}

impl<'a> Place<'a> {
    pub fn new(bed: &'a Bed, stem: &str) -> Place<'a> {
        Place { bed, namespace: bed.namespace(stem) }
    }

    /// What kubectl printed about this namespace; it must have succeeded.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        self.bed.kubectl(&[arguments, &["--namespace", &self.namespace]].concat())
    }

    /// `kubectl apply` of manifests that name no namespace.
    pub fn apply(&self, manifests: &str) {
        let arguments = ["apply", "--filename=-", "--namespace", &self.namespace];
        support::stdout(self.bed.ask(self.bed.kubeconfig(), &arguments, manifests));
    }

    pub fn put(&self, name: &str, spec: &str) {
        self.apply(&manifest(name, spec));
    }

    /// Several small clusters: their names.
    pub fn put_many(&self, count: usize) -> Vec<String> {
        let names: Vec<String> = (1..=count).map(|number| format!("c{number:02}")).collect();
        self.apply(&names.iter().map(|name| manifest(name, "{}")).collect::<String>());
        names
    }

    /// Changes a spec by a merge patch.
    pub fn patch(&self, name: &str, spec: &str) {
        let patch = format!(r#"{{"spec": {spec}}}"#);
        self.kubectl(&["patch", "proms", name, "--type=merge", "--patch", &patch]);
    }

    pub fn get(&self, name: &str) -> Value {
        self.bed.get(&["proms", name, "--namespace", &self.namespace])
    }

    /// The cluster, once its newest generation is up.
    pub fn wait_ready(&self, name: &str) -> Value {
        let arguments = ["proms", name, "--namespace", &self.namespace];
        self.bed.wait_until(&format!("{name} to be ready"), &arguments, is_ready)
    }

    pub fn wait_all_ready(&self, count: usize) {
        let arguments = ["proms", "--namespace", &self.namespace];
        self.bed.wait_until("all clusters to be ready", &arguments, |list| {
            list["items"].as_array().is_some_and(|items| items.len() == count && items.iter().all(is_ready))
        });
    }

    /// The message of a condition, once it is False.
    pub fn wait_false(&self, name: &str, kind: &str, text: &str) -> String {
        let arguments = ["proms", name, "--namespace", &self.namespace];
        let what = format!("{kind}=False of {name}: {text}");
        let object = self.bed.wait_until(&what, &arguments, |object| {
            condition(object, kind).is_some_and(|found| {
                found["status"] == "False" && found["message"].as_str().is_some_and(|m| m.contains(text))
            })
        });
        let found = condition(&object, kind).expect("a condition");
        found["message"].as_str().expect("a message").to_owned()
    }

    /// What the agent with the rights of the chart asked about this namespace since a mark.
    pub fn asked(&self, mark: audit::Mark) -> Vec<Request> {
        let requests = self.bed.audit_since(mark).into_iter();
        requests.filter(|request| request.user == ACCOUNT && request.namespace == self.namespace).collect()
    }

    /// The generations that the branch has commits of, of one cluster, oldest first.
    pub fn generations(&self, agent: &Agent, name: &str) -> Vec<i64> {
        agent.check_repository();
        let format = "--format=%(trailers:key=Cluster,valueonly,separator=%x20)@%(trailers:key=Generation,valueonly,separator=%x20)";
        let branch = format!("refs/heads/deploy/{}", self.namespace);
        let log = agent.git(&["log", "--reverse", format, &branch]);
        let of = format!("{}/{name}", self.namespace);
        let lines = log.lines().filter_map(|line| line.split_once('@'));
        lines
            .filter(|(cluster, _)| *cluster == of)
            .map(|(_, number)| number.parse().expect("a number"))
            .collect()
    }
}

pub fn manifest(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: promgit.dev/v1alpha1\nkind: PrometheusCluster\nmetadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

pub fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == kind)
}

/// The newest generation is up, and everything in the status is about it.
pub fn is_ready(object: &Value) -> bool {
    let generation = &object["metadata"]["generation"];
    object["status"]["observedGeneration"] == *generation
        && condition(object, "Ready")
            .is_some_and(|ready| ready["status"] == "True" && ready["observedGeneration"] == *generation)
}

/// Whether a request writes something that a chart made: neither the resource itself nor an event.
pub fn writes_object(request: &Request) -> bool {
    request.writes() && !["prometheusclusters", "events"].contains(&request.resource.as_str())
}
