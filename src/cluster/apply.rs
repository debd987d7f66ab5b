//! An object of a commit turned into the object in the cluster, by server-side apply.

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::Request;
use serde_json::Value;

use super::adopt::{self, Adopt, Taken};
use super::brief;
use super::call::{CallError, limited};
use super::ignore::{self, Rule};
use super::kinds::{KindError, Kinds, Served};
use super::mark::{self, Mark};
use super::object::{self, FIELD_MANAGER, Object, Release};
use crate::health::matches::{self, ignored};
use crate::settings::group_kind::GroupKind;

/// A version that no object has: with it, an apply makes a new object and conflicts with any that is there. The API server compares
/// versions where there is something to compare with (`k8s.io/apiserver/pkg/registry/generic/registry/store.go`, `Update`).
pub(super) const NO_VERSION: &str = "1";

/// Why an object is not in the cluster.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error("{title}: {source}")]
    Kind { title: String, source: KindError },
    #[error("{title}: {source}")]
    Call { title: String, source: CallError },
    /// The object, or fields of it, are somebody else's.
    /// `may_be_taken`: this and others that could be taken over.
    #[error("{title} exists and belongs to {owner}; {}", way_out(may_be_taken))]
    NotOurs { title: String, owner: String, may_be_taken: Vec<String> },
    #[error("{title} is still being deleted")]
    Going { title: String },
    #[error("{title} is not usable yet; what needs it waits")]
    Unsettled { title: String },
    #[error("{title}: {reason}")]
    Immutable { title: String, reason: String },
    #[error(
        "{title} is to be in namespace {namespace}, and the objects of a PrometheusCluster are in its own; take it out \
         of spec.values, or let the chart render it without metadata.namespace"
    )]
    Foreign { title: String, namespace: String },
    #[error(
        "{title} belongs to no namespace, and a PrometheusCluster may change nothing that others share; allow its kind in \
         the agent's settings (delivery.clusterScoped: [{kind}]), or take it out of spec.values"
    )]
    ClusterScoped { title: String, kind: String },
}

impl ApplyError {
    /// An object with these metadata is in the way.
    pub(super) fn not_ours(object: &Object, metadata: &Value) -> Self {
        ApplyError::NotOurs { title: object.title(), owner: owner(metadata), may_be_taken: Vec::new() }
    }

    /// It is not to be taken from somebody else, unless it is named.
    pub(super) fn refused(object: &Object, metadata: &Value, adopt: &Adopt) -> Self {
        let may_be_taken = adopt.could(metadata).then(|| object.title()).into_iter().collect();
        ApplyError::NotOurs { title: object.title(), owner: owner(metadata), may_be_taken }
    }

    /// It was refused for what it says, which no other attempt changes.
    pub fn is_of_content(&self) -> bool {
        match self {
            ApplyError::Immutable { .. } => true,
            ApplyError::Call { source, .. } => source.is_invalid(),
            _ => false,
        }
    }

    /// In words that may be kept in a commit: an answer of the API server may hold what a Secret does.
    pub fn outline(&self) -> String {
        match self {
            ApplyError::Call { title, .. } if title.starts_with("Secret/") => {
                format!("the API server refuses {title}")
            }
            other => other.to_string(),
        }
    }

    /// Trying again helps only when somebody changed something.
    pub fn is_final(&self) -> bool {
        match self {
            ApplyError::Kind { source: KindError::Unknown { .. }, .. } | ApplyError::NotOurs { .. } => true,
            ApplyError::Foreign { .. } | ApplyError::ClusterScoped { .. } => true,
            ApplyError::Immutable { .. } => true,
            ApplyError::Kind { source: KindError::Call(source), .. } => source.is_final(),
            ApplyError::Call { source, .. } => source.is_final(),
            ApplyError::Going { .. } | ApplyError::Unsettled { .. } => false,
        }
    }
}

