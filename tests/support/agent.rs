//! The real binary on a bed: started with settings as text, heard line by line, stopped, killed, started again.
//!
//! It has the rights that `charts/promgit` gives and no others, as it is installed by the real helm.
#![allow(dead_code, clippy::disallowed_methods, clippy::expect_used)] // a test that cannot start may panic

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::bed::{Bed, wait};
use crate::support;

/// The user of the bed that has the rights of the agent's chart.
pub const USER: &str = "promgit";

/// What the API server calls that user.
pub const ACCOUNT: &str = "system:serviceaccount:promgit-system:promgit";

/// Lines of the agent that a failed test shows.
const SHOWN: usize = 60;

/// The bed that the tests of this process share, with the resource and the agent's rights installed.
pub fn bed() -> &'static Bed {
    static INSTALLED: LazyLock<&'static Bed> = LazyLock::new(|| {
        let bed = Bed::start();
        install_resource(bed);
        install_rights(bed, &[]);
        bed
    });
    &INSTALLED
}

/// Teaches an API server the resource.
pub fn install_resource(bed: &Bed) {
    helm(bed, &["upgrade", "--install", "--wait", "promgit-crds"], "charts/promgit-crds");
    let served =
        || bed.try_kubectl(&["get", "proms"]).status.success().then_some(()).ok_or("not served".into());
    wait("the resource", served);
}

/// Gives the user `promgit` what the agent's chart gives its service account. The agent of the chart itself is a pod
/// that is only played, so it is left out.
pub fn install_rights(bed: &Bed, more: &[&str]) {
    let release = ["upgrade", "--install", "promgit", "--namespace=promgit-system", "--create-namespace"];
    let account = ["--set=rbac.discovery=true", "--set=rbac.locks=true", "--set=persistence.enabled=false"];
    let account =
        [&account[..], &["--set=rbac.impersonate={deployer,nobody}", "--set=rbac.hooks=true"]].concat();
    helm(bed, &[&release[..], &account, more].concat(), "charts/promgit");
}

/// What helm printed; it must have succeeded. `chart` is relative to the checkout.
pub fn helm(bed: &Bed, arguments: &[&str], chart: &str) -> String {
    let mut helm = bed.command(support::helm(), bed.kubeconfig());
    helm.args(arguments).arg(support::root().join(chart));
    support::stdout(helm.output().expect("helm"))
}

/// An agent with a repository of its own. It is killed when it is dropped; its last lines are printed when a test fails.
pub struct Agent {
    folder: tempfile::TempDir,
    kubeconfig: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    running: Option<Running>,
    /// Of all runs.
    lines: Lines,
    /// Where those of the last run begin.
    first: usize,
}

/// Lines of both streams, in the order in which they were heard.
type Lines = Arc<Mutex<Vec<String>>>;

struct Running {
    child: Child,
    ears: Vec<JoinHandle<()>>,
}

impl Agent {
    /// An agent for these namespaces (none: all), not yet started. `settings` is the rest of its file; it may say
    /// anything but `source`.
    pub fn new(bed: &Bed, user: &str, namespaces: &[&str], settings: &str) -> Agent {
        let folder = tempfile::tempdir().expect("a folder");
        let file = format!(
            "source: {{from: cluster, namespaces: {}}}\n{settings}\n",
            serde_json::to_string(namespaces).expect("JSON")
        );
        std::fs::write(folder.path().join("promgit.yaml"), file).expect("writable");
        let arguments = ["run", "--config=promgit.yaml", "--repo=deploy.git"].map(String::from).to_vec();
        Agent {
            folder,
            kubeconfig: bed.kubeconfig_for(user),
            arguments,
            environment: vec![("PROMGIT_LOG_LEVEL".into(), "info".into())],
            running: None,
            lines: Lines::default(),
            first: 0,
        }
    }

    /// A started one with the rights of the chart, which has looked at everything that is there.
    pub fn start(bed: &Bed, namespaces: &[&str], settings: &str) -> Agent {
        let mut agent = Agent::new(bed, USER, namespaces, settings);
        agent.launch();
        agent.wait_for_start();
        agent
    }

