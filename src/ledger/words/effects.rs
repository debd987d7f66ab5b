//! The objects of two renders turned into what the change does to what runs: a reload, a restart, new volumes, lost data.
//!
//! Sources: Kubernetes, «Update strategies» of a StatefulSet and «Rolling update» of a Deployment (a changed pod template
//! replaces pods), «Stable storage» (claim templates cannot change), «PersistentVolumeClaim retention», «emptyDir»
//! (its data goes with the pod); Prometheus, «Storage»: flags `--storage.tsdb.retention.*`.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::objects::Objects;
use crate::ledger::folder::MANIFESTS;

/// Kinds whose pods are replaced when their template changes.
const WORKLOADS: &[&str] = &["StatefulSet", "Deployment", "DaemonSet"];
/// Their configuration is read anew without a restart.
const RELOADS: &[&str] = &["--config.auto-reload-interval", "--config.auto-reload", "--web.enable-lifecycle"];
const MOUNTED: &[&str] = &["ConfigMap", "Secret"];
const RETENTION: &[&str] = &["--storage.tsdb.retention.time", "--storage.tsdb.retention.size"];

/// What the change does, the gravest first; nothing where objects only come, or change what does not run. `asked` is
/// `cluster.yaml` before and after.
pub fn effects(asked: [Option<&Json>; 2], old: &Objects, new: &Objects) -> Vec<String> {
    let (mut found, mut restarted) = (retention_asked(asked), BTreeSet::new());
    for (title, after) in new {
        let Some(before) = old.get(title).filter(|object| object.is_object()) else { continue };
        if WORKLOADS.contains(&kind(title)) {
            let workload = Workload { title, before, after };
            if workload.is_restarted() {
                restarted.insert(title.as_str());
            }
            found.extend(workload.effects());
        }
    }
    found.extend(reloads(old, new, &restarted));
    found.sort_by_key(|(rank, _)| *rank);
    found.dedup();
    found.into_iter().map(|(_, words)| words).collect()
}

/// The limits of `spec.retention`, wherever the chart puts them.
fn retention_asked([old, new]: [Option<&Json>; 2]) -> Vec<Effect> {
    let (Some(old), Some(new)) = (old, new) else { return Vec::new() };
    let limit = |asked: &Json, field| asked["spec"]["retention"][field].as_str().map(str::to_owned);
    let limits = ["time", "size"].map(|field| [limit(old, field), limit(new, field)]);
    limits.into_iter().filter_map(lost_samples).collect()
}

/// What a limit of the retention does that changes from one value to the other.
fn lost_samples([old, new]: [Option<String>; 2]) -> Option<Effect> {
    let is_shorter = shorter(old.as_deref(), new.as_deref())?;
    let words = format!("data at risk: samples beyond {} are deleted", new?);
    is_shorter.then_some((Rank::Data, words))
}

/// Whether the file of a folder holds an object that may have pods.
pub fn is_workload(path: &str) -> bool {
    let file = path.strip_prefix(MANIFESTS).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
    WORKLOADS.iter().any(|kind| file.starts_with(&format!("{}-", kind.to_lowercase())))
}

/// How grave an effect is; the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Data,
    Volume,
    Restart,
    Scale,
    Reload,
}

type Effect = (Rank, String);

fn kind(title: &str) -> &str {
    title.split_once('/').map_or(title, |(kind, _)| kind)
}

/// A workload that is there before and after.
struct Workload<'a> {
    title: &'a str,
    before: &'a Json,
    after: &'a Json,
}

