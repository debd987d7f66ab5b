//! The chart that the agent renders turned into what Helm's records hold of it.

use std::sync::{Arc, OnceLock};

use crate::chart::{Chart, dependency};
use crate::release::chart::ChartText;
use crate::yaml::convert;
use crate::yaml::json::EncodeError;

/// Why the chart is in no record.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error(transparent)]
    Dependencies(#[from] dependency::DependencyError),
}

/// The chart of all releases, as records hold it.
pub struct Charts {
    chart: Arc<Chart>,
    /// Of a chart whose subcharts no values choose.
    text: OnceLock<ChartText>,
}

impl Charts {
    pub fn new(chart: Arc<Chart>) -> Self {
        Charts { chart, text: OnceLock::new() }
    }

    /// With the subcharts that these values ask for.
    pub fn text(&self, config: &serde_json::Value) -> Result<ChartText, ChartError> {
        if !self.chart.metadata.dependencies().is_empty() {
            let values = convert::from_json(config);
            let Some(values) = values.as_map() else { return Ok(ChartText::of(&self.chart)?) };
            return Ok(ChartText::of(&dependency::process(&self.chart, values, &mut Vec::new())?)?);
        }
        if let Some(text) = self.text.get() {
            return Ok(text.clone());
        }
        let text = ChartText::of(&self.chart)?;
        Ok(self.text.get_or_init(|| text).clone())
    }
}
