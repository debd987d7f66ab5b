//! One attempt to bring a commit to the cluster: asked first, then applied in order, then rid of what it does not name any more.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::folder::Folder;
use super::leftovers::leftovers;
use super::release::{self, Part, Release};
use super::shared::Shared;
use super::untouched;
use crate::cluster::adopt::Adopt;
use crate::cluster::apply::{Applier, ApplyError, Version};
use crate::cluster::ignore::Rule;
use crate::cluster::object::{self, Object};
use crate::cluster::rehearse::{Answer, Rehearsal};
use crate::cluster::remove::{self, Removed};
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::ledger::names::{Identity, ObjectId};
use crate::ledger::record::Item;
use crate::ledger::stub::Secrets;
use crate::reconcile::footprint::Footprint;
use crate::source::event::Key;

/// An object that was applied.
pub struct Brought {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub version: Version,
}

impl Brought {
    fn of(object: Object, version: Version) -> Self {
        let Object { api_version, kind, name, .. } = object;
        Brought { api_version, kind, name, version }
    }
}

/// One attempt to apply a commit.
pub struct Attempt {
    pub shared: Arc<Shared>,
    pub key: Key,
    pub commit: Oid,
    /// Of the commit.
    pub inventory: Arc<[Item]>,
    pub part: Part,
    /// Its Secrets, as far as they are known.
    pub secrets: Secrets,
    /// The commit takes another one back: what is not known of its Secrets stays as it is.
    pub is_back: bool,
    /// What the cluster holds already.
    pub held: Option<Oid>,
    /// What was up last: its objects are ours. One of a later commit may be somebody else's again.
    pub good: Option<Oid>,
    /// Also what no commit has changed since then.
    pub is_whole: bool,
    /// It is removed again if it is refused, so what does nothing by itself is made instead of asked about.
    pub is_install: bool,
    /// What stays as somebody else has set it.
    pub ignored: Arc<[Rule]>,
    /// What may be taken from somebody else.
    pub adopt: Adopt,
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
    steps: Vec<Step>,
}

impl Asked {
    /// Nothing of it was there: no release of that name runs, whoever made it.
    pub fn is_new(&self) -> bool {
        let made = self.steps.iter().filter(|step| matches!(step, Step::Made(_))).count();
        let inert = self.plan.objects.iter().filter(|planned| planned.object.is_inert()).count();
        made > 0 && made == inert
    }
}

/// What is still to be done for an object.
enum Step {
    /// It is as it was applied.
    Nothing,
    Apply(Answer),
    Made(Version),
}

struct Planned {
    object: Object,
    /// The release had an object of that name when it was up.
    is_known: bool,
    /// And no commit has changed it since.
    is_same: bool,
}

impl Attempt {
    /// Asks about the whole set. The manifests are read when their turn has come: hundreds of clusters may wait for it.
    pub async fn ask(&self) -> Result<Asked, ApplyError> {
        let applier = self.applier();
        let plan = self.read().await;
        let Plan { definitions, objects, leftovers: _ } = &plan;
        // Before anything is changed: half a release helps nobody.
        for object in definitions.iter().chain(objects.iter().map(|planned| &planned.object)) {
            applier.may_apply(object).await?;
        }
        let mut steps = Vec::with_capacity(objects.len());
        let mut refused: Vec<ApplyError> = Vec::new();
        for Planned { object, is_known, is_same } in objects {
            steps.push(match is_same {
                true => Step::Nothing,
                false if self.is_made(object) && refused.is_empty() => Step::Apply(Rehearsal::Later.into()),
                false => match applier.rehearse(object, *is_known).await {
                    Ok(answer) => Step::Apply(answer),
                    // all of them are named at once
                    Err(error @ ApplyError::NotOurs { .. }) => {
                        refused.push(error);
                        Step::Nothing
                    }
                    Err(error) => return Err(error),
                },
            });
        }
        if let Some(error) = together(refused) {
            return Err(error);
        }
        if self.is_install {
            self.make(&applier, objects, &mut steps).await?;
        }
        Ok(Asked { plan, steps })
    }

