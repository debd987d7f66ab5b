//! The text of a `values.schema.json` to something that checks values.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Retrieve, Uri, Validator};
use serde_json::Value as Json;

use super::cost;
use super::explain::{Explainer, MAX_SAID};
use super::failure::{Failure, step};
use super::format;
use super::pattern::{Patterns, TooMuch};
use super::unevaluated;

const TOO_MUCH: &str =
    "the schema would take too long to check; look for $refs that multiply, long lists, enums and patterns\n";

/// A schema, ready to use and shared between threads.
#[derive(Debug)]
pub struct Compiled(Result<Schema, String>);

#[derive(Debug)]
struct Schema {
    document: Json,
    patterns: Patterns,
    /// What a check costs at most for each value, where that is known.
    ceiling: Option<u64>,
    draft: Draft,
    judge: Validator,
}

impl Compiled {
    /// A schema that is broken refuses all values, with the reason.
    pub fn new(text: &[u8]) -> Self {
        Compiled(compile(text))
    }

    /// Why the values are refused, as Helm prints it, with a line break at the end.
    pub(crate) fn check(&self, values: &Json) -> Result<(), String> {
        let schema = self.0.as_ref().map_err(Clone::clone)?;
        cost::check(&schema.document, &schema.patterns, schema.ceiling, values)
            .map_err(|TooMuch| TOO_MUCH.to_owned())?;
        if schema.judge.is_valid(values) {
            return Ok(());
        }
        // What is refused is the judge's to say; the explainer finds the words that Helm would use.
        let explained = Explainer::new(&schema.document, schema.draft).explain(values);
        Err(explained.unwrap_or_else(|| said(&schema.judge, values)))
    }
}

fn compile(text: &[u8]) -> Result<Schema, String> {
    if text.trim_ascii().is_empty() {
        return Err("EOF".to_owned());
    }
    size(text)?;
    let document: Json = serde_json::from_slice(text).map_err(|error| syntax(&error))?;
    let draft = draft(&document)?;
    unevaluated::check(&document).map_err(|TooMuch| TOO_MUCH.to_owned())?;
    let patterns = Patterns::of(&document).map_err(|TooMuch| TOO_MUCH.to_owned())?;
    let mut options = jsonschema::options()
        .with_draft(draft)
        .should_validate_formats(draft < Draft::Draft201909)
        .with_pattern_options(PatternOptions::regex().dfa_size_limit(patterns.share()))
        .with_base_uri("file:///values.schema.json")
        .with_retriever(Nothing);
    for name in format::NAMES {
        options = options.with_format(name, move |text: &str| format::accepts(name, text));
    }
    let judge = options.build(&document).map_err(|error| refused(draft, &error))?;
    Ok(Schema { ceiling: cost::ceiling(&document, &patterns), document, patterns, draft, judge })
}

/// Bytes of a schema. The largest of public charts have 1 MB.
const MAX_SIZE: usize = 16 << 20;

/// Values in a schema: each takes some hundred bytes.
const MAX_VALUES: usize = 500_000;

/// Refuses a text whose values would take too much memory, unread: each but the first stands behind a comma or bracket.
fn size(text: &[u8]) -> Result<(), String> {
    let values = || text.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    if text.len() > MAX_SIZE || values() > MAX_VALUES {
        return Err(format!(
            "the schema is larger than {MAX_SIZE} bytes or {MAX_VALUES} values; split the chart\n"
        ));
    }
    Ok(())
}

/// The edition that the schema names; the newest where it names none.
fn draft(document: &Json) -> Result<Draft, String> {
    let Some(named) = document.get("$schema").and_then(Json::as_str) else {
        return Ok(Draft::Draft202012);
    };
    let (url, fragment) = named.split_once('#').unwrap_or((named, ""));
    let path = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).unwrap_or(url);
    match path {
        "json-schema.org/schema" | "json-schema.org/draft/2020-12/schema" if fragment.is_empty() => {
            Ok(Draft::Draft202012)
        }
        "json-schema.org/draft/2019-09/schema" => Ok(Draft::Draft201909),
        "json-schema.org/draft-07/schema" => Ok(Draft::Draft7),
        "json-schema.org/draft-06/schema" => Ok(Draft::Draft6),
        "json-schema.org/draft-04/schema" => Ok(Draft::Draft4),
        _ => Err(not_fetched(url)),
    }
}

/// Answers `urn:` references with a schema that accepts all, as Helm does, and refuses every other.
struct Nothing;

impl Retrieve for Nothing {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        if uri.as_str().starts_with("urn:") {
            Ok(Json::Bool(true))
        } else {
            Err(not_fetched(uri.as_str()).into())
        }
    }
}

fn not_fetched(url: &str) -> String {
    format!("failing loading \"{url}\": schemas are not fetched; copy what is needed into values.schema.json")
}

/// The text is no JSON: Go's words where they are short.
fn syntax(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof => "unexpected EOF".to_owned(),
        _ if error.to_string().starts_with("trailing characters") => {
            "invalid character after top-level value".to_owned()
        }
        _ => error.to_string(),
    }
}

/// The text is JSON, but no schema.
fn refused(draft: Draft, error: &jsonschema::ValidationError<'_>) -> String {
    if let ValidationErrorKind::Referencing(error) = error.kind() {
        return reference(error);
    }
    let meta = match draft {
        Draft::Draft4 => "http://json-schema.org/draft-04/schema#",
        Draft::Draft6 => "http://json-schema.org/draft-06/schema#",
        Draft::Draft7 => "http://json-schema.org/draft-07/schema#",
        Draft::Draft201909 => "https://json-schema.org/draft/2019-09/schema#",
        _ => "https://json-schema.org/draft/2020-12/schema#",
    };
    format!(
        "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with \
         '{meta}'\n- at '{}': {error}",
        error.instance_path()
    )
}

fn reference(error: &jsonschema::ReferencingError) -> String {
    match error {
        jsonschema::ReferencingError::PointerToNowhere { pointer } => {
            format!("json-pointer in \"file:///values.schema.json#{pointer}\" not found")
        }
        jsonschema::ReferencingError::Unretrievable { source, .. } => source.to_string(),
        error => error.to_string(),
    }
}

/// What the judge itself says, for keywords that the explainer does not know; the last sentence may go beyond the limit.
fn said(judge: &Validator, values: &Json) -> String {
    let mut text = String::new();
    for error in judge.iter_errors(values) {
        if text.len() > MAX_SAID {
            break;
        }
        let at = error.instance_path().to_string();
        match error.kind() {
            ValidationErrorKind::UnevaluatedProperties { unexpected }
            | ValidationErrorKind::UnevaluatedItems { unexpected } => {
                for name in unexpected {
                    Failure::new(&step(&at, name), "false schema").write(0, &mut text);
                }
            }
            _ => Failure::new(&at, error.to_string()).write(0, &mut text),
        }
    }
    text
}
