//! The signals that ask a run to end.

use futures_util::stream::{self, BoxStream, Stream, StreamExt, select_all};

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
        Ok(Self::of(select_all(received().map_err(Error::Start)?)))
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

/// Each kind of them, whenever it comes.
#[cfg(unix)]
fn received() -> std::io::Result<[BoxStream<'static, Signal>; 3]> {
    use tokio::signal::unix::{SignalKind, signal};
    let each = |kind, is| {
        let mut received = signal(kind)?;
        let each = stream::poll_fn(move |cx| received.poll_recv(cx));
        std::io::Result::Ok(each.map(move |()| is).boxed())
    };
    Ok([
        each(SignalKind::interrupt(), Signal::Interrupt)?,
        each(SignalKind::terminate(), Signal::Terminate)?,
        each(SignalKind::hangup(), Signal::Hangup)?,
    ])
}

/// What a console of Windows sends in their place.
#[cfg(windows)]
fn received() -> std::io::Result<[BoxStream<'static, Signal>; 3]> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
    let (mut interrupt, mut ended, mut closed) = (ctrl_c()?, ctrl_break()?, ctrl_close()?);
    let interrupt = stream::poll_fn(move |cx| interrupt.poll_recv(cx));
    let ended = stream::poll_fn(move |cx| ended.poll_recv(cx));
    let closed = stream::poll_fn(move |cx| closed.poll_recv(cx));
    Ok([
        interrupt.map(|()| Signal::Interrupt).boxed(),
        ended.map(|()| Signal::Terminate).boxed(),
        closed.map(|()| Signal::Hangup).boxed(),
    ])
}