    fn is_made(&self, object: &Object) -> bool {
        self.is_install && object.is_inert()
    }

    /// Makes what does nothing by itself: to ask first would cost as much as to do it. If one of them is refused, all go again, and nothing
    /// has changed.
    async fn make(
        &self,
        applier: &Applier<'_>,
        objects: &[Planned],
        steps: &mut [Step],
    ) -> Result<(), ApplyError> {
        let (mut made, mut refused) = (Vec::new(), Vec::new());
        for (Planned { object, .. }, step) in objects.iter().zip(steps) {
            if !self.is_made(object) {
                continue;
            }
            let next = match refused.is_empty() {
                true => made_or_rehearsed(applier, object).await,
                false => applier.rehearse(object, false).await.map(Step::Apply),
            };
            match next {
                Ok(next) => *step = next,
                Err(error @ ApplyError::NotOurs { .. }) => refused.push(error),
                Err(error) if error.is_final() => return unmade(applier, made, error).await,
                Err(error) => return Err(error),
            }
            if matches!(step, Step::Made(_)) {
                made.push(object);
            }
        }
        match together(refused) {
            Some(error) => unmade(applier, made, error).await,
            None => Ok(()),
        }
    }

    /// Applies what would be taken, and prunes. `is_overtaken`: nothing is as it was applied.
    pub async fn bring(&self, asked: Asked, is_overtaken: bool) -> Result<Done, ApplyError> {
        let applier = self.applier();
        let Asked { plan: Plan { definitions, objects, mut leftovers }, steps } = asked;
        for definition in &definitions {
            applier.define(definition).await?;
            applier.settle(definition).await?;
        }
        let unknown = match (self.part, self.is_back) {
            (Part::All, false) => self.adopt.unknown(objects.iter().map(|planned| &planned.object)),
            // not all that the resource asks for
            _ => Vec::new(),
        };
        let (mut brought, mut taken) = (Vec::with_capacity(objects.len()), Vec::new());
        for (Planned { object, .. }, step) in objects.into_iter().zip(steps) {
            match step {
                Step::Nothing if is_overtaken => {
                    brought.push(one(&applier, object, Rehearsal::Later.into(), &mut taken).await?);
                }
                Step::Nothing => {}
                Step::Apply(answer) => brought.push(one(&applier, object, answer, &mut taken).await?),
                Step::Made(version) => brought.push(Brought::of(object, version)),
            }
        }
        remove::sort(&mut leftovers);
        let mut pruned = Pruned::default();
        for object in &leftovers {
            pruned.add(object, prune(&applier, object, self.is_back).await?);
        }
        Ok(Done { brought, pruned, taken, unknown })
    }

    fn applier(&self) -> Applier<'_> {
        let (ignored, adopt) = (self.ignored.clone(), self.adopt.clone());
        Applier { ignored, adopt, ..applier(&self.shared, &self.key) }
    }

    async fn read(&self) -> Plan {
        let (commit, held, good, key, part) =
            (self.commit, self.held, self.good, self.key.clone(), self.part);
        let (secrets, is_back, is_whole) = (self.secrets.clone(), self.is_back, self.is_whole);
        let (inventory, adopt) = (self.inventory.clone(), self.adopt.clone());
        let load = move |reader: &Reader| {
            let name = &key.name;
            let known = good.map(|good| untouched::known(reader, good, &key)).unwrap_or_default();
            let folder = Folder::open(reader, commit, name)?;
            let same = match held.filter(|_| !is_whole) {
                Some(held) => untouched::since(reader, commit, folder.files(), held, name)?,
                None => Footprint::new(),
            };
            let same: BTreeSet<ObjectId> = inventory
                .iter()
                .filter(|item| same.contains_key(&item.file))
                .map(|item| item.object(&key.namespace))
                .collect();
            let Release { definitions, objects } = match is_back {
                true => release::most(&folder, &inventory, part, &secrets)?,
                false => release::whole(&folder, &inventory, part, &secrets)?,
            };
            let planned = |object: Object| {
                let id = Identity::of(&object.json).map(|identity| identity.object(&key.namespace));
                let is_in = |all: &BTreeSet<ObjectId>| id.as_ref().is_some_and(|id| all.contains(id));
                // somebody may have taken it since
                let is_same = is_in(&same) && !adopt.names(&object);
                Planned { is_known: is_in(&known), is_same, object }
            };
            let objects = objects.into_iter().map(planned).collect();
            let leftovers = leftovers(reader, commit, &inventory, &key, held, part)?;
            Ok(Plan { definitions, objects, leftovers })
        };
        self.shared.read(&self.key, load).await
    }
}

