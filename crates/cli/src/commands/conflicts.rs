//! Conflicts: showing and deciding them.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use holdfast_app::App;
use holdfast_app::view::{
    ConflictRow, ConflictTab, Decision, FieldEditor, FieldReview, FieldReviewKind, Review,
    TextReview, Yes,
};
use serde_json::{Value, json};

use super::lists;
use crate::context::{Context, read_text};
use crate::failure::Failure;
use crate::output::{line, lines, rfc3339, time};

#[derive(Debug, Args)]
pub(crate) struct ConflictsArguments {
    /// What was merged automatically and not reviewed, instead.
    #[arg(long, conflicts_with = "resolved")]
    merged: bool,
    /// What was decided in the last 30 days, instead.
    #[arg(long)]
    resolved: bool,
}

/// `conflicts`
pub(crate) fn conflicts(
    arguments: ConflictsArguments,
    context: &mut Context,
) -> Result<(), Failure> {
    let app = context.app()?;
    if arguments.resolved {
        let rows = app.conflicts(ConflictTab::Resolved)?;
        return context.answer(&rows, |rows| rows.iter().map(resolved_line).collect());
    }
    let tab = if arguments.merged { ConflictTab::Merged } else { ConflictTab::Open };
    let reviews: Vec<Review> =
        app.conflicts(tab)?.iter().map(|row| app.review(&row.entity)).collect::<Result<_, _>>()?;
    let all: Vec<Value> = reviews
        .iter()
        .flat_map(|review| {
            let fields = review.fields.iter().map(|field| field_json(review, field));
            fields.chain(review.texts.iter().map(|text| text_json(review, text)))
        })
        .collect();
    context.answer(&all, |_| reviews.iter().map(review_text).collect())
}

fn resolved_line(row: &ConflictRow) -> String {
    let outcome = row.outcome.as_deref().unwrap_or_default();
    let when = row.resolved_time.map(time).unwrap_or_default();
    format!("{when}  {}: {}\n", line(&row.title), line(outcome))
}

/// What both kinds of conflict have.
fn head(review: &Review, id: &str, kind: &str, field: &str) -> Value {
    json!({
        "id": id,
        "entity": { "id": review.entity, "type": review.entity_kind, "title": review.title },
        "kind": kind,
        "field": field,
        "automatic": review.automatic,
        "asOf": review.as_of,
    })
}

fn with<const N: usize>(mut object: Value, more: [(&str, Value); N]) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    object
}

fn field_json(review: &Review, field: &FieldReview) -> Value {
    let kind = match field.kind {
        FieldReviewKind::Field => "field",
        FieldReviewKind::Move => "move",
        FieldReviewKind::Delete => "delete",
    };
    let versions: Vec<Value> = (1_u32..)
        .zip(&field.versions)
        .map(|(take, version)| {
            json!({
                "take": take,
                "value": version.value,
                "display": version.display,
                "device": version.device.name,
                "time": rfc3339(version.time),
            })
        })
        .collect();
    let original = field.original.as_ref().and_then(|original| original.value.clone());
    with(
        head(review, &field.conflict, kind, &field.field),
        [("original", json!(original)), ("versions", versions.into()), ("merged", Value::Null)],
    )
}

fn text_json(review: &Review, text: &TextReview) -> Value {
    let versions: Vec<Value> = (1_u32..)
        .zip(&text.versions)
        .map(|(take, version)| {
            json!({
                "take": take,
                "text": version.text,
                "device": version.device.name,
                "time": rfc3339(version.time),
            })
        })
        .collect();
    with(
        head(review, &text.conflict, "text", &text.field),
        [
            ("original", json!(text.original.text)),
            ("versions", versions.into()),
            ("merged", json!(text.merged)),
        ],
    )
}

