//! Texts, arrays of texts and counts, as the reader takes them.
//!
//! Each kind of value says what it makes of a text, an array or an object
//! ([`Wanted`]); whatever else stands there is noted, and taken as missing. Only what
//! RPT-2 to RPT-4 name stops the reader.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::ReadLimits;
use super::deviation::{ReportDeviation, ReportDeviationKind as Kind};
use super::error::{ReadReportError, ReadReportErrorKind as Fault};
use super::member::{Member, Place};
use crate::reading::Deviations;
use crate::tlsrpt::report::MAX_COUNT;

/// What a whole reading shares.
pub(super) struct Context<'l> {
    pub(super) limits: &'l ReadLimits,
    pub(super) deviations: RefCell<Deviations<ReportDeviation>>,
    /// What has stopped the reading; only its place in the text is not in here.
    fault: RefCell<Option<ReadReportError>>,
    /// Whether there can be control characters in texts without escapes.
    may_have_controls: Cell<bool>,
    pub(super) rows: Cell<usize>,
    strings: Cell<usize>,
}

impl<'l> Context<'l> {
    pub(super) fn new(limits: &'l ReadLimits) -> Self {
        Self {
            limits,
            deviations: RefCell::default(),
            fault: RefCell::new(None),
            may_have_controls: Cell::new(true),
            rows: Cell::new(0),
            strings: Cell::new(0),
        }
    }

    /// Passes over a byte order mark, and notes white space around the JSON.
    pub(super) fn around<'a>(&self, text: &'a str) -> &'a str {
        let at = At { context: self, place: Place::REPORT };
        let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
        at.note_if(bare.len() < text.len(), Kind::Bom);
        let is_space =
            |b: Option<&u8>| b.is_some_and(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
        let octets = bare.as_bytes();
        // JSON needs escapes for control characters, but not for DEL and for those beyond
        // US-ASCII, which begin with 0xC2. One pass over all is faster than one over each.
        let may = octets.iter().fold(false, |may, b| may | matches!(b, 0x7f | 0xc2));
        self.may_have_controls.set(may);
        at.note_if(is_space(octets.first()) || is_space(octets.last()), Kind::WhiteSpaceAround);
        bare
    }

    pub(super) fn error(&self, error: &serde_json::Error) -> ReadReportError {
        let fault = match error.classify() {
            Category::Eof => ReadReportError::new(Fault::Truncated, Place::REPORT),
            Category::Syntax | Category::Io => ReadReportError::new(Fault::Syntax, Place::REPORT),
            Category::Data => self
                .fault
                .take()
                .unwrap_or_else(|| ReadReportError::new(Fault::Syntax, Place::REPORT)),
        };
        fault.at_json(error)
    }
}

/// Where the reader is.
#[derive(Clone, Copy)]
pub(super) struct At<'c> {
    pub(super) context: &'c Context<'c>,
    pub(super) place: Place,
}

impl At<'_> {
    pub(super) fn with(self, member: Member) -> Self {
        Self { place: self.place.with(member), ..self }
    }

    pub(super) fn note(self, kind: Kind) {
        let deviation = || ReportDeviation::new(kind, self.place);
        self.context.deviations.borrow_mut().push(deviation);
    }

    /// Notes it where it holds.
    pub(super) fn note_if(self, odd: bool, kind: Kind) {
        if odd {
            self.note(kind);
        }
    }

    pub(super) fn stop<E: Error>(self, fault: Fault) -> E {
        self.stop_at(ReadReportError::new(fault, self.place))
    }

    pub(super) fn stop_at<E: Error>(self, error: ReadReportError) -> E {
        let text = error.kind();
        self.context.fault.borrow_mut().get_or_insert(error);
        E::custom(text)
    }

    /// One more of what is limited.
    pub(super) fn count<E: Error>(
        self,
        counter: &Cell<usize>,
        limit: usize,
        fault: Fault,
    ) -> Result<(), E> {
        if counter.get() >= limit {
            return Err(self.stop(fault));
        }
        counter.set(counter.get().saturating_add(1));
        Ok(())
    }

    pub(super) fn one_more_string<E: Error>(self) -> Result<(), E> {
        self.count(&self.context.strings, self.context.limits.strings, Fault::TooManyStrings)
    }

    pub(super) fn strings_left(self) -> usize {
        self.context.limits.strings.saturating_sub(self.context.strings.get())
    }
}

