//! HTTP: the socket, the heads and bodies of requests, the admin API. Nothing else knows HTTP.

pub mod aws;
mod body;
mod certificate;
pub mod chunked;
pub mod control;
mod events;
mod head;
mod outbox;
pub mod payload;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::config::{CONNECTIONS_MAX, HEAD_BYTES_MAX, HEAD_TIMEOUT, STOP_TIMEOUT};
use crate::emulator::Emulator;

/// Every path that is ours; all others are AWS's.
pub fn router(emulator: Arc<Emulator>) -> Router {
    Router::new()
        .route("/_trailcam/health", get(control::health))
        .route("/_localstack/health", get(control::localstack_health))
        .route("/_trailcam/reset", post(control::reset))
        .route("/_trailcam/clock", get(control::clock).post(control::set_clock))
        .route("/_trailcam/flush", post(control::flush))
        .route("/_trailcam/console-login", post(control::console_login))
        .route("/_trailcam/jobs", get(control::jobs))
        .route("/_trailcam/mailbox", get(control::mailbox))
        .route("/_trailcam/events", get(control::events))
        .route("/_trailcam/{*path}", axum::routing::any(control::unknown))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&emulator), buckets_first))
        .fallback(|State(emulator): State<Arc<Emulator>>, request: Request| aws::handle(emulator, request))
        .with_state(emulator)
}

/// A bucket's host name has no admin API: its objects may have any key.
async fn buckets_first(State(emulator): State<Arc<Emulator>>, request: Request, next: Next) -> Response {
    if head::is_for_bucket(request.headers()) {
        return aws::handle(emulator, request).await;
    }
    next.run(request).await
}

/// Serves until `stop` resolves, then lets requests under way finish.
pub async fn serve(emulator: Arc<Emulator>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let router = router(Arc::clone(&emulator));
    let poster = tokio::spawn(outbox::perform(Arc::clone(&emulator)));
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, peer, slot)) = accepted else { continue };
        let service = TowerToHyperService::new(router.clone().layer(axum::Extension(Peer(peer))));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // A client may end its side when it has sent its requests, and still wait for the answers.
            .half_close(true)
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "connection ended");
            }
            drop(slot);
        });
    }
    drop(listener);
    poster.abort();
    emulator.end_streams();
    if tokio::time::timeout(STOP_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests under way were cut off");
    }
}

/// Address of the client's end of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

type Slot = tokio::sync::OwnedSemaphorePermit;

/// The next connection; `None` when accepting failed, which is the connection's trouble and not ours.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, Slot)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are written whole; waiting to join them with others only delays them.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, slot))
        }
        Err(error) => {
            tracing::warn!(%error, "cannot accept");
            // Out of file descriptors, most likely: give connections time to end.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            None
        }
    }
}