fn review_text(review: &Review) -> String {
    let mut text = format!(
        "{}\n  {}\n  as of {} (what comes later is left alone by `resolve --as-of {}`)\n",
        line(&review.title),
        line(&review.summary),
        review.as_of,
        review.as_of
    );
    for field in &review.fields {
        text.push_str(&format!("  {}  {}\n", field.conflict, line(&field.label)));
        if let Some(original) = &field.original {
            text.push_str(&format!("    before: {}\n", line(&original.display)));
        }
        for (take, version) in (1_u32..).zip(&field.versions) {
            let from = format!("{}, {}", version.device.name, time(version.time));
            text.push_str(&format!("    {take}: {} ({})\n", line(&version.display), line(&from)));
        }
    }
    for review in &review.texts {
        text.push_str(&format!("  {}  {}\n", review.conflict, line(&review.label)));
        for (take, version) in (1_u32..).zip(&review.versions) {
            let from = format!("{}, {}", version.device.name, time(version.time));
            text.push_str(&format!("    {take}: {}\n", line(&from)));
            for row in lines(&version.text).lines() {
                text.push_str(&format!("       | {row}\n"));
            }
        }
    }
    text
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("decision").required(true))]
pub(crate) struct ResolveArguments {
    /// Beginning of the conflict's id, as `holdfastctl conflicts` shows it.
    conflict: String,
    /// Take the version of this number.
    #[arg(long, value_name = "N", group = "decision")]
    take: Option<usize>,
    /// Give the field another value; empty empties it.
    #[arg(long, value_name = "V", group = "decision", allow_hyphen_values = true)]
    value: Option<String>,
    /// Give the text another one: a file, or - for standard input.
    #[arg(long, value_name = "FILE", group = "decision")]
    text: Option<PathBuf>,
    /// Keep both versions.
    #[arg(long, group = "decision")]
    keep_both: bool,
    /// What was merged automatically is right.
    #[arg(long, group = "decision")]
    looks_right: bool,
    /// Decide as of what `holdfastctl conflicts` showed then, by the number that it printed: what came
    /// since is neither chosen nor removed.
    #[arg(long, value_name = "N")]
    as_of: Option<i64>,
}

/// `resolve`
pub(crate) fn resolve(arguments: ResolveArguments, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let (entity, conflict) = app.item_of_conflict(&arguments.conflict)?;
    let (entity, conflict) = (entity.to_string(), conflict.to_string());
    let review = app.review_at(&entity, arguments.as_of)?;
    let decision = decide(app, arguments, conflict, &review)?;
    let done = app.resolve(&entity, &[decision], Some(review.as_of))?;
    context.done(&done)
}

fn decide(
    app: &App,
    arguments: ResolveArguments,
    conflict: String,
    review: &Review,
) -> Result<Decision, Failure> {
    let field = review.fields.iter().find(|field| field.conflict == conflict);
    if let Some(number) = arguments.take {
        let take = version(field, review, &conflict, number)?;
        Ok(Decision::Take { conflict, take })
    } else if let Some(value) = arguments.value {
        let value = Some(value).filter(|value| !value.is_empty());
        let value = match value {
            Some(list) if field.is_some_and(|field| field.editor == FieldEditor::List) => {
                Some(lists::id_of(app, &list)?)
            }
            value => value,
        };
        Ok(Decision::Value { conflict, value })
    } else if let Some(file) = arguments.text {
        Ok(Decision::Text { conflict, text: read_text(&file)? })
    } else if arguments.keep_both {
        Ok(Decision::KeepBoth { conflict, keep_both: Yes })
    } else {
        Ok(Decision::LooksRight { conflict, looks_right: Yes })
    }
}

/// The version of that number, counted from 1.
fn version(
    field: Option<&FieldReview>,
    review: &Review,
    conflict: &str,
    number: usize,
) -> Result<String, Failure> {
    let versions: Vec<&String> = match field {
        Some(field) => field.versions.iter().map(|version| &version.version).collect(),
        None => review
            .texts
            .iter()
            .filter(|text| text.conflict == conflict)
            .flat_map(|text| &text.versions)
            .map(|version| &version.version)
            .collect(),
    };
    let chosen = number.checked_sub(1).and_then(|index| versions.get(index));
    chosen.map(ToString::to_string).ok_or_else(|| {
        Failure::Usage(format!("there is no version {number}: there are 1 to {}", versions.len()))
    })
}
