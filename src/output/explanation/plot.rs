//! The past of an autoscaler, drawn with characters: replicas above, load below, and under them
//! when there were too few.
//!
//! What a line is can be told by its characters alone; colors only help.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Color;
use ratatui_core::symbols::Marker;
use ratatui_core::widgets::Widget;
use ratatui_widgets::canvas::{Canvas, Context, Line};

use crate::analysis::portrait::{Detail, Lane, Load, MarkKind, Portrait, Unit};
use crate::output::charset::Charset;

/// Rows of the two parts.
const REPLICA_ROWS: u16 = 9;
const LOAD_ROWS: u16 = 4;
/// Columns of the labels at the left, the axis included.
const MARGIN: usize = 9;
/// A maximum is drawn up to so many times what is there; beyond it would press all else flat.
const HIGHEST_BAND: f64 = 2.5;

/// The characters of a plot.
struct Glyphs {
    ready: char,
    band: char,
    needed: Marker,
    needed_legend: char,
    load: Marker,
    axis: char,
}

impl Glyphs {
    fn of(charset: Charset) -> Self {
        match charset {
            Charset::Unicode => Self {
                ready: '░',
                band: '─',
                needed: Marker::Braille,
                needed_legend: '⠒',
                load: Marker::Braille,
                axis: '│',
            },
            Charset::Ascii => Self {
                ready: ':',
                band: '-',
                needed: Marker::Custom('*'),
                needed_legend: '*',
                load: Marker::Custom('#'),
                axis: '|',
            },
        }
    }
}

const READY: Color = Color::Blue;
const NEEDED: Color = Color::Yellow;
const BAND: Color = Color::Green;
const LOAD: Color = Color::Cyan;

/// The lines of a plot of `portrait` on a page of `width` columns, with ANSI styles.
pub(super) fn lines(portrait: &Portrait, width: usize, charset: Charset) -> Vec<String> {
    let columns = width.saturating_sub(MARGIN).max(10);
    let drawn = portrait.clone().reduced(Detail::AtMost(columns));
    let plot = Plot {
        portrait: &drawn,
        glyphs: Glyphs::of(charset),
    };
    let mut lines = plot.replicas();
    lines.extend(
        drawn
            .loads
            .first()
            .map(|it| plot.load(it))
            .unwrap_or_default(),
    );
    lines.extend(plot.marks());
    lines.push(plot.times());
    lines.extend(plot.legend(width));
    lines
}

struct Plot<'a> {
    portrait: &'a Portrait,
    glyphs: Glyphs,
}

