//! The pods and events of a workload turned into one sentence that says why it is not up.
//!
//! `container.rs` reads the state of one container, `pod.rs` that of one pod, `event.rs` what was told about them.

mod container;
mod event;
mod pod;
mod trouble;

use serde_json::Value;

use super::fields::text;
use super::text::{brief, clause, counted};
use event::Event;
use trouble::{MOST_DETAIL, Trouble};

/// A condition's message holds no more; the names in the sentence are bounded by the API server.
const MOST_SENTENCE: usize = 600;

/// Why a workload is not up, as one sentence without a final period: the most telling pod, its trouble, and how many
/// others have one. Without a troubled pod it is the newest warning about the workload itself, if no pod is newer.
/// `None` if neither pods nor events tell anything.
///
/// `pods` are those of the workload; `events` those about the pods, their claims and what creates them
/// (`v1` or `events.k8s.io/v1`). Events about pods that are not in `pods` are left out.
pub fn of_pods(pods: &[Value], events: &[Value]) -> Option<String> {
    let mut events: Vec<Event<'_>> = events.iter().map(Event::read).collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.time));
    let mut troubled: Vec<(&str, Trouble)> =
        pods.iter().filter_map(|held| Some((name(held), pod::of(held, &events)?))).collect();
    // Ordinals of a StatefulSet count: simple-2 comes before simple-10.
    troubled.sort_by_key(|(name, trouble)| (trouble.kind, name.len(), *name));
    let sentence = match troubled.first() {
        Some((name, trouble)) => format!("pod {name} {}{}", trouble.text, others(&troubled)),
        None => workload(pods, &events)?,
    };
    Some(brief(&sentence, MOST_SENTENCE))
}

fn others(troubled: &[(&str, Trouble)]) -> String {
    let Some(((_, first), rest)) = troubled.split_first() else { return String::new() };
    match rest.len() as i64 {
        0 => String::new(),
        count if rest.iter().all(|(_, other)| other.kind == first.kind) => {
            format!(" (the same for {})", counted(count, "other pod"))
        }
        count => format!(" ({} not ready either)", counted(count, "other pod")),
    }
}

/// What keeps pods from being created: quota, admission, a missing service account.
fn workload(pods: &[Value], events: &[Event<'_>]) -> Option<String> {
    let newest = pods.iter().filter_map(|pod| event::time(&pod["metadata"]["creationTimestamp"])).max();
    let told = events.iter().find(|event| event.is_warning && event.is_about_a_creator())?;
    if told.time < newest {
        // Pods came since then: what was told is over.
        return None;
    }
    let detail = clause(told.message, MOST_DETAIL);
    let subject = if pods.is_empty() { "no pods" } else { "not all pods" };
    Some(match (told.reason, detail.as_str()) {
        (reason, "") => format!("{subject} created ({reason})"),
        ("FailedCreate", _) => format!("{subject} created: {detail}"),
        (reason, _) => format!("{subject} created ({reason}): {detail}"),
    })
}

fn name(pod: &Value) -> &str {
    text(pod, &["metadata", "name"]).unwrap_or_default()
}
