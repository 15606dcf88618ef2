//! Several servers of which each is loaded by a process of its own, measured in turns: in every round each has its turn, and
//! each round begins with another one, so that what the machine does meanwhile falls on all.

use crate::bench::Bench;
use crate::cores::Core;
use crate::load::{Loader, Order, Told};
use crate::outcome::Result;
use crate::servers::{Kind, Server, Way};
use indicatif::ProgressBar;
use std::time::Instant;

/// Readers that connect between two looks at the clock.
const CONNECTING: usize = 500;

/// One server and what loads it.
pub struct Contestant {
    pub name: String,
    pub server: Server,
    pub loader: Loader,
}

/// What one turn of one server came to.
#[derive(Debug, Clone)]
pub struct Sample {
    pub told: Told,
    /// Processor time of the server, seconds.
    pub processor: f64,
    /// Which part of the time its load generator has worked.
    pub load: f64,
}

impl Sample {
    /// Processor seconds for a million deliveries.
    pub fn per_million(&self) -> f64 {
        self.processor / self.told.deliveries.max(1) as f64 * 1e6
    }

    /// Deliveries a second.
    pub fn rate(&self) -> f64 {
        self.told.deliveries as f64 / self.told.seconds
    }
}

/// The servers that are compared.
pub struct Contest {
    pub contestants: Vec<Contestant>,
}

impl Contest {
    /// Starts these servers, each on the core of servers. A kind that is there twice is compared with itself.
    pub fn start(bench: &Bench, kinds: &[&'static Kind], way: Way) -> Result<Contest> {
        let mut contestants: Vec<Contestant> = Vec::new();
        for (net, kind) in kinds.iter().enumerate() {
            let again = contestants.iter().any(|contestant| contestant.name == kind.name);
            let name = if again { format!("{} again", kind.name) } else { kind.name.to_owned() };
            let server = (kind.start)(bench.binary(), Core::Server)?;
            let loader = Loader::start(kind, way, &server, u8::try_from(net)?)?;
            contestants.push(Contestant { name, server, loader });
        }
        Ok(Contest { contestants })
    }

    /// Connects so many readers to each.
    pub fn connect(&mut self, readers: usize, bar: &ProgressBar) -> Result<()> {
        for contestant in &mut self.contestants {
            contestant.connect(readers, bar)?;
        }
        Ok(())
    }

    /// Has each do this once, beginning as this round does. Answers what each came to.
    pub fn round(&mut self, round: usize, order: Order, bar: &ProgressBar) -> Result<Vec<Sample>> {
        self.round_of(&vec![order; self.contestants.len()], round, bar)
    }

    /// Has each do this once as a warm-up, and then in so many rounds. Answers what each came to, by contestant and round.
    pub fn rounds(&mut self, rounds: usize, order: Order, bar: &ProgressBar) -> Result<Vec<Vec<Sample>>> {
        self.rounds_of(&vec![order; self.contestants.len()], rounds, bar)
    }

    /// The same with an order for each of the first contestants; others have no turn.
    pub fn rounds_of(
        &mut self,
        orders: &[Order],
        rounds: usize,
        bar: &ProgressBar,
    ) -> Result<Vec<Vec<Sample>>> {
        let mut samples = vec![Vec::new(); orders.len()];
        for round in 0..=rounds {
            let turns = self.round_of(orders, round, bar)?;
            for (samples, turn) in samples.iter_mut().zip(turns).filter(|_| round > WARM_UP) {
                samples.push(turn);
            }
        }
        Ok(samples)
    }

    fn round_of(&mut self, orders: &[Order], round: usize, bar: &ProgressBar) -> Result<Vec<Sample>> {
        in_turn(orders.len(), round, |number| {
            let sample = self.contestants[number].turn(orders[number]);
            bar.inc(1);
            sample
        })
    }
}

/// The round in which memory and page tables are made: no sample.
pub const WARM_UP: usize = 0;

/// Gives each of `count` its turn: every round begins with another one. Answers in the order of their numbers.
pub fn in_turn<T>(count: usize, round: usize, mut turn: impl FnMut(usize) -> Result<T>) -> Result<Vec<T>> {
    let order = (0..count).map(|place| (round + place) % count);
    let mut came = order.map(|number| Ok((number, turn(number)?))).collect::<Result<Vec<_>>>()?;
    came.sort_by_key(|(number, _)| *number);
    Ok(came.into_iter().map(|(_, turn)| turn).collect())
}

impl Contestant {
    /// Connects so many readers more.
    pub fn connect(&mut self, readers: usize, bar: &ProgressBar) -> Result<()> {
        for first in (0..readers).step_by(CONNECTING) {
            self.loader.order(Order::Connect { readers: CONNECTING.min(readers - first) })?;
        }
        bar.inc(1);
        Ok(())
    }

    /// Does this once. What must be there first is no part of what is measured.
    pub fn turn(&mut self, order: Order) -> Result<Sample> {
        if let Some(first) = order.needs() {
            self.obey(first)?;
        }
        let (before, busy) =
            (self.server.process.settled_seconds()?, self.loader.process.processor_seconds()?);
        let began = Instant::now();
        let told = self.obey(order)?;
        let load = (self.loader.process.processor_seconds()? - busy) / began.elapsed().as_secs_f64();
        let processor = self.server.process.settled_seconds()? - before;
        Ok(Sample { told, processor, load })
    }

    fn obey(&mut self, order: Order) -> Result<Told> {
        self.loader.order(order).map_err(|error| format!("{}: {error}", self.name).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_begins_with_another_one() {
        let mut turns = Vec::new();
        for round in 0..4 {
            let answers = in_turn(3, round, |number| {
                turns.push(number);
                Ok(number * 10)
            });
            assert_eq!(answers.unwrap(), [0, 10, 20]);
        }
        assert_eq!(turns, [0, 1, 2, 1, 2, 0, 2, 0, 1, 0, 1, 2]);
    }
}
