//! A gauge that is absent while its value is not known: zero would be a claim.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::{MetricType, TypedMetric};

/// A clone is the same gauge.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Arc<Mutex<Option<f64>>>);

impl Known {
    pub(super) fn set(&self, value: Option<f64>) {
        *self.value() = value;
    }

    fn value(&self) -> MutexGuard<'_, Option<f64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TypedMetric for Known {
    const TYPE: MetricType = MetricType::Gauge;
}

impl EncodeMetric for Known {
    fn encode(&self, encoder: MetricEncoder<'_>) -> std::fmt::Result {
        // It may have become unknown since it was asked whether it is empty.
        let value = *self.value();
        ConstGauge::new(value.unwrap_or(f64::NAN)).encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }

    fn is_empty(&self) -> bool {
        self.value().is_none()
    }
}
