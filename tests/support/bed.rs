//! A real Kubernetes control plane for the tests of one process, and the ways to ask it.
//!
//! `bed up` (`tests/bed`) runs it and takes it down when its standard input is closed: the kernel does that for a test
//! process however it ends. With `PROMGIT_TEST_KUBECONFIG` the tests use the cluster that it names instead.
#![allow(dead_code, clippy::disallowed_methods, clippy::expect_used)] // a test that cannot start may panic

#[path = "audit.rs"]
pub mod audit;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Names somebody else's cluster, which may be thrown away.
const FOREIGN: &str = "PROMGIT_TEST_KUBECONFIG";

/// A cluster to test on.
pub struct Bed {
    about: About,
    /// None on somebody else's cluster.
    supervisor: Option<Mutex<Supervisor>>,
    namespaces: AtomicUsize,
}

/// What `bed up` says of itself.
#[derive(Clone, Default, Deserialize)]
pub struct About {
    pub folder: PathBuf,
    pub url: String,
    pub ca: PathBuf,
    pub kubeconfig: PathBuf,
    pub audit: PathBuf,
    pub kubectl: PathBuf,
    /// Process ids of the parts that run.
    pub parts: BTreeMap<String, u32>,
    /// Parts that do not, because `KUBEBUILDER_ASSETS` has none.
    pub missing: Option<Vec<String>>,
    pub users: BTreeMap<String, User>,
}

/// Somebody who may log in.
#[derive(Clone, Deserialize)]
pub struct User {
    /// What the API server calls them.
    pub name: String,
    pub token: String,
    pub kubeconfig: PathBuf,
}

struct Supervisor {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

static SHARED: LazyLock<Bed> = LazyLock::new(|| match std::env::var_os(FOREIGN) {
    Some(kubeconfig) => Bed::foreign(kubeconfig.into()),
    None => Bed::another(),
});

impl Bed {
    /// The cluster that all tests of this process share, where pods run.
    pub fn start() -> &'static Bed {
        let missing = SHARED.about.missing.as_deref().unwrap_or_default();
        assert!(
            missing.is_empty(),
            "no pod becomes ready without {}, and KUBEBUILDER_ASSETS has none; unset it, and they are built",
            missing.join(", ")
        );
        &SHARED
    }

