//! One attempt to bring a commit to the cluster: asked first, then applied in order, then rid of what it does not name any more.

use std::sync::Arc;

use super::leftovers::leftovers;
use super::release::{self, Part, Release};
use super::shared::Shared;
use crate::cluster::apply::{Applier, ApplyError, Version};
use crate::cluster::object::{self, Object};
use crate::cluster::rehearse::Rehearsal;
use crate::cluster::remove::{self, Removed};
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::ledger::stub::Secrets;
use crate::source::event::Key;

/// An object that was applied.
pub struct Brought {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub version: Version,
}

/// One attempt to apply a commit.
pub struct Attempt {
    pub shared: Arc<Shared>,
    pub key: Key,
    pub commit: Oid,
    pub part: Part,
    pub secrets: Secrets,
    /// The commit that this one takes back, whose Secrets these are.
    pub bad: Option<Oid>,
    /// What the cluster holds already.
    pub held: Option<Oid>,
}

/// What an attempt starts from.
struct Plan {
    definitions: Vec<Object>,
    objects: Vec<Planned>,
    /// What earlier commits brought, and this one does not name.
    leftovers: Vec<Object>,
}

/// A set that the API server would take.
pub struct Asked {
    plan: Plan,
    /// Of each object.
    rehearsed: Vec<Rehearsal>,
}

struct Planned {
    object: Object,
    /// The release had an object of that name before.
    is_known: bool,
    /// And its manifest was the same.
    is_same: bool,
}

impl Attempt {
    /// Asks about the whole set. The manifests are read when their turn has come: hundreds of clusters may wait for it.
    pub async fn ask(&self) -> Result<Asked, ApplyError> {
        let applier = applier(&self.shared, &self.key);
        let plan = self.read().await;
        let Plan { definitions, objects, leftovers: _ } = &plan;
        // Before anything is changed: half a release helps nobody.
        for object in definitions.iter().chain(objects.iter().map(|planned| &planned.object)) {
            applier.may_apply(object).await?;
        }
        let mut rehearsed = Vec::with_capacity(objects.len());
        for Planned { object, is_known, is_same } in objects {
            rehearsed.push(match is_same {
                true => Rehearsal::Good,
                false => applier.rehearse(object, *is_known).await?,
            });
        }
        Ok(Asked { plan, rehearsed })
    }

    /// Applies what would be taken, and prunes.
    pub async fn bring(&self, asked: Asked) -> Result<Done, ApplyError> {
        let applier = applier(&self.shared, &self.key);
        let Asked { plan: Plan { definitions, objects, mut leftovers }, rehearsed } = asked;
        for definition in &definitions {
            applier.define(definition).await?;
            applier.settle(definition).await?;
        }
        let mut brought = Vec::with_capacity(objects.len());
        for (Planned { object, .. }, rehearsal) in objects.into_iter().zip(rehearsed) {
            brought.push(one(&applier, object, rehearsal).await?);
        }
        remove::sort(&mut leftovers);
        let mut pruned = Pruned::default();
        for object in &leftovers {
            pruned.add(object, prune(&applier, object).await?);
        }
        Ok(Done { brought, pruned })
    }

    /// A repository that does not hold the commit that the cluster has any more (it was made anew) knows of no object.
    async fn read(&self) -> Plan {
        let (commit, held, key, part) = (self.commit, self.held, self.key.clone(), self.part);
        let (secrets, bad) = (self.secrets.clone(), self.bad);
        let load = move |reader: &Reader| {
            let name = &key.name;
            let secrets = match bad {
                Some(bad) => release::alike(reader, commit, bad, name, &secrets)?,
                None => secrets.clone(),
            };
            let known = held.and_then(|held| release::load(reader, held, name, part).ok());
            let known = known.unwrap_or_default().objects;
            let Release { definitions, objects } = match bad {
                Some(_) => release::most(reader, commit, name, part, &secrets)?,
                None => release::whole(reader, commit, name, part, &secrets)?,
            };
            // with the digests of Secrets on both sides
            let told = release::load(reader, commit, name, part)?.objects;
            let planned = |object: Object| {
                let before = known.iter().find(|known| known.is_same(&object));
                let told = told.iter().find(|told| told.is_same(&object));
                let is_same = before.zip(told).is_some_and(|(before, told)| before.json == told.json);
                Planned { object, is_known: before.is_some(), is_same }
            };
            let objects = objects.into_iter().map(planned).collect();
            Ok(Plan { definitions, objects, leftovers: leftovers(reader, commit, &key, held, part)? })
        };
        self.shared.read(&self.key, load).await
    }
}

/// What an attempt led to.
pub struct Done {
    pub brought: Vec<Brought>,
    pub pruned: Pruned,
}

/// What became of objects that are not wanted any more.
#[derive(Default)]
pub struct Pruned {
    pub deleted: Vec<String>,
    /// Kept because the chart says so, because they hold data, or because they belong to somebody else.
    pub left: Vec<String>,
}

impl Pruned {
    fn add(&mut self, object: &Object, removed: Removed) {
        match removed {
            Removed::Deleted | Removed::Going => self.deleted.push(object.title()),
            Removed::Kept => self.left.push(object.title()),
            Removed::Absent => {}
        }
    }

    /// `pruned ConfigMap/a; left PersistentVolumeClaim/b`; nothing if nothing was deleted.
    pub fn words(&self) -> Option<String> {
        let left = match self.left.as_slice() {
            [] => String::new(),
            left => format!("; left {}", left.join(", ")),
        };
        (!self.deleted.is_empty()).then(|| format!("pruned {}{left}", self.deleted.join(", ")))
    }
}

/// Data goes only with a cluster whose policy says so, never with a change.
async fn prune(applier: &Applier<'_>, object: &Object) -> Result<Removed, ApplyError> {
    match object.is_claim() {
        true => Ok(Removed::Kept),
        false => applier.remove(object).await,
    }
}

/// Brings one object.
async fn one(applier: &Applier<'_>, object: Object, rehearsal: Rehearsal) -> Result<Brought, ApplyError> {
    match &rehearsal {
        Rehearsal::Good => {}
        Rehearsal::Later => match applier.rehearse(&object, false).await? {
            Rehearsal::Replaced(way) => applier.make_way(&object, &way).await?,
            Rehearsal::Good | Rehearsal::Later => {}
        },
        Rehearsal::Replaced(way) => applier.make_way(&object, way).await?,
    }
    let version = applier.apply(&object).await?;
    applier.settle(&object).await?;
    let Object { api_version, kind, name, .. } = object;
    Ok(Brought { api_version, kind, name, version })
}

/// Applies objects of one cluster.
pub fn applier<'a>(shared: &'a Shared, key: &'a Key) -> Applier<'a> {
    let Shared { clients, kinds, defaults, .. } = shared;
    let client = clients.of(&key.namespace);
    Applier { client, kinds, release: marks(key), cluster_scoped: &defaults.cluster_scoped }
}

fn marks(key: &Key) -> object::Release<'_> {
    object::Release { namespace: &key.namespace, name: &key.name }
}
