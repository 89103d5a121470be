//! The certificate that messages of topics are verified with: `/SimpleNotificationService-….pem`.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};

use crate::emulator::Emulator;

/// How the file's name begins. No bucket's does: their names have no capitals.
const PREFIX: &str = "/SimpleNotificationService-";

/// Whether a request asks for the certificate.
pub fn is_asked_for(parts: &Parts) -> bool {
    let is_read = parts.method == Method::GET || parts.method == Method::HEAD;
    is_read && parts.uri.path().starts_with(PREFIX) && parts.uri.path().ends_with(".pem")
}

/// Answers with the certificate, if it is the one of that name.
pub async fn answer(emulator: &Emulator, parts: &Parts) -> Response {
    let signer = emulator.step(|world| world.message_signer.clone());
    if parts.uri.path().trim_start_matches('/') != signer.certificate_name() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let made = tokio::task::spawn_blocking(move || signer.certificate().to_owned()).await;
    let mut response = Response::new(Body::from(made.unwrap_or_default()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-pem-file"));
    response
}
