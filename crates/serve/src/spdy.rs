//! The frames of SPDY/3.1, as far as kubectl's port-forward speaks it inside a WebSocket: streams with headers, data and ends.

use base::Text;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// One frame, read or to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// A client opens a stream.
    Open {
        stream: u32,
        headers: Vec<(Text, Text)>,
        fin: bool,
    },
    /// The server has taken it.
    Opened {
        stream: u32,
    },
    Data {
        stream: u32,
        bytes: Vec<u8>,
        fin: bool,
    },
    Reset {
        stream: u32,
    },
    Ping(u32),
    Goodbye,
    /// What needs no answer: settings and windows.
    Other,
}

/// Bytes that are no SPDY.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken;

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GOAWAY: u16 = 7;

const FIN: u8 = 1;
/// The most that the headers of one stream may be.
const HEADERS: usize = 16 * 1024;
/// The most that one frame may be.
const FRAME: usize = 4 * 1024 * 1024;

/// The words that headers are compressed with, each after its length.
const WORDS: &str = "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow \
authorization cache-control connection content-base content-encoding content-language content-length content-location content-md5 \
content-range content-type date etag expect expires from host if-match if-modified-since if-none-match if-range \
if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after \
server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get status";
const MORE_WORDS: [&str; 7] = ["200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive"];
const TAIL: &str = "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information\
204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented\
503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT\
chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,public\
privatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

/// The dictionary of draft-mbelshe-httpbis-spdy, 2.6.10.1.
fn dictionary() -> Vec<u8> {
    let mut out = Vec::new();
    for word in WORDS.split(' ').chain(MORE_WORDS).chain(["origin"]) {
        out.extend((word.len() as u32).to_be_bytes());
        out.extend(word.as_bytes());
    }
    out.extend(TAIL.as_bytes());
    out
}

/// Reads frames from bytes that come in any pieces.
pub struct Reader {
    waiting: Vec<u8>,
    headers: Decompress,
}

impl Reader {
    pub fn new() -> Reader {
        Reader { waiting: Vec::new(), headers: Decompress::new(true) }
    }
    pub fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }
    /// The next whole frame.
    pub fn next(&mut self) -> Result<Option<Frame>, Broken> {
        let Some(&[a, b, c, d, flags, x, y, z]) = self.waiting.first_chunk::<8>() else { return Ok(None) };
        let length = u32::from_be_bytes([0, x, y, z]) as usize;
        if length > FRAME {
            return Err(Broken);
        }
        if self.waiting.len() < 8 + length {
            return Ok(None);
        }
        let payload: Vec<u8> = self.waiting.drain(..8 + length).skip(8).collect();
        let fin = flags & FIN != 0;
        if a & 0x80 == 0 {
            return Ok(Some(Frame::Data { stream: u32::from_be_bytes([a, b, c, d]), bytes: payload, fin }));
        }
        let number = || payload.first_chunk::<4>().map(|n| u32::from_be_bytes(*n) & 0x7fff_ffff).ok_or(Broken);
        Ok(Some(match u16::from_be_bytes([c, d]) {
            SYN_STREAM => {
                let stream = number()?;
                let headers = self.headers(payload.get(10..).ok_or(Broken)?)?;
                Frame::Open { stream, headers, fin }
            }
            RST_STREAM => Frame::Reset { stream: number()? },
            PING => Frame::Ping(number()?),
            GOAWAY => Frame::Goodbye,
            _ => Frame::Other,
        }))
    }
    fn headers(&mut self, mut packed: &[u8]) -> Result<Vec<(Text, Text)>, Broken> {
        let mut block = Vec::with_capacity(HEADERS);
        while !packed.is_empty() {
            let before = self.headers.total_in();
            let done = self.headers.decompress_vec(packed, &mut block, FlushDecompress::Sync);
            let used = (self.headers.total_in() - before) as usize;
            packed = packed.get(used..).ok_or(Broken)?;
            match done {
                Ok(Status::Ok) if used > 0 => {}
                Ok(Status::Ok | Status::BufError | Status::StreamEnd) => return Err(Broken),
                Err(error) if error.needs_dictionary().is_some() => {
                    self.headers.set_dictionary(&dictionary()).map_err(|_| Broken)?;
                }
                Err(_) => return Err(Broken),
            }
        }
        pairs(&block).ok_or(Broken)
    }
}

