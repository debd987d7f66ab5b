//! The rights: enough for every value set of charts/prometheus-cluster, and nothing beyond the list in the README.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{PROMETHEUS, agent, objects, of_kind, read, text, value_sets};
use crate::support;

/// What applying, waiting and deleting need of each kind.
const WHOLE: &[&str] = &["get", "list", "watch", "create", "patch", "delete"];

/// What the agent needs beside the kinds that it applies: group, resource, verbs.
const OWN: &[(&str, &str, &[&str])] = &[
    ("promgit.dev", "prometheusclusters", &["get", "list", "watch", "patch"]),
    ("promgit.dev", "prometheusclusters/status", &["patch"]),
    ("promgit.dev", "prometheusclusters/finalizers", &["update"]),
    ("events.k8s.io", "events", &["create", "patch", "get", "list"]),
    ("", "events", &["get", "list"]),
    ("", "namespaces", &["get"]),
    ("", "pods", &["get", "list", "patch", "delete"]),
    ("", "persistentvolumeclaims", &["get", "list", "patch"]),
    ("", "secrets", RECORDS),
];

/// What Helm's records of a release take.
const RECORDS: &[&str] = &["get", "list", "watch", "create", "patch", "delete"];

/// Kinds that only a chart with `rbac.create` has.
const ROLES: &[&str] = &["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"];

/// One right: group and resource (or a path), verb.
type Right = (String, String, String);

fn rights(role: &Value) -> BTreeSet<Right> {
    let list = |rule: &Value, key: &str| {
        let items = rule[key].as_array().into_iter().flatten();
        items.map(|item| item.as_str().expect("text").to_string()).collect::<Vec<_>>()
    };
    let mut rights = BTreeSet::new();
    for rule in role["rules"].as_array().expect("rules") {
        for verb in list(rule, "verbs") {
            for group in list(rule, "apiGroups") {
                let resources = list(rule, "resources").into_iter();
                rights.extend(resources.map(|resource| (group.clone(), resource, verb.clone())));
            }
            let paths = list(rule, "nonResourceURLs").into_iter();
            rights.extend(paths.map(|path| ("(path)".to_string(), path, verb.clone())));
        }
    }
    rights
}

fn set(name: &str) -> PathBuf {
    support::root().join("tests/agent_chart/values").join(name).with_extension("yaml")
}

/// The role that is left when a namespace takes the others along.
fn lets_go(role: &Value) -> bool {
    text(role, "/metadata/name").ends_with("-let-go")
}

/// What the agent holds, in every namespace alike.
fn granted(name: &str) -> BTreeSet<Right> {
    let objects = agent(&set(name));
    let aggregated = |role: &&Value| {
        role["metadata"]["labels"].as_object().is_some_and(|labels| {
            labels.keys().any(|key| key.starts_with("rbac.authorization.k8s.io/aggregate-to-"))
        })
    };
    let roles = ["Role", "ClusterRole"].into_iter().flat_map(|kind| of_kind(&objects, kind));
    let mut all = roles.filter(|role| !aggregated(role) && !lets_go(role)).map(rights);
    let first = all.next().expect("a role");
    assert!(all.all(|other| other == first), "{name}: not the same in every namespace");
    first
}

/// Group and resource of an object: `("apps", "statefulsets")`.
fn resource(object: &Value) -> (String, String) {
    let version = text(object, "/apiVersion");
    let group = version.split_once('/').map_or("", |(group, _)| group).to_string();
    let kind = text(object, "/kind").to_lowercase();
    let plural = match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    };
    (group, plural)
}

/// All that charts/prometheus-cluster renders under the value sets of its tests; objects that a value set brings along
/// are its own concern (`rbac.extraRules`).
fn rendered() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (case, path) in value_sets("tests/prometheus_chart/values") {
        let brought = read(&path)["extraObjects"].as_array().cloned().unwrap_or_default();
        let is_brought = |object: &Value| {
            let same = |pointer: &str, other: &Value| text(object, pointer) == text(other, pointer);
            brought.iter().any(|other| same("/kind", other) && same("/metadata/name", other))
        };
        let objects = objects(PROMETHEUS, ("simple", "example"), &path);
        all.extend(
            objects.into_iter().filter(|object| !is_brought(object)).map(|object| (case.clone(), object)),
        );
    }
    all
}

fn is_role(object: &Value) -> bool {
    ROLES.contains(&text(object, "/kind"))
}

/// The rights to apply these objects.
fn to_apply<'a>(objects: impl Iterator<Item = &'a Value>) -> BTreeSet<Right> {
    let whole = |(group, plural): (String, String)| {
        WHOLE.iter().map(move |verb| (group.clone(), plural.clone(), verb.to_string()))
    };
    objects.map(resource).flat_map(whole).collect()
}

