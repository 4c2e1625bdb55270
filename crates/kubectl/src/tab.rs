//! Columns of text as Go's text/tabwriter aligns them: a column is a run of lines that have a cell there, its width that of the widest cell.

/// How columns are made. Tables: at least 6 wide, 3 apart. Descriptions: 2 apart.
#[derive(Clone, Debug)]
pub(crate) struct TabWriter {
    min: usize,
    padding: usize,
    /// Widths of the columns printed so far, where a table goes on later (`get -w`).
    remembered: Option<Vec<usize>>,
}

impl TabWriter {
    /// As `kubectl get` writes tables.
    pub fn table() -> TabWriter {
        TabWriter { min: 6, padding: 3, remembered: Some(Vec::new()) }
    }
    /// As `kubectl describe` writes.
    pub fn description() -> TabWriter {
        TabWriter { min: 0, padding: 2, remembered: None }
    }
    /// Aligns a text whose cells end in tabs.
    pub fn format(&mut self, text: &str) -> String {
        let lines: Vec<Vec<&str>> = text.split('\n').map(|line| line.split('\t').collect()).collect();
        let mut block = Block { writer: self, lines: &lines, widths: Vec::new(), out: String::with_capacity(text.len() * 2) };
        block.format(0, lines.len());
        block.out
    }
}

struct Block<'a> {
    writer: &'a mut TabWriter,
    lines: &'a [Vec<&'a str>],
    widths: Vec<usize>,
    out: String,
}

impl Block<'_> {
    fn format(&mut self, from: usize, to: usize) {
        let column = self.widths.len();
        let has_cell = |line: &Vec<&str>| column + 1 < line.len();
        let (mut from, mut at) = (from, from);
        while at < to {
            if !has_cell(&self.lines[at]) {
                at += 1;
                continue;
            }
            self.write(from, at);
            from = at;
            let mut width = self.writer.min;
            while at < to && has_cell(&self.lines[at]) {
                width = width.max(columns(self.lines[at][column]) + self.writer.padding);
                at += 1;
            }
            let width = self.remember(column, width);
            self.widths.push(width);
            self.format(from, at);
            self.widths.pop();
            from = at;
        }
        self.write(from, to);
    }
    fn remember(&mut self, column: usize, width: usize) -> usize {
        let Some(widths) = &mut self.writer.remembered else { return width };
        if widths.len() <= column {
            widths.resize(column + 1, 0);
        }
        widths[column] = widths[column].max(width);
        widths[column]
    }
    fn write(&mut self, from: usize, to: usize) {
        for at in from..to {
            for (column, cell) in self.lines[at].iter().enumerate() {
                self.out.push_str(cell);
                if let Some(width) = self.widths.get(column) {
                    let missing = width.saturating_sub(columns(cell));
                    self.out.extend(std::iter::repeat_n(' ', missing));
                }
            }
            if at + 1 < self.lines.len() {
                self.out.push('\n');
            }
        }
    }
}

fn columns(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_as_go_does() {
        let mut table = TabWriter::table();
        assert_eq!(table.format("NAME\tREADY\tAGE\nweb\t1/1\t5s\n"), "NAME   READY   AGE\nweb    1/1     5s\n");
        // A later part keeps the widths of the first.
        assert_eq!(table.format("a\t0/1\t6s\n"), "a      0/1     6s\n");
        let mut text = TabWriter::description();
        assert_eq!(
            text.format("Name:\tweb\nLabels:\ta=b\n\tc=d\nEvents:\t<none>\n"),
            "Name:    web\nLabels:  a=b\n         c=d\nEvents:  <none>\n"
        );
        assert_eq!(text.format("A:\tx\nplain\nBBBB:\ty\n"), "A:  x\nplain\nBBBB:  y\n");
    }
}
