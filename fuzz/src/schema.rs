//! A text as the `values.schema.json` of a chart, and below a `---` line values, to whether it takes them.

use promgit::chart::load;
use promgit::chart::schema;

use super::{files, rendering};

pub fn run(data: &[u8]) {
    let (text, values) = files::head(data);
    let Ok(values) = load::values::values(values) else { return };
    let files = rendering::files([("values.schema.json", text.as_bytes())]);
    let chart = load::files(files).expect("a chart");
    let first = schema::validate(&chart, &values);
    assert_eq!(first, schema::validate(&chart, &values), "checked twice");
    if let Err(error) = first {
        assert!(error.to_string().contains("app:\n"), "an error without its chart: {error}");
    }
}
