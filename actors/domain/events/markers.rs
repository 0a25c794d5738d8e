//! Finds the rows of `agents.rs` whose markers an agent has. The agent is gone through once, however
//! many rows there are, and at few places is any of them to be compared.

use std::sync::LazyLock;

use super::agents::{BROWSERS, Browser, Place, SYSTEMS, System};

/// A row and where its marker ends in the agent.
pub(super) type Found<T> = Option<(&'static T, usize)>;

/// The first rows of both tables that an agent has the markers of.
pub(super) fn find(agent: &str) -> (Found<Browser>, Found<System>) {
    let (mut browser, mut system) = ((BROWSERS.len(), 0), (SYSTEMS.len(), 0));
    let index = &*INDEX;
    for (start, text) in agent.as_bytes().windows(3).enumerate() {
        let letters = Letters::of(text);
        if !index.has(letters) {
            continue;
        }
        for entry in index.of_pair(letters).iter().filter(|entry| entry.letters == letters) {
            match entry.row {
                Row::Browser(row) if row < browser.0 => {
                    let Browser { marker, place, .. } = &BROWSERS[row];
                    if let Some(end) = end_of(marker, *place, agent, start) {
                        browser = (row, end);
                    }
                }
                Row::System(row) if row < system.0 => {
                    let System { marker, place, .. } = &SYSTEMS[row];
                    if let Some(end) = end_of(marker, *place, agent, start) {
                        system = (row, end);
                    }
                }
                Row::Browser(_) | Row::System(_) => {}
            }
        }
    }
    (
        BROWSERS.get(browser.0).map(|row| (row, browser.1)),
        SYSTEMS.get(system.0).map(|row| (row, system.1)),
    )
}

/// Where a marker ends that begins at `start`, if it is there and counts.
fn end_of(marker: &str, place: Place, agent: &str, start: usize) -> Option<usize> {
    let end = start + marker.len();
    let found = agent.as_bytes().get(start..end)?;
    (found.eq_ignore_ascii_case(marker.as_bytes()) && place.counts(agent, start..end))
        .then_some(end)
}

/// Of each of three characters the five bits in which the case of a letter does not show. Other
/// characters look like letters in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Letters {
    pair: usize,
    third: u8,
}

const BITS: u32 = 5;
const MASK: u8 = (1 << BITS) - 1;
const PAIRS: usize = 1 << (2 * BITS);

impl Letters {
    fn of(text: &[u8]) -> Self {
        let pair = usize::from(text[0] & MASK) << BITS | usize::from(text[1] & MASK);
        Self { pair, third: text[2] & MASK }
    }
}

/// One marker by the letters that it begins with.
struct Entry {
    letters: Letters,
    row: Row,
}

/// A row of one of the tables, by its number.
#[derive(Debug, Clone, Copy)]
enum Row {
    Browser(usize),
    System(usize),
}

struct Index {
    /// For each pair of letters the third letters that there are, a bit for each.
    thirds: [u32; PAIRS],
    /// Where the entries of each pair begin; they end where those of the next begin.
    begins: [usize; PAIRS + 1],
    /// Sorted by their letters, and then as the rows are.
    entries: Vec<Entry>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let browsers = BROWSERS.iter().enumerate().map(|(at, row)| (row.marker, Row::Browser(at)));
    let systems = SYSTEMS.iter().enumerate().map(|(at, row)| (row.marker, Row::System(at)));
    let entry = |(marker, row): (&str, Row)| Entry { letters: Letters::of(marker.as_bytes()), row };
    let mut entries: Vec<Entry> = browsers.chain(systems).map(entry).collect();
    entries.sort_by_key(|entry| entry.letters);
    let mut thirds = [0; PAIRS];
    for Entry { letters, .. } in &entries {
        thirds[letters.pair] |= 1 << letters.third;
    }
    let begins = std::array::from_fn(|pair| entries.partition_point(|it| it.letters.pair < pair));
    Index { thirds, begins, entries }
});

impl Index {
    fn has(&self, letters: Letters) -> bool {
        self.thirds[letters.pair] >> letters.third & 1 == 1
    }

    fn of_pair(&self, letters: Letters) -> &[Entry] {
        &self.entries[self.begins[letters.pair]..self.begins[letters.pair + 1]]
    }
}
