//! Where the chart comes from, and what is said when it is nowhere.

use crate::bed::{BRANCH, Bed, edit};
use crate::support;

const SMALL: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {size: '{{ .Values.size }}'}\n";

#[test]
fn a_chart_that_is_gone_is_named_with_the_way_out() {
    let bed = Bed::small(SMALL);
    bed.verify(&["--chart=chart"]).is_silent();
    bed.put("settings.yaml", "chart: {path: chart}\n");
    bed.verify(&["--config=settings.yaml"]).is_silent();
    let said = bed.verify(&[]);
    assert_eq!((said.code, &said.out[..]), (1, ""), "{said:?}");
    let start = "error: small/a could not be verified: chart small 1.0.0 (sha256:";
    assert!(
        said.err.starts_with(start) && said.err.contains("give its folder or archive with --chart PATH"),
        "{said:?}"
    );
    // The same name and version, other contents.
    bed.put("chart/templates/a.yaml", &SMALL.replace("size:", "count:"));
    assert_eq!(bed.verify(&["--chart=chart"]).code, 1);
}

#[test]
fn what_can_be_verified_is() {
    let bed = Bed::small(SMALL);
    // A suspended cluster stays as it was rendered, by whichever chart.
    edit(&bed.folder.path().join("source/a.yaml"), "replicas: 1", "replicas: 1, suspend: true");
    let simple = std::fs::read_to_string(support::root().join("examples/simple.yaml")).unwrap();
    bed.put("source/simple.yaml", &simple);
    bed.commit(&bed.folder.path().join("source"), &[]);
    bed.by_hand(BRANCH, |clone| edit(&clone.join("simple/values.yaml"), "replicas: 1", "replicas: 2"));
    let said = bed.verify(&[]);
    assert_eq!(said.code, 3, "what was found stands: {said:?}");
    assert!(said.out.contains(":simple/values.yaml:") && said.err.contains("small/a could not"), "{said:?}");
    let json = bed.verify_json(&[]);
    assert_eq!(json["unverified"][0]["cluster"], "small/a");
    assert_eq!(json["unverified"].as_array().unwrap().len(), 1);
}

/// The chart of each commit, by its digest.
#[test]
fn several_charts_may_be_given() {
    let bed = Bed::small(SMALL);
    let package = |bed: &Bed| {
        let mut helm = support::hermetic(support::helm(), bed.folder.path());
        helm.current_dir(bed.folder.path()).args(["package", "chart"]);
        support::stdout(helm.output().unwrap());
    };
    package(&bed);
    bed.put("chart/Chart.yaml", "apiVersion: v2\nname: small\nversion: 2.0.0\n");
    bed.resize(2);
    bed.verify(&["--chart=chart"]).is_silent();
    assert_eq!(bed.verify(&["--chart=chart", "--all"]).code, 1);
    bed.verify(&["--chart=chart", "--chart=small-1.0.0.tgz", "--all"]).is_silent();
}
