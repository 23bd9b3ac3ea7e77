//! Report mails (RFC 8460 §5.3).
