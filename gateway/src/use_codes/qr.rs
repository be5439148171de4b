//! The image of a code that a holder shows.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use crate::http::{Code, Problem};

/// The least width of an image, in pixels.
const WIDTH_MIN: u32 = 256;

/// A QR image of a text, as SVG.
///
/// # Errors
/// [`Code::Internal`] when the text is too long for one.
pub(crate) fn svg(text: &str) -> Result<String, Problem> {
    let image = QrCode::with_error_correction_level(text, EcLevel::M).or(Err(Code::Internal))?;
    Ok(image.render::<svg::Color<'_>>().min_dimensions(WIDTH_MIN, WIDTH_MIN).build())
}
