//! One conversation with the brokers of a trigger.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use krafka::admin::{
    AdminClient, DescribeTopicsOptions, GroupOffset, ListConsumerGroupOffsetsOptions,
    ListOffsetsOptions, ListTopicsOptions, ListedOffset, OffsetSpec, TopicDescription,
    TopicPartition,
};
use krafka::error::{ErrorCode, KrafkaError};
use krafka::{BrokerInfo, ProtocolErrorKind};
use tokio::time::{Instant, sleep, timeout_at};

use super::advertised::{brokers, listed, unreachable};
use super::answer::Speaker;
use super::key;
use super::security::{Roots, login, within_tls};
use super::{Error, Offsets};
use crate::keda::trigger::Named;
use crate::keda::trigger::kafka::{Committed, Kafka, PartitionOffsets};

/// No answer to these few questions is longer.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// By then most clusters have answered.
const SOON: Duration = Duration::from_secs(1);

/// For a limit that no clock can hold.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What brokers see as the name of the client.
const CLIENT: &str = "stepscale";

type Answers<T> = Vec<(TopicPartition, Result<T, KrafkaError>)>;

/// Asks for everything within `limit`.
pub(super) async fn offsets(settings: &Kafka, limit: Duration) -> Result<Offsets, Error> {
    let speaker = Speaker::new(settings);
    let clock = Clock::new(limit);
    let session = Session::open(settings, speaker, clock).await?;
    let offsets = session.offsets().await;
    // It tells the brokers nothing; the connections end with the last owner of the pool.
    let _ = session.admin.close().await;
    offsets
}

/// When to give up.
#[derive(Clone, Copy)]
struct Clock {
    end: Instant,
    limit: Duration,
}

impl Clock {
    fn new(limit: Duration) -> Self {
        let now = Instant::now();
        let end = now.checked_add(limit).unwrap_or(now + LONGEST_WAIT);
        Self { end, limit }
    }

    /// A little less than what is left, so that the client ends first: it knows what it last
    /// waited for.
    fn patience(self) -> Duration {
        self.end.saturating_duration_since(Instant::now()) / 10 * 9
    }

    async fn bound<T>(
        self,
        speaker: &Speaker,
        what: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let late = |_| Error::Late {
            servers: speaker.servers.clone(),
            what: what.to_owned(),
            limit: self.limit,
        };
        timeout_at(self.end, work).await.map_err(late)?
    }
}

struct Session<'a> {
    settings: &'a Kafka,
    speaker: Speaker,
    clock: Clock,
    admin: AdminClient,
    brokers: Vec<BrokerInfo>,
}

impl<'a> Session<'a> {
    /// Gets an answer of one bootstrap server.
    async fn open(settings: &'a Kafka, speaker: Speaker, clock: Clock) -> Result<Self, Error> {
        let what = "the brokers";
        let connecting = connect(settings, &speaker, clock);
        let kafka = clock.bound(&speaker, what, connecting).await?;
        let brokers = brokers(&kafka).await;
        let admin = kafka.admin();
        Ok(Self {
            settings,
            speaker,
            clock,
            admin,
            brokers,
        })
    }

    async fn offsets(&self) -> Result<Offsets, Error> {
        let (names, is_whole_cluster) = self.names().await?;
        let partitions = self.partitions(&names).await?;
        let asked: Vec<TopicPartition> = partitions
            .iter()
            .flat_map(|(topic, all)| all.iter().map(move |it| TopicPartition::new(topic, *it)))
            .collect();
        let (committed, latest) = if asked.is_empty() {
            (Vec::new(), Vec::new())
        } else {
            tokio::try_join!(self.committed(Some(asked.clone())), self.latest(asked))?
        };
        let topics = partitions.into_iter().map(unanswered).collect();
        let mut offsets = Offsets {
            topics,
            is_whole_cluster,
            ..Offsets::default()
        };
        self.take_committed(&mut offsets, committed)?;
        self.take_latest(&mut offsets, latest)?;
        Ok(offsets)
    }

