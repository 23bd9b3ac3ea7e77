//! What was found, for people: tables, and lists of sentences.

use std::fmt::Write as _;

use mta_sts::tlsrpt::insight::{Counts, Criteria, Total};

use crate::{Found, TABLES};

/// The lines of a list that are printed; `--json` has all.
const MAX_LINES: usize = 25;

const WIDTH: usize = 100;

impl Found {
    pub(crate) fn to_text(&self, verbose: bool) -> String {
        let mut text = self.summary();
        for (by, _, title) in TABLES {
            text += &table(title, &self.insight.totals(by));
        }
        let failures = self.insight.failures().into_iter().map(|one| {
            let (domain, failed) = (one.policy_domain, one.sums.all().failed);
            format!("{domain}, failed {failed} ×: {}", one.explanation())
        });
        text += &list("Failures", failures.collect());
        text += &list("Readiness for enforce", self.readiness());
        let kinds = self.deviations.iter().map(|(kind, count)| format!("{count} × {kind}"));
        text += &list("Deviations from RFC 8460", kinds.collect());
        if verbose {
            for deviation in &self.each_deviation {
                text += &wrapped(deviation);
            }
        }
        let unreadable = self.unreadable.iter().map(|(source, error)| format!("{source}: {error}"));
        text + &list("Not readable", unreadable.collect())
    }

    fn readiness(&self) -> Vec<String> {
        let all = self.insight.readiness_of_all(&Criteria::default());
        let lines = all.iter().flat_map(|found| {
            let domain = &found.domain;
            let ready = match found.is_ready() {
                true => found.to_string(),
                false => format!("{domain} is not ready"),
            };
            let reasons = found.reasons.iter().map(|one| format!("{domain}, against it: {one}"));
            let notes = found.notes.iter().map(|one| format!("{domain}, worth knowing: {one}"));
            [ready].into_iter().chain(reasons).chain(notes).collect::<Vec<_>>()
        });
        lines.collect()
    }

    fn summary(&self) -> String {
        let (sums, duplicates) = (self.insight.sums(), self.insight.duplicates());
        let (all, known) = (sums.all(), sums.authenticated.reports);
        format!(
            "{} reports, {known} of them authenticated; {duplicates} more came again\n\
             {} sessions succeeded, {} failed\n",
            all.reports, all.successful, all.failed
        )
    }
}

fn table(title: &str, totals: &[Total<'_>]) -> String {
    if totals.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n{title:<40} {:>8} {:>20} {:>20} {:>8}\n",
        "reports", "succeeded", "failed", "rows"
    );
    for Total { label, sums, .. } in totals.iter().take(MAX_LINES) {
        let label: String = label.to_string().chars().take(40).collect();
        let Counts { reports, successful, failed, rows, .. } = sums.all();
        let _ = writeln!(text, "{label:<40} {reports:>8} {successful:>20} {failed:>20} {rows:>8}");
    }
    text + &more(totals.len())
}

fn list(title: &str, items: Vec<String>) -> String {
    if items.is_empty() {
        return String::new();
    }
    let lines: String = items.iter().take(MAX_LINES).map(|item| wrapped(item)).collect();
    format!("\n{title}\n{lines}{}", more(items.len()))
}

fn more(len: usize) -> String {
    match len.checked_sub(MAX_LINES) {
        None | Some(0) => String::new(),
        Some(more) => format!("... and {more} more, see --json\n"),
    }
}

/// An item of a list, in lines of at most [`WIDTH`] columns where its words allow.
fn wrapped(item: &str) -> String {
    let (mut text, mut column) = (String::from("-"), 1_usize);
    for word in item.split(' ') {
        let len = word.chars().count().saturating_add(1);
        if column.saturating_add(len) > WIDTH {
            text.push_str("\n ");
            column = 1;
        }
        text.push(' ');
        text.push_str(word);
        column = column.saturating_add(len);
    }
    text + "\n"
}
