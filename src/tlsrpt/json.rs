//! The JSON of a report (RFC 8460 §4.4).
