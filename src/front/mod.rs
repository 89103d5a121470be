//! HTTP: the socket, the heads and bodies of requests, the admin API. Nothing else knows HTTP.

pub mod aws;
mod body;
mod certificate;
pub mod chunked;
mod connection;
pub mod control;
mod events;
mod head;
mod link;
mod outbox;
pub mod payload;
mod traffic;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use futures_util::FutureExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::config::{CONNECTIONS_MAX, STOP_TIMEOUT};
use crate::emulator::Emulator;

/// Every path that is ours; all others are AWS's.
pub fn router(emulator: Arc<Emulator>) -> Router {
    let captures = DefaultBodyLimit::max(traffic::BYTES_MAX);
    Router::new()
        .route("/_trailcam/health", get(control::health))
        .route("/_localstack/health", get(control::localstack_health))
        .route("/_trailcam/reset", post(control::reset))
        .route("/_trailcam/clock", get(control::clock).post(control::set_clock))
        .route("/_trailcam/flush", post(control::flush))
        .route("/_trailcam/console-login", post(control::console_login))
        .route("/_trailcam/traffic", post(traffic::send).layer(captures))
        .route("/_trailcam/traffic/skip-data", post(traffic::skip_data))
        .route("/_trailcam/traffic/scenarios", get(traffic::scenarios))
        .route("/_trailcam/billing", post(control::billing))
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
    let front = Front { router: TowerToHyperService::new(router(Arc::clone(&emulator))), emulator };
    let poster = tokio::spawn(outbox::perform(Arc::clone(&front.emulator)));
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let stopping = watch::Sender::new(false);
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, peer, slot)) = accepted else { continue };
        let ended = connection::attend(front.clone(), stream, peer, stopping.subscribe());
        // Mapped, not awaited in a block of its own, which would take the connection's size twice.
        tokio::spawn(ended.map(move |()| drop(slot)));
    }
    drop(listener);
    poster.abort();
    front.emulator.end_streams();
    stopping.send_replace(true);
    // All slots are free when the last connection has ended.
    if tokio::time::timeout(STOP_TIMEOUT, slots.acquire_many(CONNECTIONS_MAX as u32)).await.is_err() {
        tracing::warn!("requests under way were cut off");
    }
}

/// Who answers requests.
#[derive(Clone)]
struct Front {
    router: TowerToHyperService<Router>,
    emulator: Arc<Emulator>,
}

impl Front {
    /// Answers a request. Most are AWS's and need no router.
    async fn answer(self, request: Request) -> Response {
        if !is_ours(request.uri().path()) {
            return aws::handle(self.emulator, request).await;
        }
        self.router.call(request).await.unwrap_or_else(|never| match never {})
    }
}

/// Whether a path may be one of ours.
fn is_ours(path: &str) -> bool {
    path.starts_with("/_")
}

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
