//! The same resources, from a folder and from a cluster, make the same tree (P2).

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::agent::{self, Agent};
use crate::bed::{Bed, wait};
use crate::place::{Place, condition};
use crate::resources::cases;
use crate::support;

/// The good resources of the tables and the examples, all in one namespace, under names of their own.
fn resources(namespace: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for mut case in [cases("tests/resource/good"), cases("examples")].into_iter().flatten() {
        if case.new["metadata"].get("generateName").is_some() {
            continue; // only a server can make a name
        }
        let metadata = case.new["metadata"].as_object_mut().expect("metadata");
        // Those of an object that is there.
        metadata.retain(|field, _| !["uid", "resourceVersion"].contains(&field.as_str()));
        metadata.insert("namespace".into(), json!(namespace));
        metadata.insert("name".into(), json!(case.path.file_stem().expect("a name").to_string_lossy()));
        found.push(case.new);
    }
    assert!(found.len() > 20);
    found
}

#[test]
fn a_folder_and_a_cluster_make_the_same_tree() {
    let _ = Bed::start();
    let place = Place::new(agent::bed(), "same");
    let resources = resources(&place.namespace);
    // Nothing has to run for this.
    let agent = Agent::start(place.bed, &[&place.namespace], "delivery: {mode: External}");
    let texts: Vec<String> = resources.iter().map(|resource| resource.to_string()).collect();
    place.apply(&texts.join("\n---\n"));
    wait("all to be handled", || {
        let list = place.bed.get(&["proms", "--namespace", &place.namespace]);
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let open: Vec<_> =
            items.iter().filter(|item| !is_handled(item)).map(|item| &item["metadata"]["name"]).collect();
        if items.len() == resources.len() && open.is_empty() { Ok(()) } else { Err(format!("{open:?}")) }
    });

    let folder = agent.folder().join("resources");
    fs::create_dir(&folder).expect("a folder");
    for (number, text) in texts.iter().enumerate() {
        fs::write(folder.join(format!("{number:03}.json")), text).expect("writable");
    }
    let mut once = agent.command(env!("CARGO_BIN_EXE_promgit"));
    once.args(["run", "--source=dir:resources", "--repo=folder.git", "--once"]);
    let output = once.output().expect("promgit");
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));

    let list = |repository: &str| {
        let mut git = agent.command("git");
        let branch = format!("deploy/{}", place.namespace);
        git.args(["--git-dir", repository, "ls-tree", "-r", &branch]);
        support::stdout(git.output().expect("git"))
    };
    let (by_cluster, by_folder) = (list("deploy.git"), list("folder.git"));
    let (left, right): (BTreeSet<&str>, BTreeSet<&str>) =
        (by_cluster.lines().collect(), by_folder.lines().collect());
    let differences: Vec<_> = left.symmetric_difference(&right).collect();
    assert!(differences.is_empty(), "{differences:#?}");
    let tree = |repository: &str| {
        let mut git = agent.command("git");
        git.args(["--git-dir", repository, "rev-parse", &format!("deploy/{}^{{tree}}", place.namespace)]);
        support::stdout(git.output().expect("git"))
    };
    assert_eq!(tree("deploy.git"), tree("folder.git"));
    let clusters = by_cluster.lines().filter(|line| line.ends_with("/cluster.yaml")).count();
    println!("{clusters} of {} resources have a folder", resources.len());
    assert!(clusters > resources.len() / 2);
}

fn is_handled(object: &Value) -> bool {
    let suspended = object["spec"]["suspend"] == true;
    let kind = if suspended { "Ready" } else { "Committed" };
    condition(object, kind)
        .is_some_and(|found| found["observedGeneration"] == object["metadata"]["generation"])
}
