//! What a watcher of the resource sees of a change: each phase once, in order, and none that comes back.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crate::bed::wait;
use crate::scene::Scene;

/// One line for every state that the API server ever had of the resource.
const SEEN: &str = r#"-o=jsonpath={.metadata.generation} {.status.observedGeneration} {.status.conditions}{.status.replicas}{.status.readyReplicas}{.status.history}{"|"}{.status.conditions[?(@.type=="Ready")].observedGeneration} {.status.conditions[?(@.type=="Ready")].reason}{"\n"}"#;

/// `kubectl get --watch`, and what it printed so far.
struct Watcher {
    child: Child,
    ear: Option<JoinHandle<()>>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Watcher {
    fn start(scene: &Scene, name: &str) -> Watcher {
        let mut command = scene.bed.command(&scene.bed.about().kubectl, scene.bed.kubeconfig());
        command.args(["get", "proms", name, "--watch", SEEN, "--namespace", &scene.namespace]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("kubectl");
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let (heard, stdout) = (lines.clone(), child.stdout.take().expect("stdout"));
        let ear = std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                heard.lock().expect("whole").push(line);
            }
        });
        Watcher { child, ear: Some(ear), lines }
    }

    /// `2 Succeeded` and so on, each state of readiness once; waits until it ends so.
    fn phases(&self, last: &str) -> Vec<String> {
        wait(&format!("{last} to be seen"), || {
            let lines = self.lines.lock().expect("whole").clone();
            let mut phases: Vec<String> =
                lines.iter().filter_map(|line| Some(line.split_once('|')?.1.to_owned())).collect();
            // Before the agent had said anything.
            phases.retain(|phase| phase.trim() != "");
            phases.dedup();
            if phases.last().is_some_and(|phase| phase == last) { Ok(phases) } else { Err(phases.join("\n")) }
        })
    }

    /// States of the status that differ from the one before.
    fn statuses(&self) -> usize {
        let lines = self.lines.lock().expect("whole").clone();
        let status = |line: &String| line.split_once(' ').map(|(_, status)| status.to_owned());
        let mut statuses: Vec<_> = lines.iter().filter_map(status).collect();
        statuses.dedup();
        statuses.iter().filter(|status| !status.starts_with(" |")).count()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.ear.take().into_iter().for_each(|ear| drop(ear.join()));
    }
}

/// A spec, and what its generation goes through.
type Step = (&'static str, &'static [&'static str]);

const STEPS: [Step; 7] = [
    ("{suspend: true}", &["1 Suspended"]),
    ("{replicas: 2}", &["2 Progressing", "2 Succeeded"]),
    ("{replicas: 3}", &["3 Progressing", "3 Succeeded"]),
    ("{replicas: 3, config: \"scrape_configs: 1\"}", &["4 InvalidConfig"]),
    ("{replicas: 3}", &["5 Succeeded"]),
    (
        "{replicas: 3, nodeSelector: {no: node}, delivery: {timeout: 3s, atomic: false}}",
        &["6 Progressing", "6 Stalled"],
    ),
    ("{replicas: 3}", &["7 Progressing", "7 Succeeded"]),
];

#[test]
fn every_phase_is_written_once_and_none_comes_back() {
    let scene = Scene::new("phases");
    let mark = scene.mark();
    // A watch of one resource wants it to exist.
    scene.put("simple", STEPS[0].0);
    let watcher = Watcher::start(&scene, "simple");
    let mut expected = Vec::new();
    for (number, (spec, phases)) in STEPS.iter().enumerate() {
        if number > 0 {
            scene.put("simple", spec);
        }
        expected.extend_from_slice(phases);
        assert_eq!(watcher.phases(expected.last().expect("a phase")), expected);
    }
    let Some(writes) = scene.writes(mark) else { return };
    let writes = writes.iter().filter(|write| write.starts_with("patch prometheusclusters/status")).count();
    assert_eq!(writes, watcher.statuses(), "a write that changed nothing");
}
