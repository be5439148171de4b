//! Bodies of requests: which types a route takes, and reading them within limits.

use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::{HeaderMap, body};

use super::{Code, Problem, Room};
use crate::clock;

/// A type of content that a route may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/json`
    Json,
    /// `application/ofd`
    Ofd,
    /// `application/jose`
    Jose,
    /// `application/dc+sd-jwt` or `application/vc+sd-jwt`
    SdJwt,
    /// `application/cms` or `application/pkcs7-mime`
    Cms,
    /// `application/pdf`
    Pdf,
    /// `application/pkix-cert`
    Certificate,
    /// `application/x-pem-file` or `application/pem-certificate-chain`
    Pem,
    /// `text/plain`
    Text,
    /// `application/octet-stream`: the content tells.
    Octets,
}

impl Media {
    const ROWS: [(&'static str, Self); 13] = [
        ("application/json", Self::Json),
        ("application/ofd", Self::Ofd),
        ("application/jose", Self::Jose),
        ("application/dc+sd-jwt", Self::SdJwt),
        ("application/vc+sd-jwt", Self::SdJwt),
        ("application/cms", Self::Cms),
        ("application/pkcs7-mime", Self::Cms),
        ("application/pdf", Self::Pdf),
        ("application/pkix-cert", Self::Certificate),
        ("application/x-pem-file", Self::Pem),
        ("application/pem-certificate-chain", Self::Pem),
        ("text/plain", Self::Text),
        ("application/octet-stream", Self::Octets),
    ];

    /// The names of this type of content.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::ROWS.into_iter().filter(move |(_, media)| *media == self).map(|(name, _)| name)
    }

    fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        let essence = essence.trim();
        if !is_utf8(parameters) {
            return None;
        }
        Self::ROWS.iter().find(|(name, _)| name.eq_ignore_ascii_case(essence)).map(|(_, media)| *media)
    }
}

/// Whether the parameters of a type name no other character set than the one that texts are read in here.
fn is_utf8(parameters: &str) -> bool {
    parameters.split(';').filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        let value = value.trim().trim_matches('"');
        !is_charset || ["utf-8", "utf8", "us-ascii"].iter().any(|known| value.eq_ignore_ascii_case(known))
    })
}

/// What a route takes as body.
#[derive(Clone, Copy, Debug)]
pub enum BodyRule {
    /// Nothing.
    None,
    /// JSON alone, up to 64 KiB.
    Json,
    /// One of these types, up to the limit of the configuration.
    Files(&'static [Media]),
    /// Text, whatever its type is said to be, up to so many bytes.
    Text(u32),
}

/// Largest body where JSON alone is taken, in bytes.
const JSON_BYTES_MAX: u32 = 64 << 10;

/// How long nothing may come of a body that is thrown away.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// How much of a body is thrown away so that a connection of HTTP/1.1 can go on, in bytes: sooner done than another handshake.
const LITTLE_BYTES: u32 = 64 << 10;

impl BodyRule {
    /// The types of content that the route takes.
    #[must_use]
    pub const fn media(self) -> &'static [Media] {
        match self {
            Self::None => &[],
            Self::Json => &[Media::Json],
            Self::Files(media) => media,
            Self::Text(_) => &[Media::Text],
        }
    }

    /// Decides by the headers whether to read the body, and as what. `None`: there is none to read.
    ///
    /// # Errors
    /// [`Code::UnsupportedMediaType`].
    pub fn admit(self, headers: &HeaderMap) -> Result<Option<Media>, Problem> {
        let accepted = self.media();
        if matches!(self, Self::Text(_)) {
            return Ok(Some(Media::Text));
        }
        if accepted.is_empty() {
            return Ok(None);
        }
        match Media::of(headers).filter(|media| accepted.contains(media)) {
            Some(media) => Ok(Some(media)),
            None => {
                let names = accepted.iter().flat_map(|media| media.names()).collect::<Vec<_>>().join(", ");
                Err(Problem::new(Code::UnsupportedMediaType)
                    .detail(format!("This route takes {names}."), format!("此接口接受：{names}。")))
            }
        }
    }

    /// The limit of a body, in bytes, where the configuration allows `configured`.
    #[must_use]
    pub fn bytes_max(self, configured: u32) -> u32 {
        match self {
            Self::None => 0,
            Self::Json => configured.min(JSON_BYTES_MAX),
            Self::Files(_) => configured,
            Self::Text(bytes_max) => configured.min(bytes_max),
        }
    }
}

/// Reads a body up to a limit, within a time.
///
/// # Errors
/// [`Code::ContentTooLarge`] before more than the limit is kept, [`Code::BodyTimeout`], [`Code::BadBody`],
/// [`Code::Overloaded`] when there is no room for what arrives.
pub async fn read(body: &mut Incoming, bytes_max: u32, room: &mut Room, time: Duration) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(Code::ContentTooLarge).detail(format!("The limit is {bytes_max} bytes."), format!("上限为{bytes_max}字节。"))
    };
    let announced = body.size_hint().lower();
    if announced > u64::from(bytes_max) {
        return Err(too_large());
    }
    match tokio::time::timeout(time, collect(body, bytes_max, announced, room)).await {
        Ok(Ok(Some(bytes))) => Ok(bytes),
        Ok(Ok(None)) => Err(too_large()),
        Ok(Err(problem)) => Err(problem),
        Err(_) => Err(Problem::new(Code::BodyTimeout)),
    }
}

/// Takes what is left of a body and throws it away, up to a limit, until a moment, while it keeps coming. Whether it came to its end.
///
/// An answer that goes out while the client still sends makes HTTP/2 reset the stream, and common clients (curl 7.88 among
/// them) then report the reset instead of the answer.
pub async fn discard(body: &mut Incoming, bytes_max: u32, until: Instant) -> bool {
    let mut left = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    while !body.is_end_stream() {
        let pause = until.min(clock::instant() + PAUSE_MAX);
        let frame = match tokio::time::timeout_at(pause.into(), body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => return true,
            Ok(Some(Err(_))) | Err(_) => return false,
        };
        let bytes = frame.data_ref().map_or(0, body::Buf::remaining);
        match left.checked_sub(bytes) {
            Some(rest) => left = rest,
            None => return false,
        }
    }
    true
}

/// The same where the client of HTTP/1.1 may go on with its next request behind the body: only what is soon over is waited for, and no
/// client is told to send what is thrown away. Where it did not come to its end, the connection has to be closed, and the client told so:
/// it would go on sending, or take the next answer for a broken connection.
pub async fn discard_little(body: &mut Incoming, awaits_word: bool, until: Instant) -> bool {
    let is_little = body.size_hint().lower() <= u64::from(LITTLE_BYTES);
    if body.is_end_stream() || !is_little || awaits_word {
        return body.is_end_stream();
    }
    discard(body, LITTLE_BYTES, until.min(clock::instant() + PAUSE_MAX)).await
}

/// `None` when there is more than `bytes_max`.
async fn collect(body: &mut Incoming, bytes_max: u32, announced: u64, room: &mut Room) -> Result<Option<Bytes>, Problem> {
    let limit = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    // What is announced is not believed beyond a small amount: memory is taken as bytes arrive.
    let mut kept = Vec::with_capacity(usize::try_from(announced).unwrap_or(0).min(64 << 10));
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.or(Err(Code::BadBody))?.into_data() else { continue };
        if body::Buf::remaining(&data) > limit.saturating_sub(kept.len()) {
            return Ok(None);
        }
        room.grow(kept.len() + body::Buf::remaining(&data))?;
        kept.extend_from_slice(&data);
    }
    Ok(Some(kept.into()))
}
