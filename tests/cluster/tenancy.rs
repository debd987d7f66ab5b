//! Namespaces whose objects the agent changes as a ServiceAccount of theirs, and one beside them without.

use std::collections::BTreeSet;

use serde_json::json;

use crate::agent::{self, Agent};
use crate::bed::Bed;
use crate::bed::audit::Mark;
use crate::hooks::{job, spec};
use crate::scene::{Scene, bringing};

/// What the default chart is made of, but for what the agent only looks at.
const CHART: &str = "configmaps,services,serviceaccounts,statefulsets.apps,poddisruptionbudgets.policy";

/// A scene in which the objects of the namespace belong to this account of it, and a second namespace in which they belong to
/// the agent. None on a cluster that is not ours: there the tests act as the agent themselves.
fn scene(stem: &str, account: &str) -> Option<(Scene, Scene)> {
    scene_with(stem, account, "")
}

/// `more`: of the agent's settings.
fn scene_with(stem: &str, account: &str, more: &str) -> Option<(Scene, Scene)> {
    let bed = agent::bed();
    bed.supervisor()?;
    let [tenant, free] = [stem, "free"].map(|stem| bed.namespace(stem));
    let settings = format!(
        "targets: [{{namespaces: [{tenant}], repository: {{path: tenant.git}}, delivery: {{serviceAccountName: {account}}}}}]\n{more}"
    );
    let agent = |namespace: &str| Agent::start(bed, &[namespace], &settings);
    let [tenant, free] = [tenant, free].map(|namespace| Scene { bed, agent: agent(&namespace), namespace });
    Some((tenant, free))
}

/// Makes the account, and gives it what may be done to these resources.
fn account(scene: &Scene, name: &str, resources: &str) {
    scene.kubectl(&["create", "serviceaccount", name]);
    grant(scene, name, name, resources);
}

fn grant(scene: &Scene, role: &str, account: &str, resources: &str) {
    let resources = format!("--resource={resources}");
    scene.kubectl(&["create", "role", role, "--verb=get,list,create,patch,delete", &resources]);
    let account = format!("--serviceaccount={}:{account}", scene.namespace);
    scene.kubectl(&["create", "rolebinding", role, &format!("--role={role}"), &account]);
}

fn again(scene: &Scene) {
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/reconcile-at=now", "--overwrite"]);
}

/// Which users the agent was when it changed what.
fn changed(scene: &Scene, since: Mark) -> BTreeSet<(String, String)> {
    let requests = scene.bed.audit_since(since).into_iter();
    let own = requests.filter(|request| {
        request.user == agent::ACCOUNT && request.namespace == scene.namespace && request.writes()
    });
    own.map(|request| (request.resource, request.acted_as.replace(&scene.namespace, "NS"))).collect()
}

