//! Colours.

/// Red, green, blue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

/// The colours of what is no data.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub back: Color,
    pub text: Color,
    /// Numbers at axes, and labels of the legend.
    pub faint: Color,
    pub axis: Color,
    pub grid: Color,
}

/// What curves are coloured with, in their order, and then again.
pub const PALETTE: [Color; 20] = [
    Color(0x1f, 0x77, 0xb4),
    Color(0xff, 0x7f, 0x0e),
    Color(0x2c, 0xa0, 0x2c),
    Color(0xd6, 0x27, 0x28),
    Color(0x94, 0x67, 0xbd),
    Color(0x8c, 0x56, 0x4b),
    Color(0xe3, 0x77, 0xc2),
    Color(0x7f, 0x7f, 0x7f),
    Color(0xbc, 0xbd, 0x22),
    Color(0x17, 0xbe, 0xcf),
    Color(0xae, 0xc7, 0xe8),
    Color(0xff, 0xbb, 0x78),
    Color(0x98, 0xdf, 0x8a),
    Color(0xff, 0x98, 0x96),
    Color(0xc5, 0xb0, 0xd5),
    Color(0xc4, 0x9c, 0x94),
    Color(0xf7, 0xb6, 0xd2),
    Color(0xc7, 0xc7, 0xc7),
    Color(0xdb, 0xdb, 0x8d),
    Color(0x9e, 0xda, 0xe5),
];

/// What warns.
pub const WARNING: Color = Color(0xff, 0x99, 0x00);

const LIGHT: Theme = Theme {
    back: Color(0xff, 0xff, 0xff),
    text: Color(0x16, 0x19, 0x1f),
    faint: Color(0x54, 0x5b, 0x64),
    axis: Color(0xaa, 0xb7, 0xb8),
    grid: Color(0xea, 0xed, 0xed),
};

const DARK: Theme = Theme {
    back: Color(0x16, 0x19, 0x1f),
    text: Color(0xfa, 0xfa, 0xfa),
    faint: Color(0xb4, 0xbb, 0xc3),
    axis: Color(0x68, 0x70, 0x78),
    grid: Color(0x32, 0x38, 0x40),
};

pub fn of(dark: bool) -> Theme {
    if dark { DARK } else { LIGHT }
}

impl Color {
    /// Reads `#1f77b4`, or `#aaa`.
    pub fn parse(text: &str) -> Option<Color> {
        let digits = text.strip_prefix('#')?;
        let byte = |digits: Option<&str>| u8::from_str_radix(digits?, 16).ok();
        match digits.len() {
            3 => {
                let twice = |index: usize| Some(byte(digits.get(index..=index))? * 17);
                Some(Color(twice(0)?, twice(1)?, twice(2)?))
            }
            6 => Some(Color(byte(digits.get(0..2))?, byte(digits.get(2..4))?, byte(digits.get(4..6))?)),
            _ => None,
        }
    }
}
