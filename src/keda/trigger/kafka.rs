//! The `kafka` trigger: how far a consumer group is behind.

mod lag;
mod login;
mod partitions;
mod version;

pub use lag::{Committed, LagError, LagMemory, PartitionLag, PartitionOffsets, divisors};
pub use lag::{even_consumers, partition_lag, read as read_lag};
pub use login::{KerberosProof, Sasl, Tls};
pub use partitions::Partitions;
pub use version::Version;

use super::metric::metric_type;
use super::param::{AUTH, INTEGER, Kind, META, META_AUTH, META_ENV, Param};
use super::problem::{Cause, Problem, Shown};
use super::{HpaMetric, Named, Settings, Trigger, TriggerSource, Values, aws};
use crate::keda::objects::ScaledObjectSpec;

/// Settings of a `kafka` trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct Kafka {
    pub bootstrap_servers: Vec<Named>,
    pub consumer_group: Named,
    /// All topics that the group has offsets for, if absent.
    pub topic: Option<String>,
    /// All partitions, if absent.
    pub partitions: Option<Partitions>,
    /// What the HPA holds the lag for each replica at; above 0.
    pub lag_threshold: i64,
    /// The trigger is active strictly above it; 0 or more.
    pub activation_lag_threshold: i64,
    pub offset_reset: OffsetReset,
    /// Whether there may be more replicas than partitions.
    pub allow_idle_consumers: bool,
    /// Whether a partition without a committed offset counts as without lag.
    pub scale_to_zero_on_invalid_offset: bool,
    /// Whether a partition whose committed offset stands still is left out of the metric.
    pub exclude_persistent_lag: bool,
    /// Whether there may be no more replicas than partitions with lag.
    pub limit_to_partitions_with_lag: bool,
    /// Whether the replicas must divide the partitions.
    pub even_distribution: bool,
    /// Whether the client asks for all topics of the cluster.
    pub full_metadata: bool,
    pub version: Version,
    pub tls: Tls,
    pub sasl: Sasl,
}

impl Kafka {
    /// The partitions that `partitionLimitation` leaves, where these are fewer than the maximum and
    /// nothing else may need more replicas: KEDA asks for no more than them, but for one.
    pub fn partitions_below_max(&self, spec: &ScaledObjectSpec) -> Option<usize> {
        if self.allow_idle_consumers || spec.triggers.len() != 1 {
            return None;
        }
        let max = usize::try_from(spec.max_or_default()).unwrap_or(0);
        let count = self.partitions.as_ref()?.iter().take(max).count();
        (0 < count && count < max).then_some(count)
    }
}

/// Where a group begins on a partition for which it has no committed offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetReset {
    Latest,
    Earliest,
    /// A list of both, which KEDA takes, and which then is neither.
    Neither,
}

/// The parameters.
pub const TABLE: &[Param] = &[
    Param::new("bootstrapServers", Kind::List, META_ENV),
    Param::new("consumerGroup", Kind::Text, META_ENV),
    Param::new("topic", Kind::Text, META_ENV).optional(),
    Param::new("partitionLimitation", Kind::Text, META).optional(),
    Param::new("lagThreshold", INTEGER, META).or("10"),
    Param::new("activationLagThreshold", INTEGER, META).or("0"),
    Param::new("offsetResetPolicy", Kind::Text, META)
        .or("latest")
        .one_of(&["latest", "earliest"]),
    Param::new("allowIdleConsumers", Kind::Boolean, META).or("false"),
    Param::new("excludePersistentLag", Kind::Boolean, META).or("false"),
    Param::new("scaleToZeroOnInvalidOffset", Kind::Boolean, META).or("false"),
    Param::new("limitToPartitionsWithLag", Kind::Boolean, META).or("false"),
    Param::new("ensureEvenDistributionOfPartitions", Kind::Boolean, META).or("false"),
    Param::new("fullMetadata", Kind::Boolean, META).or("true"),
    Param::new("version", Kind::Text, META).optional(),
    Param::new("tls", Kind::Text, META_AUTH)
        .or("disable")
        .one_of(&["enable", "disable"]),
    Param::new("unsafeSsl", Kind::Boolean, META).or("false"),
    Param::new("ca", Kind::Text, AUTH).optional(),
    Param::new("cert", Kind::Text, AUTH).optional(),
    Param::new("key", Kind::Text, AUTH).optional(),
    Param::new("keyPassword", Kind::Text, AUTH).optional(),
    Param::new("sasl", Kind::Text, META_AUTH)
        .optional()
        .one_of(&[
            "none",
            "plaintext",
            "scram_sha256",
            "scram_sha512",
            "oauthbearer",
            "gssapi",
        ]),
    Param::new("username", Kind::Text, AUTH).optional(),
    Param::new("password", Kind::Text, AUTH).optional(),
    Param::new("saslTokenProvider", Kind::Text, META_AUTH)
        .optional()
        .one_of(&["bearer", "aws_msk_iam"]),
    Param::new("scopes", Kind::Text, AUTH).optional(),
    Param::new("oauthTokenEndpointUri", Kind::Text, AUTH).optional(),
    Param::new("oauthExtensions", Kind::Text, AUTH).optional(),
    Param::new("keytab", Kind::Text, AUTH).optional(),
    Param::new("realm", Kind::Text, AUTH).optional(),
    Param::new("kerberosConfig", Kind::Text, AUTH).optional(),
    Param::new("kerberosServiceName", Kind::Text, AUTH).optional(),
    Param::new("kerberosDisableFAST", Kind::Boolean, AUTH).or("false"),
    Param::new("awsRegion", Kind::Text, META).optional(),
    // What a login at AWS reads beside.
    aws::PARAMS[0],
    aws::PARAMS[1],
    aws::PARAMS[2],
    aws::PARAMS[3],
    aws::PARAMS[4],
    aws::PARAMS[5],
];

