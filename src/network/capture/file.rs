//! The two forms of capture files: libpcap's (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng).

use std::fmt;

/// What is not a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureFault {
    /// It begins as neither form does.
    NotACapture,
    /// A block or record whose length cannot be.
    Damaged,
}

/// A frame as it was captured.
pub struct Frame<'a> {
    pub link: u16,
    /// Seconds since 1970.
    pub at_s: i64,
    pub data: &'a [u8],
}

const PCAPNG_SECTION: u32 = 0x0a0d_0d0a;
const PCAPNG_ORDER: u32 = 0x1a2b_3c4d;

/// Hands on frame by frame.
pub fn frames<'a>(bytes: &'a [u8], sink: impl FnMut(Frame<'a>)) -> Result<(), CaptureFault> {
    let magic = Reader { bytes, big: false }.u32(0).ok_or(CaptureFault::NotACapture)?;
    match (magic, magic.swap_bytes()) {
        (PCAPNG_SECTION, _) => pcapng(bytes, sink),
        // Seconds and microseconds; seconds and nanoseconds.
        (0xa1b2_c3d4 | 0xa1b2_3c4d, _) => pcap(Reader { bytes, big: false }, sink),
        (_, 0xa1b2_c3d4 | 0xa1b2_3c4d) => pcap(Reader { bytes, big: true }, sink),
        _ => Err(CaptureFault::NotACapture),
    }
}

fn pcap<'a>(file: Reader<'a>, mut sink: impl FnMut(Frame<'a>)) -> Result<(), CaptureFault> {
    // The upper bits say things about checksums at the end of frames.
    let link = file.u32(20).ok_or(CaptureFault::NotACapture)? as u16;
    let mut at = 24;
    while let (Some(seconds), Some(length)) = (file.u32(at), file.u32(at + 8)) {
        let Some(data) = file.part(at + 16, length as usize) else { break };
        sink(Frame { link, at_s: i64::from(seconds), data });
        at += 16 + data.len();
    }
    Ok(())
}

/// What an interface of a section says about its packets.
struct Source {
    link: u16,
    per_second: u64,
    offset_s: i64,
}

fn pcapng<'a>(bytes: &'a [u8], mut sink: impl FnMut(Frame<'a>)) -> Result<(), CaptureFault> {
    let mut sources: Vec<Option<Source>> = Vec::new();
    let mut big = false;
    let mut at = 0;
    while let Some(kind) = (Reader { bytes, big }).u32(at) {
        if kind == PCAPNG_SECTION {
            // Each section has an order of bytes of its own.
            big = match (Reader { bytes, big: true }).u32(at + 8) {
                Some(PCAPNG_ORDER) => true,
                Some(order) if order.swap_bytes() == PCAPNG_ORDER => false,
                Some(_) => return Err(CaptureFault::Damaged),
                None => return Ok(()),
            };
            sources.clear();
        }
        let file = Reader { bytes, big };
        let Some(length) = file.u32(at + 4).map(|length| length as usize) else { break };
        if length < 12 || length % 4 != 0 {
            return Err(CaptureFault::Damaged);
        }
        let Some(body) = file.part(at + 8, length - 12) else { break };
        let body = Reader { bytes: body, big };
        match kind {
            // Packets name interfaces by their number, those that cannot be read too.
            1 => sources.push(source(body)),
            3 => {
                let source = sources.first().and_then(Option::as_ref);
                source.and_then(|source| simple(body, source)).into_iter().for_each(&mut sink);
            }
            6 => enhanced(body, &sources).into_iter().for_each(&mut sink),
            _ => {}
        }
        at += length;
    }
    Ok(())
}

/// An Interface Description Block.
fn source(body: Reader) -> Option<Source> {
    let mut source = Source { link: body.u16(0)?, per_second: 1_000_000, offset_s: 0 };
    let mut at = 8;
    while let (Some(code), Some(length)) = (body.u16(at), body.u16(at + 2)) {
        let Some(value) = body.part(at + 4, usize::from(length)) else { break };
        match (code, value) {
            (0, _) => break,
            (9, [resolution]) => source.per_second = per_second(*resolution)?,
            (14, [a, b, c, d, e, f, g, h]) => {
                let value = [*a, *b, *c, *d, *e, *f, *g, *h];
                source.offset_s = if body.big { i64::from_be_bytes(value) } else { i64::from_le_bytes(value) };
            }
            _ => {}
        }
        at += 4 + usize::from(length).next_multiple_of(4);
    }
    Some(source)
}

/// Units of time in a second: a power of ten, or of two if the highest bit is set.
fn per_second(resolution: u8) -> Option<u64> {
    match resolution & 0x80 {
        0 => 10u64.checked_pow(u32::from(resolution)),
        _ => 1u64.checked_shl(u32::from(resolution & 0x7f)),
    }
}

fn enhanced<'a>(body: Reader<'a>, sources: &[Option<Source>]) -> Option<Frame<'a>> {
    let source = sources.get(body.u32(0)? as usize)?.as_ref()?;
    let time = u64::from(body.u32(4)?) << 32 | u64::from(body.u32(8)?);
    let data = body.part(20, body.u32(12)? as usize)?;
    let at_s = i64::try_from(time / source.per_second).ok()?.saturating_add(source.offset_s);
    Some(Frame { link: source.link, at_s, data })
}

/// A packet without a time, of the section's first interface.
fn simple<'a>(body: Reader<'a>, source: &Source) -> Option<Frame<'a>> {
    let length = (body.u32(0)? as usize).min(body.bytes.len().saturating_sub(4));
    Some(Frame { link: source.link, at_s: 0, data: body.part(4, length)? })
}

/// Bytes with an order.
#[derive(Clone, Copy)]
struct Reader<'a> {
    bytes: &'a [u8],
    big: bool,
}

impl<'a> Reader<'a> {
    fn part(&self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(length)?)
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes: [u8; 2] = self.part(at, 2)?.try_into().ok()?;
        Some(if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes: [u8; 4] = self.part(at, 4)?.try_into().ok()?;
        Some(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }
}

impl fmt::Display for CaptureFault {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            CaptureFault::NotACapture => write!(out, "The body is neither a pcap nor a pcapng file."),
            CaptureFault::Damaged => write!(out, "The capture is damaged."),
        }
    }
}
