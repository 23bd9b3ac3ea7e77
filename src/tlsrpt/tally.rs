//! Counting the sessions of a day (RFC 8460 §4.1).
