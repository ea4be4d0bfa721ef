import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { addConflicts } from "$backend/fake/conflicts";
import { TEST_NOW } from "$backend/fake";
import { fakeId } from "$backend/fake/world";
import { startApp } from "../../../tests/app";

const TRAIN = fakeId(32);
const WORK = fakeId(5);
async function open(theme: "light" | "dark" = "light") {
  const app = await startApp({ route: { screen: "conflicts", item: TRAIN }, prefs: { theme } });
  app.fake.elsewhere((world) => addConflicts(world, TEST_NOW, "2026-11-18"));
  await screen.findByText("1 of 1");
  await waitFor(() => expect(document.querySelector('[data-difference="1"]')).toHaveFocus());
  return { ...app, trains: () => app.fake.world.tasks.filter((one) => /train/.test(one.title) && !one.deleted).map(({ title, list }) => ({ title, list })) };
}

describe("an item that was edited after it was moved to another space", () => {
  it.each(["light", "dark"] as const)("shows both copies side by side, in the %s theme", async (theme) => {
    await open(theme);
    const difference = within(document.querySelector<HTMLElement>('[data-difference="1"]')!);
    expect(difference.getByText("In Work")).toBeVisible();
    expect(difference.getByText("Title: Book the night train to Lyon")).toBeVisible();
    expect(difference.getByText("Edited after it was moved")).toBeVisible();
    expect(screen.queryByRole("radio", { name: /Edit/ })).toBeNull();
    expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
  });

  it("keeps the moved one", async () => {
    const { user, trains } = await open();
    await user.keyboard("1");
    expect(await screen.findByText(/^Result:/)).toHaveTextContent("Result: In Work. Phone’s copy (In the Inbox) goes to history.");
    await user.keyboard("{Control>}{Enter}{/Control}");
    await waitFor(() => expect(trains()).toEqual([{ title: "Book the train to Lyon", list: WORK }]));
  });

  it("takes the edited one", async () => {
    const { user, trains } = await open();
    await user.keyboard("2{Control>}{Enter}{/Control}");
    await waitFor(() => expect(trains()).toEqual([{ title: "Book the night train to Lyon", list: null }]));
  });

  it("keeps both as two items", async () => {
    const { user, trains } = await open();
    await user.keyboard("3");
    expect(screen.getByText("Result: Two items.")).toBeVisible();
    await user.keyboard("{Control>}{Enter}{/Control}");
    await waitFor(() => expect(trains()).toEqual([{ title: "Book the train to Lyon", list: WORK }, { title: "Book the night train to Lyon", list: null }]));
  });
});