impl Workload<'_> {
    fn both<'j>(&'j self, pointer: &str) -> [&'j Json; 2] {
        [self.before, self.after].map(|object| object.pointer(pointer).unwrap_or(&Json::Null))
    }

    fn is_restarted(&self) -> bool {
        let [before, after] = self.both("/spec/template");
        before != after
    }

    fn effects(&self) -> Vec<Effect> {
        let mut found = Vec::from_iter(self.volumes());
        found.extend(self.shorter_retention());
        found.extend(self.claims_that_go());
        let title = self.title;
        if self.is_restarted() {
            found.push((Rank::Restart, format!("rolling restart of {title}")));
            found.extend(self.samples_that_go());
        }
        found.extend(self.scale());
        found
    }

    /// Claim templates cannot change in place.
    fn volumes(&self) -> Option<Effect> {
        let [before, after] = self.both("/spec/volumeClaimTemplates").map(claims);
        let title = self.title;
        let words = match (before.is_empty(), after.is_empty()) {
            _ if before == after => return None,
            (true, _) => {
                return Some((
                    Rank::Data,
                    format!("data at risk: {title} gets volumes, and starts on empty ones"),
                ));
            }
            (_, true) => {
                format!("data at risk: {title} leaves its volumes and keeps samples in its pods only")
            }
            _ => {
                return Some((
                    Rank::Volume,
                    format!("new volume claims: {title} has to be made anew, its claims stay"),
                ));
            }
        };
        Some((Rank::Data, words))
    }

    fn shorter_retention(&self) -> Vec<Effect> {
        let [before, after] = self.both("/spec/template/spec").map(arguments);
        let value = |all: &[String], flag: &str| {
            let found = all.iter().find_map(|argument| argument.strip_prefix(flag)?.strip_prefix('='));
            found.map(str::to_owned)
        };
        let limits = RETENTION.iter().map(|flag| [&before, &after].map(|all| value(all, flag)));
        limits.filter_map(lost_samples).collect()
    }

    fn claims_that_go(&self) -> Vec<Effect> {
        let mut found = Vec::new();
        for (field, moment) in [("whenDeleted", "is deleted"), ("whenScaled", "is scaled down")] {
            let pointer = format!("/spec/persistentVolumeClaimRetentionPolicy/{field}");
            let [before, after] = self.both(&pointer);
            if before != "Delete" && after == "Delete" {
                let title = self.title;
                found.push((Rank::Data, format!("data at risk: volumes of {title} go when it {moment}")));
            }
        }
        let [before, after] = self.both("/spec/replicas").map(replicas);
        let goes = self.after.pointer("/spec/persistentVolumeClaimRetentionPolicy/whenScaled");
        if after < before && goes.is_some_and(|policy| policy == "Delete") {
            found.push((Rank::Data, format!("data at risk: volumes of {} go with their pods", self.title)));
        }
        found
    }

    /// A pod that keeps its samples itself takes them with it.
    fn samples_that_go(&self) -> Option<Effect> {
        let [before, _] = self.both("/spec/template/spec");
        let path = arguments(before)
            .iter()
            .find_map(|argument| Some(argument.strip_prefix("--storage.tsdb.path=")?.to_owned()))?;
        let name = mounted_at(before, &path)?;
        let volumes = before["volumes"].as_array()?;
        let volume = volumes.iter().find(|volume| volume["name"] == name)?;
        let words =
            format!("data at risk: {} keeps its samples in its pods, and they go with them", self.title);
        volume.get("emptyDir").map(|_| (Rank::Data, words))
    }

    fn scale(&self) -> Option<Effect> {
        let [before, after] = self.both("/spec/replicas").map(replicas);
        let title = self.title;
        match before.cmp(&after) {
            Ordering::Less => Some((Rank::Scale, format!("{} of {title}", pods(after - before, "more")))),
            Ordering::Greater => Some((Rank::Scale, format!("{} of {title}", pods(before - after, "fewer")))),
            Ordering::Equal => None,
        }
    }
}

/// ConfigMaps and Secrets that change below pods which stay.
fn reloads(old: &Objects, new: &Objects, restarted: &BTreeSet<&str>) -> Vec<Effect> {
    let changed: Vec<&String> = new
        .iter()
        .filter(|(title, after)| {
            let before = old.get(*title).filter(|before| before.is_object());
            MOUNTED.contains(&kind(title))
                && before.is_some_and(|before| {
                    ["data", "binaryData", "stringData"].iter().any(|key| before[*key] != after[*key])
                })
        })
        .map(|(title, _)| title)
        .collect();
    let mut found = Vec::new();
    for (title, workload) in new.iter().filter(|(title, _)| WORKLOADS.contains(&kind(title))) {
        let spec = &workload["spec"]["template"]["spec"];
        let is_read = changed.iter().any(|title| reads(spec, title));
        if is_read && old.contains_key(title) && !restarted.contains(title.as_str()) {
            let is_watched = arguments(spec)
                .iter()
                .any(|argument| RELOADS.iter().any(|flag| argument.split('=').next() == Some(flag)));
            let words = match is_watched {
                true => format!("reload only: no pod of {title} restarts"),
                false => {
                    format!("no pod of {title} restarts: it sees the change when it reads its files again")
                }
            };
            found.push((Rank::Reload, words));
        }
    }
    found
}

