//! `FIELD=VALUE`: what `task set` changes.

use holdfast_app::view::{TaskPatch, TaskStatus};

use crate::failure::Failure;

type Find<'a> = &'a dyn Fn(&str) -> Result<String, Failure>;

/// `FIELD=VALUE` as a patch, and the notes where they are set.
pub(super) fn read_fields(
    fields: &[String],
    find_list: Find<'_>,
    find_task: Find<'_>,
) -> Result<(TaskPatch, Option<String>), Failure> {
    let mut patch = TaskPatch::default();
    let mut notes = None;
    for field in fields {
        let (name, value) = field
            .split_once('=')
            .ok_or_else(|| Failure::Usage(format!("'{field}' is not FIELD=VALUE")))?;
        let given = Some(value.to_owned()).filter(|value| !value.is_empty());
        match name {
            "title" => patch.title = Some(value.to_owned()),
            "notes" => notes = Some(value.to_owned()),
            "status" => patch.status = Some(status(value)?),
            "when" => patch.when = Some(given),
            "deadline" => patch.deadline = Some(given),
            "priority" => patch.priority = Some(priority(value)?),
            "list" => patch.list = Some(given.map(|list| find_list(&list)).transpose()?),
            "parent" => patch.parent = Some(given.map(|task| find_task(&task)).transpose()?),
            "repeat" => patch.repeat = Some(given),
            "tags" => read_tags(value, &mut patch),
            _ => {
                return Err(Failure::Usage(format!(
                    "'{name}' is not a field of a task. There are: title, notes, status, when, \
                     deadline, priority, list, parent, repeat, tags."
                )));
            }
        }
    }
    Ok((patch, notes))
}

fn status(value: &str) -> Result<TaskStatus, Failure> {
    match value {
        "open" => Ok(TaskStatus::Open),
        "done" => Ok(TaskStatus::Done),
        "cancelled" => Ok(TaskStatus::Cancelled),
        _ => Err(Failure::Usage(format!("'{value}' is not a status: open, done or cancelled"))),
    }
}

fn priority(value: &str) -> Result<u8, Failure> {
    match value {
        "" | "0" | "none" => Ok(0),
        "1" | "p1" | "high" => Ok(1),
        "2" | "p2" | "medium" => Ok(2),
        "3" | "p3" | "low" => Ok(3),
        _ => Err(Failure::Usage(format!("'{value}' is not a priority: 1, 2, 3, or 0 for none"))),
    }
}

/// `+a,-b`; a name without a sign is added.
fn read_tags(value: &str, patch: &mut TaskPatch) {
    for tag in value.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        let (tags, tag) = match tag.strip_prefix('-') {
            Some(tag) => (&mut patch.remove_tags, tag),
            None => (&mut patch.add_tags, tag.strip_prefix('+').unwrap_or(tag)),
        };
        tags.get_or_insert_default().push(tag.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, TaskPatch, TaskStatus, read_fields};

    fn read(fields: &[&str]) -> Result<(TaskPatch, Option<String>), Failure> {
        let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
        read_fields(&fields, &|list| Ok(format!("list {list}")), &|task| Ok(format!("task {task}")))
    }

    #[test]
    fn fields_become_a_patch() {
        let (patch, notes) = read(&[
            "title=Buy oak = beech",
            "notes=two\nlines",
            "status=done",
            "when=tomorrow 9am",
            "deadline=",
            "priority=p1",
            "list=Work",
            "parent=",
            "tags=+a,-b, c,",
        ])
        .unwrap();
        let expected = TaskPatch {
            title: Some("Buy oak = beech".into()),
            status: Some(TaskStatus::Done),
            when: Some(Some("tomorrow 9am".into())),
            deadline: Some(None),
            priority: Some(1),
            list: Some(Some("list Work".into())),
            parent: Some(None),
            add_tags: Some(vec!["a".into(), "c".into()]),
            remove_tags: Some(vec!["b".into()]),
            ..TaskPatch::default()
        };
        assert_eq!(patch, expected);
        assert_eq!(notes.as_deref(), Some("two\nlines"));
    }

    #[test]
    fn what_is_no_field_or_no_value_is_wrong_usage() {
        for field in ["title", "titel=x", "status=later", "priority=9", "priority=pp", "=", ""] {
            assert!(matches!(read(&[field]), Err(Failure::Usage(_))), "{field}");
        }
    }
}
