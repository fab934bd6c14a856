//! Medians, percentiles, and tables in the style of BENCHMARKS.md.

/// Numbers of one kind.
#[derive(Clone, Debug, Default)]
pub struct Numbers(Vec<f64>);

impl Numbers {
    /// One more.
    pub fn add(&mut self, number: f64) {
        self.0.push(number);
    }

    /// One more, if there is one.
    pub fn extend(&mut self, number: Option<f64>) {
        self.0.extend(number);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest number that so many of a hundred do not exceed; NaN of none.
    pub fn percentile(&self, of_hundred: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let place = (of_hundred / 100.0 * sorted.len() as f64).ceil() as usize;
        sorted.get(place.max(1) - 1).copied().unwrap_or(f64::NAN)
    }

    /// Half are below.
    pub fn median(&self) -> f64 {
        self.percentile(50.0)
    }

    /// The largest; NaN of none.
    pub fn most(&self) -> f64 {
        self.percentile(100.0)
    }

    /// `p50 … p95 … max …` with a unit.
    pub fn line(&self, unit: &str) -> String {
        let (median, most) = (self.median(), self.most());
        format!(
            "p50 {median:.1} {unit}, p95 {:.1} {unit}, max {most:.1} {unit} ({})",
            self.percentile(95.0),
            self.count()
        )
    }
}

impl FromIterator<f64> for Numbers {
    fn from_iter<T: IntoIterator<Item = f64>>(numbers: T) -> Self {
        Self(numbers.into_iter().collect())
    }
}

/// A table in Markdown.
#[derive(Debug, Default)]
pub struct Table(Vec<(String, String)>);

impl Table {
    /// One more row.
    pub fn row(&mut self, what: impl Into<String>, value: impl Into<String>) {
        self.0.push((what.into(), value.into()));
    }

    /// Prints it.
    pub fn print(&self, head: &str) {
        println!("\n| {head} | |\n|---|---|");
        for (what, value) in &self.0 {
            println!("| {what} | {value} |");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_numbers_that_were_there() {
        let numbers: Numbers = (1..=20).rev().map(f64::from).collect();
        assert_eq!((numbers.median(), numbers.percentile(95.0), numbers.most()), (10.0, 19.0, 20.0));
        assert!(Numbers::default().median().is_nan());
    }
}
