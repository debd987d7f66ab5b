//! What somebody did by hand to files that the next change of the resource writes anew: it is named, and so are they.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::bed::{Bed, cluster};

const BRANCH: &str = "deploy/example";

/// The file that is said to be changed, and what is done to the folder of the cluster.
type Case = (&'static str, fn(&Bed, &Path));

fn bed() -> Bed {
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    bed.settle();
    bed
}

fn append(folder: &Path, file: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap_or_default();
    fs::write(path, text + "# by hand\n").unwrap();
}

fn replace(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// A commit of Jane; its short id.
fn jane(bed: &Bed, change: impl FnOnce(&Path)) -> String {
    by(bed, "Jane Doe <jane@example.com>", change)
}

fn by(bed: &Bed, who: &str, change: impl FnOnce(&Path)) -> String {
    let clone = bed.clone(BRANCH);
    change(&clone.join("simple"));
    bed.git_in(&clone, &["add", "-A"]);
    bed.git_in(&clone, &["commit", "-q", "-m", "by hand", "--author", who]);
    bed.git_in(&clone, &["push", "-q"]);
    fs::remove_dir_all(clone).unwrap();
    bed.git(&["rev-parse", "--short=10", BRANCH]).trim().to_owned()
}

fn overwrites(bed: &Bed) -> Vec<String> {
    let message = bed.git(&["log", "-1", "--format=%(trailers:key=Overwrites,valueonly,unfold)", BRANCH]);
    message.lines().filter(|line| !line.is_empty()).map(String::from).collect()
}

const CASES: &[Case] = &[
    ("cluster.yaml", |_, folder| append(folder, "cluster.yaml")),
    ("cluster.yaml", |_, folder| replace(folder, "cluster.yaml", "spec:\n", "spec:\n  logLevel: debug\n")),
    ("cluster.yaml", |_, folder| fs::write(folder.join("cluster.yaml"), "[").unwrap()),
    ("values.yaml", |_, folder| append(folder, "values.yaml")),
    ("release.yaml", |_, folder| append(folder, "release.yaml")),
    ("release.yaml", |_, folder| replace(folder, "release.yaml", "renderer: helm 4", "renderer: helm 3")),
    ("release.yaml", |_, folder| fs::remove_file(folder.join("release.yaml")).unwrap()),
    ("release.yaml", |bed, folder| {
        fs::remove_file(folder.join("release.yaml")).unwrap();
        fs::create_dir(folder.join("release.yaml")).unwrap();
        let link = format!("160000,{},simple/release.yaml", "1".repeat(40));
        bed.git_in(folder.parent().unwrap(), &["update-index", "--add", "--cacheinfo", &link]);
    }),
    ("kustomization.yaml", |_, folder| append(folder, "kustomization.yaml")),
    // which the new render changes, too
    ("manifests/statefulset-simple.yaml", |_, folder| append(folder, "manifests/statefulset-simple.yaml")),
    ("manifests/statefulset-simple.yaml", |_, folder| {
        let file = folder.join("manifests/statefulset-simple.yaml");
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }),
    ("manifests/service-simple.yaml", |_, folder| append(folder, "manifests/service-simple.yaml")),
    ("manifests/job.yaml", |_, folder| append(folder, "manifests/job.yaml")),
    ("hooks/job.yaml", |_, folder| {
        fs::create_dir_all(folder.join("hooks")).unwrap();
        append(folder, "hooks/job.yaml");
    }),
];

/// What the newest commit says, after one that asks for another replica on top of what Jane did.
fn named(bed: &Bed, [before, now]: [usize; 2], file: &str, by: &[String]) {
    bed.put("simple.yaml", &cluster("example", "simple", &format!("{{replicas: {now}}}")));
    bed.settle();
    let message = bed.message(BRANCH);
    let change = format!("replicas {before} → {now}");
    assert!(message.starts_with(&format!("example/simple: {change}")), "{file}: {message}");
    let both = format!("\n* {change}\n* restored: {file} changed by hand\n");
    assert!(message.contains(&both), "{file}: {message}");
    assert!(message.contains(&format!("\nGeneration: {now}\n")), "{file}: {message}");
    assert_eq!(overwrites(bed), by, "{file}");
}

/// The folder is what a repository of its own would hold.
fn is_right(bed: &Bed) {
    let fresh = bed.folder.path().join("fresh.git");
    assert!(bed.once_into(&fresh, &[]).ok);
    let folder = |repo: &Path| bed.git_in(repo, &["rev-parse", &format!("{BRANCH}:simple")]);
    assert_eq!(folder(&bed.repo), folder(&fresh));
    bed.check();
}

#[test]
fn a_change_by_hand_is_named_whatever_the_next_render_changes() {
    let bed = bed();
    for (number, (file, change)) in CASES.iter().enumerate() {
        let id = jane(&bed, |folder| change(&bed, folder));
        named(&bed, [number + 1, number + 2], file, &[format!("{id} Jane Doe <jane@example.com>")]);
    }
    is_right(&bed);
}

/// Promgit has committed since, about another cluster of the branch.
#[test]
fn a_change_by_hand_is_named_below_a_commit_of_promgit() {
    let bed = bed();
    for (number, (file, change)) in CASES.iter().enumerate() {
        let [before, now] = [number + 1, number + 2];
        let suspended = format!("{{replicas: {before}, suspend: true}}");
        bed.put("simple.yaml", &cluster("example", "simple", &suspended));
        let id = jane(&bed, |folder| change(&bed, folder));
        bed.put("second.yaml", &cluster("example", "second", &format!("{{replicas: {now}}}")));
        assert!(bed.settle().contains("example/second"));
        named(&bed, [before, now], file, &[format!("{id} Jane Doe <jane@example.com>")]);
    }
    is_right(&bed);
}

#[test]
fn all_are_named_and_what_they_left_alone_is_not() {
    let bed = bed();
    let file = "manifests/statefulset-simple.yaml";
    let first = jane(&bed, |folder| append(folder, file));
    jane(&bed, |folder| append(folder, "NOTES.md"));
    let second = by(&bed, "Joe Roe <joe@example.com>", |folder| append(folder, file));
    let names =
        [format!("{second} Joe Roe <joe@example.com>"), format!("{first} Jane Doe <jane@example.com>")];
    named(&bed, [1, 2], file, &names);
    assert_eq!(bed.file(BRANCH, "simple/NOTES.md"), "# by hand\n");
}

/// Nothing of theirs is overwritten, so nobody is named.
#[test]
fn who_took_it_back_or_did_the_same_is_not_named() {
    let bed = bed();
    for (now, change) in [(2, "revert"), (3, "same"), (4, "beside")] {
        match change {
            "revert" => {
                jane(&bed, |folder| append(folder, "values.yaml"));
                let taken_back = |folder: &Path| replace(folder, "values.yaml", "# by hand\n", "");
                jane(&bed, taken_back);
            }
            "same" => {
                let other = bed.folder.path().join("other.git");
                bed.put("simple.yaml", &cluster("example", "simple", "{replicas: 3}"));
                assert!(bed.once_into(&other, &[]).ok);
                let text = bed.git_in(&other, &["show", &format!("{BRANCH}:simple/cluster.yaml")]);
                jane(&bed, |folder| fs::write(folder.join("cluster.yaml"), text).unwrap());
            }
            _ => drop(jane(&bed, |folder| append(folder, "NOTES.md"))),
        }
        bed.put("simple.yaml", &cluster("example", "simple", &format!("{{replicas: {now}}}")));
        bed.settle();
        let message = bed.message(BRANCH);
        let subject = format!("example/simple: replicas {} → {now}\n", now - 1);
        assert!(message.starts_with(&subject) && !message.contains("Overwrites"), "{change}: {message}");
    }
}

type Damage = fn(&Bed, &Path);

/// What stood in the place of the folder, with a change that was asked for meanwhile.
#[test]
fn what_was_asked_for_is_said_of_a_folder_that_had_to_come_back() {
    let cases: &[(&str, Damage)] = &[
        ("its folder was removed by hand", |_, folder| fs::remove_dir_all(folder).unwrap()),
        ("something stood in its place", |_, folder| {
            fs::remove_dir_all(folder).unwrap();
            fs::write(folder, "x").unwrap();
        }),
        ("the folder of another cluster stood in its place", |bed, folder| {
            bed.git_in(folder.parent().unwrap(), &["rm", "-rq", "simple"]);
            bed.git_in(folder.parent().unwrap(), &["mv", "second", "simple"]);
        }),
    ];
    for (words, damage) in cases {
        let bed = bed();
        bed.put("second.yaml", &cluster("example", "second", "{}"));
        bed.settle();
        let id = jane(&bed, |folder| damage(&bed, folder));
        bed.put("simple.yaml", &cluster("example", "simple", "{replicas: 2}"));
        bed.settle();
        let commit = bed.git(&["log", "-1", "--format=%H", "--grep=^example/simple: ", BRANCH]);
        let message = bed.git(&["log", "-1", "--format=%B", commit.trim()]);
        assert!(message.starts_with("example/simple: replicas 1 → 2"), "{message}");
        assert!(message.contains(&format!("\n* replicas 1 → 2\n* restored: {words}\n")), "{message}");
        assert!(message.contains("\nGeneration: 2\n"), "{message}");
        assert!(message.contains(&format!("\nOverwrites: {id} Jane Doe <jane@example.com>\n")), "{message}");
    }
}

/// What the record does not list in order, and a chart that is another one: the newest commits tell.
#[test]
fn of_a_chart_with_hooks_and_definitions_too() {
    let hook = |name: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, annotations: {{helm.sh/hook: test}}}}\n\
             data: {{size: '{{{{ .Chart.Version }}}}'}}\n"
        )
    };
    let (first, second) = (hook("z"), hook("b"));
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {size: '{{ .Chart.Version }}'}\n";
    let more = "{{ if semverCompare \">=3\" .Chart.Version }}\napiVersion: v1\nkind: ConfigMap\n\
                metadata: {name: more, annotations: {helm.sh/hook: test}}\n{{ end }}\n";
    let templates = [("z.yaml", &*first), ("b.yaml", &*second), ("map.yaml", map), ("more.yaml", more)];
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    let once = |version: &str| {
        let flags = bed.chart(version, &templates);
        let said = bed.once_into(&bed.repo, &flags.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(said.ok, "{}", said.err);
        overwrites(&bed)
    };
    assert!(once("1.0.0").is_empty());
    assert!(once("2.0.0").is_empty(), "nobody did anything");
    for (version, file) in [("2.1.0", "manifests/configmap-a.yaml"), ("3.0.0", "hooks/configmap-z.yaml")] {
        let id = jane(&bed, |folder| append(folder, file));
        assert_eq!(once(version), [format!("{id} Jane Doe <jane@example.com>")], "{version}");
        let message = bed.message(BRANCH);
        assert!(message.contains(&format!("* restored: {file} changed by hand\n")), "{message}");
    }
    assert!(once("3.1.0").is_empty());
}
