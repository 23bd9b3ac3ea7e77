//! What reports say, in totals and plain sentences.
