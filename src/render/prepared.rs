//! A loaded chart to parsed templates that every render of it shares.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::chart::Chart;
use crate::template::funcs::Funcs;
use crate::template::set::Set;
use crate::template::value::Str;

use super::context::Context;
use super::errors;
use super::functions;
use super::scope;

/// Sets of enabled subcharts that are kept parsed. Values turn subcharts on and off, but a fleet of releases
/// uses few combinations; values that try them all must not fill the memory.
const MAX_LAYOUTS: usize = 32;

/// Every function that a chart can call.
pub static FUNCTIONS: LazyLock<Arc<Funcs<Context>>> =
    LazyLock::new(|| Arc::new(Funcs::new(functions::all())));

/// A chart whose templates are parsed once, on first use; shared between threads.
pub struct Prepared {
    chart: Arc<Chart>,
    layouts: Mutex<BTreeMap<Vec<String>, Parsed>>,
}

type Parsed = Result<Arc<Layout>, ParseError>;

/// A template that cannot be parsed; the text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub String);

/// The parsed templates of a chart with a certain set of enabled subcharts.
pub struct Layout {
    pub set: Arc<Set<Context>>,
    /// In the order in which they are parsed and executed.
    pub templates: Vec<Template>,
}

/// One file below `templates/`.
pub struct Template {
    /// `app/charts/db/templates/service.yaml`
    pub name: Str,
    /// `app/charts/db/templates`
    pub base_path: Str,
    /// The number of its chart in the order of [`scope::walk`].
    pub chart: usize,
    /// Lends definitions to others and prints nothing itself (`_helpers.tpl`).
    pub is_partial: bool,
}

impl Prepared {
    /// Nothing is parsed yet: a broken template is reported by the render that meets it, as Helm does.
    pub fn new(chart: Arc<Chart>) -> Self {
        Prepared { chart, layouts: Mutex::default() }
    }

    pub fn chart(&self) -> &Arc<Chart> {
        &self.chart
    }

    /// The parsed templates of `chart`, which is this chart with some subcharts removed or renamed.
    pub fn layout(&self, chart: &Chart) -> Parsed {
        let mut key = Vec::new();
        scope::walk(chart, &mut |path, chart| key.push(format!("{path} {}", chart.metadata.version)));
        if let Some(parsed) = self.layouts().get(&key) {
            return parsed.clone();
        }
        let parsed = parse(chart);
        let mut layouts = self.layouts();
        if layouts.len() < MAX_LAYOUTS {
            layouts.insert(key, parsed.clone());
        }
        parsed
    }

    fn layouts(&self) -> std::sync::MutexGuard<'_, BTreeMap<Vec<String>, Parsed>> {
        self.layouts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parse(chart: &Chart) -> Parsed {
    let mut set = Set::new("gotpl", FUNCTIONS.clone());
    let mut templates = Vec::new();
    for (template, text) in in_order(chart) {
        let parsed = set.parse(template.name.clone(), &text);
        parsed.map_err(|error| ParseError(errors::parse_message(&template.name.to_text(), &error)))?;
        templates.push(template);
    }
    Ok(Arc::new(Layout { set: Arc::new(set), templates }))
}

/// All templates of a chart and its subcharts, the deepest path first, then the last name first
/// (`sortTemplates`): of two definitions with one name that of the outer chart is parsed later and wins.
fn in_order(chart: &Chart) -> Vec<(Template, Str)> {
    let mut by_name = BTreeMap::new();
    let mut number = 0;
    scope::walk(chart, &mut |path, chart| {
        for file in chart.templates.iter() {
            let is_partial = file.name.rsplit('/').next().is_some_and(|base| base.starts_with('_'));
            if is_partial || !chart.metadata.is_library() {
                let name = format!("{path}/{}", file.name);
                let base_path = format!("{path}/templates").into();
                let template = Template { name: name.as_str().into(), base_path, chart: number, is_partial };
                by_name.insert(name, (template, file.data.clone()));
            }
        }
        number += 1;
    });
    let mut templates: Vec<(String, (Template, Str))> = by_name.into_iter().collect();
    templates.sort_by_key(|(name, _)| Reverse((name.matches('/').count(), name.clone())));
    templates.into_iter().map(|(_, template)| template).collect()
}
