//! The forms in which a report travels (RFC 8460 §5.2).
