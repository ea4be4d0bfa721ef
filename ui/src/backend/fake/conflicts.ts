// Conflicts of every kind for the in-memory backend: a note with four differences, three versions,
// deleted here and edited there, moved to two places, and the same field in several items.
import type { FieldReview, Millis, TextReview } from "../contract";
import { addDays, DESKTOP, fakeId, HERE, PHONE, type FakeConflict, type World } from "./world";

const HOUR = 3_600_000;

type Version = FieldReview["versions"][number];
const version = (id: string, device: typeof HERE, time: Millis, display: string, value: string | null = display): Version => ({ version: id, display, value, device, time, details: [] });

function conflict(entity: string, more: Partial<FakeConflict>, times: [Millis, Millis]): FakeConflict {
  return {
    entity, entityKind: "task", tab: "open", labels: [], kinds: ["field"], sides: [{ device: HERE, time: times[0] }, { device: DESKTOP, time: times[1] }],
    summary: "", fields: [], texts: [], outcome: null, resolvedTime: null, ...more,
  };
}
const field = (id: string, name: string, label: string, versions: Version[], more: Partial<FieldReview> = {}): FieldReview => ({
  conflict: id, field: name, label, kind: "field", original: null, versions, canKeepBoth: false, editor: "none", preselected: null, approximate: false, ...more,
});

const UNTOUCHED = ["Chop everything on Friday evening.", "Keep the peel for stock.", "Ask Maren about allergies.", "Two pots, the big one and the blue one.", "Bread comes from the corner bakery.", "Bowls are in the cellar."].join("\n\n");
const soup = (people: string, pumpkin: string, time: string, serve: string) =>
  `# Soup for ${people}\n\n${pumpkin}\n\n${UNTOUCHED}\n\n${time}\n\nTaste before serving.\n\n${serve}\n`;

/** A note text with four differences that need a person, and the two sides of it. */
export const FOUR = {
  original: soup("ten", "2 kg pumpkin and some ginger.", "Simmer for 40 minutes.", "Serve with bread."),
  here: soup("twelve", "3 kg pumpkin and some ginger.", "Simmer for 45 minutes.", "Serve with bread and butter."),
  desktop: soup("eight", "2 kg pumpkin and fresh ginger.", "Simmer for 30 minutes.", "Serve with rice."),
};

const text = (id: string, original: string, time: Millis, versions: TextReview["versions"], merged: string): TextReview => ({
  conflict: id, field: "text", label: "Text", original: { text: original, time }, versions, merged,
});

