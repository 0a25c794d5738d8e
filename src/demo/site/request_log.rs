//! What the simulated servers were asked.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::Endpoint;

/// One request whose head arrived whole.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenRequest {
    /// Who was asked.
    pub endpoint: Endpoint,
    /// When the head was complete.
    pub at: Instant,
    /// `GET`.
    pub method: String,
    /// With query.
    pub path: String,
    /// Names in lower case, values, in the order sent.
    pub headers: Vec<(String, String)>,
}

impl SeenRequest {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// Requests kept; older ones are forgotten, but stay counted.
const KEPT: usize = 20_000;

#[derive(Default)]
pub(super) struct RequestLog(Mutex<State>);

#[derive(Default)]
struct State {
    counts: HashMap<Endpoint, u64>,
    recent: VecDeque<SeenRequest>,
}

impl RequestLog {
    /// Adds a request; returns how many its endpoint has seen before.
    pub(super) fn add(&self, request: SeenRequest) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = state.counts.entry(request.endpoint).or_default();
        let before = *count;
        *count += 1;
        if state.recent.len() == KEPT {
            state.recent.pop_front();
        }
        state.recent.push_back(request);
        before
    }

    pub(super) fn count(&self, endpoint: Endpoint) -> u64 {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.counts.get(&endpoint).copied().unwrap_or(0)
    }

    pub(super) fn recent(&self) -> Vec<SeenRequest> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.recent.iter().cloned().collect()
    }
}