/// What is made of a value; by default it is taken as missing.
pub(super) trait Wanted<'de>: Sized {
    type Value;

    fn at(&self) -> At<'_>;

    /// What stands for a value that is not there.
    fn missing(self) -> Self::Value;

    fn text<E: Error>(self, _: Cow<'de, str>) -> Result<Self::Value, E> {
        Ok(self.wrong_type())
    }

    fn array<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        while let Some(IgnoredAny) = array.next_element()? {}
        Ok(self.wrong_type())
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        while let Some((IgnoredAny, IgnoredAny)) = object.next_entry()? {}
        Ok(self.wrong_type())
    }

    fn wrong_type(self) -> Self::Value {
        self.at().note(Kind::WrongType);
        self.missing()
    }
}

/// Reads whatever stands there as what is wanted.
pub(super) struct Tolerant<W>(pub(super) W);

impl<'de, W: Wanted<'de>> DeserializeSeed<'de> for Tolerant<W> {
    type Value = W::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<W::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, W: Wanted<'de>> Visitor<'de> for Tolerant<W> {
    type Value = W::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<W::Value, E> {
        self.0.text(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<W::Value, E> {
        self.0.text(Cow::Owned(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<W::Value, A::Error> {
        self.0.array(array)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<W::Value, A::Error> {
        self.0.object(object)
    }

    fn visit_unit<E: Error>(self) -> Result<W::Value, E> {
        self.0.at().note(Kind::Null);
        Ok(self.0.missing())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<W::Value, E> {
        Ok(self.0.wrong_type())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<W::Value, E> {
        Ok(self.0.wrong_type())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<W::Value, E> {
        Ok(self.0.wrong_type())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<W::Value, E> {
        Ok(self.0.wrong_type())
    }
}

/// Wants a text, and puts it where it is to stay.
pub(super) struct Text<'c, 'o, 'de> {
    pub(super) at: At<'c>,
    pub(super) into: &'o mut Option<Cow<'de, str>>,
}

impl<'de> Wanted<'de> for Text<'_, '_, 'de> {
    type Value = ();

    fn at(&self) -> At<'_> {
        self.at
    }

    fn missing(self) {
        *self.into = None;
    }

    #[inline]
    fn text<E: Error>(self, text: Cow<'de, str>) -> Result<(), E> {
        self.at.note_if(text.is_empty(), Kind::Empty);
        // Without an escape, which takes a text of our own, there are few of them.
        let may = matches!(text, Cow::Owned(_)) || self.at.context.may_have_controls.get();
        let controls = may && text.chars().any(char::is_control);
        self.at.note_if(controls, Kind::ControlCharacters);
        *self.into = Some(text);
        Ok(())
    }
}

/// Wants an array of texts, or one text in its place.
pub(super) struct Texts<'c>(pub(super) At<'c>);

impl<'de> Wanted<'de> for Texts<'_> {
    type Value = Vec<Cow<'de, str>>;

    fn at(&self) -> At<'_> {
        self.0
    }

    fn missing(self) -> Self::Value {
        Vec::new()
    }

    fn text<E: Error>(self, text: Cow<'de, str>) -> Result<Self::Value, E> {
        self.0.note(Kind::StringForArray);
        if text.is_empty() {
            return Ok(Vec::new());
        }
        self.0.one_more_string()?;
        Ok(Vec::from([text]))
    }

    fn array<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = array.next_element_seed(Tolerant(Element(self.0)))? {
            if let Some(text) = text {
                self.0.one_more_string()?;
                texts.push(text);
            }
        }
        self.0.note_if(texts.is_empty(), Kind::Empty);
        Ok(texts)
    }
}

/// Wants an element of such an array.
struct Element<'c>(At<'c>);

impl<'de> Wanted<'de> for Element<'_> {
    type Value = Option<Cow<'de, str>>;

    fn at(&self) -> At<'_> {
        self.0
    }

    fn missing(self) -> Self::Value {
        None
    }

    fn text<E: Error>(self, text: Cow<'de, str>) -> Result<Self::Value, E> {
        Ok(Some(text))
    }
}

/// A count: nothing but digits, `null`, or no member at all will do (RPT-4).
pub(super) struct Count<'c>(pub(super) At<'c>);

impl<'de> DeserializeSeed<'de> for Count<'_> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        let at = self.0;
        // Where it is syntax that fails, the syntax is told.
        deserializer.deserialize_option(self).inspect_err(|_| {
            let error = ReadReportError::new(Fault::Count, at.place);
            at.context.fault.borrow_mut().get_or_insert(error);
        })
    }
}

impl<'de> Visitor<'de> for Count<'_> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count")
    }

    fn visit_none<E: Error>(self) -> Result<u64, E> {
        self.0.note(Kind::Null);
        Ok(0)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_u64(self)
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<u64, E> {
        self.0.note_if(count > MAX_COUNT, Kind::LargeCount);
        Ok(count)
    }
}