#[test]
fn a_namespace_gets_no_more_than_the_rights_of_its_account() {
    let Some((tenant, free)) = scene("tenant", "deployer") else { return };
    account(&tenant, "deployer", "configmaps,services");
    let mark = tenant.bed.mark();
    for scene in [&tenant, &free] {
        scene.put("simple", "{}");
    }
    free.ready("simple");
    let shown = tenant.wait_for("simple", "Applied=False ApplyFailed", "cannot patch resource");
    let refusal = "Applied=False ApplyFailed @1: StatefulSet/simple: statefulsets.apps \"simple\" is forbidden: User \
                   \"system:serviceaccount:NS:deployer\" cannot patch resource \"statefulsets\" in API group \"apps\" in the \
                   namespace \"NS\"; give that right to ServiceAccount NS/deployer, as which promgit acts here \
                   (delivery.serviceAccountName), not to the agent";
    assert_eq!(shown[1], refusal);
    for kind in ["configmap", "service", "statefulset", "pdb"] {
        let there = tenant.get(&[kind, "--selector=app.kubernetes.io/instance=simple"]);
        assert!(there.is_null(), "{there}");
    }
    let own = |resource: &str| (resource.to_owned(), String::new());
    let refused = BTreeSet::from(["prometheusclusters", "events"].map(own));
    assert_eq!(changed(&tenant, mark), refused);

    // The way out, and then every change is one of the account, but for what users are told.
    grant(&tenant, "rest", "deployer", CHART);
    again(&tenant);
    tenant.ready("simple");
    let as_account = |resource: &str| (resource.to_owned(), "system:serviceaccount:NS:deployer".to_owned());
    // Helm's record, a Secret, is refused to it, and holds up nothing
    let objects = ["configmaps", "secrets", "serviceaccounts", "services", "statefulsets"];
    let expected: BTreeSet<_> = refused.into_iter().chain(objects.map(as_account)).collect();
    assert_eq!(changed(&tenant, mark), expected);
    assert!(changed(&free, mark).iter().all(|(_, acted_as)| acted_as.is_empty()));

    // Nothing is taken down with more rights either.
    tenant.kubectl(&["delete", "rolebinding", "rest"]);
    tenant.kubectl(&["delete", "proms/simple", "--wait=false"]);
    tenant.wait_for("simple", "Ready=False DeleteFailed", "cannot get resource \"statefulsets\"");
    assert!(!tenant.get(&["statefulset/simple"]).is_null());
    let (role, account) = ("--role=rest", format!("--serviceaccount={}:deployer", tenant.namespace));
    tenant.kubectl(&["create", "rolebinding", "rest", role, &account]);
    tenant.kubectl(&["wait", "--for=delete", "proms/simple", "--timeout=120s"]);
    assert!(tenant.get(&["statefulset/simple"]).is_null());
    let users: Vec<_> = changed(&tenant, mark).into_iter().filter(|(_, user)| user.is_empty()).collect();
    assert_eq!(users, ["events", "prometheusclusters"].map(own));
}

#[test]
fn hooks_run_as_the_account() {
    let Some((tenant, _)) = scene("hooked", "deployer") else { return };
    account(&tenant, "deployer", CHART);
    let hook = [job("before", "pre-install", json!({"helm.sh/hook-delete-policy": "hook-succeeded"}))];
    let mark = tenant.bed.mark();
    tenant.put("simple", &spec(&hook, json!({})));
    let words = "cannot patch resource \"jobs\" in API group \"batch\"";
    let shown = tenant.wait_for("simple", "Applied=False ApplyFailed", words);
    assert!(shown[1].contains("; give that right to ServiceAccount NS/deployer"), "{shown:#?}");
    assert!(tenant.get(&["statefulset/simple"]).is_null(), "something was changed before it was known");
    grant(&tenant, "jobs", "deployer", "jobs.batch");
    again(&tenant);
    tenant.ready("simple");
    let jobs = changed(&tenant, mark).into_iter().filter(|(resource, _)| resource == "jobs");
    let users: Vec<String> = jobs.map(|(_, user)| user).collect();
    assert_eq!(users, ["system:serviceaccount:NS:deployer"]);
}

/// A cluster that brings a role along which lets its Prometheus read Secrets.
fn with_role() -> String {
    let rules = "rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]";
    bringing("reader", rules).replace(
        "{apiVersion: v1, kind: ConfigMap,",
        "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role,",
    )
}

#[test]
fn a_role_that_grants_more_than_the_account_has_is_refused() {
    let Some((tenant, free)) = scene("escalate", "deployer") else { return };
    account(&tenant, "deployer", &format!("{CHART},roles.rbac.authorization.k8s.io"));
    for scene in [&tenant, &free] {
        scene.put("simple", &with_role());
    }
    // The agent itself holds the right, and so can pass it on.
    free.ready("simple");
    assert!(!free.get(&["role/reader"]).is_null());
    let held = "is attempting to grant RBAC permissions not currently held";
    let shown = tenant.wait_for("simple", "Applied=False ApplyFailed", held);
    for part in [
        "Role/reader: ",
        "user \"system:serviceaccount:NS:deployer\" (groups=[\"system:serviceaccounts\" \"system:serviceaccounts:NS\" \
         \"system:authenticated\"])",
        "give that right to ServiceAccount NS/deployer",
    ] {
        assert!(shown[1].contains(part), "{part}: {shown:#?}");
    }
    for object in ["role/reader", "statefulset/simple", "service/simple"] {
        assert!(tenant.get(&[object]).is_null(), "{object} was made");
    }
}

