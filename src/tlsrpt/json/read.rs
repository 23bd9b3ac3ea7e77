//! The reader: the report, its time, its policies and their rows.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::cell::Cell;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use serde::de::{DeserializeSeed as _, Error, MapAccess, SeqAccess};

use super::date::{self, Odd};
use super::deviation::ReportDeviationKind as Kind;
use super::error::{ReadReportError, ReadReportErrorKind as Fault};
use super::member::{Member, Place};
use super::object::{Found, Members, Read, Seen, demand, required, text};
use super::value::{At, Context, Count, Tolerant, Wanted};
use crate::tlsrpt::report::{
    DateRange, FailureDetails, PolicyDescription, PolicyReport, Report, Summary, UnknownMembers,
};

/// Reads a text that is UTF-8 and within the limit.
pub(super) fn read<'de>(
    text: &'de str,
    context: &Context<'_>,
) -> Result<Report<'de>, ReadReportError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let at = At { context, place: Place::REPORT };
    let mut report = Report::empty();
    let object = Tolerant(Members { at, into: &mut report })
        .deserialize(&mut json)
        .map_err(|error| context.error(&error))?;
    if object == Found::Other {
        let blanks = text.len().saturating_sub(text.trim_ascii_start().len());
        let error = ReadReportError::new(Fault::Missing, Place::REPORT);
        return Err(error.after(text.as_bytes(), blanks));
    }
    json.end()
        .map_err(|error| ReadReportError::new(Fault::Trailing, Place::REPORT).at_json(&error))?;
    Ok(report)
}

const NO_TIME: UnixTime = UnixTime::since_unix_epoch(Duration::ZERO);

impl<'de> Read<'de> for Report<'de> {
    const WANTED: &'static [Member] =
        &[Member::OrganizationName, Member::ContactInfo, Member::ReportId];

    fn empty() -> Self {
        Self::new(DateRange::new(NO_TIME, NO_TIME))
    }

    fn member(name: &str) -> Option<Member> {
        Some(match name {
            "organization-name" => Member::OrganizationName,
            "date-range" => Member::DateRange,
            "contact-info" => Member::ContactInfo,
            "report-id" => Member::ReportId,
            "policies" => Member::Policies,
            _ => return None,
        })
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error> {
        match member {
            Member::OrganizationName => text(value, at, &mut self.organization_name)?,
            Member::ContactInfo => text(value, at, &mut self.contact_info)?,
            Member::ReportId => text(value, at, &mut self.report_id)?,
            Member::DateRange => self.date_range = required(value, at)?,
            _ => {
                let policies = value.next_value_seed(Tolerant(Policies(at)))?;
                self.policies = policies.ok_or_else(|| at.stop(Fault::Missing))?;
            }
        }
        Ok(())
    }

    fn unknown(&mut self) -> &mut UnknownMembers<'de> {
        &mut self.unknown
    }

    fn finish<E: Error>(&mut self, seen: Seen, at: At<'_>) -> Result<(), E> {
        demand(seen, &[Member::DateRange, Member::Policies], at)?;
        let id = self.report_id.as_deref();
        at.with(Member::ReportId).note_if(id.is_some_and(|id| id.ends_with('+')), Kind::NoDomain);
        if self.policies.len() < 2 {
            return Ok(());
        }
        let mut before = BTreeSet::new();
        for (index, one) in self.policies.iter().enumerate() {
            let at = At { place: Place::of_policy(index).with(Member::Policy), ..at };
            at.note_if(!before.insert(&one.policy), Kind::SamePolicyTwice);
        }
        Ok(())
    }
}

impl<'de> Read<'de> for DateRange<'de> {
    const WANTED: &'static [Member] = &[];

    fn empty() -> Self {
        Self::new(NO_TIME, NO_TIME)
    }

    fn member(name: &str) -> Option<Member> {
        Some(match name {
            "start-datetime" => Member::StartDatetime,
            "end-datetime" => Member::EndDatetime,
            _ => return None,
        })
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error> {
        let time = time(value, at)?;
        match member {
            Member::StartDatetime => self.start_datetime = time,
            _ => self.end_datetime = time,
        }
        Ok(())
    }

    fn unknown(&mut self) -> &mut UnknownMembers<'de> {
        &mut self.unknown
    }

    fn finish<E: Error>(&mut self, seen: Seen, at: At<'_>) -> Result<(), E> {
        const DAY: u64 = 86_400;
        demand(seen, &[Member::StartDatetime, Member::EndDatetime], at)?;
        let at = at.with(Member::EndDatetime);
        let (start, end) = (self.start_datetime.as_secs(), self.end_datetime.as_secs());
        match end.checked_sub(start) {
            None => at.note(Kind::EndBeforeStart),
            Some(86_399) => {}
            Some(DAY) if end % DAY == 0 => at.note(Kind::EndAtMidnight),
            Some(_) => at.note(Kind::NotOneDay),
        }
        Ok(())
    }
}

