//! Where and when a report is sent (RFC 8460 §5.4, §5.5).
