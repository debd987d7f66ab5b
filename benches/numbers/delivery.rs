//! Clusters on a real API server: promgit beside one `helm upgrade --install` for each, two at a time.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::agent::Agent;
use crate::bed::Bed;
use crate::control_plane::Bed as ControlPlane;
use crate::process::{self, mebibytes};
use crate::table::{Row, Table};
use crate::{milliseconds, quantile, support, times};

/// Clusters, spread over some namespaces.
const CLUSTERS: usize = 100;
const NAMESPACES: usize = 10;
/// What the operator did that promgit replaces.
const HELMS: usize = 2;
const PATCHES: usize = 40;
const MANY: usize = 1_000;

/// Whose requests are counted: the users of the two tools.
const AGENT: &str = "alice";
const HELM: &str = "bob";

/// Adds the rows.
pub fn measure(bed: &Bed, table: &mut Table) {
    let plane = ControlPlane::another();
    let ground = Ground { bed, plane: &plane };
    ground.prepare();
    let mut agent = ground.agent("cluster.git", &[]);
    let names = ["install", "change one field of each", "nothing changed"];
    let mut ours = vec![ground.promgit(&mut agent, 1), ground.promgit(&mut agent, 2)];
    let most = agent.memory("VmHWM");
    drop(agent);
    let (restarted, agent) = ground.restart();
    ours.push(restarted);
    ground.latency(&agent, table);
    drop(agent);
    let theirs = [ground.helm(1), ground.helm(2), ground.helm(2)];
    let bare = ground.bare(1);
    for ((name, our), their) in names.iter().zip(&ours).zip(&theirs) {
        table.add(Row {
            work: format!("{CLUSTERS} clusters on an API server, {name}"),
            promgit: our.show(),
            beside: format!("helm, {HELMS} at a time: {}", their.show()),
            ratio: times(our.wall, their.wall),
            target: Some((
                "≥ 10x less wall, ≥ 20x less CPU",
                our.wall * 10 <= their.wall && our.cpu * 20 <= their.cpu,
            )),
        });
    }
    table.add(Row {
        work: format!(
            "the objects of {CLUSTERS} clusters on an API server and ready, the least that anybody can do"
        ),
        promgit: format!("{} (with resource, dry run, commit, history, status)", milliseconds(ours[0].wall)),
        beside: format!("one `kubectl apply --server-side` a namespace, all at once: {}", milliseconds(bare)),
        ratio: times(ours[0].wall, bare),
        ..Row::default()
    });
    table.add(Row {
        work: format!("most resident memory, {CLUSTERS} clusters applied"),
        promgit: mebibytes(most),
        beside: format!("one helm: {}", mebibytes(theirs[0].memory)),
        ..Row::default()
    });
    ground.many(table);
    drop(plane);
    let plane = ControlPlane::another();
    let ground = Ground { bed, plane: &plane };
    ground.prepare();
    ground.fleet(table);
}

/// One pass over all clusters.
struct Pass {
    wall: Duration,
    /// Of the tool, not of the API server.
    cpu: Duration,
    requests: BTreeMap<String, usize>,
    /// Of one process, in KiB.
    memory: u64,
}

impl Pass {
    fn show(&self) -> String {
        self.show_each(CLUSTERS)
    }

    fn show_each(&self, clusters: usize) -> String {
        let all: usize = self.requests.values().sum();
        let verbs: Vec<String> =
            self.requests.iter().map(|(verb, count)| format!("{count} {verb}")).collect();
        let each = all as f64 / clusters as f64;
        let (wall, cpu) = (milliseconds(self.wall), milliseconds(self.cpu));
        format!("{wall}, CPU {cpu}, {each:.1} requests each ({})", verbs.join(", "))
    }
}

struct Ground<'a> {
    bed: &'a Bed,
    plane: &'a ControlPlane,
}

