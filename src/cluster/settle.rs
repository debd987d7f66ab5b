//! A namespace or a definition that was applied turned into one that others can count on: what comes after it needs it.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::apply::{Applier, ApplyError};
use super::call::limited;
use super::object::Object;

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(100);
/// How often at most: 30 s; then the whole is tried again.
const MOST_LOOKS: u32 = 300;

impl Applier<'_> {
    /// Waits until a definition is served or a namespace active; at once for anything else.
    pub async fn settle(&self, object: &Object) -> Result<(), ApplyError> {
        let is_settled = match (object.kind.as_str(), object.api_version.split('/').next()) {
            ("CustomResourceDefinition", Some("apiextensions.k8s.io")) => is_established,
            ("Namespace", Some("v1")) => is_active,
            _ => return Ok(()),
        };
        let api = self.served(object).await?.api(self.client.clone(), "");
        for _ in 0..MOST_LOOKS {
            let live = limited(api.get(&object.name)).await;
            let live = live.map_err(|source| ApplyError::Call { title: object.title(), source })?;
            let live = serde_json::to_value(live).unwrap_or_default();
            if is_settled(&live) {
                self.kinds.forget(live.pointer("/spec/group").and_then(Value::as_str).unwrap_or_default());
                return Ok(());
            }
            sleep(LOOK).await;
        }
        Err(ApplyError::Unsettled { title: object.title() })
    }
}

fn is_active(live: &Value) -> bool {
    live.pointer("/status/phase").is_some_and(|phase| phase == "Active")
}

fn is_established(live: &Value) -> bool {
    let conditions = live.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    conditions
        .into_iter()
        .any(|condition| condition["type"] == "Established" && condition["status"] == "True")
}