impl Plot<'_> {
    fn replicas(&self) -> Vec<String> {
        let portrait = self.portrait;
        let lanes = [&portrait.ready, &portrait.needed, &portrait.desired];
        let there = lanes.into_iter().flatten().filter_map(Lane::peak);
        let there = there.fold(1.0, f64::max);
        let top = match self.max() {
            Some(max) => there.max(max),
            None => there,
        };
        let (min, max) = (f64::from(portrait.bands.today.min.0), self.max());
        let glyphs = &self.glyphs;
        let part = Part {
            rows: REPLICA_ROWS,
            top,
            axis: glyphs.axis,
        };
        let served = portrait.ready.as_ref().or(portrait.desired.as_ref());
        part.draw(portrait.points, |canvas| {
            if let Some(served) = served {
                canvas.marker(Marker::Custom(glyphs.ready));
                columns(canvas, served, READY, &[0.0]);
            }
            canvas.marker(Marker::Custom(glyphs.band));
            for level in max.into_iter().chain((min > 0.0).then_some(min)) {
                let end = portrait.points.saturating_sub(1) as f64;
                canvas.draw(&Line::new(0.0, level, end, level, BAND));
            }
            if let Some(needed) = &portrait.needed {
                canvas.marker(glyphs.needed);
                curve(canvas, needed, top, NEEDED);
            }
        })
    }

    /// The maximum, where it is near enough to be drawn.
    fn max(&self) -> Option<f64> {
        let portrait = self.portrait;
        let max = f64::from(portrait.bands.today.max.0);
        let lanes = [&portrait.ready, &portrait.needed];
        let there = lanes.into_iter().flatten().filter_map(Lane::peak);
        let there = there.fold(1.0, f64::max);
        (max <= there * HIGHEST_BAND).then_some(max)
    }

    fn load(&self, load: &Load) -> Vec<String> {
        let top = load.lane.peak().unwrap_or(1.0).max(1e-9);
        let part = Part {
            rows: LOAD_ROWS,
            top,
            axis: self.glyphs.axis,
        };
        part.draw(self.portrait.points, |canvas| {
            canvas.marker(self.glyphs.load);
            // Two dots of Braille are one character wide.
            columns(canvas, &load.lane, LOAD, &[-0.25, 0.25]);
        })
    }

    /// A row for each kind of mark that there is.
    fn marks(&self) -> Vec<String> {
        let portrait = self.portrait;
        let each = i64::from(portrait.step_seconds);
        let mut rows = Vec::new();
        for kind in MarkKind::ALL {
            let marks: Vec<_> = portrait.marks.iter().filter(|it| it.kind == kind).collect();
            if marks.is_empty() {
                continue;
            }
            let (name, glyph, style) = words(kind);
            let is_marked = |at: usize| {
                let to = portrait.time(at).as_second();
                let overlaps = |from: i64, until: i64| from < to && until > to - each;
                marks
                    .iter()
                    .any(|it| overlaps(it.from.as_second(), it.to.as_second()))
            };
            let row: String = (0..portrait.points)
                .map(|at| if is_marked(at) { glyph } else { ' ' })
                .collect();
            let label = MARGIN - 2;
            let (axis, row) = (self.glyphs.axis, row.trim_end());
            rows.push(format!("{name:>label$} {axis}{style}{row}{style:#}"));
        }
        rows
    }

    /// When the plot begins, is half over and ends.
    fn times(&self) -> String {
        let portrait = self.portrait;
        let points = portrait.points;
        let labels = match points {
            0..=24 => vec![0],
            25..=44 => vec![0, points - 1],
            _ => vec![0, points / 2, points - 1],
        };
        let mut line = " ".repeat(MARGIN);
        for at in labels {
            let label = short_time(portrait.time(at));
            let length = label.chars().count();
            let start = match at {
                0 => MARGIN,
                at if at + 1 == points => (MARGIN + points).saturating_sub(length),
                at => MARGIN + at - length / 2,
            };
            let gap = start.saturating_sub(line.chars().count());
            line.extend(std::iter::repeat_n(' ', gap));
            line.push_str(&label);
        }
        line.trim_end().to_owned()
    }

    fn legend(&self, width: usize) -> Vec<String> {
        let portrait = self.portrait;
        let glyphs = &self.glyphs;
        let mut items = Vec::new();
        let mut item = |glyph: String, color: Color, text: String| {
            let style = style(color);
            let length = text.chars().count() + glyph.chars().count() + 1;
            items.push((format!("{style}{glyph}{style:#} {text}"), length));
        };
        let served = match portrait.ready {
            Some(_) => "ready",
            None => "wanted",
        };
        item(glyphs.ready.to_string(), READY, served.to_owned());
        if portrait.needed.is_some() {
            let text = "needed at the target".to_owned();
            item(glyphs.needed_legend.to_string(), NEEDED, text);
        }
        let band = portrait.bands.today;
        let text = match self.max() {
            Some(_) => format!("min {}, max {}", band.min, band.max),
            None => format!("min {} (max {} is far above)", band.min, band.max),
        };
        item(glyphs.band.to_string(), BAND, text);
        if let Some(load) = portrait.loads.first() {
            item("below:".to_owned(), LOAD, load_name(load));
        }
        for kind in MarkKind::ALL {
            if portrait.marks.iter().any(|it| it.kind == kind) {
                let (_, glyph, style) = words(kind);
                let text = meaning(kind);
                let length = text.chars().count() + 2;
                items.push((format!("{style}{glyph}{style:#} {text}"), length));
            }
        }
        wrapped(&items, width)
    }
}

/// `items` with their lengths, three spaces apart, on as many lines as it takes.
fn wrapped(items: &[(String, usize)], width: usize) -> Vec<String> {
    const GAP: usize = 3;
    let indent = 2;
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for (text, length) in items {
        match lines.last_mut() {
            Some(line) if used + GAP + length <= width => {
                line.push_str(&" ".repeat(GAP));
                line.push_str(text);
                used += GAP + length;
            }
            Some(_) | None => {
                lines.push(format!("{}{text}", " ".repeat(indent)));
                used = indent + length;
            }
        }
    }
    lines
}

/// The name, the character and the style of a mark.
fn words(kind: MarkKind) -> (&'static str, char, Style) {
    match kind {
        MarkKind::Breach => ("breach", '!', AnsiColor::Yellow.on_default()),
        MarkKind::Shortfall => ("short", 'x', AnsiColor::Red.on_default()),
        MarkKind::Pinned => ("at max", '^', AnsiColor::Magenta.on_default()),
    }
}