impl Ground<'_> {
    fn prepare(&self) {
        let users = [AGENT, HELM].map(|user| format!("--user={user}"));
        let [first, second] = &users;
        let binding = ["create", "clusterrolebinding", "bench", "--clusterrole=cluster-admin", first, second];
        self.plane.kubectl(&binding);
        let mut helm = self.plane.command(support::helm(), self.plane.kubeconfig());
        helm.args(["install", "--wait", "promgit-crds"]).arg(support::root().join("charts/promgit-crds"));
        process::run(&mut helm);
        for number in 0..NAMESPACES {
            for tool in ["ours", "theirs", "bare", "many", "fleet"] {
                self.plane.kubectl(&["create", "namespace", &format!("{tool}-{number}")]);
            }
        }
    }

    fn agent(&self, repository: &str, more: &[&str]) -> Agent {
        let mut command = self.bed.promgit();
        command.envs(as_in_the_image());
        command.args(["run", "--source", "cluster", "--repo"]).arg(self.bed.path(repository));
        command.arg("--kubeconfig").arg(self.plane.kubeconfig_for(AGENT)).args(more);
        Agent::spawn(command)
    }

    /// Applies all resources; ends when the last is ready.
    fn promgit(&self, agent: &mut Agent, replicas: usize) -> Pass {
        let resources: String =
            (0..CLUSTERS).map(|number| resource("ours", number, replicas, "Apply")).collect();
        let (mark, cpu, start) = (self.plane.mark(), agent.cpu(), Instant::now());
        self.apply(&resources);
        (0..CLUSTERS).for_each(|_| agent.news(" is up: "));
        let wall = start.elapsed();
        let (cpu, memory) = (agent.cpu() - cpu, agent.memory("VmHWM"));
        Pass { wall, cpu, requests: self.requests(mark, AGENT), memory }
    }

    /// What an agent does that finds everything as it was.
    fn restart(&self) -> (Pass, Agent) {
        let mark = self.plane.mark();
        let agent = self.agent("cluster.git", &[]);
        thread::sleep(Duration::from_secs(3));
        let (wall, cpu, memory) = (agent.ready, agent.cpu(), agent.memory("VmHWM"));
        (Pass { wall, cpu, requests: self.requests(mark, AGENT), memory }, agent)
    }

    fn latency(&self, agent: &Agent, table: &mut Table) {
        let (mut commits, mut readies) = (Vec::new(), Vec::new());
        for round in 0..PATCHES {
            let number = round % CLUSTERS;
            let replicas = 3 + round / CLUSTERS;
            let patch = format!("{{\"spec\": {{\"replicas\": {replicas}}}}}");
            let (name, namespace) = (name(number), namespace("ours", number));
            let mark = self.plane.mark();
            self.plane.kubectl(&["patch", "proms", &name, "-n", &namespace, "--type=merge", "-p", &patch]);
            let commit = agent.commit(&format!("{namespace}/{name}: replicas 2 → {replicas}"));
            let ready = agent.news_at(&format!("{namespace}/{name} is up: "));
            let patched = self.plane.audit_since(mark).into_iter();
            let patched = patched.filter(|request| request.verb == "patch" && request.name == name);
            let asked = patched.map(|request| request.received).min().expect("the patch is in the log");
            commits.push(since(asked, commit));
            readies.push(since(asked, ready));
        }
        for (what, times, target) in
            [("commit durable", &mut commits, Some("p50 ≤ 250 ms, p99 ≤ 1 s")), ("Ready", &mut readies, None)]
        {
            let [half, most] = [0.5, 0.99].map(|share| quantile(times, share));
            let met = half <= Duration::from_millis(250) && most <= Duration::from_secs(1);
            table.add(Row {
                work: format!("resource changed → {what}, idle agent"),
                promgit: format!("p50 {}, p99 {}", milliseconds(half), milliseconds(most)),
                target: target.map(|words| (words, met)),
                ..Row::default()
            });
        }
    }

    /// The same charts with the same values, one process for each.
    fn helm(&self, replicas: usize) -> Pass {
        let values: Vec<PathBuf> = (0..CLUSTERS).map(|number| self.values(number, replicas)).collect();
        let (mark, cpu, start) = (self.plane.mark(), children_cpu(), Instant::now());
        let (next, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..HELMS {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(values) = values.get(number) else { return };
                        let ended = process::run(&mut self.upgrade(number, values));
                        most.fetch_max(ended.most as usize, Ordering::Relaxed);
                    }
                });
            }
        });
        let (wall, cpu) = (start.elapsed(), children_cpu() - cpu);
        let memory = most.load(Ordering::Relaxed) as u64;
        Pass { wall, cpu, requests: self.requests(mark, HELM), memory }
    }

    /// The same objects and nothing else: what the API server and its controllers take for themselves.
    fn bare(&self, replicas: usize) -> Duration {
        let mut manifests: BTreeMap<String, String> = BTreeMap::new();
        for number in 0..CLUSTERS {
            let namespace = namespace("bare", number);
            let mut helm = Command::new(support::helm());
            helm.args(["template", &name(number), "--namespace", &namespace]);
            helm.arg(support::root().join("charts/prometheus-cluster"));
            helm.arg("--values").arg(self.values(number, replicas));
            manifests.entry(namespace).or_default().push_str(&process::run(&mut helm).stdout);
        }
        let start = Instant::now();
        thread::scope(|scope| {
            for (namespace, manifests) in &manifests {
                scope.spawn(move || {
                    self.kubectl_apply(&["--namespace", namespace], manifests);
                    let ready = format!("--for=jsonpath={{.status.readyReplicas}}={replicas}");
                    let wait = ["wait", "statefulsets", "--all", "--namespace", namespace, &ready];
                    self.plane.kubectl(&wait);
                });
            }
        });
        start.elapsed()
    }

    fn upgrade(&self, number: usize, values: &Path) -> Command {
        let mut helm = self.plane.command(support::helm(), &self.plane.kubeconfig_for(HELM));
        helm.args(["upgrade", "--install", "--rollback-on-failure", "--wait", &name(number)]);
        helm.arg(support::root().join("charts/prometheus-cluster"));
        helm.args(["--namespace", &namespace("theirs", number), "--values"]).arg(values);
        helm
    }

    /// What promgit gave the chart for the same resource.
    fn values(&self, number: usize, replicas: usize) -> PathBuf {
        let file = self.bed.path(&format!("values-{number}-{replicas}.yaml"));
        let text = format!("replicaCount: {replicas}\n");
        let branch = format!("deploy/{}:{}/values.yaml", namespace("ours", number), name(number));
        let mut git = self.bed.git(&self.bed.path("cluster.git"));
        let shown = process::run(git.args(["show", &branch])).stdout;
        let lines = shown.lines().map(|line| match line.strip_prefix("replicas:") {
            Some(_) => format!("replicas: {replicas}\n"),
            None => format!("{line}\n"),
        });
        let values: String = lines.collect();
        fs::write(&file, if values.is_empty() { text } else { values }).expect("a file in the bed");
        file
    }

    /// Resident memory with many clusters that another tool is to apply: no pods are needed for them.
    fn many(&self, table: &mut Table) {
        let mut agent = self.agent("many.git", &[]);
        let idle = agent.memory("VmRSS");
        let resources: String = (0..MANY).map(|number| resource("many", number, 1, "External")).collect();
        self.apply(&resources);
        agent.commits(MANY);
        thread::sleep(Duration::from_secs(5));
        let [now, most] = ["VmRSS", "VmHWM"].map(|key| agent.memory(key));
        table.add(Row {
            work: format!("resident memory on an API server, {CLUSTERS} clusters → {MANY} more (External)"),
            promgit: format!("{} → {}, at most {}", mebibytes(idle), mebibytes(now), mebibytes(most)),
            target: Some(("≤ 64 MiB", most <= 64 << 10)),
            ..Row::default()
        });
    }

    /// Many clusters installed, without pods: what the agent and the API server do, and not what controllers do with them.
    fn fleet(&self, table: &mut Table) {
        let agent = self.agent("installed.git", &[]);
        let resources: String = (0..MANY).map(|number| resource("fleet", number, 0, "Apply")).collect();
        let (mark, cpu, start) = (self.plane.mark(), agent.cpu(), Instant::now());
        self.apply(&resources);
        (0..MANY).for_each(|_| agent.news(" is up: "));
        let (wall, cpu) = (start.elapsed(), agent.cpu() - cpu);
        let memory = agent.memory("VmHWM");
        let pass = Pass { wall, cpu, requests: self.requests(mark, AGENT), memory };
        let met = wall <= Duration::from_secs(60) && memory <= 64 << 10;
        table.add(Row {
            work: format!("{MANY} clusters installed on an API server, pods scaled to zero"),
            promgit: format!("{}, at most {}", pass.show_each(MANY), mebibytes(memory)),
            target: Some(("≤ 60 s, ≤ 64 MiB", met)),
            ..Row::default()
        });
    }

    fn apply(&self, resources: &str) {
        self.kubectl_apply(&[], resources);
    }

    fn kubectl_apply(&self, more: &[&str], resources: &str) {
        let mut kubectl = self.plane.command(&self.plane.about().kubectl, self.plane.kubeconfig());
        kubectl
            .args(["apply", "--server-side", "-f", "-"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let mut child = kubectl.spawn().expect("kubectl");
        child.stdin.take().expect("a pipe").write_all(resources.as_bytes()).expect("kubectl reads");
        assert!(child.wait().expect("kubectl").success());
    }

    fn requests(&self, mark: crate::control_plane::audit::Mark, user: &str) -> BTreeMap<String, usize> {
        let mut verbs = BTreeMap::new();
        for request in self.plane.audit_since(mark).into_iter().filter(|request| request.user == user) {
            *verbs.entry(request.verb).or_default() += 1;
        }
        verbs
    }
}

/// What the image sets: how the allocator of libc keeps freed memory.
fn as_in_the_image() -> impl Iterator<Item = (&'static str, &'static str)> {
    let dockerfile = include_str!("../../Dockerfile");
    let set = dockerfile.lines().filter_map(|line| line.strip_prefix("ENV "));
    set.flat_map(str::split_whitespace).filter_map(|pair| pair.split_once('='))
}

fn name(number: usize) -> String {
    format!("main-{number:04}")
}

fn namespace(tool: &str, number: usize) -> String {
    format!("{tool}-{}", number % NAMESPACES)
}

fn resource(tool: &str, number: usize, replicas: usize, mode: &str) -> String {
    let (name, namespace) = (name(number), namespace(tool, number));
    // a resource has at least one, and the chart's own values are asked for none
    let size = match replicas {
        0 => "  values: {replicas: 0}".to_owned(),
        some => format!("  replicas: {some}"),
    };
    format!(
        "apiVersion: promgit.dev/v1alpha1
kind: PrometheusCluster
metadata:
  name: {name}
  namespace: {namespace}
spec:
{size}
  delivery:
    mode: {mode}
---
"
    )
}

/// User and system time of all ended processes of ours, in ticks of 10 ms (`proc(5)`).
fn children_cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("proc");
    ticks(&stat, 13)
}

/// The sum of a field of `/proc/<id>/stat` and the next, counted behind the name of the program.
pub fn ticks(stat: &str, field: usize) -> Duration {
    let behind = stat.rsplit_once(')').expect("a name in brackets").1;
    let fields = behind.split_whitespace().skip(field).take(2);
    let ticks: u64 = fields.map(|field| field.parse::<u64>().expect("a number")).sum();
    Duration::from_millis(ticks * 10)
}

/// From the moment at which the API server was asked to the one at which a line came.
fn since(asked: SystemTime, line: Instant) -> Duration {
    let at = SystemTime::now() - line.elapsed();
    at.duration_since(asked).unwrap_or_default()
}
