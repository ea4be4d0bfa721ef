// What stands in the text in place of Markdown's marks: tick boxes, bullets, lines, pictures.
import { WidgetType, type EditorView } from "@codemirror/view";
import { backend } from "$backend";
import type { Id } from "$backend/contract";

/** The box of a checklist line. `label` is the line's text. */
export class TickBox extends WidgetType {
  constructor(
    readonly checked: boolean,
    readonly label: string,
    readonly toggle: (view: EditorView, at: number) => void,
    /** "list" fills the width of a list's marks; "word" stands among words. */
    readonly place: "list" | "word" = "list",
  ) {
    super();
  }
  override eq(other: TickBox): boolean {
    return other.checked === this.checked && other.label === this.label && other.place === this.place;
  }
  override toDOM(view: EditorView): HTMLElement {
    const holder = document.createElement("span");
    holder.className = `cm-tick cm-tick-${this.place}`;
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = this.checked;
    // The keyboard's way is Mod+Enter on the line; Tab goes on to what follows the text.
    box.tabIndex = -1;
    box.setAttribute("aria-label", this.label);
    box.addEventListener("mousedown", (event) => event.preventDefault());
    box.addEventListener("change", () => {
      // The text decides what the box shows, not the click.
      box.checked = !box.checked;
      this.toggle(view, view.posAtDOM(holder));
    });
    holder.append(box);
    return holder;
  }
  override updateDOM(dom: HTMLElement): boolean {
    const box = dom.querySelector("input");
    // A box among words belongs to one item: another item gets another box.
    if (!box || this.place === "word" || !dom.classList.contains("cm-tick-list")) return false;
    box.checked = this.checked;
    box.setAttribute("aria-label", this.label);
    return true;
  }
  override ignoreEvent(): boolean {
    return true;
  }
}

class Mark extends WidgetType {
  constructor(
    readonly className: string,
    readonly text: string,
  ) {
    super();
  }
  override eq(other: Mark): boolean {
    return other.className === this.className && other.text === this.text;
  }
  override toDOM(): HTMLElement {
    const mark = document.createElement("span");
    mark.className = this.className;
    mark.textContent = this.text;
    mark.setAttribute("aria-hidden", "true");
    return mark;
  }
  override ignoreEvent(): boolean {
    return false;
  }
}
export const BULLET = new Mark("cm-bullet", "•");
export const RULE = new Mark("cm-rule", "");

/** A link that says what its item is called. */
export class ItemTitle extends WidgetType {
  constructor(
    readonly text: string,
    readonly style: string,
    readonly title: string,
  ) {
    super();
  }
  override eq(other: ItemTitle): boolean {
    return other.text === this.text && other.style === this.style && other.title === this.title;
  }
  override toDOM(): HTMLElement {
    const link = document.createElement("span");
    link.className = this.style;
    link.title = this.title;
    link.textContent = this.text;
    return link;
  }
  override ignoreEvent(): boolean {
    return false;
  }
}

/** Pictures of one editor: each attachment is fetched once, and let go with the editor. */
export class Pictures {
  #urls = new Map<Id, Promise<string | null>>();
  #closed = false;

  /** A URL to show, or null if it is not a picture. Rejects when it is not on this device. */
  url(id: Id): Promise<string | null> {
    const known = this.#urls.get(id);
    if (known) return known;
    const made = backend()
      .attachment(id)
      .then(({ mime, bytes }) => {
        if (this.#closed || !/^image\/(png|jpeg|gif|webp|avif|bmp|svg\+xml)$/.test(mime)) return null;
        return URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: mime }));
      });
    this.#urls.set(id, made);
    // What failed may be here next time.
    made.catch(() => this.#urls.delete(id));
    return made;
  }
  close(): void {
    this.#closed = true;
    for (const made of this.#urls.values()) made.then((url) => url && URL.revokeObjectURL(url), () => {});
    this.#urls.clear();
  }
}

/** An attached picture in its place. */
export class Picture extends WidgetType {
  constructor(
    readonly id: Id,
    readonly alt: string,
    readonly pictures: Pictures,
  ) {
    super();
  }
  override eq(other: Picture): boolean {
    return other.id === this.id && other.alt === this.alt;
  }
  override toDOM(view: EditorView): HTMLElement {
    const holder = document.createElement("span");
    holder.className = "cm-picture";
    const say = (text: string) => {
      const note = document.createElement("span");
      note.className = "cm-picture-missing";
      note.textContent = text;
      holder.replaceChildren(note);
    };
    this.pictures.url(this.id).then(
      (url) => {
        if (url === null) return say(this.alt || "Attachment");
        const image = document.createElement("img");
        image.alt = this.alt;
        image.src = url;
        image.onload = () => view.requestMeasure();
        image.onerror = () => say(`${this.alt || "Picture"} · this picture cannot be shown`);
        holder.replaceChildren(image);
      },
      () => say(`${this.alt || "Picture"} · not on this device yet`),
    );
    return holder;
  }
  override ignoreEvent(): boolean {
    return false;
  }
}
