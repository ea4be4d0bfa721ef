import type { Component } from "svelte";
import CalendarDays from "@lucide/svelte/icons/calendar-days";
import Flag from "@lucide/svelte/icons/flag";
import Link from "@lucide/svelte/icons/link";
import ListIcon from "@lucide/svelte/icons/list";
import Repeat from "@lucide/svelte/icons/repeat";
import SignalHigh from "@lucide/svelte/icons/signal-high";
import StickyNote from "@lucide/svelte/icons/sticky-note";
import Tag from "@lucide/svelte/icons/tag";
import type { QuickAddSpan } from "$backend/contract";

/** What stands for each recognised kind; the chip's words say it too. */
export const ICONS: Record<QuickAddSpan["kind"], Component> = { when: CalendarDays, deadline: Flag, list: ListIcon, tag: Tag, priority: SignalHigh, repeat: Repeat, note: StickyNote, link: Link };
