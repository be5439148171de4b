//! Plots as SVG, drawn by ourselves: lines over two axes.

use std::fmt::Write as _;

use crate::number::short;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 34.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 12.0;

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
        for (place, (line, colour)) in self.lines.iter().zip(COLOURS.iter().cycle()).enumerate() {
            let points: Vec<String> = line.points.iter().map(|(px, py)| format!("{:.1},{:.1}", x(*px), y(*py))).collect();
            write!(svg, "<polyline fill=\"none\" stroke=\"{colour}\" points=\"{}\"/>", points.join(" "))?;
            let at = TOP + 8.0 + 14.0 * f64::from(u32::try_from(place).unwrap_or(0));
            write!(
                svg,
                "<text x=\"{:.1}\" y=\"{at:.1}\" text-anchor=\"end\" fill=\"{colour}\">{}</text>",
                WIDTH - RIGHT,
                escape(&line.name)
            )?;
        }
        svg.push_str("</svg></figure>\n");
        Ok(())
    }
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
