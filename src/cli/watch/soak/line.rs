//! The way from one process to the API server. It can be cut, and when its process dies nothing
//! leaves or reaches it any more.

use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use http::header::{AUTHORIZATION, HeaderValue, USER_AGENT};
use http::{Request, Response};
use tokio::sync::watch;
use tokio::time::Instant;
use tower::ServiceExt;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Up,
    /// What is sent waits, and is lost once the line is up again.
    Cut,
    /// The process has died.
    Dead(Instant),
}

/// When a process dies: at one of its requests, which are its await points that others can see.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bomb {
    /// How many requests are left until then.
    pub(super) left: u64,
    /// Whether only writes other than those of the Lease count.
    pub(super) only_deeds: bool,
    /// Whether the request is carried out, and its answer comes too late.
    pub(super) is_carried_out: bool,
}

pub(super) struct Line {
    pub(super) agent: String,
    state: watch::Sender<State>,
    bomb: Mutex<Option<Bomb>>,
}

impl Line {
    pub(super) fn of(agent: String) -> Arc<Self> {
        let state = watch::Sender::new(State::Up);
        let bomb = Mutex::default();
        Arc::new(Self { agent, state, bomb })
    }

    pub(super) fn state(&self) -> State {
        *self.state.borrow()
    }

    pub(super) fn cut(&self) {
        self.become_if(State::Up, State::Cut);
    }

    pub(super) fn heal(&self) {
        self.become_if(State::Cut, State::Up);
    }

    pub(super) fn die(&self) {
        let now = State::Dead(Instant::now());
        self.state.send_if_modified(|it| {
            let lives = !matches!(it, State::Dead(_));
            if lives {
                *it = now;
            }
            lives
        });
    }

    pub(super) fn arm(&self, bomb: Bomb) {
        *self.bomb.lock().unwrap() = Some(bomb);
    }

    fn become_if(&self, from: State, to: State) {
        self.state.send_if_modified(|it| {
            let is_meant = *it == from;
            if is_meant {
                *it = to;
            }
            is_meant
        });
    }

    /// A client of the API server at its other end.
    pub(super) fn client(self: &Arc<Self>, router: Router, token: &str) -> kube::Client {
        let line = Arc::clone(self);
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        let agent = HeaderValue::from_str(&self.agent).unwrap();
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            let mut request = request.map(Body::new);
            request.headers_mut().insert(AUTHORIZATION, bearer.clone());
            request.headers_mut().insert(USER_AGENT, agent.clone());
            carry(Arc::clone(&line), router.clone(), request)
        });
        kube::Client::new(service, "shop")
    }

    /// Waits while nothing passes.
    ///
    /// # Errors
    /// Where the line was cut in between.
    async fn passes(&self) -> io::Result<()> {
        let before = self.state();
        if before == State::Up {
            return Ok(());
        }
        let mut state = self.state.subscribe();
        // The sender is there for as long as this is.
        let _ = state.wait_for(|it| *it == State::Up).await;
        Err(io::ErrorKind::ConnectionReset.into())
    }

    /// Counts a request; whether the process dies at it, and if so whether it is carried out.
    fn strikes(&self, request: &Request<Body>) -> Option<bool> {
        let mut bomb = self.bomb.lock().unwrap();
        let set = bomb.as_mut()?;
        if set.only_deeds && !is_deed(request) {
            return None;
        }
        if set.left > 0 {
            set.left -= 1;
            return None;
        }
        let is_carried_out = set.is_carried_out;
        *bomb = None;
        Some(is_carried_out)
    }
}

fn is_deed(request: &Request<Body>) -> bool {
    let path = request.uri().path();
    request.method() != http::Method::GET
        && ["/horizontalpodautoscalers/", "/scalingrecommendations"]
            .iter()
            .any(|it| path.contains(it))
}

async fn carry(
    line: Arc<Line>,
    router: Router,
    request: Request<Body>,
) -> io::Result<Response<Body>> {
    line.passes().await?;
    let strikes = line.strikes(&request);
    if strikes == Some(false) {
        line.die();
    }
    line.passes().await?;
    let answer = match router.oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    if strikes == Some(true) {
        line.die();
    }
    line.passes().await?;
    Ok(answer)
}
