//! Who made the commits of a branch, and what old ones hold.

use crate::bed::{BRANCH, Bed, edit};

const SMALL: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {size: '{{ .Values.size }}'}\n";
const B: &str = "apiVersion: promgit.dev/v1alpha1\nkind: PrometheusCluster\nmetadata: {name: b, namespace: small}\nspec: {}\n";
const CHART: &[&str] = &["--chart=chart"];

fn all() -> Vec<&'static str> {
    [CHART, &["--all"]].concat()
}

#[test]
fn a_commit_of_somebody_else_is_told_though_it_changes_nothing() {
    let bed = Bed::examples();
    bed.by_hand(BRANCH, |_| ());
    let said = bed.verify(&[]);
    said.is_different();
    assert_eq!(said.lines().len(), 1);
    assert!(said.out.contains("(Jane Doe <jane@example.com>: a fix)"), "{said:?}");
    bed.verify(&["deploy/team-a"]).is_silent();
}

/// The name alone is not enough.
#[test]
fn the_name_of_the_agent_does_not_make_a_commit_the_agents() {
    let bed = Bed::examples();
    bed.by(&["-c", "user.name=promgit", "-c", "user.email=promgit@localhost"], BRANCH, |_| ());
    let said = bed.verify(&[]);
    said.is_different();
    assert!(said.out.contains("its trailers name no cluster of namespace example"), "{said:?}");
}

#[test]
fn an_old_bad_commit_is_found_with_all() {
    let bed = Bed::small(SMALL);
    bed.by_hand("deploy/small", |clone| edit(&clone.join("a/manifests/configmap-a.yaml"), "'1'", "'7'"));
    let bad = bed.tip("deploy/small");
    bed.resize(2);
    bed.resize(3);
    let tips = bed.verify(CHART);
    tips.is_different();
    assert_eq!(tips.lines().len(), 1, "only the commit: {tips:?}");
    let said = bed.verify(&all());
    said.is_different();
    let short = &bad[..10];
    assert_eq!(said.lines().len(), 2, "{said:?}");
    assert!(said.lines()[0].contains(&format!("commit {short} was not made by promgit")), "{said:?}");
    let place = format!("{short}:a/manifests/configmap-a.yaml:4: is ");
    assert!(said.lines()[1].starts_with(&place), "{said:?}");
    assert!(said.lines()[1].contains("'7'") && said.lines()[1].contains("'1'"), "{said:?}");
}

/// A README of an old template is told once, not with every commit that kept it.
#[test]
fn an_old_readme_is_told_once() {
    let bed = Bed::small(SMALL);
    for replicas in [2, 3, 4] {
        bed.resize(replicas);
    }
    bed.verify(&all()).is_silent();
    bed.put("readme.j2", "# other\n");
    bed.put("settings.yaml", "templates: {readme: readme.j2}\n");
    let said = bed.verify(&[&all()[..], &["--config=settings.yaml"]].concat());
    said.is_different();
    assert_eq!(said.lines().len(), 1, "{said:?}");
    assert!(said.out.contains(":README.md:1: is "), "{said:?}");
}

#[test]
fn a_deleted_cluster_is_gone_and_stays_so() {
    let bed = Bed::small(SMALL);
    bed.put("source/b.yaml", B);
    bed.put("chart/templates/a.yaml", &SMALL.replace("{name: a}", "{name: '{{ .Release.Name }}'}"));
    bed.resize(2);
    std::fs::remove_file(bed.folder.path().join("source/b.yaml")).unwrap();
    bed.resize(3);
    bed.verify(CHART).is_silent();
    bed.by_hand("deploy/small", |clone| {
        std::fs::create_dir(clone.join("b")).unwrap();
        std::fs::write(clone.join("b/cluster.yaml"), "a: 1\n").unwrap();
        std::fs::write(clone.join("b/mine.txt"), "of somebody\n").unwrap();
    });
    let said = bed.verify(CHART);
    assert_eq!(said.lines().len(), 2, "{said:?}");
    assert_eq!(said.lines()[1], "deploy/small:b/cluster.yaml: is too much, promgit makes no such file");
}

/// What promgit writes while a folder is not where it belongs lists what is there; only who moved it is told.
#[test]
fn a_folder_that_somebody_renamed_is_told_of_their_commit_alone() {
    let bed = Bed::small(SMALL);
    bed.put("chart/templates/a.yaml", &SMALL.replace("{name: a}", "{name: '{{ .Release.Name }}'}"));
    bed.put("source/b.yaml", B);
    bed.resize(2);
    bed.by_hand("deploy/small", |clone| std::fs::rename(clone.join("a"), clone.join("c")).unwrap());
    let hand = bed.tip("deploy/small");
    bed.resize(2);
    bed.resize(2);
    let made = bed.git(&["--git-dir=deploy.git", "log", "--format=%s", &format!("{hand}..deploy/small")]);
    assert_eq!(made.lines().count(), 2, "{made}");
    assert!(made.contains("small/c: deleted") && made.contains("small/a: restored: "), "{made}");
    bed.verify(CHART).is_different();
    let found = bed.verify_json(&all())["findings"].as_array().unwrap().clone();
    assert!(!found.is_empty());
    for finding in found {
        assert_eq!(finding["commit"], hand, "{finding}");
    }
}

