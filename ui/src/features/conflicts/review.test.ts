import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { addConflicts } from "$backend/fake/conflicts";
import { TEST_NOW } from "$backend/fake";
import { DESKTOP, fakeId } from "$backend/fake/world";
import { router } from "$state/router.svelte";
import { startApp } from "../../../tests/app";

const SOUP = fakeId(51);
async function startConflicts(item: string | null = null, options: Parameters<typeof startApp>[0] = {}) {
  const app = await startApp({ route: { screen: "conflicts", item }, ...options });
  app.fake.elsewhere((world) => addConflicts(world, TEST_NOW, "2026-11-18"));
  await screen.findAllByText(item === null ? "Soup for ten" : "1 of 4");
  return app;
}
const row = (number: number) => document.querySelector<HTMLElement>(`[data-difference="${number}"]`)!;
const soup = (fake: { world: { notes: { id: string; text: string }[] } }) => fake.world.notes.find((one) => one.id === SOUP)!.text;

/** Opens the four-difference note from the list with the keyboard. */
async function openSoup(options: Parameters<typeof startApp>[0] = {}) {
  const app = await startConflicts(null, options);
  const option = await screen.findByRole("option", { name: /Soup for ten/ });
  option.focus();
  await app.user.keyboard("{Enter}");
  await waitFor(() => expect(row(1)).toHaveFocus());
  return app;
}

describe("the list of conflicts", () => {
  it("names items, kinds, devices and times; never ids or words of the machine room", async () => {
    await startConflicts();
    const list = screen.getByRole("listbox", { name: "Needs you" });
    expect(within(list).getByRole("option", { name: /Soup for ten.*Both edited 4 paragraphs.*here .* · Desktop/ })).toBeVisible();
    expect(list.textContent).not.toMatch(/\b(local|remote|ours|theirs|base)\b|[0-9a-f]{8}-[0-9a-f]{4}/i);
  });

  it("is walked with the arrow keys and gives focus back after a review", async () => {
    const { user } = await startConflicts();
    const options = screen.getAllByRole("option");
    options[0]!.focus();
    await user.keyboard("{ArrowDown}{ArrowDown}{End}{ArrowUp}{Home}{ArrowDown}");
    expect(screen.getAllByRole("option")[1]).toHaveFocus();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(row(1)).toHaveFocus());
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.getByRole("option", { name: /Soup for ten/ })).toHaveFocus());
  });

  it("shows what was resolved with its outcome, and reopens it", async () => {
    const { user, fake } = await startConflicts();
    await user.click(screen.getByRole("tab", { name: "Resolved" }));
    expect(await screen.findByText("‘Dentist’, in 6 days")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Reopen Dentist" }));
    await waitFor(() => expect(fake.world.conflicts.find((one) => one.entity === fakeId(31))?.tab).toBe("open"));
  });

  it("shows several decisions on one item and reopens the last", async () => {
    const { user, fake } = await startConflicts();
    const row = (await fake.conflicts("resolved"))[0]!;
    fake.conflicts = async (tab) => (tab === "resolved" ? [row, { ...row, outcome: "Resolved here: date 'Fri'", resolvedTime: row.resolvedTime! - 1000 }, { ...row, resolvedTime: row.resolvedTime! - 1000 }] : []);
    await user.click(screen.getByRole("tab", { name: "Resolved" }));
    expect(await screen.findByText("Date 'Fri'")).toBeVisible();
    expect(screen.getAllByRole("button", { name: /^Reopen/ })).toHaveLength(1);
  });

  it("says that there are none", async () => {
    const { fake } = await startApp({ route: { screen: "conflicts" } });
    fake.elsewhere((world) => (world.conflicts = []));
    expect(await screen.findByText("No conflicts.")).toBeVisible();
  });
});

