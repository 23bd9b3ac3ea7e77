//! An order of events that holds when the clock does not.

use rustls_pki_types::UnixTime;

/// When something was asked for, in an order that a clock running backwards does not
/// upset: what is learnt later from a state is stamped later than anything in it.
///
/// Two hosts, or two discoveries at once, may make the same stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Stamp {
    /// How often the clock was found behind the stamp before.
    pub(crate) era: u32,
    pub(crate) at: UnixTime,
    /// Tells apart what has the same time.
    pub(crate) turn: u32,
}

impl Stamp {
    /// Before every event.
    pub(crate) const NONE: Self =
        Self { era: 0, at: UnixTime::since_unix_epoch(core::time::Duration::ZERO), turn: 0 };

    /// The stamp of what is asked for at `now`, knowing what has this stamp.
    pub(crate) fn next(self, now: UnixTime) -> Self {
        if self.at > now {
            Self { era: self.era.saturating_add(1), at: now, turn: 0 }
        } else if self.at == now {
            Self { turn: self.turn.saturating_add(1), ..self }
        } else {
            Self { at: now, turn: 0, ..self }
        }
    }
}
