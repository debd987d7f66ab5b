//! A change that the API server takes of no object of that name, turned into the way to make it all the same, or into why there is
//! none. Pure.
//!
//! Source of what cannot be changed: Kubernetes `pkg/apis/{apps,batch,core,rbac}/validation/validation.go`.

use serde_json::Value;

use crate::health::matches::{is_less, is_same_amount};

/// How an object gets what cannot be changed in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing that runs hangs on it: deleted, and made anew.
    Anew,
    /// A StatefulSet: deleted without its pods and claims, and made anew, so that it finds both again.
    Adopt {
        /// Claims that are to be larger first.
        growth: Vec<Growth>,
        /// Labels that its pods lack for the new one to find them.
        labels: Vec<(String, String)>,
    },
}

/// The claims of one template of a StatefulSet, and how large they are to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    pub template: String,
    /// A Kubernetes quantity.
    pub size: String,
}

/// The way from what lives to what is wanted, where the API server refused to change the one into the other; an error says why
/// there is none, and `None` that it was refused for another reason.
pub fn way(wanted: &Value, live: &Value) -> Option<Result<Way, String>> {
    let is_changed = |pointer: &str| differs(wanted.pointer(pointer), live.pointer(pointer));
    match wanted["kind"].as_str().unwrap_or_default() {
        "StatefulSet" => stateful(wanted, live),
        "Deployment" | "DaemonSet" if is_changed("/spec/selector") => Some(Err(
            "its selector cannot be changed, and another one would lose sight of the pods that run; delete it \
             (kubectl delete, its pods go with it), and it is made anew"
                .into(),
        )),
        "Job" if is_changed("/spec/template") || is_changed("/spec/selector") => Some(job(live)),
        "Service" if is_changed("/spec/clusterIP") || is_changed("/spec/clusterIPs") => Some(service(live)),
        "ConfigMap" | "Secret" if live["immutable"] == Value::Bool(true) => Some(Ok(Way::Anew)),
        "Secret" if is_changed("/type") => Some(Ok(Way::Anew)),
        "RoleBinding" | "ClusterRoleBinding" if is_changed("/roleRef") => Some(Ok(Way::Anew)),
        _ => None,
    }
}

fn service(live: &Value) -> Result<Way, String> {
    match live["spec"]["type"].as_str() {
        Some("LoadBalancer") => {
            Err("its cluster IP cannot be changed, and made anew it would get another address from the load \
             balancer; delete it, if that may be, and it is made anew"
                .into())
        }
        _ => Ok(Way::Anew),
    }
}

fn job(live: &Value) -> Result<Way, String> {
    let conditions = live["status"]["conditions"].as_array().into_iter().flatten();
    let ended = conditions.filter(|condition| condition["status"] == "True");
    let is_over = ended
        .filter_map(|condition| condition["type"].as_str())
        .any(|kind| ["Complete", "Failed"].contains(&kind));
    match is_over {
        true => Ok(Way::Anew),
        false => {
            Err("its pods cannot be changed, and it is not done yet; wait for its end, or delete it".into())
        }
    }
}

fn stateful(wanted: &Value, live: &Value) -> Option<Result<Way, String>> {
    let spec = |object: &'_ Value, field: &str| object["spec"][field].clone();
    let is_changed = |field: &str| differs(wanted["spec"].get(field), live["spec"].get(field));
    let fields = ["serviceName", "podManagementPolicy", "selector", "volumeClaimTemplates"];
    if !fields.iter().any(|field| is_changed(field)) {
        return None;
    }
    let growth = match growth(&spec(wanted, "volumeClaimTemplates"), &spec(live, "volumeClaimTemplates")) {
        Ok(growth) => growth,
        Err(reason) => return Some(Err(reason)),
    };
    let labels = if is_changed("selector") { labels(wanted) } else { Vec::new() };
    Some(Ok(Way::Adopt { growth, labels }))
}

/// What the new one looks for its pods by.
fn labels(wanted: &Value) -> Vec<(String, String)> {
    let labels = wanted.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    labels.into_iter().flatten().filter_map(text).collect()
}

const SIZE: &str = "/spec/resources/requests/storage";

