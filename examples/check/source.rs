//! Where domains and observations come from: lines, read one after the other.

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use mta_sts::escape::escape;
use mta_sts::observations::Observations;
use mta_sts::sts::PolicyDomain;

/// The longest line of a list of domains, in octets; a name has at most 255.
const MAX_LINE: u64 = 4_096;

/// The longest line of observations: the longest policy, and certificates in hexadecimal.
const MAX_OBSERVATIONS: u64 = 8 * 1_048_576;

/// One after the other, those that cannot be read too, in words.
pub(crate) type Source<T> = Box<dyn Iterator<Item = Result<T, String>>>;

/// Domains as arguments.
pub(crate) fn of_words(words: Vec<String>) -> Source<PolicyDomain> {
    Box::new(words.into_iter().map(|word| domain(&word)))
}

/// The domains of a list.
pub(crate) fn of_list(path: &Path) -> io::Result<Source<PolicyDomain>> {
    let name = escape(&*path.to_string_lossy()).to_string();
    let lines = (1_u64..).zip(Lines { reader: open(path)?, most: MAX_LINE });
    Ok(Box::new(lines.filter_map(move |(n, line)| {
        let place = |why: String| format!("{name}, line {n}: {why}");
        let line = match line {
            Ok(line) => line,
            Err(error) => return Some(Err(place(error.to_string()))),
        };
        let word = line.split('#').next().unwrap_or_default().trim();
        (!word.is_empty()).then(|| domain(word).map_err(place))
    })))
}

/// The observations of a file.
pub(crate) fn of_observations(path: &Path) -> io::Result<Source<Observations>> {
    let name = escape(&*path.to_string_lossy()).to_string();
    let lines = (1_u64..).zip(Lines { reader: open(path)?, most: MAX_OBSERVATIONS });
    Ok(Box::new(lines.filter_map(move |(n, line)| {
        let place = |why: String| format!("{name}, line {n}: {why}");
        let line = match line {
            Ok(line) => line,
            Err(error) => return Some(Err(place(error.to_string()))),
        };
        let read = || Observations::from_json(&line).map_err(|error| place(in_full(&error)));
        (!line.trim().is_empty()).then(read)
    })))
}

/// The last observations of each domain.
pub(crate) fn last_of_each(path: &Path) -> Result<HashMap<PolicyDomain, Observations>, String> {
    let source = of_observations(path).map_err(|error| unreadable(path, &error))?;
    source.map(|seen| seen.map(|seen| (seen.domain().clone(), seen))).collect()
}

/// How many domains a list has, if it can be read twice.
pub(crate) fn count(path: &Path) -> Option<u64> {
    let is_file = path.metadata().is_ok_and(|file| file.is_file());
    let list = is_file.then(|| of_list(path).ok()).flatten()?;
    u64::try_from(list.count()).ok()
}

pub(crate) fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", escape(&*path.to_string_lossy()))
}

fn domain(word: &str) -> Result<PolicyDomain, String> {
    let parsed = PolicyDomain::from_next_hop(word);
    parsed.map_err(|error| format!("`{}`: {}", escape(word), in_full(&error)))
}

/// An error with what is behind it.
pub(crate) fn in_full(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    match path == Path::new("-") {
        true => Ok(Box::new(BufReader::new(io::stdin()))),
        false => Ok(Box::new(BufReader::new(File::open(path)?))),
    }
}

/// Lines of bounded length; one that cannot be read is the last.
struct Lines {
    reader: Box<dyn BufRead>,
    most: u64,
}

impl Iterator for Lines {
    type Item = io::Result<String>;

    fn next(&mut self) -> Option<io::Result<String>> {
        let mut line = Vec::new();
        let most = self.most.saturating_add(1);
        let read = self.reader.by_ref().take(most).read_until(b'\n', &mut line);
        let is_long = u64::try_from(line.len()).is_ok_and(|len| len > self.most);
        match read {
            Ok(0) => None,
            Ok(_) if is_long => {
                self.reader = Box::new(io::empty());
                Some(Err(io::Error::other(format!("expected at most {} octets", self.most))))
            }
            Ok(_) => Some(Ok(String::from_utf8_lossy(&line).trim_end().to_owned())),
            Err(error) => {
                self.reader = Box::new(io::empty());
                Some(Err(error))
            }
        }
    }
}
