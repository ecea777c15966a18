//! How wide the columns of a table are and how far apart, on a page of limited width.

use super::{Column, Shrink};

/// Spaces between columns: at least, as is readable, as in kubectl.
const GAPS: [usize; 3] = [1, 2, 3];

/// The widths of columns, in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) widths: Vec<usize>,
    /// After each column; nothing after the last.
    pub(super) gaps: Vec<usize>,
    /// Characters of the page that are left.
    spare: usize,
    /// Whether every column is as wide as is comfortable, and apart from the next.
    pub(super) is_comfortable: bool,
    /// Whether nothing exceeds the page, and names are in one piece.
    pub(super) is_whole: bool,
}

impl Plan {
    /// Starts from the least that `columns` can do with, and grants wishes in order of importance
    /// until `page` is full. `natural` are the widths in which every cell has one whole line. A
    /// page that is narrower than the least is exceeded.
    pub(super) fn new(columns: &[Column], natural: &[usize], page: usize) -> Self {
        let mut plan = Self::least(columns, natural, page);
        // Names are what people look for and copy.
        plan.widen(columns, natural, |shrink, natural| match shrink {
            Shrink::Last { .. } => natural,
            Shrink::Never | Shrink::First { .. } | Shrink::Text { .. } => 0,
        });
        // The last column is the one that is read as text.
        plan.space_last(GAPS[1]);
        plan.widen(columns, natural, |shrink, natural| match shrink {
            Shrink::Text { comfortable, .. } => comfortable.min(natural),
            Shrink::Never | Shrink::First { .. } | Shrink::Last { .. } => 0,
        });
        plan.space_all(GAPS[1]);
        plan.widen(columns, natural, comfortable);
        plan.is_comfortable = plan.is_comfortable(columns, natural);
        plan.widen(columns, natural, |_, natural| natural);
        plan.space_all(GAPS[2]);
        plan.is_whole = plan.is_whole(columns, natural, page);
        plan
    }

    fn least(columns: &[Column], natural: &[usize], page: usize) -> Self {
        let least = |(column, natural): (&Column, &usize)| match column.shrink {
            Shrink::Never => *natural,
            Shrink::First { least } | Shrink::Text { least, .. } | Shrink::Last { least } => {
                column.header.len().max(least).min(*natural)
            }
        };
        let widths: Vec<usize> = columns.iter().zip(natural).map(least).collect();
        let mut gaps = vec![GAPS[0]; widths.len()];
        if let Some(last) = gaps.last_mut() {
            *last = 0;
        }
        let taken: usize = widths.iter().chain(&gaps).sum();
        Self {
            widths,
            gaps,
            spare: page.saturating_sub(taken),
            is_comfortable: false,
            is_whole: false,
        }
    }

    /// Widens columns to what `wish` says, the last first, each as far as there is space.
    fn widen(
        &mut self,
        columns: &[Column],
        natural: &[usize],
        wish: impl Fn(Shrink, usize) -> usize,
    ) {
        for index in (0..columns.len()).rev() {
            let wish = wish(columns[index].shrink, natural[index]);
            let more = wish.saturating_sub(self.widths[index]).min(self.spare);
            self.widths[index] += more;
            self.spare -= more;
        }
    }

    /// Sets the last column off by `gap` if there is space.
    fn space_last(&mut self, gap: usize) {
        if let Some(before_last) = self.gaps.len().checked_sub(2) {
            self.space(before_last..before_last + 1, gap);
        }
    }

    /// Sets all columns apart by `gap` if there is space for all.
    fn space_all(&mut self, gap: usize) {
        self.space(0..self.gaps.len().saturating_sub(1), gap);
    }

    fn space(&mut self, range: std::ops::Range<usize>, gap: usize) {
        let gaps = &mut self.gaps[range];
        let more: usize = gaps.iter().map(|it| gap.saturating_sub(*it)).sum();
        if more <= self.spare {
            self.spare -= more;
            gaps.fill(gap);
        }
    }