/// A date-time; without one there is no report (RPT-3).
fn time<'de, A: MapAccess<'de>>(value: &mut A, at: At<'_>) -> Result<UnixTime, A::Error> {
    let mut read = None;
    text(value, at, &mut read)?;
    let text = read.ok_or_else(|| at.stop(Fault::Missing))?;
    let Some((time, odd)) = date::read(&text) else {
        return Err(at.stop_at(ReadReportError::new(Fault::Date, at.place).found(&*text)));
    };
    for odd in odd {
        at.note(match odd {
            Odd::NoZone => Kind::NoTimeZone,
            Odd::Offset => Kind::Offset,
            Odd::Fraction => Kind::Fraction,
        });
    }
    Ok(time)
}

/// Wants the array of policies.
struct Policies<'c>(At<'c>);

impl<'de> Wanted<'de> for Policies<'_> {
    type Value = Option<Vec<PolicyReport<'de>>>;

    fn at(&self) -> At<'_> {
        self.0
    }

    fn missing(self) -> Self::Value {
        None
    }

    fn array<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut policies = Vec::new();
        let read = Cell::new(0);
        loop {
            let at = At { place: Place::of_policy(read.get()), ..self.0 };
            let mut policy = PolicyReport::empty();
            match array.next_element_seed(Tolerant(Members { at, into: &mut policy }))? {
                None => break,
                Some(Found::Other) => return Err(at.stop(Fault::Missing)),
                Some(Found::Object) => policies.push(policy),
            }
            at.count(&read, at.context.limits.policies, Fault::TooManyPolicies)?;
        }
        self.0.note_if(policies.is_empty(), Kind::Empty);
        Ok(Some(policies))
    }
}

impl<'de> Read<'de> for PolicyReport<'de> {
    const WANTED: &'static [Member] = &[Member::FailureDetails];

    fn empty() -> Self {
        Self::new(PolicyDescription::EMPTY, Summary::new(0, 0))
    }

    fn member(name: &str) -> Option<Member> {
        Some(match name {
            "policy" => Member::Policy,
            "summary" => Member::Summary,
            "failure-details" => Member::FailureDetails,
            _ => return None,
        })
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error> {
        match member {
            Member::Policy => self.policy = required(value, at)?,
            Member::Summary => self.summary = required(value, at)?,
            _ => self.failure_details = value.next_value_seed(Tolerant(Rows(at)))?,
        }
        Ok(())
    }

    fn unknown(&mut self) -> &mut UnknownMembers<'de> {
        &mut self.unknown
    }

    fn finish<E: Error>(&mut self, seen: Seen, at: At<'_>) -> Result<(), E> {
        demand(seen, &[Member::Policy, Member::Summary], at)?;
        let rows = self.failure_details.iter();
        let sum = rows.map(|row| u128::from(row.failed_session_count)).sum::<u128>();
        let differs = sum != u128::from(self.summary.total_failure_session_count);
        let odd = differs && !self.failure_details.is_empty();
        at.with(Member::FailureDetails).note_if(odd, Kind::SumDiffers);
        Ok(())
    }
}

impl<'de> Read<'de> for Summary<'de> {
    const WANTED: &'static [Member] = &[Member::Successful, Member::Failure];

    fn empty() -> Self {
        Self::new(0, 0)
    }

    fn member(name: &str) -> Option<Member> {
        Some(match name {
            "total-successful-session-count" => Member::Successful,
            "total-failure-session-count" => Member::Failure,
            _ => return None,
        })
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error> {
        let count = value.next_value_seed(Count(at))?;
        match member {
            Member::Successful => self.total_successful_session_count = count,
            _ => self.total_failure_session_count = count,
        }
        Ok(())
    }

    fn unknown(&mut self) -> &mut UnknownMembers<'de> {
        &mut self.unknown
    }

    fn finish<E: Error>(&mut self, _: Seen, _: At<'_>) -> Result<(), E> {
        Ok(())
    }
}

/// Wants the array of rows.
struct Rows<'c>(At<'c>);

impl<'de> Wanted<'de> for Rows<'_> {
    type Value = Vec<FailureDetails<'de>>;

    fn at(&self) -> At<'_> {
        self.0
    }

    fn missing(self) -> Self::Value {
        Vec::new()
    }

    fn array<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let context = self.0.context;
        let mut rows = Vec::new();
        for index in 0_usize.. {
            let at = At { context, place: self.0.place.of_row(index) };
            let mut row = FailureDetails::empty();
            match array.next_element_seed(Tolerant(Members { at, into: &mut row }))? {
                None => break,
                Some(Found::Other) => {}
                Some(Found::Object) => rows.push(row),
            }
            at.count(&context.rows, context.limits.rows, Fault::TooManyRows)?;
        }
        self.0.note_if(rows.is_empty(), Kind::Empty);
        Ok(rows)
    }
}
