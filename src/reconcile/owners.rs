//! Which cluster of a branch owns which object: kustomize and an API server take no object twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ledger::names::ObjectId;

/// The objects of one cluster.
pub type Objects = Arc<[Arc<ObjectId>]>;

/// Object → cluster, for all clusters of one branch. Cheap to ask and to keep up to date, however many there are.
#[derive(Debug, Default)]
pub struct Owners {
    /// An object has one owner, but for a branch that somebody else wrote: then the first by name is it.
    claims: BTreeSet<(Arc<ObjectId>, Arc<str>)>,
    objects: BTreeMap<Arc<str>, Objects>,
}

/// Shared by all who hold them.
pub fn objects(all: impl IntoIterator<Item = ObjectId>) -> Objects {
    all.into_iter().map(Arc::new).collect()
}

impl Owners {
    /// Gives a cluster these objects in place of those it had, which are returned. Nothing: it has none.
    pub fn set(&mut self, cluster: &str, objects: Option<Objects>) -> Option<Objects> {
        let name: Arc<str> = cluster.into();
        let old = self.objects.remove(&name);
        for object in old.iter().flat_map(|old| old.iter()) {
            self.claims.remove(&(object.clone(), name.clone()));
        }
        if let Some(objects) = objects {
            self.claims.extend(objects.iter().map(|object| (object.clone(), name.clone())));
            self.objects.insert(name, objects);
        }
        old
    }

    /// The first of these objects that another cluster owns, and which one.
    pub fn taken(&self, cluster: &str, objects: &Objects) -> Option<(Arc<ObjectId>, String)> {
        objects.iter().find_map(|object| {
            let owner = self.owner(object).filter(|owner| *owner != cluster)?;
            Some((object.clone(), owner.to_string()))
        })
    }

    fn owner(&self, object: &Arc<ObjectId>) -> Option<&str> {
        let (found, owner) = self.claims.range((object.clone(), Arc::from(""))..).next()?;
        (found == object).then_some(&**owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Objects {
        objects(names.iter().map(|name| ObjectId {
            kind: "Service".into(),
            name: name.to_string(),
            group: String::new(),
            namespace: "n".into(),
        }))
    }

    fn owner(owners: &Owners, cluster: &str, name: &str) -> Option<String> {
        owners.taken(cluster, &named(&[name])).map(|(_, owner)| owner)
    }

    #[test]
    fn an_object_is_owned_until_its_owner_lets_go() {
        let mut owners = Owners::default();
        assert!(owners.set("b", Some(named(&["x", "y"]))).is_none());
        assert_eq!(owner(&owners, "a", "y").as_deref(), Some("b"));
        assert_eq!((owner(&owners, "b", "y"), owner(&owners, "a", "z")), (None, None));
        let before = owners.set("b", Some(named(&["x"])));
        assert_eq!(owner(&owners, "a", "y"), None);
        owners.set("b", before);
        assert_eq!(owner(&owners, "a", "y").as_deref(), Some("b"));
        owners.set("b", None);
        assert_eq!(owner(&owners, "a", "x"), None);
    }

    #[test]
    fn what_two_hold_is_the_first_ones() {
        let mut owners = Owners::default();
        for cluster in ["c", "b"] {
            owners.set(cluster, Some(named(&["x"])));
        }
        assert_eq!((owner(&owners, "b", "x"), owner(&owners, "c", "x").as_deref()), (None, Some("b")));
        owners.set("b", None);
        assert_eq!(owner(&owners, "a", "x").as_deref(), Some("c"));
    }
}