/// A count, then names and values, each after its length.
fn pairs(mut block: &[u8]) -> Option<Vec<(Text, Text)>> {
    fn number(block: &mut &[u8]) -> Option<usize> {
        let (number, rest) = block.split_first_chunk::<4>()?;
        *block = rest;
        Some(u32::from_be_bytes(*number) as usize)
    }
    fn text(block: &mut &[u8]) -> Option<Text> {
        let length = number(block)?;
        let (text, rest) = block.split_at_checked(length)?;
        *block = rest;
        Some(String::from_utf8_lossy(text).as_ref().into())
    }
    let count = number(&mut block)?;
    let mut out = Vec::new();
    for _ in 0..count {
        out.push((text(&mut block)?, text(&mut block)?));
    }
    Some(out)
}

/// Writes frames.
pub struct Writer {
    headers: Compress,
}

impl Writer {
    pub fn new() -> Writer {
        let mut headers = Compress::new(Compression::fast(), true);
        // A dictionary is refused only after the first bytes.
        let _ = headers.set_dictionary(&dictionary());
        Writer { headers }
    }
    /// A frame in its bytes; nothing for those that a server does not send.
    pub fn bytes(&mut self, frame: &Frame) -> Vec<u8> {
        match frame {
            Frame::Opened { stream } => {
                let mut payload = stream.to_be_bytes().to_vec();
                payload.extend(self.no_headers());
                control(SYN_REPLY, &payload)
            }
            Frame::Data { stream, bytes, fin } => {
                let mut out = stream.to_be_bytes().to_vec();
                out.extend(flags_and_length(if *fin { FIN } else { 0 }, bytes.len()));
                out.extend(bytes);
                out
            }
            Frame::Ping(number) => control(PING, &number.to_be_bytes()),
            Frame::Open { .. } | Frame::Reset { .. } | Frame::Goodbye | Frame::Other => Vec::new(),
        }
    }
    /// The block of an answer without headers, a part of one compressed text.
    fn no_headers(&mut self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        // A compressor that has room does not fail.
        let _ = self.headers.compress_vec(&0_u32.to_be_bytes(), &mut out, FlushCompress::Sync);
        out
    }
}

fn flags_and_length(flags: u8, length: usize) -> [u8; 4] {
    let [_, x, y, z] = (length as u32).to_be_bytes();
    [flags, x, y, z]
}

fn control(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x80, 3];
    out.extend(kind.to_be_bytes());
    out.extend(flags_and_length(0, payload.len()));
    out.extend(payload);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of a frame that opens a stream, as a client writes them.
    fn open(packer: &mut Compress, stream: u32, headers: &[(&str, &str)]) -> Vec<u8> {
        let mut block = (headers.len() as u32).to_be_bytes().to_vec();
        for text in headers.iter().flat_map(|(name, value)| [name, value]) {
            block.extend((text.len() as u32).to_be_bytes());
            block.extend(text.as_bytes());
        }
        let mut payload = stream.to_be_bytes().to_vec();
        payload.extend([0; 6]);
        let mut packed = Vec::with_capacity(1000);
        packer.compress_vec(&block, &mut packed, FlushCompress::Sync).expect("room");
        payload.extend(packed);
        control(SYN_STREAM, &payload)
    }

    #[test]
    fn streams_open_in_any_pieces() {
        let mut packer = Compress::new(Compression::default(), true);
        // The number by which zlib knows this dictionary.
        assert_eq!(packer.set_dictionary(&dictionary()).expect("a dictionary"), 0xe3c6_a7c2);
        let mut reader = Reader::new();
        let mut frames = Vec::new();
        let mut bytes = open(&mut packer, 1, &[("streamtype", "error"), ("port", "80")]);
        bytes.extend(open(&mut packer, 3, &[("streamtype", "data"), ("port", "80")]));
        bytes.extend(Writer::new().bytes(&Frame::Data { stream: 3, bytes: b"GET".to_vec(), fin: true }));
        for byte in bytes {
            reader.push(&[byte]);
            while let Some(frame) = reader.next().expect("frames") {
                frames.push(frame);
            }
        }
        let headers = |kind: &str| vec![("streamtype".into(), kind.into()), ("port".into(), "80".into())];
        let wanted = [
            Frame::Open { stream: 1, headers: headers("error"), fin: false },
            Frame::Open { stream: 3, headers: headers("data"), fin: false },
            Frame::Data { stream: 3, bytes: b"GET".to_vec(), fin: true },
        ];
        assert_eq!(frames, wanted);
    }

    #[test]
    fn garbage_is_refused() {
        let mut reader = Reader::new();
        reader.push(&control(SYN_STREAM, b"0123456789 this is not compressed"));
        assert_eq!(reader.next(), Err(Broken));
        let mut reader = Reader::new();
        reader.push(&[0, 0, 0, 1, 0, 0xff, 0xff, 0xff]);
        assert_eq!(reader.next(), Err(Broken));
    }
}