/// Whether pods mount this ConfigMap or Secret.
fn reads(spec: &Json, title: &str) -> bool {
    let Some((kind, name)) = title.split_once('/') else { return false };
    let is_it = |source: &Json| match kind {
        "ConfigMap" => source["configMap"]["name"] == name,
        _ => source["secret"]["secretName"] == name || source["secret"]["name"] == name,
    };
    let volumes = spec["volumes"].as_array();
    volumes.into_iter().flatten().any(|volume| {
        let projected = volume["projected"]["sources"].as_array();
        is_it(volume) || projected.into_iter().flatten().any(is_it)
    })
}

/// What the containers of pods are started with.
fn arguments(spec: &Json) -> Vec<String> {
    let containers = spec["containers"].as_array().into_iter().flatten();
    let words = containers.flat_map(|container| {
        ["command", "args"].into_iter().filter_map(|key| container[key].as_array()).flatten()
    });
    words.filter_map(Json::as_str).map(str::to_owned).collect()
}

/// The volume that holds this path.
fn mounted_at<'j>(spec: &'j Json, path: &str) -> Option<&'j str> {
    let containers = spec["containers"].as_array().into_iter().flatten();
    let mounts = containers.filter_map(|container| container["volumeMounts"].as_array()).flatten();
    let holds = |mount: &&Json| {
        mount["mountPath"].as_str().is_some_and(|at| path.trim_end_matches('/').starts_with(at))
    };
    mounts.filter(holds).max_by_key(|mount| mount["mountPath"].as_str().map(str::len))?["name"].as_str()
}

/// Name, size and class of each claim template: what makes a volume another one.
fn claims(templates: &Json) -> Vec<[&Json; 3]> {
    let all = templates.as_array().into_iter().flatten();
    all.map(|claim| {
        let spec = &claim["spec"];
        [&claim["metadata"]["name"], &spec["resources"]["requests"]["storage"], &spec["storageClassName"]]
    })
    .collect()
}

fn pods(count: u64, how: &str) -> String {
    format!("{count} {how} {}", if count == 1 { "pod" } else { "pods" })
}

fn replicas(count: &Json) -> u64 {
    count.as_f64().map_or(1, |count| count as u64)
}

/// Whether less is kept than before; nothing where that cannot be told.
fn shorter(old: Option<&str>, new: Option<&str>) -> Option<bool> {
    let new = amount(new?)?;
    match old {
        Some(old) => Some(new < amount(old)?),
        // It was without this limit.
        None => Some(true),
    }
}