/** Adds them to the sample world, replacing what is open there. */
export function addConflicts(world: World, now: Millis, today: string): void {
  const day = (n: number) => addDays(today, n);
  const [mine, its] = [now - 2 * HOUR, now - 3 * HOUR];
  world.devices.push({ ...PHONE, platform: "linux", added: now - 9 * 24 * HOUR, fingerprint: "77aa 81bc 0d9e f123 4455 a0b1 c2d3 e4f5", lastSeen: now - 2 * 24 * HOUR, removed: false, removedTime: null, removedBy: null, quarantined: 0 });
  world.conflicts = world.conflicts.filter((one) => one.tab !== "open" || one.entity === fakeId(21));
  const pick = (id: number, title: string, when: [string, string], deadline: [string, string]) => {
    const name = world.tasks.find((one) => one.id === fakeId(id))?.title ?? title;
    return conflict(fakeId(id), {
      labels: ["Both changed the date"], summary: `You and Desktop both changed the date of ‘${name}’.`,
      fields: [field(`w${id}`, "when", "Date", [version(`w${id}a`, HERE, mine, when[1], when[0]), version(`w${id}b`, DESKTOP, its, deadline[1], deadline[0])], { editor: "when", original: { display: "No date", value: null, time: now - 40 * HOUR } })],
    }, [mine, its]);
  };
  const phone = world.tasks.find((one) => one.id === fakeId(33));
  phone?.history.push(
    { change: "d33-before", device: DESKTOP, time: now - 50 * HOUR, summary: "Edit task (title: Phone contract; priority: Low)" },
    { change: "d33-edit", device: HERE, time: mine, summary: `Edit task (title: ${phone.title}; text edited)` },
  );
  world.conflicts.push(
    conflict(fakeId(51), {
      entityKind: "note", kinds: ["text"], labels: ["Both edited 4 paragraphs"], summary: "You and Desktop both changed 4 paragraphs since Tue 09:10.",
      texts: [text("x51", FOUR.original, now - 29 * HOUR, [{ version: "x51a", device: HERE, time: mine, text: FOUR.here }, { version: "x51b", device: DESKTOP, time: its, text: FOUR.desktop }], FOUR.here)],
    }, [mine, its]),
    conflict(fakeId(52), {
      entityKind: "note", kinds: ["text"], labels: ["Three devices edited 1 paragraph"], summary: "You, Desktop and Phone changed the same paragraph.",
      sides: [{ device: HERE, time: mine }, { device: DESKTOP, time: its }, { device: PHONE, time: now - 5 * HOUR }],
      texts: [text("x52", "- The Overstory\n- Sweetgrass\n", now - 30 * HOUR, [
        { version: "x52a", device: HERE, time: mine, text: "- The Overstory\n- Braiding Sweetgrass\n" },
        { version: "x52b", device: DESKTOP, time: its, text: "- The Overstory, again\n- Sweetgrass by Kimmerer\n" },
        { version: "x52c", device: PHONE, time: now - 5 * HOUR, text: "- The Overstory\n- Sweetgrass (lent to Jo)\n- Entangled Life\n" },
      ], "- The Overstory\n- Braiding Sweetgrass\n")],
    }, [mine, its]),
    conflict(fakeId(33), {
      kinds: ["delete"], labels: ["Deleted on Desktop, edited here"], summary: "Desktop deleted this task; you changed its title.",
      fields: [field("d33", "deleted", "This task", [version("d33a", HERE, mine, "Keep the task", "alive"), version("d33b", DESKTOP, its, "Move it to the trash", "deleted")], { kind: "delete", preselected: 0 })],
    }, [mine, its]),
    conflict(fakeId(29), {
      kinds: ["move"], labels: ["Moved to Workshop here, House on Desktop"], summary: "You moved it to Workshop, Desktop moved it to House.",
      fields: [field("m29", "list", "List", [version("m29a", HERE, mine, "Workshop", fakeId(2)), version("m29b", DESKTOP, its, "House", fakeId(1))], { kind: "move", editor: "list", original: { display: "Garden", value: fakeId(3), time: now - 40 * HOUR } })],
    }, [mine, its]),
    conflict(fakeId(32), {
      kinds: ["move"], labels: ["Edited on Phone after it was moved to Work"], summary: "Phone edited this task in the Inbox after you had moved it to Work.", sides: [{ device: HERE, time: mine }, { device: PHONE, time: its }],
      copies: { s32a: {}, s32b: { title: "Book the night train to Lyon" } },
      fields: [field("s32", "space", "place", [
        { ...version("s32a", HERE, mine, "In Work", fakeId(5)), details: ["Title: Book the train to Lyon", "Moved here, not edited since"] },
        { ...version("s32b", PHONE, its, "In the Inbox", null), details: ["Title: Book the night train to Lyon", "Edited after it was moved"] },
      ], { kind: "move", canKeepBoth: true })],
    }, [mine, its]),
    pick(28, "Order screws", [day(1), "Tomorrow"], [day(3), "In 3 days"]),
    pick(30, "Prune the apple tree", [day(4), "In 4 days"], [day(8), "In 8 days"]),
  );
  const aside = { entityKind: "task" as const, time: mine, asideTime: its, way: "bringBack" as const };
  world.aside.push(
    { ...aside, id: "aside-1", entity: fakeId(28), title: "Order screws", field: "priority", label: "priority", how: "newest", display: "High", device: HERE, stands: "Low", by: DESKTOP },
    { ...aside, id: "aside-2", entity: fakeId(30), title: "Prune the apple tree", field: "title", label: "title", how: "edit", display: "Prune the apple tree and the pear tree before the frost", device: PHONE, stands: "Prune the apple tree", by: DESKTOP },
    { ...aside, id: "aside-3", entity: fakeId(51), entityKind: "note", title: "Soup for ten", field: "text", label: "text", how: "decision", display: "The versions of the text before it was decided", device: null, stands: "", by: HERE, way: "reopen" },
  );
  world.conflicts.push({
    ...pick(31, "Dentist", [day(6), "In 6 days"], [day(7), "In 7 days"]), tab: "resolved", outcome: "‘Dentist’, in 6 days", resolvedTime: now - 26 * HOUR,
  });
}
