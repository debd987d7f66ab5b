//! A request to manifests, hooks and notes (Helm `pkg/action/install.go` and `action.go`, the part without a cluster).

use std::collections::BTreeMap;

use crate::chart::Chart;
use crate::chart::coalesce::{self, CoalesceError};
use crate::chart::dependency::{self, DependencyError};
use crate::chart::schema::{self, SchemaError};
use crate::chart::semver::{Constraint, Version};
use crate::chart::warning::Warning;
use crate::template::budgets::Limits;
use crate::template::eval::Exec;
use crate::template::frozen::Frozen;
use crate::template::types::Type;
use crate::template::value::{Map, Str, Value};

use super::capabilities::Capabilities;
use super::context::Context;
use super::errors;
use super::manifests::{self, ManifestError, Sorted};
use super::output::Output;
use super::outside::Outside;
use super::policy::Policy;
use super::prepared::{Layout, ParseError, Prepared};
use super::release::{NameError, Release, validate_name};
use super::scope::Scopes;
use super::split;
use super::text;

/// Templates may print notes for people; they are no manifest.
const NOTES: &str = "NOTES.txt";

/// What Helm says where it asks a cluster that has not been given the chart's CRDs yet.
const CRDS: &str =
    "This chart or one of its subcharts contains CRDs. Rendering may fail or contain inaccuracies.";

/// What is to be rendered.
pub struct Request<'a> {
    pub chart: &'a Prepared,
    /// The user's values: always a map.
    pub values: Frozen,
    pub release: Release,
    pub capabilities: Capabilities,
    pub policy: Policy,
    pub outside: Outside,
    /// `--skip-schema-validation`
    pub skip_schema: bool,
    /// What Helm says with `--debug` is wanted among the warnings.
    pub verbose: bool,
}

/// A render that failed, with what Helm said on standard error before.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct RenderError {
    #[source]
    pub cause: Box<Cause>,
    pub warnings: Vec<Warning>,
    /// The files that were rendered, if one of them is no YAML.
    pub rendered: Vec<u8>,
    /// The chart asked for a time or for random values that only a [`super::policy::Lock`] holds still.
    pub wants_lock: bool,
}

