//! A terminal that remembers what it showed.

use std::fs;
use std::io;
use std::path::Path;

use anstyle::{Color, RgbColor};
use anstyle_svg::{Palette, Term};

/// Colours that can be read on the background below, which the picture brings along: pages are
/// light or dark.
const PALETTE: Palette = Palette([
    RgbColor(0x48, 0x4f, 0x58),
    RgbColor(0xff, 0x7b, 0x72),
    RgbColor(0x56, 0xd3, 0x64),
    RgbColor(0xe3, 0xb3, 0x41),
    RgbColor(0x79, 0xc0, 0xff),
    RgbColor(0xd2, 0xa8, 0xff),
    RgbColor(0x56, 0xd4, 0xdd),
    RgbColor(0xb1, 0xba, 0xc4),
    RgbColor(0x6e, 0x76, 0x81),
    RgbColor(0xff, 0xa1, 0x98),
    RgbColor(0x7e, 0xe7, 0x87),
    RgbColor(0xf2, 0xcc, 0x60),
    RgbColor(0xa5, 0xd6, 0xff),
    RgbColor(0xe2, 0xc5, 0xff),
    RgbColor(0x7c, 0xe7, 0xee),
    RgbColor(0xf0, 0xf6, 0xfc),
]);
const TEXT: Color = Color::Rgb(RgbColor(0xe6, 0xed, 0xf3));
const BACKGROUND: Color = Color::Rgb(RgbColor(0x0d, 0x11, 0x17));

/// A terminal that remembers what it showed.
#[derive(Debug, Default)]
pub struct Screen(String);

impl Screen {
    /// Shows a line; its colours only where somebody sees them.
    pub fn show(&mut self, line: &str) {
        anstream::println!("{line}");
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// An empty line, unless there is one.
    pub fn gap(&mut self) {
        if !self.0.ends_with("\n\n") {
            self.show("");
        }
    }

    /// Draws all of it, with its colours.
    pub fn draw(&self, path: &Path) -> io::Result<()> {
        let terminal = Term::new().palette(PALETTE).fg_color(TEXT).bg_color(BACKGROUND);
        fs::write(path, terminal.render_svg(self.0.trim()))
    }
}
