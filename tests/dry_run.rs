//! `promgit template` with a cluster, variables and DNS around it: what helm says, side by side on a real control plane.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "support/bed.rs"]
mod bed;
#[path = "dry_run/proxy.rs"]
mod proxy;
mod support;
#[path = "support/watched.rs"]
mod watched;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bed::Bed;
use proxy::Proxy;
use serde::Deserialize;
use serde_json::{Value, json};
use watched::{Ended, MAX_MEMORY, watched};

/// Objects that the cases look for.
const OBJECTS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: kept}
---
apiVersion: v1
kind: Secret
metadata: {name: password, namespace: kept}
stringData: {password: kept secret}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: theirs, namespace: kept}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: ours
  namespace: kept
  labels: {app.kubernetes.io/managed-by: Helm}
  annotations: {meta.helm.sh/release-name: release-name, meta.helm.sh/release-namespace: kept}
";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    template: Option<String>,
    data: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
}

/// Exit code, output, messages.
type Said = (Option<i32>, String, String);

impl Case {
    fn lay(&self, folder: &Path) {
        let template = self.template.clone().unwrap_or_else(|| {
            let data = self.data.as_deref().expect("a template or data");
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: new}}\ndata: {{x: {{{{ {data} | toJson | quote }}}}}}\n"
            )
        });
        let chart = [
            ("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n"),
            ("chart/templates/a.yaml", &*template),
            ("other.crt", include_str!("dry_run/other.crt")),
        ];
        let own = self.files.iter().map(|(path, text)| (&**path, &**text));
        for (path, text) in chart.into_iter().chain(own) {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            fs::write(path, text).expect("writable");
        }
    }

    fn ask(&self, bed: &Bed, program: &Path, folder: &Path) -> Said {
        let alice = bed.kubeconfig_for("alice");
        let real = |text: &str| {
            text.replace("@alice", &alice.display().to_string())
                .replace("@dir", &folder.display().to_string())
        };
        let mut command = bed.command(program, bed.kubeconfig());
        command.args(["template", "chart"]).args(self.args.iter().map(|word| real(word)));
        let is_told = |word: &String| word.starts_with("--dry-run") || word == "--validate";
        if !self.args.iter().any(is_told) {
            command.arg("--dry-run=server");
        }
        command.envs(self.env.iter().map(|(name, text)| (name, real(text)))).current_dir(folder);
        let output = command.output().expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

/// One test after the other: both may stand on the same cluster, and two that create one object disturb each other.
fn lay_out(bed: &Bed) {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = TURN.lock().unwrap();
    bed.apply(OBJECTS);
}

#[test]
fn a_cluster_is_asked_as_helm_asks_it() {
    let bed = Bed::api();
    lay_out(bed);
    let cases = fs::read_to_string(support::root().join("tests/dry_run/cases.yaml")).expect("cases");
    let cases: Vec<Case> = serde_yaml::from_str(&cases).expect("cases");
    let ours = PathBuf::from(env!("CARGO_BIN_EXE_promgit"));
    let mut wrong = String::new();
    for case in &cases {
        let folder = tempfile::tempdir().expect("a folder");
        case.lay(folder.path());
        let [theirs, ours] = [&support::helm(), &ours].map(|program| case.ask(bed, program, folder.path()));
        if theirs != ours {
            wrong += &format!("== {}\n  helm: {theirs:?}\n  ours: {ours:?}\n", case.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_lookup_reads_and_writes_nothing() {
    let Some(bed) = Bed::own() else { return };
    lay_out(bed);
    let folder = tempfile::tempdir().expect("a folder");
    let data = r#"lookup "v1" "Secret" "kept" "password""#;
    let case = Case { data: Some(data.to_owned()), ..Case::default() };
    case.lay(folder.path());
    let mark = bed.mark();
    let (code, ..) = case.ask(bed, Path::new(env!("CARGO_BIN_EXE_promgit")), folder.path());
    assert_eq!(code, Some(0));
    // The other test asks with the two programs that say who they are.
    let is_ours = |agent: &str| !["kubectl", "Helm"].iter().any(|name| agent.starts_with(name));
    let asked = bed.audit_since(mark).into_iter();
    let asked: Vec<_> = asked.filter(|request| request.user == "admin" && is_ours(&request.agent)).collect();
    assert!(
        asked.iter().any(|request| request.resource == "secrets" && request.name == "password"),
        "{asked:?}"
    );
    assert!(asked.iter().all(|request| !request.writes()), "{asked:?}");
}

/// What a user is called by never reaches standard error, and a token that no header can hold is an error like any other.
#[test]
fn credentials_are_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, cluster: &str, token: &str| {
        let path = folder.path().join(name);
        let text = format!(
            "{{current-context: a, contexts: [{{name: a, context: {{cluster: a, user: a}}}}], clusters: [{{name: a, \
             cluster: {{server: \"https://127.0.0.1:1\", {cluster}}}}}], users: [{{name: a, user: {{token: {token}}}}}]}}"
        );
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let cases: [&[&str]; 6] = [
        &["--kube-apiserver", "http://user:hunter2@127.0.0.1:1"],
        &["--kube-apiserver", "https://127.0.0.1:1", "--kube-token", "hunter2\nhunter2"],
        &["--kubeconfig", &file("list", "", "[hunter2]")],
        &["--kubeconfig", &file("number", "", "123454321")],
        &["--kubeconfig", &file("kind", "proxy-url: 'ftp://u:hunter2@127.0.0.1'", "a")],
        &["--kubeconfig", &file("proxy", "proxy-url: 'socks5://u:hunter2@127.0.0.1:1'", "a")],
    ];
    for flags in cases {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_promgit"));
        command.args(["template", "x", "charts/prometheus-cluster", "--dry-run=server"]).args(flags);
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("kubernetes cluster unreachable"), "{told}");
        assert!(!told.contains("hunter2") && !told.contains("123454321"), "{told}");
    }
}

/// The administrator's kubeconfig, to change; its certificate has line ends, as Go takes them.
fn kubeconfig(bed: &Bed) -> Value {
    let arguments = ["config", "view", "--raw", "--minify", "--flatten", "--output=json"];
    let mut config: Value = serde_json::from_str(&bed.kubectl(&arguments)).expect("JSON");
    let authority = &mut config["clusters"][0]["cluster"]["certificate-authority-data"];
    if let Some(text) = authority.as_str() {
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        *authority = lines.join("\n").into();
    }
    config
}

/// A server behind a proxy: named in the kubeconfig, where no exception counts, or by a variable.
#[test]
fn a_proxy_is_gone_through_as_helm_does_it() {
    let bed = Bed::api();
    lay_out(bed);
    let proxy = Proxy::start("u:p w");
    let mut config = kubeconfig(bed);
    let server = config["clusters"][0]["cluster"]["server"].as_str().expect("a server").to_owned();
    let host = server.split("://").nth(1).expect("a host").to_owned();
    let (name, port) = host.split_once(':').unwrap_or((&host, "443"));
    proxy.leads_to(&host);
    config["clusters"][0]["cluster"]["proxy-url"] = proxy.url("u:p%20w@").into();
    let named = config.to_string();
    config["clusters"][0]["cluster"]["proxy-url"] = proxy.url("u:wrong@").into();
    let wrong = config.to_string();
    let elsewhere = format!("https://cluster.invalid:{port}");
    let variable =
        [("HTTPS_PROXY".to_owned(), proxy.url("u:p%20w@")), ("NO_PROXY".to_owned(), "127.0.0.1".to_owned())];
    let by_name = ["--kube-apiserver", &elsewhere, "--kube-tls-server-name", name];
    let case = |args: &[&str], env: &[(String, String)]| Case {
        data: Some(r#"lookup "v1" "Secret" "kept" "password""#.to_owned()),
        args: args.iter().map(|word| (*word).to_owned()).collect(),
        env: env.iter().cloned().collect(),
        files: BTreeMap::from([("config".to_owned(), named.clone())]),
        ..Case::default()
    };
    let in_file = ["--kubeconfig", "@dir/config"];
    let cases = [
        (case(&in_file, &variable[1..]), &*host),
        (case(&in_file, &[]), &host),
        (case(&by_name, &variable), &elsewhere["https://".len()..]),
    ];
    for (case, asked) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        case.lay(folder.path());
        let [theirs, ours] = [support::helm(), PathBuf::from(env!("CARGO_BIN_EXE_promgit"))].map(|program| {
            let said = case.ask(bed, &program, folder.path());
            let seen = proxy.take_seen();
            assert!(!seen.is_empty() && seen.iter().all(|target| target == asked), "{program:?}: {seen:?}");
            said
        });
        assert_eq!(theirs, ours, "{asked}");
        assert_eq!(ours.0, Some(0), "{asked}");
    }
    refused(bed, &wrong, &proxy.url(""));
}

/// What a proxy says of a wrong password; Helm gives its words and no more.
fn refused(bed: &Bed, config: &str, url: &str) {
    let case = Case {
        data: Some(".Release.Name".to_owned()),
        args: ["--kubeconfig", "@dir/config"].map(str::to_owned).into(),
        files: BTreeMap::from([("config".to_owned(), config.to_owned())]),
        ..Case::default()
    };
    let folder = tempfile::tempdir().expect("a folder");
    case.lay(folder.path());
    let (code, _, told) = case.ask(bed, Path::new(env!("CARGO_BIN_EXE_promgit")), folder.path());
    let shown = url.replace("://", "://u:***@");
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains(&format!("the proxy {shown} gives no way to it")) && !told.contains("wrong"),
        "{told}"
    );
}

/// Objects that no template may list again and again, 11 MB in all.
fn lay_out_much(bed: &Bed) -> String {
    let namespace = bed.namespace("much");
    let map = |number: usize| {
        let metadata = json!({"name": format!("much-{number}")});
        let data = json!({"x": "a".repeat(900_000)});
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    };
    let list = json!({"apiVersion": "v1", "kind": "List", "items": (0..12).map(map).collect::<Vec<_>>()});
    // `apply` would write the texts into an annotation too.
    let arguments = ["create", "--namespace", &namespace, "--filename=-"];
    support::stdout(bed.ask(bed.kubeconfig(), &arguments, &list.to_string()));
    namespace
}

/// A hostile chart gets a sentence, within 256 MiB, whatever it asks the cluster.
#[test]
fn questions_without_end_are_refused() {
    let bed = Bed::api();
    let much = lay_out_much(bed);
    let cases = [
        (r#"{{ $x := lookup "v1" "Secret" "kept" "nobody" }}"#, "template takes more than 10000000 steps"),
        (r#"{{ $x := lookup "v1" "ConfigMap" "MUCH" "" }}"#, "template takes more than 10000000 steps"),
        (
            r#"{{ $l = append $l (lookup "v1" "ConfigMap" "MUCH" "") }}"#,
            "bytes that are left for it; ask for less",
        ),
        (r#"{{ $x := lookup "v1" "Secret" "kept" (repeat 65000 "a") }}"#, "is too long for https://"),
    ];
    for (body, wanted) in cases {
        let body = body.replace("MUCH", &much);
        let folder = tempfile::tempdir().expect("a folder");
        let template = format!("{{{{ $l := list }}}}{{{{ range until 100000 }}}}{body}{{{{ end }}}}");
        Case { template: Some(template), ..Case::default() }.lay(folder.path());
        let mut command = bed.command(env!("CARGO_BIN_EXE_promgit"), bed.kubeconfig());
        command.args(["template", "chart", "--dry-run=server"]).current_dir(folder.path());
        let Ended { code, error, most } = watched(command);
        assert_eq!(code, Some(1), "{body}: {error}");
        assert!(error.contains(wanted), "{body}: {error}");
        assert!(most <= MAX_MEMORY, "{body} took {most} KiB");
    }
}