/// `15d`, `1h30m`, `512MB`: in seconds or bytes (Prometheus `model.ParseDuration`, `units.Base2Bytes`).
fn amount(text: &str) -> Option<f64> {
    const UNITS: &[(&str, f64)] = &[
        ("ms", 0.001),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3_600.0),
        ("d", 86_400.0),
        ("w", 604_800.0),
        ("y", 31_536_000.0),
        ("B", 1.0),
        ("KB", 1_024.0),
        ("MB", 1_048_576.0),
        ("GB", 1_073_741_824.0),
        ("TB", 1_099_511_627_776.0),
        ("PB", 1_125_899_906_842_624.0),
        ("EB", 1_152_921_504_606_846_976.0),
    ];
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == &rest[digits..unit])?;
        (sum, rest) = (sum + number * factor, &rest[unit..]);
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A StatefulSet of one volume, with these changes.
    fn set(change: impl Fn(&mut Json)) -> Json {
        let mut set = json!({
            "spec": {
                "replicas": 2,
                "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
                "template": {"spec": {
                    "containers": [{
                        "image": "p:1",
                        "args": ["--config.auto-reload", "--storage.tsdb.path=/data", "--storage.tsdb.retention.time=15d"],
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                    }],
                    "volumes": [{"name": "config", "configMap": {"name": "c"}}],
                }},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}],
            }
        });
        change(&mut set);
        set
    }

    fn told(before: impl Fn(&mut Json), after: impl Fn(&mut Json)) -> Vec<String> {
        let one = |set: Json| Objects::from([("StatefulSet/s".to_string(), set)]);
        effects([None, None], &one(set(before)), &one(set(after)))
    }

    const RESTART: &str = "rolling restart of StatefulSet/s";

    #[test]
    fn what_runs_is_told() {
        let same = |_: &mut Json| {};
        let image = |set: &mut Json| set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("p:2");
        let three = |set: &mut Json| set["spec"]["replicas"] = json!(3);
        assert!(told(same, same).is_empty());
        assert_eq!(told(same, image), [RESTART]);
        assert_eq!(told(same, three), ["1 more pod of StatefulSet/s"]);
        assert_eq!(told(three, same), ["1 fewer pod of StatefulSet/s"]);
    }

    #[test]
    fn data_at_risk_comes_first() {
        let same = |_: &mut Json| {};
        let shorter = |set: &mut Json| {
            set["spec"]["template"]["spec"]["containers"][0]["args"][2] =
                json!("--storage.tsdb.retention.time=1h30m");
        };
        assert_eq!(told(same, shorter), ["data at risk: samples beyond 1h30m are deleted", RESTART]);
        assert_eq!(told(shorter, same), [RESTART]);
        let bare = |set: &mut Json| {
            set["spec"]["volumeClaimTemplates"] = Json::Null;
            set["spec"]["template"]["spec"]["volumes"] = json!([{"name": "data", "emptyDir": {}}]);
        };
        let other = |set: &mut Json| {
            bare(set);
            set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("p:2");
        };
        let lost = "data at risk: StatefulSet/s keeps its samples in its pods, and they go with them";
        assert_eq!(told(bare, other), [lost, RESTART]);
        assert!(told(bare, same)[0].contains("starts on empty ones"));
        assert!(told(same, bare)[0].contains("leaves its volumes"));
        let delete = |set: &mut Json| {
            set["spec"]["persistentVolumeClaimRetentionPolicy"]["whenScaled"] = json!("Delete");
        };
        assert_eq!(told(same, delete), ["data at risk: volumes of StatefulSet/s go when it is scaled down"]);
    }

    #[test]
    fn claims_that_change_are_new_ones() {
        let larger = |set: &mut Json| {
            set["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] = json!("2Gi");
        };
        let label = |set: &mut Json| {
            set["spec"]["volumeClaimTemplates"][0]["metadata"]["labels"] = json!({"a": "b"});
        };
        assert!(told(|_| {}, larger)[0].starts_with("new volume claims: StatefulSet/s"));
        assert!(told(|_| {}, label).is_empty());
    }

    #[test]
    fn what_was_asked_for_counts_wherever_the_chart_puts_it() {
        let asked = |time: &str| json!({"spec": {"retention": {"time": time}}});
        let told = |before: &str, after: &str| {
            let [before, after] = [before, after].map(asked);
            effects([Some(&before), Some(&after)], &Objects::new(), &Objects::new())
        };
        assert_eq!(told("30d", "2w"), ["data at risk: samples beyond 2w are deleted"]);
        assert!(told("2w", "30d").is_empty());
    }

    #[test]
    fn configuration_is_reloaded() {
        let objects = |text: &str, set: Json| {
            Objects::from([
                ("ConfigMap/c".to_string(), json!({"data": {"prometheus.yml": text}})),
                ("StatefulSet/s".to_string(), set),
            ])
        };
        let plain = |set: &mut Json| {
            set["spec"]["template"]["spec"]["containers"][0]["args"] = json!([]);
        };
        let image = |set: &mut Json| set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("p:2");
        let told =
            |before: Json, after: Json| effects([None, None], &objects("a", before), &objects("b", after));
        assert_eq!(told(set(|_| {}), set(|_| {})), ["reload only: no pod of StatefulSet/s restarts"]);
        assert!(told(set(plain), set(plain))[0].starts_with("no pod of StatefulSet/s restarts: it sees"));
        assert_eq!(told(set(|_| {}), set(image)), [RESTART]);
    }

    #[test]
    fn amounts() {
        let table = [("15d", 1_296_000.0), ("1h30m", 5_400.0), ("512MB", 536_870_912.0), ("1.5h", 5_400.0)];
        for (text, expected) in table {
            assert_eq!(amount(text), Some(expected), "{text}");
        }
        for text in ["", "d", "15", "15x"] {
            assert_eq!(amount(text), None, "{text}");
        }
    }
}
