//! A namespace of its own: records written by promgit, objects applied, and what the helms say of them.

use std::path::PathBuf;
use std::process::Output;
use std::sync::LazyLock;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use promgit::cluster::object::{self, Object};
use promgit::cluster::records::{Held, Records};
use promgit::release::draft::Draft;
use promgit::release::history::History;
use promgit::release::pack::Packed;
use promgit::release::record::Release;
use promgit::release::secret::New;
use promgit::release::status::Status;
use promgit::yaml::convert;
use promgit::yaml::read;
use serde_json::{Value, json};

use crate::agent;
use crate::bed::Bed;
use crate::rendered::{Rendered, moment};
use crate::support;

/// The commit that records of these tests name.
pub const COMMIT: &str = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";

pub struct Scene {
    pub bed: &'static Bed,
    pub namespace: String,
    runtime: tokio::runtime::Runtime,
    client: Client,
}

/// Every Helm whose users meet our records.
pub fn helms() -> [PathBuf; 2] {
    [support::helm(), support::helm3()]
}

/// The records are written with the rights that the agent's chart gives for them.
fn bed() -> &'static Bed {
    static INSTALLED: LazyLock<&'static Bed> = LazyLock::new(|| {
        agent::install_rights(Bed::start(), &["--set=rbac.locks=false"]);
        Bed::start()
    });
    &INSTALLED
}

impl Scene {
    pub fn new(stem: &str) -> Scene {
        let bed = bed();
        let namespace = bed.namespace(stem);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let kubeconfig = Kubeconfig::read_from(bed.kubeconfig_for(agent::USER)).unwrap();
        let client = runtime.block_on(async {
            let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
            Client::try_from(config.unwrap()).unwrap()
        });
        Scene { bed, namespace, runtime, client }
    }

    /// What this helm says; `NAMESPACE` need not be given.
    pub fn try_helm(&self, helm: &std::path::Path, arguments: &[&str]) -> Output {
        let mut command = self.bed.command(helm, self.bed.kubeconfig());
        command.args(arguments).args(["--namespace", &self.namespace]).current_dir(support::root());
        command.output().unwrap()
    }

    /// The same; it must have succeeded.
    pub fn helm(&self, helm: &std::path::Path, arguments: &[&str]) -> String {
        let output = self.try_helm(helm, arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} {arguments:?}: {error}", helm.display());
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, helm: &std::path::Path, arguments: &[&str]) -> Value {
        let text = self.helm(helm, &[arguments, &["--output=json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{text}"))
    }

    pub fn get(&self, arguments: &[&str]) -> Value {
        self.bed.get(&[arguments, &["--namespace", &self.namespace]].concat())
    }

    pub fn marks<'a>(&'a self, name: &'a str) -> object::Release<'a> {
        object::Release { namespace: &self.namespace, name }
    }

    fn records<'a>(&'a self, name: &'a str) -> Records<'a> {
        Records { client: self.client.clone(), release: self.marks(name) }
    }

    pub fn history(&self, name: &str) -> History {
        self.runtime.block_on(self.records(name).history()).unwrap()
    }

    pub fn held(&self, name: &str, revision: u32) -> Option<Held> {
        self.runtime.block_on(self.records(name).get(revision)).unwrap()
    }

    pub fn delete(&self, name: &str, revision: u32) {
        self.runtime.block_on(self.records(name).delete(revision)).unwrap();
    }

    /// Writes a record that was not there.
    pub fn create(&self, release: &Release<'_>) -> Packed {
        let packed = Draft::of(release).unwrap().packed();
        let Release { name, namespace, revision, status, .. } = release.clone();
        let labels = self.history(name).inherited();
        let new = New { name, namespace, revision, status, commit: COMMIT, labels: &labels, at: moment() };
        self.runtime.block_on(self.records(name).create(&new.secret(&packed))).unwrap();
        packed
    }

    /// Writes one anew.
    pub fn update(&self, release: &Release<'_>) {
        let packed = Draft::of(release).unwrap().packed();
        self.write(release.name, release.revision, release.status, &packed);
    }

    /// Says something else of a record, whoever wrote it.
    pub fn becomes(&self, name: &str, revision: u32, status: Status, description: Option<&str>) {
        let stored = self.held(name, revision).expect("a record").stored().unwrap();
        let packed = stored.with_status(status, description).unwrap().pack().unwrap();
        self.write(name, revision, status, &packed);
    }

    fn write(&self, name: &str, revision: u32, status: Status, packed: &Packed) {
        self.runtime.block_on(self.records(name).update(revision, status, packed, moment())).unwrap();
    }

    /// What a delivery does: a record that is under way, the objects, a record that is done, all others superseded.
    pub fn deliver(&self, rendered: &Rendered) -> Packed {
        let name = &rendered.name;
        let revision = self.history(name).next();
        let pending = if revision == 1 { Status::PendingInstall } else { Status::PendingUpgrade };
        let packed = self.create(&rendered.release(revision, pending));
        self.apply(rendered);
        self.update(&rendered.release(revision, Status::Deployed));
        for older in self.history(name).superseded_by(revision) {
            self.becomes(name, older, Status::Superseded, None);
        }
        packed
    }

    /// The objects of a release, marked as a delivery marks them.
    fn apply(&self, rendered: &Rendered) {
        let crds: String =
            rendered.output.crds.iter().map(|crd| crd.data.to_text().into_owned() + "\n---\n").collect();
        if !crds.is_empty() {
            self.bed.apply(&crds);
        }
        let texts = rendered.output.manifests.iter().map(|manifest| manifest.text.clone());
        let objects = texts.flat_map(|text| {
            let json = convert::to_json(&read::value(&text).unwrap());
            match json["items"].as_array() {
                Some(items) => items.clone(),
                None => vec![json],
            }
        });
        let bodies: Vec<Value> = objects
            .map(|json| {
                let [api_version, kind, namespace, name] =
                    [String::new(), String::new(), String::new(), String::new()];
                let object = Object { api_version, kind, namespace, name, json };
                object.body(self.marks(&rendered.name), Some(&self.namespace))
            })
            .collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": bodies}).to_string();
        let arguments =
            ["apply", "--server-side", "--field-manager=promgit", "--force-conflicts", "--filename=-"];
        support::stdout(self.bed.ask(self.bed.kubeconfig(), &arguments, &list));
    }
}
