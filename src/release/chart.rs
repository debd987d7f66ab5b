//! A chart in memory to the part of a record that holds it (Helm `pkg/chart/v2`, `Chart`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::gzip::Part;
use super::json::{self, NULL, Object};
use super::time;
use crate::chart::Chart;
use crate::chart::metadata::{Dependency, ImportValue, Lock, Maintainer, Metadata};
use crate::chart::model::File;
use crate::template::value::{Map, Value};
use crate::yaml::json::{EncodeError, encode};

/// Says in a chart's annotations what its record had no room for; `helm get metadata` shows it.
pub const LEFT_OUT: &str = "promgit.dev/left-out";

/// What a record has no room for when it is larger than a Secret: Helm needs neither for a rollback, which goes by the manifest.
const LARGE: &str = "templates, files";

/// A chart as records hold it, behind their head: written and deflated once, and shared by all releases that have it.
///
/// Subcharts are in no record, only what their `import-values` brought; the time of a file is not known here, and left out.
#[derive(Clone, Debug)]
pub struct ChartText {
    pub(super) whole: Part,
    pub(super) slim: Part,
}

impl ChartText {
    /// Writes a chart whose dependencies were chosen by the values of the release (`chart::dependency::process`). One without
    /// dependencies is the same for all values.
    ///
    /// # Errors
    /// Values that no chart that was loaded can have.
    pub fn of(chart: &Chart) -> Result<Self, EncodeError> {
        let part = |chart: &[u8]| Part::of(&Object::going_on().raw("chart", chart).unfinished());
        Ok(ChartText { whole: part(&whole(chart)?), slim: part(&slim(chart)?) })
    }
}

fn whole(chart: &Chart) -> Result<Vec<u8>, EncodeError> {
    let [templates, files] =
        [&chart.templates, &chart.files].map(|files| json::slice(files.iter().map(file)));
    written(chart, &chart.metadata, &templates, &files)
}

fn slim(chart: &Chart) -> Result<Vec<u8>, EncodeError> {
    let mut metadata = chart.metadata.clone();
    let annotations = metadata.annotations.get_or_insert_default();
    annotations.retain(|(key, _)| key != LEFT_OUT);
    annotations.push((LEFT_OUT.into(), LARGE.into()));
    annotations.sort();
    written(chart, &metadata, NULL, NULL)
}

fn written(
    chart: &Chart,
    metadata: &Metadata,
    templates: &[u8],
    files: &[u8],
) -> Result<Vec<u8>, EncodeError> {
    let mut object = Object::new();
    object.raw("metadata", &self::metadata(metadata)?);
    object.raw("lock", &chart.lock.as_ref().map_or(Ok(NULL.to_vec()), lock)?);
    object.raw("templates", templates);
    object.raw("values", &values(chart)?);
    match &chart.schema {
        Some(schema) => object.text("schema", STANDARD.encode(schema)),
        None => object.raw("schema", NULL),
    };
    object.text("schemamodtime", time::rewritten(""));
    Ok(object.raw("files", files).end())
}

/// A chart without a `values.yaml` has no values, which is not the same as empty ones; imports make some.
fn values(chart: &Chart) -> Result<Vec<u8>, EncodeError> {
    let has_some = chart.raw.iter().any(|file| &*file.name == "values.yaml");
    match has_some || !chart.metadata.dependencies().is_empty() {
        true => encode(&chart.values.thaw()),
        false => Ok(NULL.to_vec()),
    }
}

fn file(file: &File) -> Vec<u8> {
    Object::new().text("name", &*file.name).text("data", STANDARD.encode(&file.data)).end()
}

fn metadata(metadata: &Metadata) -> Result<Vec<u8>, EncodeError> {
    let texts = |texts: &[String]| texts.iter().map(json::text).collect::<Vec<_>>();
    let mut object = Object::new();
    object.some_text("name", &metadata.name).some_text("home", &metadata.home);
    object.some_list("sources", texts(&metadata.sources));
    object.some_text("version", &metadata.version).some_text("description", &metadata.description);
    object.some_list("keywords", texts(&metadata.keywords));
    object.some_list("maintainers", metadata.maintainers.iter().map(maintainer));
    object.some_text("icon", &metadata.icon).some_text("apiVersion", &metadata.api_version);
    object.some_text("condition", &metadata.condition).some_text("tags", &metadata.tags);
    object.some_text("appVersion", &metadata.app_version);
    if metadata.deprecated {
        object.raw("deprecated", b"true");
    }
    if let Some(annotations) = metadata.annotations.as_deref().filter(|list| !list.is_empty()) {
        let mut map = Object::new();
        for (key, value) in annotations {
            map.text(key, value);
        }
        object.raw("annotations", &map.end());
    }
    object.some_text("kubeVersion", &metadata.kube_version);
    let dependencies: Vec<_> = metadata.dependencies().iter().map(dependency).collect::<Result<_, _>>()?;
    object.some_list("dependencies", dependencies);
    Ok(object.some_text("type", &metadata.kind).end())
}

fn maintainer(maintainer: &Maintainer) -> Vec<u8> {
    let Maintainer { name, email, url } = maintainer;
    Object::new().some_text("name", name).some_text("email", email).some_text("url", url).end()
}

fn dependency(dependency: &Dependency) -> Result<Vec<u8>, EncodeError> {
    let Dependency { name, version, repository, condition, tags, enabled, import_values, alias } = dependency;
    let mut object = Object::new();
    object.text("name", name).some_text("version", version).text("repository", repository);
    object.some_text("condition", condition).some_list("tags", tags.iter().map(json::text));
    if *enabled {
        object.raw("enabled", b"true");
    }
    let imports: Vec<_> = import_values.iter().map(import_value).collect::<Result<_, _>>()?;
    Ok(object.some_list("import-values", imports).some_text("alias", alias).end())
}

fn import_value(import: &ImportValue) -> Result<Vec<u8>, EncodeError> {
    match import {
        ImportValue::Written(written) => encode(&crate::chart::json::from_json(written)),
        ImportValue::Path { child, parent, exported: _ } => {
            Ok(Object::new().text("child", child).text("parent", parent).end())
        }
    }
}

fn lock(lock: &Lock) -> Result<Vec<u8>, EncodeError> {
    let dependencies = match &lock.dependencies {
        Some(list) => json::list(list.iter().map(dependency).collect::<Result<Vec<_>, _>>()?),
        None => NULL.to_vec(),
    };
    let mut object = Object::new();
    object.text("generated", time::rewritten(&lock.generated)).text("digest", &lock.digest);
    Ok(object.raw("dependencies", &dependencies).end())
}

/// The user's values (`config`): left out where there are none.
pub(super) fn config(values: &serde_json::Value) -> Result<Vec<u8>, EncodeError> {
    match crate::chart::json::from_json(values) {
        Value::Map(map) if !Map::is_empty(&map) => encode(&Value::Map(map)),
        _ => Ok(Vec::new()),
    }
}
