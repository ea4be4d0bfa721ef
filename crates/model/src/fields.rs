//! Which fields the kinds of entities have, how each merges, and what people call it.

/// The kinds of entities that this build knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A list of tasks and notes, or a folder of lists.
    List,
    /// Something to do.
    Task,
    /// A Markdown text.
    Note,
    /// A label on tasks and notes.
    Tag,
    /// A file or picture that a note shows.
    Attachment,
    /// A setting that people expect on every device, such as a policy.
    Setting,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::List, Self::Task, Self::Note, Self::Tag, Self::Attachment, Self::Setting];

    /// The name in changes, in the database and in the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Task => "task",
            Self::Note => "note",
            Self::Tag => "tag",
            Self::Attachment => "attachment",
            Self::Setting => "setting",
        }
    }

    /// The kind of that name, if this build knows it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The field that holds the sequence text, if the kind has one.
    pub const fn text_field(self) -> Option<&'static str> {
        match self {
            Self::Note => Some(TEXT),
            Self::Task => Some(NOTES),
            _ => None,
        }
    }
}

/// Title of anything.
pub const TITLE: &str = "title";
/// Text of a note.
pub const TEXT: &str = "text";
/// Notes of a task.
pub const NOTES: &str = "notes";
/// `open`, `done` or `cancelled`.
pub const STATUS: &str = "status";
/// When a task is planned: `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM`, civil time.
pub const WHEN: &str = "when";
/// Until when a task must be done: `YYYY-MM-DD`.
pub const DEADLINE: &str = "deadline";
/// 0 none, 1 high, 2 medium, 3 low.
pub const PRIORITY: &str = "priority";
/// Set of tag ids.
pub const TAGS: &str = "tags";
/// Set of ids that this one links to.
pub const LINKS: &str = "links";
/// The list that a task or note is in.
pub const LIST: &str = "list";
/// The task that a subtask belongs to, or the list that a list is nested in.
pub const PARENT: &str = "parent";
/// Fractional index among siblings.
pub const ORDER: &str = "order";
/// Repeat rule in canonical form.
pub const REPEAT: &str = "repeat";
/// First task of a repeating series.
pub const SERIES: &str = "series";
/// Whether a note is pinned.
pub const PINNED: &str = "pinned";
/// Colour of a list or tag.
pub const COLOR: &str = "color";
/// Whether a list is archived.
pub const ARCHIVED: &str = "archived";
/// Value of a setting.
pub const VALUE: &str = "value";
/// Set of text versions up to which the review of the text is decided.
pub const REVIEWED: &str = "reviewed";
/// The register that says whether an entity lives; named so in conflicts.
pub const LIFE: &str = "life";
/// Not a field that is written: names the question which space an entity is in, in conflicts.
pub const SPACE: &str = "space";

/// The policy kind that a field belongs to: policies are set per kind of data, not per field.
pub fn policy_kind(kind: &str, field: &str) -> &'static str {
    match (kind, field) {
        (_, TITLE) => "title",
        (_, WHEN | DEADLINE) => "dates",
        (_, REPEAT) => "repeat",
        (_, LIST | PARENT) => "place",
        (_, STATUS) => "status",
        (_, PRIORITY) => "priority",
        (_, COLOR) => "color",
        (_, ORDER) => "order",
        (_, TAGS) => "tags",
        (_, LINKS) => "links",
        ("note", TEXT) => "text",
        ("task", NOTES) => "task-notes",
        (_, LIFE) => "delete",
        _ => "other",
    }
}

/// What people call a field.
pub fn label(field: &str) -> &str {
    match field {
        TITLE => "title",
        TEXT => "text",
        NOTES => "notes",
        STATUS => "status",
        WHEN => "date",
        DEADLINE => "deadline",
        PRIORITY => "priority",
        TAGS => "tags",
        LINKS => "links",
        LIST => "list",
        PARENT => "parent",
        ORDER => "order",
        REPEAT => "repeat",
        PINNED => "pin",
        COLOR => "colour",
        ARCHIVED => "archive",
        VALUE => "value",
        LIFE => "deletion",
        SPACE => "way of travelling",
        other => other,
    }
}
