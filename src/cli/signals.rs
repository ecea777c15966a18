//! The signals that ask a run to end.

use futures_util::stream::{self, BoxStream, Stream, StreamExt, select_all};
use tokio::signal::unix::{SignalKind, signal};

use crate::error::{Error, Exit};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Ctrl-C.
    Interrupt,
    Terminate,
    /// The terminal was closed: what is left on the disk must go all the same.
    Hangup,
}

impl Signal {
    /// How a run ends that obeys.
    pub(super) fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate | Self::Hangup => Exit::Terminated,
        }
    }

    /// As `kill -s` takes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "INT",
            Self::Terminate => "TERM",
            Self::Hangup => "HUP",
        }
    }
}

/// All of them, from the moment of [`Signals::listen`] on. None ends the process by itself any more.
pub(super) struct Signals(BoxStream<'static, Signal>);

impl Signals {
    /// # Errors
    /// When the system refuses.
    pub(super) fn listen() -> Result<Self, Error> {
        let all = [
            received(SignalKind::interrupt(), Signal::Interrupt)?,
            received(SignalKind::terminate(), Signal::Terminate)?,
            received(SignalKind::hangup(), Signal::Hangup)?,
        ];
        Ok(Self::of(select_all(all)))
    }

    /// Those that come out of `stream`.
    pub(super) fn of(stream: impl Stream<Item = Signal> + Send + 'static) -> Self {
        Self(stream.boxed())
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Signal {
        match self.0.next().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}

/// One kind of them, whenever it comes.
fn received(kind: SignalKind, is: Signal) -> Result<BoxStream<'static, Signal>, Error> {
    let mut received = signal(kind).map_err(Error::Start)?;
    let each = stream::poll_fn(move |cx| received.poll_recv(cx));
    Ok(each.map(move |()| is).boxed())
}
