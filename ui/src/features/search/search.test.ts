import { screen, waitFor } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { startApp } from "../../../tests/app";
import { fakeId } from "../../backend/fake/world";
import { router } from "$state/router.svelte";

const start = (query = "") => startApp({ route: { screen: "search", query } });
const field = () => screen.findByRole("combobox", { name: /Search tasks/ });

describe("search everywhere", () => {
  it("opens with its key, ready for words, and finds all kinds with the hit marked", async () => {
    const { user } = await startApp();
    await screen.findByRole("heading", { name: "Today" });
    await user.keyboard("{Control>}{Shift>}F{/Shift}{/Control}");
    await waitFor(async () => expect(await field()).toHaveFocus());
    await user.keyboard("boards");
    const hit = await screen.findByRole("option", { name: /Note: Shelf plan/ });
    expect(hit.querySelector("mark")).toHaveTextContent("boards");
    expect(screen.getByRole("option", { name: /Task: Buy oak boards/ })).toBeVisible();
  });

  it("shows no marks and no ids, in the results", async () => {
    const { fake, user } = await start();
    fake.elsewhere((world) => (world.notes.find((note) => note.id === fakeId(51))!.text = `## **Walnut** \`oil\`\n- [ ] see [](holdfast:${fakeId(50)}) first`));
    await user.type(await field(), "walnut");
    const hit = await screen.findByRole("option", { name: /Walnut oil see Shelf plan first/ });
    expect(hit.textContent).not.toMatch(/holdfast:|\*\*|`|\[|##/);
  });

  it("goes through results with the arrow keys and opens with Enter", async () => {
    const { user } = await start("boards");
    await screen.findByRole("option", { name: /Shelf plan/ });
    const options = screen.getAllByRole("option");
    const input = await field();
    expect(input).toHaveAttribute("aria-activedescendant", options[0]!.id);
    await user.keyboard("{ArrowDown}");
    expect(input).toHaveAttribute("aria-activedescendant", options[1]!.id);
    await user.keyboard("{Enter}");
    expect(router.item).toBe(fakeId(50));
    expect(await screen.findByRole("textbox", { name: "Title" })).toHaveValue("Shelf plan");
    expect(input).toHaveFocus();
  });

  it("marks what is in the trash, and leads to it there", async () => {
    const { user } = await start("old draft");
    await user.click(await screen.findByRole("option", { name: /Old draft In the trash/ }));
    await waitFor(() => expect(screen.getByRole("button", { name: "Restore ‘Old draft’" })).toHaveFocus());
  });

  it("narrows with filters and lets go of them", async () => {
    const { user } = await start("o");
    await screen.findAllByRole("option");
    await user.click(screen.getByRole("button", { name: "is:conflict" }));
    expect(await field()).toHaveValue("o is:conflict");
    await waitFor(() => expect(screen.getAllByRole("option").every((one) => /Buy oak boards|Shelf plan/.test(one.textContent ?? ""))).toBe(true));
    await user.click(screen.getByRole("button", { name: "Remove the filter is:conflict" }));
    expect(await field()).toHaveValue("o");
    await user.click(screen.getByRole("button", { name: "Only in one list" }));
    // A menu has no position in jsdom and counts as hidden there.
    await user.click(await screen.findByText("Workshop", { selector: ".menu-item *" }));
    expect(await field()).toHaveValue("o in:Workshop");
  });

  it("says how much is not in the index yet, and nothing once all is", async () => {
    const { container, fake, user } = await start();
    const whole = fake.search.bind(fake);
    fake.search = async (query, limit) => ({ ...(await whole(query, limit)), waiting: 1200 });
    await user.type(await field(), "boards");
    expect(await screen.findByText(/^1200 new items still to be read/)).toBeVisible();
    const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
    expect(violations).toEqual([]);
    fake.search = whole;
    await user.type(await field(), "{Backspace}");
    await waitFor(() => expect(screen.queryByText(/still to be read/)).toBeNull());
  });

  it("offers to make what is not there", async () => {
    const { fake, user } = await start("sourdough tomorrow");
    expect(await screen.findByText("No match for ‘sourdough tomorrow’.")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Create task ‘sourdough tomorrow’" }));
    await waitFor(() => expect(fake.world.tasks.at(-1)).toMatchObject({ title: "sourdough tomorrow", when: null }));
    expect(router.item).toBe(fake.world.tasks.at(-1)!.id);
  });

  it.each(["o", "", "nothing like it"])("has no accessibility faults (%s)", async (query) => {
    const { container } = await start(query);
    if (query === "o") await screen.findAllByRole("option");
    else await screen.findByText(/^Find tasks|^No match/);
    const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`)).toEqual([]);
  });
});
