import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { showing } from "../../backend/fake/nearby";
import { act } from "../../state/actions.svelte";
import { startApp } from "../../../tests/app";

const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);

/** The app with the dialog that an action opens. */
async function dialogOf(action: string, name: string, options: Parameters<typeof startApp>[0] = {}) {
  const started = await startApp(options);
  await screen.findByRole("heading", { level: 1 });
  await waitFor(() => expect(act(action)).toBe(true));
  return { ...started, dialog: within(await screen.findByRole("dialog", { name })) };
}
async function shown(options: Parameters<typeof startApp>[0] = {}) {
  const started = await dialogOf("device.add", "Add a device", options);
  await started.user.click(await started.dialog.findByRole("button", { name: "Turn on and show a code" }));
  await started.dialog.findByText("4829 1760");
  return started;
}

describe("adding a device", () => {
  it("says that it turns Nearby on before it does, and shows a code with all that is needed", async () => {
    const { fake, user, dialog } = await dialogOf("device.add", "Add a device");
    expect(dialog.getByText(/This turns on/)).toBeVisible();
    expect(fake.world.sync.mode).toBe("manual");
    await user.click(dialog.getByRole("button", { name: "Turn on and show a code" }));
    expect(await dialog.findByRole("img", { name: "Code 4 8 2 9, 1 7 6 0" })).toHaveTextContent("4829 1760");
    expect(dialog.getByRole("timer")).toHaveTextContent("Expires in 2:00");
    expect(dialog.getByText("192.168.1.5:4829")).toBeVisible();
    expect(dialog.getByLabelText("This device appears as")).toHaveValue("Laptop");
    expect(fake.world.sync.mode).toBe("nearby");
    await clean();
  });

  it.each([
    ["windows", "Windows Firewall may block this", /Allow an app through firewall/],
    ["macos", "macOS may block this", /Privacy & Security › Local Network/],
  ] as const)("says on %s where the system may keep devices apart", async (platform, head, text) => {
    const { user, dialog } = await shown({ platform });
    const summary = dialog.getByText(head);
    await user.click(summary);
    expect(dialog.getByText(text)).toBeVisible();
    await clean();
  });

  it("tells who typed the code, shows the words, and that they are paired", async () => {
    const { fake, user, dialog } = await shown();
    fake.around.typedElsewhere("Tablet", "48291760");
    expect(await dialog.findByText("amber river stone lamp")).toBeVisible();
    expect(dialog.getByText("Tablet (Linux) typed the code.", { selector: "strong" })).toBeVisible();
    expect(dialog.queryByText("4829 1760")).toBeNull();
    await clean();
    fake.around.answeredElsewhere(true);
    expect(await dialog.findByText("Paired with Tablet.", { selector: "strong" })).toBeVisible();
    await user.click(dialog.getByRole("button", { name: "Done" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(fake.world.devices.some((one) => one.name === "Tablet")).toBe(true);
  });

  it.each([
    ["a wrong code", (fake: Awaited<ReturnType<typeof shown>>["fake"]) => fake.around.typedElsewhere("Tablet", "00000000"), /tried a wrong code.*somebody in this network tries codes/],
    ["time", (fake: Awaited<ReturnType<typeof shown>>["fake"]) => fake.around.pass(121_000), /The code expired/],
    ["a no", (fake: Awaited<ReturnType<typeof shown>>["fake"]) => { fake.around.typedElsewhere("Tablet", "48291760"); fake.around.answeredElsewhere(false); }, /declined/],
  ])("offers a new code after %s", async (_, happen, words) => {
    const { fake, user, dialog } = await shown();
    happen(fake);
    expect(await dialog.findByRole("alert")).toHaveTextContent(words);
    await clean();
    await user.click(dialog.getByRole("button", { name: "New code" }));
    expect(await dialog.findByText("4829 2871")).toBeVisible();
    expect(dialog.queryByRole("alert")).toBeNull();
  });

  it("takes the code back when it is closed, and focus goes back", async () => {
    const { fake, user } = await shown({ route: { screen: "devices" } });
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    await waitFor(() => expect(fake.around.shown()?.error?.code).toBe("pairing_withdrawn"));
    const opener = await screen.findByRole("button", { name: "Add a device…" });
    await user.click(opener);
    expect(await screen.findByText("4829 2871")).toBeVisible();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(opener).toHaveFocus());
  });

  it("says what is in the way: a pause can be ended, too many codes cannot", async () => {
    const { fake, user, dialog } = await dialogOf("device.add", "Add a device", { scene: "watching" });
    await fake.pauseSync("resume");
    await user.click(dialog.getByRole("button", { name: "Turn on and show a code" }));
    expect(await dialog.findByRole("alert")).toHaveTextContent("Syncing is paused on this device.");
    await user.click(dialog.getByRole("button", { name: "Resume and show a code" }));
    expect(await dialog.findByText("4829 1760")).toBeVisible();
    for (let i = 0; i < 4; i++) fake.around.show();
    fake.around.typedElsewhere("Tablet", "00000000");
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    await waitFor(() => expect(act("device.add")).toBe(true));
    expect(await screen.findByRole("alert")).toHaveTextContent(/Five codes were shown.*Try again in 600 seconds.*somebody in this network tries codes/);
    expect(screen.getByRole("button", { name: "Try again" })).toBeVisible();
  });

  it("renames this device while the code is shown", async () => {
    const { fake, user, dialog } = await shown();
    const name = dialog.getByLabelText("This device appears as");
    await user.clear(name);
    await user.type(name, "Study{Enter}");
    await waitFor(() => expect(fake.world.devices.find((one) => one.here)?.name).toBe("Study"));
  });
});

describe("joining another device's vault", () => {
  const TITLE = "Join another device’s vault";

  it("finds the device, takes a pasted code, shows what will move, and joins", async () => {
    const { fake, user, dialog } = await dialogOf("device.join", TITLE);
    expect(dialog.getByRole("status")).toHaveTextContent(/Looking for devices/);
    fake.around.arrive(showing("Study PC"));
    expect(await dialog.findByRole("radio", { name: "Study PC" })).toBeChecked();
    await clean();
    await user.click(dialog.getByLabelText("Code shown on Study PC"));
    await user.paste(" 4829 1760 ");
    await user.click(dialog.getByRole("button", { name: "Continue" }));
    expect(await dialog.findByRole("heading", { name: "Pair with Study PC (Linux)?" })).toHaveFocus();
    expect(dialog.getByText(/120 tasks, 38 notes, 2 lists from Study PC/)).toBeVisible();
    expect(dialog.getByText(/Your present data is kept as a backup/)).toBeVisible();
    expect(dialog.getByText(/Desktop stays in this device’s present vault/)).toBeVisible();
    expect(dialog.getByText("amber river stone lamp")).toBeVisible();
    expect(fake.world.devices.some((one) => one.name === "Study PC")).toBe(false);
    await clean();
    await user.click(dialog.getByRole("button", { name: "Pair" }));
    expect(await dialog.findByText("Paired with Study PC.")).toBeVisible();
    await user.click(dialog.getByRole("button", { name: "Done" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  it("asks what becomes of lists of one name", async () => {
    const { fake, user, dialog } = await dialogOf("device.join", TITLE);
    const title = fake.world.lists[0]?.title ?? "";
    fake.around.arrive(showing("Study PC", { lists: [title] }));
    await user.type(await dialog.findByLabelText("Code shown on Study PC"), "48291760{Enter}");
    expect(await dialog.findByRole("group", { name: `Both have ‘${title}’` })).toBeVisible();
    await user.click(dialog.getByRole("radio", { name: /Keep both/ }));
    await user.click(dialog.getByRole("button", { name: "Pair" }));
    await dialog.findByText("Paired with Study PC.");
    expect(fake.calls.find((call) => call.method === "finishJoining")?.args).toEqual(["keepBoth"]);
    expect(fake.world.lists.filter((one) => one.title === title)).toHaveLength(2);
  });

  it("needs the passphrase that this device's key is under, and no other", async () => {
    const { fake, user } = await startApp();
    fake.around.passphrase = "four quiet oak boards";
    fake.around.arrive(showing("Study PC"));
    await waitFor(() => expect(act("device.join")).toBe(true));
    await user.type(await screen.findByLabelText("Code shown on Study PC"), "48291760{Enter}");
    expect(await screen.findByText("Type the passphrase with which you unlock Holdfast here.")).toBeVisible();
    await user.type(screen.getByLabelText("Passphrase of this device"), "four quiet oak bords{Enter}");
    expect(await screen.findByText("That passphrase is not right.")).toBeVisible();
    await clean();
    await user.clear(screen.getByLabelText("Passphrase of this device"));
    await user.type(screen.getByLabelText("Passphrase of this device"), "four quiet oak boards{Enter}");
    expect(await screen.findByRole("heading", { name: "Pair with Study PC (Linux)?" })).toBeVisible();
  });

  it("pairs nothing when the words differ at a typed address", async () => {
    const { fake, user, dialog } = await dialogOf("device.join", TITLE);
    fake.around.arrive(showing("Study PC", { announced: false }));
    await user.type(dialog.getByLabelText("Address"), "192.168.1.7:4829");
    await user.type(dialog.getByLabelText("Code shown on the other device"), "4829-1760");
    await user.click(dialog.getByRole("button", { name: "Continue" }));
    await user.click(await dialog.findByRole("button", { name: "They don’t match" }));
    expect(await dialog.findByRole("alert")).toHaveTextContent("The words differ, so nothing was paired.");
    expect(fake.calls.some((call) => call.method === "cancelJoining")).toBe(true);
    expect(fake.calls.some((call) => call.method === "finishJoining")).toBe(false);
    // Nothing that was typed is lost.
    expect(dialog.getByLabelText("Address")).toHaveValue("192.168.1.7:4829");
  });

  it("says what is wrong with a code, and keeps what was typed", async () => {
    const { fake, user, dialog } = await dialogOf("device.join", TITLE);
    fake.around.arrive(showing("Study PC"));
    const code = await dialog.findByLabelText("Code shown on Study PC");
    await user.type(code, "4829{Enter}");
    expect(dialog.getByText("A code has eight digits, such as 4829 1760.")).toBeVisible();
    expect(fake.calls.some((call) => call.method === "beginJoining")).toBe(false);
    await user.type(code, "0000{Enter}");
    expect(await dialog.findByRole("alert")).toHaveTextContent("That code isn't right.");
    expect(code).toHaveValue("48290000");
    await user.click(dialog.getByRole("button", { name: "Type another code" }));
    expect(code).toHaveFocus();
    await clean();
  });

  it("does not choose by itself between two devices, nor after a code was typed", async () => {
    const { fake, user, dialog } = await dialogOf("device.join", TITLE);
    fake.around.arrive(showing("Study PC"), showing("Tablet", { address: "192.168.1.8:4829" }));
    await dialog.findByRole("radio", { name: "Tablet" });
    for (const radio of dialog.getAllByRole("radio")) expect(radio).not.toBeChecked();
    await user.type(dialog.getByLabelText("Code shown on the other device"), "48291760{Enter}");
    expect(await dialog.findByText("Choose the device that shows the code.")).toBeVisible();
    await user.click(dialog.getByRole("radio", { name: "Tablet" }));
    fake.around.arrive(showing("Study PC"));
    await waitFor(() => expect(dialog.queryByRole("radio", { name: "Tablet" })).toBeNull());
    expect(dialog.getByRole("radio", { name: "Study PC" })).not.toBeChecked();
  });

  it("ends what was begun when it is closed", async () => {
    const { fake, user, dialog } = await dialogOf("device.join", TITLE);
    fake.around.arrive(showing("Study PC"));
    await user.type(await dialog.findByLabelText("Code shown on Study PC"), "48291760{Enter}");
    await dialog.findByRole("heading", { name: "Pair with Study PC (Linux)?" });
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(fake.calls.some((call) => call.method === "cancelJoining")).toBe(true);
    expect(fake.around.found().looking).toBe(false);
  });
});

describe("the first run", () => {
  it("joins with a code that the other device shows", async () => {
    const { fake, user } = await startApp({ state: "new", world: "empty" });
    await user.click(await screen.findByRole("button", { name: /Join my other device/ }));
    fake.around.arrive(showing("Desktop"));
    await user.type(await screen.findByLabelText("Code shown on Desktop"), "4829 1760");
    await clean();
    await user.clear(screen.getByLabelText("Name of this device"));
    await user.click(screen.getByRole("button", { name: "Continue" }));
    expect(screen.getByText(/Give this device a name/)).toBeVisible();
    await user.type(screen.getByLabelText("Name of this device"), "Study");
    await user.click(screen.getByRole("button", { name: "Continue" }));
    expect(await screen.findByRole("heading", { name: "Pair with Desktop (Linux)?" })).toBeVisible();
    expect(screen.queryByText("Sends")).toBeNull();
    expect(fake.calls.find((call) => call.method === "beginJoining")?.args).toEqual(["Desktop", "48291760", "Study", "keychain", null]);
    await clean();
    await user.click(screen.getByRole("button", { name: "Pair" }));
    expect(await screen.findByRole("heading", { level: 1, name: "Today" })).toBeVisible();
    expect(await screen.findByText("Paired with Desktop")).toBeVisible();
  });
});
