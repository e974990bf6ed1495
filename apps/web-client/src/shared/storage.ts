/** As much of `Storage` as the pages use. */
export type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** What a page keeps for as long as it is open, where its browser keeps nothing. */
function ofThisPage(): Kept {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

/** The storage itself, or none: with cookies blocked the mere asking throws. */
function usable(storage: () => Storage): Storage | null {
  try {
    const found = storage();
    found.getItem('strata');
    return found;
  } catch {
    return null;
  }
}

const storages = {
  /** Of the tab: a reload finds it again, another tab does not. */
  tab: usable(() => sessionStorage),
  /** Of the browser: every tab of this site has it, until somebody clears it. */
  browser: usable(() => localStorage),
};

export const tabStorage: Kept = storages.tab ?? ofThisPage();
export const browserStorage: Kept = storages.browser ?? ofThisPage();

/** Whether a reload finds anything again. */
export const keepsNothing = storages.tab === null;
