//! The numbers of a window of time: what happened when, and why it failed.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::chart::Chart;
use super::{boxed, cut, draw_instead, fit, not_there};
use crate::model::statistics::{Measure, Numbers};
use crate::model::{Model, StatisticsScreen};
use crate::text;
use crate::theme::Theme;

/// Columns of the name of a reason, at least; where there is room, the longest has its own.
const REASON_COLUMNS: usize = 26;
/// Columns of a count.
const COUNT_COLUMNS: usize = 9;

pub(super) fn draw(
    model: &Model,
    screen: &StatisticsScreen,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let Some(numbers) = &screen.numbers else {
        let block = boxed(text::window(screen.window), theme);
        return draw_instead(not_there(model), block, frame, area);
    };
    let [head, above, below, reasons] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Fill(2),
        Constraint::Fill(2),
        Constraint::Fill(3),
    ])
    .areas(area);
    let halves = [Constraint::Fill(1), Constraint::Fill(1)];
    let [sign_ins, failures] = Layout::horizontal(halves).areas(above);
    let [locked, mail] = Layout::horizontal(halves).areas(below);
    frame.render_widget(Paragraph::new(standing(screen, numbers, theme)), head);
    let totals = numbers.totals;
    let chart = |title: String, measures: &[Measure], style: Style| Chart {
        title,
        counts: summed(numbers, measures),
        style,
    };
    let number = text::number;
    let all = [
        (
            sign_ins,
            chart(
                format!("{} {}", text::title::SIGN_INS, number(totals.sign_ins)),
                &[Measure::SignIns],
                theme.success(),
            ),
        ),
        (
            failures,
            chart(
                format!("Wrong {}, refused {}", number(totals.failures), number(totals.refused)),
                &[Measure::Failures, Measure::Refused],
                theme.trouble(),
            ),
        ),
        (
            locked,
            chart(
                format!(
                    "Waits {}, lockouts {}",
                    number(totals.cool_downs),
                    number(totals.lockouts)
                ),
                &[Measure::CoolDowns, Measure::Lockouts],
                theme.attention(),
            ),
        ),
        (
            mail,
            chart(
                format!(
                    "Mail sent {}, given up {}",
                    number(totals.mails_sent),
                    number(totals.mails_failed)
                ),
                &[Measure::MailsSent, Measure::MailsFailed],
                theme.title(),
            ),
        ),
    ];
    for (area, chart) in all {
        chart.draw(numbers, theme, frame, area);
    }
    draw_reasons(numbers, theme, frame, reasons);
}

/// What the window is, and how things stand now.
fn standing(screen: &StatisticsScreen, numbers: &Numbers, theme: Theme) -> Vec<Line<'static>> {
    let as_of =
        screen.as_of.map_or(String::new(), |at| format!(", as of {}", text::clock_time(at)));
    let now = numbers.now;
    vec![
        Line::styled(
            format!(
                " {}: {} to {} UTC{as_of}",
                text::window(numbers.window),
                text::minute(numbers.from),
                text::minute(numbers.to)
            ),
            theme.title(),
        ),
        Line::from(format!(
            " {}: {} accounts, {} with a second factor, {} locked, {} mails wait",
            text::title::STANDING,
            text::number(now.accounts),
            text::number(now.two_factor),
            text::number(now.locked),
            text::number(now.mails_waiting)
        )),
    ]
}

/// Several measures as one.
fn summed(numbers: &Numbers, measures: &[Measure]) -> Vec<u64> {
    let mut sum: Vec<u64> = Vec::new();
    for measure in measures {
        let counts = numbers.counts(*measure);
        sum.resize(sum.len().max(counts.len()), 0);
        for (all, one) in sum.iter_mut().zip(counts) {
            *all = all.saturating_add(*one);
        }
    }
    sum
}

/// The failures by reason, the most frequent first, each with a bar.
fn draw_reasons(numbers: &Numbers, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let block = boxed(text::title::REASONS, theme);
    let most = numbers.reasons.iter().map(|(_, count)| *count).max().unwrap_or(0);
    if most == 0 {
        return draw_instead(text::say::NOTHING_FAILED, block, frame, area);
    }
    let longest = numbers.reasons.iter().map(|(reason, _)| fit::width(reason.as_str())).max();
    let names = longest.unwrap_or(0).min(usize::from(area.width) * 2 / 5).max(REASON_COLUMNS);
    let room = usize::from(area.width).saturating_sub(2 + names + COUNT_COLUMNS + 2);
    let rows = usize::from(area.height.saturating_sub(2));
    let hidden = numbers.reasons.len().saturating_sub(rows);
    let shown = if hidden == 0 { rows } else { rows.saturating_sub(1) };
    let mut lines: Vec<Line<'_>> = numbers
        .reasons
        .iter()
        .take(shown)
        .map(|(reason, count)| {
            let share = u64::try_from(room).unwrap_or(0).saturating_mul(*count).div_ceil(most);
            let bar = "█".repeat(usize::try_from(share).unwrap_or(0).min(room));
            Line::from(vec![
                Span::raw(format!("{} ", fit::filled(&cut(reason.as_str(), names), names))),
                Span::raw(format!("{:>COUNT_COLUMNS$} ", text::number(*count))),
                Span::styled(bar, theme.trouble()),
            ])
        })
        .collect();
    if hidden > 0 {
        let more = u32::try_from(hidden + 1).unwrap_or(u32::MAX);
        let more = text::count(more, "reason more", "reasons more");
        lines.push(Line::styled(more, theme.label()));
    }
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(block), area);
}
