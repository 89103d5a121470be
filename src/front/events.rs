//! Bodies that are event streams: sent as events come, until the stream ends or the client goes away.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::stream::{self, StreamExt};

use crate::contract::{Contract, OperationId};
use crate::emulator::Emulator;
use crate::wire::event_stream;
use crate::world::streams::StreamId;

/// The body: `first`, then each event of the stream.
pub fn body(
    emulator: Arc<Emulator>,
    contract: &'static Contract,
    operation: OperationId,
    id: StreamId,
    first: Vec<u8>,
) -> Body {
    let reader = Reader { emulator, id };
    let events = stream::unfold(reader, move |reader| async move {
        let events = reader.emulator.events(reader.id).await?;
        let messages = events.iter().map(|event| event_stream::event(contract, operation, event.name, &event.value));
        let bytes = messages.collect::<Vec<_>>().concat();
        Some((Ok(Bytes::from(bytes)), reader))
    });
    let first = stream::once(async { Ok::<_, std::convert::Infallible>(Bytes::from(first)) });
    Body::from_stream(first.chain(events))
}

/// Closes its stream when dropped: the client is gone, or has all.
struct Reader {
    emulator: Arc<Emulator>,
    id: StreamId,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.emulator.step(|world| world.streams.close(self.id));
    }
}
