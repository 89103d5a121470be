//! One connection, from its first request to its last.
//!
//! Requests are hyper's work, which takes some twenty kilobytes for a connection. A call that waits for something to
//! happen may wait long, and there may be thousands: it is taken out of hyper, waits by itself, and its answer is written
//! here. The connection goes back to hyper with the next request.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE};
use http::{Request, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::Front;
use super::link::Link;
use crate::config::{HEAD_BYTES_MAX, HEAD_TIMEOUT};
use crate::emulator::system_time;

/// The client's end of a connection.
#[derive(Clone, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    /// To see whether it is still there.
    pub stream: Arc<TcpStream>,
    pub desk: Arc<Desk>,
}

/// The request under way on a connection, shared between hyper and who may take it out.
#[derive(Default)]
pub struct Desk {
    /// What comes of it.
    answer: Mutex<Option<Answer>>,
    /// Whether its answer may be written by us: the connection goes on after it.
    goes_on: AtomicBool,
    /// Whether it waits for something to happen.
    waits: AtomicBool,
    /// Whether all that hyper has written has been sent.
    pub is_sent: AtomicBool,
}

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;
type Serving = http1::Connection<TokioIo<Link>, Served>;

/// Serves a connection until its client ends it, or `stop` says so.
pub async fn attend(front: Front, stream: TcpStream, address: SocketAddr, mut stop: watch::Receiver<bool>) {
    let client = Peer { address, stream: Arc::new(stream), desk: Arc::default() };
    let mut unread = Bytes::new();
    loop {
        if unread.is_empty() && !has_request(&client.stream, &mut stop).await {
            return;
        }
        let Some((answer, left)) = serve(serving(&front, &client, unread), &client.desk, &mut stop).await else {
            return;
        };
        unread = left;
        if let Err(error) = write(&client, answer.await).await {
            return tracing::debug!(peer = %address, %error, "connection ended");
        }
        if *stop.borrow() {
            return;
        }
    }
}

/// Waits for the first byte of a request: whether one comes.
async fn has_request(stream: &TcpStream, stop: &mut watch::Receiver<bool>) -> bool {
    let mut byte = [0];
    tokio::select! {
        seen = tokio::time::timeout(HEAD_TIMEOUT, stream.peek(&mut byte)) => matches!(seen, Ok(Ok(1..))),
        _ = stop.wait_for(|stops| *stops) => false,
    }
}

fn serving(front: &Front, client: &Peer, unread: Bytes) -> Serving {
    http1::Builder::new()
        .timer(TokioTimer::new())
        // A client may end its side when it has sent its requests, and still wait for the answers.
        .half_close(true)
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(link(client, unread)), Served { front: front.clone(), client: client.clone() })
}

fn link(client: &Peer, unread: Bytes) -> Link {
    Link { stream: Arc::clone(&client.stream), unread, desk: Arc::clone(&client.desk) }
}

/// Lets hyper serve a connection until it ends, or a request waits: then that is handed out, with what has been read
/// beyond it.
async fn serve(mut serving: Serving, desk: &Desk, stop: &mut watch::Receiver<bool>) -> Option<(Answer, Bytes)> {
    let mut stopping = pin!(stop.wait_for(|stops| *stops));
    let mut stops = false;
    let ended = poll_fn(|cx| {
        if !stops && stopping.as_mut().poll(cx).is_ready() {
            stops = true;
            Pin::new(&mut serving).graceful_shutdown();
        }
        match Pin::new(&mut serving).poll(cx) {
            Poll::Ready(ended) => Poll::Ready(Err(ended)),
            Poll::Pending => desk.take_waiting().map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer))),
        }
    });
    match ended.await {
        // Copied, since even nothing of it would keep hyper's whole buffer.
        Ok(answer) => Some((answer, Bytes::copy_from_slice(&serving.into_parts().read_buf))),
        Err(ended) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "connection ended");
            }
            None
        }
    }
}

/// Writes an answer as hyper would, to a connection that goes on.
async fn write(client: &Peer, answer: Response) -> io::Result<()> {
    let (mut head, body) = answer.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    head.headers.entry(CONTENT_LENGTH).or_insert(body.len().into());
    let mut bytes = format!("HTTP/1.1 {}\r\n", head.status).into_bytes();
    for (name, value) in &head.headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    let date = system_time().format("%a, %d %b %Y %H:%M:%S GMT");
    bytes.extend(format!("{DATE}: {date}\r\n\r\n").into_bytes());
    bytes.extend(body);
    link(client, Bytes::new()).write_all(&bytes).await
}

impl Desk {
    /// Says that the request under way waits.
    pub fn wait(&self) {
        self.waits.store(true, Ordering::Relaxed);
    }

    fn take_waiting(&self) -> Option<Answer> {
        let can_be_taken = [&self.waits, &self.goes_on, &self.is_sent].iter().all(|flag| flag.load(Ordering::Relaxed));
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take_if(|_| can_be_taken)
    }

    fn put(&self, answer: Answer, goes_on: bool) {
        self.waits.store(false, Ordering::Relaxed);
        self.goes_on.store(goes_on, Ordering::Relaxed);
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk")
    }
}

/// What hyper asks for the answers to the requests of a connection.
struct Served {
    front: Front,
    client: Peer,
}

impl Service<Request<Incoming>> for Served {
    type Response = Response;
    type Error = Infallible;
    type Future = UnderWay;

    fn call(&self, mut request: Request<Incoming>) -> UnderWay {
        request.extensions_mut().insert(self.client.clone());
        let goes_on = goes_on(&request);
        let answer = self.front.clone().answer(request.map(Body::new));
        self.client.desk.put(Box::pin(answer), goes_on);
        UnderWay(Arc::clone(&self.client.desk))
    }
}

/// Whether the connection goes on after a request. HTTP/1.0 says so in other ways, which are left to hyper.
fn goes_on<B>(request: &Request<B>) -> bool {
    request.version() == Version::HTTP_11 && !request.headers().contains_key(CONNECTION)
}

/// The request under way, as long as it is on the desk.
struct UnderWay(Arc<Desk>);

impl Future for UnderWay {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut answer = self.0.answer.lock().unwrap_or_else(PoisonError::into_inner);
        match answer.as_mut().map(|answer| answer.as_mut().poll(cx)) {
            Some(Poll::Ready(done)) => {
                *answer = None;
                Poll::Ready(Ok(done))
            }
            Some(Poll::Pending) | None => Poll::Pending,
        }
    }
}
