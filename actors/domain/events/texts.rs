//! All texts of an event in one allocation.

use super::specials::Specials;

/// `N` texts, by their number; those that were not set are empty. The rules limit them to a few
/// thousand characters, so 16 bits are enough for every position.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Texts<const N: usize> {
    all: String,
    spans: [Span; N],
}

/// Where a text is, and what has to be escaped in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Span {
    begin: u16,
    end: u16,
    specials: Specials,
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
        Self { all: String::with_capacity(bytes.min(8_000) + 128), spans: [Span::default(); N] }
    }

    pub(super) fn get(&self, number: usize) -> &str {
        self.get_with_specials(number).0
    }

    /// A text with what may have to be escaped in it.
    pub(super) fn get_with_specials(&self, number: usize) -> (&str, Specials) {
        let Span { begin, end, specials } = self.spans[number];
        (&self.all[usize::from(begin)..usize::from(end)], specials)
    }

    pub(super) fn set(&mut self, number: usize, value: &str) {
        self.set_known(number, value, Specials::of(value));
    }

    /// Sets a text in which there is nothing special but these.
    pub(super) fn set_known(&mut self, number: usize, value: &str, specials: Specials) {
        let begin = self.all.len();
        self.all.push_str(value);
        self.set_span(number, begin, specials);
    }

    /// Sets a text to two others with a backslash between them.
    pub(super) fn set_joined(&mut self, number: usize, [first, second]: [usize; 2]) {
        let begin = self.all.len();
        let [first, second] = [first, second].map(|part| self.spans[part]);
        let range = |span: Span| usize::from(span.begin)..usize::from(span.end);
        self.all.extend_from_within(range(first));
        self.all.push('\\');
        self.all.extend_from_within(range(second));
        self.set_span(number, begin, first.specials.and(second.specials).and(Specials::QUOTES));
    }

    /// What was appended since `begin` is the text of this number.
    fn set_span(&mut self, number: usize, begin: usize, specials: Specials) {
        if let (Ok(begin), Ok(end)) = (u16::try_from(begin), u16::try_from(self.all.len())) {
            self.spans[number] = Span { begin, end, specials };
        }
    }

    /// Sets a text to a part of another one: `bytes` of it, from `at`.
    pub(super) fn set_part(&mut self, number: usize, of: usize, at: usize, bytes: usize) {
        let Span { begin, end, specials } = self.spans[of];
        // Both are inside of a text whose length fits.
        let from = begin.saturating_add(u16::try_from(at).unwrap_or(u16::MAX)).min(end);
        let to = from.saturating_add(u16::try_from(bytes).unwrap_or(u16::MAX)).min(end);
        self.spans[number] = Span { begin: from, end: to, specials };
    }
}
