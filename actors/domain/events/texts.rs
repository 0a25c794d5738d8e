//! All texts of an event in one allocation.

/// `N` texts, by their number; those that were not set are empty. The rules limit them to a few
/// thousand characters, so 16 bits are enough for every position.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Texts<const N: usize> {
    all: String,
    spans: [(u16, u16); N],
}

impl<const N: usize> std::fmt::Debug for Texts<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.all)
    }
}

impl<const N: usize> Texts<N> {
    /// Room for the fields of a datagram, and some more for what is derived from them.
    pub(super) fn with_room_for(fields: &[&str]) -> Self {
        let bytes: usize = fields.iter().map(|field| field.len()).sum();
        Self { all: String::with_capacity(bytes.min(8_000) + 128), spans: [(0, 0); N] }
    }

    pub(super) fn get(&self, number: usize) -> &str {
        let (begin, end) = self.spans[number];
        &self.all[usize::from(begin)..usize::from(end)]
    }

    pub(super) fn set(&mut self, number: usize, value: &str) {
        self.set_joined(number, &[value]);
    }

    /// Sets a text that consists of parts.
    pub(super) fn set_joined(&mut self, number: usize, parts: &[&str]) {
        let begin = self.all.len();
        for part in parts {
            self.all.push_str(part);
        }
        if let (Ok(begin), Ok(end)) = (u16::try_from(begin), u16::try_from(self.all.len())) {
            self.spans[number] = (begin, end);
        }
    }

    /// Sets a text to a part of another one: `bytes` of it, from `at`.
    pub(super) fn set_part(&mut self, number: usize, of: usize, at: usize, bytes: usize) {
        let (begin, end) = self.spans[of];
        // Both are inside of a text whose length fits.
        let from = begin.saturating_add(u16::try_from(at).unwrap_or(u16::MAX)).min(end);
        let to = from.saturating_add(u16::try_from(bytes).unwrap_or(u16::MAX)).min(end);
        self.spans[number] = (from, to);
    }
}
