//! The same input gives the same history, and no input a second time.

use crate::bed::{Bed, cluster};

/// Namespaces with several clusters each, whose renders race.
fn fill(bed: &Bed, namespaces: usize, each: usize, replicas: usize) {
    for namespace in 0..namespaces {
        for name in 0..each {
            let spec = format!("{{replicas: {replicas}, externalLabels: {{n: \"{name}\"}}}}");
            let text = cluster(&format!("team-{namespace:02}"), &format!("prom-{name}"), &spec);
            bed.put(&format!("{namespace}/{name}.yaml"), &text);
        }
    }
}

#[test]
fn two_runs_make_the_same_commits() {
    let bed = Bed::new();
    let other = bed.folder.path().join("other.git");
    for (run, replicas) in [1, 3].into_iter().enumerate() {
        fill(&bed, 3, 5, replicas);
        assert_eq!(bed.settle().lines().count(), 15);
        let said = bed.once_into(&other, &[]);
        assert!(said.ok, "{}", said.err);
        assert_eq!(bed.lines(&["rev-list", "deploy/team-00"]).len(), 5 * (run + 1));
        assert_eq!(bed.refs(&bed.repo, "%(objectname)"), bed.refs(&other, "%(objectname)"));
    }
    bed.check();
}

#[test]
fn a_second_run_writes_nothing() {
    let bed = Bed::new();
    fill(&bed, 2, 3, 1);
    bed.settle();
    let before = (bed.refs(&bed.repo, "%(objectname)"), bed.git(&["count-objects", "-v"]));
    assert_eq!(bed.settle(), "");
    let agent = bed.agent(&[]);
    bed.put("late.yaml", &cluster("late", "late", "{}"));
    agent.commit("late/late: created");
    // a file that is written again and a comment change nothing
    fill(&bed, 2, 3, 1);
    bed.put("late.yaml", &format!("# a comment\n{}", cluster("late", "late", "{replicas: 1}")));
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(agent.stop(), Some(0));
    let refs = bed.refs(&bed.repo, "%(objectname)");
    assert_eq!(refs.iter().filter(|line| !line.starts_with("deploy/late")).count(), before.0.len());
    assert!(before.0.iter().all(|line| refs.contains(line)));
    assert_eq!(bed.lines(&["rev-list", "deploy/late"]).len(), 1);
}

#[test]
fn three_clusters_of_a_namespace_at_once() {
    let bed = Bed::new();
    let agent = bed.agent(&[]);
    for round in 1..4 {
        fill(&bed, 1, 3, round);
        for name in 0..3 {
            agent.commit(&format!("team-00/prom-{name}: "));
        }
    }
    assert_eq!(agent.stop(), Some(0));
    let commits = bed.lines(&["rev-list", "--first-parent", "deploy/team-00"]);
    assert_eq!(commits.len(), 9);
    bed.check();
}

#[test]
fn two_hundred_clusters_in_twenty_namespaces() {
    let bed = Bed::new();
    fill(&bed, 20, 10, 1);
    assert_eq!(bed.settle().lines().count(), 200);
    let refs = bed.refs(&bed.repo, "");
    assert_eq!(refs.len(), 20);
    for branch in refs {
        assert_eq!(bed.lines(&["rev-list", branch.trim()]).len(), 10);
    }
    assert_eq!(bed.settle(), "");
    bed.check();
}