#[test]
fn an_account_that_is_not_there_is_told() {
    let Some((tenant, _)) = scene("missing", "deployer") else { return };
    tenant.put("simple", "{}");
    let words = "ServiceAccount NS/deployer, as which promgit acts here, does not exist: make it and give it that right";
    let shown = tenant.wait_for("simple", "Applied=False ApplyFailed", words);
    assert!(shown[2].starts_with("Ready=False ApplyFailed @1: "), "{shown:#?}");
    account(&tenant, "deployer", CHART);
    again(&tenant);
    tenant.ready("simple");
    // Its rights go before the cluster does, and hold up nobody.
    tenant.bed.kubectl(&["delete", "namespace", &tenant.namespace, "--timeout=90s"]);
}

#[test]
fn an_agent_that_may_not_act_as_the_account_says_so() {
    let Some((tenant, _)) = scene("stranger", "stranger") else { return };
    account(&tenant, "stranger", CHART);
    tenant.put("simple", "{}");
    let shown = tenant.wait_for("simple", "Applied=False ApplyFailed", "cannot impersonate");
    for part in [
        "User \"system:serviceaccount:promgit-system:promgit\" cannot impersonate resource \"serviceaccounts\"",
        "; give the agent the right to act as it (rbac.impersonate in charts/promgit)",
    ] {
        assert!(shown[1].contains(part), "{part}: {shown:#?}");
    }
    assert!(tenant.get(&["configmap", "--selector=app.kubernetes.io/instance=simple"]).is_null());
}

/// The agent has the right to all Secrets here, and does not use it.
#[test]
fn secrets_and_seeds_are_those_of_the_account() {
    let folder = tempfile::tempdir().expect("a folder");
    let more = crate::secrets::settings(folder.path(), "");
    let Some((tenant, free)) = scene_with("seeds", "deployer", &more) else { return };
    account(&tenant, "deployer", "configmaps");
    let mark = tenant.bed.mark();
    for scene in [&tenant, &free] {
        scene.put("simple", "{}");
    }
    free.ready("simple");
    let words = "cannot get resource \"secrets\"";
    let shown = tenant.wait_for("simple", "Committed=False RenderFailed", words);
    assert!(shown[0].contains("; give that right to ServiceAccount NS/deployer"), "{shown:#?}");
    grant(&tenant, "secrets", "deployer", "secrets");
    again(&tenant);
    tenant.ready("simple");
    let users = |scene: &Scene| -> BTreeSet<String> {
        let changed = changed(scene, mark).into_iter();
        changed.filter(|(resource, _)| resource == "secrets").map(|(_, user)| user).collect()
    };
    assert_eq!(users(&tenant), BTreeSet::from(["system:serviceaccount:NS:deployer".to_owned()]));
    assert_eq!(users(&free), BTreeSet::from([String::new()]));
    for secret in ["secret/simple", "secret/promgit.lock.simple"] {
        assert!(!tenant.get(&[secret]).is_null(), "{secret}");
    }
}

