//! The QR code of an `otpauth` URI, in half blocks: two modules per character.
//!
//! Light modules are drawn and dark ones left empty, because most terminals are dark. The code is
//! made here, on the operator's own machine: the URI holds a secret.

use countersign_api::contract::secret::Secret;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// Draws the code with its quiet zone, a line per two rows of modules; nothing if it is too long.
#[must_use]
pub fn half_blocks(uri: &Secret) -> Option<Vec<String>> {
    // The lowest level of correction keeps the code small: it is read from a clean screen.
    let code = QrCode::with_error_correction_level(uri.reveal(), EcLevel::L).ok()?;
    let drawn = code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .quiet_zone(false)
        .module_dimensions(1, 1)
        .build();
    let width = drawn.lines().next().map_or(0, |line| line.chars().count());
    let side = "█".repeat(RIM_COLUMNS);
    let rim = "█".repeat(width + 2 * RIM_COLUMNS);
    let mut lines = vec![rim.clone()];
    lines.extend(drawn.lines().map(|line| format!("{side}{line}{side}")));
    // A code has an odd number of rows: the lower half of its last line belongs to the rim.
    if let Some(last) = lines.last_mut() {
        *last = last.replace('▀', "█").replace(' ', "▄");
    }
    lines.push(rim);
    Some(lines)
}

/// Light columns left and right of the code: half the quiet zone of the standard, which readers
/// of clean screens do not miss, and which makes the code fit 24 rows.
const RIM_COLUMNS: usize = 2;

#[cfg(test)]
mod tests {
    use super::half_blocks;
    use countersign_api::contract::secret::Secret;

    /// An independent reader finds the URI in what is drawn.
    #[test]
    fn the_drawn_code_reads_back_as_the_uri() {
        let uri = "otpauth://totp/Countersign:ana?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\
                   &issuer=Countersign&algorithm=SHA1&digits=6&period=30";
        let lines = half_blocks(&Secret::new(uri)).unwrap();
        let width = lines[0].chars().count();
        assert!(lines.iter().all(|line| line.chars().count() == width), "a rectangle");
        assert!(lines.len() <= 23, "fits a terminal of 24 rows: {}", lines.len());

        let scale = 4;
        let light: Vec<Vec<(bool, bool)>> = lines
            .iter()
            .map(|line| {
                line.chars()
                    .map(|c| (matches!(c, '█' | '▀'), matches!(c, '█' | '▄')))
                    .collect::<Vec<_>>()
            })
            .collect();
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(
            width * scale,
            lines.len() * 2 * scale,
            |x, y| {
                let (top, bottom) = light[y / scale / 2][x / scale];
                let lit = if (y / scale).is_multiple_of(2) { top } else { bottom };
                if lit { 255 } else { 0 }
            },
        );
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        assert_eq!(grids[0].decode().unwrap().1, uri);
    }
}