/// The claims that exist keep all but their size; a new template is for claims that are to come.
fn growth(wanted: &Value, live: &Value) -> Result<Vec<Growth>, String> {
    let name = |template: &Value| template["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let empty = Vec::new();
    let live = live.as_array().unwrap_or(&empty);
    let mut found = Vec::new();
    for template in wanted.as_array().into_iter().flatten() {
        let template_name = name(template);
        let Some(before) = live.iter().find(|known| name(known) == template_name) else { continue };
        let size =
            |template: &Value| template.pointer(SIZE).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (new, old) = (size(template), size(before));
        if is_less(&new, &old) {
            return Err(format!(
                "a volume never shrinks, and claim template {template_name} goes from {old} to {new}; give it at least {old}, or \
                 move the data to another cluster"
            ));
        }
        for (field, words) in
            [("storageClassName", "storage class"), ("accessModes", "access modes"), ("volumeMode", "mode")]
        {
            if differs(template["spec"].get(field), before["spec"].get(field)) {
                return Err(format!(
                    "the {words} of claim template {template_name} cannot be changed: the claims that exist keep theirs; delete the \
                     StatefulSet and its claims, if their data may go, or name the new cluster differently"
                ));
            }
        }
        if !is_same_amount(&new, &old) {
            found.push(Growth { template: template_name, size: new });
        }
    }
    Ok(found)
}

/// Whether a field that is wanted is another one; what is not wanted is the API server's to choose.
fn differs(wanted: Option<&Value>, live: Option<&Value>) -> bool {
    match (wanted, live) {
        (None | Some(Value::Null), _) => false,
        (Some(Value::Object(wanted)), Some(Value::Object(live))) => {
            wanted.iter().any(|(key, value)| differs(Some(value), live.get(key)))
        }
        (Some(Value::Array(wanted)), Some(Value::Array(live))) => {
            wanted.len() != live.len() || wanted.iter().zip(live).any(|(a, b)| differs(Some(a), Some(b)))
        }
        (Some(Value::String(a)), Some(Value::String(b))) => a != b && !is_same_amount(a, b),
        (Some(wanted), live) => Some(wanted) != live,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(size: &str, class: &str) -> Value {
        let claim = json!({"metadata": {"name": "data"}, "spec": {
            "storageClassName": class, "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}});
        json!({"kind": "StatefulSet", "spec": {"serviceName": "a", "volumeClaimTemplates": [claim],
            "selector": {"matchLabels": {"app": "a"}}}})
    }

    fn with(mut object: Value, pointer: &str, value: Value) -> Value {
        *object.pointer_mut(pointer).expect("a field") = value;
        object
    }

    fn adopt(growth: &[(&str, &str)], labels: &[(&str, &str)]) -> Option<Result<Way, String>> {
        let growth = growth
            .iter()
            .map(|(template, size)| Growth { template: (*template).into(), size: (*size).into() });
        let labels = labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        Some(Ok(Way::Adopt { growth: growth.collect(), labels }))
    }

    #[test]
    fn a_stateful_set_is_made_anew_around_its_pods() {
        let live = set("1Gi", "fast");
        assert_eq!(way(&set("1024Mi", "fast"), &live), None, "the same amount");
        assert_eq!(way(&set("2Gi", "fast"), &live), adopt(&[("data", "2Gi")], &[]));
        let renamed = with(live.clone(), "/spec/serviceName", json!("b"));
        assert_eq!(way(&renamed, &live), adopt(&[], &[]));
        let selecting = with(live.clone(), "/spec/selector/matchLabels", json!({"app": "b"}));
        assert_eq!(way(&selecting, &live), adopt(&[], &[("app", "b")]));
        let added = with(live.clone(), "/spec/volumeClaimTemplates/0/metadata/name", json!("more"));
        assert_eq!(way(&added, &live), adopt(&[], &[]));
        for (wanted, words) in
            [(set("512Mi", "fast"), "never shrinks"), (set("1Gi", "slow"), "the storage class of claim")]
        {
            let reason = way(&wanted, &live).expect("a reason").expect_err("no way");
            assert!(reason.contains(words), "{reason}");
        }
    }

    #[test]
    fn what_can_be_made_anew_without_loss_is() {
        let service =
            |ip: &str, kind: &str| json!({"kind": "Service", "spec": {"clusterIP": ip, "type": kind}});
        let job = |image: &str, end: &str| {
            let conditions = json!([{"type": end, "status": "True"}]);
            json!({"kind": "Job", "spec": {"template": {"image": image}}, "status": {"conditions": conditions}})
        };
        let map = |is: bool| json!({"kind": "ConfigMap", "immutable": is, "data": {}});
        let binding = |name: &str| json!({"kind": "RoleBinding", "roleRef": {"name": name}});
        let anew = Some(Ok(Way::Anew));
        assert_eq!(way(&service("None", "ClusterIP"), &service("10.0.0.1", "ClusterIP")), anew);
        assert!(
            way(&service("None", "ClusterIP"), &service("10.0.0.1", "LoadBalancer"))
                .is_some_and(|way| way.is_err())
        );
        assert_eq!(way(&json!({"kind": "Service", "spec": {}}), &service("10.0.0.1", "ClusterIP")), None);
        assert_eq!(way(&job("b", ""), &job("a", "Complete")), anew);
        assert!(way(&job("b", ""), &job("a", "Suspended")).is_some_and(|way| way.is_err()));
        assert_eq!(way(&map(true), &map(true)), anew);
        assert_eq!(way(&map(true), &map(false)), None);
        assert_eq!(way(&binding("b"), &binding("a")), anew);
        let selecting =
            |app: &str| json!({"kind": "Deployment", "spec": {"selector": {"matchLabels": {"app": app}}}});
        assert!(way(&selecting("b"), &selecting("a")).is_some_and(|way| way.is_err()));
    }
}
