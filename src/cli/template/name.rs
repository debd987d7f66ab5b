//! The positional arguments to the release's name and the chart (Helm `pkg/action/install.go`, `NameAndChart`).

use std::sync::Arc;

use crate::render::context::Context;
use crate::render::errors::{MESSAGE_END, MESSAGE_START};
use crate::render::functions;
use crate::render::outside::Outside;
use crate::template::budgets::Limits;
use crate::template::error::Error;
use crate::template::eval::Exec;
use crate::template::funcs::Funcs;
use crate::template::set::Set;
use crate::template::value::Value;

use super::arguments::Arguments;
use super::world;

/// What `helm template` calls a release without a name.
const DEFAULT_NAME: &str = "release-name";
/// What errors call the template of a name.
const TEMPLATE: &str = "name-template";

/// What only charts can call: a name has Sprig's functions.
const HELMS_OWN: &[&str] = &[
    "durationDays",
    "durationHours",
    "durationMicroseconds",
    "durationMilliseconds",
    "durationMinutes",
    "durationNanoseconds",
    "durationRoundTo",
    "durationSeconds",
    "durationTruncateTo",
    "durationWeeks",
    "fromJsonArray",
    "fromToml",
    "fromYaml",
    "fromYamlArray",
    "include",
    "lookup",
    "mustToDuration",
    "mustToToml",
    "mustToYaml",
    "required",
    "toToml",
    "toYaml",
    "toYamlPretty",
    "tpl",
];

/// Why the release has no name; the text is Helm's.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    #[error("no chart; give a chart folder or a .tgz")]
    NoChart,
    #[error("expected at most two arguments, unexpected arguments: {0}")]
    TooMany(String),
    #[error("cannot set --generate-name and also specify a name")]
    Generated,
    #[error("cannot set --name-template and also specify a name")]
    Templated,
    /// Only charts' templates mark the reason that `fail` gives.
    #[error("{}", .0.to_string().replace(MESSAGE_START, "").replace(MESSAGE_END, ""))]
    Template(#[from] Error),
}

/// `[NAME] CHART`, where the name may come from `--name-template`.
pub fn name_and_chart(arguments: &Arguments) -> Result<(String, String), NameError> {
    let template = arguments.name_template.as_deref().filter(|template| !template.is_empty());
    match arguments.names.as_slice() {
        [_, _] if arguments.generate_name => Err(NameError::Generated),
        [_, _] if template.is_some() => Err(NameError::Templated),
        [name, chart] => Ok((name.clone(), chart.clone())),
        [chart] => Ok((template.map_or(Ok(DEFAULT_NAME.to_owned()), named)?, chart.clone())),
        [_, _, more @ ..] => Err(NameError::TooMany(more.join(", "))),
        [] => Err(NameError::NoChart),
    }
}

fn named(template: &str) -> Result<String, NameError> {
    let functions = functions::all().filter(|function| !HELMS_OWN.contains(&function.name));
    let mut set = Set::new(TEMPLATE, Arc::new(Funcs::new(functions)));
    set.parse(TEMPLATE, template.as_bytes())?;
    let outside = Outside { host_by_name: Some(world::resolver()), ..Outside::default() };
    let mut host = Context::with(world::open_policy(), outside);
    let mut exec = Exec::new(Arc::new(set), &mut host, Limits::default());
    let name = exec.execute_template(TEMPLATE, Value::Nil)?;
    Ok(String::from_utf8_lossy(&name).into_owned())
}
