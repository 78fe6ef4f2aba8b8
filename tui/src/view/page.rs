//! Pages to read: the models, the roles and what they cost, the personality.

use super::{centred, text, theme::Theme};
use crate::core::{
    Model,
    chat::{self, Chat, Prompts},
    model::{Page, Topic},
};
use hecate_proto::llm::{self, ProviderStatus};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::{Clear, Paragraph},
};

const PAGE_COLUMNS: u16 = 84;
const NAME_COLUMNS: usize = 28;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, page: &Page, theme: &Theme) {
    let inside = usize::from(PAGE_COLUMNS.min(area.width)).saturating_sub(4);
    let (title, lines) = match page.topic {
        Topic::Models => ("Models", models(&model.chat, inside, theme)),
        Topic::Roles => ("Roles", roles(&model.chat, inside, theme)),
        Topic::Personality => ("Personality", personality(&model.chat.prompts, inside)),
    };
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = centred(area, PAGE_COLUMNS, rows);
    let block = theme.block(title);
    let inner = block.inner(area);
    let hidden = lines.len().saturating_sub(usize::from(inner.height));
    let shown: Vec<Line<'_>> = lines.into_iter().skip(usize::from(page.scroll).min(hidden)).collect();
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(shown), inner);
}

fn row(name: &str, says: &str, is_current: bool, columns: usize, theme: &Theme) -> Line<'static> {
    let mark = if is_current { "● " } else { "  " };
    let name = text::column(&format!("{mark}{name}"), NAME_COLUMNS);
    let says = text::cut(says, columns.saturating_sub(NAME_COLUMNS + 1));
    let style = if is_current { theme.accent() } else { theme.strong() };
    Line::from(vec![Span::styled(name, style), Span::raw(" "), Span::raw(says)])
}

fn paragraph(says: &str, columns: usize) -> Vec<Line<'static>> {
    text::wrap(says, columns).into_iter().map(Line::raw).collect()
}

fn models(chat: &Chat, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let models = &chat.models;
    let current = models.current();
    let line = |it: &llm::Model| {
        let id = chat::id(it);
        row(&id, &describe(it, models.status(it)), Some(&id) == current.as_ref(), columns, theme)
    };
    let mut lines: Vec<Line<'static>> = models.list.iter().map(line).collect();
    if lines.is_empty() {
        lines.push(Line::raw("The daemon has named no model yet."));
        lines.extend(models.providers.iter().map(|(name, health)| {
            let why = health.error.as_deref().unwrap_or_default();
            row(name, &format!("{} {why}", word(health.status)), false, columns, theme)
        }));
    }
    lines.push(Line::default());
    lines.push(Line::styled(
        "`:model NAME` asks one from now on, Tab on the chat screen the next.",
        theme.dim(),
    ));
    lines
}

fn describe(model: &llm::Model, status: Option<ProviderStatus>) -> String {
    let place = if model.local { "local" } else { "remote" };
    let parts = [
        Some(place.to_owned()),
        status.map(|it| word(it).to_owned()),
        model.parameter_size.clone(),
        model.quantization_level.clone(),
        model.context_length.map(|tokens| format!("{tokens} tokens")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn word(status: ProviderStatus) -> &'static str {
    match status {
        ProviderStatus::Healthy => "healthy",
        ProviderStatus::Unhealthy => "unhealthy",
        ProviderStatus::Unauthorized => "does not take the key",
        ProviderStatus::RateLimited => "takes no more for now",
        ProviderStatus::NotConfigured => "not configured",
        ProviderStatus::Unknown => "not looked at yet",
    }
}

fn roles(chat: &Chat, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let Prompts { folder, personality, roles, .. } = &chat.prompts;
    let cost = |text: &str| format!("about {} tokens in every question", chat::tokens(text));
    let mut lines: Vec<Line<'static>> =
        personality.iter().map(|it| row("personality", &cost(it), true, columns, theme)).collect();
    lines.extend(roles.iter().map(|role| {
        let playing = chat.role.as_ref() == Some(&role.name);
        row(&role.name, &cost(&role.text), playing, columns, theme)
    }));
    if lines.is_empty() {
        lines.push(Line::raw("No personality and no role yet. They are files:"));
    } else {
        lines.push(Line::default());
    }
    lines.extend(paragraph(&format!("{folder}/personality.md"), columns));
    lines.extend(paragraph(&format!("{folder}/roles/NAME.md"), columns));
    lines.push(Line::styled("`:role NAME` plays one, `:role none` plays none.", theme.dim()));
    lines
}

fn personality(prompts: &Prompts, columns: usize) -> Vec<Line<'static>> {
    match &prompts.personality {
        Some(text) => paragraph(text, columns),
        None => paragraph(
            &format!(
                "There is none. Write {}/personality.md: every question begins with it.",
                prompts.folder
            ),
            columns,
        ),
    }
}
