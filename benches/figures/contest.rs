//! A figure is a ratio taken in one run: product and anchor by turns (A B B A A B ..), the median of the rounds' ratios, and how far the
//! rounds lie apart. Rates of two runs, or of two machines, are never compared.

use super::cpu::Used;

/// One turn.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Good calls, or hashes, a second.
    pub per_second: f64,
    /// Time of a core that the server took for each, in microseconds.
    pub server_micros: f64,
    /// The generator's part of all cores.
    pub generator_share: f64,
    /// Other processes' part of all cores.
    pub others_share: f64,
}

impl Sample {
    /// So many in so many seconds.
    pub fn new(count: u64, seconds: f64, used: Used) -> Self {
        Self {
            per_second: count as f64 / seconds,
            server_micros: used.server_seconds * 1e6 / (count.max(1) as f64),
            generator_share: used.generator_share,
            others_share: used.others_share,
        }
    }
}

/// What is measured.
pub struct Contest {
    /// The figure, such as `P4`.
    pub figure: &'static str,
    /// Product against anchor, in words.
    pub what: String,
    /// The ratio to reach; none for a row that only explains.
    pub goal: Option<f64>,
}

/// What came of it.
pub struct Row {
    contest: Contest,
    /// Medians of the rates.
    pub product_per_second: f64,
    anchor_per_second: f64,
    /// Median, lowest and highest of the rounds' ratios.
    ratio: f64,
    lowest: f64,
    highest: f64,
    /// Medians of the server's time for a call.
    product_micros: f64,
    anchor_micros: f64,
    /// The most that the generator and others took in any turn.
    generator_share: f64,
    others_share: f64,
}

impl Contest {
    /// Runs it.
    pub fn run(self, rounds: usize, mut product: impl FnMut() -> Sample, mut anchor: impl FnMut() -> Sample) -> Row {
        let (mut products, mut anchors) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let product_first = round % 2 == 0;
            if product_first {
                products.push(product());
            }
            anchors.push(anchor());
            if !product_first {
                products.push(product());
            }
            let (p, a) = (products[round].per_second, anchors[round].per_second);
            eprintln!("{} {}: round {}: {p:.0}/s against {a:.0}/s, {:.3}", self.figure, self.what, round + 1, p / a);
        }
        let ratios: Vec<f64> = products.iter().zip(&anchors).map(|(p, a)| p.per_second / a.per_second).collect();
        let all = || products.iter().chain(&anchors);
        Row {
            contest: self,
            product_per_second: median(products.iter().map(|sample| sample.per_second)),
            anchor_per_second: median(anchors.iter().map(|sample| sample.per_second)),
            ratio: median(ratios.iter().copied()),
            lowest: ratios.iter().copied().fold(f64::INFINITY, f64::min),
            highest: ratios.iter().copied().fold(0.0, f64::max),
            product_micros: median(products.iter().map(|sample| sample.server_micros)),
            anchor_micros: median(anchors.iter().map(|sample| sample.server_micros)),
            generator_share: all().map(|sample| sample.generator_share).fold(0.0, f64::max),
            others_share: all().map(|sample| sample.others_share).fold(0.0, f64::max),
        }
    }
}

impl Row {
    /// The columns of [`table_head`].
    pub fn to_markdown(&self) -> String {
        let goal = self.contest.goal.map_or("-".to_owned(), |goal| {
            format!("{:.0} %: {}", goal * 100.0, if self.ratio >= goal { "reached" } else { "missed" })
        });
        format!(
            "| {} | {} | {:.0}/s | {:.0}/s | {:.1} % | {:.1}-{:.1} % | {goal} | {:.0} / {:.0} us | {:.0} % | {:.0} % |",
            self.contest.figure,
            self.contest.what,
            self.product_per_second,
            self.anchor_per_second,
            self.ratio * 100.0,
            self.lowest * 100.0,
            self.highest * 100.0,
            self.product_micros,
            self.anchor_micros,
            self.generator_share * 100.0,
            self.others_share * 100.0,
        )
    }
}

/// The names of the columns.
pub fn table_head() -> String {
    let names = [
        "figure",
        "product / anchor",
        "product",
        "anchor",
        "ratio",
        "spread",
        "goal",
        "server CPU a call",
        "generator",
        "others",
    ];
    format!("| {} |\n|{}", names.join(" | "), "---|".repeat(names.len()))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}
