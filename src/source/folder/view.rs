//! The contents of files turned into clusters: each stands in one place, or in none that counts.

use std::collections::BTreeMap;

use super::read::Contents;
use crate::source::event::{Key, Observed, Origin, Reason, Refused};

/// What a folder says, looked at by cluster.
#[derive(Debug)]
pub struct View<'a> {
    pub clusters: BTreeMap<&'a Key, &'a Observed>,
    pub refused: Vec<Refused>,
}

/// Puts the files together. A cluster that is mentioned twice is refused, with both places named.
pub fn view<'a>(files: impl Iterator<Item = &'a Contents>) -> View<'a> {
    let mut all: BTreeMap<&Key, Vec<&Observed>> = BTreeMap::new();
    let mut bad: BTreeMap<&Key, Vec<&Origin>> = BTreeMap::new();
    let mut view = View { clusters: BTreeMap::new(), refused: Vec::new() };
    for contents in files {
        for observed in &contents.clusters {
            all.entry(&observed.key).or_default().push(observed);
        }
        for refused in &contents.refused {
            view.refused.push(refused.clone());
            if let Some(key) = &refused.key {
                bad.entry(key).or_default().push(&refused.origin);
            }
        }
    }
    for (key, found) in all {
        match (found.as_slice(), bad.get(key)) {
            ([one], None) => {
                view.clusters.insert(key, one);
            }
            (several, bad) => {
                let places = several.iter().map(|observed| &observed.origin);
                view.refused.push(ambiguous(key, places.chain(bad.into_iter().flatten().copied()).collect()));
            }
        }
    }
    view
}

/// The same cluster in several places: none is taken, all are named.
fn ambiguous(key: &Key, mut places: Vec<&Origin>) -> Refused {
    places.sort();
    let named: Vec<String> = places.iter().map(ToString::to_string).collect();
    let text = format!(
        "PrometheusCluster {key} is defined {} times, at {}; keep one of them",
        named.len(),
        named.join(" and ")
    );
    let origin = places.first().copied().cloned().unwrap_or_default();
    let reasons = vec![Reason { line: origin.line, text }];
    Refused { key: Some(key.clone()), origin, reasons, resource: None }
}
