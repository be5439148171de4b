//! Plots as SVG, drawn by ourselves: lines over two axes.

use std::fmt::Write as _;

use crate::number::short;

const WIDTH: f64 = 740.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 34.0;
const TOP: f64 = 12.0;
/// Room for the names of the lines, each beside the end of its line.
const RIGHT: f64 = 128.0;
/// How far two of them stand apart.
const LABEL: f64 = 14.0;

/// One after another, for lines.
const COLOURS: [&str; 4] = ["#1f6fb4", "#c2452d", "#3b8f4a", "#8a5aa8"];

/// How values are put on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    Logarithmic,
}

/// A line with its name.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
}

/// A plot.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    pub(super) title: String,
    pub(super) across: String,
    pub(super) up: String,
    pub(super) scale: Scale,
    /// Marks of the axis across: where, and what stands there; numbers where there are none.
    pub(super) marks: Vec<(f64, String)>,
    pub(super) lines: Vec<Line>,
}

/// From where to where an axis goes.
#[derive(Clone, Copy, Debug)]
struct Axis {
    from: f64,
    to: f64,
    scale: Scale,
}

impl Axis {
    fn of(values: impl Iterator<Item = f64>, scale: Scale) -> Self {
        let (mut from, mut to) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            (from, to) = (from.min(value), to.max(value));
        }
        match scale {
            // Nothing is drawn.
            Scale::Logarithmic if from > to => Self { from: 0.1, to: 1.0, scale },
            Scale::Linear if from > to => Self { from: 0.0, to: 1.0, scale },
            Scale::Linear => Self { from: from.min(0.0), to: if to > from.min(0.0) { to } else { 1.0 }, scale },
            Scale::Logarithmic => {
                let from = 10f64.powf(from.max(1e-3).log10().floor());
                Self { from, to: (10f64.powf(to.max(1e-3).log10().ceil())).max(from * 10.0), scale }
            }
        }
    }

    /// Where a value lies, from 0 to 1.
    fn place(self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::Logarithmic => (value.max(self.from) / self.from).log10() / (self.to / self.from).log10(),
        }
    }

    fn marks(self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => (0..=4).map(|quarter| self.from + (self.to - self.from) * f64::from(quarter) / 4.0).collect(),
            Scale::Logarithmic => {
                let powers = std::iter::successors(Some(self.from), |value| Some(value * 10.0));
                powers.take_while(|value| *value <= self.to * 1.001).take(12).collect()
            }
        }
    }
}

impl Plot {
    /// The plot as SVG within HTML.
    pub(super) fn svg(&self) -> String {
        let mut svg = String::new();
        // Writing to a text cannot fail.
        self.draw(&mut svg).unwrap_or_default();
        svg
    }