    fn is_comfortable(&self, columns: &[Column], natural: &[usize]) -> bool {
        let columns = columns.iter().zip(natural).zip(&self.widths);
        let mut gaps = self.gaps.iter().take(self.gaps.len().saturating_sub(1));
        gaps.all(|gap| *gap >= GAPS[1])
            && columns
                .into_iter()
                .all(|((column, natural), width)| *width >= comfortable(column.shrink, *natural))
    }

    fn is_whole(&self, columns: &[Column], natural: &[usize], page: usize) -> bool {
        let mut widths = columns.iter().zip(natural).zip(&self.widths);
        let taken: usize = self.widths.iter().chain(&self.gaps).sum();
        taken <= page
            && widths.all(|((column, natural), width)| match column.shrink {
                Shrink::Last { .. } => width == natural,
                Shrink::Never | Shrink::First { .. } | Shrink::Text { .. } => true,
            })
    }
}

fn comfortable(shrink: Shrink, natural: usize) -> usize {
    match shrink {
        Shrink::Never | Shrink::First { .. } | Shrink::Last { .. } => natural,
        Shrink::Text { comfortable, .. } => comfortable.min(natural),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COLUMNS: [Column; 4] = [
        Column {
            header: "NAME",
            shrink: Shrink::Last { least: 4 },
        },
        Column {
            header: "TARGET",
            shrink: Shrink::First { least: 8 },
        },
        Column {
            header: "MIN",
            shrink: Shrink::Never,
        },
        Column {
            header: "FINDINGS",
            shrink: Shrink::Text {
                comfortable: 16,
                least: 11,
            },
        },
    ];
    const NATURAL: [usize; 4] = [15, 20, 3, 30];

    #[test]
    fn wishes_are_granted_in_order_of_importance() {
        // The page, the widths of NAME, TARGET, MIN, FINDINGS, and the gaps between them.
        let cases = [
            (200, [15, 20, 3, 30], [3, 3, 3]),
            (77, [15, 20, 3, 30], [3, 3, 3]),
            (76, [15, 20, 3, 30], [2, 2, 2]),
            (70, [15, 20, 3, 26], [2, 2, 2]),
            (59, [15, 19, 3, 16], [2, 2, 2]),
            (48, [15, 8, 3, 16], [2, 2, 2]),
            (47, [15, 9, 3, 16], [1, 1, 2]),
            (44, [15, 8, 3, 14], [1, 1, 2]),
            (41, [15, 8, 3, 11], [1, 1, 2]),
            (40, [15, 8, 3, 11], [1, 1, 1]),
            (36, [11, 8, 3, 11], [1, 1, 1]),
            (10, [4, 8, 3, 11], [1, 1, 1]),
        ];
        for (page, widths, gaps) in cases {
            let plan = Plan::new(&COLUMNS, &NATURAL, page);
            assert_eq!(plan.widths, widths, "{page}");
            assert_eq!(plan.gaps, [gaps[0], gaps[1], gaps[2], 0], "{page}");
            assert_eq!(plan.is_comfortable, page >= 60, "{page}");
        }
    }

    fn taken(plan: &Plan) -> usize {
        plan.widths.iter().chain(&plan.gaps).sum()
    }

    proptest! {
        #[test]
        fn a_wider_page_is_never_worse(
            natural in [4_usize..70, 6_usize..80, 3_usize..8, 8_usize..90],
            page in 0_usize..200,
        ) {
            let narrow = Plan::new(&COLUMNS, &natural, page);
            let wide = Plan::new(&COLUMNS, &natural, page + 1);
            let least = taken(&Plan::new(&COLUMNS, &natural, 0));
            prop_assert!(taken(&narrow) <= page.max(least));
            prop_assert!(narrow.widths[0] <= wide.widths[0]);
            prop_assert!(!narrow.is_comfortable || wide.is_comfortable);
            for (width, natural) in wide.widths.iter().zip(natural) {
                prop_assert!(*width <= natural);
            }
        }
    }
}
