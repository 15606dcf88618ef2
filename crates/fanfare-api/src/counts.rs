//! What was answered, counted. Many threads add: a request costs so much more than a shared number that the API, which
//! no message passes through on its way to readers, needs none for each thread.

use fanfare_node::{Count, Refusals};
use fanfare_proto::Code;

/// Every status that a route answers; another is counted as 0.
const STATUSES: [u16; 24] = [
    200, 201, 202, 204, 207, 304, 400, 403, 404, 405, 406, 408, 413, 414, 415, 422, 426, 431, 500, 501, 503,
    505, 507, 0,
];

/// Answers by route and status, and refusals by code.
pub struct Counts {
    /// The last row is of what no route answered.
    answers: Box<[[Count; STATUSES.len()]]>,
    refusals: Refusals,
}

impl Counts {
    pub(crate) fn new(routes: usize) -> Counts {
        let row = || std::array::from_fn(|_| Count::default());
        Counts { answers: (0..=routes).map(|_| row()).collect(), refusals: Refusals::default() }
    }

    /// Counts an answer of a route, by its place in the list.
    pub(crate) fn add(&self, route: Option<usize>, status: u16) {
        let last = self.answers.len() - 1;
        let place = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len() - 1);
        self.answers[route.unwrap_or(last).min(last)][place].add_shared(1);
    }

    /// Counts a refusal.
    pub(crate) fn refuse(&self, code: &Code) {
        self.refusals.of(code).add_shared(1);
    }

    /// Answers that were given: the route's place in [`ALL`](crate::ALL), or none, the status, and how many.
    pub fn answers(&self) -> impl Iterator<Item = (Option<usize>, u16, u64)> {
        let routes = self.answers.len() - 1;
        let all = self.answers.iter().enumerate().flat_map(move |(route, row)| {
            let route = (route < routes).then_some(route);
            row.iter().zip(STATUSES).map(move |(count, status)| (route, status, count.get()))
        });
        all.filter(|(.., count)| *count > 0)
    }

    /// Refusals by their code.
    pub fn refusals(&self) -> impl Iterator<Item = (&'static Code, u64)> {
        self.refusals.iter()
    }
}
