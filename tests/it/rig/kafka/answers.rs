//! What brokers answer.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::describe_topic_partitions_response::{
    DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, BrokerId, DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse, FindCoordinatorRequest, FindCoordinatorResponse, GroupId,
    ListOffsetsRequest, ListOffsetsResponse, MetadataRequest, MetadataResponse, OffsetFetchRequest,
    OffsetFetchResponse, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};

use super::connection::Question;
use super::{Age, Commit, Group, Partition, State};

const UNKNOWN_TOPIC: i16 = 3;
const NO_LEADER: i16 = 5;
const NOT_LEADER: i16 = 6;
const NOT_COORDINATOR: i16 = 16;
const UNSUPPORTED_VERSION: i16 = 35;

/// The versions of each question that brokers answer.
fn versions(age: Age) -> Vec<(ApiKey, i16, i16)> {
    match age {
        Age::Old => vec![
            (ApiKey::ListOffsets, 1, 2),
            (ApiKey::Metadata, 0, 5),
            (ApiKey::OffsetFetch, 1, 3),
            (ApiKey::FindCoordinator, 0, 1),
            (ApiKey::SaslHandshake, 0, 1),
            (ApiKey::ApiVersions, 0, 1),
            (ApiKey::SaslAuthenticate, 0, 0),
        ],
        Age::New => vec![
            (ApiKey::ListOffsets, 1, 10),
            (ApiKey::Metadata, 0, 13),
            (ApiKey::OffsetFetch, 1, 9),
            (ApiKey::FindCoordinator, 0, 6),
            (ApiKey::SaslHandshake, 0, 1),
            (ApiKey::ApiVersions, 0, 4),
            (ApiKey::SaslAuthenticate, 0, 2),
            (ApiKey::DescribeTopicPartitions, 0, 0),
        ],
    }
}

pub(super) fn encoded(answer: &impl Encodable, version: i16) -> Bytes {
    let mut out = BytesMut::new();
    answer.encode(&mut out, version).expect("a whole answer");
    out.freeze()
}

/// A version that is not known is answered in the first one, with all that are.
pub(super) fn api_versions(question: &Question, state: &State) -> Bytes {
    let mut answer = ApiVersionsResponse::default();
    let known = versions(state.world.age);
    for (key, min, max) in &known {
        let mut it = ApiVersion::default();
        (it.api_key, it.min_version, it.max_version) = (*key as i16, *min, *max);
        answer.api_keys.push(it);
    }
    if is_known(question, state) {
        return encoded(&answer, question.version);
    }
    answer.error_code = UNSUPPORTED_VERSION;
    encoded(&answer, 0)
}

fn is_known(question: &Question, state: &State) -> bool {
    let known = versions(state.world.age);
    let found = known.into_iter().find(|it| it.0 == question.key);
    found.is_some_and(|(_, min, max)| (min..=max).contains(&question.version))
}