#[test]
fn branches_of_others_are_left_alone_and_refused_by_name() {
    let bed = Bed::examples();
    bed.git(&["--git-dir=deploy.git", "branch", "deploy/mine", &foreign(&bed)]);
    let said = bed.verify(&[]);
    assert_eq!((said.code, &said.out[..]), (0, ""));
    assert!(said.err.contains("note: branch deploy/mine is passed over: "), "{said:?}");
    let said = bed.verify(&["deploy/mine"]);
    assert_eq!((said.code, &said.out[..]), (1, ""));
    assert!(
        said.err.contains("branch deploy/mine could not be verified: is not managed by promgit"),
        "{said:?}"
    );
    let said = bed.verify(&["deploy/none", BRANCH]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("branch deploy/none could not be verified: there is no such branch"),
        "{said:?}"
    );
}

/// Under whatever name, and with whatever settings: it holds what promgit wrote.
#[test]
fn a_branch_that_lost_its_mark_is_verified_by_the_mark_that_it_had() {
    let bed = Bed::examples();
    bed.git(&["--git-dir=deploy.git", "branch", "elsewhere/mine", BRANCH]);
    bed.by_hand("elsewhere/mine", |clone| std::fs::remove_file(clone.join("promgit.yaml")).unwrap());
    let said = bed.verify(&[]);
    assert_eq!(said.code, 3);
    assert!(said.out.contains("elsewhere/mine:promgit.yaml: is missing"), "{said:?}");
}

/// Only who edited it is told, and what it should be: the commits before are of the agent that it named then.
#[test]
fn a_mark_that_somebody_edited_blames_no_commit_of_before() {
    for (from, to) in [("agent: promgit", "agent: other"), ("namespace: small", "namespace: large")] {
        let bed = Bed::small(SMALL);
        bed.resize(2);
        bed.by_hand("deploy/small", |clone| edit(&clone.join("promgit.yaml"), from, to));
        let tip = bed.tip("deploy/small");
        for arguments in [CHART, &all()] {
            let said = bed.verify(arguments);
            said.is_different();
            let lines = said.lines();
            assert_eq!(lines.len(), 2, "{said:?}");
            assert!(lines[0].contains(&format!("commit {} was not made by promgit", &tip[..10])), "{said:?}");
            let expected = format!("is {to:?}, promgit makes it {from:?}");
            assert!(
                lines[1].starts_with("deploy/small:promgit.yaml:") && lines[1].ends_with(&expected),
                "{said:?}"
            );
        }
    }
}

/// A commit without any file of ours.
fn foreign(bed: &Bed) -> String {
    let tree = bed.git(&["--git-dir=deploy.git", "write-tree"]);
    let commit = ["--git-dir=deploy.git", "commit-tree", "-m", "mine", tree.trim()];
    bed.git(&commit).trim().to_string()
}

#[test]
fn nothing_to_verify_is_no_success() {
    let bed = Bed::examples();
    bed.git(&["init", "-q", "--bare", "empty.git"]);
    let said = bed.promgit(&["verify", "--repo=empty.git"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no branch of empty.git is managed by promgit"), "{said:?}");
    assert_eq!(bed.promgit(&["verify", "--repo=none.git"]).code, 1);
    assert_eq!(bed.verify(&["--chart=none"]).code, 1);
    assert_eq!(bed.verify(&["--nothing"]).code, 2);
}

/// Of a history whose commits somebody put into one, only that is told, and how to go on.
#[test]
fn folders_of_a_squashed_branch_are_said_to_be_of_no_commit_and_no_file_to_be_wrong() {
    for parent in [false, true] {
        let bed = Bed::small(&SMALL.replace("{name: a}", "{name: '{{ .Release.Name }}'}"));
        bed.resize(2);
        let before = bed.tip("deploy/small");
        bed.put("source/b.yaml", B);
        bed.resize(3);
        let git = |arguments: &[&str]| bed.git(&[&["--git-dir=deploy.git"], arguments].concat());
        // all of it, or what came after a commit that stays
        let mut commit = vec!["commit-tree", "-m", "squashed", "deploy/small^{tree}"];
        if parent {
            commit.extend(["-p", &before]);
        }
        let squashed = git(&commit).trim().to_owned();
        git(&["update-ref", "refs/heads/deploy/small", &squashed]);
        for arguments in [CHART.to_vec(), all()] {
            let said = bed.verify(&arguments);
            said.is_different();
            let made_up = |line: &&str| line.contains(": no commit of promgit made this folder, so ");
            let told: Vec<&str> = said.lines().into_iter().filter(made_up).collect();
            let names = if parent { &["b"][..] } else { &["a", "b"] };
            assert_eq!(told.len(), names.len(), "{said:?}");
            for (line, name) in told.iter().zip(names) {
                assert!(line.starts_with(&format!("deploy/small:{name}: ")), "{said:?}");
            }
            assert!(!said.out.contains("is too much") && !said.out.contains("kustomization"), "{said:?}");
        }
        // a change of the resource is the way out that the words name
        bed.resize(4);
        let said = bed.verify(CHART);
        assert!(!said.out.contains("deploy/small:a: "), "{said:?}");
    }
}
