//! The last half second of one side, until it goes to the sink.

/// Samples by their distance from the next that goes out; silence where nothing was put.
#[derive(Debug)]
pub(super) struct Ring {
    samples: Box<[i16]>,
    /// Place of the next that goes out.
    head: usize,
}

impl Ring {
    pub(super) fn new(length: usize) -> Self {
        Self {
            samples: vec![0; length.max(1)].into(),
            head: 0,
        }
    }

    /// Puts samples `offset` after the next that goes out (before it, when negative), as far as
    /// they are neither gone nor beyond the ring.
    pub(super) fn put(&mut self, offset: i64, samples: &[i16]) {
        let gone = usize::try_from(offset.saturating_neg()).unwrap_or(0);
        let start = usize::try_from(offset).unwrap_or(0);
        let Some(samples) = samples.get(gone..) else {
            return;
        };
        let room = self.samples.len().saturating_sub(start);
        let samples = &samples[..samples.len().min(room)];
        if samples.is_empty() {
            return;
        }
        let start = self.place(start);
        let (first, wrapped) = samples.split_at(samples.len().min(self.samples.len() - start));
        self.samples[start..start + first.len()].copy_from_slice(first);
        self.samples[..wrapped.len()].copy_from_slice(wrapped);
    }

    /// The next samples that go out.
    pub(super) fn first(&self, count: usize) -> impl Iterator<Item = i16> {
        let (before, from) = self.samples.split_at(self.head);
        from.iter().chain(before).copied().take(count)
    }

    /// Forgets them.
    pub(super) fn forward(&mut self, count: usize) {
        let count = count.min(self.samples.len());
        let first = count.min(self.samples.len() - self.head);
        self.samples[self.head..self.head + first].fill(0);
        self.samples[..count - first].fill(0);
        self.head = self.place(count);
    }

    fn place(&self, offset: usize) -> usize {
        let place = self.head + offset;
        if place < self.samples.len() {
            place
        } else {
            place - self.samples.len()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_long_tape_would(
            steps in proptest::collection::vec((-20_i64..30, 0..12_usize, 0..16_usize), 1..40),
        ) {
            let mut ring = Ring::new(16);
            let (mut tape, mut at) = (vec![0_i16; 1_000], 100_usize);
            for (number, (offset, length, forward)) in (1_i16..).zip(steps) {
                ring.put(offset, &vec![number; length]);
                for index in 0..length as i64 {
                    if (0..16).contains(&(offset + index)) {
                        tape[(at as i64 + offset + index) as usize] = number;
                    }
                }

                let held: Vec<i16> = ring.first(16).collect();
                prop_assert_eq!(&held[..], &tape[at..at + 16]);
                ring.forward(forward);
                at += forward;
            }
        }
    }
}
