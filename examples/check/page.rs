//! Lines for people: at most 100 columns, and coloured for a terminal.

use core::fmt::{self, Write as _};

/// The columns of a line.
pub(crate) const WIDTH: usize = 100;

/// The columns before a value.
const INDENT: usize = 12;

/// Whether there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colours {
    Terminal,
    Plain,
}

/// The colours that are used: as parameters of SGR (ECMA-48 §8.3.117).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Bold,
    Red,
    Yellow,
    Green,
    Cyan,
    Default,
}

impl Colour {
    const fn parameters(self) -> Option<&'static str> {
        match self {
            Self::Bold => Some("1"),
            Self::Red => Some("1;31"),
            Self::Yellow => Some("1;33"),
            Self::Green => Some("32"),
            Self::Cyan => Some("36"),
            Self::Default => None,
        }
    }
}

/// A text in the making.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    colours: Colours,
}

impl Page {
    pub(crate) const fn new(colours: Colours) -> Self {
        Self { text: String::new(), colours }
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// A line at column 0, or several if it is too long.
    pub(crate) fn title(&mut self, colour: Colour, value: impl fmt::Display) {
        for line in wrapped(&value.to_string(), WIDTH) {
            self.coloured(colour, &line);
            self.text.push('\n');
        }
    }

    pub(crate) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A line with a head, or several if it is too long. What is in it is escaped, or our
    /// own words.
    pub(crate) fn line(&mut self, head: &str, value: impl fmt::Display) {
        self.coloured_line(Colour::Default, head, value);
    }

    /// The same, with its head coloured.
    pub(crate) fn coloured_line(&mut self, colour: Colour, head: &str, value: impl fmt::Display) {
        let mut head = head;
        for line in wrapped(&value.to_string(), WIDTH.saturating_sub(INDENT)) {
            self.text.push_str("  ");
            self.coloured(colour, head);
            let pad = INDENT.saturating_sub(head.chars().count().saturating_add(2));
            let _ = writeln!(self.text, "{:pad$}{line}", "");
            head = "";
        }
    }

    /// Lines as they are, at column 0.
    pub(crate) fn verbatim(&mut self, text: &str) {
        self.text.push_str(text);
        if !text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn coloured(&mut self, colour: Colour, text: &str) {
        match colour.parameters().filter(|_| self.colours == Colours::Terminal) {
            Some(parameters) if !text.is_empty() => {
                let _ = write!(self.text, "\u{1b}[{parameters}m{text}\u{1b}[0m");
            }
            _ => self.text.push_str(text),
        }
    }
}

/// Lines of at most so many columns; one at least. Words that are too long are broken.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut left = width;
    for word in words(text, width) {
        let len = word.chars().count();
        let needed = if left == width { len } else { len.saturating_add(1) };
        if needed > left {
            lines.push(String::new());
            left = width;
        }
        let Some(line) = lines.last_mut() else { break };
        if left < width {
            line.push(' ');
            left = left.saturating_sub(1);
        }
        line.push_str(&word);
        left = left.saturating_sub(len);
    }
    lines
}

fn words(text: &str, width: usize) -> impl Iterator<Item = String> {
    text.split_whitespace().flat_map(move |word| {
        let word: Vec<char> = word.chars().collect();
        let parts = word.chunks(width).map(|part| part.iter().collect());
        parts.collect::<Vec<String>>()
    })
}
