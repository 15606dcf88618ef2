//! How it is drawn: some lines about the server, and a table of channels. The same on a terminal and as plain text.

use super::view::{Row, Sort, View};
use crate::showing::{Paint, bytes, count};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row as TableRow, Table, Widget};
use std::time::Duration;

/// Channels that even a small screen shows, if there are so many.
const CHANNELS_LEAST: u16 = 3;
/// Columns of a channel's name that even a narrow screen shows.
const NAME_LEAST: u16 = 16;

/// What one sees beside the numbers.
pub struct Screen<'a> {
    pub address: &'a str,
    pub sort: Sort,
    /// The first channel that is shown.
    pub first: usize,
    pub late: Option<Late<'a>>,
    /// Whether somebody can press keys.
    pub keys: bool,
    pub paint: Paint,
}

/// The numbers are of a while ago.
#[derive(Debug, Clone, Copy)]
pub struct Late<'a> {
    pub by: Duration,
    /// What went wrong with the last look, if it has ended.
    pub why: Option<&'a str>,
}

/// A column beside the names.
struct Column {
    title: &'static str,
    sort: Option<Sort>,
    width: u16,
    text: fn(&Row) -> String,
}

/// What matters most comes first.
const COLUMNS: [Column; 5] = [
    Column { title: "PER SECOND", sort: Some(Sort::Rate), width: 11, text: |row| count(row.rate) },
    Column {
        title: "MESSAGES",
        sort: Some(Sort::Messages),
        width: 10,
        text: |row| count(row.messages as f64),
    },
    Column { title: "SIZE", sort: Some(Sort::Size), width: 10, text: |row| bytes(row.bytes) },
    Column { title: "NEWEST", sort: Some(Sort::Newest), width: 11, text: |row| count(row.head as f64) },
    Column { title: "KEEPING", sort: None, width: 7, text: |row| row.keeping.clone() },
];

/// Draws it on a terminal.
pub fn draw(frame: &mut Frame<'_>, view: &View, screen: &Screen<'_>) {
    screen.render(view, frame.area(), frame.buffer_mut());
}

impl Screen<'_> {
    /// As lines of text, without colours.
    pub fn text(&self, view: &View, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        self.render(view, area, &mut buffer);
        let row = |y| {
            let mut row = String::new();
            let mut x = 0;
            while x < width {
                let cell = &buffer[(x, y)];
                row.push_str(cell.symbol());
                // The cell behind a wide character is part of it.
                x += (Span::raw(cell.symbol()).width() as u16).max(1);
            }
            row
        };
        let rows: Vec<String> = (0..height).map(|y| row(y).trim_end().to_owned()).collect();
        rows.join("\n").trim_end().to_owned() + "\n"
    }

    /// On a small screen the gap goes first, then the lines that matter least, then the foot.
    fn render(&self, view: &View, area: Rect, buffer: &mut Buffer) {
        let least = CHANNELS_LEAST.min(view.channels.len().max(1) as u16);
        let spare = area.height.saturating_sub(2 + least);
        let foot = spare.min(1);
        let lines = (spare - foot).min(view.lines.len() as u16);
        let gap = (spare - foot - lines).min(1);
        let parts = [1, lines, gap].map(Constraint::Length);
        let parts = parts.into_iter().chain([Constraint::Min(0), Constraint::Length(foot)]);
        let areas = Layout::vertical(parts).split(area);
        self.head(view, areas[0].width).render(areas[0], buffer);
        let line = |(name, text): &(&'static str, String)| {
            Line::from(vec![Span::styled(format!("{name:<10}"), self.dim()), Span::raw(text.clone())])
        };
        Paragraph::new(view.lines.iter().map(line).collect::<Vec<_>>()).render(areas[1], buffer);
        Widget::render(self.table(view, areas[3]), areas[3], buffer);
        self.foot(view, areas[3]).render(areas[4], buffer);
        if self.late.is_some() {
            let numbers = Rect { y: areas[1].y, height: area.bottom().saturating_sub(areas[1].y), ..area };
            buffer.set_style(numbers, self.dim());
        }
    }

    fn head(&self, view: &View, width: u16) -> Line<'static> {
        let address =
            Span::styled(self.address.to_owned(), self.colour(Color::Cyan).add_modifier(self.bold()));
        if let Some(late) = self.late {
            let style = self.colour(Color::Red).add_modifier(self.bold() | self.reversed());
            let warning = Span::styled(format!(" no answer for {} s ", late.by.as_secs()), style);
            let why = late.why.map_or(address, |why| Span::raw(why.to_owned()));
            return Line::from(vec![warning, Span::raw(" "), why]);
        }
        let style = if view.well { Style::default() } else { self.colour(Color::Red) };
        let line =
            |state: String| Line::from(vec![address.clone(), Span::raw("  "), Span::styled(state, style)]);
        let whole = line(format!("{}, {}", view.about, view.state));
        if whole.width() <= usize::from(width) { whole } else { line(view.state.to_owned()) }
    }

    fn table(&self, view: &View, area: Rect) -> Table<'static> {
        let title = |sort: Option<Sort>, title: &str| {
            let sorted = sort == Some(self.sort);
            let style = if sorted { self.colour(Color::Cyan) } else { self.dim() };
            Line::styled(format!("{title}{}", if sorted { "*" } else { "" }), style)
        };
        let columns = self.columns(area.width);
        let titles = columns.iter().map(|column| Cell::from(column.align(title(column.sort, column.title))));
        let head = [Cell::from(title(Some(Sort::Name), "CHANNEL"))].into_iter().chain(titles);
        let row = |row: &Row| {
            let cells = columns.iter().map(|column| Cell::from(column.align(Line::from((column.text)(row)))));
            TableRow::new([Cell::from(row.name.clone())].into_iter().chain(cells))
        };
        let shown: Vec<_> = view.channels.iter().skip(self.first).take(rows(area)).map(row).collect();
        let widths = columns.iter().map(|column| Constraint::Length(column.width));
        let widths = [Constraint::Min(NAME_LEAST)].into_iter().chain(widths);
        Table::new(shown, widths).header(TableRow::new(head)).column_spacing(1)
    }

    /// Those for which there is room; the one that channels are sorted by before others.
    fn columns(&self, width: u16) -> Vec<&'static Column> {
        let mut left = width.saturating_sub(NAME_LEAST);
        let mut fits = |column: &Column| {
            let room = left.checked_sub(column.width + 1);
            left = room.unwrap_or(0);
            room.is_some()
        };
        let sorted = |column: &&Column| column.sort == Some(self.sort);
        let sorted = COLUMNS.iter().find(sorted).filter(|column| fits(column));
        let is_sorted = |column: &Column| sorted.is_some_and(|sorted| sorted.title == column.title);
        COLUMNS.iter().filter(|column| is_sorted(column) || fits(column)).collect()
    }

    fn foot(&self, view: &View, area: Rect) -> Line<'static> {
        let all = view.channels.len();
        let last = all.min(self.first + rows(area));
        let first = if last > self.first { self.first + 1 } else { last };
        let more = if view.more { "the first " } else { "" };
        let place = format!("{first} to {last} of {more}{} channels", count(all as f64));
        let keys: &[&str] = match self.keys {
            true => &["; q quit, left and right sort, up and down scroll", "; q quit"],
            false => &[],
        };
        let fits = |keys: &&&str| place.len() + keys.len() <= usize::from(area.width);
        let keys = keys.iter().find(fits).unwrap_or(&"");
        Line::styled(format!("{place}{keys}"), self.dim())
    }

    fn colour(&self, colour: Color) -> Style {
        if self.paint.is_on() { Style::default().fg(colour) } else { Style::default() }
    }

    fn dim(&self) -> Style {
        if self.paint.is_on() { Style::default().add_modifier(Modifier::DIM) } else { Style::default() }
    }

    fn bold(&self) -> Modifier {
        if self.paint.is_on() { Modifier::BOLD } else { Modifier::empty() }
    }

    fn reversed(&self) -> Modifier {
        if self.paint.is_on() { Modifier::REVERSED } else { Modifier::empty() }
    }
}

