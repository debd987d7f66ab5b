//! Namespaces with repositories of their own: what goes where, and that nobody sees or holds up anybody else.

use std::path::PathBuf;

use crate::bed::Said;
use crate::origin::Origin;

/// The default remote, and two teams with one each.
struct Teams {
    origin: Origin,
    settings: PathBuf,
}

impl Teams {
    fn new(more: &str) -> Teams {
        let origin = Origin::new();
        let folder = origin.bed.folder.path();
        let mut text = format!("remote: {{url: {}}}\ntargets:\n", origin.url());
        for team in ["a", "b"] {
            let [local, server] = ["here", "there"].map(|side| folder.join(format!("{side}-{team}.git")));
            let (local, server) = (local.display(), server.display());
            origin.bed.git_in(folder, &["init", "-q", "--bare", &server.to_string()]);
            text += &format!(
                "- namespaces: ['team-{team}', 'team-{team}-*']\n  repository: {{path: {local}}}\n  \
                 remote: {{url: {server}}}\n  agent: {{name: promgit, email: {team}@example.com}}\n"
            );
        }
        let settings = origin.bed.aside("promgit.yaml", &(text + more));
        for namespace in ["common", "team-a", "team-a-1", "team-b"] {
            origin.put(namespace, "web", "{}");
        }
        Teams { origin, settings }
    }

    fn once(&self) -> Said {
        self.origin.bed.once_into(&self.origin.bed.repo, &["--config", self.settings.to_str().unwrap()])
    }

    fn repository(&self, name: &str) -> PathBuf {
        self.origin.bed.folder.path().join(name)
    }

    fn branches(&self, name: &str) -> Vec<String> {
        self.origin.bed.refs(&self.repository(name), "%(committeremail)%(authoremail)")
    }

    fn promgit(&self, args: &[&str]) -> String {
        let mut command =
            crate::support::hermetic(env!("CARGO_BIN_EXE_promgit"), self.origin.bed.folder.path());
        crate::support::stdout(command.args(args).arg("--config").arg(&self.settings).output().unwrap())
    }
}

#[test]
fn each_team_has_its_own_branches_identity_and_server() {
    let teams = Teams::new("");
    let said = teams.once();
    assert!(said.ok, "{}{}", said.out, said.err);
    assert_eq!(said.out.lines().count(), 4, "{}", said.out);
    for side in ["here", "there"] {
        let of = |team: &str| teams.branches(&format!("{side}-{team}.git"));
        let line = |namespace: &str, team: &str| {
            format!("deploy/{namespace} <{team}@example.com><{team}@example.com>")
        };
        assert_eq!(of("a"), [line("team-a", "a"), line("team-a-1", "a")]);
        assert_eq!(of("b"), [line("team-b", "b")]);
    }
    let common = ["deploy/common <promgit@localhost><promgit@localhost>"];
    assert_eq!(teams.origin.bed.refs(&teams.origin.path, "%(committeremail)%(authoremail)"), common);
    assert_eq!(teams.branches("deploy.git"), common);
    // no object of one is in the repository of another
    let all = ["cat-file", "--batch-all-objects", "--batch"];
    let found = teams.origin.bed.try_git(&teams.repository("here-b.git"), &all).stdout;
    let found = String::from_utf8_lossy(&found);
    assert!(found.contains("team-b") && !found.contains("team-a") && !found.contains("common"));
}

#[test]
fn a_second_start_and_a_deletion_find_what_is_whose() {
    let teams = Teams::new("");
    assert!(teams.once().ok);
    let again = teams.once();
    assert!(again.ok && again.out.is_empty(), "{}{}", again.out, again.err);
    assert!(teams.promgit(&["history", "team-a-1/web"]).contains("created"));
    assert!(teams.promgit(&["show", "team-b/web", "--cr"]).contains("namespace: team-b"));
    let listed =
        teams.origin.agent(&teams.origin.url(), &[("PROMGIT_CONFIG", teams.settings.to_str().unwrap())]);
    teams.origin.put("team-b", "web", "{replicas: 2}");
    listed.commit("team-b/web: replicas 1 → 2");
    teams.origin.bed.remove("team-a-web.yaml");
    listed.commit("team-a/web: deleted");
    assert_eq!(listed.stop(), Some(0));
    let files = |name: &str, branch: &str| {
        teams.origin.bed.git_in(&teams.repository(name), &["ls-tree", "--name-only", branch])
    };
    assert!(!files("there-a.git", "deploy/team-a").contains("web"));
    assert!(files("there-a.git", "deploy/team-a-1").contains("web"));
}

