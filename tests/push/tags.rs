//! Tags and notes: they name what the remote has, never move there, and are not forgotten.

use crate::bed::{Running, Said};
use crate::origin::Origin;

const TAG: (&str, &str) = ("PROMGIT_COMMIT_TAG", "{{ namespace }}/{{ name }}/{{ generation }}");

fn once(origin: &Origin) -> Said {
    let mut command = origin.bed.promgit(&origin.bed.repo, &["--remote", &origin.url(), "--once"]);
    let output = command.envs([TAG]).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { ok: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
}

fn agent(origin: &Origin) -> Running {
    origin.agent(&origin.url(), &[TAG])
}

/// The tags of the server, and the subjects of what they name.
fn tags(origin: &Origin) -> Vec<String> {
    let text = origin.git(&["for-each-ref", "--format=%(refname:short) %(subject)", "refs/tags"]);
    text.lines().map(String::from).collect()
}

#[test]
fn a_tag_waits_until_the_remote_has_its_branch() {
    let origin = Origin::new();
    origin.hook("update", "case $1 in refs/heads/*/b) exit 1;; esac");
    ["a", "b"].iter().for_each(|namespace| origin.put(namespace, "one", "{}"));
    assert!(!once(&origin).ok);
    assert_eq!(tags(&origin), ["a/one/1 a/one: created"]);
    origin.no_hook("update");
    let said = once(&origin);
    assert!(said.ok, "{}", said.err);
    assert_eq!(tags(&origin), ["a/one/1 a/one: created", "b/one/1 b/one: created"]);
    origin.check();
}

#[test]
fn a_tag_that_git_could_not_keep_beside_another_is_not_made() {
    for other in ["a/one/1/mine", "a/one"] {
        let origin = Origin::new();
        origin.put("b", "one", "{}");
        assert!(once(&origin).ok);
        origin.bed.git(&["tag", other, "deploy/b"]);
        origin.put("a", "one", "{}");
        let said = once(&origin);
        let why = format!("tag a/one/1: refs/tags/{other} is in its way");
        assert!(said.ok && said.err.contains(&why), "{}", said.err);
        // which git would refuse
        origin.bed.git(&["clone", "-q", "--mirror", ".", &format!("{}-clone", origin.bed.repo.display())]);
        origin.check();
    }
}

#[test]
fn a_tag_names_the_commit_that_the_branch_has_in_the_end() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    assert!(once(&origin).ok);
    let agent = agent(&origin);
    origin.jane("deploy/a", |clone| std::fs::write(clone.join("note.md"), "hers\n").unwrap());
    origin.put("a", "one", "{replicas: 2}");
    agent.commit("a/one: replicas 1 → 2");
    origin.wait("the tag", || tags(&origin).len() == 2);
    assert_eq!(agent.stop(), Some(0));
    let tip = origin.tip("deploy/a").unwrap();
    for side in [&origin.path, &origin.bed.repo] {
        assert_eq!(origin.bed.git_in(side, &["rev-parse", "refs/tags/a/one/2"]).trim(), tip);
    }
    origin.check();
}

#[test]
fn a_tag_that_somebody_made_there_is_left_and_said_once() {
    let origin = Origin::new();
    ["a", "b"].iter().for_each(|namespace| origin.put(namespace, "one", "{}"));
    assert!(once(&origin).ok);
    // one on a commit before, one on another branch
    origin.git(&["tag", "a/one/2", "deploy/a"]);
    origin.git(&["tag", "b/one/2", "deploy/a"]);
    ["a", "b"].iter().for_each(|namespace| origin.put(namespace, "one", "{replicas: 2}"));
    let said = once(&origin);
    assert!(said.ok, "{}", said.err);
    for tag in ["a/one/2", "b/one/2"] {
        let words = format!("warning: tag {tag} is on {} already, for commit ", origin.url());
        assert_eq!(said.err.matches(&words).count(), 1, "{}", said.err);
        assert!(tags(&origin).contains(&format!("{tag} a/one: created")), "{:?}", tags(&origin));
    }
    let said = once(&origin);
    assert!(said.ok && !said.err.contains("warning"), "{}", said.err);
    origin.check();
}

#[test]
fn tags_and_notes_that_were_not_pushed_are_pushed_by_the_next_start() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    assert!(once(&origin).ok);
    origin.hook("update", "case $1 in refs/tags/*) exit 1;; esac");
    origin.put("a", "one", "{replicas: 2}");
    let said = once(&origin);
    assert!(said.err.contains("warning: tag a/one/2: "), "{}", said.err);
    origin.no_hook("update");
    // as the agent that delivered it would have noted it; and a tag that is nobody's business
    origin.bed.git(&["notes", "--ref=promgit", "add", "-m", "ready", "deploy/a"]);
    origin.bed.git(&["tag", "mine", "deploy/a"]);
    assert!(once(&origin).ok);
    assert_eq!(tags(&origin), ["a/one/1 a/one: created", "a/one/2 a/one: replicas 1 → 2"]);
    assert_eq!(origin.git(&["notes", "--ref=promgit", "show", "deploy/a"]), "ready\n");
    origin.check();
}
