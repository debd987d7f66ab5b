//! A live object that runs once turned into how it ended (Helm 4 `internal/statusreaders/{job,pod}_status_reader.go`): what a hook is
//! waited for.

use serde_json::Value;

use super::fields::{self, text};

/// How far an object is that runs to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Not yet.
    Runs,
    Succeeded,
    /// And why, where the object says so itself.
    Failed(Option<String>),
}

/// How a Job or a Pod ended. Of any other kind it is enough that it exists.
pub fn ended(object: &Value) -> Ended {
    match (text(object, &["apiVersion"]), text(object, &["kind"])) {
        (Some("batch/v1"), Some("Job")) => job(object),
        (Some("v1"), Some("Pod")) => pod(object),
        _ => Ended::Succeeded,
    }
}

fn job(object: &Value) -> Ended {
    let conditions = fields::conditions(object).unwrap_or_default();
    for condition in &conditions {
        if condition.is("Complete", "True") {
            return Ended::Succeeded;
        }
        if condition.is("Failed", "True") {
            return Ended::Failed(super::generic::said(condition));
        }
    }
    Ended::Runs
}

fn pod(object: &Value) -> Ended {
    match text(object, &["status", "phase"]) {
        Some("Succeeded") => Ended::Succeeded,
        Some("Failed") => Ended::Failed(text(object, &["status", "message"]).map(str::to_owned)),
        _ => Ended::Runs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn jobs_and_pods_run_to_their_end_and_nothing_else_does() {
        let job = |condition: &str, status: &str| {
            json!({"apiVersion": "batch/v1", "kind": "Job", "status": {"conditions": [
                {"type": condition, "status": status, "reason": "Because", "message": "it did"}]}})
        };
        let pod = |phase: &str| json!({"apiVersion": "v1", "kind": "Pod", "status": {"phase": phase}});
        assert_eq!(ended(&job("Complete", "True")), Ended::Succeeded);
        assert_eq!(ended(&job("Complete", "False")), Ended::Runs);
        assert_eq!(ended(&job("Suspended", "True")), Ended::Runs);
        assert!(matches!(ended(&job("Failed", "True")), Ended::Failed(Some(why)) if why.contains("it did")));
        assert_eq!(ended(&pod("Succeeded")), Ended::Succeeded);
        assert_eq!(ended(&pod("Failed")), Ended::Failed(None));
        assert_eq!(ended(&pod("Running")), Ended::Runs);
        assert_eq!(ended(&json!({"apiVersion": "v1", "kind": "ConfigMap"})), Ended::Succeeded);
        assert_eq!(ended(&json!({"apiVersion": "example.com/v1", "kind": "Job"})), Ended::Succeeded);
    }
}
