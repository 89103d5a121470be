//! Receipt handles: which message was received, and the how manieth time. Opaque to clients.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::message::Number;

/// How real handles begin.
const START: [u8; 3] = [1, 1, 1];

/// What a handle says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub number: Number,
    /// The message's receive count when it was received.
    pub count: u32,
}

impl Receipt {
    /// The handle, of a queue with that seal.
    pub fn write(self, seal: u64) -> String {
        let mut bytes = Vec::with_capacity(23);
        bytes.extend(START);
        bytes.extend(seal.to_be_bytes());
        // Handles of neighbours do not look alike.
        bytes.extend((self.number ^ seal.rotate_left(17)).to_be_bytes());
        bytes.extend((self.count ^ seal as u32).to_be_bytes());
        STANDARD.encode(bytes)
    }

    /// Reads a handle; `None` when it is none of the queue's with that seal.
    pub fn read(handle: &str, seal: u64) -> Option<Receipt> {
        let bytes = STANDARD.decode(handle).ok()?;
        let (start, rest) = bytes.split_first_chunk()?;
        let (sealed, rest) = rest.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let count: [u8; 4] = rest.try_into().ok()?;
        (*start == START && u64::from_be_bytes(*sealed) == seal).then(|| Receipt {
            number: u64::from_be_bytes(*number) ^ seal.rotate_left(17),
            count: u32::from_be_bytes(count) ^ seal as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_belong_to_their_queue() {
        let receipt = Receipt { number: 7, count: 2 };
        let handle = receipt.write(99);
        assert!(handle.starts_with("AQEB"));
        assert_eq!(Receipt::read(&handle, 99), Some(receipt));
        for (handle, seal) in [(handle.as_str(), 98), (&handle[..8], 99), ("AQEB", 99), ("x", 99), ("", 99)] {
            assert_eq!(Receipt::read(handle, seal), None, "{handle} {seal}");
        }
    }
}