/// What an attempt led to.
pub struct Done {
    pub brought: Vec<Brought>,
    pub pruned: Pruned,
    /// `ConfigMap/a of the Helm release x/y`, that is ours now.
    pub taken: Vec<String>,
    /// Names of what may be taken over that no object has.
    pub unknown: Vec<String>,
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

/// Takes back what was made of a set that is refused for this reason.
async fn unmade(applier: &Applier<'_>, made: Vec<&Object>, error: ApplyError) -> Result<(), ApplyError> {
    for object in made.into_iter().rev() {
        applier.remove(object).await?;
    }
    Err(error)
}

/// The first of what somebody else has, with the way out for all.
fn together(refused: Vec<ApplyError>) -> Option<ApplyError> {
    let mut all: Vec<String> = Vec::new();
    for error in &refused {
        if let ApplyError::NotOurs { may_be_taken, .. } = error {
            all.extend(may_be_taken.iter().cloned());
        }
    }
    match refused.into_iter().next()? {
        ApplyError::NotOurs { title, owner, may_be_taken } if !may_be_taken.is_empty() => {
            Some(ApplyError::NotOurs { title, owner, may_be_taken: all })
        }
        error => Some(error),
    }
}

/// Data goes only with a cluster whose policy says so, never with a change.
async fn prune(applier: &Applier<'_>, object: &Object, is_undo: bool) -> Result<Removed, ApplyError> {
    match object.is_claim() {
        true => Ok(Removed::Kept),
        false => applier.remove_or_give_back(object, is_undo).await,
    }
}

/// Brings one object, and says what is `taken` from somebody for that.
async fn one(
    applier: &Applier<'_>,
    object: Object,
    answer: Answer,
    taken: &mut Vec<String>,
) -> Result<Brought, ApplyError> {
    let answer = match answer.rehearsal {
        Rehearsal::Later => applier.rehearse(&object, false).await?,
        Rehearsal::Good | Rehearsal::Replaced(_) => answer,
    };
    let object = match &answer.taken {
        Some(taken) => taken.noted(object),
        None => object,
    };
    if let Rehearsal::Replaced(way) = &answer.rehearsal {
        applier.make_way(&object, way).await?;
    }
    let version = applier.apply(&object).await?;
    let owner = answer.taken.and_then(|taken| taken.owner);
    taken.extend(owner.map(|owner| format!("{} of {owner}", object.title())));
    applier.settle(&object).await?;
    Ok(Brought::of(object, version))
}

/// Makes one object; one that is there already is asked about, as it may be somebody else's.
async fn made_or_rehearsed(applier: &Applier<'_>, object: &Object) -> Result<Step, ApplyError> {
    match applier.make(object).await? {
        Some(version) => Ok(Step::Made(version)),
        None => Ok(Step::Apply(applier.rehearse(object, false).await?)),
    }
}

/// Applies objects of one cluster.
pub fn applier<'a>(shared: &'a Shared, key: &'a Key) -> Applier<'a> {
    let Shared { clients, kinds, defaults, .. } = shared;
    let client = clients.of(&key.namespace);
    let (release, cluster_scoped) = (marks(key), defaults.cluster_scoped.as_slice());
    Applier {
        client,
        kinds,
        release,
        cluster_scoped,
        ignored: Arc::default(),
        adopt: Adopt::new(&[], defaults.allow_adopt),
    }
}

fn marks(key: &Key) -> object::Release<'_> {
    object::Release { namespace: &key.namespace, name: &key.name }
}
