//! The status of one container turned into its trouble.

use serde_json::Value;

use super::trouble::{Kind, Trouble, detail};
use crate::health::fields::{int, text};

/// Waiting reasons of a kubelet that cannot get the image (kubernetes `pkg/kubelet/images/types.go`).
const IMAGE: &[&str] = &[
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "ImageInspectError",
    "InvalidImageName",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];
/// Waiting reasons of one that is on its way.
const STARTING: &[&str] = &["", "ContainerCreating", "PodInitializing"];

/// The trouble of a container, if its status shows one. `role` is `container` or `init container`.
pub fn of(status: &Value, role: &str) -> Option<Trouble> {
    let name = text(status, &["name"]).unwrap_or_default();
    let state = &status["state"];
    if let Some(reason) = text(state, &["waiting", "reason"]) {
        let message = text(state, &["waiting", "message"]).unwrap_or_default();
        if IMAGE.contains(&reason) {
            return Some(image(status, role, reason, message));
        }
        if reason == "CrashLoopBackOff" {
            let end = [&status["lastState"]["terminated"], &state["terminated"]];
            let end = end.into_iter().find(|end| end.is_object());
            let told = end.map_or("keeps ending".to_string(), ended);
            return Some(Trouble::new(Kind::Crash, format!("crash-looping: {role} {name} {told}")));
        }
        if !STARTING.contains(&reason) {
            let detail = detail(message);
            return Some(Trouble::new(
                Kind::Create,
                format!("cannot start {role} {name} ({reason}){detail}"),
            ));
        }
    }
    terminated(status, role, name)
}

fn image(status: &Value, role: &str, reason: &str, message: &str) -> Trouble {
    let name = text(status, &["name"]).unwrap_or_default();
    let image = text(status, &["image"]).unwrap_or_default();
    // Back-off only repeats the name of the image; a kubelet of 1.31 and later adds the error.
    let message = if message.ends_with(&format!("\"{image}\"")) { "" } else { message };
    let detail = detail(message);
    Trouble::new(Kind::Image, format!("cannot pull image {image} of {role} {name} ({reason}){detail}"))
}

/// A container that ended and is not started again yet, or that was started again and again.
fn terminated(status: &Value, role: &str, name: &str) -> Option<Trouble> {
    let ended_now = &status["state"]["terminated"];
    let is_bad = |end: &Value| end.is_object() && int(end, &["exitCode"]) != Some(0);
    if is_bad(ended_now) {
        return Some(Trouble::new(Kind::Crash, format!("failed: {role} {name} {}", ended(ended_now))));
    }
    let before = &status["lastState"]["terminated"];
    let restarts = int(status, &["restartCount"]).unwrap_or(0);
    let is_ready = status["ready"] == Value::Bool(true);
    if is_bad(before) && !is_ready && restarts > 0 {
        let times = if restarts == 1 { "once".to_string() } else { format!("{restarts} times") };
        let text = format!("not ready: {role} {name} was restarted {times}, the last one {}", ended(before));
        return Some(Trouble::new(Kind::Restarted, text));
    }
    None
}

/// `exited with code 2 (Error): what it wrote last`.
fn ended(end: &Value) -> String {
    let code = int(end, &["exitCode"]).unwrap_or(0);
    let reason = text(end, &["reason"]).unwrap_or_default();
    let message = text(end, &["message"]).unwrap_or_default();
    // With `FallbackToLogsOnError` this is the end of the log: the last line is the error.
    let last = message.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let what = match (reason, int(end, &["signal"])) {
        ("OOMKilled", _) => "ran out of memory (OOMKilled)".to_string(),
        ("", Some(signal)) => format!("was ended by signal {signal}"),
        ("", None) => format!("exited with code {code}"),
        (reason, _) => format!("exited with code {code} ({reason})"),
    };
    format!("{what}{}", detail(last))
}
