//! A commit that another one was taken back to, turned into the Secrets that it had: git holds no value of them, and Helm's record of
//! the revision that ran does.

use std::collections::BTreeMap;

use super::actor::Actor;
use super::records::RecordError;
use super::release;
use super::settled::Settled;
use crate::cluster::publish::Tone;
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::ledger::record::Item;
use crate::ledger::stub::Secrets;
use crate::reconcile::footprint;
use crate::reconcile::objects;
use crate::release::history::History;
use crate::release::status::Status;
use crate::render::split;
use crate::yaml::{convert, read};

/// The kind that is looked for.
const KIND: &str = "Secret";

/// Records that are read at most, each up to a megabyte: the one that is deployed has it, unless somebody's helm came between.
const MOST_RECORDS: usize = 3;

impl Actor {
    /// The Secrets of `commit`: those that are the same in `bad`, the commit that it takes back and whose Secrets are in memory, and of the
    /// others what a record has. Those that none has are told, and stay as they are.
    pub(super) async fn secrets_of(
        &self,
        settled: &Settled,
        commit: Oid,
        bad: Oid,
        secrets: &Secrets,
    ) -> Secrets {
        let (known, mut items) = self.known_of(commit, bad, secrets).await;
        if items.is_empty() {
            return known;
        }
        let found = match self.shared.defaults.records {
            true => self.of_records(commit, &items).await,
            false => Ok(Secrets::default()),
        };
        let found = found.unwrap_or_else(|error| {
            tracing::warn!(cluster = %self.key, %error, "Helm's record cannot say which Secrets a commit had");
            Secrets::default()
        });
        items.retain(|item| found.get(&item.file).is_none());
        self.kept(settled, commit, &items).await;
        known.and(&found)
    }

    async fn kept(&self, settled: &Settled, commit: Oid, items: &[Item]) {
        let names: Vec<String> = items.iter().map(|item| format!("{KIND}/{}", item.name)).collect();
        if names.is_empty() {
            return;
        }
        let words = format!(
            "No record of Helm has what commit {} had in {}: kept as the change left it that was taken back",
            commit.short(),
            names.join(", ")
        );
        let publisher = &self.shared.publisher;
        publisher.event(&settled.subject, Tone::Warning, "SecretsKept", "Rollback", &words).await;
    }

    /// The Secrets of a commit whose values are in memory, and which are not.
    async fn known_of(&self, commit: Oid, bad: Oid, secrets: &Secrets) -> (Secrets, Vec<Item>) {
        let (name, secrets) = (self.key.name.clone(), secrets.clone());
        let load = move |reader: &Reader| {
            let known = release::alike(reader, commit, bad, &name, &secrets)?;
            let mut items = release::inventory(reader, commit, &name)?;
            items.retain(|item| release::is_stub(&item.file) && known.get(&item.file).is_none());
            Ok((known, items))
        };
        self.read(load).await
    }

    async fn of_records(&self, commit: Oid, items: &[Item]) -> Result<Secrets, RecordError> {
        let records = self.records();
        let history = records.history().await?;
        let mut found = BTreeMap::new();
        for (revision, mut items) in
            self.holders(commit, items, &history).await.into_iter().take(MOST_RECORDS)
        {
            items.retain(|item| !found.contains_key(&item.file));
            if !items.is_empty()
                && let Some(held) = records.get(revision).await?
            {
                found.extend(of_manifest(&held.stored()?.record()?.manifest, &items));
            }
        }
        Ok(Secrets::from(found))
    }

    /// The revision that was up with what a commit goes back to: what is deployed may be of somebody's helm, or nothing of ours may be.
    pub(super) async fn gone_back_to(&self, commit: Oid, history: &History) -> Option<u32> {
        let was_up = history
            .entries()
            .iter()
            .filter(|entry| matches!(entry.status, Status::Deployed | Status::Superseded) && entry.is_ours());
        let all = was_up.filter_map(|entry| Some((entry.revision, entry.commit.as_ref()?.parse().ok()?)));
        let (all, name) = (all.collect::<Vec<(u32, Oid)>>(), self.key.name.clone());
        let find = move |reader: &Reader| {
            let wanted = footprint::at(reader, commit, &name)?;
            // one that is not of this repository tells nothing
            let is_same = |of: Oid| footprint::at(reader, of, &name).is_ok_and(|has| has == wanted);
            Ok(all.iter().rev().find(|(_, of)| is_same(*of)).map(|(revision, _)| *revision))
        };
        self.read(find).await
    }

    /// Revisions of commits that have the same stubs, each with which: what is deployed first, then the newest.
    async fn holders(&self, commit: Oid, items: &[Item], history: &History) -> Vec<(u32, Vec<Item>)> {
        let deployed = history.deployed().into_iter();
        let all = deployed.chain(history.entries().iter().rev());
        let all = all.filter_map(|entry| Some((entry.revision, entry.commit.as_ref()?.parse::<Oid>().ok()?)));
        let (all, name, items) = (all.collect::<Vec<_>>(), self.key.name.clone(), items.to_vec());
        let load = move |reader: &Reader| {
            let wanted = footprint::at(reader, commit, &name)?;
            let mut holders = Vec::new();
            for (revision, of) in &all {
                // one that was made anew on top of somebody's, or is not of this repository, tells nothing
                let Ok(has) = footprint::at(reader, *of, &name) else { continue };
                let is_same = |item: &&Item| has.get(&item.file) == wanted.get(&item.file);
                let same: Vec<Item> = items.iter().filter(is_same).cloned().collect();
                if !same.is_empty() {
                    holders.push((*revision, same));
                }
            }
            Ok(holders)
        };
        self.read(load).await
    }
}

/// The Secrets of a manifest that are looked for, by their files.
fn of_manifest(manifest: &str, items: &[Item]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for document in split::documents(manifest.as_bytes()) {
        let Ok(value) = read::value(document) else { continue };
        // the stub of a Secret is of another kind: it was withheld there too
        let Ok(objects) = objects::of_document("manifest", document, convert::to_json(&value)) else {
            continue;
        };
        for object in objects.into_iter().filter(|object| object.identity.kind == KIND) {
            let (api_version, name) = (&object.identity.api_version, &object.identity.name);
            if let Some(item) =
                items.iter().find(|item| (&item.api_version, &item.name) == (api_version, name))
            {
                found.insert(item.file.clone(), object.text);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_in_a_manifest() {
        let item = |name: &str| Item {
            api_version: "v1".into(),
            kind: KIND.into(),
            namespace: String::new(),
            name: name.into(),
            file: format!("stubs/secret-{name}.yaml"),
        };
        let manifest = "---\n# Source: a/templates/a.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {x: 'y'}\n\
                        ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n\
                        ---\napiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Secret, metadata: {name: c}}]\n\
                        ---\napiVersion: promgit.dev/v1alpha1\nkind: SecretStub\nmetadata: {name: d}\n";
        let found = of_manifest(manifest, &["a", "b", "c", "d"].map(item));
        let files: Vec<&String> = found.keys().collect();
        assert_eq!(files, ["stubs/secret-a.yaml", "stubs/secret-c.yaml"]);
        assert!(found["stubs/secret-a.yaml"].contains("stringData: {x: 'y'}"));
    }
}