    /// The topics to look at, and whether they are all that there are.
    async fn names(&self) -> Result<(Vec<String>, bool), Error> {
        if let Some(topic) = &self.settings.topic {
            return Ok((vec![topic.clone()], false));
        }
        let committed = self.committed(None).await?;
        let of_group: BTreeSet<String> = committed.into_iter().map(|(it, _)| it.topic).collect();
        if !of_group.is_empty() {
            return Ok((of_group.into_iter().collect(), false));
        }
        // KEDA then sends a list without topics, which brokers read as all topics.
        let all = ListTopicsOptions::default().include_internal(true);
        let all = all.timeout(self.clock.patience());
        let what = "the topics of the cluster";
        Ok((self.ask(what, self.admin.list_topics(all)).await?, true))
    }

    /// The partitions of each topic that exists, as far as the trigger looks at them.
    async fn partitions(&self, names: &[String]) -> Result<BTreeMap<String, Vec<i32>>, Error> {
        let options = DescribeTopicsOptions::default().timeout(self.clock.patience());
        let what = match names {
            [name] => format!("topic {name}"),
            _ => format!("the topics of {}", self.group()),
        };
        let answers = self.admin.describe_topics(names, options);
        let answers: BTreeMap<_, _> = self.ask(&what, answers).await?.into_iter().collect();
        let mut partitions = BTreeMap::new();
        for (topic, answer) in answers {
            match answer {
                Ok(found) => {
                    let chosen = self.chosen(&topic, &found)?;
                    partitions.insert(topic, chosen);
                }
                Err(KrafkaError::Broker {
                    code: ErrorCode::UnknownTopicOrPartition,
                    ..
                }) if self.settings.topic.is_some() => {}
                Err(error) => {
                    return Err(self.speaker.later(&format!("topic {topic}"), &error));
                }
            }
        }
        Ok(partitions)
    }

    fn chosen(&self, topic: &str, found: &TopicDescription) -> Result<Vec<i32>, Error> {
        let limitation = self.settings.partitions.as_ref();
        let is_chosen = |it: i32| limitation.is_none_or(|all| all.contains(it));
        let partitions = found.partitions.iter();
        let chosen = partitions.filter(|it| is_chosen(it.partition));
        chosen
            .map(|it| match it.leader {
                Some(_) => Ok(it.partition),
                None => Err(Error::NoLeader {
                    topic: topic.to_owned(),
                    partition: it.partition,
                }),
            })
            .collect()
    }

    /// What the group has committed: on these partitions, or on all that it has.
    async fn committed(
        &self,
        partitions: Option<Vec<TopicPartition>>,
    ) -> Result<Answers<GroupOffset>, Error> {
        let mut options = ListConsumerGroupOffsetsOptions::default().timeout(self.clock.patience());
        if let Some(partitions) = partitions {
            options = options.partitions(partitions);
        }
        let group = self.settings.consumer_group.expose();
        let answers = self.admin.list_consumer_group_offsets(group, options);
        let answers = self.ask(&self.group(), answers).await?;
        Ok(answers.into_iter().collect())
    }

    async fn latest(&self, asked: Vec<TopicPartition>) -> Result<Answers<ListedOffset>, Error> {
        let options = ListOffsetsOptions::default().timeout(self.clock.patience());
        let asked = asked.into_iter().map(|it| (it, OffsetSpec::Latest));
        let answers = self.admin.list_offsets(asked, options);
        let answers = self.ask("the latest offsets", answers).await?;
        Ok(answers.into_iter().collect())
    }

    /// Keeps the error of a partition beside its offsets: KEDA decides what it means.
    fn take_committed(
        &self,
        offsets: &mut Offsets,
        answers: Answers<GroupOffset>,
    ) -> Result<(), Error> {
        for (at, answer) in answers {
            let committed = match answer {
                Ok(it) => it.offset.map_or(Committed::Nothing, Committed::At),
                Err(KrafkaError::Broker { code, .. }) => {
                    let key = (at.topic.clone(), at.partition);
                    offsets.failed_commits.insert(key, format!("{code:?}"));
                    Committed::Failed
                }
                Err(error) => return Err(self.speaker.later(&self.group(), &error)),
            };
            if let Some(it) = partition(offsets, &at) {
                it.committed = committed;
            }
        }
        Ok(())
    }