/// Which state of which object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Of the uid: another object of the same name has another one.
    pub uid: u64,
    pub created: Timestamp,
    /// Counts the changes of the spec; 0 for kinds that do not count.
    pub generation: i64,
    pub mark: Mark,
}

impl Version {
    pub fn of(metadata: &ObjectMeta) -> Self {
        Version {
            uid: mark::digest(&metadata.uid),
            created: metadata.creation_timestamp.as_ref().map_or(Timestamp::UNIX_EPOCH, |time| time.0),
            generation: metadata.generation.unwrap_or_default(),
            mark: Mark::of(metadata),
        }
    }

    /// Whether the other one came later: a change, or an object that was made anew.
    pub fn is_before(&self, other: &Version) -> bool {
        match self.uid == other.uid {
            true => self.generation < other.generation,
            false => self.created < other.created,
        }
    }
}

/// Applies objects of one release.
#[derive(Clone)]
pub struct Applier<'a> {
    /// Acts as who is to change the objects.
    pub client: Client,
    pub kinds: &'a Kinds,
    pub release: Release<'a>,
    /// Kinds without a namespace that it may apply.
    pub cluster_scoped: &'a [GroupKind],
    /// What stays as somebody else has set it.
    pub ignored: Arc<[Rule]>,
    /// What may be taken from somebody else.
    pub adopt: Adopt,
}

/// What an apply is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    /// To be done, unless fields belong to somebody else.
    Do,
    /// To be done, and such fields taken.
    Take,
    /// To be done only if there is no such object.
    Make,
    /// To know what it would do.
    Ask,
    AskForced,
}

