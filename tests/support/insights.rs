//! What holds of every report that is taken into [`Insight`], whatever it says.

use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::insight::{
    Added, Authentication, By, Counts, Criteria, Insight, RowKind, Total, explain, flat_rows,
};

/// OUT-4, for one report: every sum is that of the report, a second copy adds nothing, the
/// authenticated copy takes the place of the other, and whatever is shown is one line.
pub(crate) fn insight(report: &Report<'_>) {
    let mut insight = Insight::new();
    assert_eq!(insight.add(report, Authentication::Unauthenticated), Added::New);
    let first = insight.sums();
    assert_eq!(first.authenticated, Counts::default());
    assert_eq!(insight.add(report, Authentication::Unauthenticated), Added::Duplicate);
    assert_eq!(insight.sums(), first);
    assert_eq!(insight.add(report, Authentication::Authenticated), Added::Duplicate);
    assert_eq!(insight.sums().authenticated, first.unauthenticated);
    assert_eq!(insight.sums().unauthenticated, Counts::default());

    let sums = insight.sums().authenticated;
    assert_eq!((sums.successful, sums.failed), (report.successes(), report.failures()));
    for by in [By::PolicyDomain, By::Sender, By::Organization, By::Day] {
        let found = all(&insight.totals(by));
        assert_eq!(
            (found.successful, found.failed, found.rows),
            (sums.successful, sums.failed, sums.rows)
        );
    }
    let rows = report.policies.iter().flat_map(|policy| &policy.failure_details);
    let failed = rows.map(|row| row.failed_session_count).fold(0, u64::saturating_add);
    for by in [By::ResultType, By::Mx] {
        let found = all(&insight.totals(by));
        assert_eq!((found.failed, found.rows), (failed, sums.rows));
    }
    flat(report, failed);
    shown(report, &insight);
}

fn all(totals: &[Total<'_>]) -> Counts {
    assert!(totals.is_sorted_by(|one, next| one.label < next.label));
    let mut all = Counts::default();
    for counts in totals.iter().map(|total| total.sums.authenticated) {
        all.successful = all.successful.saturating_add(counts.successful);
        all.failed = all.failed.saturating_add(counts.failed);
        all.rows = all.rows.saturating_add(counts.rows);
    }
    all
}

fn flat(report: &Report<'_>, failed: u64) {
    let sum = |kind| {
        let rows = flat_rows(report).filter(|row| row.kind == kind);
        rows.map(|row| row.failed_sessions).fold(0, u64::saturating_add)
    };
    assert_eq!(sum(RowKind::Summary), report.failures());
    assert_eq!(sum(RowKind::Failure), failed);
    assert!(flat_rows(report).all(|row| !row.fields()[0].is_empty()));
}

fn shown(report: &Report<'_>, insight: &Insight) {
    let is_one_line = |text: String| assert!(!text.contains(|c: char| c.is_control()), "{text:?}");
    for policy in &report.policies {
        for row in &policy.failure_details {
            is_one_line(explain(row, &policy.policy).to_string());
        }
    }
    for failure in insight.failures() {
        is_one_line(failure.explanation().to_string());
        is_one_line(failure.mx.to_string());
    }
    for readiness in insight.readiness_of_all(&Criteria::default()) {
        is_one_line(readiness.to_string());
        readiness.notes.iter().for_each(|note| is_one_line(note.to_string()));
        assert!(readiness.sessions <= report.successes());
    }
}
