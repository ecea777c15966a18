//! What KEDA checks across the parameters of a type, in the `Validate` and the constructor of its
//! scaler.

mod aws;
mod azure;
mod databases;
mod gcp;
mod monitoring;
mod others;
mod queues;
mod rabbitmq;
mod redis;
mod search;

use super::super::rule::Rule;

/// The rules of a type; none where its table says it all.
pub(in crate::keda::trigger) fn rules(kind: &str) -> &'static [Rule] {
    match kind {
        "activemq" => queues::ACTIVEMQ,
        "apache-kafka" => queues::APACHE_KAFKA,
        "arangodb" => databases::ARANGODB,
        "artemis-queue" => queues::ARTEMIS_QUEUE,
        "aws-cloudwatch" => aws::AWS_CLOUDWATCH,
        "aws-dynamodb" => aws::AWS_DYNAMODB,
        "aws-sqs-queue" => aws::AWS_SQS_QUEUE,
        "azure-app-insights" => azure::AZURE_APP_INSIGHTS,
        "azure-blob" => azure::AZURE_BLOB,
        "azure-data-explorer" => azure::AZURE_DATA_EXPLORER,
        "azure-eventhub" => azure::AZURE_EVENTHUB,
        "azure-log-analytics" => azure::AZURE_LOG_ANALYTICS,
        "azure-monitor" => azure::AZURE_MONITOR,
        "azure-pipelines" => azure::AZURE_PIPELINES,
        "azure-queue" => azure::AZURE_QUEUE,
        "azure-servicebus" => azure::AZURE_SERVICEBUS,
        "cassandra" => databases::CASSANDRA,
        "clickhouse" => databases::CLICKHOUSE,
        "couchdb" => databases::COUCHDB,
        "datadog" => monitoring::DATADOG,
        "dynatrace" => monitoring::DYNATRACE,
        "elastic-forecast" => search::ELASTIC_FORECAST,
        "elasticsearch" => search::ELASTICSEARCH,
        "etcd" => databases::ETCD,
        "gcp-cloudtasks" => gcp::GCP_CLOUDTASKS,
        "gcp-pubsub" => gcp::GCP_PUBSUB,
        "gcp-spanner" => gcp::GCP_SPANNER,
        "gcp-stackdriver" => gcp::GCP_STACKDRIVER,
        "gcp-storage" => gcp::GCP_STORAGE,
        "github-runner" => others::GITHUB_RUNNER,
        "graphite" => monitoring::GRAPHITE,
        "ibmmq" => queues::IBMMQ,
        "influxdb" => databases::INFLUXDB,
        "kubernetes-resource" => others::KUBERNETES_RESOURCE,
        "kubernetes-workload" => others::KUBERNETES_WORKLOAD,
        "metrics-api" => monitoring::METRICS_API,
        "mongodb" => databases::MONGODB,
        "mssql" => databases::MSSQL,
        "nats-jetstream" => queues::NATS_JETSTREAM,
        "nsq" => queues::NSQ,
        "opensearch" => search::OPENSEARCH,
        "openstack-metric" => monitoring::OPENSTACK_METRIC,
        "openstack-swift" => others::OPENSTACK_SWIFT,
        "postgresql" => databases::POSTGRESQL,
        "predictkube" => monitoring::PREDICTKUBE,
        "pulsar" => queues::PULSAR,
        "rabbitmq" => rabbitmq::RABBITMQ,
        "redis" | "redis-cluster" | "redis-sentinel" => redis::REDIS,
        "redis-cluster-streams" | "redis-sentinel-streams" | "redis-streams" => redis::REDIS,
        "solace-direct-messaging" => queues::SOLACE_DIRECT_MESSAGING,
        "solace-event-queue" => queues::SOLACE_EVENT_QUEUE,
        "solarwinds" => monitoring::SOLARWINDS,
        "solr" => search::SOLR,
        "splunk" => search::SPLUNK,
        "sumologic" => monitoring::SUMOLOGIC,
        "temporal" => others::TEMPORAL,
        _ => &[],
    }
}
