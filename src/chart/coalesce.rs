//! A chart's defaults and a user's values to the values that templates see (Helm `pkg/chart/common/util/coalesce.go`).

use crate::template::fmt::{print_value, sprintf};
use crate::template::quote::quote;
use crate::template::types::Type;
use crate::template::value::{Map, Str, Value, heap};

use super::model::Chart;
use super::tables::{copy_map, empty};
use super::warning::Warning;

/// The table that every chart hands down to its subcharts.
const GLOBAL: &str = "global";

/// What happens to a null.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nulls {
    /// Coalesce: a user's null removes the chart's default.
    Delete,
    /// Merge: nulls stay, for a later coalesce.
    Keep,
}

/// Bytes that the values of a chart and all its subcharts may take up. The largest public charts need 3 MB.
const MAX_MEMORY: usize = 64 << 20;

/// Why there are no values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoalesceError {
    /// A subchart's values are no table; `value` is as Go's `%t` prints what is not a bool: `%!t(string=text)`.
    #[error("type mismatch on {chart}: {value}")]
    Mismatch { chart: String, value: String },
    /// Helm has no limit; it would run out of memory.
    #[error(
        "values of {chart} and the charts around it take more than {MAX_MEMORY} bytes; give fewer values, or hand down fewer globals"
    )]
    TooBig { chart: String },
}

/// The user's values completed with the defaults of the chart and its subcharts, nulls removed (`CoalesceValues`).
///
/// The user's values win; tables are merged, all else is replaced; `global` goes down to every subchart.
/// `user` is not changed. `warnings` gets what Helm prints on standard error, also before it fails.
pub fn values(chart: &Chart, user: &Map, warnings: &mut Vec<Warning>) -> Result<Map, CoalesceError> {
    with(chart, user, Nulls::Delete, warnings)
}

/// As [`values`], with the treatment of nulls chosen (`MergeValues` keeps them).
pub fn with(
    chart: &Chart,
    user: &Map,
    nulls: Nulls,
    warnings: &mut Vec<Warning>,
) -> Result<Map, CoalesceError> {
    let dest = copy_map(user);
    Coalescer { nulls, warnings, before: heap::live() }.chart(chart, &dest, "")?;
    Ok(dest)
}

/// Merges `src` into `dest` in place, where `dest` has the last word (`CoalesceTables`, `MergeTables`).
///
/// `src` is used up: parts of it become parts of `dest`.
pub fn tables(dest: &Map, src: &Map, nulls: Nulls, warnings: &mut Vec<Warning>) {
    Coalescer { nulls, warnings, before: heap::live() }.tables(dest, src, "");
}

struct Coalescer<'w> {
    nulls: Nulls,
    warnings: &'w mut Vec<Warning>,
    /// What values took up at the start.
    before: isize,
}

