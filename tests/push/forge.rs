//! A forge as people have one, Gitea: its protections, its web editor, its accounts, and repositories that come and go.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::bed::{Running, Said};
use crate::gitea::Gitea;
use crate::origin::Origin;

/// An agent, and an empty repository on the forge that its account may write to.
struct Forge {
    gitea: Arc<Gitea>,
    origin: Origin,
    name: &'static str,
    password: PathBuf,
}

impl Forge {
    /// `name`: of the repository, one for each test.
    fn new(name: &'static str) -> Option<Forge> {
        let gitea = Gitea::shared()?;
        gitea.create(name);
        let origin = Origin::at(gitea.path(name));
        origin.bed.aside("username", "promgit\n");
        let password = origin.bed.aside("password", &gitea.token);
        Some(Forge { gitea, origin, name, password })
    }

    fn promgit(&self, args: &[&str]) -> Command {
        let url = self.gitea.url(self.name);
        let mut command =
            self.origin.bed.promgit(&self.origin.bed.repo, &[&["--remote", &url], args].concat());
        command.env("PROMGIT_REMOTE_USERNAME_FILE", self.password.with_file_name("username"));
        command.env("PROMGIT_REMOTE_PASSWORD_FILE", &self.password);
        command
    }

    fn once(&self) -> Said {
        let output = self.promgit(&["--once"]).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { ok: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn settle(&self) -> String {
        let said = self.once();
        assert!(said.ok, "{}{}", said.out, said.err);
        said.out
    }

    fn agent(&self) -> Running {
        Running::start(self.promgit(&[]))
    }

    /// One cluster in each of three namespaces.
    fn put_all(&self, spec: &str) {
        ["a", "b", "c"].iter().for_each(|namespace| self.origin.put(namespace, "one", spec));
    }

    /// `path` starts behind that of the repository.
    fn api(&self, method: &str, path: &str, body: Value) -> Value {
        self.gitea.api(method, &format!("/repos/ops/{}{path}", self.name), &body)
    }

    /// Waits until the forge itself has seen that something was pushed: it looks at that a moment later.
    fn seen(&self) {
        self.origin.wait("the forge to look", || self.api("GET", "", Value::Null)["empty"] == false);
    }

    fn protect(&self, rule: &str) {
        self.api("POST", "/branch_protections", json!({"rule_name": rule, "enable_push": false}));
    }
}

#[test]
fn the_first_push_makes_the_branches_and_an_empty_folder_goes_on_from_them() {
    let Some(forge) = Forge::new("first") else { return };
    forge.put_all("{}");
    assert_eq!(forge.settle().lines().count(), 3);
    forge.seen();
    let listed = forge.api("GET", "/branches", Value::Null);
    let mut listed: Vec<&str> =
        listed.as_array().unwrap().iter().filter_map(|branch| branch["name"].as_str()).collect();
    listed.sort_unstable();
    assert_eq!(listed, ["deploy/a", "deploy/b", "deploy/c"]);
    std::fs::remove_dir_all(&forge.origin.bed.repo).unwrap();
    assert_eq!(forge.settle(), "", "nothing changed");
    forge.origin.put("a", "one", "{replicas: 2}");
    assert!(forge.settle().contains("a/one: replicas 1 → 2"));
    assert_eq!(forge.origin.subjects("deploy/a"), ["a/one: created", "a/one: replicas 1 → 2"]);
    forge.origin.check();
}

#[test]
fn a_protected_branch_is_refused_alone_until_it_is_free() {
    let Some(forge) = Forge::new("protected") else { return };
    forge.put_all("{}");
    forge.settle();
    forge.protect("deploy/b");
    let agent = forge.agent();
    forge.put_all("{replicas: 2}");
    let line = agent.error("refuses branch deploy/b: pre-receive hook declined");
    assert!(line.contains("b/one: "), "{line}");
    agent.error("Not allowed to push to protected branch deploy/b");
    let mut told = [agent.commit("replicas 1 → 2"), agent.commit("replicas 1 → 2")];
    told.sort_by_key(|line| line.find("one:").map(|at| line[at - 2..].to_owned()));
    assert!(told[0].contains("a/one") && told[1].contains("c/one"), "{told:?}");
    assert_eq!(forge.origin.subjects("deploy/b"), ["b/one: created"]);
    forge.api("DELETE", "/branch_protections/deploy%2Fb", Value::Null);
    agent.commit("b/one: replicas 1 → 2");
    // the same rule, with a list of who may push
    forge.protect("deploy/b");
    forge.origin.put("b", "one", "{replicas: 3}");
    agent.error("Not allowed to push to protected branch deploy/b");
    let listed = json!({
        "enable_push": true, "enable_push_whitelist": true, "push_whitelist_usernames": ["promgit"]
    });
    forge.api("PATCH", "/branch_protections/deploy%2Fb", listed);
    agent.commit("b/one: replicas 2 → 3");
    assert_eq!(agent.stop(), Some(0));
    forge.origin.check();
}

#[test]
fn protections_of_new_branches_and_of_files_are_told_in_their_words() {
    let Some(forge) = Forge::new("patterns") else { return };
    forge.protect("deploy/b");
    forge.put_all("{}");
    let said = forge.once();
    assert!(!said.ok && said.out.contains("a/one: created"), "{}{}", said.out, said.err);
    let rule = json!({"rule_name": "deploy/c", "enable_push": true, "protected_file_patterns": "**/statefulset-*.yaml"});
    forge.api("POST", "/branch_protections", rule);
    forge.put_all("{replicas: 2}");
    let said = forge.once();
    assert!(!said.ok && said.out.contains("a/one: replicas 1 → 2"), "{}{}", said.out, said.err);
    for words in [
        "Not allowed to push to protected branch deploy/b",
        "branch deploy/c is protected from changing file one/manifests/statefulset-one.yaml",
    ] {
        assert_eq!(said.err.matches(words).count(), 1, "{words}: {}", said.err);
    }
    assert_eq!((forge.origin.tip("deploy/b"), forge.origin.subjects("deploy/c").len()), (None, 1));
}

#[test]
fn a_wrong_password_is_said_until_its_file_is_rotated() {
    let Some(forge) = Forge::new("login") else { return };
    forge.put_all("{}");
    std::fs::write(&forge.password, "guessed").unwrap();
    let agent = forge.agent();
    let line = agent.error("the server wants a login");
    assert!(line.contains(forge.password.to_str().unwrap()), "{line}");
    assert!(forge.origin.tip("deploy/a").is_none() && agent.out.try_recv().is_err());
    std::fs::write(&forge.password, &forge.gitea.token).unwrap();
    agent.commit("a/one: created");
    assert_eq!(agent.stop(), Some(0));
    forge.origin.check();
}

#[test]
fn a_branch_that_is_deleted_is_pushed_again() {
    let Some(forge) = Forge::new("deleted") else { return };
    forge.put_all("{}");
    forge.settle();
    forge.seen();
    let agent = forge.agent();
    // the default one, which cannot be deleted, is whichever came first
    forge.api("PATCH", "", json!({"default_branch": "deploy/a"}));
    forge.api("DELETE", "/branches/deploy/b", Value::Null);
    assert_eq!(forge.origin.tip("deploy/b"), None);
    forge.origin.put("b", "one", "{replicas: 2}");
    agent.error("branch deploy/b was deleted on ");
    agent.commit("b/one: replicas 1 → 2");
    assert_eq!(agent.stop(), Some(0));
    assert_eq!(forge.origin.subjects("deploy/b"), ["b/one: created", "b/one: replicas 1 → 2"]);
    forge.origin.check();
}

#[test]
fn a_repository_that_is_deleted_and_made_again_gets_everything() {
    let Some(forge) = Forge::new("gone") else { return };
    forge.put_all("{}");
    forge.settle();
    let agent = forge.agent();
    forge.api("DELETE", "", Value::Null);
    forge.put_all("{replicas: 2}");
    let line = agent.error("Push to create is not enabled for users.");
    assert!(line.contains(&forge.gitea.url("gone")), "{line}");
    assert!(agent.out.try_recv().is_err(), "nothing of it was told");
    forge.gitea.create("gone");
    agent.commit("a/one: replicas 1 → 2");
    // those that did not change, too
    forge.origin.wait("every branch", || {
        ["a", "b", "c"].iter().all(|namespace| forge.origin.tip(&format!("deploy/{namespace}")).is_some())
    });
    assert_eq!(agent.stop(), Some(0));
    forge.origin.check();
}

#[test]
fn a_repository_that_takes_no_more_is_told_and_caught_up_with() {
    let Some(forge) = Forge::new("full") else { return };
    forge.put_all("{}");
    forge.settle();
    let agent = forge.agent();
    forge.origin.git(&["config", "receive.maxInputSize", "1"]);
    forge.put_all("{replicas: 2}");
    // in whatever order they were pushed
    let refused: BTreeSet<String> = (0..3).map(|_| agent.error("refuses branch deploy/")).collect();
    for namespace in ["a", "b", "c"] {
        let of = format!("refuses branch deploy/{namespace}: ");
        assert!(refused.iter().any(|line| line.contains(&of)), "{refused:#?}");
    }
    forge.origin.git(&["config", "--unset", "receive.maxInputSize"]);
    agent.commit("replicas 1 → 2");
    forge.api("PATCH", "", json!({"archived": true}));
    forge.put_all("{replicas: 3}");
    agent.error("This repo is archived.");
    forge.api("PATCH", "", json!({"archived": false}));
    for _ in ["a", "b", "c"] {
        agent.commit("replicas 2 → 3");
    }
    assert_eq!(agent.stop(), Some(0));
    forge.origin.check();
}

#[test]
fn a_commit_made_in_the_browser_is_gone_on_from() {
    let Some(forge) = Forge::new("web") else { return };
    forge.put_all("{}");
    forge.settle();
    forge.seen();
    let agent = forge.agent();
    let file = json!({"branch": "deploy/a", "message": "by ops", "content": STANDARD.encode("theirs\n")});
    forge.api("POST", "/contents/one/note.md", file);
    forge.origin.put("a", "one", "{replicas: 2}");
    agent.commit("a/one: replicas 1 → 2");
    assert_eq!(agent.stop(), Some(0));
    assert_eq!(forge.origin.subjects("deploy/a"), ["a/one: created", "by ops", "a/one: replicas 1 → 2"]);
    assert_eq!(forge.origin.git(&["show", "deploy/a:one/note.md"]), "theirs\n");
    forge.origin.check();
}

#[test]
fn tags_and_notes_go_along_and_what_is_refused_of_them_holds_up_no_branch() {
    let Some(forge) = Forge::new("tags") else { return };
    forge.put_all("{}");
    let once = || {
        let mut command = forge.promgit(&["--once"]);
        command.env("PROMGIT_COMMIT_TAG", "{{ namespace }}/{{ name }}/{{ generation }}").output().unwrap()
    };
    crate::support::stdout(once());
    forge.seen();
    let of = |name: &str| forge.origin.git(&["for-each-ref", "--format=%(refname)", name]);
    assert_eq!(of("refs/tags"), "refs/tags/a/one/1\nrefs/tags/b/one/1\nrefs/tags/c/one/1\n");
    forge.api("POST", "/tag_protections", json!({"name_pattern": "b/*", "whitelist_usernames": ["ops"]}));
    forge.put_all("{replicas: 2}");
    let output = once();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("warning: tag b/one/2: "), "{text}");
    assert_eq!(text.matches("Tag b/one/2 is protected").count(), 1, "{text}");
    assert_eq!(of("refs/tags/*/one/2"), "refs/tags/a/one/2\nrefs/tags/c/one/2\n");
    // as the agent that delivered it would have noted it
    let bed = &forge.origin.bed;
    bed.git(&["notes", "--ref=promgit", "add", "-m", "ready", "deploy/a"]);
    crate::support::stdout(once());
    assert_eq!(forge.origin.git(&["notes", "--ref=promgit", "show", "deploy/a"]), "ready\n");
    forge.origin.check();
}
