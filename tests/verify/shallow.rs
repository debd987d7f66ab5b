//! Repositories that hold the newest commits only, as an agent with an empty volume fetches them: what cannot be known is said to be
//! so, and nothing good is blamed.

use crate::bed::{Bed, edit};

const TEMPLATE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\ndata: {size: '{{ .Values.size }}'}\n";
const B: &str = "apiVersion: promgit.dev/v1alpha1\nkind: PrometheusCluster\nmetadata: {name: b, namespace: small}\nspec: {}\n";
const BRANCH: &str = "deploy/small";

/// Two clusters, of which `a` was committed last.
fn bed() -> Bed {
    let bed = Bed::small(TEMPLATE);
    bed.put("source/b.yaml", B);
    bed.resize(2);
    bed.resize(3);
    bed
}

/// The newest commits of it, instead of all.
fn cut(bed: &Bed, commits: u32) {
    let full = bed.folder.path().join("full.git");
    std::fs::rename(bed.folder.path().join("deploy.git"), &full).unwrap();
    let (depth, url) = (format!("--depth={commits}"), format!("file://{}", full.display()));
    bed.git(&["clone", "-q", "--bare", "--no-single-branch", &depth, &url, "deploy.git"]);
}

const CUT: &str = "branch deploy/small could not be verified: older commits are not in this repository, which is a shallow one; get \
                   them with `git fetch --unshallow`";
const CUT_OF: &str = "could not be verified: the commit that promgit made for it is not in this repository, which is a shallow one";

#[test]
fn what_was_committed_before_what_is_here_cannot_be_verified_and_the_rest_is() {
    for all in [false, true] {
        let bed = bed();
        let verify = || bed.verify(if all { &["--chart=chart", "--all"] } else { &["--chart=chart"] });
        verify().is_silent();
        cut(&bed, 1);
        let said = verify();
        assert_eq!((said.code, &said.out[..]), (1, ""), "{said:?}");
        assert!(said.err.contains(CUT) && said.err.contains(&format!("small/b {CUT_OF}")), "{said:?}");
        assert!(!said.err.contains("small/a") && said.err.lines().count() == 2, "{said:?}");
        // what is known to differ is told all the same
        bed.by_hand(BRANCH, |clone| {
            edit(&clone.join("a/manifests/configmap-a.yaml"), "'3'", "'7'");
            std::fs::write(clone.join("README.md"), "hers\n").unwrap();
        });
        let said = verify();
        assert_eq!(said.code, 3, "{said:?}");
        assert_eq!(said.lines().len(), 3, "{said:?}");
        assert!(
            said.out.contains(":a/manifests/configmap-a.yaml:") && said.out.contains(":README.md:"),
            "{said:?}"
        );
        // the rest is fetched as the message says
        let url = format!("file://{}", bed.folder.path().join("full.git").display());
        let spec = "+refs/heads/deploy/*:refs/remotes/origin/deploy/*";
        bed.git(&["--git-dir=deploy.git", "fetch", "-q", "--unshallow", &url, spec]);
        let said = verify();
        assert_eq!(
            (said.code, &said.err.lines().all(|line| line.starts_with("hint: "))),
            (3, &true),
            "{said:?}"
        );
        assert_eq!(said.lines().len(), 3, "{said:?}");
    }
}

#[test]
fn a_commit_of_somebody_that_stands_first_blames_nothing_but_itself() {
    for all in [false, true] {
        let bed = bed();
        bed.by_hand(BRANCH, |clone| std::fs::write(clone.join("note.md"), "hers\n").unwrap());
        cut(&bed, 1);
        let said = bed.verify(if all { &["--chart=chart", "--all"] } else { &["--chart=chart"] });
        assert_eq!(said.code, 3, "{said:?}");
        assert_eq!(said.lines().len(), 1, "{said:?}");
        assert!(said.out.contains(" was not made by promgit: "), "{said:?}");
        assert!(
            said.err.contains(CUT) && said.err.contains(&format!("small/a, small/b {CUT_OF}")),
            "{said:?}"
        );
    }
}

#[test]
fn a_folder_that_came_after_what_is_here_began_is_somebodys() {
    let bed = bed();
    cut(&bed, 1);
    bed.by_hand(BRANCH, |clone| {
        std::fs::create_dir(clone.join("c")).unwrap();
        std::fs::copy(clone.join("b/release.yaml"), clone.join("c/release.yaml")).unwrap();
        std::fs::remove_dir_all(clone.join("b")).unwrap();
    });
    let said = bed.verify(&["--chart=chart"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert_eq!(said.lines().len(), 2, "{said:?}");
    assert!(said.lines()[1].contains(":c: no commit of promgit made this folder"), "{said:?}");
    assert!(said.err.contains(&format!("small/b {CUT_OF}")), "{said:?}");
}