    /// The same, for tests that need no more than an API server.
    pub fn api() -> &'static Bed {
        &SHARED
    }

    /// The same, for tests that need what only our own control plane gives: its audit log, its users, its processes.
    /// None on somebody else's cluster: such a test then has nothing to look at.
    pub fn own() -> Option<&'static Bed> {
        let own = Some(Bed::start()).filter(|bed| bed.supervisor.is_some());
        if own.is_none() {
            eprintln!("skipped: {FOREIGN} names a cluster that is not ours");
        }
        own
    }

    /// One more control plane, for a test that breaks it. It ends when it is dropped.
    pub fn another() -> Bed {
        let install =
            Command::new(support::root().join("tests/bed/install.sh")).stderr(Stdio::inherit()).output();
        let program = support::stdout(install.expect("install.sh"));
        Bed::run_with(Path::new(program.trim()), &[])
    }

    /// The control plane of this program, in this environment.
    pub fn run_with(program: &Path, environment: &[(&str, &Path)]) -> Bed {
        let mut command = Command::new(program);
        command.arg("up").envs(environment.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the supervisor");
        let commands = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("stdout"));
        let mut supervisor = Supervisor { child, commands, answers };
        let about = serde_json::from_value(supervisor.answer()).expect("a description");
        Bed { about, supervisor: Some(Mutex::new(supervisor)), namespaces: AtomicUsize::new(0) }
    }

    fn foreign(kubeconfig: PathBuf) -> Bed {
        let about = About { kubeconfig, kubectl: "kubectl".into(), ..About::default() };
        Bed { about, supervisor: None, namespaces: AtomicUsize::new(0) }
    }

    /// Paths, processes, users.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The administrator's.
    pub fn kubeconfig(&self) -> &Path {
        &self.about.kubeconfig
    }

    /// The kubeconfig of a user who has only the rights that were given to them: `alice`, `bob`, or `promgit`, the
    /// service account of that name in `promgit-system`. On somebody else's cluster the administrator plays them.
    pub fn kubeconfig_for(&self, user: &str) -> PathBuf {
        if self.supervisor.is_some() {
            return self.about.users.get(user).expect("a user of the bed").kubeconfig.clone();
        }
        let view = self.kubectl(&["config", "view", "--raw", "--minify", "--flatten", "--output=json"]);
        let mut config: Value = serde_json::from_str(&view).expect("JSON");
        config["users"][0]["user"]["as"] = match user {
            "promgit" => "system:serviceaccount:promgit-system:promgit".into(),
            other => other.into(),
        };
        let path = self.home().join(format!("{user}.kubeconfig"));
        std::fs::write(&path, config.to_string()).expect("writable");
        path
    }

    /// The kubeconfig of a ServiceAccount that is there.
    pub fn kubeconfig_of(&self, namespace: &str, account: &str) -> PathBuf {
        let token = self.kubectl(&["create", "token", account, "--namespace", namespace]);
        let view = self.kubectl(&["config", "view", "--raw", "--minify", "--flatten", "--output=json"]);
        let mut config: Value = serde_json::from_str(&view).expect("JSON");
        config["users"][0]["user"] = serde_json::json!({"token": token.trim()});
        let path = self.home().join(format!("{namespace}-{account}.kubeconfig"));
        std::fs::write(&path, config.to_string()).expect("writable");
        path
    }

    /// What only the bed's own tests and those of whole processes need: kubectl's caches are in it.
    fn home(&self) -> PathBuf {
        let foreign = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("bed-home");
        let home = if self.supervisor.is_some() { self.about.folder.join("home") } else { foreign() };
        std::fs::create_dir_all(&home).expect("a folder");
        home
    }

    /// A command with the environment of a person who uses this cluster.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>, kubeconfig: &Path) -> Command {
        let mut command = support::hermetic(program, &self.home());
        command.env("KUBECONFIG", kubeconfig);
        command
    }

    /// What kubectl printed for the administrator; it must have succeeded.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        let output = self.try_kubectl(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {}: {error}", arguments.join(" "));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    pub fn try_kubectl(&self, arguments: &[&str]) -> Output {
        self.ask(self.kubeconfig(), arguments, "")
    }

    /// What kubectl did for somebody else.
    pub fn kubectl_as(&self, user: &str, arguments: &[&str]) -> Output {
        self.ask(&self.kubeconfig_for(user), arguments, "")
    }

    /// What `kubectl apply` printed; it must have succeeded.
    pub fn apply(&self, manifests: &str) -> String {
        support::stdout(self.try_apply(manifests))
    }

    pub fn try_apply(&self, manifests: &str) -> Output {
        self.ask(self.kubeconfig(), &["apply", "--filename=-"], manifests)
    }

    /// kubectl with this on its standard input.
    pub fn ask(&self, kubeconfig: &Path, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(&self.about.kubectl, kubeconfig);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("kubectl; a cluster that is not ours needs one on the PATH");
        let _ = child.stdin.take().expect("stdin").write_all(input.as_bytes()); // it may not want any
        child.wait_with_output().expect("kubectl")
    }

    /// An object, or a list of them, as `kubectl get` has it; null when there is none (also of a list).
    pub fn get(&self, arguments: &[&str]) -> Value {
        let text = self.kubectl(&[&["get", "--output=json", "--ignore-not-found"], arguments].concat());
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") }
    }

    /// A namespace that nothing else uses.
    pub fn namespace(&self, stem: &str) -> String {
        let number = self.namespaces.fetch_add(1, Ordering::Relaxed);
        let name = format!("{stem}-{}-{number}", std::process::id());
        self.kubectl(&["create", "namespace", &name]);
        name
    }

    /// The object, as soon as it is as it should be.
    pub fn wait_until(&self, what: &str, arguments: &[&str], good: impl Fn(&Value) -> bool) -> Value {
        wait(what, || {
            let object = self.get(arguments);
            if good(&object) { Ok(object) } else { Err(format!("{object:#}")) }
        })
    }

    /// Every request that anybody but the bed made so far.
    pub fn audit(&self) -> Vec<audit::Request> {
        self.audit_since(audit::Mark::default())
    }

    /// The requests that were made after a mark was taken.
    pub fn audit_since(&self, mark: audit::Mark) -> Vec<audit::Request> {
        self.flush();
        audit::read(&self.about.audit, mark)
    }

    /// Now, in the log of requests.
    pub fn mark(&self) -> audit::Mark {
        self.flush();
        audit::now(&self.about.audit)
    }

    /// The server writes a request down after it has answered it: ours, when it is there, comes after all others.
    fn flush(&self) {
        let query = audit::flushing();
        self.kubectl(&["get", "--raw", &query]);
        wait("the audit log", || audit::holds(&self.about.audit, &query).then_some(()).ok_or(query.clone()));
    }

    /// The API server is killed; its data stay.
    pub fn stop_apiserver(&self) {
        self.stop_part("kube-apiserver");
    }

    /// The API server comes back on the same port and answers.
    pub fn start_apiserver(&self) {
        self.start_part("kube-apiserver");
    }

    /// A part of the control plane is killed.
    pub fn stop_part(&self, part: &str) {
        assert_eq!(self.tell(&format!("stop {part}")), json!({ "stopped": part }));
    }

    /// A part of the control plane comes back.
    pub fn start_part(&self, part: &str) {
        assert_eq!(self.tell(&format!("start {part}")), json!({ "started": part }));
    }

    /// The supervisor's answer to a command (`stop PART`, `start PART`).
    pub fn tell(&self, command: &str) -> Value {
        let supervisor = self.supervisor.as_ref().expect("a cluster of our own");
        let mut supervisor = supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        let commands = supervisor.commands.as_mut().expect("open until the end");
        writeln!(commands, "{command}").expect("the supervisor reads");
        supervisor.answer()
    }

    /// The supervisor's process id.
    pub fn supervisor(&self) -> Option<u32> {
        let supervisor = self.supervisor.as_ref()?;
        Some(supervisor.lock().unwrap_or_else(PoisonError::into_inner).child.id())
    }
}

impl Supervisor {
    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("readable");
        assert!(!line.is_empty(), "the control plane ended; the reason stands above");
        serde_json::from_str(&line).expect("a line of JSON")
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.commands = None;
        let _ = self.child.wait();
    }
}

/// Asks until there is an answer; Err is the state to show when it takes too long.
pub fn wait<T>(what: &str, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(state) => {
                assert!(Instant::now() < end, "waited {PATIENCE:?} for {what}; last seen:\n{state}")
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