impl Coalescer<'_> {
    fn warn(&mut self, message: String) {
        self.warnings.push(Warning::info(message));
    }

    fn chart(&mut self, chart: &Chart, dest: &Map, prefix: &str) -> Result<(), CoalesceError> {
        let path = join(prefix, &chart.metadata.name);
        self.defaults(chart, dest, &path);
        if heap::live() - self.before > MAX_MEMORY as isize {
            return Err(CoalesceError::TooBig { chart: path });
        }
        for subchart in &chart.dependencies {
            let name = &subchart.metadata.name;
            let values = match dest.get(name) {
                Some(Value::Map(values)) => values,
                Some(other) => return Err(mismatch(name, &other)),
                None => {
                    let values = empty();
                    dest.insert(name.as_str(), Value::Map(values.clone()));
                    values
                }
            };
            self.globals(&values, dest, &path);
            self.chart(subchart, &values, &path)?;
        }
        Ok(())
    }

    /// Completes `dest` with the chart's own values; `path` names the chart.
    fn defaults(&mut self, chart: &Chart, dest: &Map, path: &str) {
        let Value::Map(defaults) = chart.values.thaw() else { return };
        for (key, default) in defaults.snapshot() {
            match (dest.get(&key), &default) {
                (Some(Value::Nil), _) if self.nulls == Nulls::Delete => {
                    dest.remove(&key);
                }
                (Some(Value::Map(own)), Value::Map(default)) => {
                    self.default_table(chart, &key, &own, default, path);
                }
                (Some(Value::Map(_)), Value::Nil) | (Some(Value::Nil), _) => {}
                (Some(Value::Map(_)), _) => {
                    self.warn(format!("warning: skipped value for {path}.{}: Not a table.", key.to_text()));
                }
                (Some(_), _) => {}
                (None, Value::Nil) if self.nulls == Nulls::Delete => {}
                (None, _) => {
                    if let (Value::Map(default), Nulls::Delete) = (&default, self.nulls) {
                        remove_nulls(default);
                    }
                    dest.insert(key, default);
                }
            }
        }
    }

    /// A table of defaults under a table of the user's. What belongs to a subchart keeps its nulls for now.
    fn default_table(&mut self, chart: &Chart, key: &Str, own: &Map, default: &Map, path: &str) {
        let nulls = self.nulls;
        if chart.dependencies.iter().any(|subchart| subchart.metadata.name.as_bytes() == &**key) {
            self.nulls = Nulls::Keep;
        }
        if self.nulls == Nulls::Delete {
            remove_nulls(default);
        }
        self.tables(own, default, &join(path, &key.to_text()));
        self.nulls = nulls;
    }

    /// Hands the globals of `parent` down to `values`, where the parent has the last word.
    fn globals(&mut self, values: &Map, parent: &Map, prefix: &str) {
        let Some(own) = globals_of(values) else {
            return self
                .warn(format!("warning: skipping globals because destination {GLOBAL} is not a table."));
        };
        let Some(parents) = globals_of(parent) else {
            return self.warn(format!("warning: skipping globals because source {GLOBAL} is not a table."));
        };
        for (key, value) in parents.snapshot() {
            match (&value, own.get(&key)) {
                (Value::Map(table), None) => {
                    own.insert(key, Value::Map(shallow(table)));
                }
                (Value::Map(table), Some(Value::Map(before))) => {
                    let table = shallow(table);
                    let nulls = std::mem::replace(&mut self.nulls, Nulls::Keep);
                    self.tables(&table, &before, &join(prefix, &key.to_text()));
                    self.nulls = nulls;
                    own.insert(key, Value::Map(table));
                }
                (Value::Map(_), Some(_)) => {
                    let key = quote(&key);
                    self.warn(format!("Conflict: cannot merge map onto non-map for {key}. Skipping."));
                }
                (_, Some(Value::Map(_))) => {
                    self.warn(format!("key {} is table. Skipping", key.to_text()));
                }
                _ => {
                    own.insert(key, value);
                }
            }
        }
        values.insert(GLOBAL, Value::Map(own));
    }

    fn tables(&mut self, dest: &Map, src: &Map, prefix: &str) {
        let defaults: Vec<Str> =
            src.borrow().iter().filter(|(_, value)| value.is_some()).map(|(key, _)| key.clone()).collect();
        for (key, value) in dest.snapshot() {
            if !value.is_some() {
                src.insert(key, Value::Nil);
            }
        }
        for (key, value) in src.snapshot() {
            let deletes = self.nulls == Nulls::Delete && defaults.binary_search(&key).is_ok();
            match (dest.get(&key), value) {
                (Some(Value::Nil), _) if deletes => {
                    dest.remove(&key);
                }
                (None, value) => {
                    dest.insert(key, value);
                }
                (Some(Value::Map(own)), Value::Map(table)) => {
                    self.tables(&own, &table, &join(prefix, &key.to_text()));
                }
                (Some(_), value @ Value::Map(_)) => {
                    let key = join(prefix, &key.to_text());
                    let value = printed(&value);
                    self.warn(format!("warning: cannot overwrite table with non table for {key} ({value})"));
                }
                (Some(Value::Map(_)), value) if value.is_some() => {
                    let key = join(prefix, &key.to_text());
                    let value = printed(&value);
                    self.warn(format!(
                        "warning: destination for {key} is a table. Ignoring non-table value ({value})"
                    ));
                }
                _ => {}
            }
        }
    }
}

/// The `global` table, a new one where there is none, nothing where it is no table.
fn globals_of(values: &Map) -> Option<Map> {
    match values.get(GLOBAL) {
        None => Some(empty()),
        Some(Value::Map(globals)) => Some(globals),
        Some(_) => None,
    }
}

/// A new table with the same values in it.
fn shallow(map: &Map) -> Map {
    Map::new(Type::Any, map.borrow().clone())
}

/// Removes every null of a table and of the tables in it.
fn remove_nulls(map: &Map) {
    map.borrow_mut().retain(|_, value| value.is_some());
    for value in map.borrow().values() {
        if let Value::Map(table) = value {
            remove_nulls(table);
        }
    }
}

fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}

fn mismatch(chart: &str, value: &Value) -> CoalesceError {
    let value = String::from_utf8_lossy(&sprintf("%t", std::slice::from_ref(value))).into_owned();
    CoalesceError::Mismatch { chart: chart.to_owned(), value }
}

fn printed(value: &Value) -> String {
    String::from_utf8_lossy(&print_value(value)).into_owned()
}