impl Applier<'_> {
    /// Applies one object; returns which version of it the API server has now.
    pub async fn apply(&self, object: &Object) -> Result<Version, ApplyError> {
        let title = || object.title();
        let served = self.served(object).await?;
        let failed = |source| ApplyError::Call { title: title(), source };
        self.is_in_bounds(object, &served)?;
        let mut noted = None;
        let applied = match self.send(&served, object, Intent::Do).await {
            Err(error) if error.is_conflict() => {
                // Fields of another manager: ours to take only on an object of this release.
                let api = served.api(self.client.clone(), namespace(&served, self.release.namespace));
                let found: DynamicObject = limited(api.get(&object.name)).await.map_err(failed)?;
                let found = serde_json::to_value(&found.metadata).unwrap_or_default();
                let taken = self.is_ours(&api, object, &found).await?;
                noted = taken.map(|taken| taken.noted(object.clone()));
                let object = noted.as_ref().unwrap_or(object);
                self.send(&served, object, Intent::Take).await.map_err(failed)?
            }
            other => other.map_err(failed)?,
        };
        if applied.deletion_timestamp.is_some() {
            return Err(ApplyError::Going { title: title() });
        }
        let object = noted.as_ref().unwrap_or(object);
        let applied = self.inherit(&served, object, applied).await.map_err(failed)?;
        Ok(Version::of(&applied))
    }

    /// Makes one object; none if there is one of its name already, whoever it belongs to.
    pub async fn make(&self, object: &Object) -> Result<Option<Version>, ApplyError> {
        let served = self.served(object).await?;
        self.is_in_bounds(object, &served)?;
        match self.send(&served, object, Intent::Make).await {
            Ok(made) => Ok(Some(Version::of(&made))),
            Err(error) if error.is_conflict() => Ok(None),
            Err(source) => Err(ApplyError::Call { title: object.title(), source }),
        }
    }

    /// Sends an object; returns the metadata that it has then.
    pub(super) async fn send(
        &self,
        served: &Served,
        object: &Object,
        intent: Intent,
    ) -> Result<ObjectMeta, CallError> {
        let (api, parameters, body) = self.prepared(served, object, intent).await?;
        let patch = Request::new(api.resource_url()).patch(&object.name, &parameters, &Patch::Apply(&body));
        brief::send(&self.client, patch).await
    }

    /// Makes an object what is sent; returns all that it is then.
    pub(super) async fn make_over(
        &self,
        served: &Served,
        object: &Object,
    ) -> Result<DynamicObject, CallError> {
        let (api, parameters, body) = self.prepared(served, object, Intent::Take).await?;
        limited(api.patch(&object.name, &parameters, &Patch::Apply(&body))).await
    }

    async fn prepared(
        &self,
        served: &Served,
        object: &Object,
        intent: Intent,
    ) -> Result<(Api<DynamicObject>, PatchParams, Value), CallError> {
        let api = served.api(self.client.clone(), namespace(served, self.release.namespace));
        let mut body = self.stored(served, object);
        match intent {
            Intent::Make => body["metadata"]["resourceVersion"] = NO_VERSION.into(),
            _ => body = self.yielding(&api, object, body).await?,
        }
        let parameters = PatchParams {
            force: matches!(intent, Intent::Take | Intent::AskForced),
            dry_run: matches!(intent, Intent::Ask | Intent::AskForced),
            ..PatchParams::apply(FIELD_MANAGER)
        };
        Ok((api, parameters, body))
    }

    /// An object as the API server keeps it, with the marks of the release.
    pub(super) fn stored(&self, served: &Served, object: &Object) -> Value {
        let namespace = namespace(served, self.release.namespace);
        let body = object.body(self.release, served.is_namespaced.then_some(namespace));
        matches::stored(&body).into_owned()
    }

    /// What somebody else may set is sent as it is in the cluster. It costs a request, so only where a rule asks for it.
    async fn yielding(
        &self,
        api: &Api<DynamicObject>,
        object: &Object,
        body: Value,
    ) -> Result<Value, CallError> {
        let pointers = ignore::pointers(&self.ignored, object);
        if pointers.is_empty() {
            return Ok(body);
        }
        match limited(api.get(&object.name)).await {
            Ok(live) => {
                let live = serde_json::to_value(live).unwrap_or_default();
                Ok(ignored::yielding(&body, &live, &pointers))
            }
            Err(error) if error.is_not_found() => Ok(body),
            Err(error) => Err(error),
        }
    }

    /// Where the API server serves the kind of an object.
    pub(super) async fn served(&self, object: &Object) -> Result<Served, ApplyError> {
        let served = self.kinds.of(&object.api_version, &object.kind).await;
        served.map_err(|source| ApplyError::Kind { title: object.title(), source })
    }

    /// Whether an object that exists is one of this release, or may become one: taken over now or by an attempt before this one.
    pub(super) async fn is_ours(
        &self,
        api: &Api<DynamicObject>,
        object: &Object,
        metadata: &Value,
    ) -> Result<Option<Taken>, ApplyError> {
        let is_promgits = object::managers(metadata).any(|manager| manager == FIELD_MANAGER);
        let is_taken = self.adopt.names(object) && self.adopt.could(metadata);
        let is_ours = match object::owner(metadata) {
            Some(owner) if owner == (self.release.namespace, self.release.name) => true,
            // Another cluster of this branch had it: no branch holds an object twice, so that one has let it go.
            Some((namespace, _)) => is_promgits && namespace == self.release.namespace,
            // Somebody took the marks off.
            None if is_promgits => true,
            None if is_taken => false,
            // Or it is what another tool made of this commit, before promgit was told to apply it.
            None => {
                let failed = |source| ApplyError::Call { title: object.title(), source };
                let live = limited(api.get(&object.name)).await.map_err(failed)?;
                matches::difference(&object.json, &serde_json::to_value(live).unwrap_or_default()).is_none()
            }
        };
        match is_ours {
            true => Ok(Taken::before(metadata)),
            false if is_taken => Ok(Some(Taken::now(metadata, owner(metadata)))),
            false => Err(ApplyError::refused(object, metadata, &self.adopt)),
        }
    }

    /// Makes sure that an object is within what a cluster may change: its own namespace, and the kinds without one that
    /// the settings allow.
    pub async fn may_apply(&self, object: &Object) -> Result<(), ApplyError> {
        match self.served(object).await {
            // Its definition may be an object of the same release: it is looked at again when it is served.
            Err(ApplyError::Kind { source: KindError::Unknown { .. }, .. }) => self.is_here(object),
            served => self.is_in_bounds(object, &served?),
        }
    }

    fn is_here(&self, object: &Object) -> Result<(), ApplyError> {
        match object.is_foreign(self.release) {
            false => Ok(()),
            true => Err(ApplyError::Foreign { title: object.title(), namespace: object.namespace.clone() }),
        }
    }

    fn is_in_bounds(&self, object: &Object, served: &Served) -> Result<(), ApplyError> {
        self.is_here(object)?;
        let group = served.resource.group.as_str();
        let is_allowed = |kind: &GroupKind| kind.is(&object.kind, group);
        match served.is_namespaced || self.cluster_scoped.iter().any(is_allowed) {
            true => Ok(()),
            false => {
                let kind = GroupKind::name(&object.kind, group);
                Err(ApplyError::ClusterScoped { title: object.title(), kind })
            }
        }
    }

    /// Makes a custom resource definition if there is none of its name; Helm never changes one either.
    pub async fn define(&self, definition: &Object) -> Result<(), ApplyError> {
        let api = self.served(definition).await?.api(self.client.clone(), "");
        let failed = |source| ApplyError::Call { title: definition.title(), source };
        let parsed = serde_json::from_value::<DynamicObject>(definition.json.clone());
        let parsed = parsed.map_err(|error| {
            let (code, reason, message) = (422, "Invalid".to_string(), error.to_string());
            failed(CallError::Refused { code, reason, message })
        })?;
        let parameters = PostParams { field_manager: Some(FIELD_MANAGER.into()), ..PostParams::default() };
        match limited(api.create(&parameters, &parsed)).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_conflict() => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    /// The first thing in which the cluster does not hold these objects; none if it does. Objects of other namespaces are
    /// not looked at: the answer is read by people who may have no rights there.
    pub async fn difference(&self, objects: &[Object]) -> Option<String> {
        for object in objects.iter().filter(|object| !object.is_foreign(self.release)) {
            let title = object.title();
            let served = match self.served(object).await {
                Ok(served) => served,
                Err(error) => return Some(error.to_string()),
            };
            let api = served.api(self.client.clone(), namespace(&served, self.release.namespace));
            let live = match limited(api.get(&object.name)).await {
                Ok(live) => serde_json::to_value(live).unwrap_or_default(),
                Err(error) if error.is_not_found() => return Some(format!("{title} does not exist yet")),
                Err(error) => return Some(format!("{title}: {error}")),
            };
            if let Some(difference) = matches::difference(&object.json, &live) {
                return Some(format!("{title}: {difference}"));
            }
        }
        None
    }
}

/// Where an object goes: into the namespace of its release, if its kind has namespaces.
pub fn namespace<'a>(served: &Served, namespace: &'a str) -> &'a str {
    if served.is_namespaced { namespace } else { "" }
}

fn way_out(may_be_taken: &[String]) -> String {
    match may_be_taken {
        [] => "delete it or give one of the two another name".into(),
        titles => format!(
            "delete it, give one of the two another name, or have it taken over (spec.delivery.adopt: [{}])",
            titles.join(", ")
        ),
    }
}

/// Who has an object, in words.
pub(super) fn owner(metadata: &Value) -> String {
    if let Some(controller) = adopt::controller(metadata) {
        return format!("{controller}, its controller");
    }
    if let Some((namespace, name)) = object::owner(metadata) {
        return format!("the Helm release {namespace}/{name}");
    }
    let mut managers: Vec<&str> =
        object::managers(metadata).filter(|manager| *manager != FIELD_MANAGER).collect();
    managers.dedup();
    match managers.as_slice() {
        [] => "someone else".into(),
        some => some.join(" and "),
    }
}
