//! Every way to a remote, and logins that rotate.

use crate::git_http::{GitHttp, tls};
use crate::origin::Origin;
use crate::sshd::Sshd;

/// The branches are on the remote under their own names when the pass ends, and a second one changes nothing.
fn pushes(origin: &Origin, url: &str, settings: &[(&str, String)]) {
    for (namespace, name) in [("a", "one"), ("a", "two"), ("b", "one")] {
        origin.put(namespace, name, "{}");
    }
    let once = || {
        let mut command = origin.bed.promgit(&origin.bed.repo, &["--remote", url, "--once"]);
        let output = command.envs(settings.iter().map(|(key, value)| (key, value))).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{err}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(once().lines().count(), 3);
    let mut subjects = [origin.subjects("deploy/a"), origin.subjects("deploy/b")].concat();
    subjects.sort();
    assert_eq!(subjects, ["a/one: created", "a/two: created", "b/one: created"]);
    origin.check();
    assert_eq!(once(), "");
    origin.put("a", "one", "{replicas: 2}");
    assert!(once().contains("a/one: replicas 1 → 2"));
    origin.check();
}

#[test]
fn by_path() {
    let origin = Origin::new();
    pushes(&origin, &origin.url(), &[]);
}

#[test]
fn over_http_with_a_token() {
    let origin = Origin::new();
    origin.http.want_token("t0ken");
    let token = origin.bed.aside("token", "t0ken\n");
    pushes(
        &origin,
        &origin.http.url("/origin.git"),
        &[("PROMGIT_REMOTE_TOKEN_FILE", token.display().to_string())],
    );
}

#[test]
fn over_https_with_an_authority_of_its_own() {
    let origin = Origin::new();
    let folder = origin.bed.folder.path();
    let https = GitHttp::start(&folder.join("served"), Some(tls(folder)));
    let authority = folder.join("ca.pem").display().to_string();
    pushes(&origin, &https.url("/origin.git"), &[("PROMGIT_REMOTE_CA_FILE", authority)]);
}

#[test]
fn over_ssh() {
    let origin = Origin::new();
    let Some(sshd) = Sshd::start(origin.bed.folder.path()) else { return };
    let file = |name: &str| sshd.folder.join(name).display().to_string();
    let url = sshd.url(&origin.path);
    let settings = [
        ("PROMGIT_REMOTE_SSH_KEY_FILE", file("key")),
        ("PROMGIT_REMOTE_SSH_KNOWN_HOSTS_FILE", file("known_hosts")),
    ];
    pushes(&origin, &url, &settings);
    // a host that is not known is not talked to
    sshd.know("");
    let mut command = origin.bed.promgit(&origin.bed.repo, &["--remote", &url, "--once"]);
    let output = command.envs(settings).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("its key is SHA256:"), "{err}");
}

#[test]
fn a_password_that_rotates_is_taken_up() {
    let origin = Origin::new();
    origin.http.want_basic("robot", "first");
    let user = origin.bed.aside("user", "robot\n").display().to_string();
    let password = origin.bed.aside("password", "first\n").display().to_string();
    let settings = [
        ("PROMGIT_REMOTE_USERNAME_FILE", user.as_str()),
        ("PROMGIT_REMOTE_PASSWORD_FILE", password.as_str()),
    ];
    origin.put("a", "one", "{}");
    let agent = origin.agent(&origin.http.url("/origin.git"), &settings);
    agent.commit("a/one: created");
    origin.http.want_basic("robot", "second");
    origin.put("a", "one", "{replicas: 2}");
    let line = agent.error("the server wants a login");
    assert!(line.contains("a/one: ") && line.contains(&password) && !line.contains("first"), "{line}");
    assert_eq!(origin.subjects("deploy/a"), ["a/one: created"]);
    origin.bed.aside("password", "second\n");
    agent.commit("a/one: replicas 1 → 2");
    assert_eq!(agent.stop(), Some(0));
    origin.check();
}

#[test]
fn a_url_that_is_none_stops_the_start() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    for (url, words) in [
        (
            "https://me:hunter2@example.com/a.git",
            "remote.url: https://***@example.com/a.git: a user or password",
        ),
        ("../origin.git", "remote.url: ../origin.git: a path has to be absolute"),
    ] {
        let said = origin.once(url);
        assert!(!said.ok && said.err.contains(words) && !said.err.contains("hunter2"), "{}", said.err);
        assert!(!origin.bed.repo.exists());
    }
}
