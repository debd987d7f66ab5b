//! Charts that draw random values: the same ones until somebody asks for others, and no seed in git.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::bed::{Bed, cluster};

/// Draws of every kind; the certificate's signature is one too.
const TEMPLATE: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data:
  {{- $key := genPrivateKey "ecdsa" }}
  alpha: {{ randAlphaNum 16 | quote }}
  id: {{ uuidv4 }}
  at: {{ now | date "2006-01-02T15:04:05Z07:00" | quote }}
  order: {{ shuffle "abcdefghijklmnop" }}
  user: {{ htpasswd "user" "password" | quote }}
  ca: {{ (genCAWithKey "ca" 365 $key).Cert | quote }}
  replicas: {{ .Values.replicas | default 1 | quote }}
"#;

struct Random {
    bed: Bed,
    chart: Vec<String>,
}

impl Random {
    fn new() -> Random {
        let bed = Bed::new();
        let chart = bed.chart("0.1.0", &[("a.yaml", TEMPLATE)]);
        Random { bed, chart }
    }

    fn put(&self, spec: &str, annotations: &str) {
        let text = cluster("team", "a", spec)
            .replace("namespace: team}", &format!("namespace: team{annotations}}}"));
        self.bed.put("a.yaml", &text);
    }

    fn once(&self) -> String {
        let arguments: Vec<&str> = self.chart.iter().map(String::as_str).collect();
        let said = self.bed.once_into(&self.bed.repo, &arguments);
        assert!(said.ok, "{}{}", said.out, said.err);
        said.out
    }

    /// Key → value of the map on the branch.
    fn drawn(&self) -> serde_json::Map<String, serde_json::Value> {
        let text = self.bed.file("deploy/team", "a/manifests/configmap-a.yaml");
        let map: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        map["data"].as_object().unwrap().clone()
    }

    fn lock(&self) -> PathBuf {
        self.bed.repo.join("promgit/locks/team/a.json")
    }
}

#[test]
fn what_was_drawn_stays_until_somebody_asks_for_more() {
    let random = Random::new();
    random.put("{}", "");
    assert!(random.once().contains("team/a: created"));
    let first = random.drawn();
    assert_eq!(std::fs::metadata(random.lock()).unwrap().permissions().mode() & 0o777, 0o600);

    // Every run of the agent is a restart.
    assert_eq!(random.once(), "");
    random.put("{values: {replicas: 3}}", "");
    random.once();
    let mut changed = random.drawn();
    assert_eq!(changed.insert("replicas".into(), first["replicas"].clone()), Some("3".into()));
    assert_eq!(changed, first, "another value changes no draw");

    random.put("{values: {replicas: 3}}", ", annotations: {promgit.dev/refresh-lock: again}");
    assert!(!random.once().is_empty());
    assert_eq!(random.once(), "", "once for each wish");
    let other = random.drawn();
    for key in ["alpha", "id", "order", "user", "ca"] {
        assert_ne!(other[key], first[key], "{key}");
    }
    let record = random.bed.file("deploy/team", "a/release.yaml");
    assert!(record.contains(&format!("lockedAt: {}", other["at"])), "{record}");
    assert_eq!(random.bed.lines(&["rev-list", "deploy/team"]).len(), 3);

    std::fs::remove_file(random.bed.source.join("a.yaml")).unwrap();
    random.bed.put("b.yaml", &cluster("team", "b", "{}"));
    random.once();
    assert!(!random.lock().exists(), "it goes with its cluster");
    random.bed.check();
}

#[test]
fn no_seed_is_in_git_and_a_broken_lock_is_told() {
    let random = Random::new();
    random.put("{}", "");
    random.once();
    let lock = std::fs::read_to_string(random.lock()).unwrap();
    let lock: serde_json::Value = serde_json::from_str(&lock).unwrap();
    let seed = lock["seed"].as_str().unwrap();
    for object in
        random.bed.lines(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)"])
    {
        let (name, kind) = object.split_once(' ').unwrap();
        if kind == "blob" {
            assert!(!random.bed.git(&["cat-file", "blob", name]).contains(seed), "{name}");
        }
    }
    let before = random.drawn();
    std::fs::write(random.lock(), "{}").unwrap();
    let arguments: Vec<&str> = random.chart.iter().map(String::as_str).collect();
    let said = random.bed.once_into(&random.bed.repo, &arguments);
    assert!(
        !said.ok && said.err.contains("a.json is no lock of random values: seed is missing"),
        "{}",
        said.err
    );
    assert_eq!(random.drawn(), before, "nothing is drawn anew because of it");
    std::fs::remove_file(random.lock()).unwrap();
    random.once();
    assert_ne!(random.drawn()["alpha"], before["alpha"]);
}

#[test]
fn the_commands_show_what_the_agent_has_or_say_that_they_do_not() {
    let random = Random::new();
    random.put("{}", "");
    random.once();
    let file = random.bed.source.join("a.yaml");
    let settings = random.bed.aside(
        "promgit.yaml",
        &format!("chart: {{path: {}, mapping: {}}}\n", random.chart[1], random.chart[3]),
    );
    let ask = |command: &str, more: &[&str]| {
        let mut promgit = crate::support::hermetic(env!("CARGO_BIN_EXE_promgit"), random.bed.folder.path());
        promgit.arg(command).arg("-f").arg(&file).arg("--config").arg(&settings).args(more);
        let output = promgit.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let repo = random.bed.repo.to_str().unwrap();
    assert_eq!(ask("diff", &["--repo", repo]), (Some(0), String::new(), String::new()));
    let note = "note: team/a: the chart draws random values, and those shown are placeholders\n";
    let [first, second] = [(); 2].map(|()| ask("render", &[]));
    assert_eq!((first.0, first.2.as_str()), (Some(0), note));
    assert_eq!(first, second);
    assert!(first.1.contains("1970-01-01T00:00:00Z"), "{}", first.1);
    assert_eq!(ask("validate", &[]), (Some(0), String::new(), String::new()));
}