/// Why a chart cannot be rendered; the texts are Helm's.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    #[error("release name check failed: release name {}: {source}", crate::template::quote::quote(.name.as_bytes()))]
    Name { name: String, source: NameError },
    #[error(transparent)]
    Dependencies(#[from] DependencyError),
    #[error(transparent)]
    Values(#[from] CoalesceError),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error("chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {found}")]
    KubeVersion { wanted: String, found: String },
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A template failed while it was executed.
    #[error("{0}")]
    Template(String),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

impl Cause {
    /// Whether Helm had a release in hand by then, so that `--debug` would show what was rendered.
    pub fn is_after_release(&self) -> bool {
        match self {
            Cause::Name { .. } | Cause::Dependencies(_) | Cause::Values(_) | Cause::Schema(_) => false,
            Cause::KubeVersion { .. } | Cause::Parse(_) | Cause::Template(_) | Cause::Manifest(_) => true,
        }
    }
}

/// Renders on this thread; `limits` must fit its stack.
pub fn render(request: Request<'_>, limits: Limits) -> Result<Output, RenderError> {
    let mut said = Said::default();
    match render_with(request, limits, &mut said) {
        Ok(output) => Ok(Output { warnings: said.warnings, is_drawn: said.was_asked, ..output }),
        Err(cause) => {
            let Said { warnings, rendered, was_asked } = said;
            let cause = Box::new(cause);
            Err(RenderError { cause, warnings, rendered, wants_lock: was_asked })
        }
    }
}

/// What a render leaves behind whether it succeeds or not.
#[derive(Default)]
struct Said {
    warnings: Vec<Warning>,
    rendered: Vec<u8>,
    was_asked: bool,
}

fn render_with(request: Request<'_>, limits: Limits, said: &mut Said) -> Result<Output, Cause> {
    let Request { chart: prepared, values, release, capabilities, policy, outside, skip_schema, verbose } =
        request;
    validate_name(&release.name).map_err(|source| Cause::Name { name: release.name.clone(), source })?;
    let user = match values.thaw() {
        Value::Map(values) => values,
        _ => Map::new(Type::Any, BTreeMap::new()),
    };
    let chart = dependency::process(prepared.chart(), &user, &mut said.warnings)?;
    if outside.warns_of_crds && !chart.crds().is_empty() {
        said.warnings.push(Warning::warn(CRDS));
    }
    let looks = Looks { skip_schema, verbose };
    let values = coalesced(&chart, &user, &looks, &mut said.warnings)?;
    check_kube_version(&chart, &capabilities)?;
    let layout = prepared.layout(&chart)?;
    let scopes = Scopes::new(&chart, values, &release, &capabilities);
    let mut host = Context::with(policy, outside);
    let executed = execute(&layout, &scopes, &mut host, limits);
    said.was_asked = host.policy.was_asked();
    said.warnings.append(&mut host.said);
    let mut files = executed?;
    let notes = take_notes(&chart, &mut files);
    let sorted = manifests::sort(&files, &mut said.warnings);
    let Sorted { manifests, hooks } = sorted.inspect_err(|_| said.rendered = joined(&files))?;
    Ok(Output { manifests, hooks, crds: chart.crds(), notes, ..Output::default() })
}

/// How values are looked at.
struct Looks {
    skip_schema: bool,
    verbose: bool,
}

fn coalesced(chart: &Chart, user: &Map, looks: &Looks, warnings: &mut Vec<Warning>) -> Result<Map, Cause> {
    let values = coalesce::values(chart, user, warnings)?;
    if looks.verbose && !looks.skip_schema {
        warnings.append(&mut schema::log::lines(chart, &values));
    }
    if !looks.skip_schema {
        schema::validate(chart, &values)?;
    }
    Ok(values)
}

/// A chart may ask for a range of Kubernetes versions; a version that is none is in no range.
fn check_kube_version(chart: &Chart, capabilities: &Capabilities) -> Result<(), Cause> {
    let wanted = &chart.metadata.kube_version;
    let found = &capabilities.kube_version;
    let fits = || Some(Constraint::parse(wanted).ok()?.check(&Version::parse(found.compared()).ok()?));
    if wanted.is_empty() || fits() == Some(true) {
        return Ok(());
    }
    Err(Cause::KubeVersion { wanted: wanted.clone(), found: found.version.clone() })
}

/// Executes every template that prints; the result is in the order of paths.
fn execute(
    layout: &Layout,
    scopes: &Scopes,
    host: &mut Context,
    limits: Limits,
) -> Result<BTreeMap<Str, Vec<u8>>, Cause> {
    let mut files = BTreeMap::new();
    let mut exec = Exec::new(layout.set.clone(), host, limits);
    for template in layout.templates.iter().filter(|template| !template.is_partial) {
        exec.host.policy.enter(&template.name);
        let context = scopes.of(template.chart, &template.name, &template.base_path);
        let printed = exec.execute_template(&template.name, context);
        let printed = printed
            .map_err(|error| Cause::Template(errors::exec_message(&template.name.to_text(), &error)))?;
        files.insert(template.name.clone(), without_no_value(printed));
    }
    Ok(files)
}

/// All files as one text, to look at when one of them is broken.
fn joined(files: &BTreeMap<Str, Vec<u8>>) -> Vec<u8> {
    let mut text = Vec::new();
    for (path, contents) in files {
        text::document(&mut text, path, contents);
    }
    text
}

/// Go prints a missing value so even with `missingkey=zero`; Helm takes it out again.
pub fn without_no_value(printed: Vec<u8>) -> Vec<u8> {
    const NO_VALUE: &[u8] = b"<no value>";
    let mut rest = printed.as_slice();
    let mut kept = Vec::new();
    while let Some(at) = find(rest, NO_VALUE) {
        kept.extend_from_slice(&rest[..at]);
        rest = &rest[at + NO_VALUE.len()..];
    }
    if rest.len() == printed.len() {
        return printed;
    }
    kept.extend_from_slice(rest);
    kept
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = text[from..].iter().position(|byte| *byte == first) {
        if text[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// Takes all notes out of the files and gives back those of the chart itself.
fn take_notes(chart: &Chart, files: &mut BTreeMap<Str, Vec<u8>>) -> Vec<u8> {
    let own = format!("{}/templates/{NOTES}", chart.metadata.name);
    let notes = files.get(own.as_bytes()).cloned().unwrap_or_default();
    files.retain(|path, contents| !path.ends_with(NOTES.as_bytes()) && !split::trim(contents).is_empty());
    notes
}
