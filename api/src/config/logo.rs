//! The operator's picture in the head of every page.
//!
//! It is read and judged once, before anything starts, so that a page never has a hole where it
//! should be. Pages load it as an image, in which nothing runs.

use std::path::Path;

/// Bytes of the picture: a page with all that it loads stays small.
const BYTES_MAX: u64 = 32 * 1024;
/// What every PNG file begins with (W3C PNG, section 5.2).
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logo {
    /// The name that it is served under.
    pub(crate) name: &'static str,
    /// Its content type.
    pub(crate) content_type: &'static str,
    /// All of it.
    pub(crate) bytes: Vec<u8>,
}

impl Logo {
    /// Reads it.
    ///
    /// # Errors
    /// Says what is wrong: no such file, too large, neither of the two kinds.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let cannot = |error| format!("cannot read {}: {error}", path.display());
        let size = std::fs::metadata(path).map_err(cannot)?.len();
        if size > BYTES_MAX {
            return Err(format!("{} has {size} bytes, at most {BYTES_MAX}", path.display()));
        }
        Self::parse(std::fs::read(path).map_err(cannot)?)
            .ok_or_else(|| format!("{} is neither SVG nor PNG", path.display()))
    }

    fn parse(bytes: Vec<u8>) -> Option<Self> {
        if bytes.starts_with(PNG) {
            return Some(Self { name: "logo.png", content_type: "image/png", bytes });
        }
        let text = std::str::from_utf8(&bytes).ok()?;
        let is_svg = text.trim_start_matches('\u{feff}').trim_start().starts_with('<')
            && text.contains("<svg");
        is_svg.then_some(Self { name: "logo.svg", content_type: "image/svg+xml", bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<&'static str, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Logo::read(file.path()).map(|logo| logo.name)
    }

    #[test]
    fn svg_and_png_are_taken_and_nothing_else() {
        assert_eq!(read(b"<?xml version=\"1.0\"?><svg xmlns=\"x\"/>"), Ok("logo.svg"));
        assert_eq!(read(&[PNG, b"rest"].concat()), Ok("logo.png"));
        for other in [&b""[..], b"GIF89a", b"<html></html>", b"x <svg", b"\xff<svg"] {
            assert!(read(other).unwrap_err().ends_with("is neither SVG nor PNG"), "{other:?}");
        }
    }

    #[test]
    fn one_byte_too_many_is_refused_with_its_size() {
        let size = usize::try_from(BYTES_MAX).unwrap();
        let mut bytes = PNG.to_vec();
        bytes.resize(size, 0);
        assert_eq!(read(&bytes), Ok("logo.png"));
        bytes.push(0);
        assert!(read(&bytes).unwrap_err().contains("has 32769 bytes, at most 32768"));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Logo::read(Path::new("/nowhere/logo.svg")).unwrap_err();
        assert!(error.starts_with("cannot read /nowhere/logo.svg: "), "{error}");
    }
}