    /// An environment variable for every later run.
    pub fn with(mut self, name: &str, value: &str) -> Agent {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.into(), value.into()));
        self
    }

    /// With the rights of another user.
    pub fn with_kubeconfig(mut self, path: PathBuf) -> Agent {
        self.kubeconfig = path;
        self
    }

    /// A command-line argument for every later run.
    pub fn with_argument(mut self, argument: &str) -> Agent {
        self.arguments.push(argument.into());
        self
    }

    /// Starts it, for the first time or again, on the same repository.
    pub fn launch(&mut self) {
        assert!(self.running.is_none(), "it runs");
        let mut command = self.command(env!("CARGO_BIN_EXE_promgit"));
        command.args(&self.arguments).arg("--kubeconfig").arg(&self.kubeconfig);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("promgit");
        self.first = self.all().len();
        let ears = vec![
            listen(child.stdout.take().expect("stdout"), self.lines.clone()),
            listen(child.stderr.take().expect("stderr"), self.lines.clone()),
        ];
        self.running = Some(Running { child, ears });
    }

    /// Waits until everything that was there at its start is handled.
    pub fn wait_for_start(&self) {
        self.wait_for_line("the first listing", |line| {
            line.starts_with("promgit: ")
                && (line.contains(" cluster") || line.contains("no PrometheusCluster"))
        });
    }

    /// SIGTERM, then a start on the same repository.
    pub fn restart(&mut self) {
        let status = self.stop();
        assert_eq!(status.code(), Some(0), "{status}");
        self.launch();
        self.wait_for_start();
    }

    /// SIGTERM, and how it ended.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait_for_end()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.signal("KILL");
        assert_eq!(self.wait_for_end().signal(), Some(9));
    }

    /// Sends a signal by its name: `TERM`, `STOP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.process().to_string()]).status();
        assert!(sent.expect("kill").success());
    }

    /// Its process id.
    pub fn process(&self) -> u32 {
        self.running.as_ref().expect("it runs").child.id()
    }

    /// Waits until it has ended by itself or by a signal that was sent.
    pub fn wait_for_end(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("it runs");
        let status = wait("the agent to end", || {
            running.child.try_wait().expect("a child").ok_or_else(|| self.tail(SHOWN))
        });
        for ear in running.ears {
            ear.join().expect("heard");
        }
        status
    }

    /// What it said on both streams since it was started last.
    pub fn lines(&self) -> Vec<String> {
        self.all().split_off(self.first)
    }

    /// What it said in all runs.
    pub fn all(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first line of this run that holds the text.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_for_line(text, |line| line.contains(text))
    }

    /// The first line of this run that is good.
    pub fn wait_for_line(&self, what: &str, is_good: impl Fn(&str) -> bool) -> String {
        wait(&format!("a line of the agent: {what}"), || {
            self.lines().into_iter().find(|line| is_good(line)).ok_or_else(|| self.tail(SHOWN))
        })
    }

    fn tail(&self, count: usize) -> String {
        let lines = self.all();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }

    /// Where it runs: `deploy.git`, `promgit.yaml`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The bare repository.
    pub fn repository(&self) -> PathBuf {
        self.folder().join("deploy.git")
    }

    /// A program in its folder, which sees nothing of the host's configuration.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = support::hermetic(program, self.folder());
        command.current_dir(self.folder());
        command
    }

    /// What `git` prints of the repository; it must succeed.
    pub fn git(&self, arguments: &[&str]) -> String {
        let mut command = self.command("git");
        command.arg("--git-dir=deploy.git").args(arguments);
        support::stdout(command.output().expect("git"))
    }

    /// The subjects of a namespace's branch, oldest first, after asking git whether the repository is sound.
    pub fn subjects(&self, namespace: &str) -> Vec<String> {
        self.check_repository();
        let branch = format!("refs/heads/deploy/{namespace}");
        if self.git(&["for-each-ref", &branch]).is_empty() {
            return Vec::new();
        }
        self.git(&["log", "--reverse", "--format=%s", &branch]).lines().map(str::to_owned).collect()
    }

    /// Git finds nothing wrong with any object.
    pub fn check_repository(&self) {
        self.git(&["fsck", "--full", "--strict"]);
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
            running.ears.into_iter().for_each(|ear| drop(ear.join()));
        }
        if std::thread::panicking() {
            eprintln!("--- the agent's last lines\n{}\n---", self.tail(SHOWN));
        }
    }
}

fn listen(stream: impl Read + Send + 'static, lines: Lines) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    })
}
