//! What unpacking may cost.

/// How much [`unpack`](super::unpack) may cost. Each limit can be set and none can be
/// switched off; the defaults suit mail from strangers.
///
/// Time is linear in the octets read and written, times the depth; memory is the
/// output, what a transfer encoding hides, and little more.
///
/// ```
/// use mta_sts::tlsrpt::media::UnpackLimits;
///
/// let limits = UnpackLimits::default().with_output(1 << 20);
/// assert_eq!(limits.output(), 1_048_576);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnpackLimits {
    input: usize,
    output: usize,
    members: usize,
    parts: usize,
    depth: usize,
}

impl UnpackLimits {
    /// The octets of input unless set: 64 MiB, since a report of 32 MiB that travels
    /// without gzip has 44 MiB in base64.
    pub const DEFAULT_INPUT: usize = 64 << 20;

    /// The octets of JSON unless set: 32 MiB, which is a hundred thousand rows of
    /// failures, written in full.
    pub const DEFAULT_OUTPUT: usize = 32 << 20;

    /// The members of a gzip unless set: 1,000. Senders write one; each costs the setting
    /// up of a decoder, whatever is in it.
    pub const DEFAULT_MEMBERS: usize = 1_000;

    /// The parts of a mail unless set, multiparts and those of nested messages
    /// included: 1,000. A report's mail has three; one that forwards a month of them has
    /// a hundred.
    pub const DEFAULT_PARTS: usize = 1_000;

    /// How deep multiparts and messages may stand in each other unless set: 8, which is
    /// a report that was forwarded thrice.
    pub const DEFAULT_DEPTH: usize = 8;

    /// The most that the depth may be set to: 64. Each level is a call within a call,
    /// and reads its octets once more.
    pub const MAX_DEPTH: usize = 64;

    /// Allows `octets` of input.
    #[must_use]
    pub const fn with_input(mut self, octets: usize) -> Self {
        self.input = octets;
        self
    }

    /// Allows `octets` of JSON.
    #[must_use]
    pub const fn with_output(mut self, octets: usize) -> Self {
        self.output = octets;
        self
    }

    /// Allows so many members of a gzip.
    #[must_use]
    pub const fn with_members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    /// Allows so many parts of a mail.
    #[must_use]
    pub const fn with_parts(mut self, parts: usize) -> Self {
        self.parts = parts;
        self
    }

    /// Allows this depth of multiparts and messages; at most
    /// [`MAX_DEPTH`](Self::MAX_DEPTH), which any greater number stands for.
    #[must_use]
    pub const fn with_depth(mut self, depth: usize) -> Self {
        self.depth = if depth < Self::MAX_DEPTH { depth } else { Self::MAX_DEPTH };
        self
    }

    /// The octets that the input may have.
    #[must_use]
    pub const fn input(&self) -> usize {
        self.input
    }

    /// The octets that the JSON text may have.
    #[must_use]
    pub const fn output(&self) -> usize {
        self.output
    }

    /// The members that a gzip may have.
    #[must_use]
    pub const fn members(&self) -> usize {
        self.members
    }

    /// The parts that a mail may have.
    #[must_use]
    pub const fn parts(&self) -> usize {
        self.parts
    }

    /// How deep multiparts and messages may stand in each other.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self {
            input: Self::DEFAULT_INPUT,
            output: Self::DEFAULT_OUTPUT,
            members: Self::DEFAULT_MEMBERS,
            parts: Self::DEFAULT_PARTS,
            depth: Self::DEFAULT_DEPTH,
        }
    }
}
