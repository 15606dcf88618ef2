//! How it is drawn: some lines about the server, and a table of channels. The same on a terminal and as plain text.

use super::view::{Row, Sort, View};
use crate::showing::{Paint, bytes, count};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row as TableRow, Table, Widget};

/// What one sees beside the numbers.
pub struct Screen<'a> {
    pub address: &'a str,
    pub sort: Sort,
    /// The first channel that is shown.
    pub first: usize,
    /// What went wrong with the last look.
    pub trouble: Option<&'a str>,
    pub paint: Paint,
}

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

    fn render(&self, view: &View, area: Rect, buffer: &mut Buffer) {
        let lines = view.lines.len() as u16;
        let parts = [Constraint::Length(1), Constraint::Length(lines), Constraint::Length(1)];
        let parts = parts.into_iter().chain([Constraint::Min(0), Constraint::Length(1)]);
        let areas = Layout::vertical(parts).split(area);
        self.head(view).render(areas[0], buffer);
        let line = |(name, text): &(&'static str, String)| {
            Line::from(vec![Span::styled(format!("{name:<10}"), self.dim()), Span::raw(text.clone())])
        };
        Paragraph::new(view.lines.iter().map(line).collect::<Vec<_>>()).render(areas[1], buffer);
        Widget::render(self.table(view, areas[3]), areas[3], buffer);
        self.foot(view, areas[3]).render(areas[4], buffer);
    }

    fn head(&self, view: &View) -> Line<'static> {
        let state = match self.trouble {
            Some(trouble) => trouble.to_owned(),
            None => view.state.clone(),
        };
        let well = view.well && self.trouble.is_none();
        let style = if well { Style::default() } else { self.colour(Color::Red) };
        Line::from(vec![
            Span::styled(self.address.to_owned(), self.colour(Color::Cyan).add_modifier(self.bold())),
            Span::raw("  "),
            Span::styled(state, style),
        ])
    }

    fn table(&self, view: &View, area: Rect) -> Table<'static> {
        let name = |sort: Sort, title: &str| {
            let style = if sort == self.sort { self.colour(Color::Cyan) } else { self.dim() };
            let mark = if sort == self.sort { "*" } else { "" };
            (format!("{title}{mark}"), style)
        };
        let right = |(text, style): (String, Style)| Cell::from(Line::styled(text, style).right_aligned());
        let (channel, style) = name(Sort::Name, "CHANNEL");
        let head = TableRow::new([
            Cell::from(Span::styled(channel, style)),
            right(name(Sort::Rate, "PER SECOND")),
            right(name(Sort::Messages, "MESSAGES")),
            right(name(Sort::Size, "SIZE")),
            right(name(Sort::Newest, "NEWEST")),
            Cell::from(Span::styled("KEEPING", self.dim())),
        ]);
        let shown = view.channels.iter().skip(self.first).take(rows(area));
        let widths = [
            Constraint::Min(12),
            Constraint::Length(11),
            Constraint::Length(10),
            Constraint::Length(10),
            Constraint::Length(11),
            Constraint::Length(7),
        ];
        Table::new(shown.map(row), widths).header(head).column_spacing(1)
    }

    fn foot(&self, view: &View, area: Rect) -> Line<'static> {
        let all = view.channels.len();
        let last = all.min(self.first + rows(area));
        let first = if last > self.first { self.first + 1 } else { last };
        let more = if view.more { "the first " } else { "" };
        let place = format!("{first} to {last} of {more}{} channels", count(all as f64));
        Line::styled(format!("{place}; q quit, left and right sort, up and down scroll"), self.dim())
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
}

/// How many channels an area shows below its head.
fn rows(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(1))
}

fn row(row: &Row) -> TableRow<'static> {
    let right = |text: String| Cell::from(Line::from(text).right_aligned());
    TableRow::new([
        Cell::from(row.name.clone()),
        right(count(row.rate)),
        right(count(row.messages as f64)),
        right(bytes(row.bytes)),
        right(count(row.head as f64)),
        Cell::from(row.keeping.clone()),
    ])
}
