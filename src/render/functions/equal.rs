//! Whether two values are the same to Go's `reflect.DeepEqual`.

use super::define::fail;
use super::walk::{MAX_DEPTH, too_deep};
use crate::template::budgets::Budget;
use crate::template::func::CallError;
use crate::template::value::Value;

/// Entries that are copied in a step, to be walked.
const ENTRIES_PER_STEP: u64 = 4;

/// Bytes of texts that are compared in a step.
pub const BYTES_PER_STEP: usize = 1_024;

/// `reflect.DeepEqual`: same type and same contents; a nil list is not an empty one, NaN is not NaN.
pub fn deep_equal(budget: &mut Budget, a: &Value, b: &Value) -> Result<bool, CallError> {
    compare(budget, a, b, 0)
}

fn compare(budget: &mut Budget, a: &Value, b: &Value, depth: usize) -> Result<bool, CallError> {
    budget.step()?;
    if depth > MAX_DEPTH {
        return fail(too_deep("deepEqual"));
    }
    Ok(match (a, b) {
        (Value::Invalid | Value::Nil, Value::Invalid | Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(kind, a), Value::Int(other, b)) => kind == other && a == b,
        (Value::Uint(kind, a), Value::Uint(other, b)) => kind == other && a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Str(a), Value::Str(b)) | (Value::Bytes(a), Value::Bytes(b)) => {
            budget.steps((a.len().min(b.len()) / BYTES_PER_STEP) as u64)?;
            a == b
        }
        (Value::List(a), Value::List(b)) => {
            if a.type_of() != b.type_of() || a.is_nil() != b.is_nil() || a.len() != b.len() {
                return Ok(false);
            }
            budget.steps(a.len() as u64 / ENTRIES_PER_STEP)?;
            a.same(b) || all(budget, a.snapshot().iter().zip(&b.snapshot()), depth)?
        }
        (Value::Map(a), Value::Map(b)) => {
            if a.type_of() != b.type_of() || a.is_nil() != b.is_nil() || a.len() != b.len() {
                return Ok(false);
            }
            if a.same(b) {
                return Ok(true);
            }
            budget.steps(a.len() as u64 / ENTRIES_PER_STEP)?;
            let (left, right) = (a.snapshot(), b.snapshot());
            let bytes: usize = left.iter().map(|(key, _)| key.len()).sum();
            budget.steps((bytes / BYTES_PER_STEP) as u64)?;
            let keys = left.iter().zip(&right).all(|((a, _), (b, _))| a == b);
            keys && all(budget, left.iter().map(|(_, v)| v).zip(right.iter().map(|(_, v)| v)), depth)?
        }
        (Value::Object(a), Value::Object(b)) => {
            if a.named().name != b.named().name {
                return Ok(false);
            }
            let (left, right) = (a.fields(), b.fields());
            std::rc::Rc::ptr_eq(a, b)
                || a.display() == b.display()
                    && all(budget, left.iter().map(|(_, v)| v).zip(right.iter().map(|(_, v)| v)), depth)?
        }
        _ => false,
    })
}

fn all<'v>(
    budget: &mut Budget,
    pairs: impl Iterator<Item = (&'v Value, &'v Value)>,
    depth: usize,
) -> Result<bool, CallError> {
    for (a, b) in pairs {
        if !compare(budget, a, b, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}