/// Nothing to what no broker of that age is asked.
pub(super) fn answer(question: &Question, node: i32, state: &State) -> Option<Bytes> {
    if !is_known(question, state) {
        return None;
    }
    let (body, version) = (&mut question.body.clone(), question.version);
    Some(match question.key {
        ApiKey::Metadata => {
            let asked = MetadataRequest::decode(body, version).ok()?;
            encoded(&metadata(&asked, version, state), version)
        }
        ApiKey::DescribeTopicPartitions => {
            let asked = DescribeTopicPartitionsRequest::decode(body, version).ok()?;
            encoded(&described(&asked, state), version)
        }
        ApiKey::FindCoordinator => {
            let asked = FindCoordinatorRequest::decode(body, version).ok()?;
            encoded(&coordinator(&asked, version, state), version)
        }
        ApiKey::OffsetFetch => {
            let asked = OffsetFetchRequest::decode(body, version).ok()?;
            encoded(&committed(&asked, version, node, state), version)
        }
        ApiKey::ListOffsets => {
            let asked = ListOffsetsRequest::decode(body, version).ok()?;
            encoded(&latest(&asked, node, state), version)
        }
        _ => return None,
    })
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn metadata(asked: &MetadataRequest, version: i16, state: &State) -> MetadataResponse {
    let named = asked.topics.as_ref().map(|all| {
        let names = all.iter().filter_map(|it| it.name.as_ref());
        names.map(|it| it.as_str().to_owned()).collect::<Vec<_>>()
    });
    let all = || state.world.topics.keys().cloned().collect();
    let names = match named {
        Some(names) if !(names.is_empty() && version == 0) => names,
        _ => all(),
    };
    let mut answer = MetadataResponse::default();
    answer.controller_id = BrokerId(1);
    answer.cluster_id = Some(text("of-tests"));
    answer.topics = names.iter().map(|it| topic(it, state)).collect();
    for node in (1..).take(state.addresses.len()) {
        let address = state.address(node).expect("a broker of ours");
        let mut broker = MetadataResponseBroker::default();
        broker.node_id = BrokerId(node);
        broker.host = text(&address.ip().to_string());
        broker.port = address.port().into();
        answer.brokers.push(broker);
    }
    answer
}

fn topic(name: &str, state: &State) -> MetadataResponseTopic {
    let mut answer = MetadataResponseTopic::default();
    answer.name = Some(TopicName(text(name)));
    let Some(partitions) = state.world.topics.get(name) else {
        answer.error_code = UNKNOWN_TOPIC;
        return answer;
    };
    for (index, partition) in (0..).zip(partitions) {
        let mut it = MetadataResponsePartition::default();
        it.partition_index = index;
        it.leader_id = BrokerId(partition.leader);
        it.error_code = if partition.leader < 0 { NO_LEADER } else { 0 };
        answer.partitions.push(it);
    }
    answer
}

fn described(
    asked: &DescribeTopicPartitionsRequest,
    state: &State,
) -> DescribeTopicPartitionsResponse {
    let mut answer = DescribeTopicPartitionsResponse::default();
    for it in &asked.topics {
        let known = topic(it.name.as_str(), state);
        let mut topic = DescribeTopicPartitionsResponseTopic::default();
        topic.name = known.name;
        topic.error_code = known.error_code;
        for known in known.partitions {
            let mut partition = DescribeTopicPartitionsResponsePartition::default();
            partition.partition_index = known.partition_index;
            partition.leader_id = known.leader_id;
            partition.error_code = known.error_code;
            topic.partitions.push(partition);
        }
        answer.topics.push(topic);
    }
    answer
}

/// A group that nobody has heard of is coordinated by broker 1.
fn coordinator(
    asked: &FindCoordinatorRequest,
    version: i16,
    state: &State,
) -> FindCoordinatorResponse {
    let find = |group: &str| {
        let known = state.world.groups.get(group);
        let node = known.map_or(1, |it| it.coordinator);
        (node, state.address(node).expect("a broker of ours"))
    };
    let mut answer = FindCoordinatorResponse::default();
    if version < 4 {
        let (node, address) = find(&asked.key);
        answer.node_id = BrokerId(node);
        answer.host = text(&address.ip().to_string());
        answer.port = address.port().into();
        return answer;
    }
    for key in &asked.coordinator_keys {
        let (node, address) = find(key);
        let mut it = Coordinator::default();
        it.key = key.clone();
        it.node_id = BrokerId(node);
        it.host = text(&address.ip().to_string());
        it.port = address.port().into();
        answer.coordinators.push(it);
    }
    answer
}

/// The offset and the error of each partition that is asked for, or of each that has any.
fn commits(
    group: Option<&Group>,
    asked: Option<Vec<(String, Vec<i32>)>>,
) -> BTreeMap<String, Vec<(i32, i64, i16)>> {
    let none = BTreeMap::new();
    let known = group.map_or(&none, |it| &it.commits);
    let at: Vec<(String, i32)> = match asked {
        None => known.keys().cloned().collect(),
        Some(topics) => {
            let pairs = topics
                .into_iter()
                .flat_map(|(topic, all)| all.into_iter().map(move |it| (topic.clone(), it)));
            pairs.collect()
        }
    };
    let mut answers: BTreeMap<String, Vec<(i32, i64, i16)>> = BTreeMap::new();
    for at in at {
        let (offset, error) = match known.get(&at) {
            Some(Commit::At(offset)) => (*offset, 0),
            Some(Commit::Error(error)) => (-1, *error),
            Some(Commit::LeftOut) => continue,
            None => (-1, 0),
        };
        answers.entry(at.0).or_default().push((at.1, offset, error));
    }
    answers
}

fn committed(
    asked: &OffsetFetchRequest,
    version: i16,
    node: i32,
    state: &State,
) -> OffsetFetchResponse {
    let error = |group: Option<&Group>| match group {
        Some(group) if group.coordinator != node => NOT_COORDINATOR,
        Some(group) => group.error,
        None => 0,
    };
    let mut answer = OffsetFetchResponse::default();
    if version < 8 {
        let topics = asked.topics.as_ref().map(|all| {
            let named =
                |it: &kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic| {
                    (it.name.as_str().to_owned(), it.partition_indexes.clone())
                };
            all.iter().map(named).collect()
        });
        let group = state.world.groups.get(asked.group_id.as_str());
        answer.error_code = error(group);
        if answer.error_code == 0 {
            answer.topics = commits(group, topics).into_iter().map(old_topic).collect();
        }
        return answer;
    }
    for it in &asked.groups {
        let topics = it.topics.as_ref().map(|all| {
            let named =
                |it: &kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopics| {
                    (it.name.as_str().to_owned(), it.partition_indexes.clone())
                };
            all.iter().map(named).collect()
        });
        let group = state.world.groups.get(it.group_id.as_str());
        let mut of_group = OffsetFetchResponseGroup::default();
        of_group.group_id = GroupId(it.group_id.0.clone());
        of_group.error_code = error(group);
        if of_group.error_code == 0 {
            of_group.topics = commits(group, topics).into_iter().map(new_topic).collect();
        }
        answer.groups.push(of_group);
    }
    answer
}

fn old_topic((name, partitions): (String, Vec<(i32, i64, i16)>)) -> OffsetFetchResponseTopic {
    let mut topic = OffsetFetchResponseTopic::default();
    topic.name = TopicName(text(&name));
    for (index, offset, error) in partitions {
        let mut it = OffsetFetchResponsePartition::default();
        (it.partition_index, it.committed_offset, it.error_code) = (index, offset, error);
        topic.partitions.push(it);
    }
    topic
}

fn new_topic((name, partitions): (String, Vec<(i32, i64, i16)>)) -> OffsetFetchResponseTopics {
    let mut topic = OffsetFetchResponseTopics::default();
    topic.name = TopicName(text(&name));
    for (index, offset, error) in partitions {
        let mut it = OffsetFetchResponsePartitions::default();
        (it.partition_index, it.committed_offset, it.error_code) = (index, offset, error);
        topic.partitions.push(it);
    }
    topic
}

fn latest(asked: &ListOffsetsRequest, node: i32, state: &State) -> ListOffsetsResponse {
    let mut answer = ListOffsetsResponse::default();
    for it in &asked.topics {
        let known = state.world.topics.get(it.name.as_str());
        let mut topic = ListOffsetsTopicResponse::default();
        topic.name = it.name.clone();
        for partition in &it.partitions {
            let index = usize::try_from(partition.partition_index);
            let known = known.and_then(|all| all.get(index.ok()?));
            if known.is_none_or(|it| !it.is_left_out) {
                let end = end_of(partition.partition_index, known, node);
                topic.partitions.push(end);
            }
        }
        answer.topics.push(topic);
    }
    answer
}

fn end_of(index: i32, known: Option<&Partition>, node: i32) -> ListOffsetsPartitionResponse {
    let mut answer = ListOffsetsPartitionResponse::default();
    answer.partition_index = index;
    (answer.error_code, answer.offset) = match known {
        None => (UNKNOWN_TOPIC, -1),
        Some(it) if it.leader != node => (NOT_LEADER, -1),
        Some(it) if it.error != 0 => (it.error, -1),
        Some(it) => (0, it.latest),
    };
    answer
}
