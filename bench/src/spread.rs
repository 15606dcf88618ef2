//! Several measurements of one thing.

/// The middle of several values, and the quarter and three quarters of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

impl Spread {
    /// Of at least one value; of none, all zero.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Spread {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |quantile: f64| {
            let place = quantile * values.len().saturating_sub(1) as f64;
            let (below, above) = (values.get(place.floor() as usize), values.get(place.ceil() as usize));
            let (below, above) = below.zip(above).map_or((0.0, 0.0), |(below, above)| (*below, *above));
            below + (above - below) * place.fract()
        };
        Spread { low: at(0.25), median: at(0.5), high: at(0.75) }
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
        assert_eq!(Spread::of([4.0, 1.0, 3.0, 2.0]), Spread { low: 1.75, median: 2.5, high: 3.25 });
        assert_eq!(Spread::of([7.0]), Spread { low: 7.0, median: 7.0, high: 7.0 });
        assert_eq!(Spread::of([]).median, 0.0);
        assert_eq!(Spread::of_ratios(&[2.0, 3.0], &[1.0, 0.0]).median, 2.0);
    }
}
