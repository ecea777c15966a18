//! A metric of the HPA, as a trigger gives it.

/// One metric of an HPA, of autoscaling/v2.
#[derive(Clone, Debug, PartialEq)]
pub struct HpaMetric {
    pub source: MetricSource,
    pub target: MetricTarget,
}

/// Where the HPA takes a metric from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricSource {
    /// KEDA's own metrics server, under this name.
    External { name: String },
    /// All containers of the pods; `resource` is `cpu` or `memory`.
    Resource { resource: String },
    /// One container of the pods.
    ContainerResource { resource: String, container: String },
}

/// What the HPA holds a metric at. Amounts are thousandths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricTarget {
    AverageValue {
        milli: i128,
    },
    Value {
        milli: i128,
    },
    /// A `metricType` that KEDA passes on unread and the API server refuses.
    Unknown {
        metric_type: String,
        milli: i128,
    },
    /// Percent of what the containers request.
    Utilization {
        percent: i32,
    },
}