    /// One error fails the whole read, as with KEDA; a partition that is not answered does not.
    fn take_latest(
        &self,
        offsets: &mut Offsets,
        answers: Answers<ListedOffset>,
    ) -> Result<(), Error> {
        // The same error whatever the order of the answers.
        let answers: BTreeMap<_, _> = answers
            .into_iter()
            .map(|(at, answer)| ((at.topic.clone(), at.partition), (at, answer)))
            .collect();
        for (at, answer) in answers.into_values() {
            let latest = match answer {
                Ok(it) => Some(it.offset),
                Err(error) if is_missing(&error) => None,
                Err(KrafkaError::Broker { code, .. }) => {
                    return Err(Error::Latest {
                        topic: at.topic,
                        partition: at.partition,
                        code: format!("{code:?}"),
                    });
                }
                Err(error) => {
                    let what = format!("partition {} of topic {}", at.partition, at.topic);
                    return Err(self.speaker.later(&what, &error));
                }
            };
            if let Some(it) = partition(offsets, &at) {
                it.latest = latest;
            }
        }
        Ok(())
    }

    async fn ask<T>(
        &self,
        what: &str,
        question: impl Future<Output = Result<T, KrafkaError>>,
    ) -> Result<T, Error> {
        let asking = async {
            let answer = question.await;
            answer.map_err(|error| self.speaker.later(what, &error))
        };
        let asking = self.clock.bound(&self.speaker, what, asking);
        tokio::select! {
            biased;
            answer = asking => match answer {
                Err(error) => Err(self.explained(error).await),
                answer => answer,
            },
            text = self.nobody() => Err(Error::Advertised {
                servers: self.speaker.servers.clone(),
                what: what.to_owned(),
                text,
            }),
        }
    }

    /// Ends if there is no broker at all to wait for; the client itself would try until the end.
    async fn nobody(&self) -> String {
        sleep(SOON.min(self.clock.limit / 10)).await;
        let closed = unreachable(&self.brokers, self.clock.patience() / 2).await;
        if closed.is_empty() || closed.len() < self.brokers.len() {
            return std::future::pending().await;
        }
        self.speaker.plain(&listed(&closed))
    }

    /// Says which brokers cannot be reached where nothing came back.
    async fn explained(&self, error: Error) -> Error {
        let Error::Silent {
            servers,
            what,
            text,
        } = error
        else {
            return error;
        };
        let closed = unreachable(&self.brokers, self.clock.patience()).await;
        if closed.is_empty() {
            return Error::Silent {
                servers,
                what,
                text,
            };
        }
        Error::Advertised {
            servers,
            what,
            text: self.speaker.plain(&listed(&closed)),
        }
    }

    fn group(&self) -> String {
        format!("group {}", self.settings.consumer_group)
    }
}

/// Connects with the certificates of this machine, and without them where it has none.
async fn connect(
    settings: &Kafka,
    speaker: &Speaker,
    clock: Clock,
) -> Result<krafka::Kafka, Error> {
    let key = key::in_the_clear(&settings.tls)?;
    let login = login(settings, speaker).await?;
    let servers = settings.bootstrap_servers.iter().map(Named::expose);
    let servers: Vec<&str> = servers.collect();
    let with = |roots| {
        let security = within_tls(login.clone(), settings, &key, roots);
        // Half of the time, so that a second server is asked where the first one is silent.
        let patience = clock.patience() / 2;
        krafka::Kafka::builder(servers.join(","))
            .client_id(CLIENT)
            .security(security)
            .connect_timeout(patience)
            .request_timeout(patience)
            .max_response_size(LONGEST_ANSWER)
            .connect()
    };
    let connected = match with(Roots::Machine).await {
        Err(KrafkaError::Config { .. }) if settings.tls.is_enabled => with(Roots::BuiltIn).await,
        connected => connected,
    };
    connected.map_err(|error| speaker.at_first(&error))
}

fn unanswered((topic, all): (String, Vec<i32>)) -> (String, BTreeMap<i32, PartitionOffsets>) {
    let nothing = PartitionOffsets {
        committed: Committed::Absent,
        latest: None,
    };
    (topic, all.into_iter().map(|it| (it, nothing)).collect())
}

fn partition<'a>(
    offsets: &'a mut Offsets,
    at: &TopicPartition,
) -> Option<&'a mut PartitionOffsets> {
    offsets.topics.get_mut(&at.topic)?.get_mut(&at.partition)
}

/// Whether the broker left the partition out of its answer, for which the client has this error.
fn is_missing(error: &KrafkaError) -> bool {
    error.protocol_error_kind() == Some(ProtocolErrorKind::Malformed)
}