fn own() -> BTreeSet<Right> {
    let of = |(group, resource, verbs): &(&str, &str, &[&str])| {
        let right = |verb: &&str| (group.to_string(), resource.to_string(), verb.to_string());
        verbs.iter().map(right).collect::<Vec<_>>()
    };
    OWN.iter().flat_map(of).collect()
}

#[test]
fn the_agent_may_do_what_its_charts_need_and_nothing_else() {
    let objects = rendered();
    let needed = to_apply(objects.iter().map(|(_, object)| object).filter(|object| !is_role(object)));
    let needed: BTreeSet<Right> = needed.union(&own()).cloned().collect();
    for case in ["defaults", "namespaces", "watched-with-cluster-role"] {
        assert_eq!(granted(case), needed, "{case}");
    }
}

/// With `rbac.discovery`: the roles too, and what stands in them, for nobody can grant what he does not hold.
#[test]
fn discovery_adds_the_roles_and_what_they_grant() {
    let objects = rendered();
    for (case, kinds) in [("discovery", ROLES), ("discovery-namespaces", &["Role", "RoleBinding"])] {
        let roles = objects.iter().filter(|(_, object)| kinds.contains(&text(object, "/kind")));
        let roles: Vec<&Value> = roles.map(|(_, object)| object).collect();
        let inside = roles.iter().filter(|role| !role["rules"].is_null()).flat_map(|role| rights(role));
        let more: BTreeSet<Right> = to_apply(roles.iter().copied()).into_iter().chain(inside).collect();
        let expected: BTreeSet<Right> = granted("defaults").union(&more).cloned().collect();
        assert_eq!(granted(case), expected, "{case}");
    }
}

/// With `rbac.locks`: what keeping a seed and delivering a Secret takes, and no more; without it and without records no Secret at all.
#[test]
fn secrets_are_granted_for_records_and_for_locks() {
    let secret = |verb: &&str| (String::new(), "secrets".to_string(), verb.to_string());
    let without = granted("no-records");
    let more = |case: &str| granted(case).difference(&without).cloned().collect::<BTreeSet<Right>>();
    assert_eq!(more("defaults"), RECORDS.iter().map(secret).collect());
    assert_eq!(more("locks"), ["get", "create", "patch", "delete"].iter().map(secret).collect());
}

/// With `rbac.impersonate`: to act as these accounts, and as nobody else.
#[test]
fn the_accounts_that_are_named_are_all_that_it_may_act_as() {
    let more: BTreeSet<Right> = granted("impersonate").difference(&granted("defaults")).cloned().collect();
    let right = ["", "serviceaccounts", "impersonate"].map(str::to_string);
    assert_eq!(more, [right.into()].into());
    for object in agent(&set("impersonate")) {
        for rule in object["rules"].as_array().into_iter().flatten() {
            if rule["verbs"].as_array().is_some_and(|verbs| verbs.contains(&"impersonate".into())) {
                assert_eq!(rule["resourceNames"], serde_json::json!(["deployer", "team.deployer"]));
            }
        }
    }
}

#[test]
fn nothing_is_granted_that_gives_everything() {
    for (case, path) in value_sets("tests/agent_chart/values") {
        for role in agent(&path).iter().filter(|object| !object["rules"].is_null()) {
            for (group, resource, verb) in rights(role) {
                let right = format!("{case}: {verb} {group}/{resource}");
                assert!(!right.contains('*'), "{right}");
                assert!(
                    !["escalate", "bind", "impersonate", "update"].contains(&verb.as_str())
                        || group == "promgit.dev"
                        || case == "impersonate" && resource == "serviceaccounts",
                    "{right}"
                );
                let closed = [
                    if case == "no-records" { "secrets" } else { "" },
                    "pods/exec",
                    "pods/log",
                    "serviceaccounts/token",
                ];
                assert!(!closed.contains(&resource.as_str()), "{right}");
            }
        }
    }
}

/// Each further rule is granted as it is, and is all that comes with it.
#[test]
fn extra_rules_are_added_as_they_are() {
    let more = granted("extra-rules").difference(&granted("defaults")).cloned().collect::<BTreeSet<_>>();
    let whole = WHOLE
        .iter()
        .map(|verb| ("autoscaling".to_string(), "horizontalpodautoscalers".to_string(), verb.to_string()));
    assert_eq!(more, whole.collect());
}