impl Column {
    /// Numbers stand to the right.
    fn align<'l>(&self, line: Line<'l>) -> Line<'l> {
        if self.sort.is_some() { line.right_aligned() } else { line }
    }
}

/// How many channels an area shows below its head.
fn rows(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(channels: usize) -> View {
        let row = |number| Row {
            name: format!("channel-{number}"),
            rate: 1.0,
            messages: 22,
            bytes: 333,
            head: 4444,
            keeping: "kept".into(),
        };
        let lines = ["one", "two", "three", "four", "five", "six", "seven"];
        View {
            about: "0.1.0, up 3 min".into(),
            state: "ready",
            well: true,
            lines: lines.map(|name| (name, format!("about {name}"))).to_vec(),
            channels: (0..channels).map(row).collect(),
            more: false,
        }
    }

    fn screen(sort: Sort) -> Screen<'static> {
        let (address, paint) = ("http://127.0.0.1:8080", Paint::stdout());
        Screen { address, sort, first: 0, late: None, keys: true, paint }
    }

    #[test]
    fn a_small_screen_shows_channels_before_what_matters_less() {
        let shown = |height| screen(Sort::Rate).text(&view(9), 40, height);
        for height in 5..30 {
            let text = shown(height);
            assert!(text.contains("channel-2") && text.lines().count() <= usize::from(height), "{text}");
            assert!(text.starts_with("http://127.0.0.1:8080  ready\n"), "{text}");
        }
        let text = shown(10);
        assert!(text.contains("about four") && !text.contains("about five"), "{text}");
        assert!(text.ends_with("1 to 3 of 9 channels; q quit\n"), "{text}");
        assert!(screen(Sort::Rate).text(&view(1), 40, 10).contains("about six"));
    }

    #[test]
    fn a_narrow_screen_keeps_the_column_it_is_sorted_by() {
        let shown = |sort, width| screen(sort).text(&view(3), width, 24);
        for (sort, width, titles) in [
            (Sort::Rate, 40, "CHANNEL PER SECOND* MESSAGES"),
            (Sort::Newest, 40, "CHANNEL PER SECOND NEWEST*"),
            (Sort::Name, 60, "CHANNEL* PER SECOND MESSAGES SIZE"),
            (Sort::Size, 80, "CHANNEL PER SECOND MESSAGES SIZE* NEWEST KEEPING"),
        ] {
            let text = shown(sort, width);
            let found: Vec<&str> = text.lines().nth(9).unwrap().split_whitespace().collect();
            assert_eq!(found.join(" "), titles, "{text}");
            assert!(text.contains("channel-2"), "{text}");
        }
    }

    #[test]
    fn old_numbers_are_told_before_everything_else() {
        let late = |why| Some(Late { by: Duration::from_secs(12), why });
        for (why, head) in [
            (None, " no answer for 12 s  http://127.0.0.1:808"),
            (Some("it is gone"), " no answer for 12 s  it is gone"),
        ] {
            let text = Screen { late: late(why), ..screen(Sort::Rate) }.text(&view(3), 40, 10);
            assert_eq!(text.lines().next().unwrap(), &head[..head.len().min(40)]);
        }
    }
}
