//! Values as a row of bars, each one character.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Stands for what is not known; a blank would end a word.
const GAP: char = '·';

/// A bar for each of `values`, from zero to the highest of them.
pub(super) fn line(values: &[Option<f64>]) -> String {
    let top = values.iter().flatten().copied().fold(0.0, f64::max);
    let bar = |value: f64| {
        let share = if top > 0.0 { value / top } else { 0.0 };
        let level = (share * BARS.len() as f64).ceil() as usize;
        BARS[level.clamp(1, BARS.len()) - 1]
    };
    values.iter().map(|it| it.map_or(GAP, bar)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::charset::Charset;

    #[test]
    fn bars_reach_from_zero_to_the_highest() {
        let eighths: Vec<Option<f64>> = (0..=8).map(|it| Some(f64::from(it) / 8.0)).collect();
        assert_eq!(line(&eighths), "▁▁▂▃▄▅▆▇█");
        assert_eq!(line(&[None, Some(3.0), Some(2.9), None]), "·██·");
        assert_eq!(line(&[Some(0.0), Some(0.0)]), "▁▁");
    }

    #[test]
    fn each_bar_has_a_character_of_its_own_in_ascii() {
        let bars: String = BARS.iter().chain([&GAP]).collect();
        assert_eq!(Charset::Ascii.shown(&bars), ".:-=+*#@_");
    }
}
