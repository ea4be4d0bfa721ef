import { screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { startApp } from "../../../tests/app";
import { carry, runs } from "./ranges";

async function open(options: Parameters<typeof startApp>[0] = {}) {
  const app = await startApp(options);
  await screen.findByRole("tree");
  await app.user.keyboard("{Control>}n{/Control}");
  const input = await screen.findByPlaceholderText(/Buy oak tomorrow/);
  return { ...app, input };
}
const chips = async () => within(await screen.findByRole("list", { name: "Recognised", hidden: true })).queryAllByRole("listitem", { hidden: true }).map((chip) => chip.textContent?.trim());

describe("quick add", () => {
  it("repeats what it recognised as chips and tints it in place", async () => {
    const { user, input } = await open();
    await user.type(input, "Saw planks tomorrow #Workshop @shop p1");
    await waitFor(async () => expect(await chips()).toEqual(["Tomorrow", "Workshop", "shop", "High priority"]));
    const tinted = [...document.querySelectorAll(".tint .on")].map((run) => run.textContent);
    expect(tinted).toEqual(["tomorrow", "#Workshop", "@shop", "p1"]);
  });

  it("says where it goes: the list of the line, else that of the screen", async () => {
    const { user, input } = await open();
    expect(screen.getByText("Adds to Inbox, today")).toBeVisible();
    await user.type(input, "Saw planks #Workshop");
    expect(await screen.findByText("Adds to Workshop, today")).toBeVisible();
    await user.type(input, " tomorrow");
    expect(await screen.findByText("Adds to Workshop")).toBeVisible();
    await user.clear(input);
    await user.type(input, "Plant tulips #Bulbs");
    expect(await screen.findByText("Adds to the new list ‘Bulbs’, today")).toBeVisible();
    await user.keyboard("{Backspace}");
    expect(await screen.findByText("Adds to Inbox, today")).toBeVisible();
  });

  it("says quietly that a repeat needs a star, where one would be read", async () => {
    const { user, input, fake } = await open();
    const hint = () => document.querySelector(".meant")?.textContent?.trim();
    await user.type(input, "Water the plants every monday");
    await waitFor(() => expect(hint()).toBe("For a repeat type a star before it: *every monday"));
    expect(await chips()).not.toContain("Repeats every monday");
    await user.clear(input);
    await user.type(input, "Say that everyone counts");
    expect(hint()).toBe("");
    await user.clear(input);
    await user.type(input, "Water the plants *every monday");
    await waitFor(async () => expect(await chips()).toEqual(["Repeats every monday"]));
    expect(hint()).toBe("");
    await user.clear(input);
    await user.type(input, "Sing every song{Enter}");
    await waitFor(() => expect(fake.world.tasks.at(-1)?.title).toBe("Sing every song"));
  });

  it("asks before it makes a list", async () => {
    const { user, input, fake } = await open();
    await user.type(input, "Plant tulips #Bulbs");
    await waitFor(async () => expect(await chips()).toEqual(["Create 'Bulbs'?"]));
    await user.keyboard("{Backspace}");
    await waitFor(async () => expect(await chips()).toEqual([]));
    await user.keyboard("{Enter}");
    await waitFor(() => expect(fake.world.tasks.at(-1)?.title).toBe("Plant tulips #Bulbs"));
    expect(fake.world.lists.some((list) => list.title === "Bulbs")).toBe(false);
  });

  it("turns the last chip back into text with Backspace at the end, and then deletes letters", async () => {
    const { user, input } = await open();
    await user.type(input, "Call mum tomorrow");
    await waitFor(async () => expect(await chips()).toEqual(["Tomorrow"]));
    await user.keyboard("{Backspace}");
    await waitFor(async () => expect(await chips()).toEqual([]));
    expect(input).toHaveValue("Call mum tomorrow");
    await user.keyboard("{Backspace}");
    expect(input).toHaveValue("Call mum tomorro");
  });

  it("adds to the list on screen and closes", async () => {
    const { user, input, fake } = await open({ route: { screen: "list", list: "00000000-0000-7000-8000-000000000003" } });
    await user.type(input, "Rake leaves{Enter}");
    await waitFor(() => expect(screen.queryByPlaceholderText(/Buy oak tomorrow/)).toBeNull());
    expect(fake.world.tasks.at(-1)).toMatchObject({ title: "Rake leaves", list: "00000000-0000-7000-8000-000000000003" });
  });

  it("keeps the line when adding fails", async () => {
    const { user, input, fake } = await open();
    fake.failNext("quickAdd", { code: "disk-full", message: "Disk full.", remedy: "Free 200 MB." });
    await user.type(input, "Something long{Enter}");
    expect(await screen.findByText("Free 200 MB.")).toBeInTheDocument();
    expect(input).toHaveValue("Something long");
  });
});

describe("dismissed ranges", () => {
  it("move with the words around them and end when their own words change", () => {
    const range = { start: 4, end: 8 };
    expect(carry([range], "Buy milk now", "Go Buy milk now")).toEqual([{ start: 7, end: 11 }]);
    expect(carry([range], "Buy milk now", "Buy milk later")).toEqual([range]);
    expect(carry([range], "Buy milk now", "Buy mil now")).toEqual([]);
  });
  it("ignore spans that do not fit the text", () => {
    expect(runs("abc", [{ start: 2, end: 9, kind: "when" }])).toEqual([{ text: "abc", kind: null }]);
    expect(runs("abc", [{ start: 0, end: 2, kind: "x" }, { start: 1, end: 3, kind: "y" }])).toEqual([{ text: "ab", kind: "x" }, { text: "c", kind: null }]);
  });
});
