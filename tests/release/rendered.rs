//! A chart of the tests and values to all that a record is made of.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use promgit::chart::{dependency, load};
use promgit::release::chart::ChartText;
use promgit::release::hook::Hook;
use promgit::release::manifest;
use promgit::release::record::Release;
use promgit::release::status::Status;
use promgit::render::capabilities::Capabilities;
use promgit::render::outside::Outside;
use promgit::render::policy::Policy;
use promgit::render::{self, Output, Request};
use promgit::template::frozen::Frozen;
use promgit::template::types::Type;
use promgit::template::value::{Map, Value};
use promgit::yaml::{convert, read};
use serde_json::Value as Json;

/// What one render gives.
pub struct Rendered {
    pub name: String,
    pub namespace: String,
    pub chart: ChartText,
    pub config: Json,
    pub output: Output,
    pub manifest: String,
    pub notes: String,
    pub hooks: Vec<Hook>,
}

/// Renders a chart as the first revision of a release; the error is Helm's.
pub fn render(chart: &Path, values: &str, name: &str, namespace: &str) -> Result<Rendered, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let chart = Arc::new(load::path(chart).map_err(|error| said(&error))?);
    let values = read::value(values.as_bytes()).map_err(|error| said(&error))?;
    let user = match &values {
        Value::Map(map) => map.clone(),
        _ => Map::new(Type::Any, BTreeMap::new()),
    };
    let processed = dependency::process(&chart, &user, &mut Vec::new()).map_err(|error| said(&error))?;
    let release = render::release::Release {
        name: name.into(),
        namespace: namespace.into(),
        revision: 1,
        is_upgrade: false,
    };
    let request = Request {
        chart: &render::prepare(chart),
        values: Frozen::from(&values),
        release,
        capabilities: Capabilities::default(),
        policy: Policy::hermetic(),
        skip_schema: false,
        outside: Outside::default(),
        verbose: false,
    };
    let output = render::render(request).expect("a thread").map_err(|error| said(&error))?;
    Ok(Rendered {
        name: name.into(),
        namespace: namespace.into(),
        chart: ChartText::of(&processed).expect("a chart"),
        config: convert::to_json(&values),
        manifest: manifest::text(&output),
        notes: String::from_utf8_lossy(&output.notes).into_owned(),
        hooks: output.hooks.iter().map(Hook::of).collect(),
        output,
    })
}

impl Rendered {
    /// A record of it, deployed at a moment that every test has.
    pub fn release(&self, revision: u32, status: Status) -> Release<'_> {
        Release {
            name: &self.name,
            namespace: &self.namespace,
            revision,
            status,
            description: "1a2b3c4 replicas 1 → 3",
            first_deployed: moment(),
            last_deployed: moment(),
            deleted: None,
            rollback: None,
            notes: &self.notes,
            chart: &self.chart,
            config: &self.config,
            manifest: &self.manifest,
            hooks: &self.hooks,
        }
    }
}

pub fn moment() -> Timestamp {
    "2024-05-06T07:08:09.1234Z".parse().expect("a time")
}

/// A chart of these tests.
pub fn chart(name: &str) -> std::path::PathBuf {
    crate::support::root().join("tests/release/charts").join(name)
}
