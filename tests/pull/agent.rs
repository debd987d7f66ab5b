//! The agent with a chart of a repository or registry: what is recorded, what a restart takes, what is refused.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use crate::CHARTS;
use crate::registry::{Access, Registry};
use crate::site::Site;
use crate::support;

/// A folder with one resource, settings and whatever a run leaves.
struct Place {
    folder: tempfile::TempDir,
}

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        place.put(
            "resources/simple.yaml",
            "apiVersion: promgit.dev/v1alpha1\nkind: PrometheusCluster\nmetadata: {name: simple, namespace: team}\nspec: {}\n",
        );
        place.put("mapping.yaml", "{}\n");
        place
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// The lines of the section `chart`.
    fn settings(&self, chart: &str) {
        let chart: String = chart.lines().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "  {}", line.trim());
            text
        });
        self.put(
            "promgit.yaml",
            &format!("source: {{from: dir:resources}}\nchart:\n  mapping: mapping.yaml\n{chart}"),
        );
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = support::hermetic(env!("CARGO_BIN_EXE_promgit"), self.folder.path());
        command.current_dir(self.folder.path()).args(arguments).env("PROMGIT_CONFIG", "promgit.yaml");
        command
    }

    fn ask(&self, arguments: &[&str]) -> Said {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// One pass of the agent, which has to succeed.
    fn run(&self, more: &[&str]) -> Said {
        let said = self.ask(&[&["run", "--once"], more].concat());
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        said
    }

    /// One pass of the agent, which has to fail: what it says.
    fn refused(&self) -> String {
        let commits = self.commits();
        let said = self.ask(&["run", "--once"]);
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.err);
        assert_eq!(self.commits(), commits);
        said.err
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut git = support::hermetic("git", self.folder.path());
        let git = git.current_dir(self.folder.path()).arg("--git-dir=deploy.git").args(arguments);
        String::from_utf8(git.output().unwrap().stdout).unwrap()
    }

    fn commits(&self) -> usize {
        self.git(&["rev-list", "--all"]).lines().count()
    }

    /// The part of `release.yaml` that is about the chart.
    fn recorded(&self) -> serde_json::Value {
        let text = self.git(&["show", "deploy/team:simple/release.yaml"]);
        let mut record: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        record["chart"].take()
    }

    fn forget_cache(&self) {
        let _ = fs::remove_dir_all(self.folder.path().join(".cache"));
    }
}

/// A repository whose contents a test changes.
struct Shelf {
    site: Site,
    entries: std::cell::RefCell<Vec<String>>,
}

impl Shelf {
    fn new(versions: &[&str]) -> Self {
        let shelf = Shelf { site: Site::start(&CHARTS, None), entries: Vec::new().into() };
        for version in versions {
            shelf.publish(version, &fs::read(CHARTS.archive(version)).unwrap());
        }
        shelf
    }

    fn publish(&self, version: &str, archive: &[u8]) {
        self.list(version, archive, &hex(archive));
    }

    fn list(&self, version: &str, archive: &[u8], digest: &str) {
        self.site.lay(&format!("/shelf/a-{version}.tgz"), archive);
        let mut entries = self.entries.borrow_mut();
        entries.retain(|entry| !entry.contains(&format!("version: {version},")));
        entries.push(format!(
            "  - {{apiVersion: v2, name: a, version: {version}, digest: '{digest}', urls: [a-{version}.tgz]}}\n"
        ));
        self.site.lay(
            "/shelf/index.yaml",
            format!("apiVersion: v1\nentries:\n  a:\n{}", entries.concat()).as_bytes(),
        );
    }

    fn settings(&self, more: &str) -> String {
        format!("repository: {}\nname: a\n{more}", self.site.here("/shelf"))
    }

