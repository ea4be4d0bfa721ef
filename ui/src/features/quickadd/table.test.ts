// The table of phrases in the window: what the backend reads of a line is what is tinted and chipped, and the
// date fields take what it takes. The table is the one that the backend is tested with; the backend in memory
// answers from the same table. So this proves how the window shows each answer, and the backend's own test
// that those are its answers: neither proves the other.
import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { kindOf, rows } from "$backend/fake/quickadd";
import { readWhen } from "$state/dates";
import { startApp } from "../../../tests/app";

describe("the table of phrases", () => {
  it("every line of the table is tinted and chipped as the backend reads it", async () => {
    const { user } = await startApp();
    await screen.findByRole("tree");
    await user.keyboard("{Control>}n{/Control}");
    const input = await screen.findByPlaceholderText(/Buy oak tomorrow/);
    const lines = rows.filter((row) => row.kind === "line" && !row.typed.includes("\n"));
    expect(lines.length).toBeGreaterThan(200);
    for (const row of lines) {
      await fireEvent.input(input, { target: { value: row.typed } });
      const expected = row.chips.map((chip) => chip.label);
      await waitFor(() => {
        const chips = within(screen.getByRole("list", { name: "Recognised", hidden: true })).queryAllByRole("listitem", { hidden: true });
        expect(chips.map((chip) => chip.textContent?.trim().replace(/^Create '(.*)'\?$/, "$1")), row.typed).toEqual(expected);
        expect([...document.querySelectorAll(".tint .on")].map((run) => run.textContent), row.typed).toEqual(row.chips.map((chip) => chip.text));
      }, { interval: 2 });
    }
  });

  it("every field of the table is the date that the backend reads, or none", async () => {
    await startApp();
    const fields = rows.filter((row) => row.kind === "field");
    expect(fields.length).toBeGreaterThan(20);
    for (const row of fields) expect(await readWhen(` ${row.typed} `), row.typed).toBe(row.result === "" ? null : row.result);
  });

  it("tells the kinds of chips apart by their marks", () => {
    expect(["#a", "@a", "!fri", "*daily", "p1", "//x", "[[x]]", "fri"].map(kindOf)).toEqual(["list", "tag", "deadline", "repeat", "priority", "note", "link", "when"]);
  });
});
