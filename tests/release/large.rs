//! A chart that no Secret holds: helm fails, promgit leaves its templates out of the record and says so.

use promgit::release::draft::Draft;
use promgit::release::pack::{MAX_DATA, PackError};
use promgit::release::status::Status;
use serde_json::json;

use crate::random::Random;
use crate::rendered::{chart, render};
use crate::scene::{Scene, helms};

/// A copy of a chart with a file that does not compress.
fn large() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("templates")).unwrap();
    for file in ["Chart.yaml", "templates/map.yaml"] {
        std::fs::copy(chart("bare").join(file), folder.path().join(file)).unwrap();
    }
    std::fs::write(folder.path().join("noise.bin"), noise(MAX_DATA)).unwrap();
    folder
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut random = Random(7);
    std::iter::repeat_with(|| random.next().to_le_bytes()).flatten().take(bytes).collect()
}

#[test]
fn a_chart_that_is_too_large_for_helm_is_recorded_without_its_files() {
    let folder = large();
    let scene = Scene::new("large");
    let path = folder.path().to_str().unwrap();
    for helm in helms() {
        let refused = scene.try_helm(&helm, &["install", "other", path]);
        let error = String::from_utf8_lossy(&refused.stderr);
        assert!(error.contains("Too long: may not be more than 1048576 bytes"), "{error}");
    }
    let revisions = ["", "text: two"].map(|values| {
        let rendered = render(folder.path(), values, "simple", &scene.namespace).unwrap();
        assert!(scene.deliver(&rendered).is_slim);
        rendered
    });
    for helm in helms() {
        let history = scene.json(&helm, &["history", "simple"]);
        let description = "1a2b3c4 replicas 1 → 3 (larger than a Secret: kept without the chart's templates)";
        assert_eq!(history[1]["description"], description);
        let newest = history.as_array().unwrap().last().unwrap()["revision"].clone();
        scene.helm(&helm, &["rollback", "simple", "1"]);
        assert_eq!(scene.helm(&helm, &["get", "manifest", "simple"]), format!("{}\n", revisions[0].manifest));
        assert_eq!(scene.get(&["configmap/simple"])["data"]["text"], "none", "after {newest}");
        let metadata = scene.json(&helm, &["get", "metadata", "simple"]);
        let said = json!({"promgit.dev/left-out": "templates, files"});
        assert!(metadata["annotations"].is_null() || metadata["annotations"] == said, "{metadata:#}");
        scene.deliver(&revisions[1]);
    }
    let record = scene.held("simple", 1).unwrap().stored().unwrap().record().unwrap();
    assert_eq!(record.chart.metadata.annotations["promgit.dev/left-out"], "templates, files");
}

#[test]
fn what_is_too_large_without_them_is_an_error() {
    let mut rendered = render(&chart("bare"), "", "simple", "x").unwrap();
    rendered.manifest = noise(2 * MAX_DATA).escape_ascii().to_string();
    let Err(PackError::TooLarge { size, .. }) = Draft::of(&rendered.release(3, Status::Deployed)) else {
        panic!("packed")
    };
    assert!(size > MAX_DATA);
    let error = Draft::of(&rendered.release(3, Status::Deployed)).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "the record of release simple, revision 3, takes {size} bytes even without the chart's templates, and a Secret \
             holds 1048576; let the chart render less, or split it"
        )
    );
}