describe("the review", () => {
  it("resolves a note with four differences by keyboard alone", async () => {
    const { user, fake } = await openSoup();
    await user.keyboard("1");
    expect(await screen.findByText("Difference 1 of 4: this laptop. 3 left.")).toBeInTheDocument();
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect(row(2)).toHaveFocus();
    expect(fake.calls.some((call) => call.method === "resolve")).toBe(false);
    await user.keyboard("2{F7}3");
    expect(await screen.findByText("Difference 3 of 4: Both. 1 left.")).toBeInTheDocument();
    await user.keyboard("{F7}");
    expect(row(4)).toHaveFocus();
    await user.keyboard("1e");
    const area = await screen.findByRole("textbox", { name: "Result of difference 4" });
    await waitFor(() => expect(area).toHaveFocus());
    await user.clear(area);
    await user.type(area, "Serve with everything.");
    expect(screen.getByText("Edited by you")).toBeVisible();
    await user.keyboard("{Control>}{Enter}{/Control}");
    await waitFor(() => expect(soup(fake)).toContain("Serve with everything."));
    expect(soup(fake)).toMatch(/^# Soup for twelve\n\n2 kg pumpkin and fresh ginger\./);
    expect(soup(fake)).toContain("Simmer for 45 minutes.\nSimmer for 30 minutes.\n");
    // One change; the next open item is on screen; Undo brings everything back.
    expect(fake.calls.filter((call) => call.method === "resolve")).toHaveLength(1);
    await waitFor(() => expect(router.item).not.toBe(SOUP));
    expect(router.item).not.toBeNull();
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await waitFor(() => expect(fake.world.conflicts.find((one) => one.entity === SOUP)?.tab).toBe("open"));
    expect(fake.world.conflicts.find((one) => one.entity === SOUP)?.texts[0]?.versions).toHaveLength(2);
  });

  it("shows a placeholder and never the original while nothing is chosen", async () => {
    await openSoup();
    expect(within(row(1)).getByText("Choose")).toBeVisible();
    expect(screen.queryByText(/Before both edits/)).toBeNull();
    const resolve = screen.getByRole("button", { name: /Resolve and next/ });
    expect(resolve).toHaveAttribute("aria-disabled", "true");
    expect(resolve).toBeEnabled();
    expect(screen.getByText("4 of 4 left")).toBeVisible();
  });

  it("marks one changed word as one word on each side", async () => {
    await openSoup();
    const words = (selector: string) => [...row(1).querySelectorAll(selector)].map((one) => one.textContent);
    expect(words("ins")).toEqual(["twelve", "eight"]);
    expect(words("del")).toEqual(["ten", "ten"]);
  });

  it("shows the original with its time on O, clears with 0, and folds what is unchanged", async () => {
    const { user } = await openSoup();
    await user.keyboard("o");
    expect((await screen.findAllByText(/^Before both edits, /)).length).toBe(4);
    await user.keyboard("2");
    expect(within(row(1)).getByText("From Desktop")).toBeVisible();
    await user.keyboard("0");
    expect(within(row(1)).getByText("Choose")).toBeVisible();
    await user.click(screen.getByRole("button", { name: /Show \d+ lines/ }));
    expect(screen.getByText(/Ask Maren about allergies/)).toBeVisible();
  });

  it("works with Alt and digits also while single letters are off", async () => {
    const { user } = await openSoup({ prefs: { singleKeys: false } });
    await user.keyboard("1");
    expect(within(row(1)).getByText("Choose")).toBeVisible();
    await user.keyboard("{Alt>}[Digit2]{/Alt}");
    expect(await within(row(1)).findByText("From Desktop")).toBeVisible();
  });

  it("keeps choices when it is left and opened again", async () => {
    const { user } = await openSoup();
    await user.keyboard("2{Escape}");
    const option = await screen.findByRole("option", { name: /Soup for ten/ });
    await waitFor(() => expect(option).toHaveFocus());
    await user.keyboard("{Enter}");
    await waitFor(() => expect(row(2)).toHaveFocus());
    expect(within(row(1)).getByText("From Desktop")).toBeVisible();
    expect(screen.getByText("3 of 4 left")).toBeVisible();
  });

  it("tells when the other device changed it again, keeps the choices and asks what is new", async () => {
    const { user, fake } = await openSoup();
    await user.keyboard("1{F7}1{F7}1{F7}1");
    fake.elsewhere((world) => {
      const text = world.conflicts.find((one) => one.entity === SOUP)!.texts[0]!;
      text.versions[1] = { ...text.versions[1]!, version: "x51c", time: TEST_NOW, text: text.versions[1]!.text.replace("30 minutes", "35 minutes") };
    });
    expect(await screen.findByText(/Desktop changed this again at .*Your choices are kept; 1 new difference\./)).toBeVisible();
    expect(screen.getByText("1 of 4 left")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Show" }));
    await waitFor(() => expect(row(3)).toHaveFocus());
    expect(within(row(1)).getByText("From this laptop")).toBeVisible();
  });

  it("tells when it was decided elsewhere, and reopens with the choices", async () => {
    const { user, fake } = await openSoup();
    await user.keyboard("2");
    fake.elsewhere((world) => Object.assign(world.conflicts.find((one) => one.entity === SOUP)!, { tab: "resolved", outcome: "Resolved on Desktop: title ‘Soup for eight’", sides: [{ device: DESKTOP, time: TEST_NOW }], resolvedTime: TEST_NOW }));
    expect(await screen.findByText(/^Resolved on Desktop(?: at|,) .*‘Soup for eight’$/)).toBeVisible();
    expect(screen.getByRole("button", { name: "See result" })).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Reopen with my choices" }));
    await waitFor(() => expect(screen.getByText("3 of 4 left")).toBeVisible());
    expect(within(row(1)).getByText("From Desktop")).toBeVisible();
  });

  it("counts the choices again when it is opened again from the list, beside what was decided meanwhile", async () => {
    const { user, fake } = await startConflicts();
    await user.click(screen.getByRole("option", { name: /Buy oak boards/ }));
    await waitFor(() => expect(row(1)).toHaveFocus());
    await user.keyboard("1");
    fake.elsewhere((world) => {
      const oak = world.conflicts.find((one) => one.fields[0]?.conflict === "f1")!;
      const { versions } = oak.fields[0]!;
      Object.assign(oak, { tab: "resolved", outcome: "Resolved on Desktop: title ‘Buy beech’", sides: [{ device: DESKTOP, time: TEST_NOW }], resolvedTime: TEST_NOW });
      versions.push({ ...versions[1]!, version: "f1c", value: "Buy beech", display: "Buy beech", time: TEST_NOW });
    });
    await screen.findByRole("button", { name: "Reopen with my choices" });
    await user.keyboard("{Escape}");
    await user.click(await screen.findByRole("tab", { name: "Resolved" }));
    await user.click(await screen.findByRole("button", { name: "Reopen Buy oak boards" }));
    await user.click(screen.getByRole("tab", { name: /Needs you/ }));
    await user.click(await screen.findByRole("option", { name: /Buy oak boards/ }));
    await waitFor(() => expect(within(row(1)).getByText("From this laptop")).toBeVisible());
    expect(within(row(1)).getByText("Buy beech")).toBeVisible();
  });

  it("keeps everything when resolving fails, and says why", async () => {
    const { user, fake } = await openSoup();
    fake.failNext("resolve", { code: "disk-full", message: "The disk is full.", remedy: "Free 200 MB." });
    await user.keyboard("1{F7}1{F7}1{F7}1{Control>}{Enter}{/Control}");
    expect(await screen.findByText("The disk is full.")).toBeVisible();
    expect(router.item).toBe(SOUP);
    await user.click(screen.getByRole("button", { name: "Resolve and next" }));
    await waitFor(() => expect(router.item).not.toBe(SOUP));
  });

  it("preselects keeping what was deleted on one device and edited on the other", async () => {
    const { user, fake } = await startConflicts();
    await user.click(screen.getByRole("option", { name: /Look at the new phone contract/ }));
    expect(await screen.findByRole("radio", { name: /Keep what this device did/ })).toBeChecked();
    // What would be lost by deleting it.
    expect(within(row(1)).getByText("Title: Phone contract → Look at the new phone contract")).toBeVisible();
    expect(within(row(1)).getByText("Text edited")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Resolve and next" }));
    await waitFor(() => expect(fake.calls.find((call) => call.method === "resolve")?.args[1]).toEqual([{ conflict: "d33", take: "d33a" }]));
  });

  it("takes another value for a field, in the control that suits it", async () => {
    const { user, fake } = await startConflicts();
    await user.click(screen.getByRole("option", { name: /Buy oak boards/ }));
    await waitFor(() => expect(row(1)).toHaveFocus());
    await user.keyboard("3{F7}e");
    expect(within(row(1)).getByText("Buy oak planks / Buy oak boards")).toBeVisible();
    const day = await screen.findByLabelText("Date in the result");
    await user.clear(day);
    await user.type(day, "2026-11-25");
    await user.click(screen.getByRole("button", { name: "Resolve and next" }));
    await waitFor(() => expect(fake.calls.find((call) => call.method === "resolve")?.args[1]).toEqual([{ conflict: "f1", keepBoth: true }, { conflict: "f2", value: "2026-11-25" }]));
  });

  it("says what will be and what goes to history", async () => {
    const { user } = await startConflicts();
    await user.click(screen.getByRole("option", { name: /Buy oak boards/ }));
    await waitFor(() => expect(row(1)).toHaveFocus());
    await user.keyboard("1{F7}2");
    expect(screen.getByText("Result: Title ‘Buy oak boards’ · Date ‘In 3 days’. Desktop’s title (Buy oak planks) and This device’s date (Today) go to history.")).toBeVisible();
  });

  it("switches between more than two versions and lets each be kept", async () => {
    const { user, fake } = await startConflicts();
    await user.click(screen.getByRole("option", { name: /Reading list/ }));
    await waitFor(() => expect(row(1)).toHaveFocus());
    const total = document.querySelectorAll("[data-difference]").length;
    (screen.getByRole("combobox", { name: /Version on the right/ })).focus();
    await user.keyboard("{Enter}");
    await user.keyboard("{ArrowDown}{Enter}");
    for (let n = 1; n <= total; n++) {
      row(n).focus();
      await user.keyboard("2");
    }
    expect(within(row(1)).getByText("From Phone")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Resolve and next" }));
    await waitFor(() => expect(fake.world.notes.find((one) => one.id === fakeId(52))?.text).toContain("Sweetgrass (lent to Jo)"));
  });

  it("accepts or changes an automatic merge; opening it does neither", async () => {
    const { user, fake } = await startConflicts();
    await user.click(screen.getByRole("tab", { name: /Merged automatically/ }));
    await user.click(await screen.findByRole("option", { name: /Garden diary/ }));
    expect(await screen.findByText("Both, put together")).toBeVisible();
    expect(screen.getByText("Sowed the broad beans. First frost on Tuesday.", { exact: false, selector: ".result .text" })).toBeVisible();
    expect(fake.world.conflicts.find((one) => one.entity === fakeId(53))?.tab).toBe("merged");
    await user.click(screen.getByRole("button", { name: "Change" }));
    await user.click(screen.getByRole("radio", { name: /Keep Desktop’s/ }));
    await user.click(screen.getByRole("button", { name: "Save the change" }));
    await waitFor(() => expect(fake.calls.find((call) => call.method === "resolve")?.args[1]).toEqual([{ conflict: "x2", text: "Sowed the beans. First frost on Tuesday.\n" }]));
  });

  it("changes a merge of different passages back for one device, also read as a list", async () => {
    const { user, fake } = await startConflicts();
    fake.elsewhere((world) => {
      const text = world.conflicts.find((one) => one.entity === fakeId(53))!.texts[0]!;
      Object.assign(text, { original: { text: "One.\n\nTwo.\n", time: 0 }, merged: "One, mine.\n\nTwo, desk.\n" });
      Object.assign(text.versions[0]!, { text: "One, mine.\n\nTwo.\n" });
      Object.assign(text.versions[1]!, { text: "One.\n\nTwo, desk.\n" });
    });
    await user.click(screen.getByRole("tab", { name: /Merged automatically/ }));
    await user.click(await screen.findByRole("option", { name: /Garden diary/ }));
    expect(await screen.findByText("From this laptop")).toBeVisible();
    expect(screen.getByText("From Desktop")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Change" }));
    await user.click(screen.getByRole("button", { name: "Read as list" }));
    expect(await screen.findByRole("heading", { name: "Difference 2 of 2: Text" })).toBeVisible();
    await user.click(within(row(2)).getByRole("radio", { name: "Keep this device’s" }));
    await user.click(screen.getByRole("button", { name: "Save the change" }));
    await waitFor(() => expect(fake.calls.find((call) => call.method === "resolve")?.args[1]).toEqual([{ conflict: "x2", text: "One, mine.\n\nTwo.\n" }]));
  });

  it("says that a merge looks right", async () => {
    const { user, fake } = await startApp({ route: { screen: "conflicts", tab: "merged", item: fakeId(53) } });
    await user.click(await screen.findByRole("button", { name: "Looks right" }));
    await waitFor(() => expect(fake.calls.find((call) => call.method === "resolve")?.args[1]).toEqual([{ conflict: "x2", looksRight: true }]));
  });

  it("applies a choice to all like it after showing every outcome, and takes all of it back", async () => {
    const { user, fake } = await startConflicts();
    await user.click(screen.getByRole("option", { name: /Order screws/ }));
    await waitFor(() => expect(row(1)).toHaveFocus());
    await user.keyboard("2");
    await user.click(screen.getByRole("button", { name: "Apply to all like this…" }));
    const dialog = await screen.findByRole("dialog", { name: "Apply to all like this" });
    const apple = await within(dialog).findByRole("checkbox", { name: /Prune the apple tree/ });
    expect(apple).toBeChecked();
    expect(within(dialog).getByText(/Date: In 8 days — instead of In 4 days/)).toBeVisible();
    await user.click(within(dialog).getByRole("checkbox", { name: /Buy oak boards/ }));
    await user.click(within(dialog).getByRole("button", { name: "Apply to 1 item" }));
    await waitFor(() => expect(fake.world.conflicts.find((one) => one.entity === fakeId(30))?.tab).toBe("resolved"));
    await user.click(await within(dialog).findByRole("button", { name: "Undo all 1" }));
    await waitFor(() => expect(fake.world.conflicts.find((one) => one.entity === fakeId(30))?.tab).toBe("open"));
  });

  it("starts texts and deletions unticked when a choice is applied to all", async () => {
    const { user } = await openSoup();
    await user.keyboard("2");
    await user.click(screen.getByRole("button", { name: "Apply to all like this…" }));
    const dialog = await screen.findByRole("dialog", { name: "Apply to all like this" });
    expect(await within(dialog).findByRole("checkbox", { name: /Reading list/ })).not.toBeChecked();
    expect(within(dialog).getByRole("button", { name: "Apply to 0 items" })).toBeDisabled();
  });

  it("reads as a list with both quotes and the choices of every difference", async () => {
    const { user } = await openSoup();
    await user.click(screen.getByRole("button", { name: "Read as list" }));
    expect(await screen.findByRole("heading", { name: "Difference 2 of 4: Text" })).toBeVisible();
    expect(within(row(2)).getAllByRole("radio").length).toBe(4);
    await user.click(within(row(2)).getByRole("radio", { name: "Keep Desktop" }));
    expect(within(row(2)).getByText(/2 kg pumpkin and fresh ginger/, { selector: ".result" })).toBeVisible();
    expect((await axe.run(document.body, { rules: { region: { enabled: false }, "color-contrast": { enabled: false } } })).violations).toEqual([]);
  });

  it.each([1280, 900, 700])("has no accessibility violations at %i px", async (width) => {
    await openSoup({ width });
    if (width === 700) expect(screen.getByRole("group", { name: "Version that is shown" })).toBeVisible();
    expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
  });
});
