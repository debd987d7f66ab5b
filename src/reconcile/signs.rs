//! A cluster's folder and what its record says of it turned into whether somebody else may have changed it.
//!
//! `release.yaml` has digests of all that matters, so no history is needed to tell. That is looked at only where something is to be
//! written, and nearly all of it is in memory by then: files that a change leaves alone are those of the new render.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::footprint::Footprint;
use crate::git::object::MODE_FILE;
use crate::git::oid::blob_id;
use crate::git::reader::{ReadError, Reader};
use crate::ledger::folder::{self, CRDS, Files, HOOKS, KUSTOMIZATION, MANIFESTS, RELEASE};
use crate::ledger::record::Record;
use crate::ledger::state::State;
use crate::ledger::stub::STUBS;

/// What a folder says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// As its record has it.
    Untouched,
    /// The record does not say enough.
    Unsure,
    /// Not as its record has it: somebody else's, or of a promgit that wrote it otherwise.
    Touched,
}

/// A folder, and what is to become of it.
pub struct Signs<'a> {
    pub reader: &'a Reader,
    pub base: &'a Footprint,
    pub wanted: &'a Footprint,
    /// The files that are wanted, and those of objects in the order of `manifestDigest`.
    pub files: &'a Files,
    pub order: &'a [String],
    pub namespace: &'a str,
    /// What both say, as far as they differ.
    pub old: &'a State,
    pub new: &'a State,
}

impl Signs<'_> {
    /// Looks at files that the new render changes too; the others are compared with it anyway ([`super::footprint::by_hand`]).
    pub fn read(&self) -> Result<Sign, ReadError> {
        let (Some(before), Some(after)) = (&self.old.record, &self.new.record) else {
            return Ok(Sign::Touched);
        };
        let is_rewritten =
            self.old.digests.get(RELEASE) != before.to_yaml().ok().map(|text| digest(&text)).as_ref();
        if is_rewritten || self.base.values().any(|held| held.mode != MODE_FILE) {
            return Ok(Sign::Touched);
        }
        let Some(order) = self.order_before(before, after) else { return Ok(Sign::Unsure) };
        if self.differ(KUSTOMIZATION) && self.is_other_kustomization(before, &order) {
            return Ok(Sign::Touched);
        }
        let objects = self.base.keys().filter(|path| is_object(path));
        let is_known: BTreeSet<&str> = order.iter().copied().collect();
        if objects.clone().any(|path| !is_known.contains(path.as_str())) {
            return Ok(Sign::Touched);
        }
        let is_changed = objects.clone().any(|path| self.differ(path));
        if is_changed && self.digest(&order)?.as_ref() != Some(&before.manifest_digest) {
            return Ok(Sign::Touched);
        }
        // of these, nothing else tells
        let fixed = |record: &'_ Record| {
            (
                record.chart.clone(),
                record.renderer.clone(),
                record.capabilities.clone(),
                record.locked_at.clone(),
            )
        };
        Ok(if fixed(before) == fixed(after) { Sign::Untouched } else { Sign::Unsure })
    }

    fn differ(&self, path: &str) -> bool {
        self.base.get(path) != self.wanted.get(path)
    }

    /// The files of objects as the last commit had them: the record lists those of manifests. Definitions and hooks are known
    /// where they are the same as now.
    fn order_before<'a>(&'a self, before: &'a Record, after: &Record) -> Option<Vec<&'a str>> {
        let is_listed = |path: &str| after.inventory.iter().any(|item| item.file == path);
        let now = self.order;
        let first = now.iter().position(|path| is_listed(path)).unwrap_or(now.len());
        let last = now.iter().rposition(|path| is_listed(path)).map_or(now.len(), |at| at + 1);
        let (crds, hooks) = (&now[..first], &now[last..]);
        let is_other =
            |path: &&String| is_unlisted(path) && !before.inventory.iter().any(|item| item.file == **path);
        let there: BTreeSet<&String> = self.base.keys().filter(is_other).collect();
        let same = there == crds.iter().chain(hooks).collect();
        let manifests = before.inventory.iter().map(|item| item.file.as_str());
        same.then(|| {
            crds.iter().map(String::as_str).chain(manifests).chain(hooks.iter().map(String::as_str)).collect()
        })
    }

    /// Definitions name no namespace.
    fn is_other_kustomization(&self, before: &Record, order: &[&str]) -> bool {
        let namespace = |path: &str| {
            let item = before.inventory.iter().find(|item| item.file == path);
            item.map_or("", |item| item.namespace.as_str())
        };
        let applied = order.iter().filter(|path| [CRDS, MANIFESTS].contains(&top(path)));
        let text = folder::kustomization(self.namespace, applied.map(|path| (*path, namespace(path))));
        let held = self.base.get(KUSTOMIZATION).map(|held| held.oid);
        held != text.ok().map(|text| blob_id(text.as_bytes()))
    }

    /// Over all objects of the folder; nothing where one is gone.
    fn digest(&self, order: &[&str]) -> Result<Option<String>, ReadError> {
        let mut texts = Vec::new();
        for path in order {
            let Some(held) = self.base.get(*path) else { return Ok(None) };
            let text = match self.files.get(*path) {
                Some(bytes) if !self.differ(path) => Cow::from(bytes),
                _ => Cow::from(self.reader.blob(held.oid)?),
            };
            texts.push((*path, text));
        }
        Ok(Some(folder::digest_of(texts.iter().map(|(path, text)| (*path, &text[..])))))
    }
}

fn digest(text: &str) -> String {
    folder::digest(text.as_bytes())
}

fn top(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

fn is_object(path: &str) -> bool {
    [CRDS, MANIFESTS, HOOKS, STUBS].contains(&top(path))
}

/// What no inventory lists: definitions, hooks, and stubs of Secrets among them.
fn is_unlisted(path: &str) -> bool {
    let is_stub =
        |of: &str| path.strip_prefix(STUBS).is_some_and(|rest| rest.starts_with(&format!("/{of}-")));
    [CRDS, HOOKS].iter().any(|of| top(path) == *of || is_stub(of))
}
