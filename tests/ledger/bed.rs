//! A folder of resources, a repository, the binary that leads from one to the other, and git to look at it.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;

use crate::support;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Bed {
    pub folder: TempDir,
    pub source: PathBuf,
    pub repo: PathBuf,
    /// Every file that is written is a minute younger than the one before.
    clock: Cell<u64>,
}

/// What `promgit run --once` said.
pub struct Said {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl Bed {
    pub fn new() -> Bed {
        let folder = TempDir::new().unwrap();
        let [source, repo] = ["source", "deploy.git"].map(|name| folder.path().join(name));
        std::fs::create_dir(&source).unwrap();
        Bed { folder, source, repo, clock: Cell::new(1_700_000_000) }
    }

    /// A file of the source, replaced in one step.
    pub fn put(&self, file: &str, text: &str) {
        let (path, new) = (self.source.join(file), self.folder.path().join("new"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&new, text).unwrap();
        self.clock.set(self.clock.get() + 60);
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.clock.get());
        std::fs::File::options().append(true).open(&new).unwrap().set_modified(time).unwrap();
        std::fs::rename(&new, &path).unwrap();
    }

    pub fn remove(&self, file: &str) {
        std::fs::remove_file(self.source.join(file)).unwrap();
    }

    /// A file outside the source: settings, charts.
    pub fn aside(&self, file: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A chart with these templates and its mapping, as flags.
    pub fn chart(&self, version: &str, templates: &[(&str, &str)]) -> Vec<String> {
        let chart = self.folder.path().join("chart");
        self.aside("chart/Chart.yaml", &format!("apiVersion: v2\nname: small\nversion: {version}\n"));
        for (file, text) in templates {
            self.aside(&format!("chart/templates/{file}"), text);
        }
        let mapping = self.aside("mapping.yaml", "{}\n");
        ["--chart", chart.to_str().unwrap(), "--mapping", mapping.to_str().unwrap()].map(String::from).into()
    }

    pub fn promgit(&self, repo: &Path, args: &[&str]) -> Command {
        let mut command = support::hermetic(env!("CARGO_BIN_EXE_promgit"), self.folder.path());
        command.arg("run").arg("--source").arg(format!("dir:{}", self.source.display()));
        command.arg("--repo").arg(repo).args(args);
        command
    }

    /// One pass over what is there.
    pub fn once_into(&self, repo: &Path, args: &[&str]) -> Said {
        let output = self.promgit(repo, args).arg("--once").output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { ok: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
    }

    pub fn once(&self) -> Said {
        self.once_into(&self.repo, &[])
    }

    /// One pass that must succeed with no other word on stderr than the account of what was done.
    pub fn settle(&self) -> String {
        let said = self.once();
        let quiet = said.err.lines().all(|line| line.starts_with("promgit: "));
        assert!(said.ok && quiet, "{}{}", said.out, said.err);
        said.out
    }

    pub fn agent(&self, args: &[&str]) -> Running {
        Running::start(self.promgit(&self.repo, args))
    }

    pub fn try_git(&self, folder: &Path, args: &[&str]) -> Output {
        let mut command = support::hermetic("git", self.folder.path());
        command.args([
            "-c",
            "user.name=Someone",
            "-c",
            "user.email=some@one",
            "-c",
            "safe.directory=*",
            "-C",
        ]);
        command.arg(folder).args(args).output().unwrap()
    }

    pub fn git_in(&self, folder: &Path, args: &[&str]) -> String {
        support::stdout(self.try_git(folder, args))
    }

    pub fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.repo, args)
    }

    pub fn lines(&self, args: &[&str]) -> Vec<String> {
        self.git(args).lines().map(String::from).collect()
    }

    pub fn file(&self, branch: &str, path: &str) -> String {
        self.git(&["show", &format!("{branch}:{path}")])
    }

    pub fn message(&self, branch: &str) -> String {
        self.git(&["log", "-1", "--format=%B", branch]).trim_end().to_string() + "\n"
    }

    /// All branches with what they point to.
    pub fn refs(&self, repo: &Path, format: &str) -> Vec<String> {
        let format = format!("--format=%(refname:short) {format}");
        let text = self.git_in(repo, &["for-each-ref", &format, "refs/heads"]);
        text.lines().map(String::from).collect()
    }

    /// A clone with a working tree of one branch.
    pub fn clone(&self, branch: &str) -> PathBuf {
        let target = self.folder.path().join("clone");
        self.git(&["clone", "-q", "--no-local", "-b", branch, ".", target.to_str().unwrap()]);
        target
    }

    /// Commits these files on a clone of the branch and pushes them.
    pub fn push(&self, branch: &str, files: &[(&str, &str)]) {
        self.push_with(branch, |clone| {
            for (file, text) in files {
                let path = clone.join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
        });
    }

    /// Changes a clone of the branch, commits all of it and pushes.
    pub fn push_with(&self, branch: &str, change: impl FnOnce(&Path)) {
        let clone = self.clone(branch);
        change(&clone);
        self.git_in(&clone, &["add", "-A"]);
        self.git_in(&clone, &["commit", "-q", "-m", "by hand"]);
        self.git_in(&clone, &["push", "-q"]);
        std::fs::remove_dir_all(clone).unwrap();
    }

    /// `git fsck` has nothing to say, and a clone gets every branch.
    pub fn check(&self) {
        let fsck = self.try_git(&self.repo, &["fsck", "--full", "--strict", "--no-dangling"]);
        let said =
            String::from_utf8_lossy(&fsck.stdout).into_owned() + &String::from_utf8_lossy(&fsck.stderr);
        let quiet = |line: &str| line.starts_with("notice: ") || line.starts_with("Checking ");
        assert!(fsck.status.success() && said.lines().all(quiet), "fsck: {said}");
        let target = self.folder.path().join("mirror");
        self.git(&["clone", "-q", "--mirror", "--no-local", ".", target.to_str().unwrap()]);
        assert_eq!(self.refs(&self.repo, "%(objectname)"), self.refs(&target, "%(objectname)"));
        std::fs::remove_dir_all(target).unwrap();
    }
}

/// A resource with this spec, in YAML flow style.
pub fn cluster(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: promgit.dev/v1alpha1\nkind: PrometheusCluster\n\
         metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

/// An agent that runs until it is told to stop, or dropped.
pub struct Running {
    pub child: Child,
    pub out: Receiver<String>,
    pub err: Receiver<String>,
}

impl Running {
    pub fn start(mut command: Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = lines(child.stdout.take().unwrap());
        let err = lines(child.stderr.take().unwrap());
        Running { child, out, err }
    }

    /// The first commit line that holds `text`.
    pub fn commit(&self, text: &str) -> String {
        find(&self.out, text)
    }

    /// The first line on stderr that holds `text`.
    pub fn error(&self, text: &str) -> String {
        find(&self.err, text)
    }

    pub fn signal(&self, name: &str) {
        let [signal, id] = [format!("-{name}"), self.child.id().to_string()];
        assert!(Command::new("kill").args([signal, id]).status().unwrap().success());
    }

    /// SIGTERM; the exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.signal("TERM");
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the agent does not stop");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find(lines: &Receiver<String>, text: &str) -> String {
    let end = Instant::now() + PATIENCE;
    let mut seen = Vec::new();
    while let Ok(line) = lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
        if line.contains(text) {
            return line;
        }
        seen.push(line);
    }
    panic!("no line with {text:?} among {seen:#?}");
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
