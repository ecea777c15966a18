//! Brokers of a small Kafka cluster, for reading the lag of consumer groups.
//!
//! They speak the protocol through a codec that has nothing to do with the client under test, and
//! hold what a test says they hold: nobody produces or consumes. Start reading at [`Cluster`].

mod answers;
mod connection;
mod scram;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use kafka_protocol::messages::ApiKey;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What the brokers know.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The partitions of a topic are numbered from 0.
    pub(crate) topics: BTreeMap<String, Vec<Partition>>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) age: Age,
    /// Where brokers say that they are, if elsewhere than they are.
    pub(crate) advertised: BTreeMap<i32, SocketAddr>,
    /// Questions that are never answered; the time of the test runs ahead from the first one on.
    pub(crate) silent_about: Vec<ApiKey>,
}

/// A partition and how the broker answers for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partition {
    /// Below 0 for none.
    pub(crate) leader: i32,
    pub(crate) latest: i64,
    /// In the answer about latest offsets.
    pub(crate) error: i16,
    /// Whether the answer about latest offsets leaves it out.
    pub(crate) is_left_out: bool,
}

/// What a consumer group has committed.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) coordinator: i32,
    /// For the group as a whole.
    pub(crate) error: i16,
    pub(crate) commits: BTreeMap<(String, i32), Commit>,
}

/// What the coordinator answers about one partition.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Commit {
    At(i64),
    Error(i16),
    LeftOut,
}

/// Which versions of the protocol brokers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// As Kafka 1.1.
    Old,
    /// As far as the codec goes.
    New,
}

/// Who is let in, and how.
#[derive(Clone, Default)]
pub(crate) struct Door {
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) login: Option<Login>,
}

/// The one login that is let in.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// As Kafka calls it: `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512`, `OAUTHBEARER`.
    pub(crate) mechanism: &'static str,
    pub(crate) user: String,
    /// The token, for `OAUTHBEARER`.
    pub(crate) password: String,
}

impl World {
    /// One topic whose partitions end at these offsets, on broker 1.
    pub(crate) fn of(topic: &str, latest: &[i64]) -> Self {
        let mut world = Self {
            topics: BTreeMap::new(),
            groups: BTreeMap::new(),
            age: Age::New,
            advertised: BTreeMap::new(),
            silent_about: Vec::new(),
        };
        world.add_topic(topic, latest);
        world
    }

    pub(crate) fn add_topic(&mut self, topic: &str, latest: &[i64]) {
        let partition = |latest: &i64| Partition {
            leader: 1,
            latest: *latest,
            error: 0,
            is_left_out: false,
        };
        let partitions = latest.iter().map(partition).collect();
        self.topics.insert(topic.to_owned(), partitions);
    }

    pub(crate) fn group(&mut self, group: &str) -> &mut Group {
        let new = || Group {
            coordinator: 1,
            error: 0,
            commits: BTreeMap::new(),
        };
        self.groups.entry(group.to_owned()).or_insert_with(new)
    }

    /// Commits an offset for each partition from 0 on.
    pub(crate) fn commit(&mut self, group: &str, topic: &str, offsets: &[i64]) {
        let group = self.group(group);
        for (partition, offset) in (0..).zip(offsets) {
            let at = (topic.to_owned(), partition);
            group.commits.insert(at, Commit::At(*offset));
        }
    }

    pub(crate) fn partition(&mut self, topic: &str, partition: usize) -> &mut Partition {
        &mut self.topics.get_mut(topic).expect("the topic")[partition]
    }
}

/// Brokers on ports of their own, numbered from 1, ended when dropped.
pub(crate) struct Cluster {
    pub(crate) addresses: Vec<SocketAddr>,
    state: Arc<State>,
    tasks: Vec<JoinHandle<()>>,
}

/// What the connections of all brokers share.
struct State {
    world: World,
    door: Door,
    addresses: Vec<SocketAddr>,
    open: AtomicUsize,
    asked: Mutex<Vec<(i32, ApiKey)>>,
    runs_ahead: AtomicBool,
}

impl Cluster {
    pub(crate) async fn start(brokers: usize, world: World, door: Door) -> Self {
        let mut listeners = Vec::new();
        for _ in 0..brokers {
            listeners.push(TcpListener::bind("127.0.0.1:0").await.expect("a free port"));
        }
        let address = |it: &TcpListener| it.local_addr().expect("its address");
        let addresses: Vec<SocketAddr> = listeners.iter().map(address).collect();
        let state = Arc::new(State {
            world,
            door,
            addresses: addresses.clone(),
            open: AtomicUsize::new(0),
            asked: Mutex::default(),
            runs_ahead: AtomicBool::new(false),
        });
        let serve = |(node, listener)| tokio::spawn(serve(listener, node, state.clone()));
        let tasks = (1..).zip(listeners).map(serve).collect();
        Self {
            addresses,
            state,
            tasks,
        }
    }

    /// Where the first broker is.
    pub(crate) fn server(&self) -> String {
        self.addresses[0].to_string()
    }

    /// How many connections are open now.
    pub(crate) fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }

    /// Ends a time that runs ahead.
    pub(crate) fn calm_down(&self) {
        if self.state.runs_ahead.swap(false, Ordering::SeqCst) {
            tokio::time::resume();
        }
    }

    /// What each broker was asked, in order.
    pub(crate) fn asked(&self) -> Vec<(i32, ApiKey)> {
        self.state.asked.lock().expect("no panic").clone()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl State {
    /// Lets every wait end at once. Needs a runtime of one thread.
    fn run_ahead(&self) {
        if !self.runs_ahead.swap(true, Ordering::SeqCst) {
            tokio::time::pause();
        }
    }

    fn address(&self, node: i32) -> Option<SocketAddr> {
        let index = usize::try_from(node).ok()?.checked_sub(1)?;
        let is = self.addresses.get(index).copied();
        self.world.advertised.get(&node).copied().or(is)
    }
}

async fn serve(listener: TcpListener, node: i32, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = state.clone();
        tokio::spawn(async move {
            state.open.fetch_add(1, Ordering::SeqCst);
            match state.door.tls.clone() {
                None => connection::serve(stream, node, &state).await,
                Some(config) => {
                    if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
                        connection::serve(stream, node, &state).await;
                    }
                }
            }
            state.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}
