//! Several measurements of one thing.

/// The middle of several values, and the quarter and three quarters of them.
#[derive(Debug, Clone)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
    /// All of them, in the order in which they came.
    pub values: Vec<f64>,
}

impl Spread {
    /// Of at least one value; of none, all zero.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Spread {
        let values: Vec<f64> = values.into_iter().collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |quantile: f64| {
            let place = quantile * sorted.len().saturating_sub(1) as f64;
            let (below, above) = (sorted.get(place.floor() as usize), sorted.get(place.ceil() as usize));
            let (below, above) = below.zip(above).map_or((0.0, 0.0), |(below, above)| (*below, *above));
            below + (above - below) * place.fract()
        };
        Spread { low: at(0.25), median: at(0.5), high: at(0.75), values }
    }

    /// Of the ratios of values that belong together.
    pub fn of_ratios(over: &[f64], under: &[f64]) -> Spread {
        Spread::of(
            over.iter().zip(under).filter(|(_, under)| **under > 0.0).map(|(over, under)| over / under),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_lie_between_values() {
        let quarters = |values: &[f64]| {
            let Spread { low, median, high, .. } = Spread::of(values.iter().copied());
            (low, median, high)
        };
        assert_eq!(quarters(&[4.0, 1.0, 3.0, 2.0]), (1.75, 2.5, 3.25));
        assert_eq!(quarters(&[7.0]), (7.0, 7.0, 7.0));
        assert_eq!(quarters(&[]).1, 0.0);
        assert_eq!(Spread::of([4.0, 1.0]).values, [4.0, 1.0]);
        assert_eq!(Spread::of_ratios(&[2.0, 3.0], &[1.0, 0.0]).median, 2.0);
    }
}
