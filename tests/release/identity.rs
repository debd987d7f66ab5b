//! Any record that is written is read as what it was.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use promgit::release::chart::ChartText;
use promgit::release::draft::Draft;
use promgit::release::hook::{Hook, Phase, Run};
use promgit::release::record::{MAX_DESCRIPTION, Release};
use promgit::release::secret::New;
use promgit::release::status::Status;
use promgit::release::stored::Stored;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::rendered::{chart, render};

fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000, 0_i32..1_000_000_000)
        .prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap())
}

fn hook() -> impl Strategy<Value = Hook> {
    let phase = prop::sample::select(vec![
        Phase::None,
        Phase::Unknown,
        Phase::Running,
        Phase::Succeeded,
        Phase::Failed,
    ]);
    let run = (prop::option::of(time()), prop::option::of(time()), phase);
    let run = run.prop_map(|(started_at, completed_at, phase)| Run { started_at, completed_at, phase });
    let lists = prop::collection::vec(".*", 0..3);
    (".*", ".*", ".*", lists.clone(), run, any::<i64>(), lists.clone(), lists).prop_map(
        |(name, path, manifest, events, last_run, weight, delete_policies, output_log_policies)| Hook {
            kind: "Job".into(),
            name,
            path,
            manifest,
            events,
            last_run,
            weight,
            delete_policies,
            output_log_policies,
        },
    )
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1e15..1e15).prop_map(|number: f64| json!(number)),
        ".*".prop_map(Value::from)
    ];
    let tree = leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..4).prop_map(|map| json!(map))
        ]
    });
    prop::collection::btree_map(".*", tree, 0..4).prop_map(|map| json!(map))
}

/// Numbers as Helm reads them: all of them float64.
fn numbers(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(numbers).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), numbers(value))).collect(),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_record_reads_as_what_was_written(
        texts in [".*", ".*", ".{0,40}"],
        times in [time(), time()],
        deleted in prop::option::of(time()),
        numbers_of in (1_u32..1_000_000, prop::option::of(1_u32..1_000_000)),
        status in prop::sample::select(Status::ALL.to_vec()),
        hooks in prop::collection::vec(hook(), 0..4),
        config in values(),
    ) {
        static BARE: LazyLock<ChartText> = LazyLock::new(|| render(&chart("bare"), "", "simple", "x").unwrap().chart);
        let [manifest, notes, description] = &texts;
        let release = Release {
            name: "simple",
            namespace: "x",
            revision: numbers_of.0,
            status,
            description,
            first_deployed: times[0],
            last_deployed: times[1],
            deleted,
            rollback: numbers_of.1,
            notes,
            chart: &BARE,
            config: &config,
            manifest,
            hooks: &hooks,
        };
        let packed = Draft::of(&release).unwrap().packed();
        let secret = New {
            name: "simple", namespace: "x", revision: numbers_of.0, status, commit: "1a", labels: &BTreeMap::new(), at: times[0],
        }.secret(&packed);
        let data = serde_json::from_value::<k8s_openapi::ByteString>(secret["data"]["release"].clone()).unwrap();
        let stored = Stored::read(&data.0).unwrap();
        let record = stored.record().unwrap();
        prop_assert_eq!(&record.manifest, manifest);
        prop_assert_eq!(&record.info.notes, notes);
        prop_assert_eq!(&record.info.description, description);
        prop_assert_eq!((record.info.first_deployed, record.info.last_deployed), (Some(times[0]), Some(times[1])));
        prop_assert_eq!((record.info.deleted, record.info.status), (deleted, status));
        prop_assert_eq!((record.revision, record.info.rollback_revision), (numbers_of.0, numbers_of.1.unwrap_or_default()));
        prop_assert_eq!(&record.hooks, &hooks);
        let kept = stored.config().unwrap();
        let expected = if config == json!({}) { Value::Null } else { config.clone() };
        prop_assert_eq!(numbers(&kept), numbers(&expected));
        prop_assert!(record.info.description.chars().count() <= MAX_DESCRIPTION);
    }
}
