//! Performs the posts that services send to subscribers' endpoints.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::percent_decode_str;
use tokio::sync::Semaphore;

use axum::body::Bytes;

use crate::emulator::Emulator;
use crate::world::outbox::{Outcome, Post};

/// How long an endpoint may take to answer
/// (<https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html>).
const TIMEOUT: Duration = Duration::from_secs(15);
/// Posts under way at a time. Each endpoint has few of them, so that slow ones do not use them up.
const POSTS_MAX: usize = 2048;

/// The status that asks for a password.
const UNAUTHORIZED: u16 = 401;

/// Performs posts for as long as the process lives.
pub async fn perform(emulator: Arc<Emulator>) {
    let clients = Arc::new(Clients::default());
    let slots = Arc::new(Semaphore::new(POSTS_MAX));
    loop {
        for (id, post) in emulator.posts().await {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
            let (emulator, clients) = (Arc::clone(&emulator), Arc::clone(&clients));
            tokio::spawn(async move {
                let outcome = match tokio::time::timeout(TIMEOUT, clients.send(post)).await {
                    Ok(outcome) => outcome,
                    Err(_) => Outcome::Unanswered("no answer in time".to_owned()),
                };
                drop(slot);
                emulator.posted(id, outcome).await;
            });
        }
    }
}

/// A client for each scheme. That for HTTPS reads the machine's certificates, so it is made when it is needed.
#[derive(Default)]
struct Clients {
    plain: OnceLock<Client<HttpConnector, Full<Bytes>>>,
    secure: OnceLock<Option<Client<HttpsConnector<HttpConnector>, Full<Bytes>>>>,
}

impl Clients {
    /// Posts, and once more with the password of the URL where the endpoint asks for one.
    async fn send(&self, post: Post) -> Outcome {
        let (url, authorization) = without_password(&post.url);
        let first = self.send_once(&post, &url, None).await;
        match authorization {
            Some(authorization) if first == Outcome::Answered(UNAUTHORIZED) => {
                self.send_once(&post, &url, Some(&authorization)).await
            }
            _ => first,
        }
    }

    async fn send_once(&self, post: &Post, url: &str, authorization: Option<&str>) -> Outcome {
        let request = match request(post, url, authorization) {
            Ok(request) => request,
            Err(error) => return Outcome::Unanswered(error.to_string()),
        };
        let answer = if url.starts_with("https:") {
            let Some(client) = self.secure.get_or_init(secure) else {
                return Outcome::Unanswered("the machine has no certificates to trust".to_owned());
            };
            client.request(request).await
        } else {
            self.plain.get_or_init(|| client().build_http()).request(request).await
        };
        match answer {
            Ok(answer) => Outcome::Answered(answer.status().as_u16()),
            Err(error) => Outcome::Unanswered(error.to_string()),
        }
    }
}

/// Connections are not kept: an endpoint that serves one at a time must not be held up by an idle one.
fn client() -> hyper_util::client::legacy::Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_max_idle_per_host(0);
    builder
}

fn secure() -> Option<Client<HttpsConnector<HttpConnector>, Full<Bytes>>> {
    let provider = rustls::crypto::ring::default_provider();
    let connector = hyper_rustls::HttpsConnectorBuilder::new().with_provider_and_native_roots(provider);
    let connector = connector.inspect_err(|error| tracing::warn!(%error, "no HTTPS to endpoints")).ok()?;
    Some(client().build(connector.https_only().enable_http1().build()))
}

/// The URL without `USER:PASSWORD@`, and the header that says so instead
/// (<https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html>).
fn without_password(url: &str) -> (Cow<'_, str>, Option<String>) {
    let found = url.split_once("://").and_then(|(scheme, rest)| {
        let end = rest.find('/').unwrap_or(rest.len());
        let (user, _) = rest.get(..end)?.rsplit_once('@')?;
        let user_text = percent_decode_str(user).decode_utf8_lossy();
        let rest = rest.get(user.len() + 1..)?;
        Some((format!("{scheme}://{rest}"), format!("Basic {}", STANDARD.encode(user_text.as_bytes()))))
    });
    match found {
        Some((url, authorization)) => (Cow::Owned(url), Some(authorization)),
        None => (Cow::Borrowed(url), None),
    }
}

fn request(post: &Post, url: &str, authorization: Option<&str>) -> Result<Request<Full<Bytes>>, http::Error> {
    let mut request = Request::post(url);
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    for (name, value) in &post.headers {
        request = request.header(*name, HeaderValue::from_str(value)?);
    }
    request.body(Full::new(post.body.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls() {
        let check = |url: &str, bare: &str, user: Option<&str>| {
            let expected = user.map(|user| format!("Basic {}", STANDARD.encode(user)));
            assert_eq!(without_password(url), (bare.into(), expected), "{url}");
        };
        check("http://h/a?b=c@d", "http://h/a?b=c@d", None);
        check("http://u:p@h:1/a@b", "http://h:1/a@b", Some("u:p"));
        check("https://u%40x:p@h", "https://h", Some("u@x:p"));
    }
}