#[test]
fn a_server_that_is_gone_holds_up_nobody_else() {
    let teams = Teams::new("");
    std::fs::remove_dir_all(teams.repository("there-a.git")).unwrap();
    let said = teams.once();
    assert!(!said.ok && said.err.contains("there-a.git"), "{}", said.err);
    for (line, expected) in
        [("common/web", true), ("team-b/web", true), ("team-a/web", false), ("team-a-1/web", false)]
    {
        assert_eq!(said.out.contains(line), expected, "{line}: {}", said.out);
    }
    assert!(
        !said.err.lines().any(|line| line.contains("there-a.git") && line.contains("team-b")),
        "{}",
        said.err
    );
}

#[test]
fn a_namespace_that_moves_begins_anew_and_its_past_stays() {
    let teams = Teams::new("");
    assert!(teams.once().ok);
    let text = std::fs::read_to_string(&teams.settings).unwrap().replace("'team-a-*'", "'no-more'");
    std::fs::write(&teams.settings, text).unwrap();
    let said = teams.once();
    assert!(said.ok && said.out.contains("team-a-1/web: created"), "{}{}", said.out, said.err);
    assert_eq!(said.out.lines().count(), 1, "{}", said.out);
    assert_eq!(teams.branches("here-a.git").len(), 2, "nothing is deleted");
    // gone from the source: deleted where it is now
    teams.origin.bed.remove("team-a-1-web.yaml");
    let agent = teams.once();
    assert!(agent.ok, "{}", agent.err);
}

#[test]
fn targets_that_would_see_each_others_branches_are_refused() {
    let teams = Teams::new("");
    let text = std::fs::read_to_string(&teams.settings).unwrap();
    let shared = text.replace("there-b.git", "there-a.git");
    std::fs::write(&teams.settings, &shared).unwrap();
    let said = teams.once();
    assert!(
        !said.ok && said.err.contains("targets[0] and targets[1] push branches that begin with \"deploy/\""),
        "{}",
        said.err
    );
    // other words: one server for both
    let apart = shared.replace("here-b.git}", "here-b.git, branch: 'b/{{ namespace }}'}");
    std::fs::write(&teams.settings, apart).unwrap();
    let said = teams.once();
    assert!(said.ok, "{}", said.err);
    assert_eq!(teams.origin.bed.refs(&teams.repository("there-a.git"), "").len(), 3);
    let again = teams.once();
    assert!(again.ok && again.out.is_empty(), "{}{}", again.out, again.err);
    assert_eq!(teams.branches("here-a.git").len(), 2, "what is another's is not fetched");
}

/// What a hundred teams cost is measured in `benches/numbers`; that they work is seen here.
#[test]
fn a_hundred_targets() {
    let origin = Origin::new();
    let folder = origin.bed.folder.path();
    let target = |at: usize| {
        let path = folder.join(format!("t{at}.git"));
        format!("- {{namespaces: [n{at}], repository: {{path: {}}}}}\n", path.display())
    };
    let text = format!("targets:\n{}", (0..100).map(target).collect::<String>());
    let settings = origin.bed.aside("promgit.yaml", &text);
    (0..100).for_each(|at| origin.put(&format!("n{at}"), "web", "{}"));
    let once = || origin.bed.once_into(&origin.bed.repo, &["--config", settings.to_str().unwrap()]);
    let said = once();
    assert!(said.ok, "{}", said.err);
    assert_eq!(said.out.lines().count(), 100);
    for at in [0, 57, 99] {
        let refs = origin.bed.refs(&folder.join(format!("t{at}.git")), "");
        assert_eq!(refs, [format!("deploy/n{at} ")], "t{at}.git");
    }
    let again = once();
    assert!(again.ok && again.out.is_empty(), "{}{}", again.out, again.err);
}
