import type { RunEvent } from '@strata/fl-core/protocol';

/** Events kept in the page; the server keeps them all. */
export const maxEvents = 500;

/** Both lists by ascending id, without duplicates, the newest {@link maxEvents}. */
export function mergeEvents(old: readonly RunEvent[], more: readonly RunEvent[]): readonly RunEvent[] {
  if (more.length === 0) return old;
  const byId = new Map([...old, ...more].map((event) => [event.id, event]));
  return [...byId.values()].sort((a, b) => a.id - b.id).slice(-maxEvents);
}

export const levels = ['info', 'warning', 'error'] as const;
export type MinimumLevel = (typeof levels)[number];

/** Events of at least this level whose text, kind or client contains every word; newest first. */
export function filterEvents(events: readonly RunEvent[], minimum: MinimumLevel, text: string): RunEvent[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return events
    .filter((event) => {
      if (levels.indexOf(event.level) < levels.indexOf(minimum)) return false;
      const haystack =
        `${event.message} ${event.kind} ${event.client ?? ''} round ${event.round ?? ''}`.toLowerCase();
      return words.every((word) => haystack.includes(word));
    })
    .reverse();
}