fn meaning(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Breach => "above the target",
        MarkKind::Shortfall => "pods could not give what was asked for",
        MarkKind::Pinned => "the maximum held back more",
    }
}

/// `cpu, up to 3.2 cores`
fn load_name(load: &Load) -> String {
    let unit = match load.unit {
        Unit::Cores => " cores",
        Unit::Bytes => " bytes",
        Unit::Value => "",
    };
    let peak = load.lane.peak().unwrap_or(0.0);
    format!("{}, up to {}{unit}", load.metric, short(peak))
}

/// A part of the plot with an axis of its own from zero up.
struct Part {
    rows: u16,
    top: f64,
    axis: char,
}

impl Part {
    fn draw(&self, points: usize, paint: impl Fn(&mut Context<'_>)) -> Vec<String> {
        let width = u16::try_from(points).unwrap_or(u16::MAX);
        let area = Rect::new(0, 0, width, self.rows);
        let mut buffer = Buffer::empty(area);
        let end = points.saturating_sub(1).max(1) as f64;
        Canvas::default()
            .x_bounds([0.0, end])
            .y_bounds([0.0, self.top])
            .paint(paint)
            .render(area, &mut buffer);
        let rows = (0..self.rows).map(|row| {
            let label = self.label(row);
            let width = MARGIN - 2;
            format!("{label:>width$} {}{}", self.axis, text(&buffer, row))
        });
        rows.collect()
    }

    /// The level of the first, the middle and the last row.
    fn label(&self, row: u16) -> String {
        let last = self.rows - 1;
        let is_told = row == 0 || row == last || (row == last / 2 && last > 5);
        match is_told {
            true => short(self.top * f64::from(last - row) / f64::from(last)),
            false => String::new(),
        }
    }
}

/// From the axis up to the highest of each point, at its place and so far beside it.
fn columns(canvas: &mut Context<'_>, lane: &Lane, color: Color, beside: &[f64]) {
    let end = lane.len().saturating_sub(1) as f64;
    for at in 0..lane.len() {
        let Some(value) = lane.high(at).filter(|it| *it > 0.0) else {
            continue;
        };
        for x in beside.iter().map(|it| (at as f64 + it).clamp(0.0, end)) {
            canvas.draw(&Line::new(x, 0.0, x, value, color));
        }
    }
}

/// From each known value to the next; a gap interrupts it.
fn curve(canvas: &mut Context<'_>, lane: &Lane, top: f64, color: Color) {
    for at in 0..lane.len() {
        let Some(here) = lane.high(at) else { continue };
        let end = if at + 1 < lane.len() { at + 1 } else { at };
        let next = lane.high(end).unwrap_or(here);
        let (here, next) = (here.min(top), next.min(top));
        canvas.draw(&Line::new(at as f64, here, end as f64, next, color));
    }
}

/// A row of the buffer with ANSI styles, without spaces at its end.
fn text(buffer: &Buffer, row: u16) -> String {
    let width = buffer.area.width;
    let cells: Vec<(&str, Color)> = (0..width)
        .map(|x| {
            let cell = &buffer[(x, row)];
            (cell.symbol(), cell.fg)
        })
        .collect();
    let end = cells
        .iter()
        .rposition(|it| it.0 != " ")
        .map_or(0, |it| it + 1);
    let mut text = String::new();
    for run in cells[..end].chunk_by(|a, b| a.1 == b.1) {
        let style = style(run[0].1);
        let symbols: String = run.iter().map(|it| it.0).collect();
        // Writing to a string cannot fail.
        let _ = write!(text, "{style}{symbols}{style:#}");
    }
    text
}

fn style(color: Color) -> Style {
    match color {
        READY => AnsiColor::Blue.on_default(),
        NEEDED => AnsiColor::Yellow.on_default(),
        BAND => AnsiColor::Green.on_default(),
        LOAD => AnsiColor::Cyan.on_default(),
        _ => Style::new(),
    }
}

/// `24`, `3.2`, `0.05`, `1.5M`.
pub(super) fn short(value: f64) -> String {
    let (value, unit) = match value.abs() {
        1e9.. => (value / 1e9, "G"),
        1e6.. => (value / 1e6, "M"),
        1e4.. => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = match value.abs() {
        100.0.. => 0,
        _ if value.fract().abs() < 0.05 => 0,
        1.0.. => 1,
        _ => 2,
    };
    format!("{value:.digits$}{unit}")
}

/// `02-16 00:00`, in UTC.
fn short_time(time: Timestamp) -> String {
    let time = time.to_zoned(TimeZone::UTC);
    time.strftime("%m-%d %H:%M").to_string()
}
