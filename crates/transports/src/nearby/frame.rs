//! Frames: a length (u32, big-endian) and that many bytes. A length above the limit is an error
//! before memory is reserved for it, and one that comes drop by drop ends at its deadline.

use super::{NearbyError, limits};
use bytes::{Bytes, BytesMut};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};

/// How long is waited for a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Without a single byte.
    pub silence: Duration,
    /// For a whole frame, from its first byte.
    pub frame: Duration,
}

/// What is read at once, at least, where there is no frame whose length is known.
const ROOM: usize = 4 * 1024;

fn codec(limit: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().length_field_length(4).max_frame_length(limit).new_codec()
}

/// The half of a link that reads.
pub struct FrameReader {
    io: Box<dyn AsyncRead + Send + Unpin>,
    codec: LengthDelimitedCodec,
    limit: usize,
    buffer: BytesMut,
    /// When the frame that is being read began.
    began: Option<Instant>,
}

impl FrameReader {
    pub(super) fn new(io: impl AsyncRead + Send + Unpin + 'static) -> Self {
        Self {
            io: Box::new(io),
            codec: codec(limits::HANDSHAKE),
            limit: limits::HANDSHAKE,
            buffer: BytesMut::new(),
            began: None,
        }
    }

    /// Accepts frames up to [`limits::FRAME`]. For a peer that is known by now.
    pub fn lift_limit(&mut self) {
        self.limit = limits::FRAME;
        self.codec.set_max_frame_length(limits::FRAME);
    }

    /// The next frame; `None` where the other side ended the connection in due form.
    ///
    /// A call that is dropped while it waits loses nothing, and after [`NearbyError::Silent`] it may be
    /// waited again. After another error there is nothing more to read.
    ///
    /// # Errors
    /// [`NearbyError::TooLarge`], [`NearbyError::Silent`], [`NearbyError::TooSlow`],
    /// [`NearbyError::Lost`].
    pub async fn next(&mut self, patience: Patience) -> Result<Option<Bytes>, NearbyError> {
        loop {
            if let Some(frame) = self.take()? {
                self.began = None;
                return Ok(Some(frame));
            }
            if self.began.is_none() && !self.buffer.is_empty() {
                // Its beginning came with the frame before. What time that one took does not count.
                self.began = Some(Instant::now());
            }
            if self.buffer.capacity() - self.buffer.len() < ROOM / 2 {
                self.buffer.reserve(ROOM);
            }
            let silence = Instant::now() + patience.silence;
            let whole = self.began.map(|began| began + patience.frame);
            let deadline = whole.map_or(silence, |whole| whole.min(silence));
            let Ok(read) = timeout_at(deadline, self.io.read_buf(&mut self.buffer)).await else {
                return Err(match whole {
                    Some(whole) if whole <= silence => NearbyError::TooSlow,
                    _ => NearbyError::Silent,
                });
            };
            match read.map_err(NearbyError::Lost)? {
                0 if self.began.is_none() => return Ok(None),
                0 => return Err(NearbyError::Lost(io::ErrorKind::UnexpectedEof.into())),
                _ => self.began = self.began.or_else(|| Some(Instant::now())),
            }
        }
    }

    #[cfg(test)]
    pub(super) fn reserved(&self) -> usize {
        self.buffer.capacity()
    }

    fn take(&mut self) -> Result<Option<Bytes>, NearbyError> {
        let announced = self.buffer.first_chunk::<4>().map(|head| u32::from_be_bytes(*head));
        let taken = self.codec.decode(&mut self.buffer).map_err(|_| NearbyError::TooLarge {
            size: announced.unwrap_or_default().into(),
            limit: self.limit,
        })?;
        Ok(taken.map(BytesMut::freeze))
    }
}

/// The half of a link that writes.
pub struct FrameWriter {
    io: Box<dyn AsyncWrite + Send + Unpin>,
    codec: LengthDelimitedCodec,
    limit: usize,
    /// A frame was cut off: what follows would be read as part of it.
    broken: bool,
}

impl FrameWriter {
    pub(super) fn new(io: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        Self {
            io: Box::new(io),
            codec: codec(limits::HANDSHAKE),
            limit: limits::HANDSHAKE,
            broken: false,
        }
    }

    /// Sends frames up to [`limits::FRAME`]. The other side must have lifted its limit too.
    pub fn lift_limit(&mut self) {
        self.limit = limits::FRAME;
        self.codec.set_max_frame_length(limits::FRAME);
    }

    /// Sends one frame, and everything of it.
    ///
    /// After an error, or when the call was dropped before it ended, nothing more can be sent.
    ///
    /// # Errors
    /// [`NearbyError::TooLargeToSend`], [`NearbyError::Silent`] where the other side takes nothing,
    /// [`NearbyError::TooSlow`], [`NearbyError::Lost`].
    pub async fn send(&mut self, bytes: Bytes, patience: Patience) -> Result<(), NearbyError> {
        if bytes.len() > self.limit {
            return Err(NearbyError::TooLargeToSend { size: bytes.len(), limit: self.limit });
        }
        if std::mem::replace(&mut self.broken, true) {
            return Err(NearbyError::Lost(io::ErrorKind::BrokenPipe.into()));
        }
        let mut buffer = BytesMut::new();
        self.codec.encode(bytes, &mut buffer).map_err(NearbyError::Lost)?;
        let whole = Instant::now() + patience.frame;
        while !buffer.is_empty() {
            let written = in_time(whole, patience, self.io.write_buf(&mut buffer)).await?;
            if written == 0 {
                return Err(NearbyError::Lost(io::ErrorKind::WriteZero.into()));
            }
        }
        in_time(whole, patience, self.io.flush()).await?;
        self.broken = false;
        Ok(())
    }

    /// Ends the connection in due form, so that the other side knows that nothing is missing.
    ///
    /// # Errors
    /// [`NearbyError::Silent`], [`NearbyError::Lost`].
    pub async fn close(mut self, patience: Patience) -> Result<(), NearbyError> {
        let whole = Instant::now() + patience.frame;
        in_time(whole, patience, self.io.shutdown()).await
    }
}

async fn in_time<T>(
    whole: Instant,
    patience: Patience,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, NearbyError> {
    let silence = Instant::now() + patience.silence;
    match timeout_at(whole.min(silence), work).await {
        Ok(done) => done.map_err(NearbyError::Lost),
        Err(_) if whole <= silence => Err(NearbyError::TooSlow),
        Err(_) => Err(NearbyError::Silent),
    }
}

impl std::fmt::Debug for FrameReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameReader").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for FrameWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameWriter").field("limit", &self.limit).finish_non_exhaustive()
    }
}