#[test]
fn with_scope_namespaces_nothing_is_granted_anywhere_else() {
    let objects = agent(&set("namespaces"));
    assert!(of_kind(&objects, "ClusterRoleBinding").into_iter().all(lets_go));
    for kind in ["Role", "RoleBinding"] {
        let of_kind = of_kind(&objects, kind);
        let namespaces: Vec<&str> =
            of_kind.iter().map(|object| text(object, "/metadata/namespace")).collect();
        assert_eq!(namespaces, ["example", "team-1"], "{kind}");
    }
    assert_bound(&objects, "RoleBinding", "Role");
    assert_bound(&objects, "ClusterRoleBinding", "ClusterRole");
    assert_bound(&agent(&set("defaults")), "ClusterRoleBinding", "ClusterRole");
    assert_eq!(granted_kinds(&set("rights-given-by-hand")), Vec::<String>::new());
}

/// A namespace that goes takes its Role along; what is left are the resource, and whether the namespace goes.
#[test]
fn a_namespace_that_goes_leaves_the_agent_the_finalizer() {
    let objects = agent(&set("namespaces"));
    let roles: Vec<&Value> =
        of_kind(&objects, "ClusterRole").into_iter().filter(|role| lets_go(role)).collect();
    let [role] = roles.as_slice() else { panic!("{} roles", roles.len()) };
    let of = |group: &str, resource: &str| {
        let right = |verb: &str| (group.to_string(), resource.to_string(), verb.to_string());
        ["get", "list", "watch", "patch"].map(right)
    };
    let [get, ..] = of("", "namespaces");
    let expected: BTreeSet<Right> =
        of("promgit.dev", "prometheusclusters").into_iter().chain([get]).collect();
    assert_eq!(rights(role), expected);
    assert_eq!(role["rules"][1]["resourceNames"], serde_json::json!(["example", "team-1"]));
    for case in ["namespaces-hold", "defaults"] {
        let objects = agent(&set(case));
        assert!(!objects.iter().any(lets_go), "{case}");
    }
}

/// Every binding binds a role that is there to the account of the pod.
fn assert_bound(objects: &[Value], binding: &str, role: &str) {
    let account = &of_kind(objects, "ServiceAccount")[0]["metadata"];
    for binding in of_kind(objects, binding) {
        assert_eq!(text(binding, "/roleRef/kind"), role);
        let name = text(binding, "/roleRef/name");
        assert!(of_kind(objects, role).iter().any(|role| text(role, "/metadata/name") == name), "{name}");
        assert_eq!(binding["subjects"].as_array().expect("subjects").len(), 1);
        for key in ["name", "namespace"] {
            assert_eq!(binding["subjects"][0][key], account[key]);
        }
    }
}

fn granted_kinds(values: &Path) -> Vec<String> {
    agent(values)
        .iter()
        .filter(|object| is_role(object))
        .map(|object| text(object, "/kind").to_string())
        .collect()
}

/// Users get PrometheusClusters with the roles that they have; the status stays the agent's.
#[test]
fn users_get_the_resource_with_the_roles_they_have() {
    let objects = agent(&set("defaults"));
    let aggregated = |to: &str| {
        let label = format!("rbac.authorization.k8s.io/aggregate-to-{to}");
        let roles = of_kind(&objects, "ClusterRole").into_iter();
        let roles = roles.filter(|role| role["metadata"]["labels"][&label] == "true");
        let rights = roles.flat_map(rights).map(|(group, resource, verb)| {
            assert_eq!(group, "promgit.dev");
            format!("{verb} {resource}")
        });
        rights.collect::<BTreeSet<_>>()
    };
    let (view, edit, admin) = (aggregated("view"), aggregated("edit"), aggregated("admin"));
    assert_eq!(edit, admin);
    assert!(view.is_subset(&edit));
    let reads = |right: &String| ["get", "list", "watch"].contains(&right.split(' ').next().unwrap());
    assert!(view.iter().all(reads), "{view:?}");
    for right in ["create prometheusclusters", "patch prometheusclusters/scale", "delete prometheusclusters"]
    {
        assert!(edit.contains(right), "{right}");
    }
    assert!(edit.iter().all(|right| reads(right) || !right.contains("/status")), "{edit:?}");
}

/// The README's table of rights is the role.
#[test]
fn the_readme_lists_every_right() {
    let readme = support::root().join("charts/promgit/README.md");
    let readme = std::fs::read_to_string(readme).expect("the README");
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    for (group, resource, verb) in granted("defaults") {
        let listed = rows.iter().any(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let holds = |cell: usize, word: &str| {
                cells.get(cell).is_some_and(|cell| cell.split([',', ' ', '`']).any(|part| part == word))
            };
            holds(1, &resource) && holds(2, if group.is_empty() { "core" } else { &group }) && holds(3, &verb)
        });
        assert!(listed, "{verb} {group}/{resource} is not in the README's table");
    }
}