    fn asked(&self) -> usize {
        self.site.take_seen().len()
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Other bytes of the same version.
fn other(version: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    // An archive says when it was packed; a chart of the same name and version with one more file is another one.
    CHARTS.package("a", version, "application", folder.path());
    let mut bytes = fs::read(folder.path().join(format!("a-{version}.tgz"))).unwrap();
    if bytes == fs::read(CHARTS.archive(version)).unwrap() {
        use std::io::Write as _;
        let mut more = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        more.write_all(&[0; 512]).unwrap();
        bytes.extend(more.finish().unwrap());
    }
    bytes
}

#[test]
fn a_range_is_resolved_once_and_recorded() {
    let shelf = Shelf::new(&["1.0.0", "1.1.0"]);
    let place = Place::new();
    place.settings(&shelf.settings("version: ^1.0"));
    place.run(&[]);
    let recorded = place.recorded();
    assert_eq!((&recorded["name"], &recorded["version"]), (&"a".into(), &"1.1.0".into()));
    let archive = format!("sha256:{}", hex(&fs::read(CHARTS.archive("1.1.0")).unwrap()));
    let source = serde_json::json!({
        "repository": shelf.site.here("/shelf"), "name": "a", "asked": "^1.0", "archive": archive,
    });
    assert_eq!(recorded["source"], source);

    // Something newer changes nothing, with the cache and without; with it nobody is asked.
    shelf.publish("1.2.0", &fs::read(CHARTS.archive("1.2.0")).unwrap());
    shelf.asked();
    place.run(&[]);
    assert_eq!((shelf.asked(), place.commits()), (0, 1));
    place.forget_cache();
    place.run(&[]);
    assert_eq!((shelf.asked(), place.commits()), (2, 1));

    // It is taken when somebody says so, in either way, and then kept.
    let seen = place.ask(&["diff", "-f", "resources"]);
    assert_eq!((seen.code, seen.out.as_str()), (0, ""), "{}", seen.err);
    let seen = place.ask(&["diff", "-f", "resources", "--update-chart"]);
    assert!(
        seen.code == 3 && seen.out.contains("+  chart: a-1.2.0") || seen.out.contains("a-1.2.0"),
        "{}",
        seen.out
    );
    place.run(&["--update-chart"]);
    assert_eq!((place.commits(), &place.recorded()["version"]), (2, &"1.2.0".into()));
    place.run(&[]);
    assert_eq!(place.commits(), 2);
    shelf.publish("1.10.0", &fs::read(CHARTS.archive("1.10.0")).unwrap());
    place.settings(&shelf.settings("version: ^1.2"));
    place.run(&[]);
    assert_eq!((place.commits(), &place.recorded()["version"]), (3, &"1.10.0".into()));
}

#[test]
fn verify_asks_nobody_unless_it_is_told_to_and_takes_nothing_else() {
    let shelf = Shelf::new(&["1.0.0", "1.1.0"]);
    let place = Place::new();
    place.settings(&shelf.settings("version: ^1.0"));
    place.run(&[]);
    shelf.asked();
    // Without settings, as whoever has a clone.
    let verify = |more: &[&str]| {
        let mut command = place.command(&[&["verify", "--repo=deploy.git"], more].concat());
        let output = command.env_remove("PROMGIT_CONFIG").output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    };
    let is_silent = |said: &Said| assert_eq!((said.code, &said.out[..], &said.err[..]), (0, "", ""));
    is_silent(&verify(&[]));
    place.forget_cache();
    let said = verify(&[]);
    let start = "error: team/simple could not be verified: chart a 1.1.0 (sha256:";
    let end = format!(
        "get it from {} with --fetch, or give its archive with --chart PATH\n",
        shelf.site.here("/shelf")
    );
    assert!(said.code == 1 && said.err.starts_with(start) && said.err.ends_with(&end), "{}", said.err);
    assert_eq!(shelf.asked(), 0);
    is_silent(&verify(&["--chart", CHARTS.archive("1.1.0").to_str().unwrap()]));
    is_silent(&verify(&["--fetch"]));
    assert_eq!(shelf.asked(), 2, "the index and the archive");
    is_silent(&verify(&[]));

    place.forget_cache();
    shelf.publish("1.1.0", &other("1.1.0"));
    let said = verify(&["--fetch"]);
    assert!(said.code == 1 && said.err.contains("has the digest sha256:"), "{}", said.err);
}

#[test]
fn other_contents_of_the_same_version_are_refused() {
    let shelf = Shelf::new(&["1.0.0", "1.1.0"]);
    let place = Place::new();
    place.settings(&shelf.settings("version: ^1.0"));
    place.run(&[]);
    let (old, new) = (hex(&fs::read(CHARTS.archive("1.1.0")).unwrap()), other("1.1.0"));
    shelf.publish("1.1.0", &new);
    // With the cache nothing is asked, and nothing changes.
    place.run(&[]);
    for version in ["^1.0", "1.1.0", "~1.1"] {
        place.forget_cache();
        place.settings(&shelf.settings(&format!("version: {version}")));
        let said = place.refused();
        let parts = [&old, &hex(&new), "`chart.digest`", "1.1.0"];
        assert!(parts.iter().all(|part| said.contains(*part)), "{version}: {said}");
    }
    place.settings(&shelf.settings(&format!("version: ^1.0\ndigest: sha256:{}", hex(&new))));
    place.run(&[]);
    assert_eq!(place.recorded()["source"]["archive"], format!("sha256:{}", hex(&new)));
    place.settings(&shelf.settings("version: ^1.0"));
    place.forget_cache();
    place.run(&[]);

    // A digest that the settings name is the only one that will do, and only for the version that has it.
    place.settings(&shelf.settings(&format!("version: 1.0.0\ndigest: sha256:{}", hex(&new))));
    assert!(place.refused().contains("a 1.0.0 of"));
    place.settings(&shelf.settings(&format!("version: ^1.0\ndigest: sha256:{}", "0".repeat(64))));
    assert!(place.refused().contains("`chart.digest` is sha256:0000"));
}

#[test]
fn an_archive_that_is_not_what_the_index_says_is_refused() {
    let shelf = Shelf::new(&[]);
    let bytes = fs::read(CHARTS.archive("1.0.0")).unwrap();
    shelf.list("1.0.0", &bytes, &"0".repeat(64));
    let place = Place::new();
    place.settings(&shelf.settings(""));
    let said = place.refused();
    assert!(said.contains(&hex(&bytes)) && said.contains(&"0".repeat(64)), "{said}");
    // What is no SHA-256 says nothing.
    shelf.list("1.0.0", &bytes, "md5-of-something");
    place.run(&[]);
}

#[test]
fn a_repository_that_is_down_stops_only_who_has_nothing() {
    let shelf = Shelf::new(&["1.0.0"]);
    let place = Place::new();
    place.settings(&shelf.settings("version: '*'"));
    shelf.site.set_down(true);
    assert!(place.refused().contains("503"));
    shelf.site.set_down(false);
    place.run(&[]);
    shelf.site.set_down(true);
    place.run(&[]);
    place.run(&["--update-chart"]);
    let said = place.ask(&["validate", "-f", "resources"]);
    assert_eq!(said.code, 0, "{}", said.err);
    place.forget_cache();
    assert!(place.refused().contains("503"));
    assert_eq!(place.commits(), 1);
}

#[test]
fn a_damaged_cache_is_mended() {
    let shelf = Shelf::new(&["1.0.0"]);
    let place = Place::new();
    place.settings(&shelf.settings("cache: kept"));
    place.run(&[]);
    let file = fs::read_dir(place.folder.path().join("kept/sha256")).unwrap().next().unwrap().unwrap().path();
    let good = fs::read(&file).unwrap();
    for bad in [&good[..100], b"", b"something else"] {
        fs::write(&file, bad).unwrap();
        place.run(&[]);
        assert_eq!(fs::read(&file).unwrap(), good);
    }
    assert_eq!(place.commits(), 1);
}

#[test]
fn a_cache_that_cannot_be_written_is_no_obstacle() {
    let shelf = Shelf::new(&["1.0.0"]);
    let place = Place::new();
    place.put("file", "");
    place.settings(&shelf.settings("cache: file/below"));
    let said = place.run(&[]);
    assert!(said.err.contains("chart.cache"), "{}", said.err);
}

#[test]
fn many_may_start_at_once() {
    let shelf = Shelf::new(&["1.0.0"]);
    let place = Place::new();
    place.settings(&shelf.settings(""));
    let render =
        || place.command(&["render", "-f", "resources"]).stdout(std::process::Stdio::null()).spawn().unwrap();
    let mut running: Vec<_> = (0..8).map(|_| render()).collect();
    assert!(running.iter_mut().all(|child| child.wait().unwrap().success()));
}

#[test]
fn a_version_that_is_gone_is_named() {
    let shelf = Shelf::new(&["1.0.0", "1.1.0"]);
    let place = Place::new();
    place.settings(&shelf.settings("version: ^1.0"));
    place.run(&[]);
    place.forget_cache();
    shelf.entries.borrow_mut().clear();
    shelf.publish("1.0.0", &fs::read(CHARTS.archive("1.0.0")).unwrap());
    let said = place.refused();
    assert!(said.contains("a 1.1.0, which the branches record") && said.contains("chart.version"), "{said}");
}

/// Nothing that a server does takes longer than the settings allow, or more memory than a chart.
#[test]
fn servers_that_misbehave_are_bounded() {
    let site = Site::start(&CHARTS, None);
    let place = Place::new();
    for (path, expected) in [
        ("/endless/charts", "is larger than 33554432 bytes"),
        ("/slow/charts", "context deadline exceeded"),
        ("/loop/charts", "stopped after 10 redirects"),
        ("/cut/charts", "unexpected EOF"),
        ("/close/charts", "EOF"),
        ("/files/no-yaml", "error converting YAML to JSON"),
        ("/files/empty", "empty index.yaml file"),
    ] {
        place.settings(&format!("repository: {}\nname: a\ntimeout: 5s", site.here(path)));
        let said = place.refused();
        assert!(said.contains(expected) && said.contains(path), "{path}: {said}");
    }
}

#[test]
fn credentials_are_read_from_files_and_told_to_nobody() {
    let site = Site::start(&CHARTS, None);
    let place = Place::new();
    let settings = format!(
        "repository: {}\nname: a\nusernameFile: user\npasswordFile: password",
        site.here("/auth/charts")
    );
    place.settings(&settings);
    place.put("user", "u\n");
    place.put("password", "s3cr3t-word\n");
    let mut told = place.ask(&["run", "--once", "--log-level", "trace"]);
    assert!(told.code == 1 && told.err.contains("401"), "{}", told.err);
    place.put("password", "");
    assert!(place.refused().contains("`chart.passwordFile`"));
    place.put("password", "p\r\n");
    let encoded = base64::engine::general_purpose::STANDARD.encode("u:p");
    for arguments in [&["run", "--once", "--log-level", "trace"][..], &["run", "--check"]] {
        let said = place.ask(arguments);
        assert_eq!(said.code, 0, "{}", said.err);
        told.err += &(said.err + &said.out);
    }
    assert!(!told.err.contains("s3cr3t-word") && !told.err.contains(&encoded), "{}", told.err);
    let recorded = place.recorded().to_string();
    assert!(recorded.contains("/auth/charts") && !recorded.contains("u:p"), "{recorded}");

    place.settings(&format!("repository: {}\nname: a", site.here_with("u", "s3cr3t-word", "/auth/charts")));
    let said = place.ask(&["run", "--once"]);
    assert!(said.code == 2 && said.err.contains("chart.usernameFile"), "{}", said.err);
    assert!(!said.err.contains("s3cr3t-word"), "{}", said.err);
}

#[test]
fn a_registry_is_used_as_a_repository_is() {
    let registry = Registry::start(&CHARTS.registry(), &Access::Password);
    let place = Place::new();
    let settings = |version: &str, login: &str| {
        format!(
            "repository: oci://{}/charts/\nname: a\nplainHttp: true\nversion: {version}\n{login}",
            registry.host()
        )
    };
    place.settings(&settings("^1.0", ""));
    assert!(place.refused().contains("basic credential not found"));
    let auth = base64::engine::general_purpose::STANDARD.encode("u:p");
    place.put("logins.json", &format!(r#"{{"auths": {{"{}": {{"auth": "{auth}"}}}}}}"#, registry.host()));
    place.settings(&settings("^1.0", "credentialsFile: logins.json"));
    place.run(&[]);
    let recorded = place.recorded();
    assert_eq!(recorded["version"], "1.10.1+build.7");
    assert_eq!(recorded["source"]["repository"], format!("oci://{}/charts", registry.host()));
    let archive = fs::read(CHARTS.archive("1.10.1+build.7")).unwrap();
    assert_eq!(recorded["source"]["archive"], format!("sha256:{}", hex(&archive)));

    place.put("user", "u");
    place.put("password", "p");
    let files = "usernameFile: user\npasswordFile: password";
    for (version, expected) in [("1.0.0", "1.0.0"), ("null", "1.10.1+build.7"), ("'>=2.0.0-0'", "2.0.0-rc.2")]
    {
        place.settings(&settings(version, files));
        place.run(&[]);
        assert_eq!(place.recorded()["version"], expected);
    }
    let open = Registry::start(&CHARTS.registry(), &Access::Open);
    let digest = open.digest("charts/a", "1.1.0");
    place.settings(&settings(&format!("'{digest}'"), files));
    place.run(&[]);
    assert_eq!(place.recorded()["version"], "1.1.0");
    drop(registry);
    place.run(&[]);
    place.forget_cache();
    assert!(place.refused().contains("connection refused"));
}

/// The registry keeps what it was sent in files, and does not look at them again.
#[test]
fn a_registry_that_sends_other_contents_is_refused() {
    let root = tempfile::tempdir().unwrap();
    support::stdout(Command::new("cp").arg("-r").arg(CHARTS.registry()).arg(root.path()).output().unwrap());
    let archive = fs::read(CHARTS.archive("1.1.0")).unwrap();
    let digest = hex(&archive);
    let blobs = "registry/docker/registry/v2/blobs/sha256";
    let file = root.path().join(format!("{blobs}/{}/{digest}/data", &digest[..2]));
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, &bytes).unwrap();
    let registry = Registry::start(&root.path().join("registry"), &Access::Open);
    let place = Place::new();
    place.settings(&format!(
        "repository: oci://{}/charts\nname: a\nplainHttp: true\nversion: 1.1.0",
        registry.host()
    ));
    let said = place.refused();
    assert!(said.contains(&digest) && said.contains(&hex(&bytes)), "{said}");
    fs::write(&file, &bytes[..20]).unwrap();
    assert!(place.refused().contains(&hex(&bytes[..20])));
    fs::remove_file(&file).unwrap();
    assert!(place.refused().contains("not found"));
    fs::write(&file, archive).unwrap();
    place.run(&[]);
}

#[test]
fn flags_name_a_chart_too() {
    let shelf = Shelf::new(&["1.0.0", "1.1.0"]);
    let place = Place::new();
    place.put(
        "promgit.yaml",
        "source: {from: dir:resources}\nchart: {path: nowhere, mapping: mapping.yaml}\n",
    );
    let repository = shelf.site.here("/shelf");
    let flags = ["--chart-repository", &repository, "--chart-name", "a", "--chart-version", "~1.0"];
    let said = place.ask(&[&["render", "-f", "resources"], &flags[..]].concat());
    assert!(said.code == 0 && said.out.contains("a-1.0.0"), "{}{}", said.out, said.err);
    place.settings(&shelf.settings("version: ^1.0"));
    let said = place.ask(&["render", "-f", "resources", "--chart", "nowhere"]);
    assert!(said.err.contains("nowhere"), "{}", said.err);
}