    fn draw(&self, svg: &mut String) -> std::fmt::Result {
        let points = || self.lines.iter().flat_map(|line| line.points.iter());
        let marked = self.marks.iter().map(|(at, _)| *at);
        let across = Axis::of(points().map(|(x, _)| *x).chain(marked), Scale::Linear);
        let up = Axis::of(points().map(|(_, y)| *y), self.scale);
        let x = |value: f64| LEFT + across.place(value) * (WIDTH - LEFT - RIGHT);
        let y = |value: f64| HEIGHT - BOTTOM - up.place(value) * (HEIGHT - BOTTOM - TOP);
        let (title, floor) = (escape(&self.title), HEIGHT - BOTTOM);
        write!(svg, "<figure><figcaption>{title}</figcaption><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">")?;
        for mark in up.marks() {
            let (at, text) = (y(mark), short(mark));
            write!(svg, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>", WIDTH - RIGHT)?;
            write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>", LEFT - 6.0, at + 4.0)?;
        }
        let numbers = || across.marks().into_iter().map(|mark| (mark, short(mark))).collect();
        let marks: Vec<(f64, String)> = if self.marks.is_empty() { numbers() } else { self.marks.clone() };
        for (mark, text) in marks {
            let text = escape(&text);
            write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>", x(mark), floor + 15.0)?;
        }
        write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            HEIGHT - 4.0,
            escape(&self.across)
        )?;
        write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>", LEFT + 6.0, TOP + 8.0, escape(&self.up))?;
        // Where a line ends stands what it is.
        let ends = self.lines.iter().map(|line| line.points.last().map_or(floor, |(_, end)| y(*end)));
        let labels = spread(&ends.collect::<Vec<_>>(), TOP + LABEL / 2.0, floor - LABEL / 2.0);
        for ((line, at), colour) in self.lines.iter().zip(labels).zip(COLOURS.iter().cycle()) {
            let points: Vec<String> = line.points.iter().map(|(px, py)| format!("{:.1},{:.1}", x(*px), y(*py))).collect();
            write!(svg, "<polyline fill=\"none\" stroke=\"{colour}\" points=\"{}\"/>", points.join(" "))?;
            let (left, base) = (WIDTH - RIGHT + 6.0, at + 4.0);
            write!(svg, "<text x=\"{left:.1}\" y=\"{base:.1}\" style=\"fill:{colour}\">{}</text>", escape(&line.name))?;
        }
        svg.push_str("</svg></figure>\n");
        Ok(())
    }
}

/// Places for labels, each as near to where it should be as goes without one on top of another, between these two: lower ones are moved
/// down first, and up again from where there is no more room. What does not fit at all goes on below.
fn spread(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = wanted.iter().copied().enumerate().collect();
    order.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let mut least = top;
    for (_, at) in &mut order {
        *at = at.max(least);
        least = *at + LABEL;
    }
    let mut most = bottom;
    for (_, at) in order.iter_mut().rev() {
        *at = at.min(most);
        most = *at - LABEL;
    }
    // Too many of them: from the top on.
    let mut least = top;
    for (_, at) in &mut order {
        *at = at.max(least);
        least = *at + LABEL;
    }
    order.sort_by_key(|(place, _)| *place);
    order.into_iter().map(|(_, at)| at).collect()
}

/// Text as HTML has it.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(scale: Scale, points: Vec<(f64, f64)>) -> String {
        let lines = vec![Line { name: "a<b".to_owned(), points }];
        let (across, up) = ("s".to_owned(), "ms".to_owned());
        Plot { title: "t & u".to_owned(), across, up, scale, marks: Vec::new(), lines }.svg()
    }

    #[test]
    fn labels_do_not_lie_on_each_other_and_stay_in_their_order() {
        let cases: [&[f64]; 8] = [
            &[],
            &[50.0],
            &[50.0, 50.0],
            &[100.0, 98.0, 103.0],
            &[-9.0, 4.0, 400.0],
            &[189.0, 189.5, 188.0, 187.0],
            &[20.0, 20.0, 189.0, 189.0],
            &[10.0, 60.0, 120.0],
        ];
        for wanted in cases {
            let placed = spread(wanted, 10.0, 190.0);
            assert_eq!(placed.len(), wanted.len());
            for (place, (at, should)) in placed.iter().zip(wanted).enumerate() {
                assert!((10.0..=190.0).contains(at), "{placed:?}");
                for (other, other_should) in placed.iter().zip(wanted).skip(place + 1) {
                    assert!((at - other).abs() >= LABEL - 1e-9, "{wanted:?}: {placed:?}");
                    assert!(should == other_should || (should < other_should) == (at < other), "{wanted:?}: {placed:?}");
                }
            }
        }
        assert_eq!(spread(&[10.0, 60.0, 120.0], 10.0, 190.0), [10.0, 60.0, 120.0], "what has room stays where it is");
        // Twenty do not fit into the room of thirteen, and still none is on another.
        let mut many = spread(&[100.0; 20], 10.0, 190.0);
        many.sort_by(f64::total_cmp);
        assert!(many.windows(2).all(|two| two[1] - two[0] >= LABEL - 1e-9) && many[0] >= 10.0);
    }

    #[test]
    fn two_curves_that_end_together_have_labels_beside_the_picture_one_above_the_other() {
        let line = |name: &str, end: f64| Line { name: name.to_owned(), points: vec![(0.0, 1.0), (9.0, end)] };
        let lines = vec![line("from when it was due", 5.0), line("floor", 5.1)];
        let (across, up) = ("s".to_owned(), "ms".to_owned());
        let svg = Plot { title: "t".to_owned(), across, up, scale: Scale::Logarithmic, marks: Vec::new(), lines }.svg();
        let label = |name: &str| {
            let element = svg.split("<text ").find(|text| text.contains(&format!(">{name}<"))).unwrap();
            let number = |key: &str| element.split(key).nth(1).unwrap().split('"').next().unwrap().parse::<f64>().unwrap();
            (number("x=\""), number("y=\""))
        };
        let (due, floor) = (label("from when it was due"), label("floor"));
        assert!(due.0 > WIDTH - RIGHT && floor.0 > WIDTH - RIGHT, "{due:?} {floor:?}");
        assert!(due.1 - floor.1 >= LABEL - 0.11, "{due:?} {floor:?}");
    }

    #[test]
    fn everything_lies_within_the_picture() {
        for scale in [Scale::Linear, Scale::Logarithmic] {
            for points in [vec![], vec![(0.0, 0.0)], vec![(0.0, 0.01), (5.0, 4_000.0), (10.0, 7.0)], vec![(3.0, 5.0), (3.0, 5.0)]]
            {
                let svg = plot(scale, points);
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
                let drawn = svg.split("points=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
                for point in drawn.split(' ').filter(|point| !point.is_empty()) {
                    let (x, y) = point.split_once(',').unwrap();
                    let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                    assert!((LEFT..=WIDTH).contains(&x) && (0.0..=HEIGHT - BOTTOM).contains(&y), "{point}");
                }
            }
        }
        assert!(plot(Scale::Linear, Vec::new()).contains("t &amp; u") && plot(Scale::Linear, Vec::new()).contains("a&lt;b"));
    }
}