/// The API server would take the groups of the one for those of the other.
#[test]
fn a_kubeconfig_that_acts_as_somebody_is_refused() {
    let bed = agent::bed();
    let config = std::fs::read_to_string(bed.kubeconfig()).expect("a kubeconfig");
    let mut config: serde_json::Value = serde_yaml::from_str(&config).expect("YAML");
    config["users"][0]["user"]["as"] = "alice".into();
    config["users"][0]["user"]["as-groups"] = serde_json::json!(["system:masters"]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kubeconfig");
    std::fs::write(&path, config.to_string()).expect("written");
    let settings = "delivery: {serviceAccountName: deployer}";
    let mut agent = Agent::new(bed, agent::USER, &["default"], settings).with_kubeconfig(path);
    agent.launch();
    agent.wait_for(
        "the kubeconfig acts as alice (`as`), and delivery.serviceAccountName has promgit act as others",
    );
    assert!(!agent.wait_for_end().success());
}

/// Namespaces of the measurement below.
const TENANTS: usize = 200;

/// Requests that the agent has on their way at most, each over one connection (`cluster/pacing.rs`).
const MOST_REQUESTS: usize = 48;

/// Namespaces with an account each, and a cluster without pods in each.
fn tenants(bed: &Bed, stem: &str) {
    let mut made = String::new();
    let mut clusters = String::new();
    for number in 0..TENANTS {
        let namespace = format!("{stem}-{number}");
        let account = json!({"kind": "ServiceAccount", "name": "deployer", "namespace": namespace});
        let metadata = json!({"name": "deployer", "namespace": namespace});
        let role =
            json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"});
        for object in [
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata,
                "roleRef": role, "subjects": [account]}),
        ] {
            made += &format!("{object}\n---\n");
        }
        let metadata = format!("  namespace: {namespace}\n");
        clusters += &crate::scene::manifest("simple", &metadata, "{values: {replicas: 0}}");
    }
    bed.apply(&made);
    bed.apply(&clusters);
}

/// Connections of a process, and its memory in KiB.
fn footprint(process: u32) -> (usize, [String; 2]) {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let targets = open.filter_map(|file| std::fs::read_link(file.path()).ok());
    let sockets = targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count();
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line =
        |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("?").trim().to_owned();
    (sockets, ["VmHWM:", "VmRSS:"].map(line))
}

/// All accounts go over the connections of the agent, and none of them keeps anything when it is not used.
#[test]
#[ignore = "a measurement: cargo test --test cluster -- --ignored --nocapture accounts"]
fn two_hundred_accounts_take_no_more_connections_than_none() {
    let bed = agent::bed();
    let Some(_) = bed.supervisor() else { return };
    let mut most = Vec::new();
    for (stem, settings) in [("own", ""), ("acting", "delivery: {serviceAccountName: deployer}")] {
        tenants(bed, stem);
        let mark = bed.mark();
        let namespaces: Vec<String> = (0..TENANTS).map(|number| format!("{stem}-{number}")).collect();
        let agent = Agent::start(bed, &[], settings);
        let mut sockets = 0;
        crate::bed::wait("all of them", || {
            sockets = footprint(agent.process()).0.max(sockets);
            let all = bed.get(&["proms", "--all-namespaces", "--request-timeout=60s"]);
            let all = all["items"].as_array().cloned().unwrap_or_default();
            let is_ready = |cluster: &&serde_json::Value| {
                let conditions = cluster["status"]["conditions"].as_array().into_iter().flatten();
                conditions.into_iter().any(|found| found["type"] == "Ready" && found["status"] == "True")
            };
            match all.iter().filter(is_ready).count() {
                count if count == all.len() && count >= TENANTS => Ok(()),
                count => Err(format!("{count} of {}", all.len())),
            }
        });
        let (now, memory) = footprint(agent.process());
        let requests =
            bed.audit_since(mark).into_iter().filter(|request| request.user == agent::ACCOUNT).count();
        println!("{stem}: at most {sockets} sockets, {now} at the end, {memory:?}, {requests} requests");
        most.push(sockets);
        drop(agent);
        bed.kubectl(&["delete", "proms", "--all", "--all-namespaces", "--wait=false"]);
        let patch = "--patch={\"metadata\":{\"finalizers\":null}}";
        for namespace in &namespaces {
            bed.try_kubectl(&["patch", "proms/simple", "--namespace", namespace, "--type=merge", patch]);
        }
    }
    assert!(most[1] <= most[0] + MOST_REQUESTS / 2, "{most:?}");
}
