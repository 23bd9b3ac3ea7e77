//! The name of a report's file (RFC 8460 §5.1).
