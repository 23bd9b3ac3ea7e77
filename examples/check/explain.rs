//! The catalogue of codes, for people.

use mta_sts::audit::Code;
use mta_sts::escape::escape;

use crate::page::{Colour, Colours, Page};
use crate::text;

/// How many codes are named that a user may have meant.
const NEAR: usize = 3;

/// What a code means.
///
/// # Errors
///
/// There is no such code; in words, with those that may have been meant.
pub(crate) fn explain(name: &str, colours: Colours) -> Result<String, String> {
    let Ok(code) = name.parse::<Code>() else { return Err(unknown(name)) };
    let mut page = Page::new(colours);
    page.title(Colour::Bold, format!("{code}: {}", code.title()));
    page.blank();
    page.coloured_line(text::colour(code.severity()), "severity", severity(code));
    page.line("section", code.section());
    page.line("check", code.subject());
    page.line("why", code.explanation());
    page.line("to do", code.remedy());
    Ok(page.into_text())
}

fn severity(code: Code) -> String {
    format!("{} at most; less where senders do not refuse mail because of it", code.severity())
}

/// All codes, each on a line.
pub(crate) fn list(colours: Colours) -> String {
    let mut page = Page::new(colours);
    for code in Code::ALL {
        page.title(text::colour(code.severity()), format!("{code}: {}", code.title()));
    }
    page.into_text()
}

fn unknown(name: &str) -> String {
    let near = near(name).map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ");
    format!("there is no code `{}`; the nearest are {near}; see --list-codes", escape(name))
}

/// The codes that are nearest to a word, the nearest first: those that it is a part of, and
/// then those of which it could be a slip.
fn near(name: &str) -> impl Iterator<Item = Code> {
    let name: String = name.chars().take(64).collect::<String>().to_ascii_lowercase();
    let mut codes = Code::ALL.to_vec();
    codes.sort_by_cached_key(|code| {
        let is_part = code.as_str().contains(&name);
        (!is_part, distance_to(*code, &name))
    });
    codes.into_iter().take(NEAR)
}

/// The distance of a word from a code, or from its end behind a dot.
fn distance_to(code: Code, name: &str) -> usize {
    let name_end = name.rsplit('.').next().unwrap_or(name);
    let end = code.as_str().rsplit('.').next().unwrap_or_default();
    distance(code.as_str(), name).min(distance(end, name_end).saturating_add(1))
}

/// How many characters have to be put in, taken away or changed.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (above, a) in (0..).zip(one.chars()) {
        let mut diagonal: usize = above;
        let mut left: usize = above.saturating_add(1);
        let mut cells = row.iter_mut();
        if let Some(first) = cells.next() {
            *first = left;
        }
        for (cell, b) in cells.zip(other.chars()) {
            let changed = diagonal.saturating_add(usize::from(a != b));
            let nearest = changed.min(left.saturating_add(1)).min(cell.saturating_add(1));
            diagonal = std::mem::replace(cell, nearest);
            left = nearest;
        }
    }
    row.last().copied().unwrap_or_default()
}
