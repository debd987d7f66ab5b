//! What a resource says, over what the settings say, turned into what happens to changes that did not come from git. Pure.

use std::sync::Arc;

use crate::api::spec::delivery::{Delivery, Drift};
use crate::api::spec::ignore::{IgnoreDifference, Selector};
use crate::cluster::ignore::Rule;

/// For clusters that do not say it themselves.
#[derive(Clone, Debug)]
pub struct Defaults {
    pub drift: Drift,
    /// Whether what somebody does with helm becomes a change of the resource.
    pub follows_helm: bool,
    /// Counts beside what a resource says.
    pub ignored: Arc<[Rule]>,
}

impl Defaults {
    /// What is done about changes of a cluster.
    pub fn drift(&self, own: Option<&Delivery>) -> Drift {
        own.and_then(|own| own.drift).unwrap_or(self.drift)
    }

    /// Whether what somebody's helm did to a cluster is asked for from then on.
    pub fn follows_helm(&self, own: Option<&Delivery>) -> bool {
        own.and_then(|own| own.follow_helm).unwrap_or(self.follows_helm)
    }

    /// What may differ.
    pub fn ignored(&self, own: Option<&Delivery>) -> Arc<[Rule]> {
        let more = own.map(|own| own.ignore_differences.as_slice()).unwrap_or_default();
        match more {
            [] => self.ignored.clone(),
            more => self.ignored.iter().cloned().chain(more.iter().map(rule)).collect(),
        }
    }
}

fn rule(IgnoreDifference { target, paths }: &IgnoreDifference) -> Rule {
    let Selector { group, kind, name, match_labels } = target.clone().unwrap_or_default();
    Rule { group, kind, name, labels: match_labels, paths: paths.clone() }
}
