//! Go's `text/template` language: text in, values in, bytes out. Knows neither Helm nor Kubernetes.
//!
//! In the order of the phases: [`set`] parses a file into [`ast`] trees that threads share, [`eval`] executes one
//! over a [`value`], [`func`] is what a template can call, [`fmt`] prints. The reference is Go 1.26's `text/template`
//! with `missingkey=zero`; output and error texts are the same bytes.

pub mod ast;
pub mod budgets;
mod builtins;
pub mod calendar;
pub mod duration;
pub mod error;
pub mod eval;
pub mod fmt;
pub mod frozen;
mod lex;
pub mod number;
mod operand;
mod parse;
pub mod quote;
mod token;
mod truth;
pub mod unicode;
pub mod value;
mod zero;

pub use eval::{func, funcs, set};
pub use truth::truth;
pub use value::types;