pub(super) fn read(source: &TriggerSource) -> Result<Trigger, Vec<Problem>> {
    let metric_type = metric_type(source).map_err(|problem| vec![problem])?;
    let values = Values::read(TABLE, source)?;
    let settings = settings(&values).map_err(|problem| vec![problem])?;
    if let Sasl::AwsMskIam { .. } = settings.sasl {
        aws::check(source).map_err(|problem| vec![problem])?;
    }
    let name = match &settings.topic {
        Some(topic) => format!("kafka-{topic}"),
        None => format!("kafka-{}-topics", settings.consumer_group.expose()),
    };
    let threshold = i128::from(settings.lag_threshold) * 1000;
    Ok(Trigger {
        settings: Settings::Kafka(settings),
        metric: Some(HpaMetric::external(source, metric_type, &name, threshold)),
    })
}

/// The first problem only, as KEDA stops there, and in the order in which it checks.
fn settings(values: &Values) -> Result<Kafka, Problem> {
    let lag_threshold = values.integer("lagThreshold");
    if lag_threshold <= 0 {
        return Err(Problem::new("lagThreshold", Cause::MustBePositive));
    }
    let activation_lag_threshold = values.integer("activationLagThreshold");
    if activation_lag_threshold < 0 {
        let cause = Cause::MustNotBeNegative;
        return Err(Problem::new("activationLagThreshold", cause));
    }
    let partitions = partitions(values)?;
    check_together(values)?;
    let tls = Tls::read(values)?;
    let sasl = Sasl::read(values, &tls)?;
    Ok(Kafka {
        bootstrap_servers: bootstrap_servers(values),
        consumer_group: named(
            values,
            "consumerGroup",
            "consumerGroupFromEnv",
            values.text("consumerGroup"),
        ),
        topic: Some(values.text("topic")).filter(|it| !it.is_empty()),
        partitions,
        lag_threshold,
        activation_lag_threshold,
        offset_reset: match values.text("offsetResetPolicy").as_str() {
            "latest" => OffsetReset::Latest,
            "earliest" => OffsetReset::Earliest,
            _ => OffsetReset::Neither,
        },
        allow_idle_consumers: values.boolean("allowIdleConsumers"),
        scale_to_zero_on_invalid_offset: values.boolean("scaleToZeroOnInvalidOffset"),
        exclude_persistent_lag: values.boolean("excludePersistentLag"),
        limit_to_partitions_with_lag: values.boolean("limitToPartitionsWithLag"),
        even_distribution: values.boolean("ensureEvenDistributionOfPartitions"),
        full_metadata: values.boolean("fullMetadata"),
        version: version(values)?,
        tls,
        sasl,
    })
}

fn bootstrap_servers(values: &Values) -> Vec<Named> {
    let name = "bootstrapServers";
    let all = values.list(name).into_iter();
    all.map(|it| named(values, name, "bootstrapServersFromEnv", it))
        .collect()
}

/// A text with where it comes from.
fn named(values: &Values, name: &str, variable: &'static str, text: String) -> Named {
    match values.is_of_variable(name) {
        true => Named::of_variable(text, variable),
        false => Named::plain(text),
    }
}

/// The limitation is read even where it has no effect: without a topic.
fn partitions(values: &Values) -> Result<Option<Partitions>, Problem> {
    let text = values.text("partitionLimitation");
    if text.is_empty() {
        return Ok(None);
    }
    let bad = |part| Problem::new("partitionLimitation", Cause::BadPartitionList { part });
    let partitions = Partitions::parse(&text).map_err(bad)?;
    Ok(Some(partitions).filter(|_| values.get("topic").is_some()))
}

/// Settings that exclude each other, or that make sense for one topic only.
fn check_together(values: &Values) -> Result<(), Problem> {
    let exclude = |one: &str, other: &str| {
        let both = values.boolean(one) && values.boolean(other);
        let problem = || Problem::new(format!("{one}+{other}"), Cause::MutuallyExclusive);
        if both { Err(problem()) } else { Ok(()) }
    };
    let needs_topic = |param: &str, value: bool| {
        let lacks = values.boolean(param) == value && values.get("topic").is_none();
        let problem = || Problem::new(param, Cause::RequiresTopic);
        if lacks { Err(problem()) } else { Ok(()) }
    };
    let (limit, even) = (
        "limitToPartitionsWithLag",
        "ensureEvenDistributionOfPartitions",
    );
    exclude("allowIdleConsumers", limit)?;
    needs_topic(limit, true)?;
    exclude(limit, even)?;
    needs_topic(even, true)?;
    needs_topic("fullMetadata", false)
}

fn version(values: &Values) -> Result<Version, Problem> {
    let text = values.text("version");
    if text.is_empty() {
        return Ok(Version::default());
    }
    let value = || Shown(Some(text.clone()));
    Version::parse(&text)
        .ok_or_else(|| Problem::new("version", Cause::BadVersion { value: value() }))
}

#[cfg(test)]
mod tests;
