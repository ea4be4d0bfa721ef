// Conflicts and how they are decided.

import type { DeviceRef, Id, Millis } from "./app";

export type ConflictKind = "field" | "text" | "delete" | "move" | "duplicate";
export type ConflictTab = "open" | "merged" | "resolved";
/** One row per item. */
export type ConflictRow = {
  entity: Id;
  entityKind: "task" | "note" | "list" | "tag" | "setting";
  title: string;
  /** "Both changed the due date", "Both edited 2 paragraphs" */
  labels: string[];
  kinds: ConflictKind[];
  sides: { device: DeviceRef; time: Millis }[];
  /** Resolved rows: what came of it. */
  outcome: string | null;
  resolvedTime: Millis | null;
  canReopen: boolean;
};
/** What was put aside: by a newer edit, a decision, an edit in passing, a merge. */
export type SetAsideRow = {
  /** Handed back to bring it back. */
  id: string;
  entity: Id;
  entityKind: ConflictRow["entityKind"];
  title: string;
  field: string;
  label: string;
  how: "newest" | "decision" | "edit" | "merge";
  /** How people read what was put aside. */
  display: string;
  /** Who wrote it; null for a text. */
  device: DeviceRef | null;
  time: Millis;
  /** What stands instead. */
  stands: string;
  by: DeviceRef;
  asideTime: Millis;
  /** bringBack: written again. reopen: the decision is taken back. review: it is looked at in the review. */
  way: "bringBack" | "reopen" | "review";
};
export type VersionView = {
  /** Opaque; handed back in a decision. */
  version: string;
  /** How people read the value. */
  display: string;
  /** The value as an edit control takes it (title text, Day, When, list id …); null = empty. */
  value: string | null;
  device: DeviceRef;
  time: Millis;
  /**
   * What is in this version where one value cannot say it: the copy of an item that lives in two
   * spaces ("Title: Salary talk", "Edited after it was moved"). Empty otherwise.
   */
  details: string[];
};
/**
 * kind move, field "space": the item lives in two spaces, because it was edited where it had been
 * after it was moved. Each version is a copy (`value`: its list); taking one withdraws the other,
 * keeping both makes the other an item of its own.
 */
export type FieldReview = {
  conflict: string;
  field: string;
  label: string;
  kind: "field" | "move" | "delete";
  original: { display: string; value: string | null; time: Millis | null } | null;
  versions: VersionView[];
  /** Can both be kept (for a title: "A / B"; for delete/edit: no). */
  canKeepBoth: boolean;
  /** Can the person type another value, and in which control. */
  editor: "text" | "day" | "when" | "priority" | "list" | "status" | "repeat" | "none";
  /** Index in versions, only where ux.md preselects (keep in delete/edit). */
  preselected: number | null;
  /** Clocks of the two devices differ by over 2 minutes: times are approximate. */
  approximate: boolean;
};
export type Mark = { start: number; len: number; kind: "added" | "removed" };
export type BlockSide = { text: string; marks: Mark[] };
/** marks of a side are against the original: added marks are ranges of the side's text,
    removed marks are ranges of the original's text. */
export type TextBlock = {
  kind: "same" | "left" | "right" | "both" | "conflict";
  original: string;
  left: BlockSide;
  right: BlockSide;
};
export type TextReview = {
  conflict: string;
  field: string;
  label: string;
  original: { text: string; time: Millis | null };
  versions: { version: string; device: DeviceRef; time: Millis; text: string }[];
  merged: string;
};
export type Review = {
  asOf: number;
  entity: Id;
  entityKind: ConflictRow["entityKind"];
  title: string;
  /** "You and Desktop both changed the title and 2 paragraphs since Tue 09:10." */
  summary: string;
  fields: FieldReview[];
  texts: TextReview[];
  /** For the merged tab: nothing must be decided. */
  automatic: boolean;
};
export type Decision =
  | { conflict: string; take: string } // a version
  | { conflict: string; value: string | null } // an edited value
  | { conflict: string; text: string } // the edited result of a text
  | { conflict: string; keepBoth: true }
  | { conflict: string; looksRight: true }; // accepts an automatic merge

export type PolicyView = { kind: string; label: string; policy: "newest" | "merge" | "ask"; choices: ("newest" | "merge" | "ask")[]; set: boolean };
/** `refetch`: how many damaged changes will be fetched again from other devices or bundles. */
export type CheckReport = { ok: boolean; lines: string[]; refetch: number };
