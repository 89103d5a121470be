//! Bodies of uploads.
use std::path::Path;

use axum::body::Body;
use http::HeaderMap;

use crate::wire::Fault;
use crate::world::payload::Upload;

/// Receives an upload.
pub async fn receive(_body: Body, _headers: &HeaderMap, _spool: &Path) -> Result<Upload, Fault> {
    Ok(Upload::default())
}
