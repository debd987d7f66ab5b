//! What comes out of a render.

use crate::chart::model::Crd;
use crate::chart::warning::Warning;

use super::manifests::{Hook, Manifest};

/// What a chart renders to.
#[derive(Debug, Default)]
pub struct Output {
    /// In install order.
    pub manifests: Vec<Manifest>,
    /// In install order.
    pub hooks: Vec<Hook>,
    /// The files of `crds/` of the chart and of its enabled subcharts, as they are.
    pub crds: Vec<Crd>,
    /// What `templates/NOTES.txt` of the chart prints.
    pub notes: Vec<u8>,
    /// A time or random values went into it.
    pub is_drawn: bool,
    /// What Helm says on standard error.
    pub warnings: Vec<Warning>,
}
