//! Helm's rules over the template language: a chart and values in, manifests out.
//!
//! [`prepare`] a chart once, [`render`] it as often as values change. In the order of a render: [`scope`] builds
//! what templates see ([`release`], [`capabilities`], [`files`], [`common_values`]), [`engine`] executes them with
//! [`functions`] under a [`policy`] and what they may ask [`outside`], [`split`], [`head`], [`hook`], [`manifests`] and [`order`] make objects of what they
//! print, [`text`] prints it as `helm template` does. The reference is Helm 4.3.1, byte for byte.

pub mod capabilities;
pub mod common_values;
pub mod context;
pub mod engine;
pub mod errors;
pub mod files;
pub mod functions;
pub mod head;
pub mod hook;
pub mod kube_version;
pub mod manifests;
pub mod order;
pub mod outside;
pub mod output;
pub mod policy;
pub mod prepared;
pub mod release;
pub mod scope;
pub mod split;
pub mod text;

use std::io;
use std::sync::Arc;

use crate::chart::Chart;
use crate::template::budgets::{Limits, on_deep_stack};

pub use engine::{RenderError, Request};
pub use output::Output;
pub use prepared::Prepared;

/// A chart ready to be rendered many times, by many threads.
pub fn prepare(chart: Arc<Chart>) -> Prepared {
    Prepared::new(chart)
}

/// Renders on a thread of its own, whose stack is as deep as any chart that Helm renders needs.
///
/// # Errors
/// The outer error is the system's, when it has no thread left; the inner is what Helm would say.
pub fn render(request: Request<'_>) -> io::Result<Result<Output, RenderError>> {
    on_deep_stack(|| engine::render(request, Limits::deep()))
}
